//! Threads that ask of the mount what a program would, so that whoever watches hears of changes that
//! did not come through the kernel.
//!
//! A request that was taken by this process and is not answered waits uninterruptibly, and a lock
//! that another program holds does so too. A thread that dies in such a wait keeps the files that it
//! has open; had it `/dev/fuse`, the kernel would wait for it with everything else, and for ever. So
//! these threads share no files with the process: once all others are gone the kernel ends the
//! connection, and with it every wait.
//!
//! Nor do they hold the mount: what is asked goes to a copy of it that is in no tree, so that it can
//! be unmounted meanwhile. The file system ends with its last copy, so none is kept for long. Where
//! copying takes a privilege that this process lacks the mount itself is held, as long as one request
//! takes.

use std::{
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    rc::Rc,
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    time::{Duration, Instant},
};

use rustix::{
    fs::{
        AtFlags, CWD, FileType, Mode, OFlags, RenameFlags, ResolveFlags, StatxFlags, Timespec,
        Timestamps, UTIME_NOW, UTIME_OMIT, mkdirat, mknodat, openat, openat2, renameat_with, statx,
        unlinkat, utimensat,
    },
    io::Errno,
    mount::{OpenTreeFlags, open_tree},
};

use crate::vfs::Raise;

/// What a new file or directory may be: nobody gets it.
const PRIVATE: Mode = Mode::RWXU;

/// How long a copy of the mount may be kept while nothing is asked.
const IDLE: Duration = Duration::from_millis(20);

/// How long it may be kept at all.
const KEPT: Duration = Duration::from_millis(500);

/// The threads of a mount.
pub(super) struct Raiser {
    files: SyncSender<Job>,
    names: SyncSender<Job>,
}

/// What a thread is to do, and whom to tell how that went.
struct Job(Raise, SyncSender<io::Result<()>>);

impl Raiser {
    /// Starts the threads of what is mounted there now. `None` if that cannot be told or done.
    pub(super) fn of(mountpoint: &Path) -> Option<Self> {
        let device = device(CWD, mountpoint).ok()?;
        let start = |name: &str| {
            let (sender, jobs) = sync_channel(0);
            let mountpoint = mountpoint.to_owned();
            let thread = std::thread::Builder::new().name(name.to_owned());
            let serve = move || serve(Mount { mountpoint, device, copy: None, found: None }, &jobs);
            thread.spawn(serve).ok().map(|_| sender)
        };
        Some(Self { files: start("raise-files")?, names: start("raise-names")? })
    }

    /// Has something asked, and returns once it is answered.
    pub(super) fn raise(&self, raise: &Raise) -> io::Result<()> {
        match raise {
            Raise::Introduce(_) => {
                let _ = ask(&self.files, raise);
                ask(&self.names, raise)
            }
            Raise::Find(_) | Raise::Touch => ask(&self.files, raise),
            Raise::Appear(..) | Raise::Vanish(..) | Raise::Rename(..) => ask(&self.names, raise),
        }
    }
}

fn ask(thread: &SyncSender<Job>, raise: &Raise) -> io::Result<()> {
    let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
    let (sender, answer) = sync_channel(1);
    thread.send(Job(raise.clone(), sender)).map_err(|_| gone())?;
    answer.recv().map_err(|_| gone())?
}

