//! `kill -9` at any moment: what a program was told is saved is in the service exactly once.
//!
//! A mount in a process of its own is killed while this process saves through it, and again
//! while the next mount recovers. The embedded server outlives them all.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use taskadefs::{
    ids::ProjectId,
    server::{Fault, Quirks, Running, Server, ServerConfig},
};
use tokio::runtime::Runtime;

use crate::support::{
    mount::{PROGRAM, attribute, until},
    rng::Dice,
};

/// How often a mount's process is killed.
const KILLS: u32 = 200;

/// A moment that is as likely to be very soon as to be late.
fn moment(random: &mut Dice) -> Duration {
    let longest = 200 << random.below(9);
    Duration::from_micros(random.below(longest) as u64)
}

/// A task of the model.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Task {
    depth: usize,
    done: bool,
    text: String,
}

/// What a project is to hold. Every text is unique, so equal texts are one task twice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Plan(Vec<Task>);

impl Plan {
    /// From the form that the store prints.
    fn from_store(tree: &str) -> Self {
        Self(tree.lines().map(task).collect())
    }

    fn markdown(&self) -> String {
        let line = |task: &Task| {
            let mark = if task.done { 'x' } else { ' ' };
            format!("{}- [{mark}] {}\n", "  ".repeat(task.depth), task.text)
        };
        self.0.iter().map(line).collect()
    }

    /// The end of the block that begins at `start`.
    fn end_of_block(&self, start: usize) -> usize {
        let depth = self.0[start].depth;
        let below = self.0[start + 1..].iter().take_while(|task| task.depth > depth);
        start + 1 + below.count()
    }

    fn add(&mut self, random: &mut Dice, text: String) {
        let at = random.below(self.0.len() + 1);
        let deepest = at.checked_sub(1).map_or(0, |before| self.0[before].depth + 1).min(3);
        let shallowest = self.0.get(at).map_or(0, |after| after.depth.saturating_sub(1));
        let depth = shallowest.max(random.below(deepest + 1));
        self.0.insert(at, Task { depth, done: random.below(4) == 0, text });
    }

    fn move_block(&mut self, random: &mut Dice) {
        let start = random.below(self.0.len());
        let mut block: Vec<Task> = self.0.drain(start..self.end_of_block(start)).collect();
        let at = random.below(self.0.len() + 1);
        // At the depth of what follows, so that nothing else gets another parent.
        let depth = self.0.get(at).map_or(0, |after| after.depth);
        let before = block[0].depth;
        block.iter_mut().for_each(|task| task.depth = task.depth - before + depth);
        self.0.splice(at..at, block);
    }

    /// Changes one thing.
    fn change(&mut self, random: &mut Dice, text: impl Fn(&str) -> String) {
        let (count, what) = (self.0.len(), random.below(6));
        if count < 3 || (what < 2 && count < 14) {
            return self.add(random, text("new"));
        }
        let at = random.below(count);
        match what {
            2 => self.0[at].text = text("edited"),
            3 => self.0[at].done = !self.0[at].done,
            4 => self.move_block(random),
            _ => drop(self.0.drain(at..self.end_of_block(at))),
        }
    }
}

fn task(line: &str) -> Task {
    let shown = line.trim_start_matches(' ');
    let text = shown.strip_prefix("x ");
    Task {
        depth: (line.len() - shown.len()) / 2,
        done: text.is_some(),
        text: text.unwrap_or(shown).to_owned(),
    }
}

/// A server, a mountpoint, and at most one process that serves it.
struct Rig {
    server: Running,
    dir: tempfile::TempDir,
    root: PathBuf,
    child: Option<Child>,
    _runtime: Runtime,
}

impl Rig {
    fn new(latency: Duration) -> Self {
        assert!(Path::new("/dev/fuse").exists(), "mount tests need /dev/fuse");
        let runtime = Runtime::new().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut config = ServerConfig::new(dir.path().join("store"));
        config.quirks = Quirks { latency, ..Quirks::default() };
        let server = runtime.block_on(Server::start(config)).unwrap();
        let root = dir.path().join("mnt");
        fs::create_dir(&root).unwrap();
        Self { server, dir, root, child: None, _runtime: runtime }
    }

