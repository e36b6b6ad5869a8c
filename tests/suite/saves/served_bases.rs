//! Sessions of several programs: which text each of them has before its eyes, and so what its save
//! means. Driven directly, in virtual time.

use std::time::{Duration, SystemTime};

use taskadefs::{
    error::Kind,
    vfs::{Caching, SetAttr},
};

use crate::support::{
    harness::{APPEND, Mount, READ, TRUNCATE, me, pass},
    program::{Program, lines},
    service::Fault,
};

/// A time that is nobody's, and what sets it.
fn dated() -> (SystemTime, SetAttr) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    (time, SetAttr { modified: Some(time), ..SetAttr::default() })
}

#[tokio::test(start_paused = true)]
async fn a_buffer_that_was_only_filed_away_deletes_nothing() {
    let mount = Mount::of("a\nb").await;
    let (editor, other) = (Program::new(), Program::new());
    editor.reads(&mount).await;
    pass(60).await;
    mount.memory.add_elsewhere("plan", "t3", "colleague");
    editor.writes(&mount, &lines("a b mine")).await;
    // The local history of an editor: the buffer stays what it was.
    let (_, fh, caching) = editor.open(&mount, READ).await;
    assert_eq!(caching, Caching::Bypass, "no pages of everybody's");
    mount.vfs.release(fh).await.unwrap();
    assert_eq!(editor.reads(&mount).await, lines("a b mine"));
    assert_eq!(other.reads(&mount).await, lines("a b mine colleague"));
    editor.writes(&mount, &lines("a b mine more")).await;
    assert_eq!(mount.memory.tree("plan"), "a\nb\nmine\nmore\ncolleague\n");
    // Long after, it reloads: from then on what is missing is deleted.
    pass(3).await;
    assert_eq!(editor.reads(&mount).await, lines("a b mine more colleague"));
    editor.writes(&mount, &lines("a b mine more")).await;
    assert_eq!(mount.memory.tree("plan"), "a\nb\nmine\nmore\n");
}

#[tokio::test(start_paused = true)]
async fn what_was_merged_comes_after_the_grace_as_a_change_by_others() {
    let mut mount = Mount::of("a").await;
    let (editor, other) = (Program::new(), Program::new());
    editor.reads(&mount).await;
    pass(60).await;
    mount.memory.add_elsewhere("plan", "t2", "colleague");
    let kernel = mount.listen();
    editor.writes(&mount, &lines("a mine")).await;
    let ino = mount.ino("Plan.md").await.unwrap();
    let told = editor.stat(&mount).await;
    assert_eq!(told.0, lines("a mine").len() as u64);
    assert_eq!(other.stat(&mount).await.0, lines("a mine colleague").len() as u64);
    let attr = mount.vfs.getattr(ino, other.id()).await.unwrap();
    assert!(attr.attr_ttl.is_zero(), "a size that is not everybody's is asked for every time");
    pass(1).await;
    kernel.take();
    assert_eq!(editor.stat(&mount).await, told, "nothing has changed yet");
    pass(2).await;
    assert!(kernel.take().contains(&crate::support::harness::Told::Inode(ino)));
    let now = editor.stat(&mount).await;
    assert_eq!(now.0, lines("a mine colleague").len() as u64);
    assert_ne!(now.1, told.1);
    assert!(!mount.vfs.getattr(ino, other.id()).await.unwrap().attr_ttl.is_zero());
}

#[tokio::test(start_paused = true)]
async fn what_others_do_within_the_grace_comes_after_it() {
    let mount = Mount::of("a").await;
    let (editor, other) = (Program::new(), Program::new());
    editor.reads(&mount).await;
    other.reads(&mount).await;
    editor.writes(&mount, &lines("a mine")).await;
    other.writes(&mount, &lines("a other")).await;
    assert_eq!(editor.reads(&mount).await, lines("a mine"));
    assert_eq!(other.reads(&mount).await, lines("a other"));
    editor.writes(&mount, &lines("a mine more")).await;
    other.writes(&mount, &lines("a other more")).await;
    let third = Program::new();
    let all = third.reads(&mount).await;
    for text in ["a", "mine", "more", "other"] {
        assert!(all.contains(&format!("- [ ] {text}\n")), "{all}");
    }
    pass(3).await;
    assert_eq!(editor.reads(&mount).await, all);
    assert_eq!(other.reads(&mount).await, all);
    editor.writes(&mount, &lines("a")).await;
    assert_eq!(mount.memory.tree("plan"), "a\n");
}

