//! What outlives a mount: everything that was read is served by the next one, at once and with no
//! network, and what programs had read is what their later saves are compared with.

use std::time::Duration;

use taskadefs::{sync::Settings, vfs::Caching};
use tokio::time::Instant;

use crate::support::harness::{Mount, READ, me, pass};

const TEXT: &str = "- [ ] a\n- [ ] b\n";

#[tokio::test(start_paused = true)]
async fn a_remount_serves_what_is_known_with_no_network_and_no_wait() {
    let mut mount = Mount::of("a\nb").await;
    mount.memory.seed("f", "second", "Second", "c");
    assert_eq!(mount.names().await, ["Plan.md", "Second.md"]);
    assert_eq!(mount.read("Plan.md").await, TEXT);
    mount.read("Second.md").await;
    let ino = mount.ino("Plan.md").await.unwrap();
    let attr = mount.vfs.getattr(ino, 0).await.unwrap();
    pass(3600).await;
    mount.vfs.rest(Duration::from_secs(60)).await;
    mount.memory.set_offline(true);
    mount.memory.take_reads();
    let before = Instant::now();
    mount.remount().await;
    assert_eq!(mount.names().await, ["Plan.md", "Second.md"]);
    assert_eq!(mount.read("Plan.md").await, TEXT);
    assert_eq!(mount.read("Second.md").await, "- [ ] c\n");
    assert_eq!(Instant::now(), before, "nothing was waited for");
    let now = mount.vfs.getattr(ino, 0).await.unwrap();
    assert_eq!((now.ino, now.size, now.modified), (attr.ino, attr.size, attr.modified));
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_mount_knew_is_asked_for_again_when_somebody_looks() {
    let mut mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    pass(60).await;
    mount.vfs.rest(Duration::from_secs(60)).await;
    mount.memory.edit_elsewhere("plan", "t1", "newer");
    mount.memory.seed("f", "second", "Second", "c");
    mount.remount().await;
    assert_eq!(mount.names().await, ["Plan.md"]);
    assert_eq!(mount.read("Plan.md").await, TEXT);
    pass(1).await;
    assert_eq!(mount.names().await, ["Plan.md", "Second.md"]);
    assert_eq!(mount.read("Plan.md").await, "- [ ] newer\n- [ ] b\n");
}

#[tokio::test(start_paused = true)]
async fn what_was_read_stays_read_over_a_remount_for_as_long_as_it_would_have_without() {
    let mut mount = Mount::of("a\nb").await;
    mount.memory.seed("f", "second", "Second", "c");
    mount.names().await;
    mount.read("Plan.md").await;
    mount.read("Second.md").await;
    pass(20).await;
    for _ in 0..2 {
        mount.remount_cleanly().await;
        mount.memory.take_reads();
        assert_eq!(mount.names().await, ["Plan.md", "Second.md"]);
        assert_eq!(mount.read("Plan.md").await, TEXT);
        assert_eq!(mount.read("Second.md").await, "- [ ] c\n");
        pass(1).await;
        assert_eq!(mount.memory.take_reads(), 0);
    }
    // It was read 22 s ago, not just now.
    mount.memory.edit_elsewhere("plan", "t1", "newer");
    pass(9).await;
    assert_eq!(mount.read("Plan.md").await, TEXT, "at once");
    pass(1).await;
    assert_eq!(mount.read("Plan.md").await, "- [ ] newer\n- [ ] b\n");
}

#[tokio::test(start_paused = true)]
async fn what_nobody_looked_at_in_between_is_as_old_as_it_is() {
    let mut mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    for _ in 0..3 {
        mount.remount_cleanly().await;
        pass(9).await;
    }
    mount.remount_cleanly().await;
    mount.memory.take_reads();
    mount.read("Plan.md").await;
    assert_eq!(mount.memory.take_reads(), 0, "27 s");
    mount.remount_cleanly().await;
    pass(9).await;
    mount.remount_cleanly().await;
    mount.memory.edit_elsewhere("plan", "t1", "newer");
    mount.read("Plan.md").await;
    pass(1).await;
    assert_eq!(mount.read("Plan.md").await, "- [ ] newer\n- [ ] b\n");
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_everything_is_read_again() {
    let mut mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    mount.remount_cleanly().await;
    mount.read("Plan.md").await;
    mount.remount().await;
    mount.memory.edit_elsewhere("plan", "t1", "newer");
    mount.text("Plan.md").await;
    pass(1).await;
    assert_eq!(mount.read("Plan.md").await, "- [ ] newer\n- [ ] b\n");
}

#[tokio::test(start_paused = true)]
async fn what_waits_to_be_saved_is_sent_to_what_was_read_since() {
    let mut mount = Mount::of("a\nb").await;
    let text = mount.read("Plan.md").await;
    mount.memory.set_offline(true);
    mount.overwrite("Plan.md", text.replace("] b", "] B").as_bytes()).await.unwrap();
    mount.vfs.rest(Duration::from_secs(1)).await;
    mount.memory.edit_elsewhere("plan", "t2", "b elsewhere");
    mount.memory.heal();
    mount.remount().await;
    pass(100).await;
    assert_eq!(mount.memory.tree("plan"), "a\nB\n");
    let conflicts = mount.vfs.status().conflicts;
    assert_eq!(conflicts.len(), 1, "what was overridden is told");
}

#[tokio::test(start_paused = true)]
async fn what_was_saved_within_the_age_is_there_after_a_remount_without_a_request() {
    let mut mount = Mount::of("a\nb").await;
    mount.names().await;
    mount.edit("Plan.md", |text| text.replace("] b", "] B")).await.unwrap();
    pass(5).await;
    mount.remount_cleanly().await;
    mount.memory.take_reads();
    assert_eq!(mount.read("Plan.md").await, "- [ ] a\n- [ ] B\n");
    pass(1).await;
    assert_eq!(mount.memory.take_reads(), 0);
    mount.edit("Plan.md", |text| text.replace("] B", "] newer")).await.unwrap();
    pass(5).await;
    assert_eq!(mount.memory.tree("plan"), "a\nnewer\n");
    assert_eq!(mount.writes(), ["PUT t2 \"B\"", "PUT t2 \"newer\""]);
}

#[tokio::test(start_paused = true)]
async fn a_save_after_a_remount_is_compared_with_what_was_served_before_it() {
    for clean in [true, false] {
        let mut mount = Mount::of("a\nb").await;
        let text = mount.read("Plan.md").await;
        if clean {
            mount.remount_cleanly().await;
        } else {
            // The crash comes after the writer of the cache was done.
            mount.vfs.rest(Duration::from_secs(60)).await;
            mount.memory.seed("f", "second", "Second", "c");
            pass(60).await;
            mount.names().await;
            mount.remount().await;
        }
        mount.memory.add_elsewhere("plan", "x", "added elsewhere");
        pass(60).await;
        mount.overwrite("Plan.md", text.replace("] b", "] B").as_bytes()).await.unwrap();
        pass(60).await;
        assert_eq!(mount.memory.tree("plan"), "a\nB\nadded elsewhere\n", "{clean}");
        assert_eq!(mount.writes(), ["PUT t2 \"B\""]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_saved_is_there_after_a_remount_and_saved_on_again() {
    let mut mount = Mount::of("a").await;
    mount.edit("Plan.md", |text| text + "- [ ] new\n").await.unwrap();
    mount.create("New.md", b"- [ ] n\n").await.unwrap();
    mount.remount_cleanly().await;
    mount.memory.set_offline(true);
    let text = mount.read("Plan.md").await;
    assert_eq!(text, "- [ ] a\n- [ ] new\n");
    assert_eq!(mount.read("New.md").await, "- [ ] n\n");
    mount.overwrite("Plan.md", format!("{text}- [ ] newer\n").as_bytes()).await.unwrap();
    mount.memory.heal();
    pass(100).await;
    assert_eq!(mount.memory.tree("plan"), "a\nnew\nnewer\n");
}

#[tokio::test(start_paused = true)]
async fn an_archived_project_does_not_come_back_with_a_remount() {
    let mut mount = Mount::of("a").await;
    mount.names().await;
    mount.unlink("Plan.md").await.unwrap();
    pass(10).await;
    mount.remount_cleanly().await;
    assert_eq!(mount.names().await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_cache_can_be_deleted() {
    let mut mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    mount.vfs.rest(Duration::from_secs(60)).await;
    for ending in ["", "-wal", "-shm"] {
        let file = mount.dir.path().join(format!("cache.sqlite3{ending}"));
        assert!(std::fs::remove_file(&file).is_ok() || !ending.is_empty(), "{file:?}");
    }
    mount.remount().await;
    assert_eq!(mount.read("Plan.md").await, TEXT);
}

fn without_memory() -> Settings {
    Settings { memory: 0, ..Settings::default() }
}

/// What somebody is at in the moment that room is made stays in memory until the next look at it.
async fn let_go(mount: &Mount) {
    mount.vfs.rest(Duration::from_secs(60)).await;
    for _ in 0..9 {
        if mount.vfs.status().memory == 0 {
            break;
        }
        mount.read("Plan.md").await;
        mount.vfs.rest(Duration::from_secs(60)).await;
    }
    assert_eq!(mount.vfs.status().memory, 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_let_go_of_to_save_memory_is_served_as_before() {
    let mut mount = Mount::with("a\nb", without_memory()).await;
    let text = mount.read("Plan.md").await;
    let ino = mount.ino("Plan.md").await.unwrap();
    let attr = mount.vfs.getattr(ino, 0).await.unwrap();
    mount.memory.take_reads();
    for _ in 0..3 {
        let_go(&mount).await;
        assert_eq!(mount.vfs.getattr(ino, 0).await.unwrap().size, attr.size);
        assert_eq!(mount.vfs.status().memory, 0, "a size is not worth reading the tasks");
        assert_eq!(mount.read("Plan.md").await, text);
    }
    assert_eq!(mount.vfs.getattr(ino, 0).await.unwrap().modified, attr.modified);
    let opened = mount.vfs.open(ino, READ, me()).await.unwrap();
    assert_eq!(opened.caching, Caching::Keep, "the kernel's pages are still good");
    let_go(&mount).await;
    assert_eq!(mount.vfs.read(opened.fh, 0, 100).await.unwrap(), text.as_bytes());
    mount.vfs.release(opened.fh).await.unwrap();
    assert_eq!(mount.memory.take_reads(), 0);
    // A change elsewhere is found, and told.
    mount.memory.edit_elsewhere("plan", "t1", "newer");
    let_go(&mount).await;
    pass(60).await;
    mount.vfs.getattr(ino, 0).await.unwrap();
    pass(1).await;
    assert_eq!(mount.read("Plan.md").await, "- [ ] newer\n- [ ] b\n");
    let changed = mount.vfs.getattr(ino, 0).await.unwrap();
    assert!(changed.modified > attr.modified);
    mount.remount_cleanly().await;
    assert_eq!(mount.read("Plan.md").await, "- [ ] newer\n- [ ] b\n");
}

#[tokio::test(start_paused = true)]
async fn a_save_is_compared_with_what_its_program_read_though_it_was_let_go_of() {
    let mount = Mount::with("a\nb", without_memory()).await;
    let text = mount.read("Plan.md").await;
    let_go(&mount).await;
    mount.memory.add_elsewhere("plan", "x", "added elsewhere");
    pass(60).await;
    mount.overwrite("Plan.md", text.replace("] b", "] B").as_bytes()).await.unwrap();
    pass(60).await;
    assert_eq!(mount.memory.tree("plan"), "a\nB\nadded elsewhere\n");
    assert_eq!(mount.writes(), ["PUT t2 \"B\""]);
    let_go(&mount).await;
    assert_eq!(mount.read("Plan.md").await, "- [ ] a\n- [ ] B\n- [ ] added elsewhere\n");
}

#[tokio::test(start_paused = true)]
async fn a_save_that_waits_stays_in_memory_and_is_let_go_of_once_it_is_through() {
    let mount = Mount::with("a\nb", without_memory()).await;
    let text = mount.read("Plan.md").await;
    mount.memory.set_offline(true);
    mount.overwrite("Plan.md", text.replace("] b", "] B").as_bytes()).await.unwrap();
    assert_eq!(mount.read("Plan.md").await, "- [ ] a\n- [ ] B\n");
    mount.memory.set_offline(false);
    pass(120).await;
    assert_eq!(mount.memory.tree("plan"), "a\nB\n");
    let_go(&mount).await;
    assert_eq!(mount.read("Plan.md").await, "- [ ] a\n- [ ] B\n");
}

#[tokio::test(start_paused = true)]
async fn what_the_cache_lost_is_asked_for_again() {
    let mount = Mount::with("a\nb", without_memory()).await;
    let text = mount.read("Plan.md").await;
    let_go(&mount).await;
    let cache = mount.dir.path().join("cache.sqlite3");
    let cache = rusqlite::Connection::open(cache).unwrap();
    cache.execute("UPDATE projects SET reading = replace(reading, 'a', 'x')", []).unwrap();
    mount.memory.take_reads();
    assert_eq!(mount.read("Plan.md").await, text);
    assert_eq!(mount.memory.take_reads(), 1);
}

#[tokio::test]
async fn who_walks_through_what_is_known_finds_the_next_projects_in_memory() {
    let mut mount = Mount::of("a").await;
    for number in 0..20 {
        let (id, title) = (format!("p{number:02}"), format!("P {number:02}"));
        mount.memory.seed("f", &id, &title, "one\ntwo");
    }
    let names: Vec<String> =
        mount.names().await.into_iter().filter(|name| name.starts_with('P')).collect();
    for name in &names {
        mount.read(name).await;
    }
    let all = mount.vfs.status().memory;
    for is_backward in [false, true] {
        mount.remount_cleanly().await;
        let mut walk: Vec<&String> = names.iter().collect();
        if is_backward {
            walk.reverse();
        }
        mount.read(walk[3]).await;
        mount.read(walk[4]).await;
        let begun = std::time::Instant::now();
        while mount.vfs.status().memory < all / 21 * 17 {
            assert!(begun.elapsed() < Duration::from_secs(20), "nothing is read ahead");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
