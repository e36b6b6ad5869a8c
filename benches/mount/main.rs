//! How fast a mount is, against a directory in memory, the least that a FUSE file system can do,
//! and `rclone mount`. Prints a table in Markdown. Run it with `scripts/bench`.

#![allow(clippy::unwrap_used)]

mod floor;
mod places;
mod texts;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use places::Place;
use taskadefs::server::{Exports, Quirks, Running, Server, ServerConfig};
use tokio::runtime::Runtime;

const FOLDERS: usize = 10;
const TASKS: usize = 50;
const LATENCY: Duration = Duration::from_millis(50);

/// Most requests that a mount has under way at once (`MOST_IN_FLIGHT` of its gate).
const UNDER_WAY: usize = 8;

/// How often a warm measurement is made; the fastest counts.
const ROUNDS: usize = 7;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match &arguments[..] {
        [_, command, tree, mountpoint] if command == "floor" => {
            floor::serve(Path::new(tree), Path::new(mountpoint)).unwrap();
        }
        [_, command, projects] if command == "serve" => serve(projects.parse().unwrap()),
        [_, command] if command == "texts" => texts::print(),
        _ => compare(),
    }
}

/// Serves that many projects until it is killed: to look at a mount of them with a profiler.
fn serve(projects: usize) {
    let runtime = Runtime::new().unwrap();
    let service = Service::new(&runtime, projects, Exports::Same, Duration::ZERO);
    println!("--api-url {} ", service.running.url());
    println!("--token-file {}", service.running.token_path().display());
    loop {
        std::thread::park();
    }
}

/// A service with this many projects in ten folders, on a port of its own.
struct Service {
    running: Running,
    dir: tempfile::TempDir,
}

impl Service {
    fn new(runtime: &Runtime, projects: usize, exports: Exports, latency: Duration) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = ServerConfig::new(dir.path().join("store"));
        config.quirks = Quirks { exports, latency, rate_limit: None, ..Quirks::default() };
        let running = runtime.block_on(Server::start(config)).unwrap();
        let workspace = running.store().add_workspace("Acme").unwrap();
        for folder in 0..FOLDERS {
            let id = running.store().add_folder(&workspace, &format!("Folder {folder}")).unwrap();
            let projects: Vec<(String, String)> = (0..projects / FOLDERS)
                .map(|number| (format!("Project {folder} {number}"), tasks(folder, number)))
                .collect();
            running.store().add_projects(&id, &projects).unwrap();
        }
        Self { running, dir }
    }

    fn mount(&self, state: &str, flags: &[&str]) -> Place {
        let (root, state) = (self.dir.path().join("mnt"), self.dir.path().join(state));
        let token = self.running.token();
        Place::taskade(&root, &self.running.url(), token.expose(), &state, flags)
    }

    fn requests(&self) -> usize {
        let requests = self.running.log().requests().len();
        self.running.log().clear();
        requests
    }
}

fn tasks(folder: usize, number: usize) -> String {
    let line = |task: usize| match task % 5 {
        0 => format!("Topic {task} of project {number} in folder {folder}\n"),
        1 if task == 31 && number % 10 == 3 => "  the needle in the hay\n".to_owned(),
        2 => format!("  x Something that was done about {task} and {number}\n"),
        _ => format!("  Something to be done about {task} and {number}, and what it takes\n"),
    };
    (0..TASKS).map(line).collect()
}

fn sh(root: &Path, script: &str) {
    let mut command = Command::new("sh");
    command.args(["-c", script]).current_dir(root).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(command.status().unwrap().success(), "{script} in {}", root.display());
}

fn time(run: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    run();
    begun.elapsed()
}

/// The fastest of several rounds, after one that counts for nothing.
fn fastest(run: impl Fn()) -> Duration {
    run();
    (0..ROUNDS).map(|_| time(&run)).min().unwrap()
}

/// Microseconds of one call on one of the files, made by this many threads at a time.
fn each(files: &[PathBuf], threads: usize, call: impl Fn(&Path) + Sync) -> f64 {
    let round = || {
        std::thread::scope(|scope| {
            for part in files.chunks(files.len().div_ceil(threads)) {
                scope.spawn(|| part.iter().for_each(|file| call(file)));
            }
        });
    };
    fastest(round).as_secs_f64() * 1e6 / files.len() as f64
}

fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(dir) = waiting.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            match entry.file_type().unwrap().is_dir() {
                true if entry.file_name() != ".taskade" => waiting.push(entry.path()),
                true => {}
                false => found.push(entry.path()),
            }
        }
    }
    found.sort();
    found
}

const RG: &str = "rg --no-ignore needle . | wc -l | grep -qx 100";

/// What is measured at every place. Times in milliseconds, those of single calls in microseconds.
fn warm(root: &Path) -> Vec<f64> {
    let files = files(root);
    let git = tempfile::tempdir().unwrap();
    let repository = format!("git --git-dir={}/r --work-tree=.", git.path().display());
    sh(root, &format!("git init -q --bare {0}/r && {repository} add . ", git.path().display()));
    let milliseconds = |script: &str| fastest(|| sh(root, script)).as_secs_f64() * 1e3;
    let stat = |file: &Path| assert!(fs::symlink_metadata(file).is_ok());
    let read = |file: &Path| drop(fs::read(file).unwrap());
    vec![
        milliseconds(RG),
        milliseconds("ls -lR"),
        milliseconds(&format!("{repository} status --porcelain")),
        each(&files, 1, stat),
        each(&files, 8, stat),
        each(&files, 1, read),
        each(&files, 8, read),
    ]
}

