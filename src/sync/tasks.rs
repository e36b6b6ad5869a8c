//! The background tasks of a mount. None of them takes anything with it that others wait for when it
//! panics: what it holds are leases, which end with it, and that it died is told.

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt as _;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

/// The background tasks of a mount.
#[derive(Debug)]
pub(crate) struct BackgroundTasks {
    tracker: TaskTracker,
    /// How many workers are busy, at saves or at making room; shutdown waits for zero.
    busy: Arc<watch::Sender<usize>>,
}

impl Default for BackgroundTasks {
    fn default() -> Self {
        Self { tracker: TaskTracker::new(), busy: Arc::new(watch::Sender::new(0)) }
    }
}

impl BackgroundTasks {
    /// Runs a task that nobody waits for; `what` is it in words.
    pub(crate) fn spawn(
        &self,
        what: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        self.tracker.spawn(async move {
            // What a panic leaves behind are locks, which take no harm from it, and leases.
            if AssertUnwindSafe(task).catch_unwind().await.is_err() {
                tracing::error!(what, "a background task died");
            }
        });
    }

    /// Does something that may block, and that nobody waits for; `what` is it in words.
    pub(crate) fn spawn_blocking(&self, what: &'static str, work: impl FnOnce() + Send + 'static) {
        // On the thread that does it: a task of it cannot be told from others.
        self.tracker.spawn_blocking(move || {
            if std::panic::catch_unwind(AssertUnwindSafe(work)).is_err() {
                tracing::error!(what, "a background task died");
            }
        });
    }

    /// Counts somebody as busy until the lease ends.
    pub(crate) fn busy(&self) -> BusyLease {
        self.busy.send_modify(|busy| *busy += 1);
        BusyLease(self.busy.clone())
    }

    /// Returns once nobody is busy.
    pub(crate) async fn rest(&self) {
        // Fails only if the sender were gone.
        let _ = self.busy.subscribe().wait_for(|busy| *busy == 0).await;
    }

    /// How many tasks there are.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.tracker.len()
    }
}

/// Somebody is busy as long as this is there.
#[derive(Debug)]
pub(crate) struct BusyLease(Arc<watch::Sender<usize>>);

impl Drop for BusyLease {
    fn drop(&mut self) {
        self.0.send_modify(|busy| *busy -= 1);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::BackgroundTasks;

    #[tokio::test]
    async fn a_panic_ends_the_leases_of_its_task_and_nothing_else() {
        let tasks = BackgroundTasks::default();
        let (lease, other) = (tasks.busy(), tasks.busy());
        tasks.spawn("dying", async move {
            let _lease = lease;
            panic!("on purpose");
        });
        tasks.spawn("living", async move { drop(other) });
        tokio::time::timeout(Duration::from_secs(10), tasks.rest()).await.unwrap();
        tasks.tracker.close();
        tokio::time::timeout(Duration::from_secs(10), tasks.tracker.wait()).await.unwrap();
        assert_eq!(tasks.count(), 0);
    }
}
