//! Projects that are moved and lines that are pasted on a real mount, by real programs, while
//! Taskade is out of reach, answers are lost, or the mount is killed.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use serde_json::{Value, json};
use taskadefs::{ids::ProjectId, server::Fault};

use crate::support::{
    mount::{Mounted, PROGRAM, attribute, run, said, until},
    service::details::day,
};

const TASKS: &str = "one\n  one.a\ntwo";
const SAVED: &str = "- [ ] one\n  - [ ] one.a\n- [ ] two\n- [ ] three\n";
const TREE: &str = "one\n  one.a\ntwo\nthree\n";

/// A mount with the folder `Sales` beside `Plan.md`, both looked at.
fn open() -> Mounted {
    let quirks = taskadefs::server::Quirks::default();
    let mounted = Mounted::on(quirks, TASKS, &["--commit-wait", "0.1"], |store, workspace| {
        store.add_folder(workspace, "Sales").unwrap();
    });
    mounted.text();
    mounted.ok("ls Sales");
    mounted
}

fn moved(mounted: &Mounted) -> PathBuf {
    mounted.acme().join("Sales/Better.md")
}

/// Nothing gets through any more.
fn go_offline(mounted: &Mounted) {
    mounted.server().faults().plan(None, "", 0, 1_000_000, Fault::Status(503, None));
}

/// Those of a title that are not archived.
fn of_title(mounted: &Mounted, title: &str) -> Vec<ProjectId> {
    let all = mounted.server().store().find_projects(title).unwrap();
    all.into_iter().filter(|(_, completed)| !completed).map(|(id, _)| id).collect()
}

/// There is one project, under its new name, with the save.
fn is_moved(mounted: &Mounted) -> bool {
    let there = of_title(mounted, "Better");
    of_title(mounted, "Plan").is_empty()
        && there.len() == 1
        && mounted.server().store().tree(&there[0]).unwrap() == TREE
}

fn kill(mounted: &Mounted) {
    // SAFETY: a signal to a process that this test started.
    unsafe { libc::kill(mounted.pid().unwrap(), libc::SIGKILL) };
    until("the death of the mount", || fs::metadata(&mounted.root).is_err());
}

fn sync(mounted: &Mounted) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(["sync", "--timeout", "30", "--api-url"]).arg(mounted.server().url());
    command.env("TASKADEFS_STATE_DIR", mounted.dir.path().join("state"));
    command.env("TASKADE_TOKEN", mounted.server().token().expose());
    run(&mut command)
}

/// How a move that waits is finished.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Finish {
    /// The service comes back.
    Back,
    /// The mount is killed, and there is another one.
    Killed,
    /// The mount is killed, and `taskadefs sync` does the rest.
    Synced,
}

#[test]
fn a_save_and_then_a_move_offline_are_one_project_in_the_end() {
    for finish in [Finish::Back, Finish::Killed, Finish::Synced] {
        let mounted = open();
        go_offline(&mounted);
        fs::write(mounted.file(), SAVED).unwrap();
        mounted.ok("mv Plan.md Sales/Better.md");
        assert_eq!(mounted.ok("ls . Sales"), ".:\nSales\n\nSales:\nBetter.md\n");
        assert_eq!(fs::read_to_string(moved(&mounted)).unwrap(), SAVED);
        let state = attribute(&moved(&mounted), "user.taskade.state");
        assert_eq!(state.as_deref(), Some("pending"));
        if finish != Finish::Back {
            kill(&mounted);
            mounted.end();
        }
        mounted.server().faults().clear();
        match finish {
            Finish::Back => {}
            Finish::Killed => mounted.begin(),
            Finish::Synced => {
                let output = sync(&mounted);
                assert!(output.status.success(), "{}", said(&output));
                assert!(is_moved(&mounted), "sync has done all of it");
                mounted.begin();
            }
        }
        until("the move", || is_moved(&mounted));
        assert_eq!(fs::read_to_string(moved(&mounted)).unwrap(), SAVED);
        assert_eq!(mounted.ok("ls . Sales"), ".:\nSales\n\nSales:\nBetter.md\n");
        mounted.end();
        assert!(is_moved(&mounted), "{finish:?}");
    }
}

#[test]
fn a_copy_whose_answer_is_lost_is_one_project_in_the_end() {
    for fault in [Fault::DropAfter, Fault::Truncated, Fault::Malformed] {
        for is_killed in [false, true] {
            let mounted = open();
            fs::write(mounted.file(), SAVED).unwrap();
            until("the save", || mounted.tree() == TREE);
            mounted.server().faults().plan(Some("POST"), "/copy", 0, 1, fault.clone());
            if is_killed {
                // And nothing after it, so that it is the next mount that looks.
                mounted.server().faults().plan(None, "", 0, 1_000_000, Fault::Status(503, None));
            }
            mounted.ok("mv Plan.md Sales/Better.md");
            if is_killed {
                until("the copy", || !of_title(&mounted, "Better").is_empty());
                kill(&mounted);
                mounted.end();
                mounted.server().faults().clear();
                mounted.begin();
            }
            until("the move", || is_moved(&mounted));
            assert_eq!(fs::read_to_string(moved(&mounted)).unwrap(), SAVED);
            mounted.end();
            assert!(is_moved(&mounted), "{fault:?}");
        }
    }
}

