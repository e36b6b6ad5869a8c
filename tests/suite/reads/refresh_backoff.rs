//! How often what was read is asked for again: at `--max-age` while somebody opens it, less and
//! less often while it stays as it is. The file system driven directly, in virtual time.

use std::ffi::OsStr;

use taskadefs::{
    error::Result,
    vfs::{Ino, ROOT},
};
use tokio::time::Instant;

use crate::support::harness::{Mount, READ, me, pass};

#[tokio::test(start_paused = true)]
async fn an_hour_in_which_nothing_is_opened_asks_for_next_to_nothing() {
    let mount = Mount::of("a\nb").await;
    for number in 0..20 {
        mount.memory.seed("f", &format!("p{number}"), &format!("Project {number}"), "c");
    }
    for name in mount.names().await {
        mount.read(&name).await;
    }
    mount.memory.take_reads();
    pass(3600).await;
    assert!(mount.memory.take_reads() <= 60);
}

#[tokio::test(start_paused = true)]
async fn who_walks_through_old_projects_waits_for_none_and_the_last_ones_are_refreshed() {
    let mount = Mount::of("a\nb").await;
    for number in 0..200 {
        mount.memory.seed("f", &format!("p{number}"), &format!("Project {number:03}"), "c");
    }
    let names = mount.names().await;
    for name in &names {
        mount.read(name).await;
    }
    pass(3600).await;
    mount.memory.edit_elsewhere("p99", "t1", "newer");
    mount.memory.take_reads();
    for name in &names {
        mount.read(name).await;
    }
    pass(5).await;
    // The first were not yet known to be many.
    assert!(mount.memory.take_reads() < 60);
    assert_eq!(mount.read("Project 099.md").await, "- [ ] newer\n");
}

/// Looks at a file every second, as editors do that are told of no changes. How many requests
/// that takes.
async fn watch(mount: &Mount, ino: Ino, seconds: u64) -> usize {
    mount.memory.take_reads();
    for _ in 0..seconds {
        mount.vfs.getattr(ino, me()).await.unwrap();
        pass(1).await;
    }
    mount.memory.take_reads()
}

