//! Copies of projects while answers are lost, nothing gets through, others are at it, or the process
//! is killed: one copy in the end, with everything. The file system driven directly, in virtual time.

use taskadefs::error::Kind;

use crate::support::{
    harness::{Mount, pass},
    service::{Fault, details::day},
};

const NONE: [&str; 0] = [];
const TEXT: &str = "- [ ] a\n  - [ ] b\n";

/// A mount with `Plan.md`, which this program has read.
async fn opened() -> Mount {
    let mount = Mount::of("a\n  b").await;
    assert_eq!(mount.read("Plan.md").await, TEXT);
    mount.names().await;
    mount.memory.take_reads();
    mount
}

/// There are the project and one copy of it, nothing waits, and both say the same.
async fn assert_copied(mount: &Mount) {
    assert_eq!(mount.memory.open_projects(), ["f/Copy", "f/Plan"]);
    for name in ["Copy", "Plan"] {
        let id = mount.memory.find(name).unwrap();
        assert_eq!(mount.memory.tree(&id), "a\n  b\n", "{name}");
        assert_eq!(mount.read(&format!("{name}.md")).await, TEXT);
    }
    let mut names = mount.names().await;
    names.sort();
    assert_eq!(names, ["Copy.md", "Plan.md"]);
    assert_eq!(mount.vfs.status().saves.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_copy_costs_its_request_and_a_look() {
    for new_ids in [false, true] {
        let mount = opened().await;
        mount.memory.lock().copies_have_new_ids = new_ids;
        mount.create("Copy.md", TEXT.as_bytes()).await.unwrap();
        assert_eq!(mount.writes(), ["POST plan/copy \"Copy\""]);
        assert_eq!(mount.memory.take_reads(), 1);
        assert_copied(&mount).await;
        mount.edit("Copy.md", |text| format!("{text}- [ ] c\n")).await.unwrap();
        assert_eq!(mount.writes(), ["POST [beforeend project \"c\"]"]);
        assert_eq!(mount.memory.tree("plan"), "a\n  b\n");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_copy_lacks_of_what_is_known_is_set() {
    for are_copied in [true, false] {
        let mount = opened().await;
        mount.memory.lock().copies_have_details = are_copied;
        mount.edit("Plan.md", |text| text.replace("] a", "] a 📅 2026-12-01")).await.unwrap();
        let text = mount.read("Plan.md").await;
        mount.writes();
        mount.create("Copy.md", text.as_bytes()).await.unwrap();
        let copy = mount.memory.find("Copy").unwrap();
        let date = mount.memory.details(&copy, "t1").date;
        assert_eq!(date, Some(day("2026-12-01")), "{are_copied}");
        let writes = mount.writes();
        assert_eq!(writes[0], "POST plan/copy \"Copy\"");
        assert_eq!(writes.len(), if are_copied { 1 } else { 2 }, "{writes:?}");
        assert_eq!(mount.read("Copy.md").await, text);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_looked_after_and_never_two_are_made() {
    for new_ids in [true, false] {
        for fault in [Fault::After, Fault::Before(Kind::Ambiguous)] {
            for is_killed in [true, false] {
                let mut mount = opened().await;
                mount.memory.lock().copies_have_new_ids = new_ids;
                mount.memory.fail_next([fault.clone()]);
                mount.create("Copy.md", TEXT.as_bytes()).await.unwrap();
                if is_killed {
                    mount.crash().await;
                }
                pass(200).await;
                assert_copied(&mount).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_kill_between_any_two_requests_leaves_one_copy() {
    for through in 0..5 {
        let mut mount = opened().await;
        mount.memory.cut_after(Some(through));
        mount.create("Copy.md", TEXT.as_bytes()).await.unwrap();
        pass(3).await;
        mount.memory.heal();
        mount.crash().await;
        pass(200).await;
        assert_copied(&mount).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_made_offline_is_one_and_what_is_added_to_it_is_there() {
    for is_killed in [true, false] {
        let mut mount = opened().await;
        mount.memory.set_offline(true);
        mount.create("Copy.md", TEXT.as_bytes()).await.unwrap();
        mount.edit("Copy.md", |text| format!("{text}- [ ] c\n")).await.unwrap();
        if is_killed {
            mount.memory.heal();
            mount.crash().await;
        }
        mount.memory.heal();
        pass(200).await;
        let copy = mount.memory.find("Copy").unwrap();
        assert_eq!(mount.memory.tree(&copy), "a\n  b\nc\n");
        assert_eq!(mount.memory.open_projects(), ["f/Copy", "f/Plan"]);
        assert_eq!(mount.writes()[0], "POST plan/copy \"Copy\"");
        assert_eq!(mount.read("Copy.md").await, format!("{TEXT}- [ ] c\n"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_has_what_was_copied_whatever_others_have_made_of_the_project_since() {
    let mount = opened().await;
    mount.memory.add_elsewhere("plan", "x", "new");
    mount.create("Copy.md", TEXT.as_bytes()).await.unwrap();
    let copy = mount.memory.find("Copy").unwrap();
    assert_eq!(mount.memory.tree(&copy), "a\n  b\n");
    assert_eq!(mount.memory.tree("plan"), "a\n  b\nnew\n");
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_is_refused_is_created_and_one_that_cannot_be_either_is_refused() {
    for kind in [Kind::Forbidden, Kind::PaymentRequired, Kind::NotFound, Kind::Refused] {
        let mount = opened().await;
        mount.memory.fail_next([Fault::Before(kind)]);
        mount.create("Copy.md", TEXT.as_bytes()).await.unwrap();
        assert_copied(&mount).await;
        let history = mount.vfs.history(None, 9).await.unwrap();
        let told = history.iter().find(|entry| entry.summary.starts_with("not copied")).unwrap();
        assert!(told.summary.contains("Acme/Marketing/Plan.md"), "{}", told.summary);
        assert_eq!(told.path, "Acme/Marketing/Copy.md");
    }
    let mount = opened().await;
    mount.memory.fail_next(vec![Fault::Before(Kind::Forbidden); 2]);
    let error = mount.create("Copy.md", TEXT.as_bytes()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Forbidden);
    assert_eq!(mount.read("Copy.md").await, TEXT, "what was saved is what is read");
    let ino = mount.ino("Copy.md").await.unwrap();
    mount.vfs.retry(ino, false).await.unwrap();
    assert_copied(&mount).await;
}

#[tokio::test(start_paused = true)]
async fn what_taskade_has_not_got_as_it_is_read_is_no_copy() {
    let mount = opened().await;
    mount.memory.set_offline(true);
    mount.overwrite("Plan.md", b"- [ ] a\n- [ ] c\n").await.unwrap();
    let text = mount.read("Plan.md").await;
    mount.create("Copy.md", text.as_bytes()).await.unwrap();
    mount.memory.heal();
    pass(200).await;
    let writes = mount.writes();
    assert!(writes.iter().all(|write| !write.contains("copy")), "{writes:?}");
    let copy = mount.memory.find("Copy").unwrap();
    assert_eq!(mount.memory.tree(&copy), "a\nc\n");
}

#[tokio::test(start_paused = true)]
async fn an_undo_archives_the_copy_and_nothing_else() {
    let mount = opened().await;
    mount.create("Copy.md", TEXT.as_bytes()).await.unwrap();
    let undone = mount.vfs.undo(None).await.unwrap();
    assert_eq!(undone.summary, "copied from Acme/Marketing/Plan.md");
    assert_eq!(mount.memory.open_projects(), ["f/Plan"]);
    assert_eq!(mount.names().await, ["Plan.md"]);
    assert_eq!(mount.vfs.undo(None).await.unwrap_err().kind(), Kind::NotFound);
    assert_ne!(mount.writes(), NONE);
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_is_listed_late_is_waited_for_and_none_is_made_beside() {
    for (after, is_killed) in [(1, false), (4, false), (3, true)] {
        let mut mount = opened().await;
        mount.memory.lock().copies_show_after = Some(after);
        mount.create("Copy.md", TEXT.as_bytes()).await.unwrap();
        if is_killed {
            mount.crash().await;
        }
        pass(60).await;
        assert_eq!(mount.writes(), ["POST plan/copy \"Copy\""], "{after}");
        assert_copied(&mount).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_is_never_listed_is_told_and_looked_for_again_when_that_is_asked_for() {
    let mut mount = opened().await;
    mount.memory.lock().copies_show_after = Some(1000);
    mount.create("Copy.md", TEXT.as_bytes()).await.unwrap();
    pass(60).await;
    assert_eq!(mount.writes(), ["POST plan/copy \"Copy\""]);
    let told = mount.vfs.status().saves;
    assert_eq!((told.len(), told[0].state), (1, "rejected"));
    let reason = told[0].reason.clone().unwrap();
    assert!(reason.contains("does not list it") && reason.contains("retry"), "{reason}");
    assert_eq!(mount.read("Copy.md").await, TEXT, "what was saved is what is read");
    mount.crash().await;
    pass(60).await;
    mount.memory.lock().unlisted.clear();
    let ino = mount.ino("Copy.md").await.unwrap();
    mount.vfs.retry(ino, false).await.unwrap();
    pass(60).await;
    assert_eq!(mount.writes(), NONE, "it is there");
    assert_copied(&mount).await;
}
