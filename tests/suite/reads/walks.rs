//! Walks: a program that goes through many projects or directories does not wait at each of them.

use std::{ffi::OsStr, sync::Arc, time::Duration};

use taskadefs::{
    error::Kind,
    sync::Settings,
    vfs::{Ino, ROOT},
};

use crate::support::{
    harness::{Mount, me, pass},
    service::Fault,
};

/// All projects of the folder: those with numbers, and `Plan`, which is listed last.
const PROJECTS: usize = 20;

/// A process that is not this one.
const ANOTHER: u32 = 1;

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
async fn asked_at_once(mount: &Mount, number: usize, caller: u32) -> usize {
    mount.memory.stall(true);
    let (vfs, folder, name) = (Arc::clone(&mount.vfs), mount.folder, name(number));
    let looks = tokio::spawn(async move { vfs.lookup(folder, OsStr::new(&name), caller).await });
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
    assert_eq!(asked_at_once(&mount, 3, me()).await, 1 + 2);
    read_all(&mount, 4..6).await;
    assert_eq!(asked_at_once(&mount, 6, me()).await, 1 + 4);
    read_all(&mount, 7..11).await;
    assert_eq!(asked_at_once(&mount, 11, me()).await, 1 + 6);
    read_all(&mount, 0..PROJECTS - 1).await;
    mount.read("Plan.md").await;
    assert_eq!(mount.memory.take_reads(), PROJECTS - 3);
}

#[tokio::test(start_paused = true)]
async fn a_walk_from_the_end_is_led_towards_the_beginning() {
    let mount = unread(Settings::default()).await;
    read_all(&mount, (10..13).rev()).await;
    assert_eq!(asked_at_once(&mount, 9, me()).await, 1 + 2);
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
async fn several_programs_that_read_a_project_each_are_no_walk() {
    let mount = unread(Settings::default()).await;
    read_all(&mount, 0..3).await;
    assert_eq!(asked_at_once(&mount, 3, ANOTHER).await, 1);
    assert_eq!(asked_at_once(&mount, 4, me()).await, 1 + 2);
}

#[tokio::test(start_paused = true)]
async fn where_everybody_looks_nothing_is_read_ahead() {
    let mount = unread(Settings { max_age: Duration::ZERO, ..Settings::default() }).await;
    for number in 0..10 {
        mount.ino(&name(number)).await.unwrap();
    }
    mount.memory.take_reads();
    assert_eq!(asked_at_once(&mount, 10, me()).await, 1);
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
    assert_eq!(asked_at_once(&mount, 4, me()).await, 1);
    read_all(&mount, 0..PROJECTS - 1).await;
    mount.read("Plan.md").await;
    assert_eq!(mount.memory.take_reads(), PROJECTS - 4);
}

const FOLDERS: usize = 8;

/// How many directories a program looks at like anybody, before it is taken to walk.
const LOOKED_AT: usize = 4;

/// How long a look waits for a service that does not answer.
const WAIT: Duration = Duration::from_millis(500);

/// A workspace with folders that were all listed a while ago, and a service that says nothing of them
/// any more. Their inodes.
async fn listed_long_ago(settings: Settings) -> (Mount, Vec<Ino>) {
    let mount = Mount::with("a", settings).await;
    let mut folders = Vec::new();
    for number in 0..FOLDERS {
        mount.memory.add_folder(&format!("f{number}"), &format!("F{number}"));
        mount.memory.seed(&format!("f{number}"), &format!("q{number}"), "Same", "task");
    }
    pass(60).await;
    let workspace = mount.vfs.lookup(ROOT, OsStr::new("Acme"), me()).await.unwrap().ino;
    list(&mount, workspace, me()).await;
    for number in 0..FOLDERS {
        let name = format!("F{number}");
        let folder = mount.vfs.lookup(workspace, OsStr::new(&name), me()).await.unwrap().ino;
        assert_eq!(list(&mount, folder, me()).await, [".", "..", "Same.md"]);
        mount.vfs.lookup(folder, OsStr::new("Same.md"), me()).await.unwrap();
        folders.push(folder);
    }
    pass(60).await;
    mount.memory.take_reads();
    mount.memory.stall_listings(true);
    (mount, folders)
}

async fn list(mount: &Mount, dir: Ino, caller: u32) -> Vec<String> {
    let opened = mount.vfs.opendir(dir, caller).await.unwrap();
    let mut names = Vec::new();
    let note = |_, entry: &taskadefs::vfs::DirectoryEntry| {
        names.push(entry.name.to_string_lossy().into_owned());
        false
    };
    mount.vfs.readdir(opened.fh, 0, note).unwrap();
    mount.vfs.releasedir(opened.fh);
    names
}

#[tokio::test(start_paused = true)]
async fn who_walks_through_old_directories_waits_for_a_few_and_they_are_asked_for() {
    let (mount, folders) = listed_long_ago(Settings::default()).await;
    let begun = tokio::time::Instant::now();
    for folder in &folders {
        list(&mount, *folder, me()).await;
        mount.vfs.lookup(*folder, OsStr::new("Same.md"), me()).await.unwrap();
    }
    // Each of the first is waited for twice: as it is listed, and for the name.
    assert_eq!(begun.elapsed(), 2 * LOOKED_AT as u32 * WAIT);
    // A name that was not listed is asked for,
    let begun = tokio::time::Instant::now();
    assert!(mount.vfs.lookup(folders[7], OsStr::new("New.md"), me()).await.is_err());
    assert_eq!(begun.elapsed(), WAIT);
    // and somebody else waits as ever.
    let begun = tokio::time::Instant::now();
    list(&mount, folders[7], ANOTHER).await;
    assert_eq!(begun.elapsed(), WAIT);
    mount.memory.seed("f7", "new", "New", "task");
    mount.memory.stall_listings(false);
    pass(1).await;
    assert_eq!(mount.memory.take_reads(), FOLDERS);
    assert_eq!(list(&mount, folders[7], me()).await, [".", "..", "New.md", "Same.md"]);
    assert_eq!(mount.memory.take_reads(), 0);
}

#[tokio::test(start_paused = true)]
async fn without_any_age_every_directory_is_looked_at() {
    let settings = Settings { max_age: Duration::ZERO, ..Settings::default() };
    let (mount, folders) = listed_long_ago(settings).await;
    let begun = tokio::time::Instant::now();
    for folder in &folders {
        list(&mount, *folder, me()).await;
    }
    assert_eq!(begun.elapsed(), FOLDERS as u32 * WAIT);
}
