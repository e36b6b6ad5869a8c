//! Dates, people, notes and fields on a real mount: what programs write, and the exact requests
//! that it comes to.

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::json;
use taskadefs::server::{Assigning, Fault, Quirks};

use crate::support::{
    mount::{Mounted, PROGRAM, attribute, run, said, until},
    signals::interruptible,
};

/// A mount with the members alice, bob and carol, and the fields @inc01 and @inc02.
fn mounted(tasks: &str, quirks: Quirks) -> Mounted {
    let mounted = Mounted::on(quirks, tasks, &[], |store, workspace| {
        for handle in ["alice", "bob", "carol"] {
            store.add_member(workspace, handle, handle).unwrap();
        }
    });
    let store = mounted.server().store();
    for field in ["@inc01", "@inc02"] {
        store.add_field(&mounted.project, field, &json!({ "type": "number" })).unwrap();
    }
    mounted.text();
    mounted.reads();
    mounted
}

/// Saves a text, which stays as it is, and tells the requests that it came to, reads included.
fn cost(mounted: &Mounted, text: &str) -> Vec<String> {
    let ids = mounted.ids();
    fs::write(mounted.file(), text).unwrap();
    let state = attribute(&mounted.file(), "user.taskade.state");
    assert_eq!(
        state.as_deref(),
        Some("clean"),
        "{:?}",
        attribute(&mounted.file(), "user.taskade.error")
    );
    let reads = mounted.server().log().requests().into_iter();
    let reads = reads.filter(|request| request.method == "GET").count();
    let mut requests = mounted.writes(&ids);
    requests.extend((0..reads).map(|_| "GET".to_owned()));
    assert_eq!(mounted.text(), text);
    requests
}

#[test]
fn every_detail_that_changes_is_one_request() {
    let mounted = mounted("one\ntwo", Quirks::default());
    for (line, requests) in [
        ("one 📅 2026-12-01", vec!["PUT /tasks/t1/date {\"start\":{\"date\":\"2026-12-01\"}}"]),
        (
            "one [due-time:: 15:30] [zone:: Europe/London] 📅 2026-12-02",
            vec![
                "PUT /tasks/t1/date {\"start\":{\"date\":\"2026-12-02\",\"time\":\"15:30\",\
                 \"timezone\":\"Europe/London\"}}",
            ],
        ),
        (
            "one 🛫 2026-11-28 📅 2026-12-02",
            vec![
                "PUT /tasks/t1/date {\"end\":{\"date\":\"2026-12-02\"},\
                 \"start\":{\"date\":\"2026-11-28\"}}",
            ],
        ),
        ("one", vec!["DELETE /tasks/t1/date"]),
        (
            "one\n  > A note",
            vec!["PUT /tasks/t1/note {\"type\":\"text/plain\",\"value\":\"A note\"}"],
        ),
        (
            "one\n  > A *new* note",
            vec!["PUT /tasks/t1/note {\"type\":\"text/markdown\",\"value\":\"A *new* note\"}"],
        ),
        ("one", vec!["DELETE /tasks/t1/note"]),
        ("one [@inc01:: 250]", vec!["PUT /tasks/t1/fields/%40inc01 {\"value\":250}"]),
        ("one [@inc01:: 251]", vec!["PUT /tasks/t1/fields/%40inc01 {\"value\":251}"]),
        ("one", vec!["DELETE /tasks/t1/fields/%40inc01"]),
        // Who does it was not known yet.
        ("one @alice", vec!["PUT /tasks/t1/assignees {\"handles\":[\"alice\"]}", "GET"]),
        ("one @alice @bob", vec!["PUT /tasks/t1/assignees {\"handles\":[\"alice\",\"bob\"]}"]),
        ("one @bob", vec!["DELETE /tasks/t1/assignees/alice"]),
        ("one", vec!["DELETE /tasks/t1/assignees/bob"]),
    ] {
        assert_eq!(cost(&mounted, &format!("- [ ] {line}\n- [ ] two\n")), requests, "{line}");
    }
    let task = &mounted.server().store().task_ids(&mounted.project).unwrap()[0];
    assert_eq!(mounted.server().store().details(&mounted.project, task).unwrap(), json!({}));
    mounted.end();
}

