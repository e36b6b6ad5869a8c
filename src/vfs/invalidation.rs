//! What the kernel is to be told.

use std::{
    ffi::{OsStr, OsString},
    io,
};

use tokio::sync::oneshot;

use crate::vfs::types::Ino;

/// Tells the kernel that what it has cached is no longer so.
pub trait Invalidate: Send + Sync + 'static {
    /// Pages and attributes of an inode; of a directory its listing.
    fn inode(&self, ino: Ino);
    /// A directory entry.
    fn entry(&self, parent: Ino, name: &OsStr);
    /// Asks something of the mount as a program would, so that whoever watches hears of it.
    ///
    /// # Errors
    /// If it cannot be asked, or is answered with an error.
    fn raise(&self, _raise: &Raise) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// What the mount is asked by one of its own threads. Paths are relative to the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Raise {
    /// All such threads look up this name in the root.
    Introduce(OsString),
    /// A file is found, for [`Touch`](Raise::Touch).
    Find(String),
    /// The file that was found is given a time of last change.
    Touch,
    /// A file, or a directory, is made.
    Appear(String, bool),
    /// A file, or a directory, is removed.
    Vanish(String, bool),
    /// A file or directory is given another name in the same directory.
    Rename(String, String),
}

/// Something that the kernel must be told.
#[derive(Debug)]
pub enum Invalidation {
    /// Pages and attributes of an inode are out of date.
    Inode(Ino),
    /// A directory entry is out of date.
    Entry(Ino, OsString),
    /// Names in a directory are not those that they were.
    Names(Ino),
    /// The content of the project with this serial number changed, and not through the kernel.
    Content(u64),
    /// Nothing: somebody waits for what was said of inodes before to be heard.
    Heard(oneshot::Sender<()>),
}
