//! Deletions that wait, since what was cut may be pasted.

use std::time::{Duration, Instant};

use crate::sync::{
    engine::Engine,
    leaf::transfers::{LATELY, missing, name},
    project::Project,
};

/// How long the deletions of a project still wait; `None` if they need not.
pub(crate) fn held(engine: &Engine, project: &Project) -> Option<Duration> {
    let state = project.lock();
    let (id, save) = (state.id()?, state.pending()?);
    let cut = missing(save.base(), save.target());
    let inner = engine.transfers.lock();
    let names = || cut.iter().filter_map(|item| name(id, item));
    if names().any(|name| inner.claimed.contains_key(&name)) {
        return Some(LATELY);
    }
    let left = state.held?.saturating_duration_since(engine.clock.now());
    let is_left = names().any(|name| !inner.carried.contains(&name));
    (is_left && !left.is_zero()).then_some(left)
}

/// How long a project that has nothing else to do waits for what it cut to be pasted.
pub(crate) fn held_for(engine: &Engine, project: &Project) -> Duration {
    let left = |until: Instant| until.saturating_duration_since(engine.clock.now());
    held(engine, project).or_else(|| project.lock().held.map(left)).unwrap_or_default()
}
