//! Whose mount it is: the token, and the private directory that belongs to it.

use std::{
    env,
    ffi::OsString,
    fs::{self, DirBuilder, File},
    io::{self, Read, Write},
    os::unix::{
        ffi::{OsStrExt, OsStringExt},
        fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};

use super::{abort, environment};

use crate::{
    error::{Error, Kind, Result},
    secret::Token,
};

/// The file in an account's directory that says at which API it is.
pub(super) const API: &str = "api";

/// The file in it that says what a person knows the account by.
pub(super) const NAME: &str = "name";

/// The file in it that has the handle of whoever it belongs to, once that is known.
const OWNER: &str = "owner";

/// The file in it that says which process used it last, and where that mounted it.
const USER: &str = "user";

/// How long a process that is dying may take to end.
const DYING: Duration = Duration::from_secs(10);

/// How often it is looked whether it has.
const LOOK: Duration = Duration::from_millis(20);

/// What to do where a token file has no token.
const NAME_ANOTHER: &str =
    "name a file that holds the token and nothing else, or use `taskadefs login` and none";

/// Longest token file that is read.
const MAX_TOKEN_FILE: u64 = 64 << 10;

/// The token of the environment, which has none from then on. To be called while this process has one
/// thread.
///
/// # Errors
/// If it cannot be one.
pub(crate) fn token_from_environment() -> Result<Option<Token>> {
    // A variable that is set to nothing is as good as not set.
    let Some(text) = environment::take(&environment::TOKENS) else {
        return Ok(None);
    };
    Token::new(&text).map(Some).ok_or_else(|| {
        Error::new(Kind::Invalid, "the token in the environment cannot be one")
            .hint("a token is one word of printable characters, such as tskdp_…")
    })
}

/// The token in a file.
///
/// # Errors
/// If it cannot be read, or others can read it.
pub(crate) fn token_from_file(path: &Path) -> Result<Token> {
    read_token(path).map_err(|error| error.at(path.display().to_string()))
}

fn read_token(path: &Path) -> Result<Token> {
    let failed = |error| Error::io("cannot read the token", error);
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => failed(error).hint(NAME_ANOTHER),
        _ => failed(error),
    })?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(
            Error::new(Kind::IsDirectory, "the token file is a directory").hint(NAME_ANOTHER)
        );
    }
    if metadata.mode() & 0o077 != 0 {
        return Err(Error::new(Kind::Forbidden, "others can read the token file")
            .hint(format!("chmod 600 {}", path.display())));
    }
    let mut text = String::new();
    file.take(MAX_TOKEN_FILE).read_to_string(&mut text).map_err(failed)?;
    Token::new(&text).ok_or_else(|| {
        Error::new(Kind::Invalid, "the file does not hold a token").hint(NAME_ANOTHER)
    })
}

/// The state directory that was asked for, else the XDG one.
///
/// # Errors
/// If neither `XDG_STATE_HOME` nor `HOME` is set.
pub(crate) fn state_dir(asked: Option<&Path>) -> Result<PathBuf> {
    if let Some(asked) = asked.filter(|asked| !asked.as_os_str().is_empty()) {
        return std::path::absolute(asked)
            .map_err(|error| Error::io("cannot use the state directory", error));
    }
    let base = env::var_os("XDG_STATE_HOME")
        .filter(|dir| !dir.is_empty())
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state")));
    base.map(|base| base.join("taskadefs")).ok_or_else(|| {
        Error::new(Kind::Storage, "no place for the state directory").hint("give --state-dir DIR")
    })
}

/// The private directory of one account, locked for this mount.
#[derive(Debug)]
pub(crate) struct AccountDir {
    pub(crate) path: PathBuf,
    /// Holds the lock for as long as it lives.
    _lock: File,
}

impl AccountDir {
    /// Opens, or makes, the directory of an account at an API. `account` is what tells accounts
    /// apart: it is hashed, so that no token is ever on disk.
    ///
    /// # Errors
    /// If it cannot be made, or another mount has it.
    pub(crate) fn open(state_dir: &Path, api: &str, account: &str) -> Result<Self> {
        Self::open_named(state_dir, api, &hashed(&[api, account]))
    }

