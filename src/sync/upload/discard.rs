//! Giving up what was refused.

use std::sync::Arc;

use crate::{
    error::{Error, Kind, Result},
    replica::{
        pending::PendingSave,
        state::{Replica, Snapshot},
    },
    store::journal::{self, Entry},
    sync::{
        bases,
        engine::Engine,
        hiding,
        project::Project,
        upload::{
            actions,
            give_up::{self, GivenUp},
            rejected_copies, unmoved,
        },
    },
};

/// Gives up what was refused of a project: its file shows again what Taskade has, or the
/// save that is on its way, and that it was not moved is told no longer.
///
/// # Errors
/// [`Kind::NotFound`] if nothing was refused, [`Kind::Storage`] if it cannot be noted.
pub(crate) async fn discard(engine: &Arc<Engine>, project: &Arc<Project>) -> Result<()> {
    let _conversation = project.remote.lock().await;
    let _transition = project.commit.lock().await;
    let (row, past, is_refused) = {
        let state = project.lock();
        let there = state.saved.as_ref().is_some_and(|saved| saved.refused.is_some());
        // Part of it may be done, and can be undone.
        let past = actions::deed(engine, &state).filter(|past| past.before != past.after);
        (state.row.filter(|_| there), past, there || state.refused.is_some())
    };
    let was_unmoved = unmoved::settle_unmoved(engine, project).await?;
    if !is_refused {
        return if was_unmoved { Ok(()) } else { Err(nothing_refused(project)) };
    }
    rejected_copies::settle_refused(engine, project).await?;
    // Where it is to go is not given up.
    let onward = project.lock().intent.as_ref().and_then(PendingSave::onward);
    if row.is_some() {
        if let Some(onward) = &onward {
            let entry = {
                let state = project.lock();
                let text = project.render(&onward.target);
                let entry = journal::entry(&state, &text, &onward.target, onward);
                Entry { refused: None, creating: None, ..entry }
            };
            engine.journaled(move |journal| journal.put(&entry)).await?;
        }
        let row = row.filter(|_| onward.is_none());
        engine.journaled(move |journal| journal.conclude(row, past.as_ref())).await?;
    }
    // What could not be restored is archived still.
    let archived = {
        let state = project.lock();
        let restores = state.intent.as_ref().is_some_and(|intent| intent.restores);
        state.id.clone().filter(|_| restores && row.is_some())
    };
    if let Some(id) = archived {
        hiding::hide(engine, &id, true).await?;
    }
    if row.is_some() {
        give_up::unsee_refused(engine, project, GivenUp::Rest);
    }
    let mut state = project.lock();
    let before = state.content().map(|content| content.text);
    bases::end_own_texts(engine, &mut state);
    state.refused = None;
    if row.is_some() {
        forget_save(engine, project, &mut state, onward);
    }
    let changed = state.settle_version(before, engine.clock.wall());
    let goes_on = state.is_relocated();
    drop(state);
    engine.changed(project, changed);
    if goes_on {
        engine.wake(project);
    }
    Ok(())
}

pub(crate) fn nothing_refused(project: &Project) -> Error {
    Error::new(Kind::NotFound, "no save of it was refused").at(format!("{}.md", project.title()))
}

/// Forgets a save that left the journal unfinished: part of it may be done, and what Taskade
/// has is what was noted as done. `onward` is what stays in the journal of it.
pub(crate) fn forget_save(
    engine: &Engine,
    project: &Project,
    state: &mut Replica,
    onward: Option<PendingSave>,
) {
    state.saved = None;
    state.row = state.row.filter(|_| onward.is_some());
    state.creating = None;
    engine.transfers.release_all(project.serial);
    if let Some(intent) = state.intent.take() {
        let text = project.render(&intent.base);
        let title = state.snapshot.take().and_then(|known| known.title);
        let outline = Arc::new(intent.base);
        state.snapshot = Some(Snapshot { outline, text, title, read: None });
    }
    state.intent = onward;
}
