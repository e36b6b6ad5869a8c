//! Open descriptors go on with the text that they began with.
//!
//! The kernel has one size and one set of pages for an inode. As long as programs read a text
//! through an inode, the inode keeps that text, as a file does that another one was renamed over:
//! what the project has since is under another number. Names that the kernel still believes in
//! lead to the old number for a moment. Whoever opens that is told ESTALE, upon which the kernel
//! looks the name up and opens what it stands for now (`do_filp_open` in fs/namei.c), so no open
//! gets an old text; an open that comes again was made by no name, through `/proc/PID/fd`, and
//! gets what the inode has.
//!
//! An inode that somebody holds a lock on is left as it is: a lock holds for an inode.

use std::{
    collections::{HashMap, VecDeque},
    fs,
    sync::Arc,
    time::SystemTime,
};

use super::{
    Vfs,
    tree::Tree,
    types::{Fh, Ino},
};
use crate::{
    error::{Error, Kind, Result},
    sync::{Content, Project},
};

/// How many callers are remembered that were told ESTALE and have not come again.
const REMEMBERED: usize = 64;

/// The text that programs read through an inode.
#[derive(Debug)]
pub(crate) struct Pin {
    serial: u64,
    version: u64,
    text: Arc<[u8]>,
    modified: SystemTime,
    /// How many open files there are.
    readers: usize,
    /// Whether the inode has another text by now, since somebody holds a lock on it.
    is_overtaken: bool,
}

impl Pin {
    fn is_of(&self, project: &Project) -> bool {
        (self.serial, self.version) == (project.serial, project.version())
    }
}

/// The texts that programs read.
#[derive(Debug, Default)]
pub(crate) struct Pins {
    by_ino: HashMap<Ino, Pin>,
    of: HashMap<Fh, Ino>,
    /// Who was told that a number is stale, by thread.
    told: VecDeque<(u32, Ino)>,
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

    fn has_another(&self, ino: Ino, content: &Content, serial: u64) -> bool {
        let now = (serial, content.version);
        self.by_ino.get(&ino).is_some_and(|pin| (pin.serial, pin.version) != now)
    }

    /// Whether to tell a thread that a number is stale: not if it comes again.
    fn tells(&mut self, thread: u32, ino: Ino) -> bool {
        let known = self.told.iter().position(|told| *told == (thread, ino));
        if let Some(at) = known {
            self.told.remove(at);
            return false;
        }
        self.told.push_back((thread, ino));
        if self.told.len() > REMEMBERED {
            self.told.pop_front();
        }
        true
    }
}

/// What an inode has that is no longer the project's.
#[derive(Debug)]
pub(crate) struct Past {
    /// The text, if somebody reads it.
    pub(crate) text: Option<Arc<[u8]>>,
}

impl Tree {
    fn is_past(&self, ino: Ino, project: &Project) -> bool {
        self.inodes.of_serial(project.serial) != Some(ino)
    }
}

impl Vfs {
    /// Gives a project another inode if somebody reads another text through the one that it has.
    /// Whether it did.
    pub(crate) fn part_if_outgrown(&self, project: &Project) -> bool {
        let ino = self.tree().inodes.of_serial(project.serial);
        ino.is_some_and(|ino| self.part(ino, project, |pin| !pin.is_of(project)))
    }

    /// Gives a project another inode than this one, if it is the one that it has and `outgrown`.
    /// The kernel is to hear of the name.
    fn part(&self, ino: Ino, project: &Project, outgrown: impl Fn(&Pin) -> bool) -> bool {
        let is_due = |tree: &Tree| {
            !tree.is_past(ino, project) && tree.pins.by_ino.get(&ino).is_some_and(&outgrown)
        };
        if !is_due(&self.tree()) {
            return false;
        }
        let is_locked = is_locked(ino);
        let mut tree = self.tree();
        if is_locked {
            let pin = tree.pins.by_ino.get_mut(&ino).filter(|pin| !pin.is_of(project));
            pin.into_iter().for_each(|pin| pin.is_overtaken = true);
            return false;
        }
        if !is_due(&tree) {
            return false;
        }
        tree.inodes.leave_project(project.serial);
        tree.paged.remove(&project.serial);
        tree.sized.remove(&project.serial);
        let named = tree
            .name_of(project)
            .and_then(|(directory, name)| Some((tree.known_directory(&directory)?, name)));
        drop(tree);
        tracing::debug!(serial = project.serial, "readers keep an inode and its text");
        if let Some((parent, name)) = named {
            self.tell_names(parent, [name]);
        }
        true
    }

