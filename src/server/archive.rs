//! ZIP archives: made whole in memory, and read with a bound on what they unpack to.

use std::io::{Cursor, Read as _, Write as _};

use zip::{CompressionMethod, ZipArchive, ZipWriter, result::ZipError, write::SimpleFileOptions};

use super::answer::Answer;
use crate::error::{Error, Kind, Result};

/// Most bytes that an archive may unpack to.
const MAX_UNPACKED: u64 = 256 << 20;

/// An archive that is being made.
pub(crate) struct Archive {
    writer: ZipWriter<Cursor<Vec<u8>>>,
    failed: Option<ZipError>,
}

impl Default for Archive {
    fn default() -> Self {
        Self { writer: ZipWriter::new(Cursor::new(Vec::new())), failed: None }
    }
}

impl Archive {
    /// Adds a file. What goes wrong is told at the end.
    pub(crate) fn add(&mut self, path: &str, content: &[u8]) {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        let added = self.writer.start_file(path, options);
        let written = added.and_then(|()| Ok(self.writer.write_all(content)?));
        self.failed = self.failed.take().or(written.err());
    }

    /// The archive as an answer, as a file of this name.
    pub(crate) fn answer(self, name: &str) -> Result<Answer> {
        let done = match self.failed {
            Some(error) => Err(error),
            None => self.writer.finish(),
        };
        let bytes = done.map_err(|error| {
            Error::new(Kind::Storage, "no archive could be made").because(error)
        })?;
        Ok(Answer::file(bytes.into_inner(), "application/zip", name))
    }
}

/// The files of an archive, by their paths.
///
/// # Errors
/// Why this is none, or none that is read.
pub(crate) fn unpack(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, String> {
    let in_words = |error: ZipError| error.to_string();
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(in_words)?;
    let mut files = Vec::new();
    let mut left = MAX_UNPACKED;
    for at in 0..archive.len() {
        let file = archive.by_index(at).map_err(in_words)?;
        if file.is_dir() {
            continue;
        }
        let path = file.name().map_err(in_words)?.into_owned();
        let mut content = Vec::new();
        // One byte more than there may be tells that there is more.
        file.take(left + 1).read_to_end(&mut content).map_err(|error| error.to_string())?;
        let size = u64::try_from(content.len()).unwrap_or(u64::MAX);
        left = left.checked_sub(size).ok_or("it unpacks to too much")?;
        files.push((path, content));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::{Archive, unpack};

    #[test]
    fn what_was_packed_is_unpacked() {
        let mut archive = Archive::default();
        let files = [("a.json", b"{}".to_vec()), ("media/x/y.bin", vec![0; 100_000])];
        files.iter().for_each(|(path, content)| archive.add(path, content));
        let packed = archive.answer("a.zip").unwrap();
        assert!(packed.body.len() < 10_000);
        let unpacked = unpack(&packed.body).unwrap();
        assert_eq!(unpacked, files.map(|(path, content)| (path.to_owned(), content)));
    }

    #[test]
    fn what_is_no_archive_says_so() {
        for bytes in [&b""[..], b"PK", b"PK\x03\x04 and no more", b"{}"] {
            assert!(unpack(bytes).is_err());
        }
    }
}
