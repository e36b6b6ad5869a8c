//! What was done, and undoing it.

use std::{fs, time::Duration};

use serde_json::Value;
use taskadefs::{error::Kind, sync::Settings};

use crate::support::{
    harness::{Mount, pass},
    service::Fault,
};

async fn summaries(mount: &Mount) -> Vec<String> {
    let entries = mount.vfs.history(None, 100).await.unwrap();
    let mark = |undone: bool, is_undo: bool| match (undone, is_undo) {
        (true, _) => " (undone)",
        (_, true) => " (undo)",
        _ => "",
    };
    entries
        .into_iter()
        .map(|entry| {
            format!("{}: {}{}", entry.title, entry.summary, mark(entry.undone, entry.is_undo))
        })
        .collect()
}

/// The log of calls, without times, as `call outcome what`.
fn calls(mount: &Mount) -> Vec<String> {
    let log = fs::read_to_string(mount.dir.path().join("control/history.ndjson")).unwrap();
    let word = |line: &Value, name: &str| line[name].as_str().unwrap_or("-").to_owned();
    log.lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            assert!(line["time"].as_str().unwrap().ends_with('Z'));
            ["call", "outcome", "title", "task", "text"].map(|name| word(&line, name)).join(" | ")
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn every_sort_of_change_is_undone_by_the_fewest_requests() {
    let tree = "a\n  b\n    x c\nd\ne";
    for (change, undo) in [
        ("- [ ] A\n  - [ ] b\n    - [x] c\n- [ ] d\n- [ ] e\n", vec!["PUT t1 \"a\""]),
        ("- [x] a\n  - [ ] b\n    - [x] c\n- [ ] d\n- [ ] e\n", vec!["POST t1/uncomplete"]),
        ("- [ ] d\n- [ ] a\n  - [ ] b\n    - [x] c\n- [ ] e\n", vec!["PUT t4/move afterend t1"]),
        ("- [ ] a\n  - [ ] b\n    - [x] c\n- [ ] d\n- [ ] e\n- [ ] f\n", vec!["DELETE n1"]),
        (
            "- [ ] a\n- [ ] d\n- [ ] e\n",
            vec!["POST [afterbegin t1 \"b\"]", "POST [afterbegin n1 \"c\"]", "POST n2/complete"],
        ),
    ] {
        let mount = Mount::of(tree).await;
        let before = mount.read("Plan.md").await;
        mount.overwrite("Plan.md", change.as_bytes()).await.unwrap();
        mount.writes();
        let ino = mount.ino("Plan.md").await.unwrap();
        mount.vfs.undo(Some(ino)).await.unwrap();
        let writes = mount.writes();
        assert_eq!(writes.len(), undo.len(), "{writes:?}");
        let kinds = |writes: &[String]| -> Vec<String> {
            writes.iter().map(|write| write.split(' ').next().unwrap().to_owned()).collect()
        };
        let wanted: Vec<String> = undo.iter().map(|write| (*write).to_owned()).collect();
        assert_eq!(kinds(&writes), kinds(&wanted), "{writes:?}");
        assert_eq!(mount.memory.tree("plan"), format!("{tree}\n"));
        assert_eq!(mount.read("Plan.md").await, before);
        let error = mount.vfs.undo(Some(ino)).await.unwrap_err();
        assert_eq!(error.errno(), libc::ENOENT, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn undoing_twice_takes_back_two_saves_also_across_a_remount() {
    let mut mount = Mount::of("a\nb").await;
    mount.edit("Plan.md", |text| text.replace("] a", "] A")).await.unwrap();
    mount.edit("Plan.md", |text| text.replace("- [ ] b\n", "") + "- [x] new\n").await.unwrap();
    assert_eq!(summaries(&mount).await, ["Plan: 1 edited, 1 ticked", "Plan: 1 edited"]);
    mount.vfs.undo(None).await.unwrap();
    assert_eq!(mount.memory.tree("plan"), "A\nb\n");
    mount.remount_cleanly().await;
    mount.vfs.undo(None).await.unwrap();
    assert_eq!(mount.memory.tree("plan"), "a\nb\n");
    assert_eq!(mount.vfs.undo(None).await.unwrap_err().kind(), Kind::NotFound);
    let marks: Vec<String> = summaries(&mount)
        .await
        .into_iter()
        .map(|line| line.rsplit_once(" (").map_or(String::new(), |(_, mark)| mark.to_owned()))
        .collect();
    assert_eq!(marks, ["undo)", "undo)", "undone)", "undone)"]);
}

#[tokio::test(start_paused = true)]
async fn what_others_did_since_stands() {
    let mount = Mount::of("a\nb\nc\nd").await;
    mount
        .edit("Plan.md", |text| {
            text.replace("] a", "] A").replace("] b", "] B").replace("- [ ] c\n", "")
        })
        .await
        .unwrap();
    mount.memory.edit_elsewhere("plan", "t2", "theirs");
    mount.memory.edit_elsewhere("plan", "t4", "also theirs");
    mount.memory.add_elsewhere("plan", "x", "added elsewhere");
    mount.vfs.undo(None).await.unwrap();
    assert_eq!(mount.memory.tree("plan"), "a\ntheirs\nc\nalso theirs\nadded elsewhere\n");
}

#[tokio::test(start_paused = true)]
async fn what_others_deleted_since_stays_deleted() {
    let mount = Mount::of("a\nb").await;
    mount.edit("Plan.md", |text| text.replace("] a", "] A")).await.unwrap();
    mount.memory.delete_elsewhere("plan", "t1");
    mount.vfs.undo(None).await.unwrap();
    assert_eq!(mount.memory.tree("plan"), "b\n");
}

#[tokio::test(start_paused = true)]
async fn an_undo_survives_a_crash_and_happens_once() {
    let mut mount = Mount::of("a\nb\nc").await;
    mount.edit("Plan.md", |text| text.replace("- [ ] b\n", "")).await.unwrap();
    mount.memory.fail_next(std::iter::repeat_n(Fault::Before(Kind::Unreachable), 5));
    mount.vfs.undo(None).await.unwrap();
    let busy = mount.vfs.undo(None).await.unwrap_err();
    assert!(busy.errno() == libc::ENOENT || busy.errno() == libc::EBUSY, "{busy}");
    mount.remount().await;
    mount.memory.heal();
    pass(600).await;
    assert_eq!(mount.memory.tree("plan"), "a\nb\nc\n");
    assert_eq!(mount.vfs.undo(None).await.unwrap_err().kind(), Kind::NotFound);
    pass(600).await;
    assert_eq!(mount.memory.tree("plan"), "a\nb\nc\n");
}

#[tokio::test(start_paused = true)]
async fn a_creation_is_undone_by_archiving_and_an_archival_by_restoring() {
    let mount = Mount::of("a").await;
    mount.create("New.md", b"- [ ] n\n").await.unwrap();
    assert_eq!(summaries(&mount).await, ["New: created"]);
    mount.vfs.undo(None).await.unwrap();
    assert_eq!(mount.names().await, ["Plan.md"]);
    mount.unlink("Plan.md").await.unwrap();
    pass(10).await;
    assert_eq!(mount.names().await, [""; 0]);
    assert_eq!(summaries(&mount).await[0], "Plan: archived");
    mount.vfs.undo(None).await.unwrap();
    assert_eq!(mount.names().await, ["Plan.md"]);
    assert_eq!(mount.read("Plan.md").await, "- [ ] a\n");
}

#[tokio::test(start_paused = true)]
async fn what_was_done_of_a_save_that_was_given_up_can_be_undone() {
    let mount = Mount::of("a\nb").await;
    mount.memory.fail_next([Fault::None, Fault::Before(Kind::Forbidden)]);
    mount
        .edit("Plan.md", |text| text.replace("] a", "] A").replace("] b", "] B"))
        .await
        .unwrap_err();
    let ino = mount.ino("Plan.md").await.unwrap();
    mount.vfs.discard(ino).await.unwrap();
    assert_eq!(summaries(&mount).await, ["Plan: 1 edited"]);
    mount.vfs.undo(Some(ino)).await.unwrap();
    assert_eq!(mount.memory.tree("plan"), "a\nb\n");
}

#[tokio::test(start_paused = true)]
async fn an_undo_does_not_take_the_place_of_a_text_that_was_refused() {
    let mount = Mount::of("a\nb").await;
    mount.edit("Plan.md", |text| text.replace("] a", "] A")).await.unwrap();
    let bad = "- [ ] a\n```\ncode\n```\n";
    mount.overwrite("Plan.md", bad.as_bytes()).await.unwrap_err();
    let ino = mount.ino("Plan.md").await.unwrap();
    let error = mount.vfs.undo(Some(ino)).await.unwrap_err();
    assert_eq!(error.errno(), libc::EBUSY, "{error}");
    assert_eq!(mount.read("Plan.md").await, bad);
    mount.vfs.discard(ino).await.unwrap();
    mount.vfs.undo(Some(ino)).await.unwrap();
    assert_eq!(mount.memory.tree("plan"), "a\nb\n");
}

#[tokio::test(start_paused = true)]
async fn a_save_merged_with_changes_from_elsewhere_is_undone_without_them() {
    let mount = Mount::of("a\nb\nc").await;
    let text = mount.read("Plan.md").await;
    mount.memory.edit_elsewhere("plan", "t2", "theirs");
    pass(60).await;
    mount.overwrite("Plan.md", text.replace("- [ ] a\n", "").as_bytes()).await.unwrap();
    assert_eq!(mount.memory.tree("plan"), "theirs\nc\n");
    mount.vfs.undo(None).await.unwrap();
    assert_eq!(mount.memory.tree("plan"), "a\ntheirs\nc\n");
}

#[tokio::test(start_paused = true)]
async fn history_is_kept_for_so_long_only_and_an_unchanged_save_leaves_none() {
    let settings = Settings { keep_history: Duration::ZERO, ..Settings::default() };
    let mount = Mount::with("a\nb", settings).await;
    mount.edit("Plan.md", |text| text.replace("] a", "] A")).await.unwrap();
    assert_eq!(summaries(&mount).await, [""; 0]);
    let mount = Mount::of("a").await;
    mount.edit("Plan.md", |text| text).await.unwrap();
    assert_eq!(summaries(&mount).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn every_write_is_in_the_log_with_what_came_of_it() {
    let mount = Mount::of("a\nb").await;
    mount.edit("Plan.md", |text| text.replace("] a", "] A") + "- [x] new\n").await.unwrap();
    mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
    mount.edit("Plan.md", |text| text.replace("] b", "] B")).await.unwrap_err();
    mount.memory.fail_next([Fault::After]);
    mount.edit("Plan.md", |text| text.replace("] B", "] BB")).await.unwrap();
    pass(100).await;
    let calls = calls(&mount);
    let has = |line: &str| calls.iter().any(|call| call == line);
    for line in [
        "create tasks | ok | Plan | - | -",
        "update task | ok | Plan | t1 | A",
        "update task | refused | Plan | t2 | B",
        "update task | unknown | Plan | t2 | BB",
    ] {
        assert!(has(line), "{line} in {calls:#?}");
    }
    let sent = mount.memory.take_writes().len();
    assert_eq!(calls.len(), sent + 1, "the refused one never arrived: {calls:#?}");
}
