//! What Taskade was last known to have of a project. Pure.

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
    sync::Arc,
    time::Instant,
};

use crate::{ids::TaskId, plan::Outline};

/// A reading, with what was done since as far as Taskade has confirmed it.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    pub(crate) outline: Arc<Outline>,
    pub(crate) text: Arc<[u8]>,
    /// The title node, which is no task of the outline.
    pub(crate) title: Option<TaskId>,
    /// When it was read; `None` if it is to be read again before it is trusted.
    pub(crate) read: Option<Instant>,
}

/// What stays in memory of a snapshot that only the cache on disk holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digest {
    /// In bytes.
    size: u64,
    /// The hash of the text: the cache is a file that anybody may change.
    hash: u64,
    read: Option<Instant>,
}

impl Digest {
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        let Snapshot { text, read, .. } = snapshot;
        Self { size: text.len() as u64, hash: hash(text), read: *read }
    }

    /// The snapshot again that this is of, if a text has not changed since.
    pub(crate) fn restored(self, found: Snapshot) -> Option<Snapshot> {
        let is_same = self.size == found.text.len() as u64 && self.hash == hash(&found.text);
        is_same.then_some(Snapshot { read: self.read, ..found })
    }
}

fn hash(text: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// What is known of what Taskade has.
#[derive(Debug, Clone, Default)]
pub(crate) enum Remote {
    /// It was never read.
    #[default]
    Unknown,
    /// It is in memory.
    Resident(Snapshot),
    /// It is in the cache on disk.
    Evicted(Digest),
}

impl Remote {
    pub(crate) fn snapshot(&self) -> Option<&Snapshot> {
        match self {
            Remote::Resident(snapshot) => Some(snapshot),
            Remote::Unknown | Remote::Evicted(_) => None,
        }
    }

    pub(in crate::replica) fn snapshot_mut(&mut self) -> Option<&mut Snapshot> {
        match self {
            Remote::Resident(snapshot) => Some(snapshot),
            Remote::Unknown | Remote::Evicted(_) => None,
        }
    }

    /// The size of its text in bytes, if it was ever read.
    pub(crate) fn size(&self) -> Option<u64> {
        match self {
            Remote::Unknown => None,
            Remote::Resident(snapshot) => Some(snapshot.text.len() as u64),
            Remote::Evicted(digest) => Some(digest.size),
        }
    }

    /// When it was read; `None` if it is to be read again before it is trusted.
    pub(crate) fn read(&self) -> Option<Instant> {
        match self {
            Remote::Unknown => None,
            Remote::Resident(snapshot) => snapshot.read,
            Remote::Evicted(digest) => digest.read,
        }
    }

    /// Whether the same tasks and text are in memory as in another one, whenever they were read.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        match (self.snapshot(), other.snapshot()) {
            (Some(one), Some(other)) => {
                let is_one = Arc::ptr_eq(&one.outline, &other.outline);
                one.text == other.text && (is_one || one.outline == other.outline)
            }
            (one, other) => one.is_none() && other.is_none(),
        }
    }

    /// It is to be read again before it is trusted.
    pub(in crate::replica) fn expire(&mut self) {
        match self {
            Remote::Unknown => {}
            Remote::Resident(snapshot) => snapshot.read = None,
            Remote::Evicted(digest) => digest.read = None,
        }
    }
}
