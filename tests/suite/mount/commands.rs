//! The commands about saves, and what `.taskade/` shows, on real mounts.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        net::UnixStream,
    },
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;
use taskadefs::server::Fault;

use crate::support::mount::{Mounted, PROGRAM, attribute, said, until};

const BAD: &str = "- [ ] one\n```\ncode\n```\n";

fn state_dir(mounted: &Mounted) -> PathBuf {
    mounted.dir.path().join("state")
}

fn run(mounted: &Mounted, arguments: &[&str]) -> Output {
    Command::new("timeout")
        .args(["-k", "5", "60", PROGRAM])
        .args(arguments)
        .current_dir(mounted.acme())
        .env("TASKADEFS_STATE_DIR", state_dir(mounted))
        .output()
        .unwrap()
}

/// Runs a command that must succeed. What it printed.
fn ok(mounted: &Mounted, arguments: &[&str]) -> String {
    let output = run(mounted, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Writes a file, whatever closing it says.
fn write(path: &Path, text: &str) {
    File::create(path).unwrap().write_all(text.as_bytes()).unwrap();
}

fn control(mounted: &Mounted) -> PathBuf {
    mounted.root.join(".taskade")
}

fn account(mounted: &Mounted) -> PathBuf {
    PathBuf::from(attribute(&mounted.root, "user.taskade.account").unwrap())
}

#[test]
fn a_refused_save_is_shown_everywhere_and_discarded() {
    let mounted = Mounted::of("one\ntwo");
    mounted.text();
    assert!(ok(&mounted, &["status"]).contains("everything is saved"));
    write(&mounted.file(), BAD);
    assert_eq!(fs::read_to_string(control(&mounted).join("rejected/Acme／Plan.md")).unwrap(), BAD);
    let reason =
        fs::read_to_string(control(&mounted).join("rejected/Acme／Plan.md.reason")).unwrap();
    assert!(reason.contains("line 2"), "{reason}");
    let status = fs::read_to_string(control(&mounted).join("status.json")).unwrap();
    let status: Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["saves"][0]["path"], "Acme/Plan.md");
    assert_eq!(status["saves"][0]["state"], "rejected");
    assert!(status["limit"].is_u64() && status["pid"].is_u64(), "{status}");
    let told = run(&mounted, &["status", "Plan.md"]);
    assert_eq!(told.status.code(), Some(1), "something was refused");
    let told = said(&told);
    assert!(told.contains("rejected\tAcme/Plan.md\t") && told.contains("line 2"), "{told}");
    let json: Value = serde_json::from_slice(&run(&mounted, &["status", "--json"]).stdout).unwrap();
    assert_eq!(json[0]["saves"], status["saves"]);
    let retried = run(&mounted, &["retry", "Plan.md"]);
    assert_eq!(retried.status.code(), Some(1));
    assert!(said(&retried).contains("line 2"), "{}", said(&retried));
    ok(&mounted, &["discard", "Plan.md"]);
    assert_eq!(mounted.text(), "- [ ] one\n- [ ] two\n");
    assert_eq!(fs::read_dir(control(&mounted).join("rejected")).unwrap().count(), 0);
    let again = run(&mounted, &["discard", "Plan.md"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(ok(&mounted, &["status"]).contains("everything is saved"));
}

#[test]
fn what_the_deletion_guard_held_back_is_sent_by_a_retry_that_allows_it() {
    let tasks: String = (0..50).map(|n| format!("task {n}\n")).collect();
    let mounted = Mounted::of(&tasks);
    mounted.text();
    write(&mounted.file(), "- [ ] task 7\n");
    assert_eq!(mounted.tree(), tasks);
    assert_eq!(run(&mounted, &["retry", "Plan.md"]).status.code(), Some(1));
    assert_eq!(mounted.tree(), tasks);
    // 49 requests are more than a minute allows: they go on their way.
    ok(&mounted, &["retry", "--allow-delete", "Plan.md"]);
    until("the first deletion", || mounted.tree() != tasks);
    assert_eq!(mounted.text(), "- [ ] task 7\n");
}

#[test]
fn history_lists_and_undo_takes_back() {
    let mounted = Mounted::of("one\ntwo\n  deep");
    mounted.text();
    mounted.ok("sed -i 's/one/1/' Plan.md");
    mounted.ok("sed -i '/two/d; /deep/d' Plan.md");
    let past = ok(&mounted, &["history", "Plan.md"]);
    let lines: Vec<&str> = past.lines().collect();
    assert!(
        lines[0].ends_with("Acme/Plan.md: 2 deleted")
            && lines[1].ends_with("Acme/Plan.md: 1 edited"),
        "{past}"
    );
    let long = ok(&mounted, &["history", "--long", "-n", "1"]);
    assert!(long.contains("    - two\n    - deep\n"), "{long}");
    ok(&mounted, &["undo", "Plan.md"]);
    assert_eq!(mounted.tree(), "1\ntwo\n  deep\n");
    assert_eq!(mounted.text(), "- [ ] 1\n- [ ] two\n  - [ ] deep\n");
    ok(&mounted, &["undo"]);
    assert_eq!(mounted.tree(), "one\ntwo\n  deep\n");
    let nothing = run(&mounted, &["undo"]);
    assert_eq!(nothing.status.code(), Some(1));
    let json: Value = serde_json::from_str(&ok(&mounted, &["history", "--json"])).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 4);
    let log = fs::read_to_string(control(&mounted).join("history.ndjson")).unwrap();
    assert!(log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    assert!(!log.contains(mounted.server().token().expose()));
}

#[test]
fn sync_finishes_what_waits_mounted_or_not() {
    let mounted = Mounted::with("one\ntwo", &["--commit-wait", "0.1"]);
    mounted.text();
    let sync = |mounted: &Mounted| {
        let mut command = Command::new("timeout");
        command.args(["-k", "5", "60", PROGRAM, "sync", "--timeout", "20", "--api-url"]);
        command.arg(mounted.server().url()).env("TASKADEFS_STATE_DIR", state_dir(mounted));
        command.env("TASKADE_TOKEN", mounted.server().token().expose()).output().unwrap()
    };
    let output = sync(&mounted);
    assert!(output.status.success(), "{}", said(&output));
    mounted.server().faults().plan(Some("PUT"), "", 0, 1000, Fault::Status(503, None));
    write(&mounted.file(), "- [ ] one\n- [ ] 2\n");
    assert!(ok(&mounted, &["status"]).contains("pending\tAcme/Plan.md"));
    // SAFETY: a signal to a process that this test started.
    unsafe { libc::kill(mounted.pid().unwrap(), libc::SIGKILL) };
    until("the death of the mount", || fs::metadata(&mounted.root).is_err());
    mounted.end();
    let told = Command::new(PROGRAM)
        .arg("status")
        .env("TASKADEFS_STATE_DIR", state_dir(&mounted))
        .output()
        .unwrap();
    assert!(said(&told).contains("not mounted") && said(&told).contains("pending\tAcme/Plan.md"));
    mounted.server().faults().clear();
    let output = sync(&mounted);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(mounted.tree(), "one\n2\n");
    mounted.begin();
    assert_eq!(mounted.text(), "- [ ] one\n- [ ] 2\n");
}

#[test]
fn a_new_token_of_the_account_goes_on_with_what_the_old_one_could_not_save() {
    let mut mounted = Mounted::with("a\nb", &["--max-age", "0"]);
    mounted.ok("cat Plan.md && ls -la");
    mounted.change_token("tskdp_new");
    // The old token still reads what is known; what it saves is refused and kept.
    let refused = mounted.sh("sed -i 's/] b/] B/' Plan.md");
    assert!(said(&refused).contains("Permission denied"), "{}", said(&refused));
    assert_eq!(mounted.text(), "- [ ] a\n- [ ] B\n");
    mounted.end();
    assert_eq!(mounted.tree(), "a\nb\n");
    mounted.begin();
    until("the save of the old token", || mounted.tree() == "a\nB\n");
    let accounts = fs::read_dir(state_dir(&mounted).join("accounts")).unwrap();
    assert_eq!(accounts.count(), 1);
    mounted.end();
}

#[test]
fn a_token_that_sees_other_workspaces_is_another_account() {
    let mut mounted = Mounted::with("a\nb", &["--max-age", "0"]);
    mounted.ok("cat Plan.md && ls -la");
    mounted.change_token("tskdp_other");
    mounted.sh("sed -i 's/] b/] B/' Plan.md");
    mounted.end();
    mounted.server().store().add_workspace("Elsewhere").unwrap();
    mounted.begin();
    mounted.ok("cat Plan.md");
    let accounts = fs::read_dir(state_dir(&mounted).join("accounts")).unwrap();
    assert_eq!(accounts.count(), 2);
    mounted.end();
    assert_eq!(mounted.tree(), "a\nb\n");
}

#[test]
fn the_directory_of_the_mount_itself_can_only_be_read() {
    let mounted = Mounted::of("one");
    let dir = control(&mounted);
    let names: Vec<String> = fs::read_dir(&mounted.root)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.contains(&".taskade".to_owned()), "{names:?}");
    assert!(fs::read_to_string(dir.join("README.md")).unwrap().starts_with("# This is a Taskade"));
    let refused = |result: std::io::Result<()>| {
        let errno = result.unwrap_err().raw_os_error();
        assert!(matches!(errno, Some(libc::EPERM | libc::EACCES)), "{errno:?}");
    };
    refused(fs::write(dir.join("new"), "x"));
    refused(fs::write(dir.join("README.md"), "x"));
    refused(fs::remove_file(dir.join("README.md")));
    refused(fs::create_dir(dir.join("new")));
    refused(fs::rename(dir.join("README.md"), mounted.root.join(".mine")));
    refused(fs::rename(&dir, mounted.root.join(".mine")));
    refused(fs::remove_dir(&dir));
    fs::write(account(&mounted).join("control/conflicts/Plan.md"), "- [ ] theirs\n").unwrap();
    assert_eq!(fs::read_to_string(dir.join("conflicts/Plan.md")).unwrap(), "- [ ] theirs\n");
    fs::remove_file(dir.join("conflicts/Plan.md")).unwrap();
    assert!(!dir.join("conflicts/Plan.md").exists());
    assert!(!mounted.acme().join(".taskade/README.md").exists(), "that of a folder is another");
    assert!(!dir.join("nothing").exists());
}

#[test]
fn the_socket_is_private_and_garbage_on_it_harms_nobody() {
    let mounted = Mounted::of("one");
    let socket = account(&mounted).join("socket");
    assert_eq!(fs::metadata(account(&mounted)).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(&socket).unwrap().mode() & libc::S_IFMT, libc::S_IFSOCK);
    let silent = UnixStream::connect(&socket).unwrap();
    for garbage in [&b"{}\n"[..], b"\xff\xfe\n", b"{\"command\":\"format\"}\n", b"no end", b""] {
        let mut stream = UnixStream::connect(&socket).unwrap();
        stream.write_all(garbage).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut said = String::new();
        BufReader::new(&stream).read_line(&mut said).unwrap();
        assert!(
            said.is_empty() || said.contains("does not know this command"),
            "{garbage:?}: {said}"
        );
    }
    assert!(ok(&mounted, &["status"]).contains("everything is saved"));
    drop(silent);
    mounted.end();
    assert!(!socket.exists());
}

#[test]
fn a_state_directory_may_have_a_longer_path_than_a_socket() {
    let mounted = Mounted::of("one");
    mounted.end();
    let long = mounted.dir.path().join("long/".repeat(40));
    let output = Command::new("timeout")
        .args(["-k", "5", "60", PROGRAM, "mount", "--api-url", &mounted.server().url()])
        .arg("--state-dir")
        .arg(&long)
        .arg(&mounted.root)
        .env("TASKADE_TOKEN", mounted.server().token().expose())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let told = ok(&mounted, &["status", "."]);
    assert!(told.contains("everything is saved"), "{told}");
}

#[test]
fn commands_say_what_they_need() {
    let mounted = Mounted::of("one");
    let told = |arguments: &[&str]| {
        let output = run(&mounted, arguments);
        (output.status.code(), said(&output))
    };
    let (code, words) = told(&["discard", "/"]);
    assert_eq!(code, Some(1));
    assert!(words.contains("not in a mount"), "{words}");
    let (code, words) = told(&["discard", ".."]);
    assert_eq!(code, Some(1));
    assert!(words.contains("name a project's file"), "{words}");
    let (code, words) = told(&["retry", "None.md"]);
    assert_eq!(code, Some(1));
    assert!(words.contains("None.md"), "{words}");
    assert_eq!(told(&["retry"]).0, Some(2));
    assert_eq!(told(&["history", "--wrong"]).0, Some(2));
}

#[test]
fn without_a_path_the_mount_is_meant_that_one_is_in() {
    let mounted = Mounted::of("one\ntwo");
    let elsewhere = tempfile::tempdir().unwrap();
    let told = |dir: &Path, arguments: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).current_dir(dir).env("TASKADEFS_STATE_DIR", "");
        command.env("XDG_STATE_HOME", elsewhere.path()).output().unwrap()
    };
    mounted.ok("echo three >> Plan.md");
    let status = told(&mounted.acme(), &["status"]);
    assert!(said(&status).contains("everything is saved"), "{}", said(&status));
    assert!(said(&told(&mounted.acme(), &["history"])).contains("1 added"));
    assert!(told(&mounted.acme(), &["undo", "--yes"]).status.success());
    assert_eq!(mounted.tree(), "one\ntwo\n");
    // Elsewhere it is said of what directory it is that nothing is mounted with it.
    let own = elsewhere.path().join("taskadefs").display().to_string();
    let status = said(&told(elsewhere.path(), &["status"]));
    assert!(status.contains(&format!("nothing is mounted with {own}")), "{status}");
    let history = told(elsewhere.path(), &["history"]);
    assert!(!history.status.success() && said(&history).contains(&own), "{}", said(&history));
    mounted.end();
}