#[test]
fn a_move_that_taskade_refuses_after_mv_returned_is_told_until_it_is_given_up() {
    let mounted = open();
    go_offline(&mounted);
    mounted.ok("mv Plan.md Sales/Better.md");
    mounted.server().faults().clear();
    // Whatever it was when the move was asked for, it is refused now.
    mounted.server().faults().plan(Some("POST"), "/copy", 0, 1, Fault::Status(403, None));
    let error = || attribute(&mounted.file(), "user.taskade.error");
    until("the refusal", || mounted.file().exists() && error().is_some());
    let reason = error().unwrap();
    assert!(reason.starts_with("not moved to Acme/Sales/Better.md: "), "{reason}");
    let taskadefs = |arguments: &[&str], code: i32| {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).env("TASKADEFS_STATE_DIR", mounted.dir.path().join("state"));
        let output = run(&mut command);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let shown = taskadefs(&["status"], 1);
    assert!(shown.contains(&format!("not moved\tAcme/Plan.md\t{reason}")), "{shown}");
    let status = fs::read(mounted.root.join(".taskade/status.json")).unwrap();
    let status: Value = serde_json::from_slice(&status).unwrap();
    assert_eq!(status["moves"][0]["reason"], reason.as_str());
    let history = taskadefs(&["history", mounted.root.to_str().unwrap()], 0);
    assert!(history.contains("Plan.md: not moved to Acme/Sales/Better.md"), "{history}");
    // Also while nothing is mounted, and by the next mount.
    mounted.end();
    assert!(taskadefs(&["status"], 1).contains("not moved\tPlan.md\t"));
    mounted.begin();
    mounted.text();
    assert_eq!(error(), Some(reason));
    taskadefs(&["discard", mounted.file().to_str().unwrap()], 0);
    assert_eq!(error(), None);
    assert!(!taskadefs(&["status"], 0).contains("not moved"));
    mounted.ok("mv Plan.md Sales/Better.md");
    until("the move", || moved(&mounted).exists() && of_title(&mounted, "Plan").is_empty());
    mounted.end();
}

#[test]
fn an_editor_that_saves_by_itself_between_cut_and_paste_loses_no_details() {
    let quirks = taskadefs::server::Quirks::default();
    let mounted = Mounted::on(quirks, TASKS, &[], |store, workspace| {
        store.add_member(workspace, "alice", "Alice").unwrap();
    });
    let store = mounted.server().store();
    let ids = store.task_ids(&mounted.project).unwrap();
    store.date_elsewhere(&mounted.project, &ids[0], Some(&day("2026-12-01"))).unwrap();
    store.assign_elsewhere(&mounted.project, &ids[0], &["alice"]).unwrap();
    store.note_elsewhere(&mounted.project, &ids[1], Some("a note")).unwrap();
    // The editor, which is this process, has the file open and goes on with its buffer.
    let buffer = mounted.text();
    let mut details = Command::new(PROGRAM);
    let output = run(details.arg("details").arg(mounted.file()));
    assert!(output.status.success(), "{}", said(&output));
    mounted.writes(&[]);
    fs::write(mounted.file(), "- [ ] two\n").unwrap();
    until("the deletion", || mounted.tree() == "two\n");
    // Pasted at the other end.
    let pasted = "- [ ] two\n- [ ] one\n  - [ ] one.a\n";
    assert_eq!(buffer, "- [ ] one\n  - [ ] one.a\n- [ ] two\n");
    fs::write(mounted.file(), pasted).unwrap();
    until("the tasks", || mounted.tree() == "two\none\n  one.a\n");
    let details = |at: usize| {
        let ids = store.task_ids(&mounted.project).unwrap();
        store.details(&mounted.project, &ids[at]).unwrap()
    };
    let first = json!({ "date": { "start": { "date": "2026-12-01" } }, "assignees": ["alice"] });
    until("the details", || details(1) == first && details(2) == json!({ "note": "a note" }));
    mounted.end();
    let writes = mounted.writes(&[]);
    assert_eq!(writes.len(), 6, "a deletion, two creates, three details: {writes:?}");
}

#[test]
fn a_project_that_is_renamed_there_and_back_at_once_has_its_own_name() {
    let mounted = Mounted::of(TASKS);
    mounted.text();
    // Its directory is named anew whenever it hears of a renaming, and so are those who watch.
    for round in 0..20 {
        let names = mounted.ok("mv Plan.md Better.md && mv Better.md Plan.md && ls");
        assert_eq!(names, "Plan.md\n", "round {round}");
    }
    mounted.end();
    mounted.begin();
    assert_eq!(mounted.ok("ls"), "Plan.md\n");
    mounted.end();
}
