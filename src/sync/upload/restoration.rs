//! Restoring an archived project, as its worker does it.

use crate::{
    api::Priority,
    error::{Kind, Result},
    store::history::{Deed, Past},
    sync::{
        engine::Engine,
        hiding,
        project::Project,
        read::residency,
        upload::{actions, journaling},
    },
};

/// Restores the project if that was asked for. Whether it was. The caller holds
/// `project.remote`.
pub(crate) async fn restore_if_wanted(engine: &Engine, project: &Project) -> Result<bool> {
    let id = {
        let state = project.lock();
        let wanted = state.intent.as_ref().is_some_and(|intent| intent.restores);
        state.id.clone().filter(|_| wanted)
    };
    let Some(id) = id else { return Ok(false) };
    match engine.backend.restore_project(&id).await {
        Ok(()) => {}
        // An earlier request whose answer was lost, or somebody else, has done it.
        Err(error) if error.kind() == Kind::Refused => {
            if engine.backend.project(Priority::Save, &id).await?.completed != Some(false) {
                return Err(error);
            }
        }
        Err(error) => return Err(error),
    }
    hiding::hide(engine, &id, false).await?;
    let _transition = project.commit.lock().await;
    let (entry, past) = {
        let mut state = residency::recalled(engine, project);
        let restored = restoration(engine, &state);
        let intent = state.intent.as_mut();
        let undoes = intent.and_then(|intent| {
            intent.restores = false;
            intent.undoes.take()
        });
        let past = restored.map(|past| Past { undoes, ..past });
        (journaling::journal_entry(&state), past)
    };
    journaling::note(engine, project, entry).await?;
    engine.journaled(move |journal| journal.conclude(None, past.as_ref())).await?;
    Ok(true)
}

/// That a project was restored.
pub(crate) fn restoration(engine: &Engine, state: &crate::replica::state::Replica) -> Option<Past> {
    let known = state.snapshot.as_ref().map(|known| (*known.outline).clone());
    let known = known.unwrap_or_default();
    actions::past(engine, state, state.id.as_ref()?, Deed::Restored, known.clone(), known)
}
