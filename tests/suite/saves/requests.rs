//! What programs do to a file, and the exact requests that it comes to: the file system driven
//! directly, over a service in memory, in virtual time.

use std::time::Duration;

use taskadefs::{error::Kind, sync::Settings, vfs::SetAttr};

use crate::support::{
    harness::{APPEND, Mount, TRUNCATE, WRITE, me, pass},
    service::Fault,
};

#[tokio::test(start_paused = true)]
async fn an_unchanged_save_sends_nothing() {
    let mount = Mount::of("a\n  b\nx c\n\nd").await;
    mount.edit("Plan.md", |text| text).await.unwrap();
    assert_eq!(mount.writes(), [""; 0]);
    assert_eq!(mount.read("Plan.md").await, "- [ ] a\n  - [ ] b\n- [x] c\n- [ ]\n- [ ] d\n");
}

#[tokio::test(start_paused = true)]
async fn a_changed_line_is_one_put_and_a_ticked_box_one_post() {
    let mount = Mount::of("a\nb\nc").await;
    mount.edit("Plan.md", |text| text.replace("] b", "] better b")).await.unwrap();
    assert_eq!(mount.writes(), ["PUT t2 \"better b\""]);
    mount.edit("Plan.md", |text| text.replace("[ ] c", "[x] c")).await.unwrap();
    assert_eq!(mount.writes(), ["POST t3/complete"]);
    mount.edit("Plan.md", |text| text.replace("[x] c", "[ ] c")).await.unwrap();
    assert_eq!(mount.writes(), ["POST t3/uncomplete"]);
}

#[tokio::test(start_paused = true)]
async fn five_added_lines_are_one_post() {
    let mount = Mount::of("a\nb").await;
    let added = "- [ ] 1\n- [ ] 2\n- [ ] 3\n- [ ] 4\n- [ ] 5\n";
    mount
        .edit("Plan.md", |text| text.replace("- [ ] b", &format!("{added}- [ ] b")))
        .await
        .unwrap();
    let writes = mount.writes();
    assert_eq!(writes.len(), 1, "{writes:?}");
    assert_eq!(mount.memory.tree("plan"), "a\n1\n2\n3\n4\n5\nb\n");
}

#[tokio::test(start_paused = true)]
async fn a_moved_block_is_one_move_and_a_deleted_block_one_delete() {
    let mount = Mount::of("a\nb\n  b1\n  b2\n    b3\nc\nd").await;
    let block = "- [ ] b\n  - [ ] b1\n  - [ ] b2\n    - [ ] b3\n";
    mount.edit("Plan.md", |text| format!("{}{block}", text.replace(block, ""))).await.unwrap();
    assert_eq!(mount.writes(), ["PUT t2/move afterend t7"]);
    mount.edit("Plan.md", |text| text.replace(block, "")).await.unwrap();
    assert_eq!(mount.writes(), ["DELETE t2"]);
    assert_eq!(mount.memory.tree("plan"), "a\nc\nd\n");
}

#[tokio::test(start_paused = true)]
async fn an_append_goes_to_the_end_whatever_the_kernel_thinks() {
    let mount = Mount::of("a").await;
    let ino = mount.ino("Plan.md").await.unwrap();
    let opened = mount.vfs.open(ino, APPEND, me()).await.unwrap();
    mount.vfs.write(opened.fh, 0, b"- [ ] b\n").await.unwrap();
    mount.vfs.flush(opened.fh, me()).await.unwrap();
    assert_eq!(mount.memory.tree("plan"), "a\nb\n");
    // A second write through the same descriptor adds to what the first one saved.
    mount.vfs.write(opened.fh, 0, b"- [ ] c\n").await.unwrap();
    mount.vfs.flush(opened.fh, me()).await.unwrap();
    mount.vfs.release(opened.fh).await.unwrap();
    assert_eq!(mount.memory.tree("plan"), "a\nb\nc\n");
    assert_eq!(mount.writes().len(), 2);
}

/// vim with `backupcopy=yes`: open, ftruncate, write, fsync, fchmod, close.
#[tokio::test(start_paused = true)]
async fn truncate_and_write_through_one_descriptor_is_one_save() {
    let mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    let ino = mount.ino("Plan.md").await.unwrap();
    let opened = mount.vfs.open(ino, WRITE, me()).await.unwrap();
    let empty = SetAttr { size: Some(0), ..SetAttr::default() };
    mount.vfs.setattr(ino, Some(opened.fh), &empty, me()).await.unwrap();
    mount.vfs.flush(opened.fh, me()).await.unwrap();
    assert_eq!(mount.writes(), [""; 0], "an emptied draft is not committed by flush");
    mount.vfs.write(opened.fh, 0, b"- [ ] a\n- [ ] B\n").await.unwrap();
    mount.vfs.fsync(opened.fh).await.unwrap();
    mount.vfs.flush(opened.fh, me()).await.unwrap();
    mount.vfs.release(opened.fh).await.unwrap();
    assert_eq!(mount.writes(), ["PUT t2 \"B\""]);
}

