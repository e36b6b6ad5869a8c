//! What the kernel is told of changes that did not come through it, so that it may believe for
//! long what it was given: which inodes, which names, and which listings it may keep.

use std::{ffi::OsStr, path::Path};

use taskadefs::{
    error::Kind,
    vfs::{Caching, Ino, ROOT},
};

use crate::support::{
    harness::{APPEND, Mount, READ, TRUNCATE, Told, me, pass},
    service::Fault,
};

fn inode(ino: Ino) -> Told {
    Told::Inode(ino)
}

fn entry(parent: Ino, name: &str) -> Told {
    Told::Entry(parent, name.to_owned())
}

/// The names that are told of, in any order.
fn names(told: &[Told], parent: Ino) -> Vec<&str> {
    let names = told.iter().filter_map(|told| match told {
        Told::Entry(of, name) if *of == parent => Some(name.as_str()),
        _ => None,
    });
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names
}

/// Opens the directory, and reads it unless the kernel has it. Whether it has.
async fn keeps(mount: &Mount, dir: Ino) -> bool {
    let opened = mount.vfs.opendir(dir, me()).await.unwrap();
    if opened.caching != Caching::Keep {
        mount.vfs.readdir(opened.fh, 0, |_, _| false).unwrap();
    }
    mount.vfs.releasedir(opened.fh);
    opened.caching == Caching::Keep
}

#[tokio::test(start_paused = true)]
async fn names_that_others_took_away_or_changed_are_told_though_nobody_looks_them_up() {
    let mut mount = Mount::of("a").await;
    for (id, name) in [("old", "Old"), ("done", "Done"), ("swap", "Swap")] {
        mount.memory.seed("f", id, name, "c");
    }
    assert_eq!(mount.names().await.len(), 4);
    let kernel = mount.listen();
    pass(60).await;
    mount.memory.rename_elsewhere("old", "New");
    mount.memory.archive_elsewhere("done", true);
    mount.memory.remove_elsewhere("swap");
    mount.memory.seed("f", "another", "Swap", "d");
    mount.names().await;
    pass(1).await;
    let told = kernel.take();
    assert_eq!(names(&told, mount.folder), ["Done.md", "New.md", "Old.md", "Swap.md"]);
    assert!(told.contains(&inode(mount.folder)));
    // The same once more is no news.
    pass(60).await;
    mount.names().await;
    pass(1).await;
    assert_eq!(kernel.take(), []);
}

#[tokio::test(start_paused = true)]
async fn a_name_under_way_is_told_of_once_its_lookup_is_over() {
    let mut mount = Mount::of("a").await;
    mount.memory.seed("f", "old", "Old", "c");
    mount.names().await;
    let kernel = mount.listen();
    pass(60).await;
    mount.memory.rename_elsewhere("old", "New");
    mount.memory.stall(true);
    let (vfs, folder) = (mount.vfs.clone(), mount.folder);
    // The kernel holds the directory until the lookup is answered.
    let held = vfs.hold(folder);
    let lookup = tokio::spawn(async move { vfs.lookup(folder, OsStr::new("Plan.md"), me()).await });
    pass(5).await;
    assert!(!lookup.is_finished());
    mount.names().await;
    pass(5).await;
    let told = kernel.take();
    assert!(told.contains(&inode(folder)), "{told:?}");
    assert_eq!(names(&told, folder), [""; 0]);
    mount.memory.stall(false);
    lookup.await.unwrap().unwrap();
    drop(held);
    pass(1).await;
    assert_eq!(names(&kernel.take(), folder), ["New.md", "Old.md"]);
}

#[tokio::test(start_paused = true)]
async fn what_others_change_in_a_project_is_told() {
    let mut mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    let ino = mount.ino("Plan.md").await.unwrap();
    let kernel = mount.listen();
    pass(60).await;
    mount.vfs.getattr(ino, me()).await.unwrap();
    pass(1).await;
    assert_eq!(kernel.take(), [], "nothing has changed");
    pass(60).await;
    mount.memory.edit_elsewhere("plan", "t1", "newer");
    mount.vfs.getattr(ino, me()).await.unwrap();
    pass(1).await;
    assert_eq!(kernel.take(), [inode(ino)]);
}

