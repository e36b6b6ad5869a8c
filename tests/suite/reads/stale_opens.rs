//! Who is told ESTALE is told so once in an open: the kernel looks the name up again once, and hands a
//! second one to the program. What is opened then is what the name stands for, however often that was
//! outgrown in between.

use taskadefs::vfs::{Caching, Fh, Ino, OpenMode, Opened};

use crate::support::harness::{APPEND, Mount, READ, TRUNCATE, me, pass};

/// A thread of another program.
const OTHER: u32 = 1;

async fn ino(mount: &Mount, caller: u32) -> Ino {
    mount.vfs.lookup(mount.folder, "Plan.md".as_ref(), caller).await.unwrap().ino
}

async fn open(mount: &Mount, ino: Ino, mode: OpenMode, caller: u32) -> Opened {
    mount.vfs.open(ino, mode, caller).await.unwrap()
}

async fn is_stale(mount: &Mount, ino: Ino, mode: OpenMode) {
    let error = mount.vfs.open(ino, mode, me()).await.unwrap_err();
    assert_eq!(error.errno(), libc::ESTALE, "{error}");
}

async fn text(mount: &Mount, fh: Fh) -> String {
    String::from_utf8(mount.vfs.read(fh, 0, 1 << 20).await.unwrap()).unwrap()
}

/// A project that somebody reads, which has changed since. That reader and its inode.
async fn outgrown(mount: &Mount) -> (Fh, Ino) {
    let stale = ino(mount, OTHER).await;
    let reader = open(mount, stale, READ, OTHER).await.fh;
    change(mount, "x").await;
    (reader, stale)
}

/// Somebody adds a task in the app, which the mount has seen.
async fn change(mount: &Mount, id: &str) {
    pass(60).await;
    mount.memory.add_elsewhere("plan", id, id);
    ino(mount, OTHER).await;
}

