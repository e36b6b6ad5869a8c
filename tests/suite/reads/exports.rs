//! Exports that are slow or large, that come in the middle of a save, or that say what was known: in
//! virtual time.

use std::time::Duration;

use rusqlite::Connection;
use serde_json::json;
use taskadefs::{error::Kind, model::Marker};
use tokio::time::Instant;

use crate::support::{
    harness::{Mount, pass},
    service::Fault,
};

const TEXT: &str = "# a\n- [ ] b [Level:: 5]\n";

/// A mount of a project that was not read yet, and of another one in its folder. An export takes this
/// long, and holds so many bytes of nothing.
async fn mounted(delay: Duration, padding: usize) -> Mount {
    let mount = Mount::of("a\n  b").await;
    let memory = &mount.memory;
    memory.seed("f", "other", "Other", "o");
    memory.set_exports(true);
    memory.set_exporting(delay, padding);
    memory.set_fields("plan", &[("@l", json!({ "type": "number", "displayName": "Level" }))]);
    memory.format_elsewhere("plan", "t1", Marker::Heading(1));
    set_elsewhere(&mount, 5);
    mount.names().await;
    asked(&mount);
    mount
}

fn set_elsewhere(mount: &Mount, level: i32) {
    mount.memory.detail_elsewhere("plan", "t2", |details| {
        details.fields.insert("@l".into(), json!(level));
    });
}

/// How many listings of tasks and exports were asked for.
fn asked(mount: &Mount) -> (usize, usize) {
    mount.memory.take_readings()
}

async fn read_again(mount: &Mount) -> (usize, usize) {
    pass(31).await;
    assert_eq!(mount.read("Plan.md").await, TEXT);
    pass(5).await;
    asked(mount)
}

