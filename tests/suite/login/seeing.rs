//! Seeing in: `status` with whose it is, watched; `doctor`; and the log.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    process::Stdio,
    sync::mpsc,
    time::Duration,
};

use serde_json::Value;
use taskadefs::server::Fault;

use super::{Person, mode};
use crate::support::{
    mount::{PROGRAM, run, said, until},
    terminal::Terminal,
};

const DEADLINE: Duration = Duration::from_secs(30);

/// What `doctor --json` found: the verdict of each check.
fn verdicts(person: &Person, arguments: &[&str]) -> (Option<i32>, Vec<(String, String)>) {
    let output = person.run(&[&["doctor", "--json"], arguments].concat());
    let findings: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let of = |finding: &Value| (text(&finding["check"]), text(&finding["verdict"]));
    (output.status.code(), findings.as_array().unwrap().iter().map(of).collect())
}

fn verdict<'a>(found: &'a [(String, String)], check: &str) -> &'a str {
    &found.iter().find(|(name, _)| name == check).unwrap_or_else(|| panic!("{check}: {found:?}")).1
}

#[test]
fn status_says_whose_it_is_and_how_it_was_lately() {
    let person = Person::new();
    person.logs_in(&[]);
    person.mounts(&[]);
    person.mounted.ok("cat Plan.md");
    let told = person.ok(&["status"]);
    assert!(told.contains("@me at http://"), "{told}");
    assert!(told.contains("Taskade answered last"), "{told}");
    assert!(told.contains("the cache takes"), "{told}");
    person.mounted.server().faults().plan(None, "/projects/", 0, 4, Fault::Html(502));
    person.mounted.sh("cat Plan.md");
    until("an error", || {
        let all: Value = serde_json::from_str(&person.ok(&["status", "--json"])).unwrap();
        let all = &all[0];
        assert_eq!(all["handle"], "me");
        assert!(all["cache"].as_u64().unwrap() > 0 && all["last_answer"].is_string(), "{all}");
        person.mounted.sh("cat Plan.md");
        all["errors"].as_array().is_some_and(|errors| !errors.is_empty())
    });
}

