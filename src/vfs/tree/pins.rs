//! Texts that stay with those who have them open.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::SystemTime,
};

use crate::{
    sync::{Content, Project},
    vfs::types::{Fh, Ino},
};

/// How many callers are remembered that were told ESTALE and have not come again.
pub(crate) const REMEMBERED: usize = 64;

/// The text that programs read through an inode.
#[derive(Debug)]
pub(crate) struct Pin {
    pub(crate) serial: u64,
    pub(crate) version: u64,
    pub(crate) text: Arc<[u8]>,
    pub(crate) modified: SystemTime,
    /// How many open files there are.
    pub(crate) readers: usize,
    /// Whether the inode has another text by now, since somebody holds a lock on it.
    pub(crate) is_overtaken: bool,
}

impl Pin {
    pub(crate) fn is_of(&self, project: &Project) -> bool {
        (self.serial, self.version) == (project.serial, project.version())
    }
}

/// The texts that programs read.
#[derive(Debug, Default)]
pub(crate) struct Pins {
    pub(crate) by_ino: HashMap<Ino, Pin>,
    pub(crate) of: HashMap<Fh, Ino>,
    /// Who was told that a number is stale, in the order in which they were.
    pub(crate) notified: VecDeque<Notified>,
}

/// A thread that was told ESTALE, and whose open(2) has not ended since.
#[derive(Debug)]
pub(crate) struct Notified {
    thread: u32,
    /// The number that it is; none if the name was not looked at.
    stale: Option<Ino>,
    /// What its name stood for when it was looked up again: nobody else reads through that.
    reserved: Option<Ino>,
}

impl Pins {
    /// Notes that an open file reads this content through an inode. All that do read the same.
    pub(crate) fn pin(&mut self, fh: Fh, ino: Ino, project: &Project, content: &Content) {
        let pin = self.by_ino.entry(ino).or_insert_with(|| Pin {
            serial: project.serial,
            version: content.version,
            text: content.text.clone(),
            modified: project.modified(),
            readers: 0,
            is_overtaken: false,
        });
        pin.readers += 1;
        self.of.insert(fh, ino);
    }

    /// Notes that an open file is closed.
    pub(crate) fn unpin(&mut self, fh: Fh) {
        let Some(ino) = self.of.remove(&fh) else { return };
        if let Some(pin) = self.by_ino.get_mut(&ino) {
            pin.readers -= 1;
            if pin.readers == 0 {
                self.by_ino.remove(&ino);
            }
        }
    }

    /// Whether what an open file reads from is another text by now.
    pub(crate) fn is_overtaken(&self, fh: Fh) -> bool {
        let pin = self.of.get(&fh).and_then(|ino| self.by_ino.get(ino));
        pin.is_some_and(|pin| pin.is_overtaken)
    }

    pub(crate) fn has_another(&self, ino: Ino, content: &Content, serial: u64) -> bool {
        let now = (serial, content.version);
        self.by_ino.get(&ino).is_some_and(|pin| (pin.serial, pin.version) != now)
    }

    /// Whether to tell a thread that a number is stale: once in an open(2), since the kernel looks
    /// a name up again once, and hands the second ESTALE to the program.
    pub(crate) fn notifies(&mut self, thread: u32, ino: Ino) -> bool {
        self.notify(thread, Some(ino))
    }

    /// Whether to turn away a thread that is about to look at a name, for which its path is walked again:
    /// also once in an open(2).
    pub(crate) fn turns_away(&mut self, thread: u32) -> bool {
        self.notify(thread, None)
    }

    fn notify(&mut self, thread: u32, stale: Option<Ino>) -> bool {
        if self.is_notified(thread) {
            return false;
        }
        self.notified.push_back(Notified { thread, stale, reserved: None });
        if self.notified.len() > REMEMBERED {
            self.notified.pop_front();
        }
        true
    }

    /// Whether a thread was told ESTALE.
    pub(crate) fn is_notified(&self, thread: u32) -> bool {
        self.notified.iter().any(|notified| notified.thread == thread)
    }

