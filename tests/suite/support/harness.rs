//! A mount without a kernel: the file system driven directly, over a service in memory, in virtual
//! time.

use std::{
    ffi::OsStr,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use taskadefs::{
    clock::{Clock, SystemClock},
    error::Result,
    sync::{Engine, Event, Journal, Settings},
    vfs::{DirectoryEntry, Ino, Invalidate, Invalidation, OpenMode, ROOT, RenameMode, Vfs},
};
use tokio::sync::mpsc;

use crate::support::service::{Memory, connection::Line};

/// This process: every request of the tests comes from it.
pub fn me() -> u32 {
    std::process::id()
}

pub struct Mount {
    pub vfs: Arc<Vfs>,
    pub memory: Arc<Memory>,
    pub line: Arc<Line>,
    pub folder: Ino,
    pub dir: tempfile::TempDir,
    pub settings: Settings,
    /// What the mounts that come go by.
    pub clock: Arc<dyn Clock>,
    unheard: Option<Unheard>,
}

/// What is to be told to a kernel, if there is one.
type Unheard = (mpsc::UnboundedReceiver<Event>, mpsc::UnboundedReceiver<Invalidation>);

/// A kernel that only writes down what it is told.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<Vec<Told>>);

/// What a kernel was told to forget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    Inode(Ino),
    Entry(Ino, String),
}

impl Invalidate for Recorder {
    fn inode(&self, ino: Ino) {
        self.0.lock().unwrap().push(Told::Inode(ino));
    }

    fn entry(&self, parent: Ino, name: &OsStr) {
        self.0.lock().unwrap().push(Told::Entry(parent, name.to_str().unwrap().to_owned()));
    }
}

impl Recorder {
    /// What it was told so far, and forgets it.
    pub fn take(&self) -> Vec<Told> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

pub const READ: OpenMode = OpenMode { read: true, write: false, append: false, truncate: false };
pub const WRITE: OpenMode = OpenMode { read: false, write: true, append: false, truncate: false };
pub const TRUNCATE: OpenMode = OpenMode { truncate: true, ..WRITE };
pub const APPEND: OpenMode = OpenMode { append: true, ..WRITE };

impl Mount {
    /// A mount of Acme/Marketing with `Plan.md` in it.
    pub async fn of(tasks: &str) -> Self {
        Self::with(tasks, Settings::default()).await
    }

    pub async fn with(tasks: &str, settings: Settings) -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self::over(dir, tasks, settings).await
    }

    /// A mount whose state is below this directory.
    pub async fn on(disk: &Path, tasks: &str, settings: Settings) -> Self {
        Self::over(tempfile::tempdir_in(disk).unwrap(), tasks, settings).await
    }

    async fn over(dir: tempfile::TempDir, tasks: &str, settings: Settings) -> Self {
        let memory = Memory::acme();
        memory.seed("f", "plan", "Plan", tasks);
        let line = Line::to(&memory);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let (vfs, unheard) = vfs(&line, &dir, &settings, &clock);
        let unheard = Some(unheard);
        let mut mount = Self { vfs, memory, line, folder: ROOT, dir, settings, clock, unheard };
        mount.enter().await;
        mount
    }

    async fn enter(&mut self) {
        let workspace = self.vfs.lookup(ROOT, OsStr::new("Acme"), me()).await.unwrap().ino;
        self.folder = self.vfs.lookup(workspace, OsStr::new("Marketing"), me()).await.unwrap().ino;
    }

    /// From now on there is a kernel, which this mount is told to.
    pub fn listen(&mut self) -> Arc<Recorder> {
        let (events, invalidations) = self.unheard.take().unwrap();
        let recorder = Arc::new(Recorder::default());
        tokio::spawn(self.vfs.clone().pump(events, invalidations, recorder.clone()));
        recorder
    }

    /// The mount is gone and another takes its state over.
    pub async fn remount(&mut self) {
        self.line.cut();
        self.line = Line::to(&self.memory);
        let (vfs, unheard) = vfs(&self.line, &self.dir, &self.settings, &self.clock);
        (self.vfs, self.unheard) = (vfs, Some(unheard));
        self.enter().await;
    }

