//! What was deleted lately, as the history has it, after a remount.

use std::{collections::HashSet, time::Duration};

/// How many saves of earlier mounts are looked at.
const MOST: usize = 20;

use crate::{
    plan::{Key, Outline},
    replica::{current::Current, removed::LATELY},
    store::history::Action,
    sync::{engine::Engine, project::Project},
};

/// Takes over what earlier mounts have deleted of a project lately, once.
pub(crate) async fn load_earlier_deletions(engine: &Engine, project: &Project) {
    let (id, save) = {
        let mut state = project.lock();
        if std::mem::replace(&mut state.removed.is_recalled, true) {
            return;
        }
        (state.id().cloned(), state.pending().cloned())
    };
    let Some(id) = id else { return };
    let since = engine.clock.wall().checked_sub(LATELY).unwrap_or(std::time::UNIX_EPOCH);
    let actions = engine.journaled(move |journal| journal.history_since(&id, since, MOST)).await;
    let actions = actions.unwrap_or_else(|error| {
        tracing::warn!(%error, "what was deleted before is not known");
        Vec::new()
    });
    let now = engine.clock.now();
    let mut state = project.lock();
    for Action { time, before, after, .. } in actions.iter().filter(|action| is_in_force(action)) {
        let age = engine.clock.wall().duration_since(*time).unwrap_or(Duration::ZERO);
        state.removed.note_earlier(before, after, now.checked_sub(age).unwrap_or(now));
        note_names(&mut state, before, after);
    }
    if let Some(save) = save {
        state.removed.note_earlier(save.before(), save.target(), now);
    }
}

/// Whether something was done and nobody has undone it.
pub(crate) fn is_in_force(action: &Action) -> bool {
    !action.undone && action.undoes.is_none()
}

/// Notes the people and fields of deleted tasks as seen in their project.
pub(crate) fn note_names(state: &mut Current, before: &Outline, after: &Outline) {
    let left: HashSet<&Key> = after.items.iter().map(|item| &item.key).collect();
    for item in before.items.iter().filter(|item| !left.contains(&item.key)) {
        state.names.saw(&item.details);
    }
}
