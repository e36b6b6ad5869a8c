//! Unmounting, and waiting until the mount's process has saved everything.

use std::{
    ffi::CString,
    os::{
        fd::{AsFd, FromRawFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use super::{abort, arguments::UmountArgs, holders, mountpoint, patience, probe};
use crate::error::{Error, Kind, Result};

/// How long the process may take to save what is on its way and end.
const PATIENCE: Duration = Duration::from_secs(30);

/// Unmounts and waits. Lazily, it does not wait: files that are open may stay so for long.
///
/// # Errors
/// If nothing is mounted there, files on it are in use, or it does not answer.
pub(crate) fn unmount(args: &UmountArgs) -> Result<()> {
    let path = mountpoint::resolve(&args.mountpoint)?;
    let shown = args.mountpoint.display().to_string();
    if !mountpoint::is_mounted(&path) {
        return Err(Error::new(Kind::NotFound, "nothing of taskadefs is mounted there").at(shown));
    }
    let process = if args.lazy { None } else { serving_process(&path, &shown)? };
    detach(&path, args.lazy).map_err(|error| {
        let error = Error::io("cannot unmount", error).at(&shown);
        match error.errno() {
            libc::EBUSY => error.hint(format!("in use by {}; or use --lazy", holders::of(&path))),
            _ => error,
        }
    })?;
    match process {
        Some(process) if !patience::readable(process.as_fd(), Instant::now() + PATIENCE) => {
            Err(Error::new(Kind::Storage, "unmounted, but saves are still on their way")
                .at(shown)
                .hint("they are in the journal; the process goes on with them"))
        }
        _ => Ok(()),
    }
}

/// The process that serves the mount, to be waited for; `None` if it is dead or unknown.
fn serving_process(path: &Path, shown: &str) -> Result<Option<OwnedFd>> {
    match probe::ask(path)? {
        probe::Answer::ServedBy(pid) => Ok(open_process(pid)),
        probe::Answer::Dead | probe::Answer::Closed => Ok(None),
        probe::Answer::Silent => match abort::dead_connection(path) {
            Ok(true) => Ok(None),
            Ok(false) => Err(mountpoint::silent(shown)),
            Err(error) => {
                Err(Error::io("the mount's process was killed, and programs wait for it", error)
                    .at(shown)
                    .hint("root frees them: taskadefs umount"))
            }
        },
    }
}

fn open_process(pid: libc::pid_t) -> Option<OwnedFd> {
    // SAFETY: pidfd_open takes two integers and returns a new descriptor or -1.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let fd = i32::try_from(fd).ok().filter(|fd| *fd >= 0)?;
    // SAFETY: the descriptor was just made, and nothing else has it.
    Some(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Detaches the mount: directly as root, else by the helper that may.
pub(crate) fn detach(path: &Path, lazy: bool) -> std::io::Result<()> {
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
    let mut helper = Command::new(mountpoint::HELPER);
    helper.arg("-u").args(lazy.then_some("-z")).arg("--").arg(path);
    let output = helper.output().map_err(|error| {
        std::io::Error::new(error.kind(), format!("{}: {error}", mountpoint::HELPER))
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if said.contains("busy") {
        return Err(std::io::Error::from_raw_os_error(libc::EBUSY));
    }
    Err(std::io::Error::other(said))
}
