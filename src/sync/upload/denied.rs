//! Saves that Taskade does not allow: told with its reason, and not asked for again in a space where
//! nothing can be changed, as far as is seen.

use crate::{
    error::{Error, Kind},
    sync::{engine::Engine, project::Project},
};

/// Notes what a save was refused with, if that is because the account may not do it.
pub(crate) fn note(engine: &Engine, project: &Project, error: &Error) {
    if error.kind() != Kind::Forbidden {
        return;
    }
    let id = project.id();
    engine.denied.note(&project.folder(), id.as_ref(), error);
}

/// Why nothing is to be sent of a project, if that is known.
pub(crate) fn denied(engine: &Engine, project: &Project) -> Option<Error> {
    engine.denied.in_space(&project.folder()).map(in_words)
}

/// Notes what an archival was refused with, if that is because the account may not do it.
pub(crate) fn note_archival(engine: &Engine, project: &Project, error: &Error) {
    if let Some(id) = project.id().filter(|_| error.kind() == Kind::Forbidden) {
        engine.denied.note_archival(&project.folder(), &id, error);
    }
}

/// Why a project is not to be archived, if that is known.
pub(crate) fn archival_denied(engine: &Engine, project: &Project) -> Option<Error> {
    engine.denied.archival(&project.folder(), &project.id()?).map(in_words)
}

fn in_words(error: Error) -> Error {
    error.hint("Taskade is asked again once the folder is listed anew, or by `taskadefs retry`")
}
