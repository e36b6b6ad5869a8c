//! Which mount a command is about, and asking that mount.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;

use super::{
    account,
    asks::{self, Ask},
    mountpoint, mounts, probe,
};

use crate::error::{Error, Kind, Result};

/// How long a mount may take to answer beyond what the command itself takes.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// A path in a mount.
pub(super) struct MountedPath {
    /// The directory of the mount's account.
    pub(super) account: PathBuf,
    /// The path relative to the mount; `None` for its root.
    pub(super) inside: Option<PathBuf>,
}

/// Which mount a path is in. The file itself need not be there.
pub(super) fn mounted_path(path: &Path) -> Result<MountedPath> {
    let resolved = mountpoint::resolve(path)?;
    let root = resolved.ancestors().find(|ancestor| mounts::is_mounted(ancestor));
    let root = root.ok_or_else(|| not_in_a_mount(path))?;
    let inside = resolved.strip_prefix(root).unwrap_or(Path::new(""));
    let inside = (!inside.as_os_str().is_empty()).then(|| inside.to_owned());
    Ok(MountedPath { account: account_of(root, path)?, inside })
}

pub(super) fn not_in_a_mount(path: &Path) -> Error {
    Error::new(Kind::NotFound, "not in a mount of taskadefs").at(path.display().to_string())
}

/// The directory of the account that is mounted at `root`, which was named as `path`.
pub(super) fn account_of(root: &Path, path: &Path) -> Result<PathBuf> {
    match probe::ask(root)? {
        probe::ProbeResult::ServedBy(_) => {}
        probe::ProbeResult::Silent => return Err(mountpoint::silent(&path.display().to_string())),
        probe::ProbeResult::Dead | probe::ProbeResult::Closed => {
            return Err(Error::new(
                Kind::Unreachable,
                "the mount's process has died, or is not yours",
            )
            .at(root.display().to_string())
            .hint("unmount it and mount again: it goes on with what waits"));
        }
    }
    probe::account(root)
}

/// The account of the mount that the current directory is in, unless a state directory is named.
pub(super) fn mounted_here(state_dir: Option<&Path>) -> Option<Result<PathBuf>> {
    if state_dir.is_some_and(|dir| !dir.as_os_str().is_empty()) {
        return None;
    }
    let here = Path::new(".");
    let resolved = mountpoint::resolve(here).ok()?;
    let root = resolved.ancestors().find(|ancestor| mounts::is_mounted(ancestor))?;
    Some(account_of(root, here))
}

/// The place; without a path the mount that the current directory is in, or else the only one.
pub(super) fn path_or_only_mount(
    path: Option<&Path>,
    state_dir: Option<&Path>,
) -> Result<MountedPath> {
    if let Some(path) = path {
        return mounted_path(path);
    }
    if let Some(account) = mounted_here(state_dir) {
        return Ok(MountedPath { account: account?, inside: None });
    }
    only_mount(state_dir).map(|account| MountedPath { account, inside: None })
}

/// The account of the only mount of a state directory.
///
/// # Errors
/// [`Kind::NotFound`] if nothing is mounted, [`Kind::Invalid`] if several are.
pub(super) fn only_mount(state_dir: Option<&Path>) -> Result<PathBuf> {
    let mut mounted = Vec::new();
    let state_dir = account::state_dir(state_dir)?;
    for account in accounts(&state_dir)? {
        if asks::ask(&account, &Ask::Status {}, ANSWER_TIMEOUT)?.is_some() {
            mounted.push(account);
        }
    }
    match (mounted.pop(), mounted.is_empty()) {
        (Some(account), true) => Ok(account),
        (None, _) => {
            Err(Error::new(Kind::NotFound, "nothing is mounted with this state directory")
                .at(state_dir.display().to_string())
                .hint("name a path in the mount, or give its --state-dir"))
        }
        (Some(_), false) => {
            Err(Error::new(Kind::Invalid, "several accounts are mounted")
                .hint("name one by its path"))
        }
    }
}

pub(super) fn accounts(state_dir: &Path) -> Result<Vec<PathBuf>> {
    let dir = state_dir.join("accounts");
    let entries = match fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(
                Error::io("cannot look at the accounts", error).at(dir.display().to_string())
            );
        }
    };
    let mut accounts: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    accounts.sort();
    Ok(accounts)
}

pub(super) fn answered(account: &Path, ask: &Ask) -> Result<Value> {
    asks::ask(account, ask, ANSWER_TIMEOUT)?
        .ok_or_else(|| Error::new(Kind::Unreachable, "the mount is gone"))
}
