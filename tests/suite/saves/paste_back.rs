//! Lines that are cut, saved, and pasted back into their project: what was known of their tasks
//! comes along, in the fewest requests. The file system driven directly, in virtual time.

use serde_json::json;
use taskadefs::{api::TaskResource, error::Kind, sync::DetailQuery};

use crate::support::{
    harness::{Mount, pass},
    service::{Fault, details::day},
};

const PLAN: &str = "- [ ] stay\n- [ ] cut me\n  - [ ] with me\n";
const CUT: &str = "- [ ] stay\n";
/// As it is shown once it is known.
const WHOLE: &str = "- [ ] stay\n- [ ] cut me @alice [@hidden:: &#91;1&#93;] 📅 2026-12-01\n  \
    - [ ] with me\n    > a note\n";
/// The same, once it was made anew: no request can set a value that is neither number nor text.
const ANEW: &str = "- [ ] stay\n- [ ] cut me @alice 📅 2026-12-01\n  - [ ] with me\n    > a note\n";
/// What the service has of the tasks that are cut.
const DATE: &str = "{\"start\":{\"date\":\"2026-12-01\"}}";

/// A program has read a text that shows no details; since then they are known.
async fn open() -> Mount {
    let mount = Mount::of("stay\ncut me\n  with me").await;
    mount.memory.detail_elsewhere("plan", "t2", |task| {
        task.date = Some(day("2026-12-01"));
        task.assignees = vec!["alice".to_owned()];
        task.fields.insert("@hidden".to_owned(), json!([1]));
    });
    mount.memory.detail_elsewhere("plan", "t3", |task| task.note = Some("a note".to_owned()));
    assert_eq!(mount.read("Plan.md").await, PLAN);
    let ino = mount.ino("Plan.md").await.unwrap();
    let query = DetailQuery { resources: TaskResource::DETAILS.to_vec(), refetch: false };
    mount.vfs.ask_details(ino, &query, &|_| {}).await.unwrap();
    forget(&mount);
    mount
}

fn forget(mount: &Mount) {
    mount.writes();
    mount.memory.take_reads();
}

async fn save(mount: &Mount, text: &str) {
    mount.overwrite("Plan.md", text.as_bytes()).await.unwrap();
}

/// The tasks that were pasted have everything, but for what no request can give to new ones.
fn assert_whole(mount: &Mount) {
    assert_eq!(mount.memory.tree("plan"), "stay\ncut me\n  with me\n");
    let ids = mount.memory.ids("plan");
    let top = mount.memory.details("plan", &ids[1]);
    assert_eq!((top.date, top.assignees), (Some(day("2026-12-01")), vec!["alice".to_owned()]));
    let value = (ids[1] == "t2").then(|| json!([1]));
    assert_eq!(top.fields.get("@hidden"), value.as_ref());
    assert_eq!(mount.memory.details("plan", &ids[2]).note.as_deref(), Some("a note"));
}

#[tokio::test(start_paused = true)]
async fn what_was_cut_saved_and_pasted_has_what_was_known_of_it() {
    let mount = open().await;
    save(&mount, CUT).await;
    assert_eq!(mount.writes(), ["DELETE t2"], "nothing waits");
    save(&mount, PLAN).await;
    assert_eq!(mount.read("Plan.md").await, PLAN, "whoever verifies its save finds it");
    pass(5).await;
    let expected = [
        "POST [beforeend project \"cut me\"]".to_owned(),
        "POST [beforeend n1 \"with me\"]".to_owned(),
        format!("PUT n1/date {DATE}"),
        "PUT n1/assignees alice".to_owned(),
        "PUT n2/note \"a note\"".to_owned(),
    ];
    assert_eq!(mount.writes(), expected);
    assert_eq!(mount.memory.take_reads(), 0);
    assert_whole(&mount);
    // Nobody else has edited it: the program that never saw all that deletes it.
    save(&mount, CUT).await;
    pass(5).await;
    assert_eq!(mount.writes(), ["DELETE n1"]);
    // And again, somewhere else.
    save(&mount, "- [ ] cut me\n  - [ ] with me\n- [ ] stay\n").await;
    pass(5).await;
    assert_eq!(mount.writes().len(), 5);
    let (stay, whole) = ANEW.split_at(CUT.len());
    assert_eq!(mount.read("Plan.md").await, format!("{whole}{stay}"));
}

