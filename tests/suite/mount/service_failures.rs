//! What a service that refuses, fails or is gone means to a program that saves, and where its
//! text is then.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::fd::IntoRawFd,
    path::Path,
    process::Command,
};

use taskadefs::server::Fault;

use crate::support::mount::{Mounted, PROGRAM, attribute, run, said, until};

const TASKS: &str = "one\n  one.a\ntwo\nthree";
const UNCHANGED: &str = "one\n  one.a\ntwo\nthree\n";
const CHANGED: &str = "- [ ] one\n  - [ ] one.a\n- [ ] 2\n- [ ] three\n";
const PUT: &str = r#"PUT /tasks/t3 {"content":"2","contentType":"text/plain"}"#;

/// Writes a file as programs do. What `close(2)` says, as `File` does not tell it.
fn write(path: &Path, text: &str) -> Result<(), i32> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let fd = file.into_raw_fd();
    // SAFETY: the descriptor was just taken out of its owner, and is closed once.
    match unsafe { libc::close(fd) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error().raw_os_error().unwrap()),
    }
}

fn state(path: &Path) -> String {
    attribute(path, "user.taskade.state").unwrap()
}

fn is_clean(mounted: &Mounted) {
    until("the settling", || state(&mounted.file()) == "clean");
}

#[test]
fn a_failing_service_leaves_the_save_pending_and_gets_it_later() {
    let mounted = Mounted::with(TASKS, &["--commit-wait", "0.2"]);
    let ids = mounted.ids();
    mounted.text();
    mounted.server().faults().plan(Some("PUT"), "", 0, 1000, Fault::Status(500, None));
    write(&mounted.file(), CHANGED).unwrap();
    assert_eq!(state(&mounted.file()), "pending");
    assert_eq!(mounted.text(), CHANGED, "the text is there for everybody");
    assert_eq!(mounted.tree(), UNCHANGED);
    mounted.server().faults().clear();
    is_clean(&mounted);
    assert_eq!(mounted.tree(), "one\n  one.a\n2\nthree\n");
    let writes = mounted.writes(&ids);
    assert!(writes.iter().all(|write| write == PUT), "{writes:?}");
}

#[test]
fn a_service_that_fails_once_is_asked_again_within_the_save() {
    for fault in [Fault::Status(500, None), Fault::Status(503, None), Fault::DropBefore] {
        let mounted = Mounted::of(TASKS);
        mounted.text();
        mounted.server().faults().plan(Some("PUT"), "", 0, 1, fault.clone());
        write(&mounted.file(), CHANGED).unwrap();
        is_clean(&mounted);
        assert_eq!(mounted.tree(), "one\n  one.a\n2\nthree\n", "{fault:?}");
    }
}

#[test]
fn an_answer_that_is_lost_makes_no_task_twice() {
    for fault in [Fault::DropAfter, Fault::Truncated, Fault::Malformed, Fault::Html(502)] {
        let mounted = Mounted::of(TASKS);
        let text = mounted.text();
        mounted.server().faults().plan(Some("POST"), "/tasks", 0, 1, fault.clone());
        write(&mounted.file(), &format!("{text}- [ ] four\n- [ ] five\n")).unwrap();
        is_clean(&mounted);
        assert_eq!(mounted.tree(), format!("{UNCHANGED}four\nfive\n"), "{fault:?}");
    }
}

