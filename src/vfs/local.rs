//! One entry of the local disk: changed through a descriptor that names it and nothing else, so
//! that no link is followed, no pipe is waited for, and what has lost its name is still reached.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io,
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    },
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustix::{
    fs::{
        AtFlags, CWD, Gid, Mode, OFlags, ResolveFlags, Timespec, Timestamps, UTIME_OMIT, Uid,
        chownat, openat2, utimensat,
    },
    io::Errno,
};

use crate::{
    kernel_thread,
    vfs::types::{FileKind, SetAttr},
};

/// What reads and writes of scratch open: no link, and nothing that somebody has to open as well.
pub(crate) const PLAIN: i32 = libc::O_NOFOLLOW | libc::O_NONBLOCK;

/// A file, directory, link, pipe or socket on the local disk.
#[derive(Debug)]
pub(crate) struct LocalFile(OwnedFd);

impl LocalFile {
    /// The entry at a path. A link is the entry itself; nothing is opened but its name.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        kernel_thread::assert_not_serving("the local disk is used");
        let mut options = OpenOptions::new();
        let named = options.read(true).custom_flags(libc::O_PATH | libc::O_NOFOLLOW).open(path)?;
        Ok(Self(named.into()))
    }

    /// What is open, whatever its name is now.
    pub(crate) fn of(file: &File) -> io::Result<Self> {
        file.try_clone().map(|file| Self(file.into()))
    }

    pub(crate) fn metadata(&self) -> io::Result<Metadata> {
        // A link's own: the descriptor is of the link.
        fs::metadata(self.path()).or_else(|_| File::from(self.0.try_clone()?).metadata())
    }

    /// Changes what is to be changed. The owner comes before the permissions, some of which go
    /// with a new owner, and the times come last.
    pub(crate) fn set(&self, set: &SetAttr) -> io::Result<()> {
        if set.uid.is_some() || set.gid.is_some() {
            self.give(set.uid, set.gid)?;
        }
        if let Some(mode) = set.mode {
            self.permit(mode)?;
        }
        if let Some(size) = set.size {
            self.plain(OpenOptions::new().write(true))?.set_len(size)?;
        }
        if set.accessed.is_some() || set.modified.is_some() {
            let times = Timestamps {
                last_access: timespec(set.accessed),
                last_modification: timespec(set.modified),
            };
            utimensat(self.0.as_fd(), "", &times, AtFlags::EMPTY_PATH)?;
        }
        Ok(())
    }

    pub(crate) fn give(&self, uid: Option<u32>, gid: Option<u32>) -> io::Result<()> {
        let (uid, gid) = (uid.map(Uid::from_raw), gid.map(Gid::from_raw));
        Ok(chownat(self.0.as_fd(), "", uid, gid, AtFlags::EMPTY_PATH)?)
    }

    pub(crate) fn permit(&self, mode: u32) -> io::Result<()> {
        if self.metadata()?.is_symlink() {
            return Err(io::Error::from_raw_os_error(libc::EOPNOTSUPP));
        }
        fs::set_permissions(self.path(), fs::Permissions::from_mode(mode & 0o7777))
    }

    /// Opens the entry, if it is a plain file.
    pub(crate) fn plain(&self, options: &mut OpenOptions) -> io::Result<File> {
        if !self.metadata()?.is_file() {
            return Err(io::Error::from_raw_os_error(libc::ENXIO));
        }
        // The path leads to the entry by way of the descriptor, which is no link to follow.
        options.custom_flags(libc::O_NONBLOCK).open(self.path())
    }

    fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.0.as_raw_fd()))
    }
}

/// What is at a path, a link itself, as far as the kernel has it in memory: it is asked without any
/// wait for the disk. `None` if only the disk can tell.
pub(crate) fn cached(path: &Path) -> Option<io::Result<Metadata>> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match openat2(CWD, path, flags, Mode::empty(), ResolveFlags::CACHED) {
        Ok(named) => File::from(named).metadata().ok().map(Ok),
        Err(error @ (Errno::NOENT | Errno::NOTDIR)) => Some(Err(error.into())),
        Err(_) => None,
    }
}

/// What kind of file it is.
pub(crate) fn kind(metadata: &Metadata) -> FileKind {
    match metadata.mode() & libc::S_IFMT {
        libc::S_IFDIR => FileKind::Directory,
        libc::S_IFLNK => FileKind::Symlink,
        libc::S_IFIFO => FileKind::Pipe,
        libc::S_IFSOCK => FileKind::Socket,
        libc::S_IFCHR => FileKind::CharDevice,
        libc::S_IFBLK => FileKind::BlockDevice,
        _ => FileKind::File,
    }
}

/// A time of the local disk, which may be before 1970.
pub(crate) fn time(seconds: i64, nanoseconds: i64) -> SystemTime {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let base =
        if seconds < 0 { UNIX_EPOCH.checked_sub(whole) } else { UNIX_EPOCH.checked_add(whole) };
    let part = Duration::from_nanos(nanoseconds.unsigned_abs());
    base.and_then(|base| base.checked_add(part)).unwrap_or(UNIX_EPOCH)
}

pub(crate) fn timespec(time: Option<SystemTime>) -> Timespec {
    let Some(time) = time else { return Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT } };
    let (seconds, part) = match time.duration_since(UNIX_EPOCH) {
        Ok(since) => (i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos()),
        Err(before) => {
            let before = before.duration();
            let seconds = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
            match before.subsec_nanos() {
                0 => (-seconds, 0),
                part => (-seconds - 1, 1_000_000_000 - part),
            }
        }
    };
    Timespec { tv_sec: seconds, tv_nsec: part.into() }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::{time, timespec};

    #[test]
    fn times_before_and_after_1970_come_back() {
        for (seconds, part) in [(0, 0), (1, 5), (-1, 0), (-1, 999_999_999), (-77, 1)] {
            let spec = timespec(Some(time(seconds, part)));
            assert_eq!((spec.tv_sec, spec.tv_nsec), (seconds, part));
        }
        let before = UNIX_EPOCH - Duration::from_millis(1500);
        assert_eq!(time(-2, 500_000_000), before);
    }
}