#[test]
fn one_date_among_fifty_tasks_costs_one_request_and_a_plain_file_stays_plain() {
    let tasks: Vec<String> = (0..50).map(|number| format!("task {number}")).collect();
    let mounted = mounted(&tasks.join("\n"), Quirks::default());
    let plain: String = tasks.iter().map(|task| format!("- [ ] {task}\n")).collect();
    assert_eq!(mounted.text(), plain);
    let dated = plain.replace("task 17\n", "task 17 📅 2026-12-01\n");
    assert_eq!(
        cost(&mounted, &dated),
        ["PUT /tasks/t18/date {\"start\":{\"date\":\"2026-12-01\"}}"]
    );
    mounted.end();
}

#[test]
fn nobody_else_loses_a_task_whether_the_service_replaces_or_adds() {
    for assigning in [Assigning::Replaces, Assigning::Adds] {
        let mounted = mounted("one", Quirks { assigning, ..Quirks::default() });
        let store = mounted.server().store().clone();
        let task = store.task_ids(&mounted.project).unwrap().remove(0);
        store.assign_elsewhere(&mounted.project, &task, &["carol"]).unwrap();
        cost(&mounted, "- [ ] one @alice\n");
        cost(&mounted, "- [ ] one @bob\n");
        let details = store.details(&mounted.project, &task).unwrap().to_string();
        assert!(details.contains("carol") && details.contains("bob"), "{details}");
        assert!(!details.contains("alice"), "{details}");
        mounted.end();
    }
}

#[test]
fn new_lines_are_created_together_and_then_told_their_details() {
    let mounted = mounted("one", Quirks::default());
    let text = "- [ ] one\n- [ ] two @alice 📅 2026-12-01\n  > A note\n- [ ] three\n";
    let requests = cost(&mounted, text);
    let sorts: Vec<&str> = requests.iter().map(|line| line.split(' ').next().unwrap()).collect();
    // The project was never asked who is in it.
    assert_eq!(sorts, ["POST", "PUT", "PUT", "PUT", "GET"], "{requests:?}");
    assert_eq!(mounted.tree(), "one\ntwo\nthree\n");
    mounted.end();
}

