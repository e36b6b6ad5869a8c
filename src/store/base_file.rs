//! The files of the log of served bases: one that grows, and one that all is put together in which is
//! still of use.
//!
//! The one that grows is in memory where there is room for that: see `memory_dir`. Writing there waits
//! for nothing, and no record is of use after the machine started again.

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
    store::{
        base_records::{Contents, Record, create, push},
        memory_dir,
    },
};

/// What is written since the last mount began, or since it was put together.
pub(crate) const LOG: &str = "bases.log";

/// The same, while it is put together with what was kept.
pub(crate) const ROTATED: &str = "bases.rotated";

/// What was put together.
pub(crate) const KEPT: &str = "bases.kept";

/// Size of the log in bytes at which it is put together.
pub(crate) const LARGE: u64 = 16 << 20;

/// The directories that the files of a log are in.
#[derive(Debug, Clone)]
pub(crate) struct LogDirs {
    kept: PathBuf,
    grows: PathBuf,
    is_in_memory: bool,
}

/// Where a log is kept.
#[derive(Debug)]
pub(crate) struct LogPlace {
    dirs: LogDirs,
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

impl LogDirs {
    /// The log of an account in its directory, and what grows of it in memory: below `shared`, or in
    /// the same directory if that is in memory itself.
    pub(crate) fn new(dir: &Path, shared: Option<&Path>) -> Self {
        let beside = shared.and_then(|shared| memory_dir::beside(dir, shared));
        let grows = beside.unwrap_or_else(|| dir.to_owned());
        let is_in_memory = memory_dir::is_in_memory(&grows);
        Self { kept: dir.to_owned(), grows, is_in_memory }
    }

    /// The log of an account as it is where no memory is shared, wherever that is.
    #[cfg(test)]
    pub(crate) fn on_disk(dir: &Path) -> Self {
        Self { kept: dir.to_owned(), grows: dir.to_owned(), is_in_memory: false }
    }

    /// Whether writing to what grows waits for nothing.
    pub(crate) fn is_in_memory(&self) -> bool {
        self.is_in_memory
    }

    /// What living programs had before their eyes, as the files say.
    pub(crate) fn read(&self, boot: &str) -> Contents {
        let mut contents = Contents::default();
        if !boot.is_empty() {
            contents.read(&self.kept.join(KEPT), boot);
            // A mount that finds no memory goes on on disk: what is there is later than what is not.
            let grows = if self.kept.join(LOG).exists() { &self.kept } else { &self.grows };
            [ROTATED, LOG].iter().for_each(|name| contents.read(&grows.join(name), boot));
        }
        contents.drop_dead();
        contents
    }

    /// Removes all files. What cannot be removed is told by what failed before.
    pub(crate) fn remove_all(&self) {
        let _ = fs::remove_file(self.kept.join(KEPT));
        for dir in [&self.kept, &self.grows] {
            let _ = fs::remove_file(dir.join(LOG));
            let _ = fs::remove_file(dir.join(ROTATED));
        }
    }

    /// Leaves nothing in memory that is on disk now.
    fn leave_memory(&self) -> io::Result<()> {
        if self.grows != self.kept {
            fs::remove_dir_all(&self.grows)?;
        }
        Ok(())
    }
}

impl LogFile {
    /// Keeps what was found, and begins an empty log. In this order: whatever is killed in between, all
    /// is there. `None` where nothing can be kept.
    pub(crate) fn begin(
        place: LogPlace,
        contents: &Contents,
        large: u64,
    ) -> io::Result<Option<Self>> {
        let LogPlace { dirs: LogDirs { kept, grows, .. }, boot, next, .. } = &place;
        if boot.is_empty() {
            return Ok(None);
        }
        contents.write(&kept.join(KEPT), boot, next)?;
        remove_if_there(&kept.join(ROTATED))?;
        remove_if_there(&grows.join(ROTATED))?;
        let temporary = grows.join(LOG).with_extension("begun");
        let mut file = create(&temporary)?;
        file.write_all(&first_line(boot))?;
        fs::rename(temporary, grows.join(LOG))?;
        if grows != kept {
            remove_if_there(&kept.join(LOG))?;
        }
        Ok(Some(Self { place: Arc::new(place), file, bytes: 0, large }))
    }

    /// Whether what is noted from now on is to be in another file.
    pub(crate) fn is_full(&self) -> bool {
        self.bytes > self.large && !self.place.is_rotating.load(Ordering::Acquire)
    }

    /// Writes whole lines, with the kernel when this returns; what is noted after the last of a file is
    /// in another one. After what cannot be written nothing is kept, and this tells `false`.
    pub(crate) fn append(&mut self, lines: &[u8], is_last: bool) -> bool {
        if !self.place.dirs.is_in_memory {
            kernel_thread::assert_not_serving("the log of served bases is written");
        }
        let written = self.file.write_all(lines);
        self.bytes += lines.len() as u64;
        match &written {
            Ok(()) if is_last => self.rotate(),
            Ok(()) => {}
            Err(error) => {
                tracing::warn!(%error, "what programs have read is not known after a remount");
                self.place.dirs.remove_all();
            }
        }
        written.is_ok()
    }

    /// Puts all together on disk, as nobody notes anything any more.
    pub(crate) fn end(self) {
        let LogPlace { dirs, boot, next, .. } = &*self.place;
        // What is put together by another thread is still in its place.
        if !dirs.is_in_memory || self.place.is_rotating.load(Ordering::Acquire) {
            return;
        }
        let kept = dirs.read(boot).write(&dirs.kept.join(KEPT), boot, next);
        if let Err(error) = kept.and_then(|()| dirs.leave_memory()) {
            tracing::debug!(%error, "what programs have read stays in memory");
        }
    }

    /// Goes on with an empty file, while another thread puts the one so far together with what was kept.
    fn rotate(&mut self) {
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
        let LogPlace { dirs: LogDirs { grows, .. }, boot, .. } = &*self.place;
        fs::rename(grows.join(LOG), grows.join(ROTATED))?;
        let mut file = create(&grows.join(LOG))?;
        file.write_all(&first_line(boot))?;
        (self.file, self.bytes) = (file, 0);
        Ok(())
    }
}

impl LogPlace {
    pub(crate) fn new(dirs: LogDirs, boot: String, next: Arc<AtomicU64>) -> Self {
        Self { dirs, boot, next, is_rotating: AtomicBool::new(false) }
    }

    fn put_together(&self) -> io::Result<()> {
        let mut contents = Contents::default();
        let (kept, rotated) = (self.dirs.kept.join(KEPT), self.dirs.grows.join(ROTATED));
        contents.read(&kept, &self.boot);
        contents.read(&rotated, &self.boot);
        contents.drop_dead();
        contents.write(&kept, &self.boot, &self.next)?;
        fs::remove_file(rotated)
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn first_line(boot: &str) -> Vec<u8> {
    let mut lines = Vec::new();
    push(&mut lines, &Record::Boot(boot.to_owned()));
    lines
}
