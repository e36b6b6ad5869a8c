//! Which mount a command is about, and asking that mount.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;

use super::{
    asks::{self, Ask, Progress},
    config, mountpoint, mounts, probe,
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
    /// The path as it was given, if one was.
    given: Option<PathBuf>,
}

impl MountedPath {
    /// Asks the mount, which tells of places as this one was named.
    ///
    /// # Errors
    /// What the answer is an error with, or that there is none.
    pub(super) fn ask(&self, ask: &Ask) -> Result<Value> {
        self.follow(ask, |_| {})
    }

    /// As [`ask`](Self::ask), and tells how far it has come.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub(super) fn follow(&self, ask: &Ask, on_progress: impl FnMut(Progress)) -> Result<Value> {
        asks::follow(&self.account, ask, ANSWER_TIMEOUT, on_progress)
            .and_then(|answer| answer.ok_or_else(asks::gone))
            .map_err(|error| match &self.given {
                Some(given) => as_named(error, given, self.inside.as_deref()),
                None => error,
            })
    }

    /// The account of a mount, no place of which was named.
    fn all_of(account: PathBuf) -> Self {
        Self { account, inside: None, given: None }
    }
}

/// A failure in a mount, told of the places as they were named: `given` stands for what is `inside`.
pub(super) fn as_named(error: Error, given: &Path, inside: Option<&Path>) -> Error {
    error.renamed(|told| {
        Some(shown(told.unwrap_or_default(), given, inside.unwrap_or(Path::new(""))))
    })
}

/// A path as it is found from here, which a mount tells relative to its root. One of something else is
/// as it was.
pub(super) fn shown(told: &str, given: &Path, inside: &Path) -> String {
    let path = Path::new(told);
    let above = |path: &Path| {
        let steps = inside.strip_prefix(path).ok()?.components().count();
        given.ancestors().nth(steps).filter(|_| given.ends_with(inside))
    };
    let shown = match path.strip_prefix(inside) {
        Ok(rest) if !rest.as_os_str().is_empty() => given.join(rest),
        // A project may be told by its file's name alone.
        _ if inside.ends_with(path) => given.to_owned(),
        _ => above(path).unwrap_or(path).to_owned(),
    };
    shown.display().to_string()
}

/// Which mount a path is in. The file itself need not be there.
pub(super) fn mounted_path(path: &Path) -> Result<MountedPath> {
    let resolved = mountpoint::resolve(path)?;
    let root = resolved.ancestors().find(|ancestor| mounts::is_mounted(ancestor));
    let root = root.ok_or_else(|| {
        not_in_a_mount(path).hint("`taskadefs status` says what is mounted where")
    })?;
    let inside = resolved.strip_prefix(root).unwrap_or(Path::new(""));
    let inside = (!inside.as_os_str().is_empty()).then(|| inside.to_owned());
    Ok(MountedPath { account: account_of(root, path)?, inside, given: Some(path.to_owned()) })
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
            .at(path.display().to_string())
            .hint(format!(
                "`taskadefs umount {}`, and mount it again: it goes on with what waits",
                root.display()
            )));
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
        return account.map(MountedPath::all_of);
    }
    only_mount(state_dir).map(MountedPath::all_of)
}

/// The account of the only mount of a state directory.
///
/// # Errors
/// [`Kind::NotFound`] if nothing is mounted, [`Kind::Invalid`] if several are.
pub(super) fn only_mount(state_dir: Option<&Path>) -> Result<PathBuf> {
    let mut mounted = Vec::new();
    let dirs = state_dirs(state_dir)?;
    for account in accounts(&dirs)? {
        if asks::ask(&account, &Ask::Status {}, ANSWER_TIMEOUT)?.is_some() {
            mounted.push(account);
        }
    }
    match (mounted.pop(), mounted.is_empty()) {
        (Some(account), true) => Ok(account),
        (None, _) => {
            Err(Error::new(Kind::NotFound, "nothing is mounted with this state directory")
                .at(dirs[0].display().to_string())
                .hint("name a path in the mount, or give its --state-dir"))
        }
        (Some(_), false) => Err(Error::new(Kind::Invalid, "several accounts are mounted")
            .hint("name one by a path in its mount: `taskadefs status` lists them")),
    }
}

/// The state directories of a command that names no mount: see [`config::state_dirs`]. A config file that is
/// not understood names none.
///
/// # Errors
/// If there is no place for state.
pub(super) fn state_dirs(asked: Option<&Path>) -> Result<Vec<PathBuf>> {
    config::state_dirs(&config::load().unwrap_or_default(), asked)
}

/// The directories of the accounts in these state directories.
///
/// # Errors
/// If one cannot be looked at.
pub(super) fn accounts(state_dirs: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for state_dir in state_dirs {
        let dir = state_dir.join("accounts");
        let entries = match fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => {
                return Err(
                    Error::io("cannot look at the accounts", error).at(dir.display().to_string())
                );
            }
        };
        let mut accounts: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        accounts.sort();
        all.extend(accounts);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Error, as_named};
    use crate::error::Kind;

    #[test]
    fn places_are_told_as_they_were_named() {
        let told = |path: &str, given: &str, inside: &str| {
            let error = Error::new(Kind::NotFound, "no").at(path);
            as_named(error, Path::new(given), Some(Path::new(inside))).to_string()
        };
        for (path, given, inside, wanted) in [
            ("Acme/a.md", "m/Acme/a.md", "Acme/a.md", "m/Acme/a.md: no"),
            ("Acme/a.md", "../a.md", "Acme/a.md", "../a.md: no"),
            ("Acme/b/a.md", "m/Acme", "Acme", "m/Acme/b/a.md: no"),
            ("Acme/a.md", "./m", "", "./m/Acme/a.md: no"),
            ("", "m", "", "m: no"),
            ("a.md", "m/Acme/a.md", "Acme/a.md", "m/Acme/a.md: no"),
            ("Acme", "m/Acme/b/a.md", "Acme/b/a.md", "m/Acme: no"),
            ("/state/journal", "m/Acme", "Acme", "/state/journal: no"),
            ("Beta/a.md", "m/Acme", "Acme", "Beta/a.md: no"),
        ] {
            assert_eq!(told(path, given, inside), wanted);
        }
        let unnamed = as_named(Error::new(Kind::NotFound, "no"), Path::new("m/a.md"), None);
        assert_eq!(unnamed.to_string(), "m/a.md: no");
    }
}
