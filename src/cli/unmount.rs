//! Unmounting, and waiting until the mount's process has sent everything, or has given up: then what
//! is left is told.

use std::{
    os::fd::{AsFd, OwnedFd},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use rustix::{
    io::Errno,
    mount::UnmountFlags,
    process::{Pid, PidfdFlags, pidfd_open},
};

use super::{
    abort, account,
    arguments::UmountArgs,
    asks::{self, Ask},
    mounted_path, mountpoint, mounts, namespaces, open_files, poll, probe, status,
    terminal::tell,
    waiting::{REMEDY, Watch, counted, pending, tell_each},
};

use crate::error::{Error, Kind, Result};

/// How long the process may take to save what is on its way and end.
const EXIT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long it is waited for where somebody else has the mount, which does not end then.
const COPY_TIMEOUT: Duration = Duration::from_secs(10);

/// The same, where nothing waits to be sent: whatever begins in a namespace of its own may have a copy
/// of every mount for a moment.
const SETTLED: Duration = Duration::from_secs(2);

/// How often it is asked what it waits for.
const LOOK: Duration = Duration::from_millis(500);

/// How long it may take to say that.
const ANSWER: Duration = Duration::from_secs(2);

/// How long a mount may be in use before that is an error: whoever looks at all mounts has each for a
/// moment, and so has what tells watchers.
const IN_USE: Duration = Duration::from_secs(1);

/// After what pause it is tried again: the kernel tells nobody that a mount is not in use any more.
const TRY_AGAIN: Duration = Duration::from_millis(20);

/// Whose mount it is, as far as that can be told.
#[derive(Default)]
struct MountProcess {
    /// The process, to be waited for; `None` if it is dead or unknown.
    process: Option<OwnedFd>,
    /// The directory of the account.
    account: Option<PathBuf>,
}

/// Unmounts and waits. Lazily, it does not wait: files that are open may stay so for long.
///
/// # Errors
/// If nothing is mounted there, files on it are in use, it does not answer, or something did not
/// get to Taskade.
pub(crate) fn unmount(args: &UmountArgs) -> Result<()> {
    let path = mountpoint::resolve(&args.mountpoint)?;
    let shown = args.mountpoint.display().to_string();
    if !mounts::is_mounted(&path) {
        return Err(Error::new(Kind::NotFound, "nothing of taskadefs is mounted there")
            .at(shown)
            .hint("`taskadefs status` says what is mounted where"));
    }
    let connection = mounts::connection(&path);
    let served = match args.lazy {
        true => served_lazily(&path, args.state_dir.as_deref()),
        false => served(&path, &shown, args.state_dir.as_deref())?,
    };
    // To abort a mount may have taken it away already.
    if mounts::is_mounted(&path) {
        detach(&path, args.lazy).map_err(|error| {
            let error = Error::io("cannot unmount", error).at(&shown);
            match error.errno() {
                libc::EBUSY => {
                    error.hint(format!("in use by {}; or use --lazy", open_files::of(&path)))
                }
                _ => error.hint("or use --lazy"),
            }
        })?;
    }
    if let Some(process) = &served.process {
        wait(process, served.account.as_deref(), connection, &shown)?;
    }
    tell_left(served.account.as_deref(), &shown)
}

/// Waits for the end of the process, and shows what it waits for. It does not end while the mount is in
/// another mount namespace: then it is waited for until it has sent what it can.
fn wait(
    process: &OwnedFd,
    account: Option<&Path>,
    connection: Option<u32>,
    shown: &str,
) -> Result<()> {
    let begun = Instant::now();
    let end = begun + EXIT_TIMEOUT;
    let mut watch = Watch::new();
    while !poll::readable(process.as_fd(), end.min(Instant::now() + LOOK)) {
        // It may have ended in between.
        let asked = account.map(|account| asks::ask(account, &Ask::Status {}, ANSWER));
        let status = asked.and_then(|asked| asked.ok().flatten());
        status.iter().for_each(|status| watch.show(status));
        let left = status.map(|status| pending(&status));
        let is_settled = left.as_ref().is_some_and(Vec::is_empty);
        let patience = if is_settled { SETTLED } else { COPY_TIMEOUT };
        if begun.elapsed() >= patience
            && let Some(holders) = connection.and_then(namespaces::holders)
        {
            tell_each(left.as_deref().unwrap_or_default(), |line| tell(&line));
            let what =
                format!("unmounted here, but {holders} has it in a mount namespace of its own");
            let hint = "what is saved there is sent; the mount ends once nobody has it";
            return Err(Error::new(Kind::Storage, what).at(shown).hint(hint));
        }
        if Instant::now() >= end {
            let (what, hint) = match is_settled {
                true => ("its process does not end", "nothing waits to be sent; `kill` ends it"),
                false => (
                    "saves are still on their way",
                    "they are in the journal; the process goes on with them",
                ),
            };
            let what = format!("unmounted, but {what}");
            return Err(Error::new(Kind::Storage, what).at(shown).hint(hint));
        }
    }
    Ok(())
}

/// Tells what did not get to Taskade, path by path.
fn tell_left(account: Option<&Path>, shown: &str) -> Result<()> {
    let Some(account) = account else { return Ok(()) };
    let failed = |error: Error| error.hint("unmounted, but what waits cannot be told");
    let left = pending(&status::offline_status(account).map_err(failed)?);
    if left.is_empty() {
        return Ok(());
    }
    tell_each(&left, |line| tell(&line));
    let what = format!("unmounted, but {} did not get to Taskade", counted(left.len()));
    Err(Error::new(Kind::Storage, what).at(shown).hint(REMEDY))
}

/// Who serves the mount. A process that was killed and cannot end is helped.
fn served(path: &Path, shown: &str, state_dir: Option<&Path>) -> Result<MountProcess> {
    let dead = || MountProcess { process: None, account: account_mounted_at(path, state_dir) };
    match probe::ask(path)? {
        probe::ProbeResult::ServedBy(pid) => {
            Ok(MountProcess { process: open_process(pid), account: probe::account(path).ok() })
        }
        probe::ProbeResult::Dead => Ok(dead()),
        probe::ProbeResult::Closed => Ok(MountProcess::default()),
        probe::ProbeResult::Silent => match abort::stale_mount(path) {
            Ok(true) => Ok(dead()),
            Ok(false) => Err(mountpoint::silent(shown)),
            Err(error) => Err(abort::failed(error).at(shown)),
        },
    }
}

/// Whoever serves the mount is not waited for, and it is asked nothing; but once it is out of the tree
/// nobody finds what waits there for a process that was killed and cannot end.
fn served_lazily(path: &Path, state_dir: Option<&Path>) -> MountProcess {
    match abort::stale_mount(path) {
        Ok(true) => MountProcess { process: None, account: account_mounted_at(path, state_dir) },
        // It is taken away all the same.
        Ok(false) | Err(_) => MountProcess::default(),
    }
}

/// The directory of the account that was mounted there last, by a process that is gone.
fn account_mounted_at(path: &Path, state_dir: Option<&Path>) -> Option<PathBuf> {
    let accounts = mounted_path::accounts(&mounted_path::state_dirs(state_dir).ok()?).ok()?;
    accounts.into_iter().find(|dir| {
        let user = account::user_of(dir);
        user.is_some_and(|user| user.mountpoint.as_deref() == Some(path))
    })
}

fn open_process(pid: libc::pid_t) -> Option<OwnedFd> {
    pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok()
}

/// Detaches the mount, which somebody may be in for a moment.
///
/// # Errors
/// EBUSY if it stays in use, and whatever the kernel or the helper says.
pub(crate) fn detach(path: &Path, lazy: bool) -> std::io::Result<()> {
    let end = Instant::now() + IN_USE;
    loop {
        match detach_now(path, lazy) {
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) && Instant::now() < end => {
                std::thread::sleep(TRY_AGAIN);
            }
            detached => return detached,
        }
    }
}

/// Detaches the mount: directly as root, else by the helper that may.
fn detach_now(path: &Path, lazy: bool) -> std::io::Result<()> {
    let how = if lazy { UnmountFlags::DETACH } else { UnmountFlags::empty() };
    match rustix::mount::unmount(path, how | UnmountFlags::NOFOLLOW) {
        Ok(()) => return Ok(()),
        Err(Errno::PERM) => {}
        Err(error) => return Err(error.into()),
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
