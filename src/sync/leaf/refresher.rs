//! What is to be asked for again in the background, what was looked at last first.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use crate::sync::project::Project;

/// Most projects that wait to be asked for again.
pub(crate) const WAITING: usize = 32;

/// The projects that wait.
#[derive(Debug, Default)]
pub(crate) struct Refresher(Mutex<Waiting>);

#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// The one looked at last is the last.
    pub(crate) projects: VecDeque<Weak<Project>>,
    /// Whether somebody is at it.
    pub(crate) running: bool,
}

impl Refresher {
    /// Adds a project, or puts it last if it waits already. Whether nobody is at it.
    pub(crate) fn add(&self, project: &Arc<Project>) -> bool {
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
    pub(crate) fn next(&self) -> Option<Arc<Project>> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = std::iter::from_fn(|| waiting.projects.pop_back()).find_map(|it| it.upgrade());
        waiting.running = next.is_some();
        next
    }

    /// Gives up what waits: the service cannot be reached, or there is no budget to spare. Whoever
    /// looks again asks again.
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).projects.clear();
    }
}