async fn append(mount: &Mount, fh: Fh, line: &str) {
    mount.vfs.write(fh, 0, line.as_bytes()).await.unwrap();
    mount.vfs.flush(fh, me()).await.unwrap();
    mount.vfs.release(fh).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_outgrown_again_before_it_is_read_is_read_as_it_is_now() {
    let mount = Mount::of("a\nb").await;
    let (first, past) = outgrown(&mount).await;
    is_stale(&mount, past, READ).await;
    // Somebody else has looked it up as well, and reads through what the name stands for.
    let now = ino(&mount, OTHER).await;
    let second = open(&mount, now, READ, OTHER).await.fh;
    change(&mount, "y").await;
    let opened = open(&mount, now, READ, me()).await;
    assert_eq!(opened.caching, Caching::Bypass, "its pages are of the text before");
    assert_eq!(text(&mount, opened.fh).await, "- [ ] a\n- [ ] b\n- [ ] x\n- [ ] y\n");
    assert_eq!(text(&mount, first).await, "- [ ] a\n- [ ] b\n");
    assert_eq!(text(&mount, second).await, "- [ ] a\n- [ ] b\n- [ ] x\n");
    // The next open is one of its own.
    is_stale(&mount, past, READ).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_read_by_others_before_it_is_written_to_is_written_to_all_the_same() {
    for mode in [APPEND, TRUNCATE] {
        let mount = Mount::of("a\nb").await;
        let (first, past) = outgrown(&mount).await;
        is_stale(&mount, past, mode).await;
        let now = ino(&mount, OTHER).await;
        let second = open(&mount, now, READ, OTHER).await.fh;
        let opened = open(&mount, now, mode, me()).await;
        let kept = if mode.append { "- [ ] a\n- [ ] b\n- [ ] x\n" } else { "" };
        let size = mount.vfs.getattr(now, me()).await.unwrap().size;
        assert_eq!(size, kept.len() as u64, "where it ends is where the program goes on");
        append(&mount, opened.fh, "- [ ] mine\n").await;
        pass(60).await;
        let wanted = if mode.append { "a\nb\nx\nmine\n" } else { "mine\n" };
        assert_eq!(mount.memory.tree("plan"), wanted);
        assert_eq!(text(&mount, first).await, "- [ ] a\n- [ ] b\n");
        assert_eq!(text(&mount, second).await, "- [ ] a\n- [ ] b\n- [ ] x\n");
        assert_eq!(mount.text("Plan.md").await, format!("{kept}- [ ] mine\n"));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_past_before_it_is_written_to_ends_where_the_text_of_now_ends() {
    let mount = Mount::of("a\nb").await;
    let (_, past) = outgrown(&mount).await;
    is_stale(&mount, past, APPEND).await;
    let now = ino(&mount, OTHER).await;
    open(&mount, now, READ, OTHER).await;
    change(&mount, "y").await;
    let opened = open(&mount, now, APPEND, me()).await;
    let size = mount.vfs.getattr(now, me()).await.unwrap().size;
    assert_eq!(size, "- [ ] a\n- [ ] b\n- [ ] x\n- [ ] y\n".len() as u64);
    append(&mount, opened.fh, "- [ ] mine\n").await;
    pass(60).await;
    assert_eq!(mount.memory.tree("plan"), "a\nb\nx\ny\nmine\n");
}

#[tokio::test(start_paused = true)]
async fn what_is_looked_up_again_is_kept_clear_of_readers_until_it_is_opened() {
    for mode in [READ, APPEND] {
        let mount = Mount::of("a\nb").await;
        let (_, past) = outgrown(&mount).await;
        is_stale(&mount, past, mode).await;
        // Others were there before the lookup, and come after it.
        let before = open(&mount, ino(&mount, OTHER).await, READ, OTHER).await.fh;
        let now = ino(&mount, me()).await;
        let after = open(&mount, now, READ, OTHER).await;
        assert_eq!(after.caching, Caching::Bypass);
        change(&mount, "y").await;
        assert_eq!(ino(&mount, OTHER).await, now, "it is not outgrown");
        let opened = open(&mount, now, mode, me()).await;
        if mode.read {
            assert_ne!(opened.caching, Caching::Bypass);
            assert_eq!(text(&mount, opened.fh).await, "- [ ] a\n- [ ] b\n- [ ] x\n- [ ] y\n");
        }
        for fh in [before, after.fh] {
            assert_eq!(text(&mount, fh).await, "- [ ] a\n- [ ] b\n- [ ] x\n");
        }
        mount.vfs.release(opened.fh).await.unwrap();
        let other = open(&mount, now, READ, OTHER).await;
        assert_ne!(other.caching, Caching::Bypass, "nobody is awaited any more");
    }
}

#[tokio::test(start_paused = true)]
async fn a_truncation_by_name_is_told_once_as_well() {
    let mount = Mount::of("a\nb").await;
    let (_, past) = outgrown(&mount).await;
    let set = taskadefs::vfs::SetAttr { size: Some(0), ..Default::default() };
    let stale = mount.vfs.setattr(past, None, &set, me()).await.unwrap_err();
    assert_eq!(stale.errno(), libc::ESTALE);
    let now = ino(&mount, OTHER).await;
    open(&mount, now, READ, OTHER).await;
    change(&mount, "y").await;
    mount.vfs.setattr(now, None, &set, me()).await.unwrap();
    pass(60).await;
    assert_eq!(mount.memory.tree("plan"), "y\n", "all that any program has seen is gone");
    is_stale(&mount, past, READ).await;
}

#[tokio::test(start_paused = true)]
async fn who_comes_by_a_name_to_a_local_file_that_has_none_is_to_look_it_up_again() {
    let mount = Mount::of("a\nb").await;
    let read = ino(&mount, me()).await;
    let reader = open(&mount, read, READ, me()).await.fh;
    mount.vfs.release(reader).await.unwrap();
    mount.memory.rename_elsewhere("plan", "Fresh");
    pass(60).await;
    mount.names().await;
    // What is saved under the name from before goes to the project, which keeps its number and its
    // name; the kernel has the local file by one of both from now on, and believes that for a while.
    mount.create(".new", b"- [ ] a\n- [ ] b\n- [ ] c\n").await.unwrap();
    let local = mount.vfs.lookup(mount.folder, ".new".as_ref(), me()).await.unwrap().ino;
    mount.rename(".new", "Plan.md").await.unwrap();
    let error = mount.vfs.getattr(local, me()).await.unwrap_err();
    assert_eq!(error.errno(), libc::ESTALE, "{error}");
    is_stale(&mount, local, READ).await;
    let now = mount.vfs.lookup(mount.folder, "Fresh.md".as_ref(), me()).await.unwrap().ino;
    let opened = open(&mount, now, READ, me()).await;
    assert_eq!(text(&mount, opened.fh).await, "- [ ] a\n- [ ] b\n- [ ] c\n");
    // By no name, once more: it is not there.
    is_stale(&mount, local, READ).await;
    let error = mount.vfs.open(local, READ, me()).await.unwrap_err();
    assert_eq!(error.errno(), libc::ENOENT, "{error}");
}