#[tokio::test(start_paused = true)]
async fn a_text_is_canonical_once_its_program_is_told_that_it_is_saved() {
    let mount = Mount::of("a").await;
    let editor = Program::new();
    editor.reads(&mount).await;
    mount.memory.stall(true);
    pass(60).await;
    // Nothing is heard of the service before the program is told that all is well.
    editor.writes(&mount, "* [ ] a\n\n\n*   [ ]  mine\n").await;
    let told = editor.stat(&mount).await;
    assert_eq!(editor.reads(&mount).await, lines("a mine"));
    pass(3).await;
    assert_eq!(editor.stat(&mount).await, told);
    mount.memory.stall(false);
    pass(60).await;
    assert_eq!(mount.memory.tree("plan"), "a\nmine\n");
    assert_eq!(editor.stat(&mount).await, told, "what changes nothing moves nothing");
    assert_eq!(mount.text("Plan.md").await, lines("a mine"));
}

#[tokio::test(start_paused = true)]
async fn a_time_that_the_program_sets_is_the_one_that_it_is_told() {
    let mount = Mount::of("a").await;
    let editor = Program::new();
    editor.reads(&mount).await;
    pass(60).await;
    mount.memory.add_elsewhere("plan", "t2", "colleague");
    editor.writes(&mount, &lines("a mine")).await;
    let ino = mount.ino("Plan.md").await.unwrap();
    let (wanted, set) = dated();
    mount.vfs.setattr(ino, None, &set, editor.id()).await.unwrap();
    assert_eq!(editor.stat(&mount).await, (lines("a mine").len() as u64, wanted));
}

/// As `git switch`, then `sed -i`, then `git commit`: an index that has the time is right for as long as
/// nobody changes the file.
#[tokio::test(start_paused = true)]
async fn a_time_that_is_set_stays_though_another_program_saved_something_else_before() {
    let mount = Mount::of("a").await;
    let (first, second) = (Program::new(), Program::new());
    let (wanted, set) = dated();
    first.reads(&mount).await;
    first.writes(&mount, &lines("a switched")).await;
    let before = first.stat(&mount).await;
    second.reads(&mount).await;
    second.writes(&mount, &lines("a edited")).await;
    let ino = mount.ino("Plan.md").await.unwrap();
    mount.vfs.setattr(ino, None, &set, second.id()).await.unwrap();
    for _ in 0..10 {
        pass(1).await;
        assert_eq!(second.stat(&mount).await, (lines("a edited").len() as u64, wanted));
    }
    let after = first.stat(&mount).await;
    assert!(after.1 != before.1 && after == second.stat(&mount).await, "it is told by the time");
}

/// As `sed -i`, then `cp -p`, which sets the time before it closes.
#[tokio::test(start_paused = true)]
async fn a_time_that_is_set_before_what_is_written_is_saved_stays_as_well() {
    let mount = Mount::of("a").await;
    let (first, second) = (Program::new(), Program::new());
    let (wanted, set) = dated();
    first.reads(&mount).await;
    first.writes(&mount, &lines("a edited")).await;
    second.reads(&mount).await;
    let (ino, fh, _) = second.open(&mount, TRUNCATE).await;
    mount.vfs.write(fh, 0, lines("a").as_bytes()).await.unwrap();
    mount.vfs.setattr(ino, Some(fh), &set, second.id()).await.unwrap();
    mount.vfs.flush(fh, second.id()).await.unwrap();
    mount.vfs.release(fh).await.unwrap();
    for _ in 0..10 {
        pass(1).await;
        assert_eq!(second.stat(&mount).await, (lines("a").len() as u64, wanted));
    }
}

