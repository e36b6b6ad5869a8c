//! What waits to get to Taskade is told: by `status` and `sync` while it waits, by whoever ends the
//! mount, and by the next one.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Output, Stdio},
    sync::mpsc::{self, Receiver},
    time::{Duration, Instant},
};

use taskadefs::server::Quirks;

use crate::support::mount::{Mounted, PROGRAM, on_terminal, run, said, until};

/// How long a line may take to be said.
const LINE_TIMEOUT: Duration = Duration::from_secs(30);

/// A mount with a project that was read, and another one that may go.
fn mounted() -> Mounted {
    let mounted = Mounted::on(Quirks::default(), "one", &[], |store, workspace| {
        store.add_project(workspace, "Old", "x").unwrap();
    });
    mounted.ok("cat Plan.md Old.md");
    mounted
}

fn taskadefs(mounted: &Mounted, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).env("TASKADEFS_STATE_DIR", mounted.dir.path().join("state"));
    run(&mut command)
}

/// A save, a new project and a removal that wait.
fn leave_three(mounted: &Mounted) {
    mounted.ok("echo '- [ ] two' >> Plan.md; echo '- [ ] new' > New.md; rm Old.md");
    until("the removal is noted", || {
        said(&taskadefs(mounted, &["status"])).contains("pending\tAcme/Old.md\t")
    });
}

fn names_three(words: &str, before: &str) {
    for change in ["Acme/New.md, changed", "Acme/Old.md, removed", "Acme/Plan.md, changed"] {
        assert!(words.contains(&format!("{before}{change} ")), "{before}{change}: {words}");
    }
    assert!(words.contains("s ago"), "{words}");
}

#[test]
fn what_waits_is_told_by_status_sync_umount_and_the_next_mount() {
    let mut mounted = mounted();
    let (address, token) = (mounted.address(), mounted.server().token());
    mounted.stop_server();
    leave_three(&mounted);
    // Within the grace and after it.
    for _ in 0..2 {
        let status = taskadefs(&mounted, &["status"]);
        assert_eq!(status.status.code(), Some(0), "nothing is refused: {}", said(&status));
        let words = said(&status);
        assert!(words.contains("pending\tAcme/Old.md\tremoved, and not archived yet ("), "{words}");
        assert!(words.contains("pending\tAcme/Plan.md\t("), "{words}");
        assert!(words.contains("pending\tAcme/New.md\t("), "{words}");
        let synced = taskadefs(&mounted, &["sync", "--timeout", "2"]);
        assert_eq!(synced.status.code(), Some(1), "{}", said(&synced));
        let stderr = String::from_utf8_lossy(&synced.stderr);
        names_three(&stderr, "taskadefs: waiting for ");
        assert!(stderr.contains("3 changes did not get to Taskade"), "{stderr}");
        let stdout = String::from_utf8_lossy(&synced.stdout);
        assert!(stdout.contains("pending\tAcme/Old.md\tremoved"), "{stdout}");
    }
    let ended = mounted.umount();
    assert_eq!(ended.status.code(), Some(1), "{}", said(&ended));
    let words = said(&ended);
    names_three(&words, "taskadefs: waiting for ");
    names_three(&words, "taskadefs: not with Taskade: ");
    assert!(words.contains("unmounted, but 3 changes did not get to Taskade"), "{words}");
    assert!(words.contains("in the journal; the next mount or `taskadefs sync` sends it"));
    assert!(!mounted.acme().exists(), "it is unmounted all the same");
    let asleep = said(&taskadefs(&mounted, &["status"]));
    assert!(asleep.contains("pending\tAcme/Old.md\tremoved, and not archived yet ("), "{asleep}");

    mounted.start_server(address, token);
    let begun = mounted.try_mount();
    assert!(begun.status.success(), "{}", said(&begun));
    names_three(&said(&begun), "taskadefs: going on with what waits: ");
    let synced = taskadefs(&mounted, &["sync"]);
    assert_eq!(synced.status.code(), Some(0), "{}", said(&synced));
    assert_eq!(mounted.tree(), "one\ntwo\n");
    let ended = mounted.umount();
    assert_eq!((ended.status.code(), said(&ended).as_str()), (Some(0), ""), "nothing is left");
}

