//! Names that come and go: what a removal comes to, and a file that is back. Driven, in virtual
//! time, with crashes.

mod undo;

use taskadefs::{error::Kind, sync::Settings};

use crate::support::harness::{Mount, pass};

const NONE: [&str; 0] = [];

async fn sorted(mount: &Mount) -> Vec<String> {
    let mut names = mount.names().await;
    names.sort();
    names
}

async fn two(first: &str, second: &str) -> Mount {
    let mount = Mount::of(first).await;
    mount.memory.seed("f", "other", "Other", second);
    pass(60).await;
    assert_eq!(sorted(&mount).await, ["Other.md", "Plan.md"]);
    mount.read("Plan.md").await;
    mount.read("Other.md").await;
    mount.writes();
    mount
}

#[tokio::test(start_paused = true)]
async fn swapping_two_names_moves_the_projects_with_their_tasks() {
    let mount = two("milk\nbread", "Draft the brief\nShip it").await;
    mount.rename("Plan.md", "Plan.md~").await.unwrap();
    mount.rename("Other.md", "Plan.md").await.unwrap();
    mount.rename("Plan.md~", "Other.md").await.unwrap();
    assert_eq!(mount.read("Plan.md").await, "- [ ] Draft the brief\n- [ ] Ship it\n");
    assert_eq!(mount.read("Other.md").await, "- [ ] milk\n- [ ] bread\n");
    pass(60).await;
    // Titles are fixed here: each is copied under the other's, and no task is touched.
    assert_eq!(
        mount.writes(),
        [
            "PUT title \"Plan\"",
            "POST other/copy \"Plan\"",
            "POST other/complete",
            "POST plan/copy \"Other\"",
            "POST plan/complete",
        ]
    );
    assert_eq!(sorted(&mount).await, ["Other.md", "Plan.md"]);
    assert_eq!(
        mount.memory.tree(&mount.memory.find("Plan").unwrap()),
        "Draft the brief\nShip it\n"
    );
    assert_eq!(mount.memory.tree(&mount.memory.find("Other").unwrap()), "milk\nbread\n");
}

#[tokio::test(start_paused = true)]
async fn a_text_with_something_in_common_is_a_new_text_of_the_project_that_it_replaces() {
    let mount = two("milk\nbread\neggs\nflour", "bread\neggs\nflour\nmilk").await;
    mount.rename("Other.md", "Plan.md").await.unwrap();
    pass(5).await;
    assert_eq!(mount.writes(), ["PUT t1/move afterend t4", "POST other/complete"]);
    assert_eq!(mount.memory.tree("plan"), "bread\neggs\nflour\nmilk\n");
    assert_eq!(mount.names().await, ["Plan.md"]);
}

