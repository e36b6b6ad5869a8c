//! Whole sessions of programs, drawn from a seed, in virtual time: buffers that go stale, saves of
//! them, reloads, re-reads right after a save, appends, on mounts that are killed, go and come back,
//! while others edit in the app and the service fails. What must hold is in `session_model`.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, LazyLock},
    time::{Duration, SystemTime},
};

use taskadefs::{
    clock::{Clock, SystemClock},
    error::Kind,
    sync::{Engine, Journal, Settings},
    vfs::{Ino, OpenMode, ROOT, Vfs},
};
use tokio::time::Instant;

use crate::{
    dice::Dice,
    driven::{APPEND, READ, TRUNCATE, copy_database, me},
    service::{Fault, Memory},
    service_line::Line,
    session_model::{Buffer, Lines, names},
};

/// What one test runs. `TASKADEFS_SESSIONS=FIRST,SEEDS,STEPS` asks for others.
const FIRST: u64 = 1;
const SEEDS: u64 = 30;
const STEPS: u64 = 150;

/// Until when after its save a program's reads are taken for looks at what it saved.
const GRACE: Duration = Duration::from_secs(2);

/// How many programs there are on each mount.
const PROGRAMS: usize = 3;

/// As [`SystemClock`], and the time of day moves with it.
struct VirtualClock;

#[async_trait::async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> std::time::Instant {
        SystemClock.now()
    }

    fn wall(&self) -> SystemTime {
        static BEGIN: LazyLock<(SystemTime, std::time::Instant)> =
            LazyLock::new(|| (SystemTime::now(), std::time::Instant::now()));
        BEGIN.0 + SystemClock.now().saturating_duration_since(BEGIN.1)
    }

    async fn sleep(&self, duration: Duration) {
        SystemClock.sleep(duration).await;
    }
}

/// A process that stands for a program: what the file system knows of a caller is its process.
struct Process(Child);

impl Process {
    fn new() -> Self {
        let mut command = Command::new("cat");
        Self(command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap())
    }

    fn id(&self) -> u32 {
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

struct Program {
    process: Process,
    buffer: Option<Buffer>,
    saved: Option<Instant>,
}

impl Program {
    fn new() -> Self {
        Self { process: Process::new(), buffer: None, saved: None }
    }

    fn is_within_grace(&self) -> bool {
        self.saved.is_some_and(|saved| saved.elapsed() <= GRACE)
    }
}

struct Mount {
    name: &'static str,
    disk: tempfile::TempDir,
    lives: usize,
    line: Arc<Line>,
    vfs: Arc<Vfs>,
    workspace: Ino,
    max_age: Duration,
    programs: Vec<Program>,
}

impl Mount {
    async fn new(name: &'static str, memory: &Arc<Memory>, max_age: Duration) -> Self {
        let in_memory = Path::new("/dev/shm");
        let disk =
            if in_memory.is_dir() { tempfile::tempdir_in(in_memory) } else { tempfile::tempdir() };
        let disk = disk.unwrap();
        let (line, vfs) = start(memory, &disk.path().join("0"), max_age, 0);
        let programs = (0..PROGRAMS).map(|_| Program::new()).collect();
        let mut mount =
            Self { name, disk, lives: 0, line, vfs, workspace: ROOT, max_age, programs };
        mount.enter().await;
        mount
    }

    async fn enter(&mut self) {
        // The listing may fail like anything else: then later.
        if let Ok(attr) = self.vfs.lookup(ROOT, OsStr::new("Acme"), me()).await {
            self.workspace = attr.ino;
        }
    }

    fn state(&self) -> PathBuf {
        self.disk.path().join(self.lives.to_string())
    }

    /// The process dies; what it still does reaches neither the service nor the disk. What it has
    /// written to files before is there.
    async fn kill(&mut self, memory: &Arc<Memory>) {
        self.line.cut();
        let old = self.state();
        self.lives += 1;
        copy_state(&old, &self.state());
        self.start_again(memory).await;
    }

    /// It ends in peace and comes back.
    async fn remount(&mut self, memory: &Arc<Memory>) {
        self.vfs.rest(Duration::from_secs(60)).await;
        self.kill(memory).await;
    }

    async fn start_again(&mut self, memory: &Arc<Memory>) {
        (self.line, self.vfs) = start(memory, &self.state(), self.max_age, self.lives);
        self.workspace = ROOT;
        self.enter().await;
    }

    async fn ino(&mut self, caller: u32) -> Option<Ino> {
        if self.workspace == ROOT {
            self.enter().await;
        }
        let found = self.vfs.lookup(self.workspace, OsStr::new("Plan.md"), caller).await;
        found.ok().map(|attr| attr.ino)
    }

    async fn read(&mut self, caller: u32) -> Option<String> {
        let ino = self.ino(caller).await?;
        let opened = self.vfs.open(ino, READ, caller).await.ok()?;
        let bytes = self.vfs.read(opened.fh, 0, 1 << 20).unwrap();
        self.vfs.release(opened.fh).await.unwrap();
        Some(String::from_utf8(bytes).unwrap())
    }

    /// Writes to the file. Whether the program was told that it is saved.
    async fn write(&mut self, caller: u32, mode: OpenMode, text: &str) -> bool {
        let Some(ino) = self.ino(caller).await else { return false };
        let Ok(opened) = self.vfs.open(ino, mode, caller).await else { return false };
        self.vfs.write(opened.fh, 0, text.as_bytes()).unwrap();
        let saved = self.vfs.flush(opened.fh, caller).await.is_ok();
        self.vfs.release(opened.fh).await.unwrap();
        saved
    }

    /// The texts that are promised and not yet through.
    fn journaled(&self) -> Vec<String> {
        let journal = rusqlite::Connection::open(self.state().join("journal")).unwrap();
        let mut texts = journal.prepare("SELECT text FROM saves").unwrap();
        let texts = texts.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
        texts.map(|text| String::from_utf8(text.unwrap()).unwrap()).collect()
    }

    /// What it keeps for people: refused texts and overridden versions, of all its lives.
    fn kept(&self) -> Vec<String> {
        let mut texts = Vec::new();
        for life in 0..=self.lives {
            let control = self.disk.path().join(life.to_string()).join("control");
            for shelf in ["conflicts", "rejected"] {
                texts_below(&control.join(shelf), &mut texts);
            }
        }
        texts
    }
}

fn texts_below(dir: &Path, texts: &mut Vec<String>) {
    for entry in fs::read_dir(dir).into_iter().flatten().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            texts_below(&path, texts);
        } else if path.extension().is_some_and(|ending| ending == "md") {
            texts.push(fs::read_to_string(path).unwrap());
        }
    }
}

