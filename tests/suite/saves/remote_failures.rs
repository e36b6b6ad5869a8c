//! What is not seen is not gone: failures, refusals and what others take away prune nothing here
//! and make nothing there.

use taskadefs::error::Kind;

use crate::support::{
    harness::{Mount, pass},
    service::Fault,
};

const TEXT: &str = "- [ ] a\n- [ ] b\n";

/// Every way in which a reading can fail.
const FAILURES: [Kind; 6] = [
    Kind::Unauthorized,
    Kind::Forbidden,
    Kind::NotFound,
    Kind::Refused,
    Kind::Unreachable,
    Kind::Protocol,
];

fn always(kind: Kind) -> impl Iterator<Item = Fault> {
    std::iter::repeat_n(Fault::Before(kind), 1000)
}

#[tokio::test(start_paused = true)]
async fn listings_and_readings_that_fail_leave_everything_as_it_was() {
    for kind in FAILURES {
        let mount = Mount::of("a\nb").await;
        mount.memory.seed("f", "second", "Second", "c");
        assert_eq!(mount.names().await, ["Plan.md", "Second.md"]);
        assert_eq!(mount.read("Plan.md").await, TEXT);
        pass(3600).await;
        mount.memory.fail_next_reads(always(kind));
        assert_eq!(mount.names().await, ["Plan.md", "Second.md"], "{kind:?}");
        assert_eq!(mount.read("Plan.md").await, TEXT, "{kind:?}");
        // Never read, so there is nothing to show; but it is still there.
        assert!(mount.ino("Second.md").await.is_err(), "{kind:?}");
        assert_eq!(mount.names().await, ["Plan.md", "Second.md"], "{kind:?}");
        mount.memory.heal();
        pass(3600).await;
        assert_eq!(mount.read("Second.md").await, "- [ ] c\n");
        assert_eq!(mount.writes(), [""; 0], "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_save_whose_reading_fails_sends_nothing_that_the_failure_suggests() {
    for kind in [Kind::Unreachable, Kind::Protocol, Kind::RateLimited] {
        let mount = Mount::of("a\nb").await;
        mount.read("Plan.md").await;
        pass(3600).await;
        mount.memory.fail_next_reads(always(kind));
        mount.overwrite("Plan.md", b"- [ ] a\n- [ ] B\n- [ ] new\n").await.unwrap();
        pass(600).await;
        assert_eq!(mount.writes(), [""; 0], "{kind:?}");
        mount.memory.heal();
        pass(600).await;
        assert_eq!(mount.memory.tree("plan"), "a\nB\nnew\n");
    }
}

#[tokio::test(start_paused = true)]
async fn a_project_archived_elsewhere_leaves_the_listing_and_comes_back_with_its_restoration() {
    let mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    mount.memory.archive_elsewhere("plan", true);
    pass(60).await;
    mount.names().await;
    assert_eq!(mount.names().await, [""; 0]);
    mount.memory.archive_elsewhere("plan", false);
    pass(60).await;
    mount.names().await;
    assert_eq!(mount.names().await, ["Plan.md"]);
    assert_eq!(mount.read("Plan.md").await, TEXT);
    assert_eq!(mount.writes(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_save_of_a_project_that_is_gone_is_refused_and_kept_and_creates_nothing() {
    let mut mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    mount.memory.remove_elsewhere("plan");
    let wanted = b"- [ ] a\n- [ ] B\n";
    let error = mount.overwrite("Plan.md", wanted).await.unwrap_err();
    assert_eq!(error.errno(), libc::ENOENT);
    assert_eq!(mount.writes().len(), 1, "the one that found out");
    let kept = mount.dir.path().join("control/rejected/Acme／Marketing／Plan.md");
    assert_eq!(std::fs::read(&kept).unwrap(), wanted);
    mount.remount().await;
    pass(600).await;
    assert_eq!(mount.writes(), [""; 0]);
    assert_eq!(std::fs::read(&kept).unwrap(), wanted);
}

#[tokio::test(start_paused = true)]
async fn what_others_empty_is_empty_and_is_not_made_again() {
    let mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    for task in ["t1", "t2"] {
        mount.memory.delete_elsewhere("plan", task);
    }
    pass(60).await;
    // Looking at it has it asked for again.
    mount.ino("Plan.md").await.unwrap();
    pass(1).await;
    assert_eq!(mount.read("Plan.md").await, "");
    assert_eq!(mount.writes(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn without_a_token_that_counts_what_was_read_is_served_and_saves_are_kept() {
    let mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    pass(3600).await;
    mount.memory.fail_next_reads(always(Kind::Unauthorized));
    mount.memory.fail_next(always(Kind::Unauthorized));
    assert_eq!(mount.read("Plan.md").await, TEXT);
    let error = mount.overwrite("Plan.md", b"- [ ] a\n- [ ] B\n").await.unwrap_err();
    assert_eq!(error.errno(), libc::EACCES);
    assert_eq!(mount.read("Plan.md").await, "- [ ] a\n- [ ] B\n");
    assert_eq!(mount.memory.tree("plan"), "a\nb\n");
    mount.memory.heal();
    let ino = mount.ino("Plan.md").await.unwrap();
    mount.vfs.retry(ino, false).await.unwrap();
    assert_eq!(mount.memory.tree("plan"), "a\nB\n");
}

#[tokio::test(start_paused = true)]
async fn with_no_network_saves_of_all_sorts_queue_and_drain_merged_with_what_others_did() {
    let mount = Mount::of("a\nb\nc").await;
    mount.read("Plan.md").await;
    mount.names().await;
    mount.memory.set_offline(true);
    mount.edit("Plan.md", |text| text.replace("] a", "] A")).await.unwrap();
    mount.edit("Plan.md", |text| text.replace("- [ ] b\n", "")).await.unwrap();
    mount.edit("Plan.md", |text| text.replace("[ ] c", "[x] c")).await.unwrap();
    mount.create("New.md", b"- [ ] n\n").await.unwrap();
    assert_eq!(mount.read("Plan.md").await, "- [ ] A\n- [x] c\n");
    assert_eq!(mount.read("New.md").await, "- [ ] n\n");
    for name in ["Plan.md", "New.md"] {
        let ino = mount.ino(name).await.unwrap();
        assert_eq!(mount.attribute(ino, "user.taskade.state").await.as_deref(), Some("pending"));
    }
    pass(7 * 3600).await;
    mount.memory.edit_elsewhere("plan", "t3", "c from elsewhere");
    mount.memory.add_elsewhere("plan", "x", "added elsewhere");
    mount.memory.heal();
    pass(600).await;
    assert_eq!(mount.memory.tree("plan"), "A\nx c from elsewhere\nadded elsewhere\n");
    let new = mount.memory.find("New").unwrap();
    assert_eq!(mount.memory.tree(&new), "n\n");
    let plan: Vec<String> =
        mount.writes().into_iter().filter(|write| !write.starts_with("POST project")).collect();
    assert_eq!(plan, ["PUT t1 \"A\"", "POST t3/complete", "DELETE t2"]);
    assert_eq!(
        mount.read("Plan.md").await,
        "- [ ] A\n- [x] c from elsewhere\n- [ ] added elsewhere\n"
    );
}
