//! Whose mount it is: the token, and the private directory that belongs to it.

use std::{
    env, fs,
    fs::{DirBuilder, File},
    io::{Read, Write},
    os::{
        fd::AsRawFd,
        unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
};

use super::environment;
use crate::{
    error::{Error, Kind, Result},
    secret::Token,
};

/// The file in an account's directory that says at which API it is.
const API: &str = "api";

/// The file in it that says what a person knows the account by.
pub(super) const NAME: &str = "name";

/// Longest token file that is read.
const MAX_TOKEN_FILE: u64 = 64 << 10;

/// The token: from the file, else from the environment, which has none from then on. To be called
/// while this process has one thread.
///
/// # Errors
/// If the file cannot be read, others can read it, or no token is set at all.
pub(crate) fn token(file: Option<&Path>) -> Result<Token> {
    if let Some(file) = file {
        return token_from_file(file).map_err(|error| error.at(file.display().to_string()));
    }
    // A variable that is set to nothing is as good as not set.
    let text = environment::take(&["TASKADE_TOKEN", "TASKADE_API_KEY"]).ok_or_else(|| {
        Error::new(Kind::Unauthorized, "no token is set").hint(
            "set TASKADE_TOKEN or give --token-file, or try it without an account: --local DIR",
        )
    })?;
    Token::new(&text).ok_or_else(|| {
        Error::new(Kind::Invalid, "the token in the environment cannot be one")
            .hint("a token is one word of printable characters, such as tskdp_…")
    })
}

fn token_from_file(path: &Path) -> Result<Token> {
    let failed = |error| Error::io("cannot read the token", error);
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(Error::new(Kind::IsDirectory, "the token file is a directory")
            .hint("name a file that holds the token and nothing else"));
    }
    if metadata.mode() & 0o077 != 0 {
        return Err(Error::new(Kind::Forbidden, "others can read the token file")
            .hint(format!("chmod 600 {}", path.display())));
    }
    let mut text = String::new();
    file.take(MAX_TOKEN_FILE).read_to_string(&mut text).map_err(failed)?;
    Token::new(&text).ok_or_else(|| Error::new(Kind::Invalid, "the file does not hold a token"))
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
        let path = directory(state_dir, api, account);
        make_private(state_dir)?;
        make_private(&path)?;
        let lock = lock(&path.join("lock"))?;
        let note = path.join(API);
        if fs::read_to_string(&note).ok().as_deref() != Some(api) {
            let mut options = fs::OpenOptions::new();
            let file = options.write(true).create(true).truncate(true).mode(0o600).open(&note);
            file.and_then(|mut file| file.write_all(api.as_bytes())).map_err(|error| {
                Error::io("cannot write to the state directory", error)
                    .at(note.display().to_string())
            })?;
        }
        Ok(Self { path, _lock: lock })
    }

    /// Keeps what a person knows the account by, for `status` while it is not mounted.
    pub(crate) fn note_name(&self, name: &str) -> Result<()> {
        let note = self.path.join(NAME);
        if fs::read_to_string(&note).ok().as_deref() == Some(name) {
            return Ok(());
        }
        let mut options = fs::OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(&note);
        file.and_then(|mut file| file.write_all(name.as_bytes())).map_err(|error| {
            Error::io("cannot write to the state directory", error).at(note.display().to_string())
        })
    }

    /// The directory at `path`, if it is of an account at this API and no process has it.
    pub(crate) fn existing(path: &Path, api: &str) -> Option<Self> {
        let is_of_api = fs::read_to_string(path.join(API)).ok()? == api;
        let lock = is_of_api.then(|| lock(&path.join("lock")).ok())??;
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
    let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
    for part in [api, account] {
        digest.update(part.as_bytes());
        digest.update(&[0]);
    }
    let digest = digest.finish();
    let name: String = digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    state_dir.join("accounts").join(name)
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
    // SAFETY: geteuid has no preconditions.
    let user = unsafe { libc::geteuid() };
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

fn lock(path: &Path) -> Result<File> {
    let failed =
        |error| Error::io("cannot lock the state directory", error).at(path.display().to_string());
    let file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    // SAFETY: the descriptor is open for as long as `file` lives.
    if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == 0 {
        return Ok(file);
    }
    let error = std::io::Error::last_os_error();
    if error.raw_os_error() == Some(libc::EWOULDBLOCK) {
        return Err(Error::new(
            Kind::Exists,
            "this account is mounted already with this state directory",
        )
        .hint("unmount it first, or give another --state-dir"));
    }
    Err(failed(error))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::{AccountDir, token};

    #[test]
    fn a_token_file_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        fs::write(&path, "tskdp_x\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = token(Some(&path)).unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(token(Some(&path)).unwrap().expose(), "tskdp_x");
        for shared in ["/tmp", "/"] {
            let error = token(Some(shared.as_ref())).unwrap_err().to_string();
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
        drop(first);
        AccountDir::open(&root, "https://a", "secret").unwrap();
    }
}