/// What one thread does, until nobody has anything for it. It must not log: it has no files.
fn serve(mut mount: Mount, jobs: &Receiver<Job>) {
    if leave_files().is_err() {
        return;
    }
    loop {
        let next = match &mount.copy {
            Some(copy) => jobs.recv_timeout(IDLE.min(copy.left())),
            None => jobs.recv().map_err(RecvTimeoutError::from),
        };
        match next {
            Ok(Job(raise, asker)) => {
                let result = mount.carry_out(&raise).map_err(io::Error::from);
                // Who no longer waits needs no answer.
                let _ = asker.send(result);
            }
            Err(RecvTimeoutError::Timeout) => mount.copy = None,
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Has this thread share no open files with others, and have none.
fn leave_files() -> io::Result<()> {
    // SAFETY: this thread has a table of its own from then on, and owns no descriptor of it; those of
    // all others stay open.
    let left =
        unsafe { libc::syscall(libc::SYS_close_range, 0_u32, u32::MAX, libc::CLOSE_RANGE_UNSHARE) };
    if left == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The mount that is asked.
struct Mount {
    mountpoint: PathBuf,
    /// Its device: something else may be mounted there by now.
    device: (u32, u32),
    copy: Option<Copied>,
    /// The file that was found.
    found: Option<OwnedFd>,
}

/// The root of a copy of the mount.
struct Copied {
    root: Rc<OwnedFd>,
    since: Instant,
}

impl Copied {
    /// How long it may be kept yet.
    fn left(&self) -> Duration {
        KEPT.saturating_sub(self.since.elapsed())
    }
}

impl Mount {
    fn carry_out(&mut self, raise: &Raise) -> Result<(), Errno> {
        match raise {
            Raise::Introduce(name) => {
                let flags = OFlags::PATH | OFlags::CLOEXEC;
                openat(&*self.root()?, name, flags, Mode::empty()).map(drop)
            }
            Raise::Find(path) => {
                let root = self.root()?;
                let file = below(&root, path, OFlags::NOFOLLOW)?;
                self.found = Some(file);
                Ok(())
            }
            Raise::Touch => {
                let file = self.found.take().ok_or(Errno::NOENT)?;
                // Of the time of last change alone the kernel says that the file was modified.
                let times = Timestamps {
                    last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
                    last_modification: Timespec { tv_sec: 0, tv_nsec: UTIME_NOW },
                };
                utimensat(&file, "", &times, AtFlags::EMPTY_PATH)
            }
            Raise::Appear(path, is_directory) => {
                let (directory, name) = self.parent(path)?;
                match is_directory {
                    true => mkdirat(directory, name, PRIVATE),
                    false => mknodat(directory, name, FileType::RegularFile, PRIVATE, 0),
                }
            }
            Raise::Vanish(path, is_directory) => {
                let (directory, name) = self.parent(path)?;
                let flags = if *is_directory { AtFlags::REMOVEDIR } else { AtFlags::empty() };
                unlinkat(directory, name, flags)
            }
            Raise::Rename(from, to) => {
                let (directory, name) = self.parent(from)?;
                let to = to.rsplit('/').next().unwrap_or(to);
                renameat_with(&directory, name, &directory, to, RenameFlags::NOREPLACE)
            }
        }
    }

    /// The root of a copy of the mount, or of the mount.
    fn root(&mut self) -> Result<Rc<OwnedFd>, Errno> {
        if let Some(copy) = self.copy.take_if(|copy| !copy.left().is_zero()) {
            let root = copy.root.clone();
            self.copy = Some(copy);
            return Ok(root);
        }
        // The old one goes before there is a new one.
        self.copy = None;
        let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
        let (root, is_copy) = match open_tree(CWD, &self.mountpoint, flags) {
            Err(Errno::PERM | Errno::NOSYS) => {
                let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
                (openat(CWD, &self.mountpoint, flags, Mode::empty())?, false)
            }
            root => (root?, true),
        };
        if device(&root, Path::new(""))? != self.device {
            return Err(Errno::NODEV);
        }
        let root = Rc::new(root);
        self.copy = is_copy.then(|| Copied { root: root.clone(), since: Instant::now() });
        Ok(root)
    }

    /// The directory of a path, and the name in it.
    fn parent<'a>(&mut self, path: &'a str) -> Result<(OwnedFd, &'a str), Errno> {
        let (directory, name) = path.rsplit_once('/').unwrap_or((".", path));
        Ok((below(&*self.root()?, directory, OFlags::DIRECTORY)?, name))
    }
}

/// What a path leads to that does not lead out of the mount.
fn below(root: &OwnedFd, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::PATH | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
    openat2(root, path, flags, Mode::empty(), resolve)
}

/// The device of a directory, as far as the kernel knows by itself: nobody may answer yet.
fn device(directory: impl std::os::fd::AsFd, path: &Path) -> Result<(u32, u32), Errno> {
    let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
    let stat = statx(directory, path, flags, StatxFlags::empty())?;
    Ok((stat.stx_dev_major, stat.stx_dev_minor))
}
