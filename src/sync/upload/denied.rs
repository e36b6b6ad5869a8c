//! What Taskade does not allow: told with its reason, and not asked for again of a project that it was
//! said of, nor in a space where nothing can be changed, as far as is seen.

use crate::{
    error::{Error, Kind},
    sync::{engine::Engine, project::Project},
};

/// Notes what a save or an archival was refused with, if that is because the account may not do it.
pub(crate) fn note(engine: &Engine, project: &Project, error: &Error) {
    if error.kind() != Kind::Forbidden {
        return;
    }
    let id = project.id();
    engine.denied.note(&project.folder(), id.as_ref(), error);
}

/// Why nothing is to be sent of a project, if that is known.
pub(crate) fn denied(engine: &Engine, project: &Project) -> Option<Error> {
    let error = engine.denied.why(&project.folder(), project.id().as_ref())?;
    Some(
        error
            .hint("Taskade is asked again once the folder is listed anew, or by `taskadefs retry`"),
    )
}
