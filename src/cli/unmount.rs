//! Unmounting, and waiting until the mount's process has saved everything.

use std::{
    ffi::CString,
    fs,
    os::{
        fd::{AsRawFd, FromRawFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::Path,
    process::Command,
    sync::mpsc,
    time::{Duration, Instant},
};

use super::{UmountArgs, mountpoint};
use crate::error::{Error, Kind, Result};

/// How long the process may take to save what is on its way and end.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long is looked for who uses a mount.
const LOOK: Duration = Duration::from_secs(2);

/// The attribute of the root that names the process.
const PROCESS: &str = "user.taskade.pid";

/// Unmounts and waits.
///
/// # Errors
/// If nothing is mounted there, or files on it are in use.
pub(crate) fn unmount(args: &UmountArgs) -> Result<()> {
    let path = mountpoint::absolute(&args.mountpoint)?;
    let shown = args.mountpoint.display().to_string();
    if !mountpoint::is_mounted(&path) {
        return Err(Error::new(Kind::NotFound, "nothing of taskadefs is mounted there").at(shown));
    }
    let process = process_of(&path).and_then(open_process);
    detach(&path, args.lazy).map_err(|error| {
        let error = Error::io("cannot unmount", error).at(&shown);
        match error.errno() {
            libc::EBUSY => error.hint(format!("in use by {}; or use --lazy", users_of(&path))),
            _ => error,
        }
    })?;
    match process {
        Some(process) if !has_ended(&process) => {
            Err(Error::new(Kind::Storage, "unmounted, but saves are still on their way")
                .at(shown)
                .hint("they are in the journal; the process goes on with them"))
        }
        _ => Ok(()),
    }
}

/// The process that serves the mount, if it is alive.
fn process_of(path: &Path) -> Option<libc::pid_t> {
    let path = CString::new(path.as_os_str().as_bytes()).ok()?;
    let name = CString::new(PROCESS).ok()?;
    let mut value = [0_u8; 32];
    // SAFETY: all pointers are valid for the call, and the size is that of the buffer.
    let length = unsafe {
        libc::getxattr(path.as_ptr(), name.as_ptr(), value.as_mut_ptr().cast(), value.len())
    };
    let value = value.get(..usize::try_from(length).ok()?)?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

fn open_process(pid: libc::pid_t) -> Option<OwnedFd> {
    // SAFETY: pidfd_open takes two integers and returns a new descriptor or -1.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let fd = i32::try_from(fd).ok().filter(|fd| *fd >= 0)?;
    // SAFETY: the descriptor was just made, and nothing else has it.
    Some(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Waits for a process to end, but not for ever.
fn has_ended(process: &OwnedFd) -> bool {
    let mut poll = libc::pollfd { fd: process.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let patience = i32::try_from(PATIENCE.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: one valid pollfd is passed.
    unsafe { libc::poll(&mut poll, 1, patience) == 1 }
}

/// Detaches the mount: directly as root, else by the helper that may.
fn detach(path: &Path, lazy: bool) -> std::io::Result<()> {
    let target = CString::new(path.as_os_str().as_bytes())?;
    let flags = if lazy { libc::MNT_DETACH } else { 0 } | libc::UMOUNT_NOFOLLOW;
    // SAFETY: the path is a valid C string.
    if unsafe { libc::umount2(target.as_ptr(), flags) } == 0 {
        return Ok(());
    }
    let error = std::io::Error::last_os_error();
    if error.raw_os_error() != Some(libc::EPERM) {
        return Err(error);
    }
    let mut helper = Command::new("fusermount3");
    helper.arg("-u").args(lazy.then_some("-z")).arg("--").arg(path);
    let output = helper.output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if said.contains("busy") {
        return Err(std::io::Error::from_raw_os_error(libc::EBUSY));
    }
    Err(std::io::Error::other(said))
}

/// The processes that use files below a path, in words. Asking about a process that hangs in the
/// kernel hangs as well, so the newest are asked first, and none is waited for beyond a moment.
fn users_of(path: &Path) -> String {
    let (sender, receiver) = mpsc::channel();
    let path = path.to_owned();
    std::thread::spawn(move || find_users(&path, &sender));
    let end = Instant::now() + LOOK;
    let next = || receiver.recv_timeout(end.saturating_duration_since(Instant::now())).ok();
    let users: Vec<String> = std::iter::from_fn(next).collect();
    if users.is_empty() { "another process".to_owned() } else { users.join(", ") }
}

fn find_users(path: &Path, found: &mpsc::Sender<String>) {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut pids: Vec<u32> =
        processes.filter_map(|process| process.file_name().to_str()?.parse().ok()).collect();
    pids.sort_unstable_by(|a, b| b.cmp(a));
    for pid in pids {
        let process = Path::new("/proc").join(pid.to_string());
        let fds = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        let own = ["cwd", "root"].map(|link| process.join(link));
        let mut links = own.into_iter().chain(fds.map(|fd| fd.path()));
        if links.any(|link| fs::read_link(link).is_ok_and(|to| to.starts_with(path))) {
            let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
            if found.send(format!("{} ({pid})", name.trim())).is_err() {
                return;
            }
        }
    }
}
