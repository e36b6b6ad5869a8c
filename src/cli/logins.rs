//! Who is logged in: a file for each login, private and without its token, which is kept elsewhere. It
//! stays when somebody logs out, and says which directory is theirs when they are back.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};
use serde::{Deserialize, Serialize};

use super::account;

use crate::{
    error::{Error, Kind, Result},
    ids::SpaceId,
    private_file,
};

/// The name of the login of who gives none.
pub(super) const DEFAULT: &str = "default";

/// How often it is looked whether another process is done.
const LOOK: Duration = Duration::from_millis(20);

/// Where a token is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    Keyring,
    File,
}

/// How a token was come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TokenKind {
    Personal,
    OAuth,
}

/// What is known of a login, its token aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Login {
    /// What its token is found by in a keyring.
    pub(crate) id: String,
    /// The name that it was given.
    pub(crate) account: String,
    pub(crate) api: String,
    /// The name of the directory that belongs to whoever it is.
    pub(crate) directory: String,
    pub(crate) kind: TokenKind,
    pub(crate) handle: Option<String>,
    /// What they are called.
    pub(crate) name: Option<String>,
    /// What the API listed for them: who they are where nothing else tells.
    pub(crate) workspaces: BTreeSet<SpaceId>,
    /// `None` once they have logged out.
    pub(crate) place: Option<Place>,
}

impl Login {
    /// Who it is, in words.
    pub(crate) fn who(&self) -> String {
        let handle = self.handle.as_ref().map(|handle| format!("@{handle}"));
        let who = match (handle, &self.name) {
            (Some(handle), Some(name)) => format!("{handle} ({name})"),
            (Some(handle), None) => handle,
            (None, Some(name)) => name.clone(),
            (None, None) => "somebody whom Taskade does not name".to_owned(),
        };
        match &*self.account {
            DEFAULT => who,
            account => format!("{who} as {account}"),
        }
    }

    /// The command that logs in again.
    pub(crate) fn command(&self) -> String {
        command(&self.account)
    }
}

/// The command that logs in under a name.
pub(crate) fn command(account: &str) -> String {
    match account {
        DEFAULT => "`taskadefs login`".to_owned(),
        account => format!("`taskadefs login --account {account}`"),
    }
}

/// The file of one login, and what belongs to it.
#[derive(Debug, Clone)]
pub(crate) struct LoginFile {
    dir: PathBuf,
    stem: String,
}

/// Tells one state of a login's file from the next: each is another file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp(u64, SystemTime);

impl LoginFile {
    /// That of the login of this name at this API.
    pub(crate) fn of(state_dir: &Path, api: &str, account: &str) -> Self {
        let dir = state_dir.join("logins");
        Self { dir, stem: account::hashed(&[api, account]) }
    }

    fn path(&self) -> PathBuf {
        self.dir.join(format!("{}.json", self.stem))
    }

    /// Where its token is, if it is in a file.
    pub(crate) fn secret(&self) -> PathBuf {
        self.dir.join(format!("{}.token", self.stem))
    }

    /// What it says; `None` if nobody has logged in under that name.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn read(&self) -> Result<Option<Login>> {
        let path = self.path();
        let failed = |error: Error| error.at(path.display().to_string());
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(Error::io("cannot read who is logged in", error))),
        };
        serde_json::from_slice(&text).map(Some).map_err(|error| {
            failed(Error::new(Kind::Storage, "this does not say who is logged in").because(error))
                .hint("remove it, and log in again")
        })
    }

    /// Puts another in its place.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn write(&self, login: &Login) -> Result<()> {
        let text = serde_json::to_vec_pretty(login)
            .map_err(|error| Error::new(Kind::Storage, "cannot write a login").because(error))?;
        self.replace(&self.path(), &text)
    }

    /// Puts a private file in the place of another, whole or not at all.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn replace(&self, path: &Path, text: &[u8]) -> Result<()> {
        account::make_private(&self.dir)?;
        private_file::replace(path, text).map_err(|error| {
            Error::io("cannot keep the login", error).at(path.display().to_string())
        })
    }

    /// Which state of it this is.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        let metadata = fs::metadata(self.path()).ok()?;
        Some(Stamp(metadata.ino(), metadata.modified().ok()?))
    }

    /// Keeps all other processes from changing it or its token until what this returns is dropped, and
    /// waits no longer than `wait` for one that does.
    ///
    /// # Errors
    /// If one takes longer, or it cannot be locked.
    pub(crate) fn lock(&self, wait: Duration) -> Result<File> {
        account::make_private(&self.dir)?;
        let path = self.dir.join(format!("{}.lock", self.stem));
        let shown = path.display().to_string();
        let failed = |error: io::Error| Error::io("cannot lock the login", error).at(&shown);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&path).map_err(failed)?;
        let end = Instant::now() + wait;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(file),
                Err(Errno::WOULDBLOCK | Errno::INTR) if Instant::now() < end => {
                    std::thread::park_timeout(LOOK);
                }
                Err(Errno::WOULDBLOCK) => {
                    return Err(Error::new(Kind::Unreachable, "another process renews the login")
                        .at(&shown));
                }
                Err(error) => return Err(failed(error.into())),
            }
        }
    }
}

/// The names under which somebody is logged in, in a state directory.
pub(crate) fn names(state_dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(state_dir.join("logins")).into_iter().flatten().flatten();
    let files = entries.map(|entry| entry.path());
    let files = files.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    let logins =
        files.filter_map(|path| serde_json::from_slice::<Login>(&fs::read(path).ok()?).ok());
    let mut names: Vec<String> =
        logins.filter(|login| login.place.is_some()).map(|login| login.account).collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

    use super::{DEFAULT, Login, LoginFile, Place, TokenKind, names};

    #[test]
    fn a_login_is_private_replaced_as_a_whole_and_changed_by_one_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        let file = LoginFile::of(&state, "https://a", DEFAULT);
        assert_eq!((file.read().unwrap(), file.stamp()), (None, None));
        let mut login = Login {
            id: "1".to_owned(),
            account: DEFAULT.to_owned(),
            api: "https://a".to_owned(),
            directory: "d".to_owned(),
            kind: TokenKind::Personal,
            handle: Some("alice".to_owned()),
            name: None,
            workspaces: Default::default(),
            place: Some(Place::File),
        };
        file.write(&login).unwrap();
        let first = file.stamp();
        file.replace(&file.secret(), b"x").unwrap();
        for path in fs::read_dir(state.join("logins")).unwrap().map(|entry| entry.unwrap().path()) {
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(names(&state), [DEFAULT]);
        login.place = None;
        file.write(&login).unwrap();
        assert_eq!(file.read().unwrap().as_ref(), Some(&login));
        assert_ne!(file.stamp(), first);
        assert!(names(&state).is_empty(), "logged out");
        let held = file.lock(Duration::ZERO).unwrap();
        assert!(file.lock(Duration::ZERO).is_err());
        drop(held);
        assert!(file.lock(Duration::ZERO).is_ok());
        login.account = "work".to_owned();
        assert_eq!(login.who(), "@alice as work");
        assert_eq!(login.command(), "`taskadefs login --account work`");
    }
}
