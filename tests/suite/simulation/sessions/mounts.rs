//! Mounts that live and die in virtual time, each with its programs, for the simulation of sessions.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use taskadefs::{
    clock::{Clock, SystemClock},
    error::Result,
    sync::{Engine, Journal, Settings},
    vfs::{Ino, OpenMode, ROOT, RenameMode, Vfs},
};
use tokio::time::Instant;

use crate::{
    simulation::sessions::{
        model::Buffer,
        sight::{Seen, Sight},
    },
    support::{
        harness::{READ, copy_database, me},
        rng::Dice,
        service::{Memory, connection::Line},
    },
};

/// Until when after its save a program's reads are taken for looks at what it saved. At its very end
/// it is over.
pub(crate) const GRACE: Duration = Duration::from_secs(2);

/// How many programs there are on each mount.
pub(crate) const PROGRAMS: usize = 3;

pub(crate) const FILES: [&str; 2] = ["Plan.md", "Later.md"];

/// As [`SystemClock`], and the time of day moves with it. It begins with a whole second: what is
/// kept of a time is its seconds, and a session is to be the same whenever it is run.
#[derive(Debug)]
pub(crate) struct VirtualClock {
    wall: SystemTime,
    began: std::time::Instant,
}

impl VirtualClock {
    pub(crate) fn new() -> Arc<Self> {
        let seconds = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        Arc::new(Self { wall, began: SystemClock.now() })
    }
}

#[async_trait::async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> std::time::Instant {
        SystemClock.now()
    }

    fn wall(&self) -> SystemTime {
        self.wall + SystemClock.now().saturating_duration_since(self.began)
    }

    async fn sleep(&self, duration: Duration) {
        SystemClock.sleep(duration).await;
    }
}

/// A process that stands for a program: what the file system knows of a caller is its process.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn new() -> Self {
        let mut command = Command::new("cat");
        Self(command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap())
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) struct Program {
    pub(crate) process: Process,
    pub(crate) buffer: Option<Buffer>,
    pub(crate) saved: Option<Instant>,
}

impl Program {
    pub(crate) fn new() -> Self {
        Self { process: Process::new(), buffer: None, saved: None }
    }

    pub(crate) fn is_within_grace(&self) -> bool {
        self.saved.is_some_and(|saved| saved.elapsed() < GRACE)
    }
}

pub(crate) struct Mount {
    pub(crate) name: &'static str,
    pub(crate) disk: tempfile::TempDir,
    pub(crate) lives: usize,
    pub(crate) line: Arc<Line>,
    /// What it has seen of the service.
    pub(crate) seen: Arc<Mutex<Seen>>,
    pub(crate) vfs: Arc<Vfs>,
    pub(crate) workspace: Ino,
    pub(crate) max_age: Duration,
    pub(crate) programs: Vec<Program>,
    /// Whether its project is renamed and moved.
    pub(crate) wanders: bool,
    /// What it was told to have been refused of that.
    told: BTreeSet<(String, String)>,
    /// The copies that somebody has removed in the app. It may not know yet, and show them.
    pub(crate) removed: BTreeSet<String>,
    clock: Arc<VirtualClock>,
}

impl Mount {
    pub(crate) async fn new(
        name: &'static str,
        memory: &Arc<Memory>,
        max_age: Duration,
        wanders: bool,
        clock: Arc<VirtualClock>,
    ) -> Self {
        let in_memory = Path::new("/dev/shm");
        let disk =
            if in_memory.is_dir() { tempfile::tempdir_in(in_memory) } else { tempfile::tempdir() };
        let disk = disk.unwrap();
        let seen = Seen::new(max_age);
        let (line, vfs) = start(memory, &seen, &disk.path().join("0"), max_age, 0, clock.clone());
        let programs = (0..PROGRAMS).map(|_| Program::new()).collect();
        let (lives, workspace) = (0, ROOT);
        let (told, removed) = (BTreeSet::new(), BTreeSet::new());
        let mut mount = Self {
            name,
            disk,
            lives,
            line,
            seen,
            vfs,
            workspace,
            max_age,
            programs,
            wanders,
            told,
            removed,
            clock,
        };
        mount.enter().await;
        mount
    }

    pub(crate) async fn enter(&mut self) {
        // The listing may fail like anything else: then later.
        if let Ok(attr) = self.vfs.lookup(ROOT, OsStr::new("Acme"), me()).await {
            self.workspace = attr.ino;
        }
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.disk.path().join(self.lives.to_string())
    }

