//! Much changes at once while programs watch: what is heard is bounded, and neither the unmounting nor
//! the end of the process waits for it.

use std::{
    collections::HashMap,
    ffi::CString,
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::{ffi::OsStrExt, net::UnixStream},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use taskadefs::{
    ids::{ProjectId, SpaceId},
    server::Quirks,
};

use crate::support::{
    mount::{Mounted, attribute, until},
    rng::Dice,
    watching::Watch,
};

/// How long the mount may take to look.
const ANSWER: Duration = Duration::from_secs(60);

/// How long changes of a file are gathered that are heard of together.
const GATHERED: Duration = Duration::from_millis(50);

/// A mount of many projects.
struct Crowd {
    mounted: Mounted,
    acme: SpaceId,
    account: PathBuf,
    made: usize,
}

impl Crowd {
    fn new(projects: usize, flags: &[&str]) -> Self {
        let mut acme = None;
        let flags = [&["--max-age", "0"], flags].concat();
        let mounted = Mounted::on(Quirks::default(), "one", &flags, |store, workspace| {
            let names = (0..projects).map(|n| (format!("P{n:04}"), "one\ntwo".to_owned()));
            store.add_projects(workspace, &names.collect::<Vec<_>>()).unwrap();
            acme = Some(workspace.clone());
        });
        let account = account(&mounted);
        Self { mounted, acme: acme.unwrap(), account, made: projects }
    }

    fn project(&self, name: &str) -> ProjectId {
        self.mounted.server().store().find_projects(name).unwrap().remove(0).0
    }

    /// Others make so many projects, and the mount hears of that without any look from a program.
    fn others_make(&mut self, count: usize) {
        let names = (self.made..self.made + count).map(|n| (format!("P{n:04}"), "x".to_owned()));
        let store = self.mounted.server().store();
        store.add_projects(&self.acme, &names.collect::<Vec<_>>()).unwrap();
        self.made += count;
        let mut stream = UnixStream::connect(self.account.join("socket")).unwrap();
        stream.set_read_timeout(Some(ANSWER)).unwrap();
        let path = format!("Acme/P{:04}.md", self.made - 1);
        let ask = format!(r#"{{"command":"details","path":"{path}","resources":[],"anew":false}}"#);
        stream.write_all(format!("{ask}\n").as_bytes()).unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
    }

    fn watch(&self) -> Watch {
        self.mounted.ok("cat Plan.md");
        Watch::inotify(Path::new("/"), &[self.mounted.acme().to_str().unwrap()])
    }

    fn heard(&self, name: &str, event: &str) -> String {
        format!("{}/{name} {event}", self.mounted.acme().display())
    }
}

fn account(mounted: &Mounted) -> PathBuf {
    attribute(&mounted.root, "user.taskade.account").unwrap().into()
}

fn is_alive(pid: i32) -> bool {
    Path::new(&format!("/proc/{pid}/root")).exists()
        || fs::read_dir(format!("/proc/{pid}/task")).is_ok_and(|tasks| tasks.count() > 1)
}

/// How often it may be in use in ten rounds: while the mount is being copied, or somebody else looks
/// at all mounts.
const BUSY: usize = 2;

/// Unmounts as `umount` does, without any patience.
fn umount(root: &Path) -> std::io::Result<()> {
    let root = CString::new(root.as_os_str().as_bytes()).unwrap();
    // SAFETY: the path is a valid C string.
    match unsafe { libc::umount2(root.as_ptr(), libc::UMOUNT_NOFOLLOW) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}

#[test]
fn a_thousand_files_that_change_at_once_are_heard_of_once_each() {
    let crowd = Crowd::new(1000, &[]);
    let store = crowd.mounted.server().store();
    let projects: Vec<_> = (0..1000).map(|n| crowd.project(&format!("P{n:04}"))).collect();
    crowd.mounted.ok("ls -l");
    let mut watch = crowd.watch();
    for project in &projects[1..] {
        store.add_elsewhere(project, "theirs").unwrap();
    }
    for hundred in 0..10 {
        crowd.mounted.ok(&format!("cat P0{hundred}*.md > /dev/null"));
    }
    let mut heard = watch.hears_of(999);
    store.add_elsewhere(&projects[0], "ding").unwrap();
    until("the bell", || crowd.mounted.ok("cat P0000.md").contains("ding"));
    heard.extend(watch.hears(&crowd.heard("P0000.md", "MODIFY")));
    let mut counts: HashMap<String, usize> = HashMap::new();
    for line in heard {
        *counts.entry(line).or_default() += 1;
    }
    assert!(
        counts.iter().all(|(line, count)| line.ends_with("MODIFY") && *count == 1),
        "{counts:?}"
    );
    assert_eq!(counts.len(), 1000);
    drop(watch);
    crowd.mounted.end();
}

#[test]
fn a_file_that_changes_all_the_time_is_heard_of_only_so_often() {
    let crowd = Crowd::new(1, &["--markers", "tasks", "--fields", "none"]);
    crowd.mounted.ok("cat P0000.md");
    let mut watch = crowd.watch();
    let begun = Instant::now();
    let store = crowd.mounted.server().store();
    for round in 0..200 {
        store.add_elsewhere(&crowd.mounted.project, &format!("theirs {round}")).unwrap();
        crowd.mounted.text();
    }
    until("the last change", || crowd.mounted.text().contains("theirs 199"));
    let most = begun.elapsed().as_millis() / GATHERED.as_millis() + 2;
    let bell = crowd.project("P0000");
    store.add_elsewhere(&bell, "ding").unwrap();
    until("the bell", || crowd.mounted.ok("cat P0000.md").contains("ding"));
    let heard = watch.hears(&crowd.heard("P0000.md", "MODIFY"));
    let changed = crowd.heard("Plan.md", "MODIFY");
    let count = heard.iter().filter(|line| **line == changed).count();
    assert!((1..=most).contains(&(count as u128)), "{count} of at most {most}");
    drop(watch);
    crowd.mounted.end();
}

#[test]
fn it_can_be_unmounted_while_watchers_are_told() {
    let mut crowd = Crowd::new(1, &[]);
    let mut busy = 0;
    for round in 0..10 {
        let mut watch = crowd.watch();
        crowd.others_make(200);
        watch.hears(&crowd.heard(&format!("P{:04}.md", crowd.made - 190), "CREATE"));
        let pid = crowd.mounted.pid_now();
        until(&format!("round {round}: unmounted"), || match umount(&crowd.mounted.root) {
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) => {
                busy += 1;
                assert!(busy <= BUSY, "round {round}: in use {busy} times");
                false
            }
            ended => ended.map(|()| true).unwrap_or_else(|error| panic!("round {round}: {error}")),
        });
        until(&format!("round {round}: the end of the process"), || !is_alive(pid));
        drop(watch);
        crowd.mounted.begin();
    }
    crowd.mounted.end();
}

#[test]
fn it_can_be_killed_while_watchers_are_told() {
    let mut crowd = Crowd::new(1, &[]);
    let mut dice = Dice(11);
    for round in 0..12 {
        let mut watch = crowd.watch();
        crowd.others_make(200);
        let seen = dice.below(60) + 1;
        watch.hears(&crowd.heard(&format!("P{:04}.md", crowd.made - 200 + seen), "CREATE"));
        let pid = crowd.mounted.pid_now();
        // SAFETY: a signal to the process that serves the mount of this test.
        unsafe { libc::kill(pid, libc::SIGKILL) };
        until(&format!("round {round}: the end of the process"), || !is_alive(pid));
        drop(watch);
        crowd.mounted.end();
        crowd.mounted.begin();
    }
    crowd.mounted.end();
}
