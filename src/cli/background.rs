//! Mounting in the background: a process of its own, and waiting until it serves.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd},
        unix::{fs::OpenOptionsExt, process::CommandExt},
    },
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::{
    io::{FdFlags, fcntl_getfd, fcntl_setfd},
    pipe::PipeFlags,
};

use super::{
    account, apart, arguments::MountArgs, mount_options, mountpoint, mounts, poll, probe, remedies,
    terminal::note, unmount,
};

use crate::{
    error::{Error, Kind, Result},
    printable::printable,
};

/// What the process in the background says once it serves the mount, before lines that the user is
/// to see. Anything else is its error.
const READY: &[u8] = b"ready\n";

/// A log that is longer than this is begun anew, in bytes.
const LONGEST_LOG: u64 = 4 << 20;

/// How many characters of a line of the log are quoted.
const LONGEST_LINE: usize = 500;

/// How long the process in the background may take to mount.
const MOUNT_TIMEOUT: Duration = Duration::from_secs(60);

/// Starts the mount in the background and returns once it answers.
///
/// # Errors
/// What the process in the background failed with.
pub(crate) fn start(args: &MountArgs, arguments: Vec<OsString>) -> Result<()> {
    let mountpoint = mountpoint::check(&args.mountpoint)?;
    apart::check(&mountpoint, &args.account)?;
    mountpoint::warn_of_hidden_files(&args.mountpoint);
    let state_dir = account::state_dir(args.account.state_dir.as_deref())?;
    account::make_private(&state_dir)?;
    let log = state_dir.join("log");
    let (reader, writer) = pipe()?;
    let written = fs::metadata(&log).map_or(0, |log| log.len());
    let mut process = spawn(arguments, &log, writer)?;
    let ended = |what: &str| {
        let what = match last_line(&log, written) {
            Some(line) => format!("{what}; the last that it said is: {line}"),
            None => format!("{what}, and said nothing"),
        };
        Error::new(Kind::Protocol, what).hint(format!(
            "try it with --foreground, which shows all that it does; the log is {}",
            log.display()
        ))
    };
    let Some(said) = listen(reader, Instant::now() + MOUNT_TIMEOUT)? else {
        // It cannot clean up any more, so that is done for it.
        process.kill().map_err(|error| Error::io("cannot end the mount", error))?;
        if mounts::is_mounted(&mountpoint) {
            unmount::detach(&mountpoint, true)
                .map_err(|error| Error::io("cannot unmount", error))?;
        }
        return Err(ended("the mount did not answer in time"));
    };
    if let Some(words) = said.strip_prefix(READY) {
        String::from_utf8_lossy(words).lines().for_each(|line| note(&line));
        // Not asked by the process that serves: killed while it waits for itself, it never ends.
        return match probe::ask(&mountpoint)? {
            probe::ProbeResult::Silent => Err(ended("the mount does not answer")),
            probe::ProbeResult::Dead => Err(ended("the mount ended as soon as it was there")),
            probe::ProbeResult::ServedBy(_) | probe::ProbeResult::Closed => Ok(()),
        };
    }
    let reason = String::from_utf8_lossy(&said).trim().to_owned();
    if reason.is_empty() {
        return Err(ended("the mount ended before it answered"));
    }
    // It says itself what to do.
    Err(Error::new(Kind::Refused, reason))
}

/// The last line of the log that came after so many bytes.
fn last_line(log: &Path, written: u64) -> Option<String> {
    let mut file = File::open(log).ok()?;
    // It may have been begun anew.
    let from = if file.metadata().ok()?.len() < written { 0 } else { written };
    file.seek(SeekFrom::Start(from)).ok()?;
    let mut said = Vec::new();
    file.take(LONGEST_LOG).read_to_end(&mut said).ok()?;
    let said = String::from_utf8_lossy(&said);
    let line = said.lines().rfind(|line| !line.trim().is_empty())?;
    Some(line.chars().take(LONGEST_LINE).collect())
}

/// Starts this program again, in a session of its own, to report on the pipe.
fn spawn(arguments: Vec<OsString>, log: &Path, report: OwnedFd) -> Result<Child> {
    let failed = |error| Error::io("cannot start in the background", error);
    let fd = report.as_raw_fd();
    let flags = ["--foreground".into(), format!("--ready-fd={fd}").into()];
    let log = open_log(log)?;
    let mut command = Command::new(std::env::current_exe().map_err(failed)?);
    command
        .args(mount_options::with_flags(arguments, flags).into_iter().skip(1))
        .stdin(Stdio::null())
        .stdout(log.try_clone().map_err(failed)?)
        .stderr(log);
    // SAFETY: only async-signal-safe calls between fork and exec.
    unsafe {
        command.pre_exec(move || {
            rustix::process::setsid()?;
            // SAFETY: the parent keeps it open until this process runs.
            let fd = BorrowedFd::borrow_raw(fd);
            Ok(fcntl_setfd(fd, FdFlags::empty())?)
        });
    }
    command.spawn().map_err(failed)
}