#[tokio::test(start_paused = true)]
async fn who_appends_and_then_writes_its_old_buffer_deletes_nothing_of_others() {
    let mount = Mount::of("a\nb").await;
    let editor = Program::new();
    editor.reads(&mount).await;
    pass(60).await;
    mount.memory.add_elsewhere("plan", "t3", "colleague");
    editor.appends(&mount, "- [ ] captured\n").await;
    assert_eq!(mount.memory.tree("plan"), "a\nb\ncolleague\ncaptured\n");
    // Its buffer is of before the capture, and so it takes that back, but nobody else's.
    editor.writes(&mount, &lines("a b mine")).await;
    assert_eq!(mount.memory.tree("plan"), "a\nb\ncolleague\nmine\n");
}

#[tokio::test(start_paused = true)]
async fn who_was_told_that_its_line_is_not_saved_does_not_delete_it_once_it_is() {
    let mount = Mount::of("a").await;
    let (appender, other) = (Program::new(), Program::new());
    appender.reads(&mount).await;
    mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
    let (_, fh, _) = appender.open(&mount, APPEND).await;
    mount.vfs.write(fh, 0, lines("appended").as_bytes()).await.unwrap();
    mount.vfs.flush(fh, appender.id()).await.unwrap_err();
    mount.vfs.release(fh).await.unwrap();
    let draft = other.reads(&mount).await;
    assert_eq!(draft, lines("a appended"));
    other.writes(&mount, &lines("a appended other")).await;
    appender.writes(&mount, &lines("a old")).await;
    pass(10).await;
    assert_eq!(mount.memory.tree("plan"), "a\nold\nappended\nother\n");
}

#[tokio::test(start_paused = true)]
async fn a_buffer_whose_save_was_refused_and_put_back_by_another_program_is_saved_again() {
    for (passes, is_killed) in [(0, false), (0, true), (1, false), (1, true)] {
        let mut mount = Mount::of("alpha\nbeta\ngamma").await;
        let (editor, reader, other) = (Program::new(), Program::new(), Program::new());
        editor.reads(&mount).await;
        let passed = std::iter::repeat_n(Fault::None, passes);
        mount.memory.fail_next(passed.chain([Fault::Before(Kind::Forbidden)]));
        editor.saves(&mount, &lines("alpha! gamma mine")).await.unwrap_err();
        pass(10).await;
        assert_eq!(reader.reads(&mount).await, lines("alpha! gamma mine"));
        assert_eq!(other.reads(&mount).await, lines("alpha! gamma mine"));
        other.writes(&mount, &lines("alpha beta gamma")).await;
        pass(10).await;
        if is_killed {
            mount.kill().await;
        }
        // Of the reader it is not known that it knows of beta.
        reader.writes(&mount, &lines("alpha! gamma mine read")).await;
        pass(10).await;
        assert_eq!(
            mount.memory.tree("plan"),
            "alpha!\nbeta\ngamma\nmine\nread\n",
            "{passes} {is_killed}"
        );
        editor.writes(&mount, &lines("alpha! gamma more")).await;
        pass(10).await;
        assert_eq!(mount.memory.tree("plan"), "alpha!\ngamma\nmore\nmine\nread\n");
    }
}

#[tokio::test(start_paused = true)]
async fn a_look_at_what_was_saved_is_one_also_where_the_mount_is_killed_in_between() {
    let mut mount = Mount::of("a").await;
    let editor = Program::new();
    editor.reads(&mount).await;
    pass(60).await;
    mount.memory.add_elsewhere("plan", "x", "colleague");
    editor.writes(&mount, &lines("a mine")).await;
    let (_, modified) = editor.stat(&mount).await;
    mount.kill().await;
    assert_eq!(editor.reads(&mount).await, lines("a mine"));
    assert_eq!(editor.stat(&mount).await.1, modified);
    editor.writes(&mount, &lines("a mine more")).await;
    pass(10).await;
    assert_eq!(editor.reads(&mount).await, lines("a mine more colleague"));
    editor.writes(&mount, &lines("a mine more")).await;
    pass(10).await;
    assert_eq!(mount.memory.tree("plan"), "a\nmine\nmore\n", "this was a reload");
}