#[tokio::test(start_paused = true)]
async fn a_text_with_nothing_in_common_takes_the_name_along_with_its_tasks() {
    let mount = two("milk\nbread", "Draft the brief\nShip it").await;
    mount.rename("Other.md", "Plan.md").await.unwrap();
    pass(5).await;
    let writes = mount.writes();
    assert_eq!(
        writes[1..],
        ["POST other/copy \"Plan\"", "POST other/complete", "POST plan/complete"]
    );
    assert_eq!(mount.memory.tree("plan"), "milk\nbread\n", "archived as it was");
    assert_eq!(mount.names().await, ["Plan.md"]);
    assert_eq!(mount.read("Plan.md").await, "- [ ] Draft the brief\n- [ ] Ship it\n");
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_its_grace_survives_a_crash() {
    for renamed in [false, true] {
        let mut mount = Mount::of("a").await;
        mount.names().await;
        match renamed {
            true => mount.rename("Plan.md", "Plan.bak").await.unwrap(),
            false => mount.unlink("Plan.md").await.unwrap(),
        }
        mount.crash().await;
        assert_eq!(mount.ino("Plan.md").await.unwrap_err().kind(), Kind::NotFound);
        pass(10).await;
        assert_eq!(mount.writes(), ["POST plan/complete"]);
        mount.crash().await;
        pass(10).await;
        assert_eq!(mount.writes(), NONE);
        assert_eq!(mount.names().await, NONE);
    }
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_was_taken_back_is_forgotten_by_a_crash_too() {
    let mut mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    mount.rename("Plan.md", "Plan.md~").await.unwrap();
    mount.create("Plan.md", b"- [ ] a\n- [ ] c\n").await.unwrap();
    mount.crash().await;
    pass(60).await;
    assert_eq!(mount.names().await, ["Plan.md"]);
    assert_eq!(mount.writes(), ["PUT t2 \"c\""]);
}

#[tokio::test(start_paused = true)]
async fn an_unlink_offline_before_a_crash_is_done_when_the_service_is_back() {
    let mut mount = Mount::of("a").await;
    mount.names().await;
    mount.memory.set_offline(true);
    mount.unlink("Plan.md").await.unwrap();
    mount.memory.set_offline(false);
    mount.crash().await;
    mount.memory.set_offline(true);
    pass(10).await;
    let status = mount.vfs.status();
    assert_eq!(status.saves.len(), 1, "{status:?}");
    assert_eq!(
        (status.saves[0].path.as_str(), status.saves[0].state, status.saves[0].kind),
        ("Acme/Marketing/Plan.md", "pending", "removal")
    );
    mount.memory.heal();
    pass(120).await;
    assert_eq!(mount.writes(), ["POST plan/complete"]);
    assert!(mount.vfs.status().saves.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_is_renamed_back_is_the_project_at_any_time() {
    // Within the grace, after it, and after a remount.
    for (wait, remount, writes) in [
        (1, false, &[][..]),
        (10, false, &["POST plan/complete", "POST plan/restore"][..]),
        (10, true, &["POST plan/complete", "POST plan/restore"][..]),
    ] {
        let mut mount = Mount::of("a\nb").await;
        let text = mount.read("Plan.md").await;
        mount.rename("Plan.md", "Plan.bak").await.unwrap();
        mount.rename("Plan.bak", "Plan.old").await.unwrap();
        pass(wait).await;
        if remount {
            mount.remount_cleanly().await;
        }
        mount.memory.take_reads();
        mount.rename("Plan.old", "Plan.md").await.unwrap();
        pass(5).await;
        assert_eq!(mount.writes(), writes);
        assert_eq!(mount.read("Plan.md").await, text);
        assert_eq!(mount.names().await, ["Plan.md"]);
        assert_eq!(mount.memory.find("Plan").as_deref(), Some("plan"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_was_edited_is_the_project_with_the_difference() {
    let mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    mount.rename("Plan.md", "Plan.bak").await.unwrap();
    pass(10).await;
    mount.memory.add_elsewhere("plan", "x", "added elsewhere");
    mount.overwrite("Plan.bak", b"- [ ] a\n- [x] b\n").await.unwrap();
    mount.rename("Plan.bak", "Plan.md").await.unwrap();
    pass(60).await;
    let writes = mount.writes();
    assert_eq!(writes, ["POST plan/complete", "POST plan/restore", "POST t2/complete"]);
    assert_eq!(mount.memory.tree("plan"), "a\nx b\nadded elsewhere\n");
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_is_renamed_to_another_name_is_the_project_under_that_name() {
    for wait in [1, 10] {
        let mount = Mount::of("a\nb").await;
        mount.read("Plan.md").await;
        mount.rename("Plan.md", "Plan.bak").await.unwrap();
        pass(wait).await;
        mount.rename("Plan.bak", "Better.md").await.unwrap();
        pass(10).await;
        assert_eq!(mount.names().await, ["Better.md"]);
        assert_eq!(mount.memory.tree(&mount.memory.find("Better").unwrap()), "a\nb\n");
        let writes = mount.writes();
        assert!(writes.contains(&"POST plan/copy \"Better\"".to_owned()), "{writes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_back_under_its_name_is_the_project_that_was_archived() {
    for remount in [false, true] {
        let mut mount = Mount::of("a\nb\nc").await;
        mount.read("Plan.md").await;
        mount.unlink("Plan.md").await.unwrap();
        pass(10).await;
        assert_eq!(mount.writes(), ["POST plan/complete"]);
        if remount {
            mount.remount_cleanly().await;
        }
        mount.create("Plan.md", b"- [ ] a\n- [ ] b\n- [ ] d\n").await.unwrap();
        pass(10).await;
        assert_eq!(mount.writes(), ["POST plan/restore", "PUT t3 \"d\""]);
        assert_eq!(mount.names().await, ["Plan.md"]);
        assert_eq!(mount.read("Plan.md").await, "- [ ] a\n- [ ] b\n- [ ] d\n");
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_of_other_tasks_is_a_new_project_and_an_empty_one_none() {
    let mount = Mount::of("milk\nbread\neggs").await;
    mount.read("Plan.md").await;
    mount.unlink("Plan.md").await.unwrap();
    pass(10).await;
    mount.writes();
    mount.create("Plan.md", b"").await.unwrap();
    pass(10).await;
    assert_eq!(mount.writes(), NONE);
    mount.overwrite("Plan.md", b"- [ ] Draft the brief\n- [ ] Ship it\n").await.unwrap();
    pass(10).await;
    assert_eq!(mount.writes(), ["POST project \"# Plan\\n\\n- Draft the brief\\n- Ship it\\n\""]);
    assert_eq!(mount.memory.tree("plan"), "milk\nbread\neggs\n");
    assert_eq!(mount.names().await, ["Plan.md"]);
}

#[tokio::test(start_paused = true)]
async fn a_restoration_waits_for_the_service_and_survives_a_crash() {
    let mut mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    mount.unlink("Plan.md").await.unwrap();
    pass(10).await;
    mount.vfs.rest(std::time::Duration::from_secs(60)).await;
    mount.writes();
    mount.memory.set_offline(true);
    mount.create("Plan.md", b"- [ ] a\n- [ ] b\n- [ ] c\n").await.unwrap();
    assert_eq!(mount.read("Plan.md").await, "- [ ] a\n- [ ] b\n- [ ] c\n");
    mount.memory.set_offline(false);
    mount.crash().await;
    pass(120).await;
    assert_eq!(mount.writes(), ["POST plan/restore", "POST [beforeend project \"c\"]"]);
    assert_eq!(mount.names().await, ["Plan.md"]);
    assert_eq!(mount.memory.tree("plan"), "a\nb\nc\n");
}

#[tokio::test(start_paused = true)]
async fn an_archival_that_was_not_sent_is_taken_back_for_nothing() {
    let mount = Mount::of("a\nb").await;
    let text = mount.read("Plan.md").await;
    mount.memory.set_offline(true);
    mount.unlink("Plan.md").await.unwrap();
    pass(10).await;
    mount.create("Plan.md", text.as_bytes()).await.unwrap();
    mount.memory.heal();
    pass(300).await;
    assert_eq!(mount.writes(), NONE);
    assert_eq!(mount.read("Plan.md").await, text);
    assert_eq!(mount.names().await, ["Plan.md"]);
}

async fn many(count: usize, settings: Settings) -> Mount {
    let mount = Mount::with("a", settings).await;
    for number in 1..=count {
        mount.memory.seed("f", &format!("p{number:02}"), &format!("P{number:02}"), "x");
    }
    pass(60).await;
    assert_eq!(mount.names().await.len(), count + 1);
    mount.writes();
    mount
}

#[tokio::test(start_paused = true)]
async fn too_many_removals_at_once_are_refused_and_those_before_taken_back() {
    let mount = many(12, Settings { max_archive: 10, ..Settings::default() }).await;
    for number in 1..=12 {
        let removed = mount.unlink(&format!("P{number:02}.md")).await;
        match number {
            1..=10 => removed.unwrap(),
            _ => assert_eq!(removed.unwrap_err().errno(), libc::EPERM),
        }
    }
    assert_eq!(mount.names().await.len(), 13);
    pass(10).await;
    assert_eq!(mount.writes(), NONE);
    assert_eq!(mount.names().await.len(), 13);
    // What is removed later is another matter.
    mount.unlink("P01.md").await.unwrap();
    pass(10).await;
    assert_eq!(mount.writes(), ["POST p01/complete"]);
}

#[tokio::test(start_paused = true)]
async fn a_crash_after_a_burst_was_refused_removes_nothing() {
    let mut mount = many(3, Settings { max_archive: 2, ..Settings::default() }).await;
    for number in 1..=3 {
        let removed = mount.unlink(&format!("P{number:02}.md")).await;
        assert_eq!(removed.is_ok(), number < 3);
    }
    mount.crash().await;
    pass(10).await;
    assert_eq!(mount.writes(), NONE);
    assert_eq!(mount.names().await.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_burst_that_was_meant_is_archived_when_it_is_tried_again() {
    let mount = many(3, Settings { max_archive: 2, ..Settings::default() }).await;
    for number in 1..=3 {
        let removed = mount.unlink(&format!("P{number:02}.md")).await;
        assert_eq!(removed.is_ok(), number < 3);
    }
    let refused = mount.vfs.status().refused_removals;
    assert_eq!(refused, [1, 2, 3].map(|number| format!("Acme/Marketing/P{number:02}.md")));
    let elsewhere = mount.vfs.retry_removals(std::path::Path::new("Acme/Sales")).await;
    assert_eq!(elsewhere.unwrap_err().kind(), Kind::NotFound);
    let count = mount.vfs.retry_removals(std::path::Path::new("Acme")).await.unwrap();
    assert_eq!(count, 3);
    assert!(mount.vfs.status().refused_removals.is_empty());
    pass(10).await;
    let mut writes = mount.writes();
    writes.sort();
    assert_eq!(writes, ["POST p01/complete", "POST p02/complete", "POST p03/complete"]);
    assert_eq!(mount.names().await, ["Plan.md"]);
}
