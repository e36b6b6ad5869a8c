//! The file that an export becomes: nowhere to be seen before it is whole, and at its place at once
//! then. Whatever ends earlier, the process included, leaves nothing of it.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{ErrorKind, Write},
    os::{
        fd::AsRawFd,
        unix::fs::{OpenOptionsExt, PermissionsExt},
    },
    path::{Path, PathBuf},
};

use rustix::fs::{AtFlags, CWD, linkat};

use crate::error::{Error, Kind, Result};

/// A file in the making.
#[derive(Debug)]
pub(super) struct Target {
    file: File,
    /// Where it is to be, past all links.
    path: PathBuf,
    /// The name that it has meanwhile, where the file system has no files without one. It goes with this.
    draft: Option<Draft>,
    /// What it gets at its place: it is this user's alone before.
    permissions: Permissions,
}

/// A name that is gone when this is dropped.
#[derive(Debug)]
struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        // It may have become the file itself.
        let _ = fs::remove_file(&self.0);
    }
}

impl Target {
    /// One that is to be at this absolute path, as the one that is there, or else with this mode.
    ///
    /// # Errors
    /// If nothing can be made there, or something is there that is no file.
    pub(super) fn at(path: &Path, mode: u32) -> Result<Self> {
        let failed = |error| Error::io("cannot write the bundle", error);
        let (path, mode) = match fs::metadata(path) {
            Ok(there) if there.is_dir() => {
                return Err(Error::new(Kind::IsDirectory, "it is a directory")
                    .hint("name the file that the bundle is to be"));
            }
            Ok(there) if !there.is_file() => {
                return Err(Error::new(Kind::Invalid, "it is no regular file"));
            }
            Ok(there) => (fs::canonicalize(path).map_err(failed)?, there.permissions().mode()),
            Err(error) if error.kind() == ErrorKind::NotFound => (path.to_owned(), mode),
            Err(error) => return Err(failed(error)),
        };
        let directory = path.parent().unwrap_or(Path::new("/"));
        let mut options = OpenOptions::new();
        options.read(true).write(true).mode(0o600);
        let unnamed = options.clone().custom_flags(libc::O_TMPFILE).open(directory);
        let (file, draft) = match unnamed {
            Ok(file) => (file, None),
            Err(error) if has_no_unnamed_files(&error) => {
                let draft = Draft(unused_name(directory)?);
                let file = options.create_new(true).open(&draft.0).map_err(failed)?;
                (file, Some(draft))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(failed(error).hint("make its directory first"));
            }
            Err(error) => return Err(failed(error)),
        };
        // What is beyond these bits is for programs.
        let permissions = Permissions::from_mode(mode & 0o777);
        Ok(Self { file, path, draft, permissions })
    }

    /// What is in it so far.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Nothing is in it any more.
    pub(super) fn clear(&self) -> Result<()> {
        self.file
            .set_len(0)
            .and_then(|()| std::io::Seek::rewind(&mut &self.file))
            .map_err(|error| Error::io("cannot write the bundle", error))
    }

    /// Adds to it.
    pub(super) fn write(&self, bytes: &[u8]) -> Result<()> {
        (&self.file).write_all(bytes).map_err(|error| {
            let failed = Error::io("cannot write the bundle", error);
            match failed.errno() {
                libc::ENOSPC | libc::EDQUOT => failed.hint("make room, or name a file elsewhere"),
                _ => failed,
            }
        })
    }

    /// It is whole: it takes its place, durably.
    pub(super) fn commit(self) -> Result<()> {
        let failed = |error| Error::io("cannot put the bundle in its place", error);
        self.file.set_permissions(self.permissions).map_err(failed)?;
        self.file.sync_all().map_err(failed)?;
        let directory = self.path.parent().unwrap_or(Path::new("/"));
        let draft = match self.draft {
            Some(draft) => draft,
            None => {
                let draft = Draft(unused_name(directory)?);
                let own = format!("/proc/self/fd/{}", self.file.as_raw_fd());
                linkat(CWD, &own, CWD, &draft.0, AtFlags::SYMLINK_FOLLOW)
                    .map_err(|errno| failed(errno.into()))?;
                draft
            }
        };
        fs::rename(&draft.0, &self.path).map_err(failed)?;
        let directory = File::open(directory).and_then(|directory| directory.sync_all());
        directory.map_err(failed)
    }
}

/// Whether a file system says that all its files have names.
fn has_no_unnamed_files(error: &std::io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EOPNOTSUPP | libc::EISDIR | libc::EINVAL))
}

/// A name that nothing in a directory has, and that nobody lists.
fn unused_name(directory: &Path) -> Result<PathBuf> {
    let random = getrandom::u64()
        .map_err(|error| Error::new(Kind::Storage, "no random numbers").because(error))?;
    Ok(directory.join(format!(".bundle-{random:016x}.part")))
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::{PermissionsExt, symlink},
    };

    use super::{Draft, Target};
    use crate::error::Kind;

    fn names(dir: &tempfile::TempDir) -> Vec<String> {
        let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_there_once_it_is_whole_and_takes_the_place_of_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.zip");
        let target = Target::at(&path, 0o640).unwrap();
        target.write(b"half").unwrap();
        assert!(names(&dir).is_empty());
        drop(target);
        assert!(names(&dir).is_empty());
        fs::write(&path, "before").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        symlink("a.zip", dir.path().join("link.zip")).unwrap();
        let target = Target::at(&dir.path().join("link.zip"), 0o666).unwrap();
        target.write(b"torn").unwrap();
        target.clear().unwrap();
        target.write(b"whole").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"before");
        target.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(names(&dir), ["a.zip", "link.zip"]);
        assert!(fs::symlink_metadata(dir.path().join("link.zip")).unwrap().is_symlink());
    }

    #[test]
    fn a_draft_that_has_a_name_is_gone_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".bundle-1.part");
        fs::write(&path, "half").unwrap();
        drop(Draft(path));
        assert!(names(&dir).is_empty());
    }

    #[test]
    fn what_is_no_place_for_a_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let kind = |path: &str| Target::at(&dir.path().join(path), 0o600).unwrap_err().kind();
        assert_eq!(kind("."), Kind::IsDirectory);
        assert_eq!(kind("none/a.zip"), Kind::Os(libc::ENOENT));
        assert_eq!(Target::at("/dev/null".as_ref(), 0o600).unwrap_err().kind(), Kind::Invalid);
    }
}
