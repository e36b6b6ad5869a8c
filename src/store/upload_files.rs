//! The bytes of media that are to be uploaded, in the state directory: drafts that programs write, and
//! what the journal promises, which is durable before that says so.

use std::{
    collections::HashSet,
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use crate::error::{Error, Kind, Result};

/// What the names of drafts begin with: whoever wrote them was never told that they are safe.
const DRAFT: &str = "draft-";

/// What the names of those begin with that the journal knows.
const UPLOAD: &str = "upload-";

/// The files of one account.
#[derive(Debug)]
pub(crate) struct UploadFiles {
    dir: PathBuf,
}

impl UploadFiles {
    /// Those of the account whose directory this is. Nothing is made before it is needed.
    pub(crate) fn of(account: &Path) -> Self {
        Self { dir: account.join("uploads") }
    }

    /// A draft of nothing, and its name.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(crate) fn new_draft(&self) -> Result<(String, File)> {
        let name = unused_name(DRAFT)?;
        let failed = |error| self.failed("cannot make a draft", &name, error);
        DirBuilder::new().recursive(true).mode(0o700).create(&self.dir).map_err(failed)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o600);
        Ok((name.clone(), options.open(self.dir.join(&name)).map_err(failed)?))
    }

    /// Keeps what is in a file now. On disk when this returns; the name to read it by.
    ///
    /// # Errors
    /// If it cannot be kept.
    pub(crate) fn keep(&self, from: &Path) -> Result<String> {
        let name = unused_name(UPLOAD)?;
        let failed = |error| self.failed("cannot keep an upload", &name, error);
        DirBuilder::new().recursive(true).mode(0o700).create(&self.dir).map_err(failed)?;
        let path = self.dir.join(&name);
        let kept = fs::copy(from, &path)
            .and_then(|_| File::open(&path)?.sync_all())
            .and_then(|()| File::open(&self.dir)?.sync_all());
        kept.map_err(failed)?;
        Ok(name)
    }

    /// Where one is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// One, to be read.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub(crate) fn open(&self, name: &str) -> Result<File> {
        File::open(self.dir.join(name))
            .map_err(|error| self.failed("cannot read what is to be uploaded", name, error))
    }

    /// One is needed no longer.
    pub(crate) fn remove(&self, name: &str) {
        match fs::remove_file(self.dir.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, name, "an upload is still on the disk");
            }
            _ => {}
        }
    }

    /// A mount begins: what nobody is promised goes, but for what the journal knows.
    pub(crate) fn sweep(&self, known: &HashSet<String>) {
        let Ok(entries) = fs::read_dir(&self.dir) else { return };
        for name in entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()) {
            if name.starts_with(DRAFT) || (name.starts_with(UPLOAD) && !known.contains(&name)) {
                self.remove(&name);
            }
        }
    }

    fn failed(&self, what: &str, name: &str, error: io::Error) -> Error {
        Error::io(what, error).at(self.dir.join(name).display().to_string())
    }
}

fn unused_name(prefix: &str) -> Result<String> {
    let random = getrandom::u64()
        .map_err(|error| Error::new(Kind::Storage, format!("no random number: {error}")))?;
    Ok(format!("{prefix}{random:016x}"))
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, fs, os::unix::fs::FileExt};

    use super::UploadFiles;

    #[test]
    fn what_was_promised_outlives_a_mount_and_a_draft_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let files = UploadFiles::of(dir.path());
        let (draft, file) = files.new_draft().unwrap();
        file.write_all_at(b"one", 0).unwrap();
        let kept = files.keep(&files.path(&draft)).unwrap();
        file.write_all_at(b"two", 0).unwrap();
        let done = files.keep(&files.path(&draft)).unwrap();
        files.sweep(&HashSet::from([kept.clone()]));
        assert_eq!(fs::read(files.path(&kept)).unwrap(), b"one", "as it was then");
        assert!(files.open(&draft).is_err() && files.open(&done).is_err());
        files.remove(&kept);
        files.remove(&kept);
    }
}
