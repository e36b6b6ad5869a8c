//! Telling the kernel of changes that did not come through it: what was read, saved or listed
//! anew, and what a grace came to. Because it is told, it may believe what it was given for long.
//!
//! Only [`pump`](Vfs::pump) tells, with no lock held. The kernel drops an entry under the lock of
//! its directory, which whoever looks a name up in it, makes, removes or renames one holds until
//! that is answered; and while somebody waits for that lock, nobody else gets in. So entries wait
//! until nothing is asked in their directory, lest one project that the service is slow to give
//! holds up all the others, and this process cannot die while it waits for its own answer. A lookup
//! that was under way may have answered with what was so before, and is over when the entry is
//! dropped. A request that the kernel sends in between, before it drops the entry, is turned away.

use std::{
    ffi::{OsStr, OsString},
    sync::{Arc, atomic::Ordering},
};

use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot};

use super::{Vfs, inode::Directory, types::Ino};
use crate::{ids::SpaceId, sync::Event};

/// Tells the kernel that what it has cached is no longer so.
pub trait Invalidate: Send + Sync + 'static {
    /// Pages and attributes of an inode; of a directory its listing.
    fn inode(&self, ino: Ino);
    /// A directory entry.
    fn entry(&self, parent: Ino, name: &OsStr);
}

/// Something that the kernel must be told.
#[derive(Debug)]
pub enum Notice {
    /// Pages and attributes of an inode are out of date.
    Inode(Ino),
    /// A directory entry is out of date.
    Entry(Ino, OsString),
    /// Nothing: somebody waits for what was said of inodes before to be heard.
    Heard(oneshot::Sender<()>),
}

/// The kernel holds the lock of a directory, as long as this lives.
pub struct Held {
    vfs: Arc<Vfs>,
    parent: Ino,
}