#[test]
fn what_was_set_in_the_app_shows_when_it_is_asked_for() {
    let mounted = mounted("one\ntwo", Quirks::default());
    let store = mounted.server().store().clone();
    let task = store.task_ids(&mounted.project).unwrap().remove(1);
    store.note_elsewhere(&mounted.project, &task, Some("first line\nsecond line")).unwrap();
    store.assign_elsewhere(&mounted.project, &task, &["bob"]).unwrap();
    assert_eq!(mounted.text(), "- [ ] one\n- [ ] two\n");
    mounted.reads();
    let details = |arguments: &[&str]| {
        let output = run(Command::new(PROGRAM).arg("details").args(arguments).arg(mounted.file()));
        assert!(output.status.success(), "{}", said(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert_eq!(details(&["--only", "notes,assignees"]), "4 answers\n");
    let shown = "- [ ] one\n- [ ] two @bob\n  > first line\n  > second line\n";
    assert_eq!(mounted.text(), shown);
    // Fields are known: the export has told them.
    assert_eq!(details(&[]), "2 answers\n");
    assert_eq!(mounted.reads().len(), 6);
    assert!(details(&[]).contains("everything was known"));
    assert_eq!(mounted.reads(), [""; 0]);
    // A note of several lines is not destroyed by saving what is around it.
    let changed = shown.replace("] one", "] One").replace("@bob", "@bob 📅 2026-12-01");
    let requests = cost(&mounted, &changed);
    assert_eq!(requests.len(), 2, "{requests:?}");
    let details = store.details(&mounted.project, &task).unwrap().to_string();
    assert!(details.contains("first line\\nsecond line"), "{details}");
    // Nor can it be saved in several lines.
    fs::write(mounted.file(), changed.replace("first", "changed")).unwrap_or_default();
    let error = attribute(&mounted.file(), "user.taskade.error").unwrap();
    assert!(error.contains("line 2") && error.contains("several lines"), "{error}");
    mounted.end();
}

#[test]
fn a_stranger_is_refused_by_name() {
    let mounted = mounted("one", Quirks::default());
    let output =
        mounted.sh("printf -- '- [ ] one @alcie\\n' | dd of=Plan.md conv=fsync status=none");
    assert!(!output.status.success());
    assert!(said(&output).contains("Invalid argument"), "{}", said(&output));
    let error = attribute(&mounted.file(), "user.taskade.error").unwrap();
    assert!(error.contains("@alcie") && error.contains("@alice, @bob, @carol"), "{error}");
    assert_eq!(mounted.text(), "- [ ] one @alcie\n", "what was typed is still there");
    fs::write(mounted.file(), "- [ ] one @alice\n").unwrap();
    let error = attribute(&mounted.file(), "user.taskade.error");
    assert_eq!(error, None);
    mounted.end();
}

#[test]
fn a_line_that_is_cut_and_pasted_elsewhere_takes_everything_along() {
    let mounted = mounted("stay\nmove me\n  with me", Quirks::default());
    let store = mounted.server().store().clone();
    let tasks = store.task_ids(&mounted.project).unwrap();
    store.note_elsewhere(&mounted.project, &tasks[1], Some("hidden note")).unwrap();
    store.assign_elsewhere(&mounted.project, &tasks[2], &["carol"]).unwrap();
    let home = mounted.acme().join("Home.md");
    fs::write(&home, "- [ ] home\n").unwrap();
    // One program has both before it.
    let (plan, other) = (mounted.text(), fs::read_to_string(&home).unwrap());
    let block = "- [ ] move me\n  - [ ] with me\n";
    mounted.server().log().clear();
    let began = Instant::now();
    fs::write(mounted.file(), plan.replace(block, "")).unwrap();
    assert!(began.elapsed() < Duration::from_secs(5), "the program does not wait");
    assert_eq!(mounted.tree(), "stay\nmove me\n  with me\n", "the deletion does");
    fs::write(&home, other + block).unwrap();
    until("the old task is deleted", || mounted.tree() == "stay\n");
    // It is in the log once it is answered.
    until("its deletion comes last", || {
        let last = mounted.server().log().writes().pop().unwrap();
        last.method == "DELETE" && last.path.ends_with(tasks[1].as_str())
    });
    let (id, _) = store.find_projects("Home").unwrap().remove(0);
    let moved = store.task_ids(&id).unwrap();
    assert_eq!(store.tree(&id).unwrap(), "home\nmove me\n  with me\n");
    assert_eq!(store.details(&id, &moved[1]).unwrap(), json!({ "note": "hidden note" }));
    assert_eq!(store.details(&id, &moved[2]).unwrap(), json!({ "assignees": ["carol"] }));
    let shown = "- [ ] home\n- [ ] move me\n  > hidden note\n  - [ ] with me @carol\n";
    until("the text shows it", || fs::read_to_string(&home).unwrap() == shown);
    mounted.end();
}

#[test]
fn what_is_asked_for_can_be_broken_off_and_goes_on_from_there() {
    const TASKS: usize = 20;
    let tasks: Vec<String> = (0..TASKS).map(|number| format!("task {number}")).collect();
    let mounted = mounted(&tasks.join("\n"), Quirks::default());
    let task = mounted.server().store().task_ids(&mounted.project).unwrap().remove(0);
    mounted.server().store().note_elsewhere(&mounted.project, &task, Some("a note")).unwrap();
    let plain = mounted.text();
    mounted.reads();
    let asked = || mounted.server().log().requests().len();
    mounted.server().faults().plan(Some("GET"), "/tasks/", 10, usize::MAX, Fault::Hang);
    let mut details = Command::new(PROGRAM);
    details.arg("details").arg(mounted.file());
    let mut details = interruptible(&mut details).spawn().unwrap();
    until("some are answered", || asked() >= 10);
    // SAFETY: the process is a child that was not waited for yet.
    assert_eq!(unsafe { libc::kill(details.id().try_into().unwrap(), libc::SIGINT) }, 0);
    assert!(!details.wait().unwrap().success());
    mounted.server().faults().clear();
    assert_eq!(mounted.text(), plain, "it shows once all of it is there");
    let before = mounted.reads().len();
    let output = run(Command::new(PROGRAM).arg("details").arg(mounted.file()));
    assert!(output.status.success(), "{}", said(&output));
    let after = mounted.reads().len();
    // Of what was on its way when it was broken off, four at most, the answers may have come or not.
    // Fields are known: the export has told them.
    assert!((3 * TASKS..=3 * TASKS + 8).contains(&(before + after)), "{before} and {after}");
    assert!(after < 3 * TASKS - 5, "{after}");
    assert_eq!(mounted.text(), plain.replacen("task 0\n", "task 0\n  > a note\n", 1));
    mounted.end();
}