    /// As [`remount`](Self::remount), while the service is out of reach: with all that was read.
    pub async fn remount_offline(&mut self) {
        // Which an agenda is gathered from once it is on disk.
        self.vfs.agenda(None).unwrap();
        self.line.cut();
        self.line = Line::to(&self.memory);
        let (vfs, unheard) = vfs(&self.line, &self.dir, &self.settings, &self.clock);
        (self.vfs, self.unheard) = (vfs, Some(unheard));
        self.memory.set_offline(false);
        self.enter().await;
        self.memory.set_offline(true);
    }

    /// The process dies; what it still does reaches neither the service nor the disk.
    pub async fn crash(&mut self) {
        self.die_but_for(&["journal", "cache.sqlite3"]).await;
    }

    /// The power goes, and nothing but the journal is left.
    pub async fn lose_power(&mut self) {
        self.die_but_for(&["journal"]).await;
    }

    async fn die_but_for(&mut self, left: &[&str]) {
        self.line.cut();
        let new = tempfile::tempdir().unwrap();
        // What is removed meanwhile is removed after its row.
        copy_files(&self.dir.path().join("uploads"), &new.path().join("uploads"));
        for name in left {
            copy_database(&self.dir.path().join(name), &new.path().join(name));
        }
        self.dir = new;
        self.line = Line::to(&self.memory);
        let (vfs, unheard) = vfs(&self.line, &self.dir, &self.settings, &self.clock);
        (self.vfs, self.unheard) = (vfs, Some(unheard));
        self.enter().await;
    }

    /// The mount is killed: what it gave to the kernel is on disk, also what no database has yet.
    pub async fn kill(&mut self) {
        self.kill_with(&["journal", "cache.sqlite3"]).await;
    }

    /// As [`kill`](Self::kill), before anything that was read had come to the cache.
    pub async fn kill_before_anything_is_cached(&mut self) {
        self.kill_with(&["journal"]).await;
    }

    async fn kill_with(&mut self, databases: &[&str]) {
        let kept: Vec<(String, Vec<u8>)> = ["bases.kept", "bases.rotated", "bases.log"]
            .into_iter()
            .filter_map(|name| {
                Some((name.to_owned(), std::fs::read(self.dir.path().join(name)).ok()?))
            })
            .collect();
        self.line.cut();
        let new = tempfile::tempdir().unwrap();
        for name in databases {
            copy_database(&self.dir.path().join(name), &new.path().join(name));
        }
        for (name, bytes) in kept {
            std::fs::write(new.path().join(name), bytes).unwrap();
        }
        self.dir = new;
        self.line = Line::to(&self.memory);
        let (vfs, unheard) = vfs(&self.line, &self.dir, &self.settings, &self.clock);
        (self.vfs, self.unheard) = (vfs, Some(unheard));
        self.enter().await;
    }

    /// Everything is saved and kept, then the mount goes and another takes its state over.
    pub async fn remount_cleanly(&mut self) {
        self.vfs.rest(Duration::from_secs(60)).await;
        self.remount().await;
    }

    pub async fn ino(&self, name: &str) -> Result<Ino> {
        self.vfs.lookup(self.folder, OsStr::new(name), me()).await.map(|attr| attr.ino)
    }

    pub async fn read(&self, name: &str) -> String {
        let ino = self.ino(name).await.unwrap();
        let size = self.vfs.getattr(ino, me()).await.unwrap().size;
        let text = self.text(name).await;
        assert_eq!(text.len() as u64, size, "stat and read must agree");
        text
    }

    /// As [`read`](Self::read), while something may change it.
    pub async fn text(&self, name: &str) -> String {
        let ino = self.ino(name).await.unwrap();
        let opened = self.vfs.open(ino, READ, me()).await.unwrap();
        let bytes = self.vfs.read(opened.fh, 0, 1 << 20).await.unwrap();
        self.vfs.release(opened.fh).await.unwrap();
        String::from_utf8(bytes).unwrap()
    }

