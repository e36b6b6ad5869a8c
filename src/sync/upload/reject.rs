//! Saves that were refused: kept durably with their reason until they are settled, by a save that
//! goes through, by trying again, or by giving them up.
//!
//! There are two sorts. Taskade refused it: the save is in the journal with its intent, part of it
//! may be done, and trying again sends the rest. It was refused here (the text cannot be a project,
//! or deletes too much): nothing was promised and nothing sent, an earlier save may still be on
//! its way, and trying again checks the text again.
//!
//! The copy for people in `rejected/` is written after the journal names it and removed before the
//! journal forgets it: what a crash leaves undone, the next mount does.

use std::sync::Arc;

use crate::{
    error::{Error, Result},
    plan::Outline,
    replica::{
        identity::RefusedOf,
        rejection::{Refusal, RefusedText},
    },
    store::artifacts::Shelf,
    sync::{
        engine::Engine,
        project::{Progress, Project},
        read::{registry, residency},
        upload::{
            conflicts, expiry, journaling,
            rejected_copies::{self, copies_of, write_copies},
        },
    },
};

/// Keeps a text that was refused here, so that it is what readers get.
pub(crate) async fn keep_refused(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    text: Arc<[u8]>,
    base: Arc<Outline>,
    error: &Error,
) {
    note_refused(engine, project, text, base, error, false).await;
}

/// As [`keep_refused`]; set aside, readers get what they got before.
pub(crate) async fn note_refused(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    text: Arc<[u8]>,
    base: Arc<Outline>,
    error: &Error,
    set_aside: bool,
) {
    tracing::warn!(%error, "a save was refused");
    let _transition = project.commit.lock().await;
    let (of, row, named) = {
        let state = project.lock();
        let of = RefusedOf::of(&state);
        let earlier = state.refused.as_ref();
        let named = earlier.map(|refused| refused.refusal.file.clone());
        (of, earlier.and_then(|refused| refused.row), named)
    };
    let name = || conflicts::free_record(engine, Shelf::Rejected, project, "");
    let file = named.unwrap_or_else(name);
    let (kind, reason) = (error.kind(), error.to_string());
    let refusal = Refusal { kind, reason, since: engine.clock.wall(), file, set_aside };
    let mut refused = RefusedText { row, text, base, refusal };
    let kept = refused.clone();
    match engine.journaled(move |journal| journal.put_refused(&of, &kept)).await {
        Ok(row) => refused.row = Some(row),
        Err(error) => tracing::error!(%error, "a refused text is kept in memory only"),
    }
    let changed = {
        let mut state = residency::recalled(engine, project);
        let before = state.content().map(|content| content.text);
        state.refused = Some(refused);
        state.settle_version(before, engine.clock.wall())
    };
    rejected_copies::copy_refused_aside(engine, project).await;
    expiry::tell_of_refusal(engine, project);
    engine.changed(project, changed);
}

/// Taskade will not have it: the text stays, with the reason.
pub(crate) async fn refuse(engine: &Arc<Engine>, project: &Arc<Project>, error: Error) {
    let error = refused_at(engine, project, error);
    tracing::warn!(%error, "Taskade refused a save");
    let _transition = project.commit.lock().await;
    let file = conflicts::free_record(engine, Shelf::Rejected, project, "");
    let (kind, reason) = (error.kind(), error.to_string());
    let refusal = Refusal { kind, reason, since: engine.clock.wall(), file, set_aside: false };
    let entry = {
        let mut state = project.lock();
        if let Some(saved) = state.saved.as_mut() {
            saved.refused.get_or_insert(refusal);
        }
        state.working = false;
        journaling::journal_entry(&state)
    };
    if let Err(error) = journaling::note(engine, project, entry).await {
        tracing::error!(%error, "a refusal could not be journaled");
    }
    rejected_copies::copy_refused_aside(engine, project).await;
    expiry::tell_of_refusal(engine, project);
    let generation = project.lock().generation;
    project.progress.send_replace(Progress { generation, refused: Some(error) });
}

/// A failure of a save, with the path that it is of and what can be done.
pub(crate) fn refused_at(engine: &Engine, project: &Project, error: Error) -> Error {
    error.at(conflicts::shown_path(engine, project)).hint(
        "save a corrected text, or run `taskadefs retry PATH` once it can succeed, or \
         `taskadefs discard PATH` to give it up",
    )
}

/// Takes over what the journal holds of texts that were refused here. `projects` are those
/// with saves; what belongs to none of them is added.
pub(crate) fn recover_refused(engine: &Engine, projects: &mut Vec<Arc<Project>>) -> Result<()> {
    for (of, refused) in engine.journal.refused()? {
        // A project that is still to be created has no id to be known by.
        let is_it = |project: &&Arc<Project>| {
            let state = project.lock();
            state.id == of.project && state.folder == of.folder && state.title == of.title
        };
        let project = match (projects.iter().find(is_it), &of.project) {
            (Some(project), _) => project.clone(),
            (None, Some(id)) => registry::project(engine, id, &of.folder, &of.title),
            (None, None) => registry::new_project(engine, &of.folder, &of.title),
        };
        project.lock().refused = Some(refused);
        projects.push(project);
    }
    for project in projects.iter() {
        write_copies(&engine.records, &copies_of(project));
        expiry::tell_of_refusal(engine, project);
    }
    Ok(())
}