    /// As [`open`](Self::open), of an account whose directory has this name.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(crate) fn open_named(state_dir: &Path, api: &str, name: &str) -> Result<Self> {
        let path = directory_named(state_dir, name);
        make_private(state_dir)?;
        make_private(&path)?;
        let lock = lock(&path)?;
        write_note(&path, API, api.as_bytes())?;
        let this = Self { path, _lock: lock };
        this.note_user(None)?;
        Ok(this)
    }

    /// Keeps that this process uses it, and where it is mounted, for whoever finds it locked or the
    /// mount dead.
    ///
    /// # Errors
    /// If that cannot be written.
    pub(crate) fn note_user(&self, mountpoint: Option<&Path>) -> Result<()> {
        let mut note = format!("{}\n", std::process::id()).into_bytes();
        note.extend(mountpoint.into_iter().flat_map(|path| path.as_os_str().as_bytes()));
        write_note(&self.path, USER, &note)
    }

    /// Keeps what a person knows the account by, for `status` while it is not mounted.
    pub(crate) fn note_name(&self, name: &str) -> Result<()> {
        write_note(&self.path, NAME, name.as_bytes())
    }

    /// The directory at `path`, if it is of an account at this API and no process has it.
    pub(crate) fn existing(path: &Path, api: &str) -> Option<Self> {
        let is_of_api = fs::read_to_string(path.join(API)).ok()? == api;
        let lock = is_of_api.then(|| try_lock(path).ok().flatten())??;
        Some(Self { path: path.to_owned(), _lock: lock })
    }

    /// Takes the place of `new`, a directory that holds nothing of worth yet.
    ///
    /// # Errors
    /// If it cannot be removed, or this one not renamed.
    pub(crate) fn take_the_place_of(self, new: Self) -> Result<Self> {
        let path = new.path.clone();
        fs::remove_dir_all(&path).and_then(|()| fs::rename(&self.path, &path)).map_err(
            |error| {
                Error::io("cannot go on with the saves of an older token", error)
                    .at(self.path.display().to_string())
            },
        )?;
        Ok(Self { path, ..self })
    }
}

/// The directory of an account at an API, whether or not it is there.
pub(crate) fn directory(state_dir: &Path, api: &str, account: &str) -> PathBuf {
    directory_named(state_dir, &hashed(&[api, account]))
}

/// The directory of an account by its name, whether or not it is there.
pub(crate) fn directory_named(state_dir: &Path, name: &str) -> PathBuf {
    state_dir.join("accounts").join(name)
}

/// A name that tells these words from others, and nothing of what they are.
pub(crate) fn hashed(words: &[&str]) -> String {
    let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
    for word in words {
        digest.update(word.as_bytes());
        digest.update(&[0]);
    }
    let digest = digest.finish();
    digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Makes a directory that only its owner can enter. One that is there may be looked into by
/// others, since what is made in it is private; it must not be changed by them.
///
/// # Errors
/// If it cannot be made, or others can change it.
pub(crate) fn make_private(path: &Path) -> Result<()> {
    let shown = path.display().to_string();
    let failed = |error| Error::io("cannot make the state directory", error).at(&shown);
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
    let metadata = fs::metadata(path).map_err(failed)?;
    let user = rustix::process::geteuid().as_raw();
    if metadata.mode() & 0o022 == 0 && (metadata.uid() == user || user == 0) {
        return Ok(());
    }
    // What is shared, such as /tmp, stays as it is.
    let is_own = metadata.uid() == user && metadata.mode() & libc::S_ISVTX == 0;
    let remedy = match is_own {
        true => format!("chmod 700 {shown}, or give another --state-dir"),
        false => format!("give a directory of your own, such as --state-dir {shown}/taskadefs"),
    };
    let what = "others can change the state directory";
    Err(Error::new(Kind::Forbidden, what).at(&shown).hint(remedy))
}

/// Which process uses an account's directory, or did so last.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) pid: libc::pid_t,
    /// Where it has mounted it, if it has.
    pub(crate) mountpoint: Option<PathBuf>,
}

/// Who uses the directory of an account, or did so last.
pub(crate) fn user_of(account: &Path) -> Option<User> {
    let note = fs::read(account.join(USER)).ok()?;
    let (pid, path) = note.split_at(note.iter().position(|byte| *byte == b'\n')?);
    let path = path.get(1..).filter(|path| !path.is_empty());
    Some(User {
        pid: std::str::from_utf8(pid).ok()?.parse().ok()?,
        mountpoint: path.map(|path| PathBuf::from(OsString::from_vec(path.to_vec()))),
    })
}

/// The handle of whoever the directory of an account belongs to, if that is known.
pub(crate) fn owner_of(account: &Path) -> Option<String> {
    let handle = fs::read_to_string(account.join(OWNER)).ok()?;
    Some(handle.trim().to_owned()).filter(|handle| !handle.is_empty())
}

/// Notes the handle of whoever the directory of an account belongs to.
///
/// # Errors
/// If that cannot be written.
pub(crate) fn note_owner(account: &Path, handle: &str) -> Result<()> {
    write_note(account, OWNER, handle.as_bytes())
}