#[tokio::test(start_paused = true)]
async fn what_the_line_says_costs_what_it_did_and_what_it_leaves_out_is_left_out() {
    let mount = open().await;
    assert_eq!(mount.read("Plan.md").await, WHOLE);
    save(&mount, CUT).await;
    mount.writes();
    // Without the person, and with another date.
    let text = "- [ ] stay\n- [ ] cut me [@hidden:: &#91;1&#93;] 📅 2026-12-02\n  - [ ] with me\n";
    save(&mount, text).await;
    pass(5).await;
    let expected = [
        "POST [beforeend project \"cut me\"]",
        "POST [beforeend n1 \"with me\"]",
        "PUT n1/date {\"start\":{\"date\":\"2026-12-02\"}}",
    ];
    assert_eq!(mount.writes(), expected);
    assert_eq!(mount.memory.take_reads(), 0);
    assert_eq!(mount.read("Plan.md").await, text.replace(" [@hidden:: &#91;1&#93;]", ""));
}

#[tokio::test(start_paused = true)]
async fn a_value_that_no_request_can_set_is_left_out_and_told() {
    for how in 0..4 {
        let mount = open().await;
        mount.memory.seed("f", "home", "Home", "");
        pass(60).await;
        mount.names().await;
        if how > 0 {
            assert_eq!(mount.read("Plan.md").await, WHOLE);
        }
        let (whole, file) = match how {
            // Where it was, by who saw it and who did not; in another project, before it is deleted
            // and after.
            0 => (PLAN, "Plan.md"),
            1 => (WHOLE, "Plan.md"),
            _ => (WHOLE.split_at(CUT.len()).1, "Home.md"),
        };
        if file == "Home.md" {
            assert_eq!(mount.read("Home.md").await, "");
        }
        save(&mount, CUT).await;
        if how == 3 {
            pass(60).await;
        }
        mount.overwrite(file, whole.as_bytes()).await.unwrap();
        pass(60).await;
        let id = if file == "Home.md" { "home" } else { "plan" };
        let at = mount.memory.tree(id).lines().position(|line| line == "cut me").unwrap();
        let task = mount.memory.details(id, &mount.memory.ids(id)[at]);
        let writes = mount.writes();
        assert!(task.fields.is_empty(), "{how}: {writes:?}");
        assert_eq!(task.assignees, ["alice"], "{how}: {writes:?}");
        assert_eq!(mount.vfs.status().saves.len(), 0, "{how}");
        let past = mount.vfs.history_at(None, 100).await.unwrap();
        let told = past.iter().filter(|entry| entry.summary.contains("were not carried along"));
        let told: Vec<_> = told.map(|entry| (entry.path.clone(), entry.changes.clone())).collect();
        let line = "! cut me: @hidden was [1]".to_owned();
        assert_eq!(told, [(format!("Acme/Marketing/{file}"), vec![line])], "{how}: {writes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_pasted_twice_gives_what_it_had_once() {
    let mount = open().await;
    save(&mount, CUT).await;
    mount.writes();
    save(&mount, "- [ ] cut me\n- [ ] stay\n- [ ] cut me\n").await;
    pass(5).await;
    save(&mount, "- [ ] cut me\n- [ ] stay\n- [ ] cut me\n- [ ] cut me\n").await;
    pass(5).await;
    let writes = mount.writes();
    assert_eq!(writes.iter().filter(|write| write.contains("/date")).count(), 1, "{writes:?}");
    let ids = mount.memory.ids("plan");
    let people = |at: usize| mount.memory.details("plan", &ids[at]).assignees;
    assert_eq!((people(0), people(2), people(3)), (vec!["alice".into()], vec![], vec![]));
}

#[tokio::test(start_paused = true)]
async fn of_two_equal_ones_that_are_cut_each_is_given_back_once() {
    for both in [false, true] {
        let mount = Mount::of("stay\nsame\nsame").await;
        for (task, person) in [("t2", None), ("t3", Some("bob"))] {
            mount.memory.detail_elsewhere("plan", task, |task| {
                task.assignees = person.iter().map(|person| (*person).to_owned()).collect();
            });
        }
        mount.read("Plan.md").await;
        let ino = mount.ino("Plan.md").await.unwrap();
        let query = DetailQuery { resources: vec![TaskResource::Assignees], refetch: false };
        mount.vfs.ask_details(ino, &query, &|_| {}).await.unwrap();
        save(&mount, CUT).await;
        let pasted = if both { "- [ ] same\n- [ ] same\n" } else { "- [ ] same\n" };
        save(&mount, &format!("{CUT}{pasted}")).await;
        pass(5).await;
        let ids = mount.memory.ids("plan");
        let people = |at: usize| mount.memory.details("plan", &ids[at]).assignees;
        if both {
            assert_eq!((people(1), people(2)), (vec![], vec!["bob".to_owned()]));
        } else {
            assert_eq!(people(1), ["bob"], "what is known of one is not lost");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn it_comes_along_over_a_remount_and_not_twice() {
    for is_killed in [false, true] {
        let mut mount = open().await;
        save(&mount, CUT).await;
        pass(5).await;
        if is_killed {
            mount.crash().await;
        } else {
            mount.remount_cleanly().await;
        }
        mount.read("Plan.md").await;
        save(&mount, PLAN).await;
        pass(5).await;
        assert_whole(&mount);
        mount.remount_cleanly().await;
        let text = mount.read("Plan.md").await;
        forget(&mount);
        save(&mount, &format!("{text}- [ ] cut me\n")).await;
        pass(5).await;
        assert_eq!(mount.writes(), ["POST [beforeend project \"cut me\"]"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_that_is_written_long_after_is_a_line_of_its_own() {
    let mount = open().await;
    save(&mount, CUT).await;
    pass(601).await;
    mount.writes();
    save(&mount, "- [ ] stay\n- [ ] cut me\n").await;
    pass(5).await;
    assert_eq!(mount.writes(), ["POST [beforeend project \"cut me\"]"]);
}

#[tokio::test(start_paused = true)]
async fn what_an_undo_has_brought_back_is_not_brought_back_again() {
    let mount = open().await;
    save(&mount, CUT).await;
    let ino = mount.ino("Plan.md").await.unwrap();
    mount.vfs.undo(Some(ino)).await.unwrap();
    pass(5).await;
    assert_whole(&mount);
    let text = mount.read("Plan.md").await;
    mount.writes();
    save(&mount, &format!("{text}- [ ] cut me\n")).await;
    pass(5).await;
    assert_eq!(mount.writes(), ["POST [beforeend project \"cut me\"]"]);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_was_never_sent_is_taken_back_by_the_line() {
    let mount = open().await;
    mount.memory.set_offline(true);
    save(&mount, CUT).await;
    save(&mount, PLAN).await;
    mount.memory.heal();
    pass(100).await;
    assert_eq!(mount.writes(), [""; 0]);
    assert_eq!(mount.memory.ids("plan"), ["t1", "t2", "t3"]);
    assert_whole(&mount);
}

#[tokio::test(start_paused = true)]
async fn a_line_that_is_back_while_others_delete_its_task_is_made_again() {
    let mount = open().await;
    mount.memory.set_offline(true);
    save(&mount, CUT).await;
    save(&mount, &format!("{PLAN}- [ ] new\n")).await;
    mount.memory.delete_elsewhere("plan", "t2");
    // What was read is out of date by then.
    pass(40).await;
    mount.memory.heal();
    pass(100).await;
    assert_eq!(mount.memory.tree("plan"), "stay\ncut me\n  with me\nnew\n");
    let ids = mount.memory.ids("plan");
    assert_eq!(mount.memory.details("plan", &ids[1]).assignees, ["alice"]);
    assert_eq!(mount.memory.details("plan", &ids[2]).note.as_deref(), Some("a note"));
}

#[tokio::test(start_paused = true)]
async fn a_deletion_whose_answer_is_lost_costs_no_line_that_is_back() {
    for is_executed in [true, false] {
        for is_killed in [true, false] {
            let mut mount = open().await;
            let fault = if is_executed { Fault::After } else { Fault::Before(Kind::Ambiguous) };
            mount.memory.fail_next([fault]);
            mount.memory.fail_next_reads(vec![Fault::Before(Kind::Unreachable); 30]);
            save(&mount, CUT).await;
            if is_killed {
                mount.memory.heal();
                mount.crash().await;
                mount.memory.set_offline(true);
            }
            save(&mount, PLAN).await;
            mount.memory.heal();
            pass(200).await;
            assert_whole(&mount);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_is_put_back_while_a_request_of_its_project_is_on_its_way() {
    // The create of another line; the deletion itself.
    for other in [true, false] {
        let mount = open().await;
        let first = if other { "- [ ] stay\n- [ ] new\n" } else { CUT };
        mount.memory.stall_tasks(true);
        // On its way: nobody waits for longer than that.
        save(&mount, first).await;
        assert_eq!(mount.writes(), [""; 0]);
        save(&mount, &format!("{first}- [ ] cut me\n  - [ ] with me\n")).await;
        mount.memory.stall_tasks(false);
        pass(100).await;
        let writes = mount.writes();
        if other {
            assert_eq!(mount.memory.tree("plan"), "stay\nnew\ncut me\n  with me\n");
            assert_eq!(mount.memory.ids("plan")[2..], ["t2", "t3"], "{writes:?}");
        } else {
            assert_eq!(writes[0], "DELETE t2");
            assert_whole(&mount);
        }
    }
}
