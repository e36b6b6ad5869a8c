//! Bringing what waits onto what the service has now.

use std::sync::Arc;

use crate::{
    error::{Error, Kind, Result},
    plan::{Conflict, Outline},
    sync::{bases, engine::Engine, project::Project, transition::Transition, upload::conflicts},
};

/// Takes the last reading into what waits, durably, and shows readers what is to become of it: with
/// all that others have done. The save that it is planned for.
pub(crate) async fn rebase(engine: &Engine, project: &Project) -> Result<u64> {
    let mut next = Transition::begin(engine, project).await;
    let generation = next.generation;
    let Some((theirs, conflicts)) = take_reading(&mut next)? else { return Ok(generation) };
    show_target(project, &mut next);
    // Before it is forgotten that there was a conflict.
    conflicts::keep_overridden(engine, project, &theirs, &conflicts).await;
    next.commit_with(|current| bases::log_names(engine, current)).await?;
    Ok(generation)
}

/// Brings what waits onto the last reading. That, and where both changed the same; `None` if there is
/// nothing new in it.
fn take_reading(next: &mut Transition<'_>) -> Result<Option<(Arc<Outline>, Vec<Conflict>)>> {
    let Some(theirs) = next.snapshot().map(|known| known.outline.clone()) else {
        return Err(Error::new(Kind::Protocol, "the project was not read"));
    };
    let known = next.pending().map_or(0, |save| save.target.items.len());
    let first_new = next.reserve(known);
    let Some(save) = next.pending() else { return Ok(None) };
    let is_known = save.base == *theirs && !save.has_still_there();
    if save.in_flight.is_none() && !save.doubtful && is_known {
        return Ok(None);
    }
    let mut rebasing = save.clone();
    for (key, sent, now) in next.normalised.all() {
        rebasing.believe(&key, sent, now);
    }
    let rebased = rebasing.rebase((*theirs).clone(), first_new);
    next.local.set_save(rebasing);
    for (from, to) in rebased.aliases {
        next.note_alias(from, to);
    }
    Ok(Some((theirs, rebased.conflicts)))
}

/// Has readers get what is to become of a save that was not rejected.
pub(crate) fn show_target(project: &Project, next: &mut Transition<'_>) {
    if next.is_refused() {
        return;
    }
    let Some(target) = next.pending().map(|save| save.target.clone()) else { return };
    if let Some(saved) = next.local.saved_mut().filter(|saved| *saved.outline != target) {
        saved.text = project.render(&target);
        saved.outline = target.into();
    }
}