async fn open(mount: &Mount, ino: Ino) {
    let opened = mount.vfs.open(ino, READ, me()).await.unwrap();
    mount.vfs.release(opened.fh).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_stays_as_it_is_is_asked_for_less_and_less_often_and_only_while_it_is_in_use() {
    let mount = Mount::of("a\nb").await;
    let ino = mount.ino("Plan.md").await.unwrap();
    open(&mount, ino).await;
    // After half a minute, one, two and four; before eight are over it is not in use any more.
    for seconds in [35, 60, 120, 3600] {
        assert_eq!(watch(&mount, ino, seconds).await, 1, "{seconds}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_others_or_this_mount_change_is_asked_for_often_again() {
    let mount = Mount::of("a\nb").await;
    let ino = mount.ino("Plan.md").await.unwrap();
    for change in ["elsewhere", "here"] {
        open(&mount, ino).await;
        watch(&mount, ino, 250).await;
        open(&mount, ino).await;
        assert_eq!(watch(&mount, ino, 100).await, 0, "{change}");
        match change {
            "elsewhere" => mount.memory.edit_elsewhere("plan", "t1", "newer"),
            _ => mount.edit("Plan.md", |text| text + "- [ ] c\n").await.unwrap(),
        }
        open(&mount, ino).await;
        for seconds in [35, 60] {
            assert_eq!(watch(&mount, ino, seconds).await, 1, "{change}: {seconds}");
        }
    }
    assert_eq!(mount.read("Plan.md").await, "- [ ] newer\n- [ ] b\n- [ ] c\n");
}

#[tokio::test(start_paused = true)]
async fn who_opens_a_project_asks_at_max_age_however_long_it_has_not_changed() {
    let mount = Mount::of("a\nb").await;
    let ino = mount.ino("Plan.md").await.unwrap();
    open(&mount, ino).await;
    mount.memory.take_reads();
    for _ in 0..20 {
        pass(31).await;
        open(&mount, ino).await;
        open(&mount, ino).await;
        assert_eq!(mount.memory.take_reads(), 1);
    }
    mount.memory.edit_elsewhere("plan", "t1", "newer");
    pass(31).await;
    open(&mount, ino).await;
    assert_eq!(
        mount.vfs.getattr(ino, me()).await.unwrap().size,
        "- [ ] newer\n- [ ] b\n".len() as u64
    );
}

#[tokio::test(start_paused = true)]
async fn who_walks_over_and_over_asks_less_and_less_for_what_stays_as_it_is() {
    let mount = Mount::of("a").await;
    for number in 0..23 {
        mount.memory.seed("f", &format!("p{number}"), &format!("Project {number}"), "c");
    }
    let mut inos = Vec::new();
    for name in mount.names().await {
        inos.push(mount.ino(&name).await.unwrap());
    }
    let mut asked = Vec::new();
    for _ in 0..9 {
        pass(100).await;
        mount.memory.take_reads();
        for ino in &inos {
            open(&mount, *ino).await;
        }
        pass(1).await;
        asked.push(mount.memory.take_reads());
    }
    // The first eight are waited for: whoever opens eight may be no walk.
    assert_eq!(asked, [24, 24, 8, 24, 8, 8, 24, 8, 8]);
}

async fn way(mount: &Mount, folder: &str) -> Result<Ino> {
    let workspace = mount.vfs.lookup(ROOT, OsStr::new("Acme"), me()).await?.ino;
    mount.vfs.lookup(workspace, OsStr::new(folder), me()).await.map(|attr| attr.ino)
}

#[tokio::test(start_paused = true)]
async fn the_way_to_a_file_waits_for_nothing_and_is_asked_for_less_and_less_often() {
    let mount = Mount::of("a").await;
    // The workspaces, and the folders of one; what else is in it is of no interest.
    assert_eq!(mount.memory.take_reads(), 2);
    let mut asked = Vec::new();
    for seconds in [35, 60, 120, 240, 3600] {
        for _ in 0..seconds {
            let before = Instant::now();
            way(&mount, "Marketing").await.unwrap();
            assert_eq!(Instant::now(), before);
            pass(1).await;
        }
        asked.push(mount.memory.take_reads());
    }
    assert_eq!(asked, [2, 2, 2, 2, 14]);
    // The service is not asked at every step if it gives no answer.
    mount.memory.set_offline(true);
    pass(3600).await;
    for _ in 0..3 {
        way(&mount, "Marketing").await.unwrap();
        pass(1).await;
    }
    mount.memory.set_offline(false);
    way(&mount, "Marketing").await.unwrap();
    pass(1).await;
    assert_eq!(mount.memory.take_reads(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_lists_a_workspace_sees_at_max_age_what_its_folders_are() {
    let mount = Mount::of("a").await;
    let workspace = mount.vfs.lookup(ROOT, OsStr::new("Acme"), me()).await.unwrap().ino;
    for _ in 0..100 {
        way(&mount, "Marketing").await.unwrap();
        pass(31).await;
    }
    mount.memory.rename_folder_elsewhere("f", "Sales");
    pass(31).await;
    // A name that is not known is asked for, and so is everything that is listed.
    assert_eq!(way(&mount, "Sales").await.unwrap(), mount.folder);
    assert!(way(&mount, "Marketing").await.is_err());
    mount.memory.rename_folder_elsewhere("f", "Support");
    pass(31).await;
    let opened = mount.vfs.opendir(workspace, me()).await.unwrap();
    mount.vfs.releasedir(opened.fh);
    assert!(way(&mount, "Sales").await.is_err());
    assert_eq!(way(&mount, "Support").await.unwrap(), mount.folder);
    // Who only goes through it gets there under the old name, and asks again behind it.
    mount.memory.rename_folder_elsewhere("f", "Marketing");
    pass(62).await;
    assert_eq!(way(&mount, "Support").await.unwrap(), mount.folder);
    pass(1).await;
    assert!(way(&mount, "Support").await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_service_that_gives_no_answer_is_not_asked_at_every_look() {
    let mount = Mount::of("a\nb").await;
    let ino = mount.ino("Plan.md").await.unwrap();
    open(&mount, ino).await;
    mount.memory.set_offline(true);
    assert!(watch(&mount, ino, 93).await <= 2);
    mount.memory.set_offline(false);
    assert_eq!(watch(&mount, ino, 31).await, 1);
}