#[tokio::test(start_paused = true)]
async fn a_slow_export_keeps_nobody_waiting_and_is_read_again_by_listings() {
    for (delay, again) in [(1900, (0, 1)), (2100, (1, 0))] {
        let mount = mounted(Duration::from_millis(delay), 0).await;
        let begun = Instant::now();
        assert_eq!(mount.read("Plan.md").await, "- [ ] a\n  - [ ] b\n");
        assert_eq!(begun.elapsed(), Duration::from_millis(500));
        pass(3).await;
        assert_eq!(mount.read("Plan.md").await, TEXT, "what came late shows");
        assert_eq!(asked(&mount), (1, 1));
        mount.memory.set_exporting(Duration::ZERO, 0);
        assert_eq!(read_again(&mount).await, again, "{delay} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn a_large_export_is_taken_over_and_read_again_by_listings() {
    for (padding, again) in [(3 << 20, (0, 1)), (4 << 20, (1, 0))] {
        let mount = mounted(Duration::ZERO, padding).await;
        mount.read("Plan.md").await;
        pass(1).await;
        assert_eq!(mount.read("Plan.md").await, TEXT);
        assert_eq!(asked(&mount), (1, 1));
        assert_eq!(read_again(&mount).await, again, "{padding} bytes");
    }
}

/// A mount that knows the project, and that exports of the space are to be trusted. Those take long
/// from now on.
async fn known() -> Mount {
    let mount = mounted(Duration::ZERO, 0).await;
    mount.read("Plan.md").await;
    pass(31).await;
    assert_eq!(mount.read("Plan.md").await, TEXT);
    pass(20).await;
    mount.memory.set_exporting(Duration::from_secs(2), 0);
    mount
}

/// Somebody looks at another project, and has the space exported as it is now.
async fn look_at_other(mount: &Mount) {
    pass(15).await;
    asked(mount);
    mount.read("Other.md").await;
}

#[tokio::test(start_paused = true)]
async fn what_comes_in_the_middle_of_a_save_shows_once_that_is_through() {
    let mount = known().await;
    set_elsewhere(&mount, 8);
    mount.memory.stall_tasks(true);
    mount.edit("Plan.md", |text| text + "- [ ] c\n").await.unwrap();
    look_at_other(&mount).await;
    pass(10).await;
    assert_eq!(mount.read("Plan.md").await, format!("{TEXT}- [ ] c\n"));
    mount.memory.stall_tasks(false);
    pass(1).await;
    assert_eq!(asked(&mount), (0, 1));
    mount.memory.set_offline(true);
    assert_eq!(mount.read("Plan.md").await, format!("{}- [ ] c\n", TEXT.replace('5', "8")));
    assert_eq!(mount.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_set_here_since_an_export_was_asked_for_stands() {
    let mount = known().await;
    look_at_other(&mount).await;
    let edit = |text: String| text.replace("[Level:: 5]", "[Level:: 6]");
    mount.edit("Plan.md", edit).await.unwrap();
    pass(5).await;
    assert_eq!(mount.read("Plan.md").await, TEXT.replace('5', "6"));
    // What others set after that is told by the next one.
    set_elsewhere(&mount, 7);
    pass(31).await;
    mount.read("Plan.md").await;
    pass(5).await;
    assert_eq!(mount.read("Plan.md").await, TEXT.replace('5', "7"));
}

#[tokio::test(start_paused = true)]
async fn a_save_that_was_on_its_way_when_an_export_was_asked_for_stands() {
    let mount = known().await;
    mount.memory.stall_tasks(true);
    let edit = |text: String| text.replace("[Level:: 5]", "[Level:: 6]") + "- [ ] c\n";
    mount.edit("Plan.md", edit).await.unwrap();
    look_at_other(&mount).await;
    mount.memory.stall_tasks(false);
    pass(5).await;
    assert_eq!(mount.memory.details("plan", "t2").fields["@l"], json!(6));
    let text = format!("{}- [ ] c\n", TEXT.replace('5', "6"));
    assert_eq!(mount.read("Plan.md").await, text);
    assert_eq!(asked(&mount).1, 1);
}

#[tokio::test(start_paused = true)]
async fn what_a_save_that_was_refused_leaves_of_an_export_shows_once_it_is_given_up() {
    let mount = known().await;
    set_elsewhere(&mount, 8);
    mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
    mount.edit("Plan.md", |text| text + "- [ ] c\n").await.unwrap_err();
    look_at_other(&mount).await;
    pass(10).await;
    let ino = mount.ino("Plan.md").await.unwrap();
    mount.vfs.discard(ino).await.unwrap();
    pass(1).await;
    assert_eq!(asked(&mount), (0, 1));
    mount.memory.set_offline(true);
    assert_eq!(mount.read("Plan.md").await, TEXT.replace('5', "8"));
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_says_what_was_known_writes_nothing_into_the_cache() {
    let mount = mounted(Duration::ZERO, 0).await;
    for name in ["Plan.md", "Other.md"] {
        mount.read(name).await;
    }
    pass(31).await;
    mount.read("Plan.md").await;
    mount.vfs.rest(Duration::from_secs(1)).await;
    let cache = Connection::open(mount.dir.path().join("cache.sqlite3")).unwrap();
    let count = "CREATE TABLE written (id TEXT);
        CREATE TRIGGER count AFTER INSERT ON projects
        BEGIN INSERT INTO written VALUES (new.id); END;";
    cache.execute_batch(count).unwrap();
    let written = async || -> Vec<String> {
        pass(31).await;
        mount.read("Plan.md").await;
        pass(1).await;
        mount.vfs.rest(Duration::from_secs(1)).await;
        let mut written = cache.prepare("SELECT id FROM written").unwrap();
        written.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    asked(&mount);
    assert_eq!(written().await, [""; 0]);
    assert_eq!(written().await, [""; 0]);
    assert_eq!(asked(&mount), (0, 2), "the space was read again");
    set_elsewhere(&mount, 6);
    assert_eq!(written().await, ["plan"]);
}
