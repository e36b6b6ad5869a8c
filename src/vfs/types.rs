//! The values that the file system deals in, free of the kernel's types.

use std::time::{Duration, SystemTime};

use crate::ids::SpaceId;

/// A directory that Taskade has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Directory {
    /// The root: all workspaces.
    Root,
    /// A workspace, with the projects of its home folder.
    Workspace(SpaceId),
    /// A folder.
    Folder(SpaceId),
}

impl Directory {
    /// The space that it shows; `None` for the root.
    pub(crate) fn space(&self) -> Option<&SpaceId> {
        match self {
            Directory::Root => None,
            Directory::Workspace(id) | Directory::Folder(id) => Some(id),
        }
    }

    /// What it is known by on disk.
    pub(crate) fn key(&self) -> &str {
        self.space().map_or("root", SpaceId::as_str)
    }
}

/// An inode number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ino(pub u64);

/// The root directory.
pub const ROOT: Ino = Ino(1);

/// A handle of an open file or directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fh(pub u64);

/// What an inode is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A directory.
    Directory,
    /// A regular file.
    File,
    /// A symbolic link.
    Symlink,
    /// A named pipe.
    Pipe,
    /// A socket.
    Socket,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
}

/// What `stat` shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attr {
    /// The inode.
    pub ino: Ino,
    /// What it is.
    pub kind: FileKind,
    /// Size in bytes; exact, since reads stop at it.
    pub size: u64,
    /// Permission bits.
    pub mode: u16,
    /// Number of links.
    pub links: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// When it was last read, as far as that is kept.
    pub accessed: SystemTime,
    /// When the content last changed, or what a program set in place of that.
    pub modified: SystemTime,
    /// When anything of it last changed, which no program sets.
    pub changed: SystemTime,
    /// Which device it is, as the kernel encodes that; 0 for anything else.
    pub device: u32,
    /// How long the kernel may believe these attributes without asking.
    pub attr_ttl: Duration,
    /// How long it may believe that the name stands for the inode.
    pub entry_ttl: Duration,
}

/// How a file is opened, from the flags of `open(2)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenMode {
    /// May be read.
    pub read: bool,
    /// May be written.
    pub write: bool,
    /// Every write goes to the end.
    pub append: bool,
    /// The file is emptied on opening.
    pub truncate: bool,
}

impl OpenMode {
    /// Reads the flags of `open(2)`.
    pub fn from_flags(flags: i32) -> Self {
        let access = flags & libc::O_ACCMODE;
        Self {
            read: access != libc::O_WRONLY,
            write: access != libc::O_RDONLY,
            append: flags & libc::O_APPEND != 0,
            truncate: flags & libc::O_TRUNC != 0 && access != libc::O_RDONLY,
        }
    }
}

/// An open file or directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// Its handle.
    pub fh: Fh,
    /// How the kernel is to cache its pages.
    pub caching: Caching,
}

/// How the kernel is to cache an open file or directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caching {
    /// Pages that it has are still right.
    Keep,
    /// Pages that it has are to be dropped.
    Drop,
    /// No pages of this one's: what is written or read here is nobody else's.
    Bypass,
}

/// One entry of a directory listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// Its inode.
    pub ino: Ino,
    /// What it is.
    pub kind: FileKind,
    /// Its name.
    pub name: std::ffi::OsString,
}

/// What is to be changed of an inode.
#[derive(Debug, Clone, Copy, Default)]
pub struct SetAttr {
    /// New permission bits.
    pub mode: Option<u32>,
    /// New owner.
    pub uid: Option<u32>,
    /// New group.
    pub gid: Option<u32>,
    /// New size in bytes.
    pub size: Option<u64>,
    /// New time of access.
    pub accessed: Option<SystemTime>,
    /// New time of modification.
    pub modified: Option<SystemTime>,
}

/// What is made anew.
#[derive(Debug, Clone, Copy)]
pub struct NewFile {
    /// Permission bits, and those of its kind.
    pub permissions: u32,
    /// User and group of who makes it; `None` is who serves the mount.
    pub owner: Option<(u32, u32)>,
}

impl From<u32> for NewFile {
    fn from(permissions: u32) -> Self {
        Self { permissions, owner: None }
    }
}

/// How much room there is, in blocks and files.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Bytes of a block.
    pub block: u32,
    /// Blocks there are, are free, and are free for users.
    pub blocks: [u64; 3],
    /// Files there can be, and how many more.
    pub files: [u64; 2],
}
