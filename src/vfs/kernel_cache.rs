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
    ffi::OsString,
    sync::{Arc, atomic::Ordering},
};

use tokio::sync::oneshot;

use crate::{
    sync::Project,
    vfs::{invalidation::Invalidation, resource_path::ResourceNode, types::Ino, volume::Vfs},
};

/// The kernel holds the lock of a directory, as long as this lives.
pub struct Held {
    vfs: Arc<Vfs>,
    parent: Ino,
}

impl Held {
    /// Whether the request is to be turned away, with ESTALE, for which the kernel walks its path
    /// again, once: a name in the directory was about to be dropped when the kernel locked it. Of the
    /// requests that come while that waits only the first is turned away, and none of a thread that was
    /// told ESTALE in what it does: it would hear of a second one.
    pub(crate) fn turns_away(&self, caller: u32) -> bool {
        let mut tree = self.vfs.tree();
        let is_dropping = tree.dropping == Some((self.parent, false));
        if !is_dropping || !tree.pins.turns_away(caller) {
            return false;
        }
        tree.dropping = Some((self.parent, true));
        true
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

pub(crate) fn invalidate(vfs: &Vfs, invalidation: Invalidation) {
    // Nobody is left to be told once the mount is going.
    let _ = vfs.invalidations.send(invalidation);
}

/// Tells of an inode, and returns once the kernel has heard. Not for what the kernel waits for
/// with a lock on its pages, such as a read.
pub(crate) async fn invalidate_and_wait(vfs: &Vfs, ino: Ino) {
    invalidate(vfs, Invalidation::Inode(ino));
    if vfs.is_heard.load(Ordering::Acquire) {
        let (sender, heard) = oneshot::channel();
        invalidate(vfs, Invalidation::Heard(sender));
        // An error means that the mount is going.
        let _ = heard.await;
    }
}

/// Tells of names in a directory that are gone, or stand for something else.
pub(crate) fn invalidate_names(vfs: &Vfs, parent: Ino, names: impl IntoIterator<Item = OsString>) {
    let mut names = names.into_iter().peekable();
    if names.peek().is_none() {
        return;
    }
    invalidate(vfs, Invalidation::Inode(parent));
    for name in names {
        invalidate(vfs, Invalidation::Entry(parent, name));
    }
    invalidate(vfs, Invalidation::Names(parent));
}

/// Notes that the kernel holds the lock of a directory, until what is returned is dropped: once
/// the request is answered.
pub(crate) fn hold(vfs: &Arc<Vfs>, parent: Ino) -> Held {
    *vfs.tree().held.entry(parent).or_default() += 1;
    Held { vfs: vfs.clone(), parent }
}

pub(crate) fn is_quiet(vfs: &Vfs, parent: Ino) -> bool {
    !vfs.tree().held.contains_key(&parent)
}

/// A place below `.taskade/` was renamed to be a project: the kernel has its inode under that name, and
/// nothing of what it read of it counts.
pub(crate) fn become_project(vfs: &Vfs, place: &ResourceNode, project: &Arc<Project>) {
    let mut tree = vfs.tree();
    if let Some(ino) = tree.inodes.of_resource(place) {
        tree.inodes.become_project(ino, project);
        drop(tree);
        invalidate(vfs, Invalidation::Inode(ino));
    }
}