#[test]
fn a_project_that_was_not_taken_is_kept_and_made_once() {
    for (status, errno) in [(403, libc::EACCES), (402, libc::EDQUOT), (400, libc::EIO)] {
        let mounted = Mounted::of(TASKS);
        let file = mounted.acme().join("New.md");
        mounted.server().faults().plan(
            Some("POST"),
            "/projects",
            0,
            99,
            Fault::Status(status, None),
        );
        assert_eq!(write(&file, "- [ ] a\n"), Err(errno), "{status}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "- [ ] a\n", "the text is kept");
        assert_eq!(state(&file), "rejected");
        assert_eq!(mounted.ok("ls"), "New.md\nPlan.md\n");
        assert!(mounted.server().store().find_projects("New").unwrap().is_empty());
        mounted.server().faults().clear();
        if status == 403 {
            // What the account may not do is not asked for again by a save.
            mounted.ok(&format!("{PROGRAM} retry New.md"));
        }
        write(&file, "- [ ] a\n- [ ] b\n").unwrap();
        assert_eq!(state(&file), "clean");
        let found = mounted.server().store().find_projects("New").unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(mounted.server().store().tree(&found[0].0).unwrap(), "a\nb\n");
    }
}

#[test]
fn a_refused_archiving_brings_the_file_back() {
    let mounted = Mounted::of(TASKS);
    let text = mounted.text();
    mounted.server().faults().plan(Some("POST"), "/complete", 0, 1, Fault::Status(403, None));
    fs::remove_file(mounted.file()).unwrap();
    assert!(!mounted.file().exists());
    until("the return of the file", || mounted.file().exists());
    assert_eq!(mounted.text(), text);
    assert!(!mounted.server().store().find_projects("Plan").unwrap()[0].1);
}

#[test]
fn a_limit_that_is_met_delays_a_save_and_loses_nothing() {
    let mounted = Mounted::with(TASKS, &["--commit-wait", "0.2"]);
    let ids = mounted.ids();
    mounted.text();
    mounted.server().faults().plan(Some("PUT"), "", 0, 1, Fault::Status(429, Some(1.0)));
    write(&mounted.file(), CHANGED).unwrap();
    is_clean(&mounted);
    assert_eq!(mounted.tree(), "one\n  one.a\n2\nthree\n");
    assert_eq!(mounted.writes(&ids), [PUT, PUT], "refused once, and then taken");
}

#[test]
fn a_buffer_that_is_saved_again_after_a_discard_is_sent_again() {
    let mounted = Mounted::of(TASKS);
    let ids = mounted.ids();
    mounted.text();
    mounted.server().faults().plan(Some("PUT"), "", 0, 1000, Fault::Status(403, None));
    for _ in 0..2 {
        assert_eq!(write(&mounted.file(), CHANGED), Err(libc::EACCES), "it is told each time");
        assert_eq!(state(&mounted.file()), "rejected");
        let discarded = run(Command::new(PROGRAM).arg("discard").arg(mounted.file()));
        assert!(discarded.status.success(), "{}", said(&discarded));
        is_clean(&mounted);
    }
    mounted.server().faults().clear();
    mounted.writes(&ids);
    write(&mounted.file(), CHANGED).unwrap();
    assert_eq!(mounted.writes(&ids), [PUT]);
    assert_eq!(mounted.tree(), "one\n  one.a\n2\nthree\n");
    mounted.end();
}

#[test]
fn a_file_that_stays_open_while_a_backup_is_put_back_says_all_of_it_again() {
    let mounted = Mounted::of(TASKS);
    let ids = mounted.ids();
    let before = mounted.text();
    mounted.server().faults().plan(Some("PUT"), "", 0, 1000, Fault::Status(403, None));
    let mut open = OpenOptions::new().read(true).write(true).open(mounted.file()).unwrap();
    open.write_all(CHANGED.as_bytes()).unwrap();
    open.set_len(CHANGED.len() as u64).unwrap();
    open.sync_all().unwrap_err();
    write(&mounted.file(), &before).unwrap();
    mounted.server().faults().clear();
    mounted.writes(&ids);
    open.write_all(b"- [ ] four\n").unwrap();
    open.sync_all().unwrap();
    drop(open);
    is_clean(&mounted);
    assert_eq!(mounted.tree(), "one\n  one.a\n2\nthree\nfour\n");
    mounted.end();
}

/// Fifty tasks, of which a save may take away twenty-five, or twenty of fewer.
fn fifty() -> (String, String) {
    let tasks: String = (0..50).map(|n| format!("task {n}\n")).collect();
    let text = tasks.lines().map(|task| format!("- [ ] {task}\n")).collect();
    (tasks, text)
}

fn head(text: &str, lines: usize) -> String {
    text.lines().take(lines).map(|line| format!("{line}\n")).collect()
}

#[test]
fn deleting_most_of_a_project_is_refused_and_kept_until_it_is_mended() {
    let (tasks, text) = fifty();
    let mounted = Mounted::of(&tasks);
    assert_eq!(mounted.text(), text);
    for script in ["echo '- [ ] oops' | dd of=Plan.md conv=fsync", "sed -i '25,$d' Plan.md"] {
        let refused = mounted.sh(script);
        assert!(said(&refused).contains("not permitted"), "{script}: {}", said(&refused));
        if script.starts_with("echo") {
            assert_eq!(mounted.text(), "- [ ] oops\n", "what was written is kept");
            assert_eq!(state(&mounted.file()), "rejected");
            let reason = attribute(&mounted.file(), "user.taskade.error").unwrap();
            assert!(reason.contains("50"), "{reason}");
        }
        write(&mounted.file(), &text).unwrap();
        assert_eq!(mounted.text(), text, "what is put back is shown");
        assert_eq!(state(&mounted.file()), "rejected", "and settles nothing");
    }
    assert_eq!(mounted.writes(&[]), [""; 0]);
    assert_eq!(mounted.tree(), tasks);
    write(&mounted.file(), &head(&text, 25)).unwrap();
    assert_eq!(mounted.tree(), head(&tasks, 25), "half is no accident");
    assert_eq!(state(&mounted.file()), "clean");
    assert_eq!(attribute(&mounted.file(), "user.taskade.error"), None);
}

#[test]
fn emptying_a_large_project_is_refused_at_the_end_of_its_grace() {
    let (tasks, _) = fifty();
    let mounted = Mounted::of(&tasks);
    mounted.text();
    mounted.ok(": > Plan.md");
    mounted.end();
    assert_eq!(mounted.writes(&[]), [""; 0]);
    assert_eq!(mounted.tree(), tasks);
}

#[test]
fn whoever_wants_more_deleted_says_so() {
    let (tasks, text) = fifty();
    let mounted = Mounted::with(&tasks, &["--max-delete", "49"]);
    mounted.text();
    write(&mounted.file(), &head(&text, 1)).unwrap();
    assert_eq!(mounted.tree(), "task 0\n");
}

#[test]
fn vim_shows_what_the_guard_refused() {
    let (tasks, _) = fifty();
    let mounted = Mounted::of(&tasks);
    mounted.text();
    let vim = mounted.sh("vim -es -u NONE -N --cmd 'set backupskip=' -c '2,$d' -c wq Plan.md");
    assert!(!vim.status.success());
    mounted.end();
    assert_eq!(mounted.writes(&[]), [""; 0]);
    assert_eq!(mounted.tree(), tasks);
}

#[test]
fn a_service_that_is_gone_is_no_end_of_the_mount() {
    let mut mounted = Mounted::with(TASKS, &["--commit-wait", "0.2"]);
    let text = mounted.text();
    mounted.stop_server();
    assert_eq!(mounted.text(), text, "what was read once is served");
    mounted.ok("ls; grep -c one Plan.md; echo x > .scratch; cat .scratch");
    write(&mounted.file(), CHANGED).unwrap();
    assert_eq!(mounted.text(), CHANGED);
    assert_eq!(state(&mounted.file()), "pending");
    let new = mounted.acme().join("New.md");
    write(&new, "- [ ] a\n").unwrap();
    assert_eq!(fs::read_to_string(&new).unwrap(), "- [ ] a\n");
    assert_eq!(mounted.ok("ls"), "New.md\nPlan.md\n");
}