    /// Whether a thread that was told that a number is stale comes again for the very same: by no
    /// name, then.
    pub(crate) fn comes_again(&self, thread: u32, ino: Ino) -> bool {
        self.notified.iter().any(|it| (it.thread, it.stale) == (thread, Some(ino)))
    }

    /// The open(2) of a thread has ended.
    pub(crate) fn end_open(&mut self, thread: u32) {
        self.notified.retain(|notified| notified.thread != thread);
    }

    /// A thread that was told that a number is stale has looked this one up.
    pub(crate) fn reserve(&mut self, thread: u32, ino: Ino) {
        let is_its = |it: &&mut Notified| it.thread == thread && it.stale.is_some();
        let its = self.notified.iter_mut().filter(is_its);
        its.for_each(|notified| notified.reserved = Some(ino));
    }

    /// Whether another thread is about to open this inode, and could not be told that it is stale.
    pub(crate) fn is_reserved(&self, ino: Ino, thread: u32) -> bool {
        self.notified.iter().any(|it| it.reserved == Some(ino) && it.thread != thread)
    }
}

/// What an inode has that is no longer the project's.
#[derive(Debug)]
pub(crate) struct Detached {
    /// The text, if somebody reads it.
    pub(crate) text: Option<Arc<[u8]>>,
}

/// Whether `/proc/locks` has an inode of this number; see proc_locks(5).
pub(crate) fn names_inode(locks: &str, ino: Ino) -> bool {
    let inode = |field: &str| field.rsplit_once(':').and_then(|(_, ino)| ino.parse().ok());
    locks.lines().any(|line| {
        let mut fields = line.split_ascii_whitespace();
        fields.any(|field| field.matches(':').count() == 2 && inode(field) == Some(ino.0))
    })
}

#[cfg(test)]
mod tests {
    use super::{Ino, Pins, names_inode};

    #[test]
    fn a_thread_is_told_once_in_a_row() {
        let mut pins = Pins::default();
        assert!(pins.notifies(1, Ino(7)) && pins.notifies(2, Ino(7)));
        assert!(!pins.notifies(1, Ino(7)) && !pins.notifies(2, Ino(7)), "not for the same");
        assert!(!pins.notifies(1, Ino(8)) && !pins.notifies(1, Ino(8)), "not for another");
        assert!(pins.comes_again(1, Ino(7)) && !pins.comes_again(1, Ino(8)));
        pins.end_open(1);
        assert!(pins.notifies(1, Ino(8)) && !pins.notifies(2, Ino(8)));
        pins.end_open(1);
        assert!(pins.turns_away(1) && !pins.notifies(1, Ino(7)) && !pins.turns_away(1));
        pins.end_open(1);
        assert!(pins.notifies(1, Ino(7)) && !pins.turns_away(1));
        for thread in 0..200 {
            pins.notifies(thread + 10, Ino(9));
        }
        assert!(pins.notified.len() <= super::REMEMBERED);
    }

    #[test]
    fn what_a_thread_comes_for_is_reserved_until_it_has_come() {
        let mut pins = Pins::default();
        pins.reserve(1, Ino(8));
        assert!(!pins.is_reserved(Ino(8), 2), "it was told nothing");
        pins.notifies(1, Ino(7));
        pins.reserve(1, Ino(8));
        assert!(pins.is_reserved(Ino(8), 2) && !pins.is_reserved(Ino(8), 1));
        assert!(!pins.is_reserved(Ino(7), 2));
        pins.end_open(1);
        assert!(!pins.is_reserved(Ino(8), 2));
    }

    #[test]
    fn locks_are_found_by_the_inode() {
        let locks = "1: FLOCK  ADVISORY  WRITE 4242 00:3f:4611686018427387905 0 EOF\n\
                     1: -> FLOCK  ADVISORY  WRITE 4243 00:3f:12 0 EOF\n\
                     2: POSIX  ADVISORY  READ 99 fe:01:77 128 128\n";
        for ino in [4_611_686_018_427_387_905, 12, 77] {
            assert!(names_inode(locks, Ino(ino)), "{ino}");
        }
        for ino in [1, 4242, 128, 0] {
            assert!(!names_inode(locks, Ino(ino)), "{ino}");
        }
    }
}
