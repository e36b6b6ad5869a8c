//! What a save, an archival or a restoration was, for the history.

use crate::{
    ids::ProjectId,
    plan::Outline,
    replica::{creation::MadeFrom, state::Replica},
    store::history::{Action, ActionKind, Former},
    sync::{engine::Engine, locate},
};

/// What a save that leaves the journal has done, if anything.
pub(crate) fn of_save(engine: &Engine, state: &Replica) -> Option<Action> {
    let (id, save) = (state.id()?, state.pending()?);
    let kind = if save.creates_project() { ActionKind::Created } else { ActionKind::Saved };
    let (before, after) = (save.before().clone(), save.base().clone());
    let action = Action {
        undoes: save.undoes(),
        former: save.made_from().map(|made_from| former(state, made_from)),
        ..action(engine, state, id, kind, before, after)?
    };
    (save.creates_project() || action.before != action.after).then_some(action)
}

/// What a project was made from.
fn former(state: &Replica, made_from: &MadeFrom) -> Former {
    let project = made_from.project().cloned().unwrap_or_else(|| ProjectId::new(""));
    let (folder, title) = (state.folder().clone(), state.title().to_owned());
    Former { project, folder, title, path: made_from.path.clone() }
}

/// That a project was archived.
pub(crate) fn archival(engine: &Engine, state: &Replica) -> Option<Action> {
    let known = state.remote_outline();
    let id = state.id()?;
    let burst = {
        let removals = engine.removals.lock();
        let removal = removals.iter().rev().find(|it| it.project.as_ref() == Some(id));
        removal.map(|it| if it.burst == 0 { it.row } else { it.burst })
    };
    let action = action(engine, state, id, ActionKind::Archived, known.clone(), known)?;
    Some(Action { burst, ..action })
}

/// `None` where nothing is to be remembered.
pub(crate) fn action(
    engine: &Engine,
    state: &Replica,
    id: &ProjectId,
    kind: ActionKind,
    before: Outline,
    after: Outline,
) -> Option<Action> {
    (!engine.settings.keep_history.is_zero()).then(|| Action {
        row: 0,
        time: engine.clock.wall(),
        project: id.clone(),
        folder: state.folder().clone(),
        title: state.title().to_owned(),
        kind,
        before,
        after,
        undoes: None,
        undone: false,
        path: locate::path_of(engine, Some(id), state.folder(), state.title()),
        former: None,
        burst: None,
    })
}