impl Held {
    /// Whether the request is to be turned away, with ESTALE, for which the kernel walks its path
    /// again, once: a name in the directory was about to be dropped when the kernel locked it. Of the
    /// requests that come while that waits only the first is turned away.
    pub(crate) fn turns_away(&self) -> bool {
        match &mut self.vfs.tree().dropping {
            Some((parent, turned)) if *parent == self.parent => !std::mem::replace(turned, true),
            _ => false,
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut tree = self.vfs.tree();
        if let Some(count) = tree.held.get_mut(&self.parent) {
            *count -= 1;
            if *count == 0 {
                tree.held.remove(&self.parent);
                drop(tree);
                self.vfs.quiet.notify_waiters();
            }
        }
    }
}

impl Vfs {
    /// Tells the kernel of every change until the mount is gone. The only place that does.
    pub async fn pump(
        self: Arc<Self>,
        mut events: mpsc::UnboundedReceiver<Event>,
        mut notices: mpsc::UnboundedReceiver<Notice>,
        kernel: Arc<dyn Invalidate>,
    ) {
        self.is_heard.store(true, Ordering::Release);
        // One entry at a time: what waits for a lock of the kernel keeps a thread from others.
        let turn = Arc::new(AsyncMutex::new(()));
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Some(event) => self.take_notice(event).await,
                    None => return,
                },
                Some(notice) = notices.recv() => match notice {
                    Notice::Inode(ino) => {
                        let kernel = kernel.clone();
                        if tokio::task::spawn_blocking(move || kernel.inode(ino)).await.is_err() {
                            return;
                        }
                        if let Some(project) = self.project_of(ino) {
                            self.tree().sized.remove(&project.serial);
                        }
                    }
                    Notice::Entry(parent, name) => {
                        let told = self.clone().drop_entry(parent, name, kernel.clone(), turn.clone());
                        tokio::spawn(told);
                    }
                    // Who no longer waits needs no answer.
                    Notice::Heard(waits) => drop(waits.send(())),
                },
            }
        }
    }

    pub(crate) fn tell(&self, notice: Notice) {
        // Nobody is left to be told once the mount is going.
        let _ = self.notices.send(notice);
    }

    /// Tells of an inode, and returns once the kernel has heard. Not for what the kernel waits for
    /// with a lock on its pages, such as a read.
    pub(crate) async fn tell_and_wait(&self, ino: Ino) {
        self.tell(Notice::Inode(ino));
        if self.is_heard.load(Ordering::Acquire) {
            let (sender, heard) = oneshot::channel();
            self.tell(Notice::Heard(sender));
            // An error means that the mount is going.
            let _ = heard.await;
        }
    }

    /// Tells of names in a directory that are gone, or stand for something else.
    pub(crate) fn tell_names(&self, parent: Ino, names: impl IntoIterator<Item = OsString>) {
        let mut names = names.into_iter().peekable();
        if names.peek().is_some() {
            self.tell(Notice::Inode(parent));
        }
        for name in names {
            self.tell(Notice::Entry(parent, name));
        }
    }

    /// Notes that the kernel holds the lock of a directory, until what is returned is dropped: once
    /// the request is answered.
    pub fn hold(self: &Arc<Self>, parent: Ino) -> Held {
        *self.tree().held.entry(parent).or_default() += 1;
        Held { vfs: self.clone(), parent }
    }

    fn is_quiet(&self, parent: Ino) -> bool {
        !self.tree().held.contains_key(&parent)
    }

    async fn drop_entry(
        self: Arc<Self>,
        parent: Ino,
        name: OsString,
        kernel: Arc<dyn Invalidate>,
        turn: Arc<AsyncMutex<()>>,
    ) {
        loop {
            let quiet = self.quiet.notified();
            if !self.is_quiet(parent) {
                quiet.await;
                continue;
            }
            let _turn = turn.clone().lock_owned().await;
            let (vfs, name, kernel) = (self.clone(), name.clone(), kernel.clone());
            let dropped = tokio::task::spawn_blocking(move || {
                // Looked at by the thread that drops it, right before: a thread may be long in coming.
                {
                    let mut tree = vfs.tree();
                    if tree.held.contains_key(&parent) {
                        return false;
                    }
                    tree.dropping = Some((parent, false));
                }
                kernel.entry(parent, &name);
                vfs.tree().dropping = None;
                true
            });
            // It fails only if the mount is gone.
            if dropped.await.unwrap_or(true) {
                return;
            }
        }
    }

    async fn take_notice(self: &Arc<Self>, event: Event) {
        match event {
            Event::Content(serial) => {
                let ino = self.tree().inodes.of_serial(serial);
                let Some(ino) = ino else { return };
                let project = self.project_of(ino);
                if !project.is_some_and(|project| self.part_if_outgrown(&project)) {
                    self.tell(Notice::Inode(ino));
                }
            }
            Event::Directory(space) => {
                let vfs = self.clone();
                // Names are kept on disk. It fails only if the mount is gone.
                let _ = tokio::task::spawn_blocking(move || vfs.name_anew(space.as_ref())).await;
            }
        }
    }

    /// What was listed of a space is another than before: its names are given anew, without
    /// waiting for somebody to look, so that the kernel hears which of them are gone.
    fn name_anew(&self, space: Option<&SpaceId>) {
        let shown: Vec<(Ino, Directory)> = {
            let tree = self.tree();
            let shown = tree.directories().filter(|(_, directory)| directory.space() == space);
            shown.map(|(ino, directory)| (ino, directory.clone())).collect()
        };
        for (ino, directory) in shown {
            self.tell(Notice::Inode(ino));
            // What nobody looked into has given no name away.
            if !self.tree().entries.contains_key(&directory) {
                continue;
            }
            let is_workspace = matches!(directory, Directory::Workspace(_));
            let listed = self.engine.listings.assemble(directory.space(), is_workspace);
            if let Err(error) = self.name_listed(&directory, listed) {
                tracing::warn!(%error, "names that are gone are shown until they are looked up");
            }
        }
    }
}
