//! A log in a file: private, appended to by whoever logs there, and rotated once it is long.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use crate::error::{Error, Result};

/// A file that is longer than this is put aside, in bytes.
pub(super) const LONGEST: u64 = 4 << 20;

/// The file.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    longest: u64,
    file: Mutex<File>,
}

impl LogFile {
    /// Opens or makes it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn open(path: &Path, longest: u64) -> Result<Self> {
        let failed =
            |error| Error::io("cannot write the log", error).at(path.display().to_string());
        let path = std::path::absolute(path).map_err(failed)?;
        let file = Mutex::new(append(&path).map_err(failed)?);
        Ok(Self { path, longest, file })
    }

    /// Writes a line. What cannot be written is lost: a full disk stops nobody.
    fn line(&self, line: &[u8]) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // Another process may have put it aside meanwhile.
        let own = file.metadata()?.ino();
        if fs::metadata(&self.path).map_or(true, |there| there.ino() != own) {
            *file = append(&self.path)?;
        }
        let length = file.metadata()?.len();
        if length > 0 && length + line.len() as u64 > self.longest {
            fs::rename(&self.path, self.aside())?;
            *file = append(&self.path)?;
        }
        file.write_all(line)
    }

    /// Where what is put aside goes, in place of what was there.
    fn aside(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".1");
        name.into()
    }
}

/// What is written at once is a line.
impl Write for &LogFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.line(line).map(|()| line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write, os::unix::fs::PermissionsExt};

    use super::LogFile;

    #[test]
    fn a_long_log_is_put_aside_and_whoever_else_logs_goes_on_in_the_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let (one, other) = (LogFile::open(&path, 8).unwrap(), LogFile::open(&path, 8).unwrap());
        (&one).write_all(b"first\n").unwrap();
        (&other).write_all(b"second\n").unwrap();
        (&one).write_all(b"x\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "x\n");
        assert_eq!(fs::read_to_string(dir.path().join("log.1")).unwrap(), "second\n");
        (&other).write_all(b"y\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "x\ny\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        (&one).write_all(b"longer than the longest\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "longer than the longest\n");
    }
}