    /// Reads the file, then writes it as `cp`, `tee` and most editors do.
    pub async fn edit(&self, name: &str, change: impl FnOnce(String) -> String) -> Result<()> {
        let text = change(self.read(name).await);
        self.overwrite(name, text.as_bytes()).await
    }

    pub async fn overwrite(&self, name: &str, text: &[u8]) -> Result<()> {
        let ino = self.ino(name).await?;
        let opened = self.vfs.open(ino, TRUNCATE, me()).await?;
        self.vfs.write(opened.fh, 0, text).await?;
        let result = self.vfs.flush(opened.fh, me()).await;
        self.vfs.release(opened.fh).await?;
        result
    }

    pub async fn create(&self, name: &str, text: &[u8]) -> Result<()> {
        let name = OsStr::new(name);
        let (_, opened) =
            self.vfs.create(self.folder, name, 0o644_u32, TRUNCATE, false, me()).await?;
        if !text.is_empty() {
            self.vfs.write(opened.fh, 0, text).await?;
        }
        let result = self.vfs.flush(opened.fh, me()).await;
        self.vfs.release(opened.fh).await?;
        result
    }

    pub async fn rename(&self, from: &str, to: &str) -> Result<()> {
        let (from, to) = (OsStr::new(from), OsStr::new(to));
        let mode = RenameMode::default();
        self.vfs.rename((self.folder, from), (self.folder, to), mode, me()).await
    }

    pub async fn unlink(&self, name: &str) -> Result<()> {
        self.vfs.unlink(self.folder, OsStr::new(name)).await
    }

    pub async fn names(&self) -> Vec<String> {
        self.names_of(self.folder).await
    }

    /// The names in a folder, without those that begin with a dot.
    pub async fn names_of(&self, folder: Ino) -> Vec<String> {
        let fh = self.vfs.opendir(folder, me()).await.unwrap().fh;
        let mut entries = Vec::new();
        let mut take = |next, entry: &DirectoryEntry| {
            entries.push((next, entry.clone()));
            false
        };
        self.vfs.readdir(fh, 0, &mut take).unwrap();
        self.vfs.releasedir(fh);
        let names = entries.into_iter().map(|(_, entry)| entry.name.into_string().unwrap());
        names.filter(|name| !name.starts_with('.')).collect()
    }

    pub async fn attribute(&self, ino: Ino, name: &str) -> Option<String> {
        let value = self.vfs.getxattr(ino, OsStr::new(name)).await.ok()?;
        Some(String::from_utf8(value).unwrap())
    }

    pub fn writes(&self) -> Vec<String> {
        self.memory.take_writes()
    }
}

/// Copies the files of a directory, if it is there.
fn copy_files(from: &Path, to: &Path) {
    let Ok(entries) = std::fs::read_dir(from) else { return };
    std::fs::create_dir(to).unwrap();
    for entry in entries.flatten() {
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// Copies a database as it is on disk now.
pub fn copy_database(from: &Path, to: &Path) {
    let copy = rusqlite::Connection::open(from).unwrap();
    copy.execute("VACUUM INTO ?1", [to.display().to_string()]).unwrap();
    let version: i64 = copy.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    let fresh = rusqlite::Connection::open(to).unwrap();
    fresh.execute_batch(&format!("PRAGMA user_version={version}")).unwrap();
}

fn vfs(
    line: &Arc<Line>,
    dir: &tempfile::TempDir,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
) -> (Arc<Vfs>, Unheard) {
    let journal = Arc::new(Journal::open(&dir.path().join("journal")).unwrap());
    let (clock, settings) = (clock.clone(), settings.clone());
    let (engine, events) = Engine::new(line.clone(), clock, journal, settings).unwrap();
    let (vfs, invalidations) = Vfs::new(engine, dir.path().join("scratch"), 0, 0).unwrap();
    (vfs, (events, invalidations))
}

/// Lets the grace of two-step saves, and whatever waits, pass in virtual time.
pub async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}
