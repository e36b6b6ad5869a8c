//! Mounting in the background: a process of its own, and waiting until it serves.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{Read, Write},
    os::{
        fd::{AsRawFd, FromRawFd, OwnedFd, RawFd},
        unix::{fs::OpenOptionsExt, process::CommandExt},
    },
    path::Path,
    process::{Command, Stdio},
};

use super::{MountArgs, account, mountpoint};
use crate::error::{Error, Kind, Result};

/// What the process in the background says once the mount answers. Anything else is its error.
const READY: &[u8] = b"ready\n";

/// A log that is longer than this is begun anew, in bytes.
const LONGEST_LOG: u64 = 4 << 20;

/// Starts the mount in the background and returns once it answers.
///
/// # Errors
/// What the process in the background failed with.
pub(crate) fn start(args: &MountArgs, mut arguments: Vec<OsString>) -> Result<()> {
    mountpoint::check(&args.mountpoint)?;
    let state_dir = account::state_dir(args.state_dir.as_deref())?;
    account::make_private(&state_dir)?;
    let log = open_log(&state_dir.join("log"))?;
    let (reader, writer) = pipe()?;
    let fd = writer.as_raw_fd();
    arguments.extend(["--foreground".into(), "--ready-fd".into(), fd.to_string().into()]);
    let failed = |error| Error::io("cannot start in the background", error);
    let program = std::env::current_exe().map_err(failed)?;
    let mut command = Command::new(program);
    command
        .args(arguments.into_iter().skip(1))
        .stdin(Stdio::null())
        .stdout(log.try_clone().map_err(failed)?)
        .stderr(log);
    // SAFETY: only async-signal-safe calls between fork and exec.
    unsafe {
        command.pre_exec(move || {
            if libc::setsid() == -1 || libc::fcntl(fd, libc::F_SETFD, 0) == -1 {
                return Err(std::io::Error::last_os_error());
            }
            Ok(())
        });
    }
    command.spawn().map_err(failed)?;
    drop(writer);
    // The pipe ends when the process says that it is ready, or dies. Its own steps have ends.
    let mut said = Vec::new();
    File::from(reader).read_to_end(&mut said).map_err(failed)?;
    if said == READY {
        return Ok(());
    }
    let reason = String::from_utf8_lossy(&said).trim().to_owned();
    if reason.is_empty() {
        return Err(Error::new(Kind::Protocol, "the mount ended before it answered")
            .hint(format!("see {}", state_dir.join("log").display())));
    }
    Err(Error::new(Kind::Protocol, reason))
}

/// Tells the waiting process that the mount answers, or why not.
pub(crate) fn report(fd: Option<RawFd>, result: &Result<()>) {
    let Some(fd) = fd else { return };
    // SAFETY: the descriptor was handed to this process for this only, and is used once.
    let mut pipe = unsafe { File::from_raw_fd(fd) };
    let said = match result {
        Ok(()) => READY.to_vec(),
        Err(error) => format!("{error}\n").into_bytes(),
    };
    // If nobody waits any more, nobody is to be told.
    let _ = pipe.write_all(&said);
}

fn open_log(path: &Path) -> Result<File> {
    let long = fs::metadata(path).is_ok_and(|metadata| metadata.len() > LONGEST_LOG);
    OpenOptions::new()
        .create(true)
        .append(!long)
        .write(true)
        .truncate(long)
        .mode(0o600)
        .open(path)
        .map_err(|error| Error::io("cannot write the log", error).at(path.display().to_string()))
}

fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    let mut fds: [RawFd; 2] = [0; 2];
    // SAFETY: the array has room for two descriptors.
    if unsafe { libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC) } == -1 {
        return Err(Error::io("cannot make a pipe", std::io::Error::last_os_error()));
    }
    // SAFETY: both were just made, and nothing else has them.
    Ok(unsafe { (OwnedFd::from_raw_fd(fds[0]), OwnedFd::from_raw_fd(fds[1])) })
}
