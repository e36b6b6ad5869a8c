//! Between the kernel's types and the file system's.

use std::time::SystemTime;

use fuser::{Errno, FileAttr, FileType, FopenFlags, INodeNo, TimeOrNow};

use crate::{
    error::Error,
    vfs::{Attr, Caching, FileKind, Ino},
};

pub(crate) fn ino(number: INodeNo) -> Ino {
    Ino(number.0)
}

pub(crate) fn number(ino: Ino) -> INodeNo {
    INodeNo(ino.0)
}

pub(crate) fn errno(error: &Error) -> Errno {
    tracing::debug!(%error, "answered with an error");
    Errno::from_i32(error.errno())
}

pub(crate) fn file_type(kind: FileKind) -> FileType {
    match kind {
        FileKind::Directory => FileType::Directory,
        FileKind::File => FileType::RegularFile,
        FileKind::Symlink => FileType::Symlink,
        FileKind::Pipe => FileType::NamedPipe,
        FileKind::Socket => FileType::Socket,
        FileKind::CharDevice => FileType::CharDevice,
        FileKind::BlockDevice => FileType::BlockDevice,
    }
}

pub(crate) fn file_attr(attr: &Attr) -> FileAttr {
    FileAttr {
        ino: number(attr.ino),
        size: attr.size,
        blocks: attr.size.div_ceil(512),
        atime: attr.accessed,
        mtime: attr.modified,
        ctime: attr.changed,
        crtime: attr.changed,
        kind: file_type(attr.kind),
        perm: attr.mode,
        nlink: attr.links,
        uid: attr.uid,
        gid: attr.gid,
        rdev: attr.device,
        blksize: 4096,
        flags: 0,
    }
}

pub(crate) fn open_flags(caching: Caching) -> FopenFlags {
    match caching {
        // Closing what was only read means nothing.
        Caching::Keep => FopenFlags::FOPEN_KEEP_CACHE | FopenFlags::FOPEN_NOFLUSH,
        Caching::Drop => FopenFlags::FOPEN_NOFLUSH,
        Caching::Bypass => FopenFlags::FOPEN_DIRECT_IO,
    }
}

/// Whether the kernel keeps what it reads from a directory, and gives it to others that open it.
pub(crate) fn opendir_flags(caching: Caching) -> FopenFlags {
    match caching {
        Caching::Keep => FopenFlags::FOPEN_CACHE_DIR | FopenFlags::FOPEN_KEEP_CACHE,
        Caching::Drop => FopenFlags::FOPEN_CACHE_DIR,
        Caching::Bypass => FopenFlags::empty(),
    }
}

pub(crate) fn time(time: TimeOrNow, now: SystemTime) -> SystemTime {
    match time {
        TimeOrNow::SpecificTime(time) => time,
        TimeOrNow::Now => now,
    }
}
