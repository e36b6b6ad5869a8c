//! How a mount begins, ends and dies, and that what was saved is sent all the same, once.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use taskadefs::server::{Fault, Quirks};

use crate::support::mount::{Mounted, PROGRAM, attribute, run, said, until};

const TASKS: &str = "one\n  one.a\ntwo\nthree";
const CHANGED: &str = "- [ ] one\n  - [ ] one.a\n- [ ] 2\n- [ ] three\n";
const TREE: &str = "one\n  one.a\n2\nthree\n";
const PUT: &str = r#"PUT /tasks/t3 {"content":"2","contentType":"text/plain"}"#;

fn signal(pid: i32, signal: i32) {
    // SAFETY: a signal to a process of this test.
    unsafe { libc::kill(pid, signal) };
}

fn is_alive(pid: i32) -> bool {
    Path::new(&format!("/proc/{pid}/root")).exists()
}

/// A mount in the foreground, which says in its log when it serves.
fn in_foreground(mounted: &Mounted) -> Child {
    let mut command = Command::new(PROGRAM);
    command.args(["mount", "--foreground", "--api-url", &mounted.server().url(), "--state-dir"]);
    command.arg(mounted.dir.path().join("state")).arg(&mounted.root);
    command.env("TASKADE_TOKEN", mounted.server().token().expose());
    command.stdin(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let log = BufReader::new(child.stderr.take().unwrap());
    let (sender, lines) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in log.lines().map_while(Result::ok) {
            // Nobody listens once the mount is up.
            let _ = sender.send(line);
        }
    });
    while !lines.recv_timeout(Duration::from_secs(20)).unwrap().contains("mounted") {}
    child
}

fn ended(child: &mut Child) -> Option<i32> {
    until("the end of the process", || child.try_wait().unwrap().is_some());
    child.wait().unwrap().code()
}

#[test]
fn a_mount_in_the_foreground_ends_with_its_unmounting_or_a_signal() {
    let mounted = Mounted::of(TASKS);
    mounted.end();
    for end in [None, Some(libc::SIGINT), Some(libc::SIGTERM)] {
        let mut child = in_foreground(&mounted);
        assert_eq!(mounted.text().lines().count(), 4);
        match end {
            None => mounted.end(),
            Some(end) => signal(i32::try_from(child.id()).unwrap(), end),
        }
        assert_eq!(ended(&mut child), Some(0), "{end:?}");
        assert!(!mounted.acme().exists());
    }
}

#[test]
fn signals_flush_what_waits_for_a_grace() {
    for end in [libc::SIGTERM, libc::SIGINT] {
        let mounted = Mounted::of(TASKS);
        let pid = mounted.pid().unwrap();
        fs::remove_file(mounted.file()).unwrap();
        assert_eq!(mounted.writes(&[]), [""; 0]);
        signal(pid, end);
        until("the end of the process", || !is_alive(pid));
        assert_eq!(mounted.writes(&[]), ["POST /complete"]);
    }
}

#[test]
fn a_signal_while_taskade_hangs_ends_the_mount_and_the_next_one_sends_the_save() {
    let mounted = Mounted::with(TASKS, &["--commit-wait", "0.1"]);
    let ids = mounted.ids();
    mounted.text();
    mounted.server().faults().plan(Some("PUT"), "", 0, 99, Fault::Status(503, None));
    fs::write(mounted.file(), CHANGED).unwrap();
    assert_eq!(attribute(&mounted.file(), "user.taskade.state").as_deref(), Some("pending"));
    let (pid, asked) = (mounted.pid().unwrap(), Instant::now());
    signal(pid, libc::SIGTERM);
    until("the end of the process", || !is_alive(pid));
    assert!(asked.elapsed() < Duration::from_secs(15), "{:?}", asked.elapsed());
    mounted.server().faults().clear();
    mounted.writes(&ids);
    mounted.begin();
    assert_eq!(mounted.text(), CHANGED, "the save is what is read from the first moment on");
    until("the save", || mounted.tree() == TREE);
    mounted.end();
    assert_eq!(mounted.writes(&ids), [PUT]);
}

#[test]
fn what_was_told_to_be_saved_outlives_a_kill() {
    let mounted = Mounted::with(TASKS, &["--commit-wait", "0.1"]);
    let ids = mounted.ids();
    mounted.text();
    mounted.server().faults().plan(None, "/tasks/", 0, 99, Fault::Status(503, None));
    fs::write(mounted.file(), CHANGED).unwrap();
    let new = mounted.acme().join("New.md");
    mounted.server().faults().plan(Some("POST"), "/projects", 0, 99, Fault::Status(503, None));
    fs::write(&new, "- [ ] a\n").unwrap();
    fs::write(mounted.acme().join(".scratch"), "x").unwrap();
    signal(mounted.pid().unwrap(), libc::SIGKILL);
    until("the death of the mount", || fs::metadata(&mounted.root).is_err());
    mounted.server().faults().clear();
    mounted.writes(&ids);
    mounted.end();
    mounted.begin();
    assert_eq!(mounted.text(), CHANGED);
    assert_eq!(fs::read_to_string(&new).unwrap(), "- [ ] a\n");
    assert_eq!(mounted.ok("cat .scratch"), "x");
    until("the saves", || {
        mounted.tree() == TREE && !mounted.server().store().find_projects("New").unwrap().is_empty()
    });
    mounted.end();
    let writes = mounted.writes(&ids);
    assert_eq!(writes.iter().filter(|write| **write == PUT).count(), 1, "{writes:?}");
    assert_eq!(writes.len(), 2, "{writes:?}");
    assert_eq!(mounted.server().store().find_projects("New").unwrap().len(), 1);
}