/// emacs: open with O_TRUNC, close, then a second open that writes.
#[tokio::test(start_paused = true)]
async fn emptying_and_opening_again_is_one_save() {
    let mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    let ino = mount.ino("Plan.md").await.unwrap();
    let first = mount.vfs.open(ino, TRUNCATE, me()).await.unwrap();
    mount.vfs.flush(first.fh, me()).await.unwrap();
    let second = mount.vfs.open(ino, WRITE, me()).await.unwrap();
    // The kernel sends the release whenever it likes.
    mount.vfs.release(first.fh).await.unwrap();
    mount.vfs.write(second.fh, 0, b"- [ ] a\n").await.unwrap();
    mount.vfs.flush(second.fh, me()).await.unwrap();
    mount.vfs.release(second.fh).await.unwrap();
    pass(5).await;
    assert_eq!(mount.writes(), ["DELETE t2"]);
}

#[tokio::test(start_paused = true)]
async fn emptying_alone_is_saved_once_the_grace_is_over() {
    let mount = Mount::of("a\nb").await;
    let ino = mount.ino("Plan.md").await.unwrap();
    let opened = mount.vfs.open(ino, TRUNCATE, me()).await.unwrap();
    mount.vfs.flush(opened.fh, me()).await.unwrap();
    mount.vfs.release(opened.fh).await.unwrap();
    pass(1).await;
    assert_eq!(mount.writes(), [""; 0]);
    pass(2).await;
    assert_eq!(mount.writes(), ["DELETE t1", "DELETE t2"]);
    assert_eq!(mount.read("Plan.md").await, "");
}