    /// The process dies; what it still does reaches neither the service nor the disk. What it has
    /// written to files before is there.
    pub(crate) async fn kill(&mut self, memory: &Arc<Memory>) {
        self.line.cut();
        let old = self.state();
        self.lives += 1;
        copy_state(&old, &self.state());
        self.start_again(memory).await;
    }

    /// It ends in peace and comes back.
    pub(crate) async fn remount(&mut self, memory: &Arc<Memory>) {
        self.vfs.rest(Duration::from_secs(60)).await;
        self.kill(memory).await;
    }

    pub(crate) async fn start_again(&mut self, memory: &Arc<Memory>) {
        let clock = self.clock.clone();
        let (state, seen) = (self.state(), &self.seen);
        (self.line, self.vfs) = start(memory, seen, &state, self.max_age, self.lives, clock);
        self.workspace = ROOT;
        self.enter().await;
    }

    /// The directories in which the project may be.
    pub(crate) async fn directories(&mut self) -> Vec<Ino> {
        if self.workspace == ROOT {
            self.enter().await;
        }
        let folder = self.vfs.lookup(self.workspace, OsStr::new("Marketing"), me()).await;
        std::iter::once(self.workspace).chain(folder.ok().map(|attr| attr.ino)).collect()
    }

    /// Where the project is. Nobody goes on with a copy that was removed.
    pub(crate) async fn place(&mut self, caller: u32) -> Option<(Ino, &'static str, Ino)> {
        for directory in self.directories().await {
            for name in FILES {
                if let Ok(attr) = self.vfs.lookup(directory, OsStr::new(name), caller).await
                    && !self.is_removed(attr.ino).await
                {
                    return Some((directory, name, attr.ino));
                }
            }
        }
        None
    }

    async fn is_removed(&self, ino: Ino) -> bool {
        let id = self.vfs.getxattr(ino, OsStr::new("user.taskade.id")).await;
        id.is_ok_and(|id| self.removed.contains(&*String::from_utf8_lossy(&id)))
    }

    pub(crate) async fn ino(&mut self, caller: u32) -> Option<Ino> {
        if !self.wanders {
            if self.workspace == ROOT {
                self.enter().await;
            }
            let found = self.vfs.lookup(self.workspace, OsStr::new(FILES[0]), caller).await;
            return found.ok().map(|attr| attr.ino);
        }
        self.place(caller).await.map(|(_, _, ino)| ino)
    }

    /// A program gives the project another name, or another folder. Which, and what it was told.
    pub(crate) async fn rename(
        &mut self,
        caller: u32,
        dice: &mut Dice,
        moves: bool,
    ) -> Option<(String, Result<()>)> {
        let (directory, name, _) = self.place(caller).await?;
        let directories = self.directories().await;
        let at = if moves { dice.below(directories.len()) } else { 0 };
        let to = (directories[at], FILES[dice.below(FILES.len())]);
        if to == (directory, name) {
            return None;
        }
        let ends = ((directory, OsStr::new(name)), (to.0, OsStr::new(to.1)));
        let renamed = self.vfs.rename(ends.0, ends.1, RenameMode::default(), caller).await;
        Some((format!("{name} to {} in folder {at}", to.1), renamed))
    }

    /// Whether it is told now, and was not before, that a project and a copy of it are kept.
    pub(crate) fn is_told_of_both(&mut self) -> bool {
        let moves = self.vfs.status().moves.into_iter();
        let told = moves.filter(|it| is_of_both(&it.reason)).map(|it| (it.since, it.reason));
        // Every one of them: which are news is known once all are.
        told.filter(|told| self.told.insert(told.clone())).count() > 0
    }

    /// The power goes: nothing but the journal is left, and no program.
    pub(crate) async fn lose_power(&mut self, memory: &Arc<Memory>) {
        self.line.cut();
        self.seen.lock().unwrap().forget();
        let old = self.state();
        self.lives += 1;
        fs::create_dir_all(self.state()).unwrap();
        copy_database(&old.join("journal"), &self.state().join("journal"));
        self.programs = (0..PROGRAMS).map(|_| Program::new()).collect();
        self.start_again(memory).await;
    }

    pub(crate) async fn read(&mut self, caller: u32) -> Option<String> {
        let ino = self.ino(caller).await?;
        let opened = self.vfs.open(ino, READ, caller).await.ok()?;
        let bytes = self.vfs.read(opened.fh, 0, 1 << 20).await.unwrap();
        self.vfs.release(opened.fh).await.unwrap();
        Some(String::from_utf8(bytes).unwrap())
    }