#[tokio::test(start_paused = true)]
async fn who_opens_a_text_of_another_size_gets_it_after_the_kernel_has_heard() {
    let mut mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    let ino = mount.ino("Plan.md").await.unwrap();
    let kernel = mount.listen();
    pass(60).await;
    mount.memory.edit_elsewhere("plan", "t1", "newer");
    let opened = mount.vfs.open(ino, READ, me()).await.unwrap();
    let told = kernel.take();
    assert!(told.contains(&inode(ino)), "{told:?}");
    mount.vfs.release(opened.fh).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_newer_text_is_under_another_number_while_the_one_before_is_read() {
    let mut mount = Mount::of("a\nb").await;
    let old = mount.read("Plan.md").await;
    let ino = mount.ino("Plan.md").await.unwrap();
    let kernel = mount.listen();
    let read =
        async |mount: &Mount, fh| String::from_utf8(mount.vfs.read(fh, 0, 1 << 20).await.unwrap());
    let before = mount.vfs.open(ino, READ, me()).await.unwrap().fh;
    pass(60).await;
    mount.memory.add_elsewhere("plan", "x", "theirs");
    // The kernel is to look the name up again, and hears of it.
    let stale = mount.vfs.open(ino, READ, me()).await.unwrap_err();
    assert_eq!(stale.errno(), libc::ESTALE);
    pass(1).await;
    let told = kernel.take();
    assert!(names(&told, mount.folder).contains(&"Plan.md"), "{told:?}");
    assert!(!told.contains(&inode(ino)), "what it has of the old one is right: {told:?}");
    let new = "- [ ] a\n- [ ] b\n- [ ] theirs\n";
    assert_eq!(mount.read("Plan.md").await, new);
    assert_ne!(mount.ino("Plan.md").await.unwrap(), ino);
    let size = async |ino| mount.vfs.getattr(ino, me()).await.unwrap().size;
    assert_eq!(size(ino).await, old.len() as u64);
    assert_eq!(read(&mount, before).await.unwrap(), old);
    // Who comes again for the number came by no name.
    let stale = mount.vfs.open(ino, READ, me()).await.unwrap_err();
    assert_eq!(stale.errno(), libc::ESTALE);
    let again = mount.vfs.open(ino, READ, me()).await.unwrap().fh;
    assert_eq!(read(&mount, again).await.unwrap(), old);
    for fh in [before, again] {
        mount.vfs.release(fh).await.unwrap();
    }
    assert_eq!(mount.read("Plan.md").await, new);
}

#[tokio::test(start_paused = true)]
async fn a_save_and_what_it_is_merged_with_are_told() {
    let mut mount = Mount::of("a\nb").await;
    let text = mount.read("Plan.md").await;
    let ino = mount.ino("Plan.md").await.unwrap();
    let kernel = mount.listen();
    pass(60).await;
    mount.memory.add_elsewhere("plan", "x", "theirs");
    mount.memory.set_offline(true);
    mount.overwrite("Plan.md", text.replace("] b", "] B").as_bytes()).await.unwrap();
    // The grace of the program's own text is over.
    pass(3).await;
    // A draft is gone, and the saved text is another than before.
    assert!(kernel.take().iter().filter(|told| **told == inode(ino)).count() >= 2);
    mount.memory.set_offline(false);
    pass(120).await;
    assert_eq!(kernel.take(), [inode(ino)]);
    assert_eq!(mount.read("Plan.md").await, "- [ ] a\n- [ ] B\n- [ ] theirs\n");
}

#[tokio::test(start_paused = true)]
async fn a_refused_text_and_its_end_are_told() {
    let mut mount = Mount::of("a\nb").await;
    let text = mount.read("Plan.md").await;
    let ino = mount.ino("Plan.md").await.unwrap();
    let kernel = mount.listen();
    mount.overwrite("Plan.md", b"- [ ] a\n```\ncode\n```\n").await.unwrap_err();
    pass(1).await;
    assert!(kernel.take().contains(&inode(ino)));
    mount.vfs.discard(ino).await.unwrap();
    pass(1).await;
    assert_eq!(kernel.take(), [inode(ino)]);
    assert_eq!(mount.read("Plan.md").await, text);
    // Refused by Taskade, and given up.
    mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
    mount.overwrite("Plan.md", text.replace("] b", "] B").as_bytes()).await.unwrap_err();
    pass(1).await;
    assert!(kernel.take().contains(&inode(ino)));
    mount.vfs.discard(ino).await.unwrap();
    pass(1).await;
    assert_eq!(kernel.take(), [inode(ino)]);
    assert_eq!(mount.read("Plan.md").await, text);
}

#[tokio::test(start_paused = true)]
async fn undoing_is_told() {
    let mut mount = Mount::of("a\nb").await;
    mount.edit("Plan.md", |text| text.replace("] b", "] B")).await.unwrap();
    let ino = mount.ino("Plan.md").await.unwrap();
    let kernel = mount.listen();
    pass(10).await;
    kernel.take();
    mount.vfs.undo(Some(ino)).await.unwrap();
    pass(1).await;
    assert!(kernel.take().contains(&inode(ino)));
    // Of a creation, and of an archiving: names.
    mount.create("New.md", b"- [ ] n\n").await.unwrap();
    pass(10).await;
    kernel.take();
    mount.vfs.undo(None).await.unwrap();
    pass(1).await;
    let told = kernel.take();
    assert!(names(&told, mount.folder).contains(&"New.md"), "{told:?}");
    assert!(told.contains(&inode(mount.folder)));
    mount.unlink("Plan.md").await.unwrap();
    pass(10).await;
    kernel.take();
    mount.vfs.undo(None).await.unwrap();
    pass(1).await;
    let told = kernel.take();
    assert!(names(&told, mount.folder).contains(&"Plan.md"), "{told:?}");
    assert_eq!(mount.names().await, ["Plan.md"]);
}

#[tokio::test(start_paused = true)]
async fn a_draft_that_is_given_up_is_told() {
    let mut mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    let ino = mount.ino("Plan.md").await.unwrap();
    let kernel = mount.listen();
    // Opened for writing, and closed again: the kernel may have been told a size meanwhile.
    let opened = mount.vfs.open(ino, APPEND, me()).await.unwrap();
    mount.vfs.release(opened.fh).await.unwrap();
    pass(1).await;
    assert_eq!(kernel.take(), [inode(ino)]);
    // Emptied, which is saved only after a grace.
    let opened = mount.vfs.open(ino, TRUNCATE, me()).await.unwrap();
    mount.vfs.release(opened.fh).await.unwrap();
    kernel.take();
    pass(10).await;
    assert!(kernel.take().contains(&inode(ino)));
    assert_eq!(mount.memory.tree("plan"), "");
}

#[tokio::test(start_paused = true)]
async fn a_scratch_file_that_becomes_the_project_is_told_of_and_so_is_one_that_leaves_it() {
    let mut mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    let kernel = mount.listen();
    // Bytes that are rendered otherwise once they are saved.
    mount.create("P.tmp", b"* a\n* [ ] b\n* c\n").await.unwrap();
    let scratch = mount.ino("P.tmp").await.unwrap();
    mount.rename("P.tmp", "Plan.md").await.unwrap();
    assert_eq!(mount.ino("Plan.md").await.unwrap(), scratch);
    pass(1).await;
    assert!(kernel.take().contains(&inode(scratch)));
    mount.rename("Plan.md", "Plan.md~").await.unwrap();
    assert_eq!(mount.ino("Plan.md~").await.unwrap(), scratch);
    pass(1).await;
    assert!(kernel.take().contains(&inode(scratch)));
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_free_after_its_grace_is_told() {
    let mut mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    let kernel = mount.listen();
    mount.rename("Plan.md", "Plan.md~").await.unwrap();
    pass(1).await;
    kernel.take();
    pass(10).await;
    let told = kernel.take();
    assert!(told.contains(&entry(mount.folder, "Plan.md")), "{told:?}");
    assert!(told.contains(&inode(mount.folder)));
    assert_eq!(mount.names().await, ["Plan.md~"]);
}

#[tokio::test(start_paused = true)]
async fn a_listing_is_kept_by_the_kernel_for_as_long_as_it_is_the_very_same() {
    let mount = Mount::of("a\nb").await;
    let dir = mount.folder;
    assert!(!keeps(&mount, dir).await);
    assert!(keeps(&mount, dir).await);
    pass(3600).await;
    assert!(keeps(&mount, dir).await, "asked for again, and the same");
    mount.memory.rename_elsewhere("plan", "Planned");
    pass(60).await;
    assert!(!keeps(&mount, dir).await);
    assert!(keeps(&mount, dir).await);
    mount.create("note.txt", b"scratch").await.unwrap();
    assert!(!keeps(&mount, dir).await);
    // Below the mount, which nobody but the mount is to do.
    std::fs::remove_file(scratch(&mount).join("note.txt")).unwrap();
    assert!(!keeps(&mount, dir).await);
    mount.create("New.md", b"- [ ] n\n").await.unwrap();
    assert!(!keeps(&mount, dir).await);
    mount.unlink("New.md").await.unwrap();
    assert!(!keeps(&mount, dir).await);
    pass(10).await;
    keeps(&mount, dir).await;
    assert!(keeps(&mount, dir).await);
    assert_eq!(mount.names().await, ["Planned.md"]);
}

fn scratch(mount: &Mount) -> std::path::PathBuf {
    let dirs = std::fs::read_dir(mount.dir.path().join("scratch")).unwrap();
    let is_there = |dir: &std::path::PathBuf| dir.join("note.txt").exists();
    dirs.map(|dir| dir.unwrap().path()).find(is_there).unwrap()
}

#[tokio::test(start_paused = true)]
async fn nothing_of_the_mounts_own_directory_is_believed() {
    let mount = Mount::of("a\nb").await;
    let control = mount.vfs.resolve(Path::new(".taskade")).await.unwrap();
    for name in ["README.md", "rejected"] {
        let attr = mount.vfs.lookup(control, OsStr::new(name), me()).await.unwrap();
        assert!(attr.attr_ttl.is_zero() && attr.entry_ttl.is_zero(), "{name}");
    }
    let rejected = mount.vfs.resolve(Path::new(".taskade/rejected")).await.unwrap();
    assert!(!keeps(&mount, rejected).await);
    assert!(keeps(&mount, rejected).await);
    mount.overwrite("Plan.md", b"```\ncode\n```\n").await.unwrap_err();
    assert!(!keeps(&mount, rejected).await);
    assert!(keeps(&mount, ROOT).await || keeps(&mount, ROOT).await);
    let opened = mount.vfs.open(mount.ino("Plan.md").await.unwrap(), READ, me()).await.unwrap();
    assert_eq!(mount.vfs.read(opened.fh, 0, 99).await.unwrap(), b"```\ncode\n```\n");
    assert_eq!(mount.vfs.status().reads, 1);
}
