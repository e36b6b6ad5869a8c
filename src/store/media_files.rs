//! The bytes of media on this disk: of those that were read, as many as fit, and what has come so far
//! of those that are read at the moment. All of it can be read again.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::SystemTime,
};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    error::{Error, Kind, Result},
    file_name::NAME_MAX,
    ids::MediaId,
    kernel_thread,
};

/// Most bytes that are kept, but for what is read at the moment.
const MOST: u64 = 512 << 20;

/// The ending of what has not come to its end.
const PART: &str = ".part";

/// The files of one account.
#[derive(Debug)]
pub(crate) struct MediaFiles {
    dir: PathBuf,
    most: u64,
}

impl MediaFiles {
    /// Those of the account whose directory this is. Nothing is made before it is needed.
    pub(crate) fn of(account: &Path) -> Self {
        Self { dir: account.join("media"), most: MOST }
    }

    /// A medium that is there as a whole, which is as long as `length` if that is known. It is used now.
    pub(crate) fn open(&self, id: &MediaId, length: Option<u64>) -> Option<File> {
        let path = self.path(id, "").ok()?;
        let file = File::open(&path).ok()?;
        let is_whole = file.metadata().is_ok_and(|it| length.is_none_or(|all| all == it.len()));
        if !is_whole {
            // What a crash of the machine left.
            self.remove(id);
            return None;
        }
        // Only whether it goes before others depends on it.
        let _ = file.set_modified(SystemTime::now());
        Some(file)
    }

    /// What has come of a medium, to be gone on with.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(crate) fn open_part(&self, id: &MediaId) -> Result<File> {
        let path = self.path(id, PART)?;
        let failed =
            |error| Error::io("cannot keep a medium", error).at(path.display().to_string());
        DirBuilder::new().recursive(true).mode(0o700).create(&self.dir).map_err(failed)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        options.open(&path).map_err(failed)
    }

    /// A medium has come to its end: it is there as a whole, and those that were used longest ago make
    /// room for it.
    ///
    /// # Errors
    /// If the disk fails.
    pub(crate) fn complete(&self, id: &MediaId, file: &File) -> Result<()> {
        let (part, whole) = (self.path(id, PART)?, self.path(id, "")?);
        let completed = file.sync_data().and_then(|()| fs::rename(&part, &whole));
        completed.map_err(|error| {
            Error::io("cannot keep a medium", error).at(whole.display().to_string())
        })?;
        self.make_room(&whole);
        Ok(())
    }

    /// What is at a path is a medium as a whole, which need not be read.
    ///
    /// # Errors
    /// If the disk fails.
    pub(crate) fn adopt(&self, id: &MediaId, from: &Path) -> Result<()> {
        let whole = self.path(id, "")?;
        let failed =
            |error| Error::io("cannot keep a medium", error).at(whole.display().to_string());
        DirBuilder::new().recursive(true).mode(0o700).create(&self.dir).map_err(failed)?;
        match fs::hard_link(from, &whole) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed(error));
            }
            _ => {}
        }
        self.make_room(&whole);
        Ok(())
    }

    /// What has come of a medium is worth nothing.
    pub(crate) fn drop_part(&self, id: &MediaId) {
        self.path(id, PART).into_iter().for_each(|path| remove(&path));
    }

    /// A medium is gone.
    pub(crate) fn remove(&self, id: &MediaId) {
        self.path(id, "").into_iter().for_each(|path| remove(&path));
        self.drop_part(id);
    }

    fn make_room(&self, but_for: &Path) {
        kernel_thread::assert_not_serving("the local disk is used");
        let Ok(entries) = fs::read_dir(&self.dir) else { return };
        let file = |entry: fs::DirEntry| {
            let metadata = entry.metadata().ok()?;
            Some((metadata.modified().ok()?, metadata.len(), entry.path()))
        };
        let mut files: Vec<_> = entries.flatten().filter_map(file).collect();
        files.sort();
        let mut bytes: u64 = files.iter().map(|(_, length, _)| length).sum();
        for (_, length, path) in files.iter().filter(|(_, _, path)| path != but_for) {
            if bytes <= self.most {
                return;
            }
            // Who has it open reads on.
            remove(path);
            bytes -= length;
        }
    }

    /// Where a medium is, under a name that no other id has.
    fn path(&self, id: &MediaId, ending: &str) -> Result<PathBuf> {
        let name = format!("m-{}{ending}", utf8_percent_encode(id.as_str(), NON_ALPHANUMERIC));
        if name.len() > NAME_MAX {
            return Err(Error::new(Kind::NameTooLong, "the id of the medium is too long"));
        }
        Ok(self.dir.join(name))
    }
}

fn remove(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, path = %path.display(), "a medium is still on the disk");
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::Read,
        os::unix::fs::FileExt,
        time::{Duration, SystemTime},
    };

    use super::MediaFiles;
    use crate::ids::MediaId;

    fn put(files: &MediaFiles, id: &str, bytes: &[u8]) {
        let id = MediaId::new(id);
        let part = files.open_part(&id).unwrap();
        part.write_all_at(bytes, 0).unwrap();
        files.complete(&id, &part).unwrap();
    }

    fn get(files: &MediaFiles, id: &str) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        files.open(&MediaId::new(id), None)?.read_to_end(&mut bytes).unwrap();
        Some(bytes)
    }

    #[test]
    fn what_came_is_there_under_its_own_id_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let files = MediaFiles::of(dir.path());
        for (id, bytes) in [("a/b", b"1"), ("a／b", b"2"), ("..", b"3"), ("", b"4")] {
            put(&files, id, bytes);
        }
        assert_eq!(get(&files, "a/b").unwrap(), b"1");
        assert_eq!(get(&files, "..").unwrap(), b"3");
        assert!(get(&files, "a").is_none());
        assert!(files.open_part(&MediaId::new("x".repeat(300))).is_err());
        let id = MediaId::new("a/b");
        assert!(files.open(&id, Some(2)).is_none(), "it is not all of it");
        assert!(get(&files, "a/b").is_none(), "and is read again");
    }

    #[test]
    fn those_that_were_used_longest_ago_make_room() {
        let dir = tempfile::tempdir().unwrap();
        let files = MediaFiles { most: 25, ..MediaFiles::of(dir.path()) };
        for (age, id) in [(30, "a"), (20, "b")] {
            put(&files, id, &[0; 10]);
            let file = files.open(&MediaId::new(id), Some(10)).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        }
        get(&files, "a");
        put(&files, "c", &[0; 10]);
        assert!(get(&files, "a").is_some() && get(&files, "b").is_none());
        put(&files, "d", &[0; 99]);
        assert_eq!(get(&files, "d").unwrap().len(), 99, "who reads it has it");
    }
}
