//! Refreshing in the background: what was looked at is asked for again with spare budget, what was
//! looked at last first, one at a time. A program that walks through thousands of projects leaves
//! a bounded number of requests behind.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use super::{engine::Engine, project::Project};
use crate::{
    api::Priority,
    error::{Kind, Result},
};

/// Most projects that wait to be asked for again.
const WAITING: usize = 32;

/// The projects that wait.
#[derive(Debug, Default)]
pub(crate) struct Refresher(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    /// The one looked at last is the last.
    projects: VecDeque<Weak<Project>>,
    /// Whether somebody is at it.
    running: bool,
}

impl Refresher {
    /// Adds a project, or puts it last if it waits already. Whether nobody is at it.
    pub(super) fn add(&self, project: &Arc<Project>) -> bool {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let added = Arc::downgrade(project);
        waiting.projects.retain(|known| !known.ptr_eq(&added));
        waiting.projects.push_back(added);
        if waiting.projects.len() > WAITING {
            waiting.projects.pop_front();
        }
        !std::mem::replace(&mut waiting.running, true)
    }

    /// The next project, or the end of the work.
    pub(super) fn next(&self) -> Option<Arc<Project>> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = std::iter::from_fn(|| waiting.projects.pop_back()).find_map(|it| it.upgrade());
        waiting.running = next.is_some();
        next
    }

    /// Gives up what waits: the service cannot be reached, or there is no budget to spare. Whoever
    /// looks again asks again.
    pub(super) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).projects.clear();
    }
}

impl Engine {
    /// Asks for a newer state of a project, and nobody waits for it.
    pub(crate) fn refresh_aside(self: &Arc<Self>, project: &Arc<Project>) {
        if self.refresher.add(project) {
            let engine = self.clone();
            tokio::spawn(async move {
                while let Some(project) = engine.refresher.next() {
                    let refreshed = engine.refresh(&project, Priority::Background).await;
                    engine.note_refreshed(&project, refreshed);
                }
            });
        }
    }

    fn note_refreshed(&self, project: &Project, refreshed: Result<()>) {
        let Err(error) = refreshed else { return };
        project.lock().interest.note_failure(self.clock.now());
        tracing::debug!(%error, project = project.title(), "not refreshed");
        if matches!(error.kind(), Kind::Unreachable | Kind::Unauthorized | Kind::RateLimited) {
            self.refresher.clear();
        }
    }
}