const ROWS: [&str; 7] = [
    "`rg needle`, ms",
    "`ls -lR`, ms",
    "`git status`, ms",
    "stat, µs",
    "stat, 8 readers, µs each",
    "open, read, close, µs",
    "open, read, close, 8 readers, µs each",
];

fn compare() {
    let runtime = Runtime::new().unwrap();
    let service = Service::new(&runtime, 1000, Exports::Same, LATENCY);
    let scratch = tempfile::tempdir_in("/dev/shm").unwrap();
    let tree = scratch.path().join("tree");
    let mount = service.mount("state", &[]);
    sh(&mount.root, &format!("cp -r Acme {}", tree.display()));
    let ours = warm(&mount.root.join("Acme"));
    let resident = mount.resident();
    drop(mount);
    let memory = warm(&tree);
    let floor = {
        let root = scratch.path().join("floor");
        let mut command = Command::new(std::env::current_exe().unwrap());
        let place = Place::served(&root, command.arg("floor").arg(&tree).arg(&root));
        warm(&place.root)
    };
    let rclone = rclone(scratch.path(), &tree);
    print_warm(&[&memory, &floor, &ours], rclone.as_deref());
    println!();
    println!("| | requests | seconds | bound |\n|---|---|---|---|");
    cold(&service, "spaces exported");
    again(&service);
    let refusing = Service::new(&runtime, 1000, Exports::Refused, LATENCY);
    cold(&refusing, "nothing exported");
    println!();
    save(&service);
    println!("| resident memory, 1,000 projects read | {:.0} MB |", resident as f64 / 1e6);
    let large = Service::new(&runtime, 10_000, Exports::Same, Duration::ZERO);
    let mount = large.mount("state", &[]);
    sh(&mount.root, "rg --no-ignore needle . | wc -l | grep -qx 1000");
    println!("| resident memory, 10,000 projects read | {:.0} MB |", mount.resident() as f64 / 1e6);
    drop(mount);
    println!();
    texts::print();
}

fn rclone(scratch: &Path, tree: &Path) -> Option<Vec<f64>> {
    Command::new("rclone").arg("version").stdout(Stdio::null()).status().ok()?;
    let root = scratch.join("rclone");
    let mut command = Command::new("rclone");
    command.args(["mount", "--vfs-cache-mode", "full", "--attr-timeout", "1h", "--dir-cache-time"]);
    command.args(["1h", "--cache-dir"]).arg(scratch.join("rclone-cache"));
    command.env("RCLONE_CONFIG", "/dev/null").arg(tree).arg(&root);
    let place = Place::served(&root, &mut command);
    Some(warm(&place.root))
}

fn print_warm(columns: &[&Vec<f64>; 3], rclone: Option<&[f64]>) {
    println!("| warm, 1,000 files of 50 lines | tmpfs | floor | taskadefs | ÷ floor | rclone |");
    println!("|---|---|---|---|---|---|");
    for (row, name) in ROWS.iter().enumerate() {
        let [memory, floor, ours] = columns.map(|column| column[row]);
        let rclone = rclone.map_or("–".to_owned(), |times| format!("{:.1}", times[row]));
        let ratio = ours / floor;
        println!("| {name} | {memory:.1} | {floor:.1} | {ours:.1} | {ratio:.2} | {rclone} |");
    }
}

/// A search through everything by a mount that knows nothing. The bound is what the requests take
/// if always as many are under way as ever are.
fn cold(service: &Service, how: &str) {
    service.requests();
    let mount = service.mount(&format!("cold {how}"), &[]);
    let seconds = time(|| sh(&mount.root, RG)).as_secs_f64();
    let requests = service.requests();
    let bound = requests as f64 * LATENCY.as_secs_f64() / UNDER_WAY as f64;
    println!("| cold `rg`, {how} | {requests} | {seconds:.2} | {bound:.2} |");
}

/// A mount that knows everything from an earlier one.
fn again(service: &Service) {
    drop(service.mount("cold spaces exported", &[]));
    service.requests();
    let begun = Instant::now();
    let mount = service.mount("cold spaces exported", &[]);
    let mounted = begun.elapsed().as_secs_f64();
    sh(&mount.root, "head -c 1 'Acme/Folder 3/Project 3 3.md'");
    let first = begun.elapsed().as_secs_f64();
    println!("| remount | | {mounted:.3} | |");
    println!("| remount to the first byte | | {first:.3} | |");
    sh(&mount.root, RG);
    let all = begun.elapsed().as_secs_f64();
    println!("| remount and `rg` | | {all:.3} | |");
}

/// A one-line edit, until the program is told that it is saved.
fn save(service: &Service) {
    let mount = service.mount("state", &[]);
    let file = mount.root.join("Acme/Folder 5/Project 5 5.md");
    let mut text = fs::read_to_string(&file).unwrap();
    let mut fastest = f64::MAX;
    for round in 0..ROUNDS {
        text = text.replacen("Topic", &format!("Topic{round}"), 1);
        fastest = fastest.min(time(|| fs::write(&file, &text).unwrap()).as_secs_f64());
    }
    println!("| | |\n|---|---|");
    println!(
        "| a one-line edit, in round trips to the service | {:.2} |",
        fastest / LATENCY.as_secs_f64()
    );
}
