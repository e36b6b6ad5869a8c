//! The threads by which the mount does to itself what watchers are to hear of: what they ask is told
//! from what programs ask by the number that the kernel has for them.
//!
//! That number is not taken for granted: each thread looks up a name that nobody else knows, and what
//! the kernel says of who does is its number. Where it says none nothing is ever raised.

use std::{
    collections::hash_map::RandomState,
    ffi::{OsStr, OsString},
    hash::BuildHasher,
    sync::atomic::{AtomicU32, Ordering},
};

use tokio::sync::Notify;

use crate::vfs::process::NOBODY;

/// How many such threads there are: one for files, and one for names.
pub(crate) const THREADS: usize = 2;

/// The threads, as far as they are known.
#[derive(Debug)]
pub(crate) struct Raisers {
    threads: [AtomicU32; THREADS],
    name: OsString,
    /// Whenever there is a file whose change is to be told.
    pub(crate) news: Notify,
}

impl Default for Raisers {
    fn default() -> Self {
        let random = || RandomState::new().hash_one(());
        Self {
            threads: Default::default(),
            name: format!(".taskadefs-{:016x}{:016x}", random(), random()).into(),
            news: Notify::new(),
        }
    }
}

impl Raisers {
    /// The name in the root that they look up. There is nothing of that name.
    pub(crate) fn name(&self) -> &OsStr {
        &self.name
    }

    /// Somebody looks it up.
    pub(crate) fn note(&self, name: &OsStr, caller: u32) {
        if caller != NOBODY && name == self.name && !self.contain(caller) {
            let free = |thread: &&AtomicU32| {
                let (free, ordering) = (NOBODY, Ordering::AcqRel);
                thread.compare_exchange(free, caller, ordering, Ordering::Acquire).is_ok()
            };
            let _ = self.threads.iter().find(free);
        }
    }

    /// One of them is gone: its number may be another thread's from now on.
    pub(crate) fn lose(&self) {
        self.threads.iter().for_each(|thread| thread.store(NOBODY, Ordering::Release));
    }

    /// Whether who asks is one of them.
    pub(crate) fn contain(&self, caller: u32) -> bool {
        caller != NOBODY && self.threads.iter().any(|it| it.load(Ordering::Acquire) == caller)
    }

    /// Whether all of them are known.
    pub(crate) fn are_known(&self) -> bool {
        self.threads.iter().all(|it| it.load(Ordering::Acquire) != NOBODY)
    }
}

#[cfg(test)]
mod tests {
    use super::{OsStr, Raisers};

    #[test]
    fn who_knows_the_name_is_one_of_the_mounts_own_threads() {
        let raisers = Raisers::default();
        let name = raisers.name().to_owned();
        raisers.note(OsStr::new(".taskadefs-"), 7);
        raisers.note(&name, 0);
        assert!(!raisers.contain(7) && !raisers.contain(0) && !raisers.are_known());
        raisers.note(&name, 7);
        raisers.note(&name, 7);
        assert!(raisers.contain(7) && !raisers.are_known());
        raisers.note(&name, 8);
        raisers.note(&name, 9);
        assert!(raisers.contain(7) && raisers.contain(8) && !raisers.contain(9));
        assert!(raisers.are_known() && !raisers.contain(0));
        raisers.lose();
        assert!(!raisers.contain(7) && !raisers.are_known());
        assert_ne!(raisers.name(), Raisers::default().name());
    }
}
