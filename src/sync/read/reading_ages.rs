//! How old is what the next mount finds in the cache, when this one comes to rest.

use std::{collections::HashMap, sync::Arc, time::Duration};

use crate::{
    replica::remote::Remote,
    store::cache_age::Aged,
    sync::{engine::Engine, project::Project, read::cache_write, residency},
};

/// The ages of all that the cache has as it is known here. What has none is read again before it is
/// trusted: so has what waits to be saved, since nobody knows yet what comes of that.
pub(crate) fn reading_ages(engine: &Engine) -> HashMap<Aged, Duration> {
    let now = engine.clock.now();
    let mut ages = engine.cache.ages(now);
    for (what, read) in engine.listings.read_times() {
        ages.insert(what, now.saturating_duration_since(read));
    }
    let projects: Vec<Arc<Project>> = engine.projects().values().cloned().collect();
    for project in projects {
        let Some((what, is_untouched)) = aged(&project) else { continue };
        if is_untouched {
            continue;
        }
        match age_of(engine, &project) {
            Some(age) => ages.insert(what, age),
            None => ages.remove(&what),
        };
    }
    ages
}

/// What a project's reading is called, and whether this mount never looked at it.
fn aged(project: &Project) -> Option<(Aged, bool)> {
    let state = project.lock();
    let is_untouched = matches!(state.remote(), Remote::Unknown)
        && !state.is_not_cached
        && residency::is_idle(&state);
    Some((Aged::project(state.id()?), is_untouched))
}

/// `None` unless the cache has, once all is written, what was read then.
fn age_of(engine: &Engine, project: &Project) -> Option<Duration> {
    let (read, is_cached) = {
        let state = project.lock();
        let is_trusted = residency::is_idle(&state) && state.shows_remote();
        let read = state.read().filter(|_| is_trusted)?;
        (read, state.is_cached())
    };
    let is_cached = is_cached || cache_write::write(engine, project);
    is_cached.then(|| engine.clock.now().saturating_duration_since(read))
}
