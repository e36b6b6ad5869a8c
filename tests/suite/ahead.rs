//! Reading ahead: where no space is exported, a walk through unknown projects is not a wait for each.

use std::{ffi::OsStr, sync::Arc, time::Duration};

use taskadefs::{error::Kind, sync::Settings};

use crate::{
    driven::{Mount, pass},
    service::Fault,
};

/// All projects of the folder: those with numbers, and `Plan`, which is listed last.
const PROJECTS: usize = 20;

fn name(number: usize) -> String {
    format!("P{number:02}.md")
}

/// A folder of projects that were never read, of a service that exports nothing.
async fn unread(settings: Settings) -> Mount {
    let mount = Mount::with("a", settings).await;
    for number in 0..PROJECTS - 1 {
        mount.memory.seed("f", &format!("p{number:02}"), &format!("P{number:02}"), "task");
    }
    // What was listed before they were there is too old then.
    pass(60).await;
    assert_eq!(mount.names().await.len(), PROJECTS);
    mount.memory.take_reads();
    mount
}

async fn read_all(mount: &Mount, numbers: impl Iterator<Item = usize>) {
    for number in numbers {
        assert_eq!(mount.read(&name(number)).await, "- [ ] task\n");
    }
}

/// How many projects are asked for at once when this one is looked at.
async fn asked_at_once(mount: &Mount, number: usize) -> usize {
    mount.memory.stall(true);
    let (vfs, folder, name) = (Arc::clone(&mount.vfs), mount.folder, name(number));
    let looks = tokio::spawn(async move { vfs.lookup(folder, OsStr::new(&name)).await });
    pass(1).await;
    let waiting = mount.memory.waiting();
    mount.memory.stall(false);
    looks.await.unwrap().unwrap();
    waiting
}

#[tokio::test(start_paused = true)]
async fn a_walk_is_led_by_more_and_more_and_costs_no_request_more() {
    let mount = unread(Settings::default()).await;
    read_all(&mount, 0..3).await;
    assert_eq!(mount.memory.take_reads(), 3, "three projects are no walk");
    assert_eq!(asked_at_once(&mount, 3).await, 1 + 2);
    read_all(&mount, 4..6).await;
    assert_eq!(asked_at_once(&mount, 6).await, 1 + 4);
    read_all(&mount, 7..11).await;
    assert_eq!(asked_at_once(&mount, 11).await, 1 + 6);
    read_all(&mount, 0..PROJECTS - 1).await;
    mount.read("Plan.md").await;
    assert_eq!(mount.memory.take_reads(), PROJECTS - 3);
}

#[tokio::test(start_paused = true)]
async fn a_walk_from_the_end_is_led_towards_the_beginning() {
    let mount = unread(Settings::default()).await;
    read_all(&mount, (10..13).rev()).await;
    assert_eq!(asked_at_once(&mount, 9).await, 1 + 2);
    mount.memory.take_reads();
    read_all(&mount, 7..13).await;
    assert_eq!(mount.memory.take_reads(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_read_now_and_then_is_no_walk() {
    let mount =
        unread(Settings { max_age: Duration::from_secs(3600), ..Settings::default() }).await;
    for number in 0..10 {
        read_all(&mount, number..=number).await;
        pass(11).await;
    }
    assert_eq!(mount.memory.take_reads(), 10);
}

#[tokio::test(start_paused = true)]
async fn where_everybody_looks_nothing_is_read_ahead() {
    let mount = unread(Settings { max_age: Duration::ZERO, ..Settings::default() }).await;
    for number in 0..10 {
        mount.ino(&name(number)).await.unwrap();
    }
    mount.memory.take_reads();
    assert_eq!(asked_at_once(&mount, 10).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_ends_it_and_whoever_comes_asks_again() {
    let mount = unread(Settings::default()).await;
    read_all(&mount, 0..3).await;
    // The first is for the program, the others are ahead of it.
    let refused = || Fault::Before(Kind::RateLimited);
    mount.memory.fail_next_reads([Fault::None, refused(), refused()]);
    read_all(&mount, 3..4).await;
    pass(1).await;
    mount.memory.take_reads();
    assert_eq!(asked_at_once(&mount, 4).await, 1);
    read_all(&mount, 0..PROJECTS - 1).await;
    mount.read("Plan.md").await;
    assert_eq!(mount.memory.take_reads(), PROJECTS - 4);
}
