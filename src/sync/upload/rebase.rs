//! Bringing what waits onto what the service has now.

use std::sync::Arc;

use crate::{
    error::{Error, Kind, Result},
    sync::{
        bases,
        engine::Engine,
        project::Project,
        read::residency,
        upload::{conflicts, journaling},
    },
};

/// Takes the last reading into the intent, durably. The save that it is planned for.
pub(crate) async fn rebase(engine: &Engine, project: &Project) -> Result<u64> {
    let _transition = project.commit.lock().await;
    let (theirs, conflicts, generation) = {
        let mut state = residency::recalled(engine, project);
        let generation = state.generation;
        let Some(theirs) = state.snapshot.as_ref().map(|known| known.outline.clone()) else {
            return Err(Error::new(Kind::Protocol, "the project was not read"));
        };
        let known = state.intent.as_ref().map_or(0, |intent| intent.target.items.len());
        let first_new = state.reserve(known);
        let Some(intent) = state.intent.as_ref() else { return Ok(generation) };
        let is_known = intent.base == *theirs && !intent.has_still_there();
        if intent.in_flight.is_none() && !intent.doubtful && is_known {
            return Ok(generation);
        }
        let mut rebasing = intent.clone();
        for (key, sent, now) in state.normalised.all() {
            rebasing.believe(&key, sent, now);
        }
        let rebased = rebasing.rebase((*theirs).clone(), first_new);
        state.intent = Some(rebasing);
        for (from, to) in rebased.aliases {
            state.note_alias(from, to);
        }
        bases::log_names(engine, &mut state);
        (theirs, rebased.conflicts, generation)
    };
    show_target(engine, project);
    // Before it is forgotten that there was a conflict.
    conflicts::keep_overridden(engine, project, &theirs, &conflicts).await;
    let entry = journaling::journal_entry(&project.lock());
    journaling::note(engine, project, entry).await?;
    Ok(generation)
}

/// Shows readers what is to become of the save: with all that others have done.
pub(crate) fn show_target(engine: &Engine, project: &Project) {
    let mut state = project.lock();
    let before = state.content().map(|content| content.text);
    let target = state.intent.as_ref().map(|intent| intent.target.clone());
    if let (Some(saved), Some(target)) = (state.saved.as_mut(), target)
        && saved.refused.is_none()
        && *saved.outline != target
    {
        saved.text = project.render(&target);
        saved.outline = Arc::new(target);
    }
    let changed = state.settle_version(before, engine.clock.wall());
    drop(state);
    engine.changed(project, changed);
}