    /// Writes to the file. Whether the program was told that it is saved.
    pub(crate) async fn write(&mut self, caller: u32, mode: OpenMode, text: &str) -> bool {
        let Some(ino) = self.ino(caller).await else { return false };
        let Ok(opened) = self.vfs.open(ino, mode, caller).await else { return false };
        self.vfs.write(opened.fh, 0, text.as_bytes()).await.unwrap();
        let saved = self.vfs.flush(opened.fh, caller).await.is_ok();
        self.vfs.release(opened.fh).await.unwrap();
        saved
    }

    /// The texts that are promised and not yet through.
    pub(crate) fn journaled(&self) -> Vec<String> {
        let journal = rusqlite::Connection::open(self.state().join("journal")).unwrap();
        let mut texts = journal.prepare("SELECT text FROM saves").unwrap();
        let texts = texts.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
        texts.map(|text| String::from_utf8(text.unwrap()).unwrap()).collect()
    }

    /// What it keeps for people: refused texts and overridden versions, of all its lives.
    pub(crate) fn kept(&self, shelves: &[&str]) -> Vec<String> {
        self.files(shelves, "md")
    }

    /// The texts that saves overrode, each behind the one that took its place.
    pub(crate) fn overridden(&self) -> Vec<(String, String)> {
        let reasons = self.files(&["conflicts"], "reason");
        let pairs = reasons.iter().flat_map(|reason| {
            let lines = reason.lines().zip(reason.lines().skip(1));
            lines.filter_map(|(here, elsewhere)| {
                let here = here.strip_prefix("here: ")?;
                let elsewhere = elsewhere.strip_prefix("elsewhere (overridden): ")?;
                Some((here.to_owned(), elsewhere.to_owned()))
            })
        });
        pairs.collect()
    }

    fn files(&self, shelves: &[&str], ending: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for life in 0..=self.lives {
            let control = self.disk.path().join(life.to_string()).join("control");
            for shelf in shelves {
                texts_below(&control.join(shelf), ending, &mut texts);
            }
        }
        texts
    }
}

/// Whether a reason says that a project and a copy of it are kept.
pub(crate) fn is_of_both(reason: &str) -> bool {
    reason.contains("both projects are kept; compare them and remove one")
}

fn texts_below(dir: &Path, ending: &str, texts: &mut Vec<String>) {
    for entry in fs::read_dir(dir).into_iter().flatten().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            texts_below(&path, ending, texts);
        } else if path.extension().is_some_and(|it| it == ending) {
            texts.push(fs::read_to_string(path).unwrap());
        }
    }
}

/// Every other life of a mount keeps nothing in memory that is not needed.
fn start(
    memory: &Arc<Memory>,
    seen: &Arc<Mutex<Seen>>,
    state: &Path,
    max_age: Duration,
    life: usize,
    clock: Arc<VirtualClock>,
) -> (Arc<Line>, Arc<Vfs>) {
    fs::create_dir_all(state).unwrap();
    let line = Line::to(memory);
    let journal = Arc::new(Journal::open(&state.join("journal")).unwrap());
    let kept = if life.is_multiple_of(2) { 0 } else { Settings::default().memory };
    let settings = Settings {
        max_age,
        memory: kept,
        commit_wait: GRACE,
        max_delete: 1000,
        ..Settings::default()
    };
    let sight = Sight { memory: memory.clone(), line: line.clone(), seen: seen.clone() };
    let (engine, _) = Engine::new(Arc::new(sight), clock, journal, settings).unwrap();
    let (vfs, _) = Vfs::new(engine, state.join("scratch"), 0, 0).unwrap();
    (line, vfs)
}

/// Copies a state directory as it is on disk now, databases in one piece.
fn copy_state(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name());
        let is_side =
            ["-wal", "-shm", "-journal"].iter().any(|end| name.to_string_lossy().ends_with(end));
        if path.is_dir() {
            copy_state(&path, &to.join(&name));
        } else if is_database(&path) {
            copy_database(&path, &to.join(&name));
        } else if !is_side {
            fs::copy(&path, to.join(&name)).unwrap();
        }
    }
}

fn is_database(path: &Path) -> bool {
    fs::read(path).unwrap().starts_with(b"SQLite format 3\0")
}