/// Writes a private file in the directory of an account, unless it says that already.
fn write_note(account: &Path, name: &str, note: &[u8]) -> Result<()> {
    let path = account.join(name);
    if fs::read(&path).ok().as_deref() == Some(note) {
        return Ok(());
    }
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(&path);
    file.and_then(|mut file| file.write_all(note)).map_err(|error| {
        Error::io("cannot write to the state directory", error).at(path.display().to_string())
    })
}

/// Locks the directory of an account. One that a dying process has is waited for, and the process
/// helped to its end; and so is one that a command has.
fn lock(account: &Path) -> Result<File> {
    let end = Instant::now() + DYING;
    let is_command =
        |user: &User| user.mountpoint.is_none() && user.pid.unsigned_abs() != std::process::id();
    let mut is_helped = false;
    loop {
        if let Some(lock) = try_lock(account)? {
            return Ok(lock);
        }
        let user = user_of(account);
        let is_dying = match &user {
            // Once is enough, and the process may have no files any more.
            Some(user) if !is_helped => {
                let mountpoint = user.mountpoint.as_deref();
                abort::dying_process(user.pid, mountpoint).map_err(abort::failed)?
            }
            _ => is_helped,
        };
        is_helped |= is_dying;
        // A command has it for a moment, or a mount that begins.
        let is_short = is_dying || user.as_ref().is_some_and(is_command);
        if !is_short || Instant::now() >= end {
            return Err(taken(user));
        }
        std::thread::park_timeout(LOOK);
    }
}

/// Whether another process has the directory of an account, if there is one.
///
/// # Errors
/// If that cannot be told.
pub(super) fn is_taken(account: &Path) -> Result<bool> {
    Ok(account.exists() && try_lock(account)?.is_none())
}

/// Another process has the directory of an account.
fn taken(user: Option<User>) -> Error {
    let what = "this account is mounted already with this state directory";
    let error = Error::new(Kind::Exists, what);
    match user.and_then(|user| user.mountpoint) {
        Some(path) => error.at(path.display().to_string()),
        None => error,
    }
    .hint("unmount it first, or give another --state-dir")
}

/// Locks the directory of an account; `None` if another process has.
fn try_lock(account: &Path) -> Result<Option<File>> {
    let path = account.join("lock");
    let failed = |error: io::Error| {
        Error::io("cannot lock the state directory", error).at(path.display().to_string())
    };
    let file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(failed)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(failed(error.into())),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::{AccountDir, token_from_file, user_of};

    #[test]
    fn a_token_file_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        fs::write(&path, "tskdp_x\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = token_from_file(&path).unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(token_from_file(&path).unwrap().expose(), "tskdp_x");
        fs::write(&path, "no token of mine\n").unwrap();
        for none in [&path, &dir.path().join("none")] {
            let error = token_from_file(none).unwrap_err().to_string();
            assert!(error.contains("; name a file that holds the token"), "{error}");
        }
        for shared in ["/tmp", "/"] {
            let error = token_from_file(shared.as_ref()).unwrap_err().to_string();
            assert!(error.contains("a directory") && !error.contains("chmod"), "{error}");
        }
        let error = super::make_private("/tmp".as_ref()).unwrap_err().to_string();
        assert!(
            error.contains("--state-dir /tmp/taskadefs") && !error.contains("chmod"),
            "{error}"
        );
    }

    #[test]
    fn an_account_has_one_private_directory_and_one_mount() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("state");
        let first = AccountDir::open(&root, "https://a", "secret").unwrap();
        let second = AccountDir::open(&root, "https://a", "secret").unwrap_err();
        assert!(second.to_string().contains("mounted already"), "{second}");
        let other = AccountDir::open(&root, "https://a", "other").unwrap();
        assert_ne!(first.path, other.path);
        assert!(!first.path.to_string_lossy().contains("secret"));
        for private in [&root, &first.path] {
            assert_eq!(fs::metadata(private).unwrap().permissions().mode() & 0o777, 0o700);
        }
        first.note_user(Some("/m/a b\nc".as_ref())).unwrap();
        let user = user_of(&first.path).unwrap();
        assert_eq!(user.mountpoint.as_deref(), Some("/m/a b\nc".as_ref()));
        let third = AccountDir::open(&root, "https://a", "secret").unwrap_err();
        assert!(third.to_string().contains("/m/a b"), "{third}");
        drop(first);
        let again = AccountDir::open(&root, "https://a", "secret").unwrap();
        assert_eq!(user_of(&again.path).unwrap().mountpoint, None, "it is not mounted yet");
    }
}