    /// Gives a project that is about to be changed in place an inode that nobody reads through.
    pub(crate) fn part_for_writer(&self, project: &Project) {
        let ino = self.tree().inodes.of_serial(project.serial);
        if let Some(ino) = ino {
            self.part(ino, project, |_| true);
        }
    }

    /// Gives whoever is about to change a project's text in place an inode that nobody reads
    /// through. What the inode has that was opened, if it is past.
    ///
    /// # Errors
    /// ESTALE, if the name is to be looked up again.
    pub(crate) fn open_to_write(&self, ino: Ino, project: &Project, caller: u32) -> Result<()> {
        // Whoever comes again for the same number gets it.
        if self.part(ino, project, |_| true) || self.tree().is_past(ino, project) {
            self.check_stale(ino, caller)?;
        }
        Ok(())
    }

    /// What an inode has that is not, or not any more, a project's that is opened for reading.
    ///
    /// # Errors
    /// ESTALE, if the name is to be looked up again.
    pub(crate) fn open_past(
        &self,
        ino: Ino,
        project: &Project,
        caller: u32,
    ) -> Result<Option<Past>> {
        if !self.tree().is_past(ino, project) {
            return Ok(None);
        }
        self.check_stale(ino, caller)?;
        let text = self.tree().pins.by_ino.get(&ino).map(|pin| pin.text.clone());
        Ok(Some(Past { text }))
    }

    /// As [`open_past`](Self::open_past), once it is known which content is to be read.
    pub(crate) fn open_outgrown(
        &self,
        ino: Ino,
        project: &Project,
        content: &Content,
        caller: u32,
    ) -> Result<()> {
        let now = (project.serial, content.version);
        let is_parted = self.part(ino, project, |pin| (pin.serial, pin.version) != now);
        // Or somebody else did, since it was asked for.
        if is_parted || self.tree().is_past(ino, project) {
            self.check_stale(ino, caller)?;
        }
        Ok(())
    }

    fn check_stale(&self, ino: Ino, caller: u32) -> Result<()> {
        if self.tree().pins.tells(caller, ino) {
            return Err(Error::new(Kind::Os(libc::ESTALE), "the name stands for another inode"));
        }
        Ok(())
    }

    /// Whether all that read through an inode read this content.
    pub(crate) fn is_shared(&self, tree: &Tree, ino: Ino, serial: u64, content: &Content) -> bool {
        tree.inodes.of_serial(serial) == Some(ino) && !tree.pins.has_another(ino, content, serial)
    }

    /// Size and time of last change of what programs read through an inode that is not, or not any
    /// more, the project's.
    pub(crate) fn pinned(&self, ino: Ino, project: &Project) -> Option<(u64, SystemTime)> {
        self.part(ino, project, |pin| !pin.is_of(project));
        let tree = self.tree();
        let pin = tree.pins.by_ino.get(&ino).filter(|_| tree.is_past(ino, project))?;
        Some((pin.text.len() as u64, pin.modified))
    }
}

/// Whether somebody holds a lock on a file of this number, or waits for one.
fn is_locked(ino: Ino) -> bool {
    fs::read_to_string("/proc/locks").is_ok_and(|locks| names_inode(&locks, ino))
}

/// Whether `/proc/locks` has an inode of this number; see proc_locks(5).
fn names_inode(locks: &str, ino: Ino) -> bool {
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
        assert!(pins.tells(1, Ino(7)) && pins.tells(2, Ino(7)) && pins.tells(1, Ino(8)));
        assert!(!pins.tells(1, Ino(7)) && !pins.tells(2, Ino(7)));
        assert!(pins.tells(1, Ino(7)));
        for thread in 0..200 {
            pins.tells(thread + 10, Ino(9));
        }
        assert!(pins.told.len() <= super::REMEMBERED);
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
