//! Dates, notes, people and fields: the exact requests that they come to, and that nothing of
//! them is lost. The file system driven directly, over a service in memory, in virtual time.

use std::ffi::OsStr;

use serde_json::json;
use taskadefs::{
    error::Kind,
    sync::Settings,
    vfs::{ROOT, RenameMode},
};

use crate::support::{
    harness::{Mount, READ, me, pass},
    service::{Fault, details::day},
};

/// Saves texts one after the other, and the requests that each came to: writes, and how many
/// reads.
async fn costs(mount: &Mount, texts: &[&str]) -> Vec<(Vec<String>, usize)> {
    let mut costs = Vec::new();
    for text in texts {
        mount.memory.take_reads();
        mount.overwrite("Plan.md", text.as_bytes()).await.unwrap();
        costs.push((mount.writes(), mount.memory.take_reads()));
        assert_eq!(mount.read("Plan.md").await, *text, "the bytes just saved stay");
    }
    costs
}

fn writes(expected: &[&str]) -> Vec<(Vec<String>, usize)> {
    expected.iter().map(|write| (vec![(*write).to_owned()], 0)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_date_set_changed_and_removed_is_a_request_each() {
    let mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    let texts = [
        "- [ ] a 📅 2026-12-01\n- [ ] b\n",
        "- [ ] a 📅 2026-12-02\n- [ ] b\n",
        "- [ ] a [due-time:: 15:30] 📅 2026-12-02\n- [ ] b\n",
        "- [ ] a [start-time:: 09:00] [zone:: Europe/London] 🛫 2026-11-28 📅 2026-12-02\n- [ ] b\n",
        "- [ ] a\n- [ ] b\n",
    ];
    let expected = [
        "PUT t1/date {\"start\":{\"date\":\"2026-12-01\"}}",
        "PUT t1/date {\"start\":{\"date\":\"2026-12-02\"}}",
        "PUT t1/date {\"start\":{\"date\":\"2026-12-02\",\"time\":\"15:30\"}}",
        "PUT t1/date {\"end\":{\"date\":\"2026-12-02\",\"timezone\":\"Europe/London\"},\
         \"start\":{\"date\":\"2026-11-28\",\"time\":\"09:00\",\"timezone\":\"Europe/London\"}}",
        "DELETE t1/date",
    ];
    assert_eq!(costs(&mount, &texts).await, writes(&expected));
    assert_eq!(mount.memory.details("plan", "t1"), Default::default());
}

#[tokio::test(start_paused = true)]
async fn a_note_set_changed_and_removed_is_a_request_each() {
    let mount = Mount::of("a\n  b").await;
    mount.read("Plan.md").await;
    let texts = [
        "- [ ] a\n  > From three vendors\n  - [ ] b\n",
        "- [ ] a\n  > From four vendors, by *Friday*\n  - [ ] b\n",
        "- [ ] a\n  - [ ] b\n",
    ];
    let expected = [
        "PUT t1/note \"From three vendors\"",
        "PUT t1/note \"From four vendors, by *Friday*\"",
        "DELETE t1/note",
    ];
    assert_eq!(costs(&mount, &texts).await, writes(&expected));
}

#[tokio::test(start_paused = true)]
async fn a_field_set_changed_and_removed_is_a_request_each() {
    let mount = Mount::of("a").await;
    mount.read("Plan.md").await;
    let texts = [
        "- [ ] a [@inc01:: 250]\n",
        "- [ ] a [@inc01:: 251] [@inc02:: option-1]\n",
        "- [ ] a [@inc02:: 7]\n",
        "- [ ] a\n",
    ];
    let mut costs = costs(&mount, &texts).await.into_iter();
    assert_eq!(costs.next().unwrap(), (vec!["PUT t1/fields/@inc01 250".to_owned()], 0));
    let both = ["PUT t1/fields/@inc01 251", "PUT t1/fields/@inc02 \"option-1\""];
    assert_eq!(costs.next().unwrap(), (both.map(str::to_owned).to_vec(), 0));
    // What was a string stays one, whatever it looks like.
    let both = ["DELETE t1/fields/@inc01", "PUT t1/fields/@inc02 \"7\""];
    assert_eq!(costs.next().unwrap(), (both.map(str::to_owned).to_vec(), 0));
    assert_eq!(costs.next().unwrap(), (vec!["DELETE t1/fields/@inc02".to_owned()], 0));
}

#[tokio::test(start_paused = true)]
async fn people_are_added_and_removed_and_nobody_else_is_touched() {
    for replaces in [true, false] {
        let mount = Mount::of("a").await;
        mount.memory.set_assigning_replaces(replaces);
        mount.memory.detail_elsewhere("plan", "t1", |task| task.assignees.push("carol".to_owned()));
        mount.read("Plan.md").await;
        let texts = ["- [ ] a @alice\n", "- [ ] a @alice @bob\n", "- [ ] a @bob\n", "- [ ] a\n"];
        let costs = costs(&mount, &texts).await;
        // Who else does it is asked once: it is not known whether the service replaces or adds.
        let expected = [
            ("PUT t1/assignees carol alice", 1),
            ("PUT t1/assignees carol alice bob", 0),
            ("DELETE t1/assignees/alice", 0),
            ("DELETE t1/assignees/bob", 0),
        ];
        assert_eq!(costs, expected.map(|(write, reads)| (vec![write.to_owned()], reads)));
        assert_eq!(mount.memory.details("plan", "t1").assignees, ["carol"]);
    }
}

#[tokio::test(start_paused = true)]
async fn one_date_of_fifty_tasks_is_one_request() {
    let tasks: String = (0..50).map(|n| format!("task {n}\n")).collect();
    let mount = Mount::of(&tasks).await;
    let text = mount.read("Plan.md").await;
    let changed = text.replace("task 17\n", "task 17 📅 2026-12-01\n");
    let costs = costs(&mount, &[&changed]).await;
    assert_eq!(costs, writes(&["PUT t18/date {\"start\":{\"date\":\"2026-12-01\"}}"]));
}

#[tokio::test(start_paused = true)]
async fn a_new_line_is_created_in_its_batch_and_then_told_its_details() {
    let mount = Mount::of("a").await;
    mount.read("Plan.md").await;
    let text = "- [ ] a\n- [ ] b @alice 📅 2026-12-01\n  > A note\n- [ ] c\n";
    let costs = costs(&mount, &[text]).await;
    let expected = [
        "POST [beforeend project \"b\", beforeend project \"c\"]",
        "PUT n1/date {\"start\":{\"date\":\"2026-12-01\"}}",
        "PUT n1/note \"A note\"",
        "PUT n1/assignees alice",
    ];
    // Who is in the project was never told.
    assert_eq!(costs, [(expected.map(str::to_owned).to_vec(), 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_new_project_has_its_details() {
    let mount = Mount::of("a").await;
    let text = "- [ ] one @bob 📅 2026-12-01\n- [ ] two\n  > A note\n";
    mount.create("New.md", text.as_bytes()).await.unwrap();
    let id = mount.memory.find("New").unwrap();
    let ids = mount.memory.ids(&id);
    assert_eq!(mount.memory.tree(&id), "one\ntwo\n");
    let one = mount.memory.details(&id, &ids[0]);
    assert_eq!((one.date, one.assignees), (Some(day("2026-12-01")), vec!["bob".to_owned()]));
    assert_eq!(mount.memory.details(&id, &ids[1]).note.as_deref(), Some("A note"));
    assert_eq!(mount.read("New.md").await, text);
}

#[tokio::test(start_paused = true)]
async fn details_that_no_task_can_have_are_refused_with_their_line() {
    let mount = Mount::of("a\nb").await;
    let before = mount.read("Plan.md").await;
    for (line, reason) in [
        ("b 📅 2026-02-30", "no due date"),
        ("b 📅 2026-2-3", "no due date"),
        ("b 🛫 2026-12-02 📅 2026-12-01", "before it starts"),
        (
            "b [start-time:: 10:00] [due-time:: 09:00] 🛫 2026-12-01 📅 2026-12-01",
            "before it starts",
        ),
        ("b 🛫 2026-12-02", "never ends"),
        ("b [due-time:: 09:00]", "needs a day"),
        ("b [start-time:: 09:00] 📅 2026-12-01", "start day"),
        ("b [@inc01:: ]", "no value"),
        ("b [@inc01:: 1] [@inc01:: 2]", "two"),
        ("b\n  > one\n  > two", "several lines"),
        ("b\n  >", "empty"),
        (&format!("b\n  > {}", "x".repeat(2001)), "2001 characters"),
    ] {
        let text = before.replace("b\n", &format!("{line}\n"));
        let error = mount.overwrite("Plan.md", text.as_bytes()).await.unwrap_err();
        assert_eq!(error.errno(), libc::EINVAL, "{line}");
        let told = error.to_string();
        assert!(told.contains("line 2") && told.contains(reason), "{line}: {told}");
        assert_eq!(mount.writes(), [""; 0]);
        mount.overwrite("Plan.md", before.as_bytes()).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_stranger_is_refused_with_the_names_of_those_who_are_known() {
    let mount = Mount::of("a").await;
    mount.read("Plan.md").await;
    let error = mount.overwrite("Plan.md", b"- [ ] a @alcie\n").await.unwrap_err();
    assert_eq!(error.errno(), libc::EINVAL);
    for told in ["@alcie", "@alice", "\\@alcie"] {
        assert!(error.to_string().contains(told), "{error}");
    }
    mount.overwrite("Plan.md", b"- [ ] a @alice\n").await.unwrap();
    assert_eq!(mount.memory.details("plan", "t1").assignees, ["alice"]);
    mount.overwrite("Plan.md", b"- [ ] a \\@alcie @alice\n").await.unwrap();
    assert_eq!(mount.memory.tree("plan"), "a @alcie\n");
}

#[tokio::test(start_paused = true)]
async fn what_others_have_removed_already_is_removed() {
    let mount = Mount::of("a").await;
    mount.read("Plan.md").await;
    let text = "- [ ] a @alice [@inc01:: 1] 📅 2026-12-01\n  > note\n";
    mount.overwrite("Plan.md", text.as_bytes()).await.unwrap();
    mount.memory.detail_elsewhere("plan", "t1", |task| *task = Default::default());
    mount.overwrite("Plan.md", b"- [ ] a\n").await.unwrap();
    assert_eq!(mount.read("Plan.md").await, "- [ ] a\n");
    assert_eq!(mount.memory.details("plan", "t1"), Default::default());
}

#[tokio::test(start_paused = true)]
async fn details_outlive_remounts_and_moves() {
    let mut mount = Mount::of("a\nb").await;
    let text = "- [ ] a @alice [@inc01:: 1] [zone:: Asia/Tokyo] 📅 2026-12-01\n  > note\n- [ ] b\n";
    mount.read("Plan.md").await;
    mount.overwrite("Plan.md", text.as_bytes()).await.unwrap();
    mount.writes();
    mount.remount_cleanly().await;
    assert_eq!(mount.read("Plan.md").await, text);
    pass(60).await;
    assert_eq!(mount.read("Plan.md").await, text);
    let moved =
        "- [ ] b\n  - [ ] a @alice [@inc01:: 1] [zone:: Asia/Tokyo] 📅 2026-12-01\n    > note\n";
    mount.overwrite("Plan.md", moved.as_bytes()).await.unwrap();
    assert_eq!(mount.writes(), ["PUT t1/move afterbegin t2"]);
    mount.remount().await;
    assert_eq!(mount.read("Plan.md").await, moved);
}

#[tokio::test(start_paused = true)]
async fn an_undo_gives_a_deleted_task_its_details_back() {
    let mount = Mount::of("a\nb").await;
    let text = "- [ ] a @alice 📅 2026-12-01\n  > note\n- [ ] b\n";
    mount.read("Plan.md").await;
    mount.overwrite("Plan.md", text.as_bytes()).await.unwrap();
    mount.overwrite("Plan.md", b"- [ ] b\n").await.unwrap();
    assert_eq!(mount.memory.tree("plan"), "b\n");
    let ino = mount.ino("Plan.md").await.unwrap();
    mount.vfs.undo(Some(ino)).await.unwrap();
    assert_eq!(mount.read("Plan.md").await, text);
    let id = &mount.memory.ids("plan")[0];
    let details = mount.memory.details("plan", id);
    assert_eq!(details.date, Some(day("2026-12-01")));
    assert_eq!((details.note.as_deref(), details.assignees.len()), (Some("note"), 1));
    // And the undoing of a date is a request.
    mount.overwrite("Plan.md", text.replace("12-01", "12-02").as_bytes()).await.unwrap();
    mount.writes();
    mount.vfs.undo(Some(ino)).await.unwrap();
    let expected = format!("PUT {id}/date {}", json!({ "start": { "date": "2026-12-01" } }));
    assert_eq!(mount.writes(), [expected]);
    assert_eq!(mount.read("Plan.md").await, text);
}

#[tokio::test(start_paused = true)]
async fn what_was_set_where_nothing_was_known_is_taken_back() {
    let mount = Mount::of("a\nb").await;
    let before = mount.read("Plan.md").await;
    let text = "- [ ] a @alice [@inc01:: 1] 📅 2026-12-01\n  > note\n- [ ] b\n";
    mount.overwrite("Plan.md", text.as_bytes()).await.unwrap();
    mount.writes();
    let ino = mount.ino("Plan.md").await.unwrap();
    mount.vfs.undo(Some(ino)).await.unwrap();
    assert_eq!(mount.writes().len(), 4);
    assert_eq!(mount.read("Plan.md").await, before);
    assert_eq!(mount.memory.details("plan", "t1"), Default::default());
    // An undo of something else leaves what was set in the app alone.
    mount.memory.detail_elsewhere("plan", "t2", |task| task.date = Some(day("2026-12-01")));
    mount.edit("Plan.md", |text| text.replace("] b", "] B")).await.unwrap();
    mount.vfs.undo(Some(ino)).await.unwrap();
    assert_eq!(mount.memory.details("plan", "t2").date, Some(day("2026-12-01")));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_others_deleted_while_its_date_was_changed_is_made_anew_with_all_of_it() {
    let mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    mount.overwrite("Plan.md", b"- [ ] a\n  > note\n- [ ] b\n").await.unwrap();
    mount.memory.delete_elsewhere("plan", "t1");
    pass(60).await;
    let text = "- [ ] a 📅 2026-12-01\n  > note\n- [ ] b\n";
    mount.overwrite("Plan.md", text.as_bytes()).await.unwrap();
    assert_eq!(mount.read("Plan.md").await, text);
    let id = &mount.memory.ids("plan")[0];
    assert_eq!(mount.memory.details("plan", id).note.as_deref(), Some("note"));
}

#[tokio::test(start_paused = true)]
async fn a_change_whose_answer_is_lost_is_made_or_taken_back_as_the_newest_save_has_it() {
    for happened in [true, false] {
        let mount = Mount::of("a").await;
        mount.read("Plan.md").await;
        let dated = "- [ ] a 📅 2026-12-01\n";
        let fault = if happened { Fault::After } else { Fault::Before(Kind::Ambiguous) };
        // With no network after it, the next save comes before anything is looked at.
        mount.memory.fail_next([fault]);
        mount.memory.fail_next_reads([Fault::Before(Kind::Unreachable)]);
        mount.overwrite("Plan.md", dated.as_bytes()).await.unwrap();
        pass(120).await;
        assert_eq!(mount.memory.details("plan", "t1").date, Some(day("2026-12-01")));
        let fault = if happened { Fault::After } else { Fault::Before(Kind::Ambiguous) };
        mount.memory.fail_next([fault]);
        let newer = "- [ ] a 📅 2026-12-09\n";
        mount.memory.fail_next_reads(vec![Fault::Before(Kind::Unreachable); 3]);
        mount.overwrite("Plan.md", newer.as_bytes()).await.unwrap();
        mount.overwrite("Plan.md", dated.as_bytes()).await.unwrap();
        pass(300).await;
        assert_eq!(mount.memory.details("plan", "t1").date, Some(day("2026-12-01")), "{happened}");
        assert_eq!(mount.read("Plan.md").await, dated);
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_in_mid_change_takes_nothing_of_it() {
    let mut mount = Mount::with("a", Settings::default()).await;
    mount.read("Plan.md").await;
    mount.memory.set_offline(true);
    let text = "- [ ] a @bob 📅 2026-12-01\n- [ ] new\n  > note\n";
    mount.overwrite("Plan.md", text.as_bytes()).await.unwrap();
    mount.remount_offline().await;
    assert_eq!(mount.read("Plan.md").await, text);
    mount.memory.set_offline(false);
    pass(300).await;
    assert_eq!(mount.memory.tree("plan"), "a\nnew\n");
    assert_eq!(mount.memory.details("plan", "t1").assignees, ["bob"]);
    assert_eq!(mount.memory.details("plan", "n1").note.as_deref(), Some("note"));
    assert_eq!(mount.read("Plan.md").await, text);
}

#[tokio::test(start_paused = true)]
async fn a_project_that_is_moved_keeps_its_details_whether_copies_have_them_or_not() {
    for copies_have_them in [true, false] {
        let mount = Mount::of("a\n  b").await;
        mount.memory.lock().copies_have_details = copies_have_them;
        mount.read("Plan.md").await;
        let text = "- [ ] a @alice 📅 2026-12-01\n  - [ ] b\n    > note\n";
        mount.overwrite("Plan.md", text.as_bytes()).await.unwrap();
        mount.writes();
        mount.memory.take_reads();
        let acme = mount.vfs.lookup(ROOT, OsStr::new("Acme"), me()).await.unwrap().ino;
        let (old, new) = (OsStr::new("Plan.md"), OsStr::new("Moved.md"));
        let mode = RenameMode::default();
        mount.vfs.rename((mount.folder, old), (acme, new), mode, me()).await.unwrap();
        pass(10).await;
        let copied = if copies_have_them { 0 } else { 3 };
        // The copy, what it lacked, and the archival.
        assert_eq!(mount.writes().len(), 2 + copied, "{copies_have_them}");
        let id = mount.memory.find("Moved").unwrap();
        let ids = mount.memory.ids(&id);
        let details = mount.memory.details(&id, &ids[0]);
        assert_eq!(
            (details.date, details.assignees),
            (Some(day("2026-12-01")), vec!["alice".into()])
        );
        assert_eq!(mount.memory.details(&id, &ids[1]).note.as_deref(), Some("note"));
        let ino = mount.vfs.lookup(acme, new, me()).await.unwrap().ino;
        let opened = mount.vfs.open(ino, READ, me()).await.unwrap();
        let shown = mount.vfs.read(opened.fh, 0, 1000).await.unwrap();
        assert_eq!(String::from_utf8(shown).unwrap(), text);
    }
}
