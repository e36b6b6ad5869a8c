//! Saves that were refused: kept durably with their reason until they are settled, by a save that
//! goes through, by trying again, or by giving them up.
//!
//! There are two sorts. Taskade refused it: the save is in the journal with what it wants, part of
//! it may be done, and trying again sends the rest. It was refused here (the text cannot be a
//! project, or deletes too much): nothing was promised and nothing sent, an earlier save may still
//! be on its way, and trying again checks the text again.
//!
//! The copy for people in `rejected/` is written after the journal names it, and put aside before the
//! journal forgets it: what a crash leaves undone, the next mount does.

use std::{collections::HashSet, sync::Arc};

use crate::{
    error::{Error, Result},
    plan::Outline,
    replica::{identity::RejectedOf, rejection::Rejection},
    store::artifacts::ArtifactKind,
    sync::{
        engine::Engine,
        project::{Progress, Project},
        read::registry,
        rejected_copies,
        transition::Transition,
        upload::{conflicts, expiry},
    },
};

/// Keeps a text that was refused here, so that it is what readers get.
pub(crate) async fn keep_rejected(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    text: Arc<[u8]>,
    base: Arc<Outline>,
    error: &Error,
) {
    note_rejected(engine, project, text, base, error, false).await;
}

/// As [`keep_rejected`]; set aside, readers get what they got before.
pub(crate) async fn note_rejected(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    text: Arc<[u8]>,
    base: Arc<Outline>,
    error: &Error,
    set_aside: bool,
) {
    tracing::warn!(%error, "a save was refused");
    let mut next = Transition::begin(engine, project).await;
    let file = match next.rejected_file() {
        Some(file) => file.to_owned(),
        None => conflicts::free_record(engine, ArtifactKind::Rejected, project, "").await,
    };
    let (kind, reason) = (error.kind(), error.to_string());
    let rejection = Rejection { kind, reason, since: engine.clock.wall(), file, set_aside };
    next.reject_text(text, base, rejection);
    next.is_written = true;
    // Nothing was promised of it: where the journal cannot take it, it is there for this mount.
    next.commit_fact().await;
    expiry::note_rejection(engine, project);
}

/// Taskade will not have it: the text stays, with the reason. The worker has nothing more to do.
pub(crate) async fn refuse(engine: &Arc<Engine>, project: &Arc<Project>, error: Error) {
    let error = rejected_at(engine, project, error);
    tracing::warn!(%error, "Taskade refused a save");
    let mut next = Transition::begin(engine, project).await;
    if !next.is_rejected() {
        let file = conflicts::free_record(engine, ArtifactKind::Rejected, project, "").await;
        let (kind, reason) = (error.kind(), error.to_string());
        let since = engine.clock.wall();
        next.reject(Rejection { kind, reason, since, file, set_aside: false });
    }
    let generation = next.generation();
    next.commit_fact().await;
    expiry::note_rejection(engine, project);
    project.progress.send_replace(Progress { generation, rejected: Some(error) });
}

/// A failure of a save, with the path that it is of and what can be done.
pub(crate) fn rejected_at(engine: &Engine, project: &Project, error: Error) -> Error {
    error.at(conflicts::shown_path(engine, project)).hint(
        "save a corrected text, or run `taskadefs retry PATH` once it can succeed, or \
         `taskadefs discard PATH` to give it up",
    )
}

/// Takes over what the journal holds of texts that were refused here. `projects` are those
/// with saves; what belongs to none of them is added.
pub(crate) fn recover_rejected(engine: &Engine, projects: &mut Vec<Arc<Project>>) -> Result<()> {
    for (of, rejected) in engine.journal.rejected()? {
        // A project that is still to be created has no id to be known by.
        let is_it = |project: &&Arc<Project>| RejectedOf::of(&project.lock()) == of;
        let project = match (projects.iter().find(is_it), &of.project) {
            (Some(project), _) => project.clone(),
            (None, Some(id)) => registry::project(engine, id, &of.folder, &of.title),
            (None, None) => registry::new_project(engine, &of.folder, &of.title),
        };
        project.lock().reinstate_rejected(rejected);
        projects.push(project);
    }
    let mut files = HashSet::new();
    for project in projects.iter() {
        let copies = rejected_copies::copies_of(&project.lock());
        files.extend(copies.iter().map(|(_, file, _)| file.clone()));
        rejected_copies::write_copies(&engine.artifacts, &copies);
        expiry::note_rejection(engine, project);
    }
    engine.artifacts.settle_all(|file| files.contains(file));
    Ok(())
}