#[tokio::test(start_paused = true)]
async fn invalid_text_is_refused_kept_and_explained() {
    let mount = Mount::of("a\nb").await;
    let bad = b"- [ ] a\n```\ncode\n```\n";
    let error = mount.overwrite("Plan.md", bad).await.unwrap_err();
    assert_eq!(error.errno(), libc::EINVAL);
    assert_eq!(mount.writes(), [""; 0]);
    assert_eq!(mount.read("Plan.md").await.as_bytes(), bad);
    let ino = mount.ino("Plan.md").await.unwrap();
    assert_eq!(mount.attribute(ino, "user.taskade.state").await.as_deref(), Some("rejected"));
    let reason = mount.attribute(ino, "user.taskade.error").await.unwrap();
    assert!(reason.contains("line 2"), "{reason}");
    for bytes in [&b"- [ ] a\0\n"[..], b"- [ ] \xff\n"] {
        assert_eq!(mount.overwrite("Plan.md", bytes).await.unwrap_err().errno(), libc::EINVAL);
    }
    mount.overwrite("Plan.md", b"- [ ] a\n- [ ] B\n").await.unwrap();
    assert_eq!(mount.writes(), ["PUT t2 \"B\""]);
    assert_eq!(mount.attribute(ino, "user.taskade.state").await.as_deref(), Some("clean"));
    assert_eq!(mount.attribute(ino, "user.taskade.error").await, None);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_the_service_reaches_the_program_and_the_text_stays() {
    let mount = Mount::of("a\nb").await;
    mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
    let error = mount.edit("Plan.md", |text| text.replace("] b", "] c")).await.unwrap_err();
    assert_eq!(error.errno(), libc::EACCES);
    assert_eq!(mount.read("Plan.md").await, "- [ ] a\n- [ ] c\n");
    // Saving again, even unchanged, tries again.
    mount.edit("Plan.md", |text| text).await.unwrap();
    assert_eq!(mount.writes(), ["PUT t2 \"c\""]);
    let ino = mount.ino("Plan.md").await.unwrap();
    assert_eq!(mount.attribute(ino, "user.taskade.state").await.as_deref(), Some("clean"));
}

#[tokio::test(start_paused = true)]
async fn an_accident_with_a_redirect_costs_nothing() {
    let tasks: String = (0..40).map(|n| format!("task {n}\n")).collect();
    let mount = Mount::of(&tasks).await;
    let error = mount.overwrite("Plan.md", b"- [ ] task 1\n").await.unwrap_err();
    assert_eq!(error.errno(), libc::EPERM);
    assert_eq!(mount.writes(), [""; 0]);
    assert_eq!(mount.read("Plan.md").await, "- [ ] task 1\n");
}

#[tokio::test(start_paused = true)]
async fn a_cold_project_costs_one_request_and_many_reads_none() {
    let mount = Mount::of("a").await;
    mount.names().await;
    mount.memory.take_reads();
    for _ in 0..10 {
        mount.read("Plan.md").await;
    }
    assert_eq!(mount.memory.take_reads(), 1);
}

/// `{ date; date; } > Plan.md`: children close descriptors that they inherited.
#[tokio::test(start_paused = true)]
async fn a_close_by_another_process_commits_nothing() {
    let mount = Mount::of("a").await;
    mount.read("Plan.md").await;
    // SAFETY: getppid has no preconditions.
    let another = u32::try_from(unsafe { libc::getppid() }).unwrap();
    let ino = mount.ino("Plan.md").await.unwrap();
    let opened = mount.vfs.open(ino, TRUNCATE, me()).await.unwrap();
    mount.vfs.write(opened.fh, 0, b"- [ ] a\n").await.unwrap();
    mount.vfs.flush(opened.fh, another).await.unwrap();
    mount.vfs.write(opened.fh, 8, b"- [ ] b\n").await.unwrap();
    mount.vfs.flush(opened.fh, another).await.unwrap();
    assert_eq!(mount.writes(), [""; 0]);
    mount.vfs.flush(opened.fh, me()).await.unwrap();
    mount.vfs.release(opened.fh).await.unwrap();
    assert_eq!(mount.writes(), ["POST [beforeend project \"b\"]"]);
}

#[tokio::test(start_paused = true)]
async fn what_no_flush_committed_is_committed_by_release() {
    let mount = Mount::of("a").await;
    let ino = mount.ino("Plan.md").await.unwrap();
    let opened = mount.vfs.open(ino, TRUNCATE, me()).await.unwrap();
    mount.vfs.write(opened.fh, 0, b"- [ ] b\n").await.unwrap();
    mount.vfs.release(opened.fh).await.unwrap();
    assert_eq!(mount.writes(), ["PUT t1 \"b\""]);
}

#[tokio::test(start_paused = true)]
async fn block_ids_fix_who_is_who() {
    let settings = Settings { ids: true, ..Settings::default() };
    let mount = Mount::with("same\nsame\nother", settings).await;
    assert_eq!(mount.read("Plan.md").await, "- [ ] same ^t1\n- [ ] same ^t2\n- [ ] other ^t3\n");
    let swapped = b"- [ ] entirely new ^t3\n- [ ] same ^t2\n- [ ] same ^t1\n- [ ] x ^nobody\n";
    mount.overwrite("Plan.md", swapped).await.unwrap();
    let ids = mount.memory.ids("plan");
    assert_eq!(ids[..3], ["t3", "t2", "t1"]);
    assert_eq!(mount.memory.tree("plan"), "entirely new\nsame\nsame\nx ^nobody\n");
}

#[tokio::test(start_paused = true)]
async fn what_only_looks_like_a_detail_is_text() {
    let mount = Mount::of("a").await;
    mount.overwrite("Plan.md", "- [ ] a \\📅 2026-12-01\n".as_bytes()).await.unwrap();
    assert_eq!(mount.memory.tree("plan"), "a 📅 2026-12-01\n");
    assert_eq!(mount.read("Plan.md").await, "- [ ] a \\📅 2026-12-01\n");
}

#[tokio::test(start_paused = true)]
async fn an_end_of_the_mount_commits_drafts_and_graces_at_once() {
    let mount = Mount::of("a").await;
    mount.memory.seed("f", "gone", "Gone", "x");
    pass(60).await;
    mount.unlink("Gone.md").await.unwrap();
    let ino = mount.ino("Plan.md").await.unwrap();
    let opened = mount.vfs.open(ino, TRUNCATE, me()).await.unwrap();
    mount.vfs.write(opened.fh, 0, b"- [ ] b\n").await.unwrap();
    mount.vfs.rest(Duration::from_secs(10)).await;
    let mut writes = mount.writes();
    writes.sort();
    assert_eq!(writes, ["POST gone/complete", "PUT t1 \"b\""]);
}

/// vim's `writefile()` syncs before its first byte has left its buffer.
#[tokio::test(start_paused = true)]
async fn a_sync_of_an_emptied_file_waits_for_what_is_written_next() {
    let mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    let ino = mount.ino("Plan.md").await.unwrap();
    let opened = mount.vfs.open(ino, TRUNCATE, me()).await.unwrap();
    mount.vfs.fsync(opened.fh).await.unwrap();
    mount.vfs.write(opened.fh, 0, b"- [ ] a\n- [ ] B\n").await.unwrap();
    mount.vfs.flush(opened.fh, me()).await.unwrap();
    mount.vfs.release(opened.fh).await.unwrap();
    assert_eq!(mount.writes(), ["PUT t2 \"B\""]);
    let opened = mount.vfs.open(ino, TRUNCATE, me()).await.unwrap();
    mount.vfs.fsync(opened.fh).await.unwrap();
    pass(3).await;
    assert_eq!(mount.writes(), ["DELETE t1", "DELETE t2"], "nothing else was written");
    mount.vfs.release(opened.fh).await.unwrap();
}
