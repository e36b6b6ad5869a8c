//! What a save, an archival or a restoration was, for the history.

use crate::{
    ids::ProjectId,
    plan::Outline,
    replica::state::Replica,
    store::history::{Deed, Past},
    sync::{engine::Engine, locate},
};

/// What a save that leaves the journal has done, if anything.
pub(crate) fn deed(engine: &Engine, state: &Replica) -> Option<Past> {
    let (id, intent) = (state.id.as_ref()?, state.pending()?);
    let deed = if intent.creates { Deed::Created } else { Deed::Saved };
    let (before, after) = (intent.before.clone(), intent.base.clone());
    let past = Past { undoes: intent.undoes, ..past(engine, state, id, deed, before, after)? };
    (intent.creates || past.before != past.after).then_some(past)
}

/// That a project was archived.
pub(crate) fn archival(engine: &Engine, state: &Replica) -> Option<Past> {
    let known = state.remote_outline();
    let id = state.id.as_ref()?;
    let burst = {
        let removals = engine.removals.lock();
        let removal = removals.iter().rev().find(|it| it.project.as_ref() == Some(id));
        removal.map(|it| if it.burst == 0 { it.row } else { it.burst })
    };
    let past = past(engine, state, id, Deed::Archived, known.clone(), known)?;
    Some(Past { burst, ..past })
}

/// `None` where nothing is to be remembered.
pub(crate) fn past(
    engine: &Engine,
    state: &Replica,
    id: &ProjectId,
    deed: Deed,
    before: Outline,
    after: Outline,
) -> Option<Past> {
    (!engine.settings.keep_history.is_zero()).then(|| Past {
        row: 0,
        time: engine.clock.wall(),
        project: id.clone(),
        folder: state.folder.clone(),
        title: state.title.clone(),
        deed,
        before,
        after,
        undoes: None,
        undone: false,
        path: locate::path_of(engine, Some(id), &state.folder, &state.title),
        former: None,
        burst: None,
    })
}
