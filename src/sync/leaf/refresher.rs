//! What is to be asked for again in the background, what was looked at last first.

use std::{
    collections::VecDeque,
    sync::{Arc, Weak},
};

use crate::lock_order::{Ordered, OrderedGuard};
use crate::sync::project::Project;

/// Most projects that wait to be asked for again.
pub(crate) const WAITING: usize = 32;

/// The projects that wait.
#[derive(Debug, Default)]
pub(crate) struct Refresher(Ordered<WaitingRefresh>);

#[derive(Debug, Default)]
pub(crate) struct WaitingRefresh {
    /// The one looked at last is the last.
    pub(crate) projects: VecDeque<Weak<Project>>,
    /// Whether somebody is at it.
    pub(crate) running: bool,
}

impl Refresher {
    /// Adds a project, or puts it last if it waits already. A lease to see to those that wait, if
    /// nobody does.
    pub(crate) fn add(self: &Arc<Self>, project: &Arc<Project>) -> Option<RefreshLease> {
        let mut waiting = self.lock();
        let added = Arc::downgrade(project);
        waiting.projects.retain(|known| !known.ptr_eq(&added));
        waiting.projects.push_back(added);
        if waiting.projects.len() > WAITING {
            waiting.projects.pop_front();
        }
        let is_free = !std::mem::replace(&mut waiting.running, true);
        is_free.then(|| RefreshLease { refresher: self.clone(), is_over: false })
    }

    /// Gives up what waits: the service cannot be reached, or there is no budget to spare. Whoever
    /// looks again asks again.
    pub(crate) fn clear(&self) {
        self.lock().projects.clear();
    }

    fn lock(&self) -> OrderedGuard<'_, WaitingRefresh> {
        self.0.lock()
    }
}

/// Somebody sees to those that wait as long as this is there.
#[derive(Debug)]
pub(crate) struct RefreshLease {
    refresher: Arc<Refresher>,
    is_over: bool,
}

impl RefreshLease {
    /// The next project, or the end of the work.
    pub(crate) fn next(&mut self) -> Option<Arc<Project>> {
        let mut waiting = self.refresher.lock();
        let next = std::iter::from_fn(|| waiting.projects.pop_back()).find_map(|it| it.upgrade());
        waiting.running = next.is_some();
        self.is_over = next.is_none();
        next
    }
}

impl Drop for RefreshLease {
    fn drop(&mut self) {
        if !self.is_over {
            self.refresher.lock().running = false;
        }
    }
}