/// What is said on a pipe until it ends, which it does when the process is ready or dies; `None`
/// if it does neither before the deadline.
fn listen(reader: OwnedFd, deadline: Instant) -> Result<Option<Vec<u8>>> {
    let mut reader = File::from(reader);
    let mut said = Vec::new();
    let mut buffer = [0; 4096];
    while poll::readable(reader.as_fd(), deadline) {
        let count = reader
            .read(&mut buffer)
            .map_err(|error| Error::io("cannot hear of the mount", error))?;
        if count == 0 {
            return Ok(Some(said));
        }
        said.extend_from_slice(buffer.get(..count).unwrap_or_default());
    }
    Ok(None)
}

/// What whoever started this process left open in it: a lock, or a pipe that others wait for the
/// end of. A token file may be among them (`<(pass taskade)`), so it is closed, by dropping it,
/// only once that was read.
///
/// To be called before anything else is opened.
pub(crate) fn inherited(ready: Option<RawFd>) -> Vec<OwnedFd> {
    let Some(ready) = ready else { return Vec::new() };
    let entries = fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<RawFd>().ok());
    // What comes through `execve` has no close-on-exec flag, and all that Rust opens has one.
    // SAFETY: the call queries a descriptor, and a number that is none is an error.
    let came_along = |fd: &RawFd| unsafe {
        fcntl_getfd(BorrowedFd::borrow_raw(*fd)).is_ok_and(|flags| flags.is_empty())
    };
    let fds: Vec<RawFd> = numbers.filter(|fd| *fd > 2 && *fd != ready).filter(came_along).collect();
    // SAFETY: nothing in this program knows of them, so each has one owner from here on.
    fds.into_iter().map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }).collect()
}

/// Tells the waiting process that the mount is served and what the user is to know, or why it is not.
pub(crate) fn report(fd: Option<RawFd>, result: &Result<Vec<String>>) {
    let Some(fd) = fd else { return };
    // SAFETY: the descriptor was handed to this process for this only, and is used once.
    let mut pipe = unsafe { File::from_raw_fd(fd) };
    let said = match result {
        Ok(lines) => {
            let lines = lines.iter().map(|line| printable(line).into_owned() + "\n");
            [READY, lines.collect::<String>().as_bytes()].concat()
        }
        Err(error) => format!("{}\n", remedies::complete(error.clone())).into_bytes(),
    };
    // If nobody waits any more, nobody is to be told.
    let _ = pipe.write_all(&said);
}

/// Opens the log. Other mounts may write to it at the same time: all append.
fn open_log(path: &Path) -> Result<File> {
    let failed = |error| Error::io("cannot write the log", error).at(path.display().to_string());
    let log =
        OpenOptions::new().create(true).append(true).mode(0o600).open(path).map_err(failed)?;
    if log.metadata().map_err(failed)?.len() > LONGEST_LOG {
        log.set_len(0).map_err(failed)?;
    }
    Ok(log)
}

fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    let pipe = rustix::pipe::pipe_with(PipeFlags::CLOEXEC);
    pipe.map_err(|error| Error::io("cannot make a pipe", error.into()))
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        io::Write,
        os::unix::fs::PermissionsExt,
        time::{Duration, Instant},
    };

    use super::{LONGEST_LOG, last_line, listen, open_log, pipe};

    #[test]
    fn what_is_said_is_heard_to_its_end_but_not_waited_for_for_ever() {
        let (reader, writer) = pipe().unwrap();
        let mut writer = fs::File::from(writer);
        writer.write_all(b"why not").unwrap();
        assert_eq!(listen(reader.try_clone().unwrap(), Instant::now()).unwrap(), None);
        writer.write_all(b"!").unwrap();
        drop(writer);
        let deadline = Instant::now() + Duration::from_secs(60);
        assert_eq!(listen(reader, deadline).unwrap().as_deref(), Some(&b"!"[..]));
    }

    #[test]
    fn the_log_is_private_appended_to_and_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        open_log(&path).unwrap().write_all(b"one ").unwrap();
        let (mut first, mut second) = (open_log(&path).unwrap(), open_log(&path).unwrap());
        first.write_all(b"two ").unwrap();
        second.write_all(b"three").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one two three");
        assert_eq!(last_line(&path, 4).as_deref(), Some("two three"));
        assert_eq!(last_line(&path, 13), None);
        assert_eq!(last_line(&path, 999).as_deref(), Some("one two three"));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        first.set_len(LONGEST_LOG + 1).unwrap();
        open_log(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    }
}
