//! Journaling a change: from then on it is promised.

use std::sync::Arc;

use crate::{
    error::Result,
    plan::{Conflict, Outline},
    replica::{
        pending::PendingSave,
        served::{Process, Seen},
        state::Saved,
    },
    store::journal::{Entry, entry},
    sync::{
        engine::Engine,
        project::Project,
        read::{residency, serve},
        upload::{conflicts, rejected_copies},
        write::{elsewhere, returning},
    },
};

/// What a save comes to.
pub(crate) struct Change {
    pub(crate) intent: PendingSave,
    /// What it was merged into, and where that disagreed: the earlier save that still waits, and
    /// what the service is known to have.
    pub(crate) overridden: Vec<(Outline, Vec<Conflict>)>,
    /// What its program's text was edited from.
    pub(crate) edited: Option<Arc<Outline>>,
}

/// Journals a change; then it is promised. Which save it is. The caller holds
/// `project.commit`.
pub(crate) async fn commit(
    engine: &Engine,
    project: &Project,
    process: Option<Process>,
    base: &Seen,
    ours: &Arc<Outline>,
    mut change: Change,
) -> Result<u64> {
    for (theirs, conflicts) in &change.overridden {
        conflicts::keep_overridden(engine, project, theirs, conflicts).await;
    }
    let settled = rejected_copies::uncopy_refused(engine, project).await;
    let returned =
        returning::bring_back(engine, project, process, base.outline(), &mut change.intent).await;
    // Canonical, and with all that waits: what is shown from now on stays as it is unless
    // somebody else changes it.
    // Never the one that was written itself: who reads it is not who wrote it.
    let outline = Arc::new(change.intent.target.clone());
    let text = project.render(&outline);
    let entry = {
        let state = project.lock();
        let (since, intent) = (engine.clock.wall(), &change.intent);
        Entry { since, refused: None, ..entry(&state, &text, &outline, intent) }
    };
    let since = entry.since;
    let row = engine.journaled(move |journal| journal.put_settling(&entry, settled)).await?;
    elsewhere::note_brought(engine, &returned.origins);
    let mut state = residency::recalled(engine, project);
    let before = state.content().map(|content| content.text);
    let (written, edited) = (Some(ours.clone()), change.edited);
    let is_added = edited.is_some() && state.intent.is_some();
    let refused = None;
    state.saved = Some(Saved { text, outline, written, edited, is_added, since, refused });
    state.refused = None;
    state.intent = Some(change.intent);
    state.removed = returned.removed;
    state.copied.extend(returned.copied);
    state.row = Some(row);
    state.generation += 1;
    let generation = state.generation;
    let changed = state.settle_version(before, engine.clock.wall());
    serve::note_written(engine, project, &mut state, process, base, ours);
    drop(state);
    engine.changed(project, changed);
    Ok(generation)
}
