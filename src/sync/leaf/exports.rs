//! The exports of spaces: who walks through which, and what the last one told.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Mutex as AsyncMutex;

use crate::{
    api::Exported,
    ids::{ProjectId, SpaceId},
    lock_order::Ordered,
};

/// Within how long a second project of a space must be asked for, to make it a walk through it.
pub(crate) const WALK: Duration = Duration::from_secs(10);

/// How long a reader waits for an export since it was asked for. It goes on without one, and what
/// comes later is still of use.
pub(crate) const EXPORT_TIMEOUT: Duration = Duration::from_secs(3);

pub(crate) const FAILED: Duration = Duration::from_secs(60);

/// What is known of the exports of every space.
#[derive(Debug, Default)]
pub(crate) struct SpaceExports {
    pub(crate) spaces: Ordered<HashMap<SpaceId, Arc<Space>>>,
}

#[derive(Debug, Default)]
pub(crate) struct Space {
    /// The last unknown project that was asked for, and when.
    pub(crate) asked: Ordered<Option<(u64, Instant)>>,
    /// Since when an export is awaited, if one is.
    pub(crate) awaited: Ordered<Option<Instant>>,
    /// Locked by whoever exports; others wait for the answer.
    pub(crate) export: AsyncMutex<ExportState>,
}

#[derive(Debug, Default)]
pub(crate) struct ExportState {
    /// The newest export, while it is young.
    pub(crate) newest: Option<SpaceExport>,
}

/// An export of a space.
#[derive(Debug)]
pub(crate) struct SpaceExport {
    /// When it was asked for.
    pub(crate) taken: Instant,
    pub(crate) projects: HashMap<ProjectId, Exported>,
    /// The traits of the projects that were listed just as they were exported.
    pub(crate) verified: BTreeSet<String>,
    /// Whether a project was listed otherwise.
    pub(crate) differs: bool,
}

impl SpaceExports {
    pub(crate) fn space(&self, id: &SpaceId) -> Arc<Space> {
        let mut spaces = self.spaces.lock();
        spaces.entry(id.clone()).or_default().clone()
    }
}

impl Space {
    /// Whether another unknown project of the space was asked for just now.
    pub(crate) fn is_walked(&self, serial: u64, now: Instant) -> bool {
        let mut asked = self.asked.lock();
        let before = asked.replace((serial, now));
        before.is_some_and(|(other, when)| {
            other != serial && now.saturating_duration_since(when) <= WALK
        })
    }

    /// How much longer a reader waits for an export.
    pub(crate) fn time_left(&self, now: Instant) -> Duration {
        let awaited = *self.awaited.lock();
        let waited = awaited.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        EXPORT_TIMEOUT.saturating_sub(waited)
    }

    /// An export is awaited until the lease ends.
    pub(crate) fn await_from(&self, since: Instant) -> AwaitedLease<'_> {
        *self.awaited.lock() = Some(since);
        AwaitedLease(self)
    }
}

/// An export is awaited as long as this is there.
#[derive(Debug)]
pub(crate) struct AwaitedLease<'a>(&'a Space);

impl Drop for AwaitedLease<'_> {
    fn drop(&mut self) {
        *self.0.awaited.lock() = None;
    }
}
