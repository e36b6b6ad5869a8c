//! Whose tasks are in memory, in the order in which somebody looked.

use std::sync::{Arc, Weak};

use lru::LruCache;

use crate::lock_order::{Ordered, OrderedGuard};
use crate::sync::project::Project;

/// How much of what is in memory goes once there is too much of it: a quarter.
pub(crate) const KEPT_OF_FOUR: usize = 3;

/// The projects whose tasks are in memory.
#[derive(Debug)]
pub(crate) struct Residents(Ordered<Ranks>);

#[derive(Debug)]
pub(crate) struct Ranks {
    /// By serial number, with the bytes that they take. The one looked at last comes first.
    pub(crate) by_serial: LruCache<u64, (Weak<Project>, usize)>,
    /// The bytes that all of them take.
    pub(crate) total: usize,
    /// Whether somebody is at making room.
    pub(crate) evicting: bool,
    /// Whether somebody looked at a project since: then what could not go may be able to.
    pub(crate) again: bool,
}

impl Default for Residents {
    fn default() -> Self {
        let by_serial = LruCache::unbounded();
        Self(Ordered::leaf(Ranks { by_serial, total: 0, evicting: false, again: false }))
    }
}

impl Residents {
    pub(crate) fn lock(&self) -> OrderedGuard<'_, Ranks> {
        self.0.lock()
    }

    /// Notes that somebody looks at a project that takes so many bytes. Whether somebody is to
    /// make room: there is more than `limit`, and nobody is at it.
    pub(crate) fn touch(&self, project: &Arc<Project>, bytes: usize, limit: usize) -> bool {
        let mut ranks = self.lock();
        let entry = (Arc::downgrade(project), bytes);
        let before = ranks.by_serial.put(project.serial, entry).map_or(0, |(_, bytes)| bytes);
        ranks.total = (ranks.total + bytes).saturating_sub(before);
        ranks.again = ranks.total > limit;
        ranks.again && !std::mem::replace(&mut ranks.evicting, true)
    }

    /// Takes out those that were not looked at for the longest, until the others fit in `room`.
    pub(crate) fn oldest(&self, room: usize) -> Vec<(Weak<Project>, usize)> {
        let mut ranks = self.lock();
        ranks.again = false;
        let mut oldest = Vec::new();
        while ranks.total > room {
            let Some((_, entry)) = ranks.by_serial.pop_lru() else { break };
            ranks.total = ranks.total.saturating_sub(entry.1);
            oldest.push(entry);
        }
        oldest
    }

    /// Puts back those that cannot go now: each is the one looked at last, and comes up again
    /// after all others. Whether that is to be now.
    pub(crate) fn put_back(&self, kept: Vec<(Weak<Project>, usize)>) -> bool {
        let mut ranks = self.lock();
        ranks.evicting = ranks.again;
        for (project, bytes) in kept {
            let Some(strong) = project.upgrade() else { continue };
            let before = ranks.by_serial.put(strong.serial, (project, bytes));
            ranks.total = (ranks.total + bytes).saturating_sub(before.map_or(0, |(_, was)| was));
        }
        ranks.evicting
    }
}
