//! Which program read which render: the base of its next save.
//!
//! A program edits the text that it read, not the text that the service has now. What each
//! process read last is kept, so that its save is compared with just that; a program that never
//! read (`cp` over a project) takes what was served last to anyone.

use std::sync::Arc;

use lru::LruCache;

use crate::plan::Outline;

/// How many processes are remembered for one project.
const REMEMBERED: usize = 32;

/// A process: its thread group, and what tells it from later ones, since ids are used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Process {
    /// The thread group id.
    pub group: u32,
    /// Its inode in the kernel's pidfs (Linux 6.9 and later); 0 if unknown.
    pub inode: u64,
}

/// What a process had before its eyes when it saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    Surely(Arc<Outline>),
    /// A crash may have kept from disk what was served after it.
    Perhaps(Arc<Outline>),
}

impl Seen {
    pub(crate) fn outline(&self) -> &Arc<Outline> {
        let (Seen::Surely(outline) | Seen::Perhaps(outline)) = self;
        outline
    }

    /// The same of another outline.
    pub(crate) fn with(self, other: impl Fn(&Outline) -> Arc<Outline>) -> Self {
        match self {
            Seen::Surely(outline) => Seen::Surely(other(&outline)),
            Seen::Perhaps(outline) => Seen::Perhaps(other(&outline)),
        }
    }
}

/// The renders of one project that were served lately.
#[derive(Debug)]
pub(crate) struct Readers {
    by_process: LruCache<Process, Arc<Outline>>,
    newest: Option<Arc<Outline>>,
    recalled: Option<Arc<Outline>>,
}

/// Who had an outline before its eyes that is not in memory any more: `None` stands for it.
#[derive(Debug)]
pub(crate) struct Seers {
    /// The one that read it last comes last.
    processes: Vec<(Process, Option<Arc<Outline>>)>,
    newest: Option<Option<Arc<Outline>>>,
    recalled: Option<Option<Arc<Outline>>>,
}

impl Default for Readers {
    fn default() -> Self {
        // With a bound it would have room for all of them from the start, in every project.
        Self { by_process: LruCache::unbounded(), newest: None, recalled: None }
    }
}

impl Readers {
    /// Notes that a process has this outline before its eyes: it read it, or saved it.
    pub(crate) fn saw(&mut self, process: Option<Process>, outline: &Arc<Outline>) {
        if let Some(process) = process {
            self.by_process.put(process, outline.clone());
            if self.by_process.len() > REMEMBERED {
                self.by_process.pop_lru();
            }
        }
        self.newest = Some(outline.clone());
    }

    /// Takes over what was served last before a remount, as far as is known.
    pub(crate) fn recall(&mut self, outline: Arc<Outline>) {
        self.recalled.get_or_insert(outline);
    }

    /// Lets go of this outline: who had it before its eyes, and what others had.
    pub(crate) fn evict(&mut self, outline: &Outline) -> Seers {
        let other = |seen: Arc<Outline>| (*seen != *outline).then_some(seen);
        let Self { by_process, newest, recalled } = std::mem::take(self);
        // The one seen last comes first.
        let seen = by_process.iter().rev();
        let processes = seen.map(|(process, seen)| (*process, other(seen.clone()))).collect();
        Seers { processes, newest: newest.map(other), recalled: recalled.map(other) }
    }

    /// Remembers again what was let go of.
    pub(crate) fn restore(&mut self, seers: Seers, outline: &Arc<Outline>) {
        let seen = |other: Option<Arc<Outline>>| other.unwrap_or_else(|| outline.clone());
        for (process, other) in seers.processes {
            self.by_process.put(process, seen(other));
        }
        self.newest = seers.newest.map(seen);
        self.recalled = seers.recalled.map(seen);
    }

    /// Whether it is known what this process itself had before its eyes.
    pub(crate) fn knows(&self, process: Option<Process>) -> bool {
        process.is_some_and(|process| self.by_process.contains(&process))
    }

    /// What a process that saves now has edited: what it read itself, else what was served last.
    /// A process from before this mount, which is the one `mount`, or any that comes while nothing
    /// was served yet, takes what was served last before.
    pub(crate) fn base(&self, process: Option<Process>, mount: Option<Process>) -> Option<Seen> {
        let own = process.and_then(|process| self.by_process.peek(&process));
        if let Some(outline) = own {
            return Some(Seen::Surely(outline.clone()));
        }
        let is_older = match (process, mount) {
            (Some(process), Some(mount)) => process.inode != 0 && process.inode < mount.inode,
            _ => false,
        };
        let before = self.recalled.clone().map(Seen::Perhaps);
        let newest = self.newest.clone().map(Seen::Surely);
        if is_older { before.or(newest) } else { newest.or(before) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Process, Readers, Seen};
    use crate::plan::{Item, Key, Outline};

    fn outline(text: &str) -> Arc<Outline> {
        let text = text.to_owned();
        Arc::new(Outline {
            items: vec![Item {
                key: Key::New(0),
                depth: 0,
                text,
                done: false,
                details: Default::default(),
            }],
        })
    }

    #[test]
    fn a_process_saves_on_what_it_read_and_a_stranger_on_the_newest() {
        let process = |group| Some(Process { group, inode: 70 });
        let surely = |text| Some(Seen::Surely(outline(text)));
        let mut readers = Readers::default();
        assert_eq!(readers.base(process(1), None), None);
        readers.saw(process(1), &outline("old"));
        readers.saw(process(2), &outline("new"));
        assert_eq!(readers.base(process(1), None), surely("old"));
        assert_eq!(readers.base(process(3), None), surely("new"));
        assert_eq!(readers.base(None, None), surely("new"));
        let reused = Some(Process { group: 1, inode: 80 });
        assert_eq!(readers.base(reused, None), surely("new"));
    }

    #[test]
    fn a_process_from_before_the_mount_saves_on_what_was_served_before_it() {
        let of = |inode| Some(Process { group: 1, inode });
        let mut readers = Readers::default();
        readers.recall(outline("before"));
        let perhaps = Some(Seen::Perhaps(outline("before")));
        assert_eq!(readers.base(of(80), of(70)), perhaps);
        readers.saw(of(90), &outline("since"));
        assert_eq!(readers.base(of(60), of(70)), perhaps);
        for other in [of(80), of(0), None] {
            assert_eq!(readers.base(other, of(70)), Some(Seen::Surely(outline("since"))));
        }
    }
}