    fn state_dir(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    /// Starts a process that mounts. It is not waited for.
    fn start(&mut self, flags: &[&str]) {
        let log = OpenOptions::new().create(true).append(true).open(self.log()).unwrap();
        let child = Command::new(PROGRAM)
            .args(["mount", "--foreground", "--ready-fd", "1", "--api-url", &self.server.url()])
            .arg("--state-dir")
            .arg(self.state_dir())
            .args(flags)
            .arg(&self.root)
            .env("TASKADE_TOKEN", self.server.token().expose())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        self.child = Some(child);
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    /// Waits until the mount answers, or for what it says instead.
    fn ready(&mut self) -> Result<(), String> {
        let mut said = String::new();
        let pipe = self.child.as_mut().and_then(|child| child.stdout.as_mut()).unwrap();
        // It writes one line and closes, or dies.
        let mut byte = [0];
        while !said.ends_with('\n') && pipe.read(&mut byte).unwrap() == 1 {
            said.push(char::from(byte[0]));
        }
        if said == "ready\n" { Ok(()) } else { Err(said) }
    }

    fn mount(&mut self, flags: &[&str]) {
        self.start(flags);
        self.ready().unwrap_or_else(|said| panic!("cannot mount: {said}"));
    }

    fn pid(&self) -> i32 {
        i32::try_from(self.child.as_ref().unwrap().id()).unwrap()
    }

    /// Kills the process, if that was not done yet, and takes what is left of its mount away.
    fn bury(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let _ = child.kill();
        let ended = ends(&child);
        // By force: a mount that is taken away so answers nobody any more, and lets its process go.
        let mut umount = Command::new("umount");
        let _ = umount.args(["-f", "-l"]).arg(&self.root).stderr(Stdio::null()).status();
        child.wait().unwrap();
        assert!(ended || std::thread::panicking(), "the process outlives its death");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join("Acme").join(name)
    }

    fn wait_until_clean(&self, name: &str) {
        let path = self.path(name);
        until(&format!("{name} being clean"), || {
            let state = attribute(&path, "user.taskade.state");
            assert_ne!(state.as_deref(), Some("rejected"), "{name} was refused");
            state.as_deref() == Some("clean")
        });
    }

    /// The trees of the projects called `New`, and whether they are archived.
    fn projects(&self) -> Vec<(String, bool)> {
        let store = self.server.store();
        let found = store.find_projects("New").unwrap();
        found.iter().map(|(id, archived)| (store.tree(id).unwrap(), *archived)).collect()
    }

    fn plan(&self, project: &ProjectId) -> Plan {
        Plan::from_store(&self.server.store().tree(project).unwrap())
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.server.faults().clear();
        self.bury();
        if std::thread::panicking() {
            let log = fs::read_to_string(self.log()).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            eprintln!("{}", lines[lines.len().saturating_sub(30)..].join("\n"));
        }
    }
}

/// Whether a process that was killed ends, with all its threads. One that waits in the kernel for
/// an answer of its own never does.
fn ends(child: &Child) -> bool {
    // SAFETY: pidfd_open takes two integers and returns a new descriptor or -1.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, child.id(), 0) };
    let fd = i32::try_from(fd).unwrap();
    // SAFETY: the descriptor was just made, and nothing else has it.
    let process = unsafe { OwnedFd::from_raw_fd(fd) };
    let mut poll = libc::pollfd { fd: process.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one valid pollfd is passed.
    unsafe { libc::poll(&mut poll, 1, 10_000) == 1 }
}

/// Sends a signal at a moment.
fn kill_in(pid: i32, moment: Duration) -> std::thread::JoinHandle<()> {
    let end = Instant::now() + moment;
    std::thread::spawn(move || {
        std::thread::sleep(end.saturating_duration_since(Instant::now()));
        // SAFETY: a signal to a child that is not waited for yet.
        unsafe { libc::kill(pid, libc::SIGKILL) };
    })
}

/// How a program saves.
#[derive(Debug, Clone, Copy)]
enum Way {
    InPlace,
    Synced,
    Renamed,
}

/// Whether a save can have reached the mount, and what it said.
struct Attempt {
    written: bool,
    result: io::Result<()>,
}

fn save(path: &Path, way: Way, text: &str) -> Attempt {
    let mut attempt = Attempt { written: false, result: Ok(()) };
    attempt.result = match way {
        Way::InPlace | Way::Synced => {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true);
            options.open(path).and_then(|mut file| {
                attempt.written = true;
                file.write_all(text.as_bytes())?;
                if matches!(way, Way::Synced) { file.sync_all() } else { close(file) }
            })
        }
        Way::Renamed => {
            let beside = path.with_file_name("4913");
            fs::write(&beside, text).and_then(|()| {
                attempt.written = true;
                fs::rename(&beside, path)
            })
        }
    };
    attempt
}

/// `close(2)` with its verdict, which `File` does not tell.
fn close(file: File) -> io::Result<()> {
    // SAFETY: the descriptor was just taken out of its owner, and is closed once.
    match unsafe { libc::close(file.into_raw_fd()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

fn is_death(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOTCONN | libc::ECONNABORTED))
}

/// The states that a project may be in: what was told to be saved last, and what was tried
/// since.
struct Possible(Vec<Plan>);

impl Possible {
    fn newest(&self) -> &Plan {
        self.0.last().unwrap()
    }

    /// One save. Whether the mount is alive.
    fn save(&mut self, path: &Path, way: Way, next: Plan) -> bool {
        let attempt = save(path, way, &next.markdown());
        match attempt.result {
            Ok(()) => self.0 = vec![next],
            Err(error) => {
                assert!(is_death(&error), "{way:?}: {error}");
                if attempt.written {
                    self.0.push(next);
                }
                return false;
            }
        }
        true
    }

    fn settle(&mut self, found: Plan, what: &str) {
        assert!(
            self.0.contains(&found),
            "{what} is\n{}\nand may be\n{}",
            found.markdown(),
            self.0.iter().map(Plan::markdown).collect::<Vec<_>>().join("\nor\n")
        );
        self.0 = vec![found];
    }
}

/// Kills mounts in the middle of saves until `kills` are dead.
fn kill_and_compare(seed: u64, kills: u32) {
    let random = &mut Dice(seed);
    let mut rig = Rig::new(Duration::from_millis(2));
    let workspace = rig.server.store().add_workspace("Acme").unwrap();
    let start = "one\n  one.a\ntwo\nthree\n";
    let project = rig.server.store().add_project(&workspace, "Plan", start).unwrap();
    let mut possible = Possible(vec![rig.plan(&project)]);
    let (mut killed, mut round) = (0, 0);
    while killed < kills {
        round += 1;
        let wait = ["0", "0.01", "5"][random.below(3)];
        rig.mount(&["--commit-wait", wait]);
        // What is executed is answered late: most kills then leave the outcome unknown.
        if random.below(2) == 0 {
            for method in ["POST", "PUT", "DELETE"] {
                let drip = Fault::Drip(Duration::from_micros(100));
                rig.server.faults().plan(Some(method), "/tasks", 0, 1000, drip);
            }
        }
        let file = rig.path("Plan.md");
        assert_eq!(fs::read_to_string(&file).unwrap(), possible.newest().markdown());
        let killer = kill_in(rig.pid(), moment(random));
        for number in 0..1 + random.below(3) {
            let mut next = possible.newest().clone();
            for change in 0..1 + random.below(3) {
                let name = |kind: &str| format!("{kind} {round} {number} {change}");
                next.change(random, name);
            }
            let way = [Way::InPlace, Way::Synced, Way::Renamed][random.below(3)];
            if !possible.save(&file, way, next) {
                break;
            }
        }
        killer.join().unwrap();
        rig.bury();
        killed += 1;
        // The next mounts die while they recover.
        while random.below(3) == 0 {
            rig.start(&[]);
            kill_in(rig.pid(), Duration::from_millis(5) + moment(random) * 2).join().unwrap();
            rig.bury();
            killed += 1;
        }
        rig.server.faults().clear();
        rig.mount(&[]);
        rig.wait_until_clean("Plan.md");
        possible.settle(rig.plan(&project), &format!("after {round} rounds the project"));
        let text = fs::read_to_string(rig.path("Plan.md")).unwrap();
        assert_eq!(text, possible.newest().markdown(), "the file after {round} rounds");
        rig.bury();
    }
}

#[test]
fn whatever_was_told_to_be_saved_survives_kills_exactly_once() {
    let seed = std::env::var("TASKADEFS_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or(1);
    eprintln!("to repeat: TASKADEFS_SEED={seed}");
    kill_and_compare(seed, KILLS);
}

/// Kills the mount while it creates `New.md`, and lets the next mount finish. `fault` is what
/// happens to the request. The trees of the projects of that title, and whether they are archived.
fn kill_while_creating(rig: &mut Rig, fault: Fault) -> Vec<(String, bool)> {
    rig.mount(&["--commit-wait", "0"]);
    rig.server.faults().plan(Some("POST"), "/projects", 0, 1, fault.clone());
    let before = rig.projects().len();
    let attempt = save(&rig.path("New.md"), Way::InPlace, "- [ ] fresh\n");
    attempt.result.unwrap();
    let executed = usize::from(fault == Fault::HangAfter);
    until("the request", || rig.projects().len() == before + executed);
    rig.bury();
    rig.server.faults().clear();
    rig.mount(&[]);
    rig.wait_until_clean("New.md");
    rig.bury();
    rig.projects()
}

#[test]
fn a_project_that_was_being_created_is_created_once() {
    for fault in [Fault::Hang, Fault::HangAfter] {
        let mut rig = Rig::new(Duration::ZERO);
        rig.server.store().add_workspace("Acme").unwrap();
        let created = kill_while_creating(&mut rig, fault);
        assert_eq!(created, [("fresh\n".to_owned(), false)]);
    }
}

#[test]
fn an_archived_project_is_not_taken_for_one_that_was_being_created() {
    for fault in [Fault::Hang, Fault::HangAfter] {
        let mut rig = Rig::new(Duration::ZERO);
        let workspace = rig.server.store().add_workspace("Acme").unwrap();
        rig.server.store().add_project(&workspace, "New", "old\nolder\n").unwrap();
        rig.mount(&[]);
        fs::remove_file(rig.path("New.md")).unwrap();
        // SAFETY: a signal to a child that is not waited for yet.
        unsafe { libc::kill(rig.pid(), libc::SIGTERM) };
        rig.child.take().unwrap().wait().unwrap();
        assert_eq!(rig.projects(), [("old\nolder\n".to_owned(), true)]);
        let created = kill_while_creating(&mut rig, fault);
        assert_eq!(created, [("old\nolder\n".to_owned(), true), ("fresh\n".to_owned(), false)]);
    }
}
