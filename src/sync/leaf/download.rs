//! A medium on its way: what has come of it is on the disk, and whoever reads it waits for what it
//! asks for and no more.

use std::{
    fs::File,
    os::unix::fs::FileExt,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
};

use tokio::sync::watch;

use crate::{
    api::{FileHead, Receiver},
    error::{Error, Kind, Result},
    store::media_names::MediaFacts,
};

/// A medium that comes.
#[derive(Debug)]
pub(crate) struct Download {
    file: File,
    progress: watch::Sender<Progress>,
    /// How much of what comes next is there already.
    known: AtomicU64,
    /// How many have it open. It does not go on for nobody.
    readers: AtomicUsize,
}

/// How far it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    pub(crate) received: u64,
    pub(crate) told: MediaFacts,
    /// What it came to, once it has.
    pub(crate) ended: Option<Result<()>>,
}

impl Progress {
    /// Whether all that is asked for is there, or nothing more will come.
    pub(crate) fn has(&self, end: u64) -> bool {
        self.ended.is_some() || self.received >= self.told.length.unwrap_or(u64::MAX).min(end)
    }
}

impl Download {
    /// One that goes on where what is in the file ends.
    ///
    /// # Errors
    /// If the disk fails.
    pub(crate) fn on(file: File) -> Result<Self> {
        let metadata = file.metadata();
        let received = metadata.map_err(|error| Error::io("cannot look at a medium", error))?.len();
        let progress = watch::Sender::new(Progress { received, ..Progress::default() });
        let (known, readers) = (AtomicU64::new(0), AtomicUsize::new(0));
        Ok(Self { file, progress, known, readers })
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    pub(crate) fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    pub(crate) fn add_reader(&self) {
        self.readers.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn drop_reader(&self) {
        self.readers.fetch_sub(1, Ordering::Relaxed);
    }

    /// The service has sent all that it sends. What was told of the medium, if that is all of it.
    ///
    /// # Errors
    /// [`Kind::Unreachable`] if it is not.
    pub(crate) fn complete(&self) -> Result<MediaFacts> {
        let Progress { received, told, .. } = self.progress.borrow().clone();
        match told.length {
            Some(length) if length != received => {
                Err(Error::new(Kind::Unreachable, "a medium came and was not all of it"))
            }
            _ => Ok(MediaFacts { length: Some(received), ..told }),
        }
    }

    /// Nothing more comes.
    pub(crate) fn end(&self, result: Result<()>) {
        self.progress.send_modify(|progress| progress.ended = Some(result));
    }
}

impl Receiver for Download {
    fn received(&self) -> u64 {
        self.progress.borrow().received
    }

    fn begin(&self, head: &FileHead) -> Result<bool> {
        let received = self.received();
        let is_fitting = head.from <= received && head.length.is_none_or(|all| all >= received);
        if !is_fitting {
            return Err(Error::new(Kind::Range, "what came of a medium before is of another one"));
        }
        self.known.store(received - head.from, Ordering::Relaxed);
        let told = MediaFacts { name: head.name.clone(), length: head.length };
        self.progress.send_modify(|progress| {
            progress.told.learn(told);
        });
        Ok(true)
    }

    fn take(&self, bytes: &[u8]) -> Result<()> {
        if self.readers.load(Ordering::Relaxed) == 0 {
            return Err(Error::new(Kind::Os(libc::ECANCELED), "nobody reads it any more"));
        }
        let known = self.known.load(Ordering::Relaxed).min(bytes.len() as u64);
        self.known.fetch_sub(known, Ordering::Relaxed);
        let new = usize::try_from(known).ok().and_then(|known| bytes.get(known..));
        let new = new.unwrap_or_default();
        let written = self.file.write_all_at(new, self.received());
        written.map_err(|error| Error::io("cannot keep a medium", error))?;
        self.progress.send_modify(|progress| progress.received += new.len() as u64);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::Download;
    use crate::{
        api::{FileHead, Receiver},
        error::Kind,
    };

    fn head(from: u64, length: Option<u64>) -> FileHead {
        FileHead { name: None, from, length }
    }

    #[test]
    fn what_is_there_already_is_passed_over_however_it_comes() {
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(b"abc", 0).unwrap();
        for (from, pieces) in [(3, ["d", "ef"]), (0, ["ab", "cdef"]), (1, ["bcd", "ef"])] {
            let part = file.try_clone().unwrap();
            part.set_len(3).unwrap();
            let download = Download::on(part).unwrap();
            download.add_reader();
            assert!(download.begin(&head(from, Some(6))).unwrap());
            pieces.iter().for_each(|piece| download.take(piece.as_bytes()).unwrap());
            assert_eq!(download.complete().unwrap().length, Some(6));
            let mut all = [0; 6];
            file.read_exact_at(&mut all, 0).unwrap();
            assert_eq!(&all, b"abcdef");
        }
    }

    #[test]
    fn what_does_not_fit_what_is_there_is_refused_and_what_breaks_off_is_not_all() {
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(b"abc", 0).unwrap();
        let download = Download::on(file).unwrap();
        for odd in [head(4, None), head(0, Some(2))] {
            assert_eq!(download.begin(&odd).unwrap_err().kind(), Kind::Range);
        }
        download.begin(&head(3, Some(6))).unwrap();
        assert_eq!(download.take(b"d").unwrap_err().kind(), Kind::Os(libc::ECANCELED));
        download.add_reader();
        download.take(b"d").unwrap();
        assert_eq!(download.complete().unwrap_err().kind(), Kind::Unreachable);
    }
}
