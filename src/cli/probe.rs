//! Asking a mount which process serves it, without hanging where the mount hangs.
//!
//! Whoever waits for a mount cannot end before its process answers or ends, not even when killed.
//! So a process of its own asks: it can be left behind.

use std::{
    ffi::OsString,
    io::{Read, Write},
    os::{fd::AsFd, unix::ffi::OsStringExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use super::poll;

use crate::error::{Error, Result};

/// What this program is started with to ask. It is for this program only, so the parser of the
/// command line does not know it and never proposes it.
pub(super) const COMMAND: &str = "ask-mount";

/// How long a mount may take to answer.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

/// The attribute of the root that names the process.
const PROCESS: &str = "user.taskade.pid";

/// The attribute of the root that names the directory of the account.
const ACCOUNT: &str = "user.taskade.account";

/// How it is with a mount.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ProbeResult {
    /// This process serves it.
    ServedBy(libc::pid_t),
    /// Its process has died.
    Dead,
    /// It does not let this user ask, not even root where it is another user's.
    Closed,
    /// Its process does not answer in time.
    Silent,
}

/// Asks the mount at `path`, for a limited time.
///
/// # Errors
/// If no process can be started.
pub(crate) fn ask(path: &Path) -> Result<ProbeResult> {
    let failed = |error| Error::io("cannot ask the mount", error).at(path.display().to_string());
    let mut asking = Command::new(std::env::current_exe().map_err(failed)?)
        .arg(COMMAND)
        .arg(path)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let answer = asking
        .stdout
        .take()
        .filter(|stdout| poll::readable(stdout.as_fd(), Instant::now() + PROBE_TIMEOUT));
    let Some(mut stdout) = answer else {
        // Takes effect once the mount answers or is gone; that is not waited for.
        let _ = asking.kill();
        return Ok(ProbeResult::Silent);
    };
    // It writes all at once and ends: this does not wait.
    let mut said = String::new();
    stdout.read_to_string(&mut said).and_then(|_| asking.wait()).map_err(failed)?;
    Ok(match said.trim() {
        "dead" => ProbeResult::Dead,
        pid => pid.parse().map_or(ProbeResult::Closed, ProbeResult::ServedBy),
    })
}

/// What the asking process does.
///
/// # Errors
/// If the asker has gone.
pub(crate) fn answer(mountpoint: &Path) -> Result<()> {
    let said = match process_of(mountpoint) {
        Ok(pid) => pid,
        // Aborted if it dies while it is asked.
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOTCONN | libc::ECONNABORTED)) => {
            "dead".to_owned()
        }
        Err(_) => "closed".to_owned(),
    };
    writeln!(std::io::stdout(), "{said}").map_err(|error| Error::io("cannot answer", error))
}

/// The directory of the account that is mounted at `root`, which is known to answer.
///
/// # Errors
/// If it does not say.
pub(crate) fn account(root: &Path) -> Result<PathBuf> {
    attribute(root, ACCOUNT)
        .map(|path| PathBuf::from(OsString::from_vec(path)))
        .map_err(|error| Error::io("cannot ask the mount", error).at(root.display().to_string()))
}

fn process_of(path: &Path) -> std::io::Result<String> {
    Ok(String::from_utf8_lossy(&attribute(path, PROCESS)?).into_owned())
}

fn attribute(path: &Path, name: &str) -> std::io::Result<Vec<u8>> {
    let mut value = vec![0_u8; 8192];
    let length = rustix::fs::getxattr(path, name, &mut value)?;
    value.truncate(length);
    Ok(value)
}
