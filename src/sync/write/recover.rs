//! Starting where the last mount stopped: what the journal holds is finished.

use std::sync::Arc;

use crate::{
    document::Markers,
    error::{Kind, Result},
    store::{artifacts::ArtifactKind, journal::JournalEntry, reinstated::Reinstated},
    sync::{
        bases,
        engine::Engine,
        operation,
        project::Project,
        read::{reading_ages::reading_ages, registry},
        upload::{placement, reject},
        write::{token_change, transfer},
    },
};

/// Takes over every save that the journal holds and starts to work them off, but for those
/// that were refused: they wait for the user. A missing or wrong token is no reason to wait,
/// since there may be another by now. The projects that they belong to, some of them not
/// created yet.
///
/// # Errors
/// If the journal cannot be read.
pub(crate) fn recover(engine: &Arc<Engine>) -> Result<Vec<Arc<Project>>> {
    let (mut projects, mut ready) = (Vec::<Arc<Project>>::new(), Vec::<Arc<Project>>::new());
    for entry in engine.journal.entries()? {
        let project = match &entry.project {
            Some(id) => registry::project(engine, id, &entry.folder, &entry.title),
            None => registry::new_project(engine, &entry.folder, &entry.title),
        };
        let waits = reinstate(engine, &project, entry)?;
        transfer::recover_transfers(engine, &project);
        placement::show_relocation(engine, &project);
        if !waits || project.lock().is_relocated() {
            ready.push(project.clone());
        }
        projects.push(project);
    }
    // Only now: a deletion must know who still copies from what it deletes.
    ready.iter().for_each(|project| engine.wake(project));
    reject::recover_rejected(engine, &mut projects)?;
    operation::uploading::recover(engine);
    operation::worker::recover(engine);
    token_change::watch(engine);
    let (now, keep) = (engine.clock.wall(), engine.settings.keep_history);
    engine.artifacts.prune(now, keep);
    engine.journal.prune_history(now, keep)?;
    engine.journal.prune_agent_history(now, keep)?;
    engine.journal.prune_remarks(now, keep)?;
    engine.journal.prune_removals(now, keep)?;
    engine.journal.prune_unmoved(now)?;
    engine.journal.prune_rejected_removals(now)?;
    Ok(projects)
}

/// Returns once no save is on its way, or after `wait`.
pub(crate) async fn rest(engine: &Arc<Engine>, wait: std::time::Duration) {
    transfer::release_held(engine).await;
    engine.operations.release();
    tokio::select! {
        () = engine.tasks.rest() => {}
        () = engine.clock.sleep(wait) => {}
    }
    let shared = engine.clone();
    let write_out = move || {
        shared.journal.write_names();
        shared.cache.flush(reading_ages(&shared));
    };
    // Fails only while the runtime goes.
    let _ = tokio::task::spawn_blocking(write_out).await;
}

/// Puts a journal entry back where it was. Whether the save waits for the user.
pub(crate) fn reinstate(
    engine: &Engine,
    project: &Project,
    mut entry: JournalEntry,
) -> Result<bool> {
    if let Some(rejection) = &entry.rejected
        && rejection.kind == Kind::Unauthorized
    {
        engine.artifacts.remove(ArtifactKind::Rejected, &rejection.file)?;
        entry.rejected = None;
    }
    let waits = entry.rejected.is_some();
    let is_hidden = show_anew(engine, &mut entry);
    let mut state = project.lock();
    if is_hidden {
        state.hide_fields();
    }
    let since = entry.since;
    // Whose save this is, if that program still has it before its eyes.
    let mut own = std::mem::take(&mut state.edited_before).into_iter();
    let own = own.find(|(_, edited)| edited.since == since);
    let is_logged = own.is_some();
    Reinstated::new(entry, own).put_back(&mut state);
    // What came before it was logged before it.
    if !is_logged && state.saved().is_some() {
        bases::end_own_texts_before(engine, &mut state, since);
    }
    Ok(waits)
}

/// The mount before may have shown what waits with markers and fields that this one does not show.
/// Whether fields are hidden that an export told.
fn show_anew(engine: &Engine, entry: &mut JournalEntry) -> bool {
    let hides = engine.settings.hides_fields();
    if !hides && engine.settings.markers != Markers::Tasks {
        return false;
    }
    let cached = entry.project.as_ref().and_then(|id| engine.cache.project(id));
    let fields = cached.and_then(|cached| cached.reading.fields);
    let is_hidden = hides && fields.is_some();
    if is_hidden {
        entry.save.hide_fields(&mut entry.outline);
    }
    // What was refused stays as it was written.
    if entry.rejected.is_none() && !entry.text.is_empty() {
        let format = engine.settings.format_with(fields.unwrap_or_default());
        entry.text = format.render(&entry.outline).into_bytes();
    }
    is_hidden
}