#[test]
fn an_open_draft_is_saved_when_the_mount_is_taken_away_under_it() {
    let mounted = Mounted::of(TASKS);
    let ids = mounted.ids();
    mounted.text();
    let mut file = OpenOptions::new().write(true).truncate(true).open(mounted.file()).unwrap();
    file.write_all(CHANGED.as_bytes()).unwrap();
    let mut umount = Command::new(PROGRAM);
    umount.args(["umount", "--lazy"]).arg(&mounted.root);
    let lazy = std::thread::spawn(move || run(&mut umount));
    until("the name to be free", || !mounted.acme().exists());
    drop(file);
    let lazy = lazy.join().unwrap();
    assert!(lazy.status.success(), "{}", said(&lazy));
    assert_eq!(mounted.writes(&ids), [PUT], "it waited for the file to be closed and saved");
    assert_eq!(mounted.tree(), TREE);
}

#[test]
fn a_dead_mount_is_repaired_by_any_number_of_unmounts_and_mounts() {
    let mounted = Mounted::of(TASKS);
    for _ in 0..2 {
        signal(mounted.pid().unwrap(), libc::SIGKILL);
        // While it goes, what was asked of it is aborted.
        let errno = || fs::read_dir(&mounted.root).err().and_then(|error| error.raw_os_error());
        until("the death of the mount", || errno() == Some(libc::ENOTCONN));
        let dead = mounted.try_mount();
        assert_eq!(dead.status.code(), Some(1));
        assert!(said(&dead).contains("taskadefs umount"), "{}", said(&dead));
        mounted.end();
        assert_eq!(fs::read_dir(&mounted.root).unwrap().count(), 0);
        mounted.begin();
        assert_eq!(mounted.text().lines().count(), 4);
    }
    assert_eq!(mounted.writes(&[]), [""; 0]);
}

#[test]
fn what_cannot_be_a_mountpoint_is_named() {
    let mounted = Mounted::of(TASKS);
    let file = mounted.dir.path().join("file");
    File::create(&file).unwrap();
    for (path, reason) in [
        (mounted.dir.path().join("none"), "mkdir"),
        (file, "not a directory"),
        (mounted.root.clone(), "mounted there already"),
    ] {
        let output = run(Command::new(PROGRAM)
            .args(["mount", "--api-url", &mounted.server().url(), "--state-dir"])
            .arg(mounted.dir.path().join("other"))
            .arg(&path)
            .env("TASKADE_TOKEN", mounted.server().token().expose()));
        assert_eq!(output.status.code(), Some(1), "{path:?}");
        assert!(said(&output).contains(reason), "{}", said(&output));
        assert!(said(&output).contains(path.to_str().unwrap()), "{}", said(&output));
    }
    assert_eq!(mounted.text().lines().count(), 4, "the mount that there is goes on");
}

#[test]
fn inodes_and_names_are_the_same_after_a_remount() {
    let mounted = Mounted::of(TASKS);
    mounted.ok("echo x > .scratch; mkdir .dir; echo y > .dir/z; printf -- '- [ ] a\\n' > New.md");
    let new = || mounted.ok("stat -c %i New.md");
    let within = new();
    mounted.ok("cat New.md; ls -la; echo '- [ ] b' >> New.md");
    assert_eq!(new(), within, "it stays when the project gets its id, and when it is edited");
    let listing = || mounted.ok("find . ! -name . -printf '%p %y %s\\n' | sort");
    let inodes = || mounted.ok("stat -c '%n %i' Plan.md . ..");
    let before = (listing(), inodes());
    for _ in 0..2 {
        mounted.end();
        mounted.begin();
        assert_eq!((listing(), inodes()), before);
    }
}

#[test]
fn a_remount_within_the_age_asks_for_nothing() {
    let quirks = Quirks { rate_limit: Some(30), ..Quirks::default() };
    let mounted = Mounted::on(quirks, TASKS, &["--max-age", "3600"], |_, _| {});
    let look = "ls -R && rg -c one";
    let before = mounted.ok(look);
    for _ in 0..2 {
        mounted.end();
        mounted.server().log().clear();
        mounted.begin();
        assert_eq!(mounted.ok(look), before);
        assert_eq!(mounted.server().log().requests(), []);
    }
}