/// The time of last change that it is told may be older than the save that waits, which is not its own.
#[tokio::test(start_paused = true)]
async fn a_look_at_what_was_saved_once_more_is_one_also_where_another_save_waits_and_the_mount_is_killed()
 {
    for is_gone in [false, true] {
        let mut mount = Mount::of("a").await;
        let (editor, other) = (Program::new(), Program::new());
        editor.reads(&mount).await;
        pass(60).await;
        other.reads(&mount).await;
        mount.memory.set_offline(true);
        other.writes(&mount, &lines("a theirs")).await;
        let other = Some(other).filter(|_| !is_gone);
        pass(60).await;
        editor.writes(&mount, &lines("a")).await;
        mount.kill().await;
        assert_eq!(editor.reads(&mount).await, lines("a"), "gone: {is_gone}");
        pass(60).await;
        assert_eq!(editor.reads(&mount).await, lines("a theirs"), "gone: {is_gone}");
        drop(other);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_saved_before_a_save_that_a_kill_kept_from_the_log_is_not_served_in_its_place() {
    let mut mount = Mount::of("a").await;
    let editor = Program::new();
    editor.reads(&mount).await;
    mount.memory.set_offline(true);
    editor.writes(&mount, &lines("a one")).await;
    let log = mount.dir.path().join("bases.log");
    let before = std::fs::read(&log).unwrap();
    editor.writes(&mount, &lines("a two")).await;
    std::fs::write(&log, before).unwrap();
    mount.kill().await;
    assert_eq!(editor.reads(&mount).await, lines("a two"));
}

#[tokio::test(start_paused = true)]
async fn who_appends_and_then_reads_can_delete_what_it_read() {
    let mount = Mount::of("a").await;
    mount.read("Plan.md").await;
    pass(60).await;
    mount.memory.add_elsewhere("plan", "t2", "colleague");
    let script = Program::new();
    script.appends(&mount, "- [ ] mine\n").await;
    assert_eq!(script.reads(&mount).await, lines("a colleague mine"));
    script.writes(&mount, &lines("a mine")).await;
    assert_eq!(mount.memory.tree("plan"), "a\nmine\n");
}

#[tokio::test(start_paused = true)]
async fn what_an_old_buffer_appended_is_at_its_end_and_can_be_deleted_from_it() {
    for deletes in [true, false] {
        let mount = Mount::of("a\nb\nc").await;
        let (appender, other) = (Program::new(), Program::new());
        appender.reads(&mount).await;
        other.reads(&mount).await;
        // The last line that both texts have is the first.
        other.writes(&mount, &lines("b c a x y")).await;
        pass(60).await;
        appender.appends(&mount, &lines("appended")).await;
        pass(10).await;
        mount.writes();
        let rest = if deletes { "a b c" } else { "a b c appended" };
        appender.writes(&mount, &lines(rest)).await;
        pass(10).await;
        let tree = mount.memory.tree("plan");
        assert_eq!(tree, if deletes { "b\nc\na\nx\ny\n" } else { "b\nc\na\nx\ny\nappended\n" });
        assert_eq!(mount.writes().len(), usize::from(deletes));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stranger_that_appends_has_what_was_served_last() {
    let mount = Mount::of("a").await;
    mount.read("Plan.md").await;
    pass(60).await;
    mount.memory.add_elsewhere("plan", "t2", "colleague");
    let (script, copier) = (Program::new(), Program::new());
    script.appends(&mount, "- [ ] mine\n").await;
    copier.writes(&mount, &lines("a new")).await;
    assert_eq!(mount.memory.tree("plan"), "a\ncolleague\nnew\n");
    assert_ne!(copier.id(), me());
}

#[tokio::test(start_paused = true)]
async fn a_name_that_was_given_up_here_is_that_of_a_new_project() {
    let mount = Mount::of("a").await;
    let editor = Program::new();
    editor.reads(&mount).await;
    mount.rename("Plan.md", "Fresh.md").await.unwrap();
    pass(60).await;
    let name = std::ffi::OsStr::new("Plan.md");
    let vfs = &mount.vfs;
    let (_, opened) =
        vfs.create(mount.folder, name, 0o644, TRUNCATE, false, editor.id()).await.unwrap();
    vfs.write(opened.fh, 0, lines("another").as_bytes()).await.unwrap();
    vfs.flush(opened.fh, editor.id()).await.unwrap();
    vfs.release(opened.fh).await.unwrap();
    pass(10).await;
    assert_eq!(mount.names().await.len(), 2);
    assert_eq!(mount.memory.tree(&mount.memory.find("Fresh").unwrap()), "a\n");
}
