//! The files of the log of served bases: one that grows, and one that all is put together in which is
//! still of use.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use crate::{
    kernel_thread,
    store::base_records::{Contents, Record, create, push},
};

/// What is written since the last mount began, or since it was put together.
pub(crate) const LOG: &str = "bases.log";

/// The same, while it is put together with what was kept.
pub(crate) const ROTATED: &str = "bases.rotated";

/// What was put together.
pub(crate) const KEPT: &str = "bases.kept";

/// Size of the log in bytes at which it is put together.
pub(crate) const LARGE: u64 = 16 << 20;

/// Where a log is kept.
#[derive(Debug)]
pub(crate) struct LogPlace {
    dir: PathBuf,
    boot: String,
    /// The number given last to an outline.
    next: Arc<AtomicU64>,
    /// Whether a log is put together that was large.
    is_rotating: AtomicBool,
}

/// The file that grows.
#[derive(Debug)]
pub(crate) struct LogFile {
    place: Arc<LogPlace>,
    file: File,
    bytes: u64,
    large: u64,
}

impl LogFile {
    /// Keeps what was found, and begins an empty log. In this order: whatever is killed in between, all
    /// is there. `None` where nothing can be kept.
    pub(crate) fn begin(
        place: LogPlace,
        contents: &Contents,
        large: u64,
    ) -> io::Result<Option<Self>> {
        let LogPlace { dir, boot, next, .. } = &place;
        if boot.is_empty() {
            return Ok(None);
        }
        contents.write(&dir.join(KEPT), boot, next)?;
        match fs::remove_file(dir.join(ROTATED)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let temporary = dir.join(LOG).with_extension("begun");
        let mut file = create(&temporary)?;
        file.write_all(&first_line(boot))?;
        fs::rename(temporary, dir.join(LOG))?;
        Ok(Some(Self { place: Arc::new(place), file, bytes: 0, large }))
    }

    /// Whether what is noted from now on is to be in another file.
    pub(crate) fn is_full(&self) -> bool {
        self.bytes > self.large && !self.place.is_rotating.load(Ordering::Acquire)
    }

    /// Writes whole lines, with the kernel when this returns.
    pub(crate) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        kernel_thread::assert_not_serving("the log of served bases is written");
        self.file.write_all(lines)?;
        self.bytes += lines.len() as u64;
        Ok(())
    }

    /// Goes on with an empty file, while another thread puts the one so far together with what was kept.
    pub(crate) fn rotate(&mut self) {
        self.place.is_rotating.store(true, Ordering::Release);
        if let Err(error) = self.begin_anew() {
            tracing::warn!(%error, "what programs have read is in one file that grows");
            return;
        }
        let place = self.place.clone();
        let work = move || {
            if place.put_together().is_ok() {
                place.is_rotating.store(false, Ordering::Release);
            }
        };
        // Without a thread the log only grows.
        drop(std::thread::Builder::new().name("bases kept".to_owned()).spawn(work));
    }

    fn begin_anew(&mut self) -> io::Result<()> {
        let LogPlace { dir, boot, .. } = &*self.place;
        fs::rename(dir.join(LOG), dir.join(ROTATED))?;
        let mut file = create(&dir.join(LOG))?;
        file.write_all(&first_line(boot))?;
        (self.file, self.bytes) = (file, 0);
        Ok(())
    }

    /// What is there is out of date, as something cannot be written: nothing is kept at all.
    pub(crate) fn give_up(&self) {
        remove_all(&self.place.dir);
    }
}

impl LogPlace {
    pub(crate) fn new(dir: &Path, boot: String, next: Arc<AtomicU64>) -> Self {
        Self { dir: dir.to_owned(), boot, next, is_rotating: AtomicBool::new(false) }
    }

    fn put_together(&self) -> io::Result<()> {
        let mut contents = Contents::default();
        let rotated = self.dir.join(ROTATED);
        contents.read(&self.dir.join(KEPT), &self.boot);
        contents.read(&rotated, &self.boot);
        contents.drop_dead();
        contents.write(&self.dir.join(KEPT), &self.boot, &self.next)?;
        fs::remove_file(rotated)
    }
}

/// What living programs had before their eyes, as the files in a directory say.
pub(crate) fn read(dir: &Path, boot: &str) -> Contents {
    let mut contents = Contents::default();
    if !boot.is_empty() {
        [KEPT, ROTATED, LOG].iter().for_each(|name| contents.read(&dir.join(name), boot));
    }
    contents.drop_dead();
    contents
}

pub(crate) fn remove_all(dir: &Path) {
    for name in [LOG, ROTATED, KEPT] {
        // What cannot be removed is told by what failed before.
        let _ = fs::remove_file(dir.join(name));
    }
}

fn first_line(boot: &str) -> Vec<u8> {
    let mut lines = Vec::new();
    push(&mut lines, &Record::Boot(boot.to_owned()));
    lines
}