#[test]
fn a_watched_status_is_appended_when_something_is_new_and_ends_with_ctrl_c() {
    let person = Person::new();
    person.logs_in(&[]);
    person.mounts(&[]);
    person.mounted.ok("cat Plan.md");
    let mut command = person.command(&["status", "--watch"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let (sender, lines) = mpsc::channel();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let wait = |wanted: &str| loop {
        let line = lines.recv_timeout(DEADLINE).unwrap_or_else(|_| panic!("never {wanted}"));
        assert!(!line.contains('\x1b'), "{line}");
        if line.contains(wanted) {
            return;
        }
    };
    wait("everything is saved");
    fs::write(person.mounted.file(), "```\ncode\n```\n").ok();
    wait("rejected\tAcme/Plan.md");
    // SAFETY: a signal is sent to a process that this test began.
    unsafe { libc::kill(child.id().try_into().unwrap(), libc::SIGINT) };
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_watched_status_on_a_terminal_is_in_place() {
    let person = Person::new();
    person.logs_in(&[]);
    person.mounts(&[]);
    person.mounted.ok("cat Plan.md");
    let dir = tempfile::tempdir().unwrap();
    let script = format!(
        "trap : INT; {PROGRAM} status --watch --state-dir {}; echo \"ended with $?\"",
        person.state().display()
    );
    let terminal = Terminal::run(dir.path(), &script);
    terminal.shows("everything is saved");
    fs::write(person.mounted.file(), "```\ncode\n```\n").ok();
    terminal.shows("rejected").hides("everything is saved").press(&["C-c"]);
    terminal.shows("ended with 0").ends();
}

#[test]
fn a_doctor_finds_what_is_wrong_and_says_what_to_do() {
    let person = Person::new();
    let root = person.mounted.root.to_str().unwrap().to_owned();
    let (status, found) = verdicts(&person, &[&root]);
    assert_eq!((status, verdict(&found, "token")), (Some(1), "fail"), "nobody is logged in");
    person.logs_in(&[]);
    person.mounts(&[]);
    let (status, found) = verdicts(&person, &[&root]);
    assert_eq!(status, Some(0), "{found:?}");
    for check in
        ["version", "FUSE device", "mountpoint", "state directory", "journal", "clock", "API"]
    {
        assert_eq!(verdict(&found, check), "ok", "{check}");
    }
    let process = format!("/proc/{}", person.mounted.pid().unwrap());
    person.mounted.end();
    // Until then it writes what is below.
    until("the end of the mount's process", || !fs::exists(&process).unwrap());
    let told = person.ok(&["doctor", &root]);
    assert!(told.contains("logged in as @me, opens 1 workspace"), "{told}");
    // Each thing that is wrong, and nothing that hangs.
    let journal = person.accounts()[0].join("journal.sqlite3");
    let whole = fs::read(&journal).unwrap();
    // A process that is ended may leave what it had not written into the file beside it.
    for beside in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{beside}", journal.display()));
    }
    fs::write(&journal, "this is no database, and long enough to be looked at".repeat(200))
        .unwrap();
    fs::set_permissions(person.state(), fs::Permissions::from_mode(0o777)).unwrap();
    let (status, found) = verdicts(&person, &["/no/such/place"]);
    assert_eq!(status, Some(1));
    for check in ["journal", "state directory", "mountpoint"] {
        assert_eq!(verdict(&found, check), "fail", "{check}");
    }
    fs::write(&journal, whole).unwrap();
    fs::set_permissions(person.state(), fs::Permissions::from_mode(0o700)).unwrap();
    let mut command = person.command(&["doctor", "--api-url", "http://127.0.0.1:9/api/v1"]);
    let output = run(command.env("https_proxy", "http://me:hunter2@proxy.example:1"));
    let told = said(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("fail  API") && told.contains("warn  proxy"), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
}

#[test]
fn a_doctor_does_not_hang_where_a_mount_does() {
    let person = Person::new();
    person.logs_in(&[]);
    person.mounts(&[]);
    let root = person.mounted.root.to_str().unwrap().to_owned();
    let pid = person.mounted.pid().unwrap();
    // SAFETY: signals are sent to the process of this test's mount.
    unsafe { libc::kill(pid, libc::SIGSTOP) };
    let (status, found) = verdicts(&person, &[&root]);
    // SAFETY: as above.
    unsafe { libc::kill(pid, libc::SIGCONT) };
    assert_eq!((status, verdict(&found, "mountpoint")), (Some(1), "fail"), "{found:?}");
    assert_eq!(verdict(&found, "token"), "ok");
}

#[test]
fn a_log_has_a_line_a_request_and_neither_texts_nor_the_token() {
    let person = Person::new();
    let token = person.mounted.server().token();
    person.logs_in(&[]);
    let log = person.mounted.dir.path().join("requests.log");
    person.mounts(&["--log", "trace", "--log-to", log.to_str().unwrap()]);
    person.mounted.ok(
        "cat Plan.md && sed -i 's/one/a secret plan/' Plan.md && echo 'another secret' >> Plan.md",
    );
    assert_eq!(person.mounted.tree(), "a secret plan\ntwo\nanother secret\n");
    person.mounted.end();
    assert_eq!(mode(&log), 0o600);
    for text in [
        &fs::read_to_string(&log).unwrap(),
        &fs::read_to_string(person.state().join("log")).unwrap(),
    ] {
        assert!(!text.contains(token.expose()), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
    let text = fs::read_to_string(&log).unwrap();
    let put =
        text.lines().find(|line| line.contains("method=PUT")).unwrap_or_else(|| panic!("{text}"));
    assert!(put.contains("path=\"projects/{project}/tasks/{task}\""), "{put}");
    assert!(put.contains("status=200") && put.contains("id=") && put.contains("ms="), "{put}");
}

#[test]
fn a_log_that_cannot_be_where_it_is_to_go_is_told() {
    let person = Person::new();
    person.logs_in(&[]);
    let inside = person.mounted.root.join("log");
    for (to, told) in [
        (inside.to_str().unwrap(), "in the mountpoint"),
        ("/no/such/place/log", "cannot write the log"),
        ("journald", "--log-to"),
    ] {
        if to == "journald" && fs::exists("/run/systemd/journal/socket").unwrap() {
            continue;
        }
        let output = person.mount(&["-f", "--log-to", to]);
        assert_eq!(output.status.code(), Some(1), "{to}: {}", said(&output));
        assert!(said(&output).contains(told), "{to}: {}", said(&output));
    }
}
