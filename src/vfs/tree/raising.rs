//! What the mount does to itself at the moment, so that whoever watches hears of it.

use std::ffi::OsString;

use crate::vfs::types::{Attr, Ino};

/// What the mount is about to do to a name of its own: to that it says yes, and to nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Raising {
    /// The kernel is to make a file or directory that is there.
    Appears(Ino, OsString),
    /// It is to remove what is gone; this stands for it meanwhile.
    Vanishes(Ino, OsString, Attr),
    /// It is to rename what has another name already; this stands for it meanwhile.
    Renames(Ino, OsString, OsString, Attr),
}