#[test]
fn who_is_not_asked_says_in_the_log_what_waits() {
    let mut mounted = mounted();
    mounted.stop_server();
    leave_three(&mounted);
    let serves = mounted.pid_now();
    let ended = run(Command::new("umount").arg(&mounted.root));
    assert!(ended.status.success(), "{}", said(&ended));
    until("the end of the process", || {
        !std::path::Path::new(&format!("/proc/{serves}/root")).exists()
    });
    let log = fs::read_to_string(mounted.dir.path().join("state/log")).unwrap();
    names_three(&log, "not with Taskade: ");
    assert!(log.contains("3 changes did not get to Taskade"), "{log}");
}

#[test]
fn of_a_mount_that_was_killed_umount_tells_what_waits() {
    let mut mounted = mounted();
    mounted.stop_server();
    leave_three(&mounted);
    // SAFETY: a signal to the process that serves the mount of this test.
    unsafe { libc::kill(mounted.pid_now(), libc::SIGKILL) };
    until("the death of the mount", || {
        fs::read_dir(&mounted.root).err().and_then(|error| error.raw_os_error())
            == Some(libc::ENOTCONN)
    });
    let ended = taskadefs(&mounted, &["umount", mounted.root.to_str().unwrap()]);
    assert_eq!(ended.status.code(), Some(1), "{}", said(&ended));
    names_three(&said(&ended), "not with Taskade: ");
}

/// A mount in the foreground, and what it says.
fn in_foreground(mounted: &Mounted) -> (Child, Receiver<String>) {
    let mut command = Command::new(PROGRAM);
    command.args(["mount", "--foreground", "--api-url", &mounted.server().url(), "--state-dir"]);
    command.arg(mounted.dir.path().join("state")).args(["--log", "error"]).arg(&mounted.root);
    command.env("TASKADE_TOKEN", mounted.server().token().expose());
    command.stdin(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let said = BufReader::new(child.stderr.take().unwrap());
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in said.lines().map_while(Result::ok) {
            // Nobody listens once the test is over.
            let _ = sender.send(line);
        }
    });
    until("the mount", || mounted.acme().exists());
    (child, lines)
}

#[test]
fn a_mount_in_the_foreground_tells_what_waits_when_it_ends() {
    for signal in [libc::SIGTERM, libc::SIGINT] {
        let mut mounted = mounted();
        mounted.end();
        let (mut child, lines) = in_foreground(&mounted);
        mounted.ok("cat Plan.md Old.md");
        mounted.stop_server();
        leave_three(&mounted);
        let send = |signal| {
            // SAFETY: a signal to a child of this test.
            unsafe { libc::kill(i32::try_from(child.id()).unwrap(), signal) };
        };
        let began = Instant::now();
        send(signal);
        let mut words = String::new();
        while !words.contains("waiting for Acme/Plan.md") {
            words.push_str(&(lines.recv_timeout(LINE_TIMEOUT).unwrap() + "\n"));
        }
        // Who asks again does not want to wait.
        send(signal);
        while let Ok(line) = lines.recv_timeout(LINE_TIMEOUT) {
            words.push_str(&(line + "\n"));
        }
        assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
        until("the end of the process", || child.try_wait().unwrap().is_some());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{words}");
        names_three(&words, "taskadefs: waiting for ");
        names_three(&words, "taskadefs: not with Taskade: ");
        assert!(words.contains("3 changes did not get to Taskade; in the journal"), "{words}");
    }
}

#[test]
fn on_a_terminal_a_line_says_how_far_it_is() {
    let mut mounted = mounted();
    mounted.stop_server();
    mounted.ok("echo '- [ ] two' >> Plan.md");
    let state = mounted.dir.path().join("state");
    let script = format!("{PROGRAM} sync --timeout 3 --state-dir {}; true", state.display());
    let shown = "waiting for 1 change: Acme/Plan.md, changed ";
    on_terminal("sh", &["-c", &script], mounted.dir.path(), &[(shown, "")]);
}
