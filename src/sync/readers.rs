//! Which program read which render: the base of its next save.
//!
//! A program edits the text that it read, not the text that the service has now. What each
//! process read last is kept, so that its save is compared with just that; a program that never
//! read (`cp` over a project) takes what was served last to anyone.

use std::{num::NonZeroUsize, sync::Arc};

use lru::LruCache;

use crate::plan::Outline;

/// How many processes are remembered for one project.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(32).unwrap();

/// A process: its thread group, and what tells it from later ones, since ids are used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Process {
    /// The thread group id.
    pub group: u32,
    /// Its inode in the kernel's pidfs (Linux 6.9 and later); 0 if unknown.
    pub inode: u64,
}

/// The renders of one project that were served lately.
#[derive(Debug)]
pub(crate) struct Readers {
    by_process: LruCache<Process, Arc<Outline>>,
    newest: Option<Arc<Outline>>,
}

impl Default for Readers {
    fn default() -> Self {
        Self { by_process: LruCache::new(REMEMBERED), newest: None }
    }
}

impl Readers {
    /// Notes that a process has this outline before its eyes: it read it, or saved it.
    pub(crate) fn saw(&mut self, process: Option<Process>, outline: &Arc<Outline>) {
        if let Some(process) = process {
            self.by_process.put(process, outline.clone());
        }
        self.newest = Some(outline.clone());
    }

    /// What a process that saves now has edited: what it read itself, else what was served last.
    pub(crate) fn base(&self, process: Option<Process>) -> Option<Arc<Outline>> {
        process.and_then(|process| self.by_process.peek(&process)).or(self.newest.as_ref()).cloned()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Process, Readers};
    use crate::plan::{Item, Key, Outline};

    fn outline(text: &str) -> Arc<Outline> {
        let text = text.to_owned();
        Arc::new(Outline { items: vec![Item { key: Key::New(0), depth: 0, text, done: false }] })
    }

    #[test]
    fn a_process_saves_on_what_it_read_and_a_stranger_on_the_newest() {
        let process = |group| Some(Process { group, inode: 7 });
        let mut readers = Readers::default();
        assert_eq!(readers.base(process(1)), None);
        readers.saw(process(1), &outline("old"));
        readers.saw(process(2), &outline("new"));
        assert_eq!(readers.base(process(1)), Some(outline("old")));
        assert_eq!(readers.base(process(3)), Some(outline("new")));
        assert_eq!(readers.base(None), Some(outline("new")));
        let reused = Some(Process { group: 1, inode: 8 });
        assert_eq!(readers.base(reused), Some(outline("new")));
    }
}
