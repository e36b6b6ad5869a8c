//! What is kept in memory of a project whose tasks are not. Pure.

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
    time::Instant,
};

use crate::replica::served::Evicted as EvictedBases;

/// What stays in memory of a project whose tasks are in the cache only.
#[derive(Debug)]
pub(crate) struct Evicted {
    pub(crate) size: u64,
    /// The hash of the text: the cache is a file that anybody may change.
    pub(crate) hash: u64,
    pub(crate) read: Option<Instant>,
    pub(crate) bases: EvictedBases,
}

impl Evicted {
    /// How many bytes the text has.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// When it was read from Taskade; `None` if it is to be read again before it is trusted.
    pub(crate) fn read(&self) -> Option<Instant> {
        self.read
    }

    pub(crate) fn is_of(&self, text: &[u8]) -> bool {
        self.size == text.len() as u64 && self.hash == hash(text)
    }
}

pub(crate) fn hash(text: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
