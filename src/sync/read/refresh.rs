//! Refreshing in the background: what was looked at is asked for again with spare budget, what was
//! looked at last first, one at a time. A program that walks through thousands of projects leaves
//! a bounded number of requests behind.

use std::sync::Arc;

use crate::{
    api::Priority,
    error::{Kind, Result},
    sync::{engine::Engine, project::Project, read::look},
};

/// Asks for a newer state of a project, and nobody waits for it.
pub(crate) fn refresh_aside(engine: &Arc<Engine>, project: &Arc<Project>) {
    if let Some(mut lease) = engine.refresher.add(project) {
        let shared = engine.clone();
        engine.tasks.spawn("refreshing", async move {
            while let Some(project) = lease.next() {
                let refreshed = look::read(&shared, &project, Priority::Background).await;
                note_refreshed(&shared, &project, refreshed);
            }
        });
    }
}

pub(crate) fn note_refreshed(engine: &Engine, project: &Project, refreshed: Result<()>) {
    let Err(error) = refreshed else { return };
    project.lock().interest.note_failure(engine.clock.now());
    tracing::debug!(%error, project = project.title(), "not refreshed");
    if matches!(error.kind(), Kind::Unreachable | Kind::Unauthorized | Kind::RateLimited) {
        engine.refresher.clear();
    }
}
