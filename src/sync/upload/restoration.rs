//! Restoring an archived project, as its worker does it.

use crate::{
    api::Priority,
    error::{Kind, Result},
    ids::ProjectId,
    replica::{pending::PendingSave, state::Replica},
    store::history::{Action, ActionKind},
    sync::{engine::Engine, hiding, project::Project, transition::Transition, upload::actions},
};

/// Restores the project if that was asked for. Whether it was. The caller holds
/// `project.remote`.
pub(crate) async fn restore_if_wanted(engine: &Engine, project: &Project) -> Result<bool> {
    let (id, is_restored) = {
        let state = project.lock();
        let wanted = state.pending().filter(|save| save.restores_project());
        (
            state.id().cloned().filter(|_| wanted.is_some()),
            wanted.is_some_and(PendingSave::has_restored),
        )
    };
    let Some(id) = id else { return Ok(false) };
    if !is_restored {
        ask_to_restore(engine, &id).await?;
        // Known in memory alone until it is journaled: it is not to be asked for again.
        let mut next = Transition::begin(engine, project).await;
        next.note_restored();
        next.keep_in_memory();
    }
    let mut next = Transition::begin(engine, project).await;
    if !next.is_to_be_restored() {
        return Ok(true);
    }
    let restored = restoration(engine, &next);
    let undoes = next.conclude_restoration();
    next.action = restored.map(|action| Action { undoes, ..action });
    next.archived = Some((id.clone(), false));
    next.commit().await?;
    hiding::show_hidden(engine, &id, false);
    Ok(true)
}

async fn ask_to_restore(engine: &Engine, id: &ProjectId) -> Result<()> {
    match engine.backend.restore_project(id).await {
        // An earlier request whose answer was lost, or somebody else, has done it.
        Err(error) if error.kind() == Kind::Refused => {
            if engine.backend.project(Priority::Save, id).await?.completed != Some(false) {
                return Err(error);
            }
            Ok(())
        }
        answer => answer,
    }
}

/// That a project was restored.
pub(crate) fn restoration(engine: &Engine, state: &Replica) -> Option<Action> {
    let known = state.remote_outline();
    actions::action(engine, state, state.id()?, ActionKind::Restored, known.clone(), known)
}