/// Every other life of a mount keeps nothing in memory that is not needed.
fn start(
    memory: &Arc<Memory>,
    state: &Path,
    max_age: Duration,
    life: usize,
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
    let (engine, _) = Engine::new(line.clone(), Arc::new(VirtualClock), journal, settings).unwrap();
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

struct World {
    dice: Dice,
    memory: Arc<Memory>,
    mounts: Vec<Mount>,
    lines: Lines,
    named: u64,
    story: Vec<String>,
}

impl World {
    async fn new(seed: u64) -> Self {
        let memory = Memory::acme();
        memory.seed("w", "plan", "Plan", "");
        // A save looks what is there before it is sent: what somebody overwrites unseen is not lost.
        let max_age = Duration::ZERO;
        let mut mounts = vec![Mount::new("A", &memory, max_age).await];
        if seed.is_multiple_of(3) {
            mounts.push(Mount::new("B", &memory, max_age).await);
        }
        let (lines, story) = (Lines::new(), vec![format!("seed {seed}")]);
        Self { dice: Dice(seed), memory, mounts, lines, named: 0, story }
    }

    fn name(&mut self) -> String {
        // Names that are nothing alike: which line was edited is not to be anybody's guess.
        loop {
            self.named += 1;
            let mut letters = Dice(self.named);
            let name = format!("u#{}{}", letters.word(), letters.word());
            if !self.lines.contains_key(&name) {
                self.lines.insert(name.clone(), Default::default());
                return name;
            }
        }
    }

    async fn step(&mut self) {
        tokio::time::sleep(Duration::from_millis(self.dice.next() % 4000)).await;
        let mount = self.dice.below(self.mounts.len());
        match self.dice.below(24) {
            0 => self.trouble(),
            1..=2 => self.heal(),
            3..=5 => self.in_the_app(),
            6 if self.dice.once_in(2) => {
                let memory = self.memory.clone();
                self.story.push(format!("{} is killed", self.mounts[mount].name));
                self.mounts[mount].kill(&memory).await;
            }
            6 => {
                let memory = self.memory.clone();
                self.story.push(format!("{} is remounted", self.mounts[mount].name));
                self.mounts[mount].remount(&memory).await;
            }
            _ => {
                let program = self.dice.below(PROGRAMS);
                self.program(mount, program).await;
            }
        }
        self.check().await;
    }

    fn heal(&mut self) {
        self.story.push("the service is well".into());
        self.memory.heal();
    }

    fn trouble(&mut self) {
        let fault = match self.dice.below(6) {
            0 => Fault::Before(Kind::Unreachable),
            1 => Fault::Before(Kind::Forbidden),
            2..=3 => {
                self.story.push("the network goes".into());
                return self.memory.set_offline(true);
            }
            _ => Fault::After,
        };
        let (pass, times) = (self.dice.below(3), 1 + self.dice.below(3));
        self.story.push(format!("after {pass}, {times} times {fault:?}"));
        let faults =
            std::iter::repeat_n(Fault::None, pass).chain(std::iter::repeat_n(fault, times));
        self.memory.fail_next(faults);
    }

    fn in_the_app(&mut self) {
        let ids = self.memory.ids("plan");
        let tree = self.memory.tree("plan");
        let texts: Vec<&str> = tree.lines().collect();
        match self.dice.below(4) {
            0..=1 => {
                let name = self.name();
                self.story.push(format!("the app adds {name}"));
                self.lines.entry(name.clone()).or_default().promised = true;
                self.memory.add_elsewhere("plan", &format!("app-{name}"), &name);
            }
            2 if !ids.is_empty() => {
                let at = self.dice.below(ids.len());
                let text = texts[at].trim_start().trim_start_matches("x ").to_owned();
                self.story.push(format!("the app edits {text}"));
                self.change(&text);
                let edit = self.dice.word();
                self.memory.edit_elsewhere("plan", &ids[at], &format!("{text} app{edit}"));
            }
            _ if !ids.is_empty() => {
                let at = self.dice.below(ids.len());
                self.memory.delete_elsewhere("plan", &ids[at]);
                let left: BTreeSet<String> = names(&self.memory.tree("plan")).into_iter().collect();
                for name in names(&tree).into_iter().filter(|name| !left.contains(name)) {
                    self.story.push(format!("the app deletes {name}"));
                    self.lines.entry(name).or_default().perhaps_removed = true;
                }
            }
            _ => {}
        }
    }

    fn change(&mut self, line: &str) {
        for name in names(line) {
            self.lines.entry(name).or_default().changed = true;
        }
    }

    async fn program(&mut self, mount: usize, program: usize) {
        let one = &self.mounts[mount].programs[program];
        if one.buffer.is_none() {
            return self.load(mount, program).await;
        }
        match self.dice.below(12) {
            0..=1 => self.load(mount, program).await,
            2 => self.append(mount, program).await,
            3 if self.dice.once_in(3) => {
                self.story.push(format!("{} ends", self.called(mount, program)));
                self.mounts[mount].programs[program] = Program::new();
            }
            _ => self.edit_and_save(mount, program).await,
        }
    }

    fn called(&self, mount: usize, program: usize) -> String {
        format!("{}{program}", self.mounts[mount].name)
    }

    /// It opens the file, or reloads it; a reader within the grace looks at what it saved.
    async fn load(&mut self, mount: usize, program: usize) {
        let caller = self.mounts[mount].programs[program].process.id();
        let Some(text) = self.mounts[mount].read(caller).await else { return };
        let called = self.called(mount, program);
        if self.mounts[mount].programs[program].is_within_grace() {
            return self.verify(mount, program, &text);
        }
        self.story.push(format!("{called} loads\n{}", indented(&text)));
        self.mounts[mount].programs[program].buffer = Some(Buffer::loaded(&text));
    }

    fn verify(&self, mount: usize, program: usize, text: &str) {
        let buffer = self.mounts[mount].programs[program].buffer.as_ref().unwrap();
        if text != buffer.text() {
            let called = self.called(mount, program);
            self.fail(&format!("{called} reads back another text:\n{}", indented(text)));
        }
    }

    /// It adds a line without reading; the line is in its buffer too.
    async fn append(&mut self, mount: usize, program: usize) {
        let name = self.name();
        let caller = self.mounts[mount].programs[program].process.id();
        let line = format!("- [ ] {name}");
        let saved = self.mounts[mount].write(caller, APPEND, &format!("{line}\n")).await;
        let called = self.called(mount, program);
        self.story.push(format!("{called} appends {name}: {saved}"));
        if !saved {
            return;
        }
        self.lines.entry(name).or_default().promised = true;
        let one = &mut self.mounts[mount].programs[program];
        if let Some(buffer) = &mut one.buffer {
            buffer.lines.push(line);
        }
        // What it reads next it may take for the whole text.
        one.saved = None;
    }

    async fn edit_and_save(&mut self, mount: usize, program: usize) {
        let mut buffer = self.mounts[mount].programs[program].buffer.clone().unwrap();
        let before = buffer.clone();
        for _ in 0..self.dice.below(4) {
            self.edit(&mut buffer);
        }
        repair_depths(&mut buffer.lines);
        self.change_moved(&before.lines, &buffer.lines);
        buffer.saving(&mut self.lines);
        let caller = self.mounts[mount].programs[program].process.id();
        let text = buffer.text();
        let saved = self.mounts[mount].write(caller, TRUNCATE, &text).await;
        let called = self.called(mount, program);
        self.story.push(format!("{called} saves: {saved}\n{}", indented(&text)));
        let one = &mut self.mounts[mount].programs[program];
        if saved {
            buffer.saved(&mut self.lines);
            one.saved = Some(Instant::now());
        }
        one.buffer = Some(buffer);
        if saved && self.dice.once_in(2) {
            tokio::time::sleep(Duration::from_millis(self.dice.next() % 1900)).await;
            let read = self.mounts[mount].read(caller).await;
            let within = self.mounts[mount].programs[program].is_within_grace();
            if let Some(text) = read.filter(|_| within) {
                self.story.push(format!("{called} looks at what it saved"));
                self.verify(mount, program, &text);
            }
        }
    }

    fn edit(&mut self, buffer: &mut Buffer) {
        let count = buffer.lines.len();
        match self.dice.below(if count > 24 { 9 } else { 7 }) {
            0..=2 => {
                let name = self.name();
                let at = self.dice.below(count + 1);
                let indent = "  ".repeat(self.dice.below(3));
                buffer.lines.insert(at, format!("{indent}- [ ] {name}"));
            }
            3 if count > 0 => {
                let at = self.dice.below(count);
                self.change(&buffer.lines[at]);
                let edit = self.dice.word();
                buffer.lines[at].push_str(&format!(" e{edit}"));
            }
            4 if count > 0 => {
                let line = &mut buffer.lines[self.dice.below(count)];
                *line = match line.contains("- [ ]") {
                    true => line.replace("- [ ]", "- [x]"),
                    false => line.replace("- [x]", "- [ ]"),
                };
                let line = line.clone();
                self.change(&line);
            }
            5 if count > 1 => {
                let line = buffer.lines.remove(self.dice.below(count));
                self.change(&line);
                let at = self.dice.below(buffer.lines.len() + 1);
                buffer.lines.insert(at, line);
            }
            6.. if count > 0 => buffer.remove(self.dice.below(count)),
            _ => {}
        }
    }

    /// Where lines changed places or parents, which of them moved is anybody's guess.
    fn change_moved(&mut self, before: &[String], after: &[String]) {
        let places = |lines: &[String], of: &BTreeSet<String>| -> Vec<(String, usize)> {
            let depth = |line: &String| line.len() - line.trim_start().len();
            let named = lines
                .iter()
                .flat_map(|line| names(line).into_iter().map(move |name| (name, depth(line))));
            named.filter(|(name, _)| of.contains(name)).collect()
        };
        let of = |lines: &[String]| -> BTreeSet<String> {
            lines.iter().flat_map(|line| names(line)).collect()
        };
        let (old, new) = (of(before), of(after));
        let both: BTreeSet<String> = old.intersection(&new).cloned().collect();
        let is_added = new.difference(&old).next().is_some();
        if places(before, &both) != places(after, &both) || is_added {
            for name in both {
                self.lines.entry(name).or_default().changed = true;
            }
        }
    }

    fn fail(&self, what: &str) -> ! {
        let writes = self.memory.take_writes();
        let last = writes.len().saturating_sub(40);
        panic!(
            "{what}\nthe service has:\n{}\nits last writes:\n{}\nthe story:\n{}",
            indented(&self.memory.tree("plan")),
            writes[last..].join("\n"),
            self.story.join("\n")
        );
    }

    async fn check(&mut self) {
        let tree = self.memory.tree("plan");
        let mut there = BTreeSet::new();
        let mut texts = BTreeSet::new();
        let is_at_rest = self.mounts.iter().all(|mount| mount.journaled().is_empty());
        for line in tree.lines().map(|line| line.trim_start().trim_start_matches("x ")) {
            let Some(name) = names(line).pop() else { continue };
            // What vanished while several had changed it is made again by each, with its change.
            let fate = self.lines.get(&name);
            let is_fought_over = fate.is_some_and(|fate| fate.vanished && fate.changed);
            let is_other = texts.insert(line.to_owned()) && is_fought_over;
            if !there.insert(name.clone()) && !is_other && is_at_rest {
                self.fail(&format!("{name} is there twice"));
            }
        }
        for (name, fate) in &mut self.lines {
            fate.vanished |= fate.was_there && !there.contains(name);
            fate.was_there |= there.contains(name);
        }
        let mut seen = there;
        for mount in &mut self.mounts {
            let shown = mount.read(me()).await;
            seen.extend(shown.iter().flat_map(|text| names(text)));
            seen.extend(mount.journaled().iter().flat_map(|text| names(text)));
            seen.extend(mount.kept().iter().flat_map(|text| names(text)));
        }
        let lost: Vec<&String> = self
            .lines
            .iter()
            .filter(|(name, fate)| fate.must_be_there() && !seen.contains(*name))
            .map(|(name, _)| name)
            .collect();
        if !lost.is_empty() {
            self.fail(&format!("{lost:?} lost"));
        }
    }

    /// The service is well again, and everybody has time.
    async fn end(&mut self) {
        self.heal();
        tokio::time::sleep(Duration::from_secs(600)).await;
        for which in 0..self.mounts.len() {
            // A save that was refused is settled by one that changes something.
            if self.mounts[which].read(me()).await.is_some() {
                let name = self.name();
                let line = format!("- [ ] {name}\n");
                if self.mounts[which].write(me(), APPEND, &line).await {
                    self.lines.entry(name).or_default().promised = true;
                }
            }
            tokio::time::sleep(Duration::from_secs(600)).await;
        }
        self.check().await;
        let tree = self.memory.tree("plan");
        for which in 0..self.mounts.len() {
            let shown = self.mounts[which].read(me()).await.unwrap_or_default();
            if shown != rendered(&tree) {
                let name = self.mounts[which].name;
                self.fail(&format!("{name} shows something else:\n{}", indented(&shown)));
            }
        }
        let there: BTreeSet<String> = names(&tree).into_iter().collect();
        for (name, fate) in &self.lines {
            if fate.must_be_there() && !there.contains(name) {
                self.fail(&format!("{name} is lost"));
            }
            let is_back = tree.lines().any(|line| {
                line.trim_start().trim_start_matches("x ") == name && !has_children(&tree, name)
            });
            if fate.must_be_gone() && is_back {
                self.fail(&format!("{name} is back"));
            }
        }
    }
}

/// A deleted task stays if somebody put something into it: nothing of theirs may go with it.
fn has_children(tree: &str, name: &str) -> bool {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let mut lines = tree.lines().skip_while(|line| !names(line).contains(&name.to_owned()));
    match (lines.next(), lines.next()) {
        (Some(line), Some(next)) => depth(next) > depth(line),
        _ => false,
    }
}

fn rendered(tree: &str) -> String {
    let line = |line: &str| {
        let text = line.trim_start();
        let indent = &line[..line.len() - text.len()];
        match text.strip_prefix("x ") {
            Some(text) => format!("{indent}- [x] {text}\n"),
            None => format!("{indent}- [ ] {text}\n"),
        }
    };
    tree.lines().map(line).collect()
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

/// No line may be more than one level below the one above it.
fn repair_depths(lines: &mut [String]) {
    let mut deepest = 0;
    for line in lines {
        let text = line.trim_start().to_owned();
        let depth = ((line.len() - text.len()) / 2).min(deepest);
        deepest = depth + 1;
        *line = format!("{}{text}", "  ".repeat(depth));
    }
}

fn simulate(seed: u64, steps: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut world = World::new(seed).await;
        for _ in 0..steps {
            world.step().await;
        }
        world.end().await;
    });
    runtime.shutdown_background();
}

fn run(seeds: impl IntoIterator<Item = u64>, steps: u64) {
    let fails = |seed: &u64| std::panic::catch_unwind(|| simulate(*seed, steps)).is_err();
    let failed: Vec<u64> = seeds.into_iter().filter(fails).collect();
    assert!(failed.is_empty(), "these seeds fail, their stories are above: {failed:?}");
}

#[test]
fn sessions_delete_what_was_deleted_and_nothing_else() {
    let asked = std::env::var("TASKADEFS_SESSIONS").unwrap_or_default();
    let numbers: Vec<u64> = asked.split(',').filter_map(|n| n.parse().ok()).collect();
    match numbers[..] {
        [first, seeds, steps] => run(first..first + seeds, steps),
        _ => run(FIRST..FIRST + SEEDS, STEPS),
    }
}
