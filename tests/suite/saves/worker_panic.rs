//! A defect in whoever carries a save out strands nothing: not the save, not the project, not the mount.

use std::time::Duration;

use crate::support::harness::{Mount, pass};

#[tokio::test(start_paused = true)]
async fn after_a_worker_has_died_the_next_save_starts_another_that_sends_both() {
    let mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    mount.line.panic_at_next_write();
    mount.edit("Plan.md", |text| text.replace("[ ] a", "[x] a")).await.unwrap();
    let ino = mount.ino("Plan.md").await.unwrap();
    assert_eq!(mount.attribute(ino, "user.taskade.state").await.as_deref(), Some("pending"));
    assert_eq!(mount.writes(), [""; 0]);
    mount.edit("Plan.md", |text| text.replace("] b", "] B")).await.unwrap();
    assert_eq!(mount.writes(), ["PUT t2 \"B\"", "POST t1/complete"]);
    assert_eq!(mount.attribute(ino, "user.taskade.state").await.as_deref(), Some("clean"));
}

#[tokio::test(start_paused = true)]
async fn without_another_save_it_is_tried_again() {
    let mount = Mount::of("a").await;
    mount.read("Plan.md").await;
    mount.line.panic_at_next_write();
    mount.edit("Plan.md", |text| text.replace("[ ] a", "[x] a") + "- [ ] b\n").await.unwrap();
    pass(120).await;
    assert_eq!(mount.memory.tree("plan"), "x a\nb\n");
    assert_eq!(mount.vfs.status().saves.len(), 0);
}

/// A mount that ends does not wait for a worker that is gone, and the next one goes on.
#[tokio::test(start_paused = true)]
async fn a_mount_ends_without_it_and_the_next_goes_on() {
    let mut mount = Mount::of("a").await;
    mount.read("Plan.md").await;
    mount.line.panic_at_next_write();
    mount.edit("Plan.md", |text| text.replace("[ ] a", "[x] a")).await.unwrap();
    let before = tokio::time::Instant::now();
    mount.vfs.rest(Duration::from_secs(60)).await;
    assert!(before.elapsed() < Duration::from_secs(1), "{:?}", before.elapsed());
    mount.remount().await;
    pass(10).await;
    assert_eq!(mount.memory.tree("plan"), "x a\n");
}
