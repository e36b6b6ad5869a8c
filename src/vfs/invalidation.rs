//! What the kernel is to be told.

use std::ffi::{OsStr, OsString};

use tokio::sync::oneshot;

use crate::vfs::types::Ino;

/// Tells the kernel that what it has cached is no longer so.
pub trait Invalidate: Send + Sync + 'static {
    /// Pages and attributes of an inode; of a directory its listing.
    fn inode(&self, ino: Ino);
    /// A directory entry.
    fn entry(&self, parent: Ino, name: &OsStr);
}

/// Something that the kernel must be told.
#[derive(Debug)]
pub enum Invalidation {
    /// Pages and attributes of an inode are out of date.
    Inode(Ino),
    /// A directory entry is out of date.
    Entry(Ino, OsString),
    /// Nothing: somebody waits for what was said of inodes before to be heard.
    Heard(oneshot::Sender<()>),
}
