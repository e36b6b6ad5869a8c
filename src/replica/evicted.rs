//! Who had an outline before its eyes that only the cache on disk has. Pure.

use std::sync::Arc;

use crate::{
    plan::Outline,
    replica::served::{Process, ProcessBase, ServedBases},
};

/// Who had an outline before its eyes that is not in memory any more: `None` stands for it.
#[derive(Debug)]
pub(crate) struct EvictedBases {
    /// The one that read it last comes last.
    processes: Vec<(Process, Option<Arc<Outline>>)>,
    newest: Option<Option<Arc<Outline>>>,
    cached: Option<Option<Arc<Outline>>>,
}

impl ServedBases {
    /// Lets go of this outline: who had it before its eyes, and what others had.
    pub(crate) fn evict(&mut self, outline: &Outline) -> EvictedBases {
        let other = |seen: Arc<Outline>| (*seen != *outline).then_some(seen);
        let Self { by_process, newest, cached, .. } = std::mem::take(self);
        // The one seen last comes first.
        let seen = by_process.iter().rev();
        let processes =
            seen.map(|(process, base)| (*process, other(base.outline.clone()))).collect();
        EvictedBases { processes, newest: newest.map(other), cached: cached.map(other) }
    }

    /// Remembers again what was let go of.
    pub(crate) fn restore(&mut self, evicted: EvictedBases, outline: &Arc<Outline>) {
        let seen = |other: Option<Arc<Outline>>| other.unwrap_or_else(|| outline.clone());
        for (process, other) in evicted.processes {
            self.by_process.put(process, ProcessBase { outline: seen(other), own: None });
        }
        self.newest = evicted.newest.map(seen);
        self.cached = evicted.cached.map(seen);
    }

    /// Remembers again what was let go of, but for those who had what is lost before their eyes.
    pub(crate) fn restore_others(&mut self, evicted: EvictedBases) {
        for (process, other) in evicted.processes {
            let base = other.map(|outline| ProcessBase { outline, own: None });
            base.into_iter().for_each(|base| self.by_process.put(process, base));
        }
        self.newest = evicted.newest.flatten();
        self.cached = evicted.cached.flatten();
    }
}
