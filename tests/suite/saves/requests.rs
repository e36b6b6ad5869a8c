//! What programs do to a file, and the exact requests that it comes to: the file system driven
//! directly, over a service in memory, in virtual time.

use std::{ffi::OsStr, time::Duration};

use taskadefs::{error::Kind, sync::Settings, vfs::SetAttr};

use crate::support::{
    harness::{APPEND, Mount, TRUNCATE, WRITE, me, pass},
    service::Fault,
};

macro_rules! in_virtual_time {
    ($(#[$doc:meta])* async fn $name:ident() $body:block) => {
        $(#[$doc])*
        #[tokio::test(start_paused = true)]
        async fn $name() $body
    };
}

in_virtual_time! {
    async fn an_unchanged_save_sends_nothing() {
        let mount = Mount::of("a\n  b\nx c\n\nd").await;
        mount.edit("Plan.md", |text| text).await.unwrap();
        assert_eq!(mount.writes(), [""; 0]);
        assert_eq!(mount.read("Plan.md").await, "- [ ] a\n  - [ ] b\n- [x] c\n- [ ]\n- [ ] d\n");
    }
}

in_virtual_time! {
    async fn a_changed_line_is_one_put_and_a_ticked_box_one_post() {
        let mount = Mount::of("a\nb\nc").await;
        mount.edit("Plan.md", |text| text.replace("] b", "] better b")).await.unwrap();
        assert_eq!(mount.writes(), ["PUT t2 \"better b\""]);
        mount.edit("Plan.md", |text| text.replace("[ ] c", "[x] c")).await.unwrap();
        assert_eq!(mount.writes(), ["POST t3/complete"]);
        mount.edit("Plan.md", |text| text.replace("[x] c", "[ ] c")).await.unwrap();
        assert_eq!(mount.writes(), ["POST t3/uncomplete"]);
    }
}

in_virtual_time! {
    async fn five_added_lines_are_one_post() {
        let mount = Mount::of("a\nb").await;
        let added = "- [ ] 1\n- [ ] 2\n- [ ] 3\n- [ ] 4\n- [ ] 5\n";
        mount.edit("Plan.md", |text| text.replace("- [ ] b", &format!("{added}- [ ] b"))).await.unwrap();
        let writes = mount.writes();
        assert_eq!(writes.len(), 1, "{writes:?}");
        assert_eq!(mount.memory.tree("plan"), "a\n1\n2\n3\n4\n5\nb\n");
    }
}

in_virtual_time! {
    async fn a_moved_block_is_one_move_and_a_deleted_block_one_delete() {
        let mount = Mount::of("a\nb\n  b1\n  b2\n    b3\nc\nd").await;
        let block = "- [ ] b\n  - [ ] b1\n  - [ ] b2\n    - [ ] b3\n";
        mount.edit("Plan.md", |text| format!("{}{block}", text.replace(block, ""))).await.unwrap();
        assert_eq!(mount.writes(), ["PUT t2/move afterend t7"]);
        mount.edit("Plan.md", |text| text.replace(block, "")).await.unwrap();
        assert_eq!(mount.writes(), ["DELETE t2"]);
        assert_eq!(mount.memory.tree("plan"), "a\nc\nd\n");
    }
}

in_virtual_time! {
    async fn an_append_goes_to_the_end_whatever_the_kernel_thinks() {
        let mount = Mount::of("a").await;
        let ino = mount.ino("Plan.md").await.unwrap();
        let opened = mount.vfs.open(ino, APPEND, me()).await.unwrap();
        mount.vfs.write(opened.fh, 0, b"- [ ] b\n").unwrap();
        mount.vfs.flush(opened.fh, me()).await.unwrap();
        assert_eq!(mount.memory.tree("plan"), "a\nb\n");
        // A second write through the same descriptor adds to what the first one saved.
        mount.vfs.write(opened.fh, 0, b"- [ ] c\n").unwrap();
        mount.vfs.flush(opened.fh, me()).await.unwrap();
        mount.vfs.release(opened.fh).await.unwrap();
        assert_eq!(mount.memory.tree("plan"), "a\nb\nc\n");
        assert_eq!(mount.writes().len(), 2);
    }
}

in_virtual_time! {
    /// vim with `backupcopy=yes`: open, ftruncate, write, fsync, fchmod, close.
    async fn truncate_and_write_through_one_descriptor_is_one_save() {
        let mount = Mount::of("a\nb").await;
        mount.read("Plan.md").await;
        let ino = mount.ino("Plan.md").await.unwrap();
        let opened = mount.vfs.open(ino, WRITE, me()).await.unwrap();
        let empty = SetAttr { size: Some(0), ..SetAttr::default() };
        mount.vfs.setattr(ino, Some(opened.fh), &empty, me()).await.unwrap();
        mount.vfs.flush(opened.fh, me()).await.unwrap();
        assert_eq!(mount.writes(), [""; 0], "an emptied draft is not committed by flush");
        mount.vfs.write(opened.fh, 0, b"- [ ] a\n- [ ] B\n").unwrap();
        mount.vfs.fsync(opened.fh).await.unwrap();
        mount.vfs.flush(opened.fh, me()).await.unwrap();
        mount.vfs.release(opened.fh).await.unwrap();
        assert_eq!(mount.writes(), ["PUT t2 \"B\""]);
    }
}

in_virtual_time! {
    /// emacs: open with O_TRUNC, close, then a second open that writes.
    async fn emptying_and_opening_again_is_one_save() {
        let mount = Mount::of("a\nb").await;
        mount.read("Plan.md").await;
        let ino = mount.ino("Plan.md").await.unwrap();
        let first = mount.vfs.open(ino, TRUNCATE, me()).await.unwrap();
        mount.vfs.flush(first.fh, me()).await.unwrap();
        let second = mount.vfs.open(ino, WRITE, me()).await.unwrap();
        // The kernel sends the release whenever it likes.
        mount.vfs.release(first.fh).await.unwrap();
        mount.vfs.write(second.fh, 0, b"- [ ] a\n").unwrap();
        mount.vfs.flush(second.fh, me()).await.unwrap();
        mount.vfs.release(second.fh).await.unwrap();
        pass(5).await;
        assert_eq!(mount.writes(), ["DELETE t2"]);
    }
}

in_virtual_time! {
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
}

in_virtual_time! {
    /// `sed -i`, `rsync`, Node's write-file-atomic: a scratch file renamed over the project.
    async fn renaming_scratch_over_a_project_is_a_save() {
        let mount = Mount::of("a\nb").await;
        mount.read("Plan.md").await;
        mount.create("sedAbCdEf", b"- [ ] a\n- [x] b\n").await.unwrap();
        assert_eq!(mount.writes(), [""; 0]);
        let scratch = mount.ino("sedAbCdEf").await.unwrap();
        mount.rename("sedAbCdEf", "Plan.md").await.unwrap();
        assert_eq!(mount.writes(), ["POST t2/complete"]);
        assert_eq!(mount.ino("Plan.md").await.unwrap(), scratch, "as on any file system");
        assert_eq!(mount.names().await, ["Plan.md"]);
        pass(5).await;
        assert_eq!(mount.read("Plan.md").await, "- [ ] a\n- [x] b\n");
    }
}

in_virtual_time! {
    /// vim with `backupcopy=no`: rename to a backup, create anew, remove the backup.
    async fn renaming_away_and_creating_anew_is_one_save() {
        let mount = Mount::of("a\nb").await;
        mount.read("Plan.md").await;
        mount.rename("Plan.md", "Plan.md~").await.unwrap();
        assert_eq!(mount.read("Plan.md~").await, "- [ ] a\n- [ ] b\n");
        mount.create("Plan.md", b"- [ ] a\n- [ ] b\n- [ ] c\n").await.unwrap();
        mount.unlink("Plan.md~").await.unwrap();
        pass(5).await;
        assert_eq!(mount.writes(), ["POST [beforeend project \"c\"]"]);
        assert_eq!(mount.names().await, ["Plan.md"]);
    }
}

in_virtual_time! {
    /// JetBrains: write a temporary, rename the project away, rename the temporary to it.
    async fn the_jetbrains_dance_is_one_save() {
        let mount = Mount::of("a\nb").await;
        mount.read("Plan.md").await;
        mount.create("Plan.md___jb_tmp___", b"- [ ] a\n- [ ] bb\n").await.unwrap();
        mount.rename("Plan.md", "Plan.md___jb_old___").await.unwrap();
        mount.rename("Plan.md___jb_tmp___", "Plan.md").await.unwrap();
        mount.unlink("Plan.md___jb_old___").await.unwrap();
        pass(5).await;
        assert_eq!(mount.writes(), ["PUT t2 \"bb\""]);
    }
}

in_virtual_time! {
    async fn a_project_renamed_to_scratch_is_archived_after_the_grace() {
        let mount = Mount::of("a").await;
        mount.rename("Plan.md", "Plan.bak").await.unwrap();
        assert_eq!(mount.ino("Plan.md").await.unwrap_err().kind(), Kind::NotFound);
        assert_eq!(mount.writes(), [""; 0]);
        pass(3).await;
        assert_eq!(mount.names().await, ["Plan.bak"]);
        assert_eq!(mount.read("Plan.bak").await, "- [ ] a\n");
        assert_eq!(mount.writes(), ["POST plan/complete"]);
    }
}

in_virtual_time! {
    /// `git checkout`: unlink, then create.
    async fn deleting_and_creating_anew_is_one_save() {
        let mount = Mount::of("a\nb").await;
        mount.unlink("Plan.md").await.unwrap();
        mount.create("Plan.md", b"- [ ] b\n").await.unwrap();
        pass(5).await;
        assert_eq!(mount.writes(), ["DELETE t1"]);
    }
}

in_virtual_time! {
    async fn a_removed_project_is_archived_after_the_grace_and_stays_away() {
        let mut mount = Mount::of("a").await;
        mount.unlink("Plan.md").await.unwrap();
        pass(1).await;
        assert_eq!(mount.writes(), [""; 0]);
        pass(2).await;
        assert_eq!(mount.writes(), ["POST plan/complete"]);
        assert_eq!(mount.names().await, [""; 0]);
        mount.remount().await;
        assert_eq!(mount.names().await, [""; 0]);
    }
}

in_virtual_time! {
    async fn a_new_file_becomes_a_project_on_its_first_save_with_content() {
        let mount = Mount::of("a").await;
        mount.create("New.md", b"").await.unwrap();
        assert_eq!(mount.writes(), [""; 0]);
        assert_eq!(mount.read("New.md").await, "");
        mount.overwrite("New.md", b"# New\n\n* [x] one\n    * two\n").await.unwrap();
        let writes = mount.writes();
        assert_eq!(writes.len(), 2, "{writes:?}");
        assert_eq!(writes[0], "POST project \"# New\\n\\n- one\\n  - two\\n\"");
        let id = mount.memory.find("New").unwrap();
        assert_eq!(mount.memory.tree(&id), "x one\n  two\n");
        assert_eq!(mount.read("New.md").await, "- [x] one\n  - [ ] two\n");
        mount.edit("New.md", |text| text.replace("two", "2")).await.unwrap();
        assert_eq!(mount.writes().len(), 1);
        assert_eq!(mount.names().await, ["Plan.md", "New.md"]);
    }
}

in_virtual_time! {
    async fn invalid_text_is_refused_kept_and_explained() {
        let mount = Mount::of("a\nb").await;
        let bad = b"- [ ] a\n```\ncode\n```\n";
        let error = mount.overwrite("Plan.md", bad).await.unwrap_err();
        assert_eq!(error.errno(), libc::EINVAL);
        assert_eq!(mount.writes(), [""; 0]);
        assert_eq!(mount.read("Plan.md").await.as_bytes(), bad);
        let ino = mount.ino("Plan.md").await.unwrap();
        assert_eq!(mount.attribute(ino, "user.taskade.state").as_deref(), Some("rejected"));
        let reason = mount.attribute(ino, "user.taskade.error").unwrap();
        assert!(reason.contains("line 2"), "{reason}");
        for bytes in [&b"- [ ] a\0\n"[..], b"- [ ] \xff\n"] {
            assert_eq!(mount.overwrite("Plan.md", bytes).await.unwrap_err().errno(), libc::EINVAL);
        }
        mount.overwrite("Plan.md", b"- [ ] a\n- [ ] B\n").await.unwrap();
        assert_eq!(mount.writes(), ["PUT t2 \"B\""]);
        assert_eq!(mount.attribute(ino, "user.taskade.state").as_deref(), Some("clean"));
        assert_eq!(mount.attribute(ino, "user.taskade.error"), None);
    }
}

in_virtual_time! {
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
        assert_eq!(mount.attribute(ino, "user.taskade.state").as_deref(), Some("clean"));
    }
}

in_virtual_time! {
    async fn an_accident_with_a_redirect_costs_nothing() {
        let tasks: String = (0..40).map(|n| format!("task {n}\n")).collect();
        let mount = Mount::of(&tasks).await;
        let error = mount.overwrite("Plan.md", b"- [ ] task 1\n").await.unwrap_err();
        assert_eq!(error.errno(), libc::EPERM);
        assert_eq!(mount.writes(), [""; 0]);
        assert_eq!(mount.read("Plan.md").await, "- [ ] task 1\n");
    }
}

in_virtual_time! {
    async fn a_save_keeps_what_others_did_meanwhile() {
        let mount = Mount::of("a\nb\nc").await;
        let text = mount.read("Plan.md").await;
        mount.memory.edit_elsewhere("plan", "t1", "A");
        mount.memory.add_elsewhere("plan", "theirs", "d");
        pass(60).await;
        mount.overwrite("Plan.md", text.replace("] c", "] C").as_bytes()).await.unwrap();
        assert_eq!(mount.writes(), ["PUT t3 \"C\""]);
        assert_eq!(mount.memory.tree("plan"), "A\nb\nC\nd\n");
        // The program still has its own text before its eyes: saving it again deletes nothing.
        mount.overwrite("Plan.md", text.replace("] c", "] C").as_bytes()).await.unwrap();
        assert_eq!(mount.writes(), [""; 0]);
        // What was merged comes to it after the grace of its own text.
        assert_eq!(mount.read("Plan.md").await, text.replace("] c", "] C"));
        pass(3).await;
        assert_eq!(mount.read("Plan.md").await, "- [ ] A\n- [ ] b\n- [ ] C\n- [ ] d\n");
    }
}

in_virtual_time! {
    async fn a_write_whose_answer_was_lost_is_not_made_twice() {
        let mount = Mount::of("a").await;
        mount.memory.fail_next([Fault::After]);
        mount.edit("Plan.md", |text| format!("{text}- [ ] b\n- [ ] c\n")).await.unwrap();
        pass(120).await;
        assert_eq!(mount.memory.tree("plan"), "a\nb\nc\n");
        assert_eq!(mount.writes().len(), 1);
        let ino = mount.ino("Plan.md").await.unwrap();
        assert_eq!(mount.attribute(ino, "user.taskade.state").as_deref(), Some("clean"));
    }
}

in_virtual_time! {
    async fn a_save_without_network_is_finished_by_the_next_mount() {
        let mut mount = Mount::of("a").await;
        mount.memory.fail_next(vec![Fault::Before(Kind::Unreachable); 4]);
        mount.edit("Plan.md", |text| text.replace("] a", "] b")).await.unwrap();
        assert_eq!(mount.writes(), [""; 0]);
        assert_eq!(mount.read("Plan.md").await, "- [ ] b\n");
        mount.remount().await;
        assert_eq!(mount.read("Plan.md").await, "- [ ] b\n");
        pass(120).await;
        assert_eq!(mount.memory.tree("plan"), "b\n");
    }
}

in_virtual_time! {
    async fn several_waiting_saves_become_one() {
        let mount = Mount::of("a").await;
        mount.memory.fail_next(vec![Fault::Before(Kind::Unreachable); 6]);
        for text in ["- [ ] a\n- [ ] b\n", "- [ ] a\n- [ ] b\n- [ ] c\n", "- [ ] a\n- [ ] bb\n- [ ] c\n"] {
            mount.overwrite("Plan.md", text.as_bytes()).await.unwrap();
        }
        pass(300).await;
        assert_eq!(mount.memory.tree("plan"), "a\nbb\nc\n");
        assert_eq!(mount.writes().len(), 1);
    }
}

in_virtual_time! {
    async fn what_is_written_through_an_open_file_follows_the_project_to_its_copies() {
        let mount = Mount::of("a\nb").await;
        let ino = mount.ino("Plan.md").await.unwrap();
        let appends = mount.vfs.open(ino, APPEND, me()).await.unwrap().fh;
        mount.vfs.write(appends, 0, b"- [ ] c\n").unwrap();
        for (from, to) in [("Plan.md", "Better.md"), ("Better.md", "Best.md")] {
            mount.rename(from, to).await.unwrap();
            mount.vfs.write(appends, 0, format!("- [ ] {to}\n").as_bytes()).unwrap();
        }
        mount.vfs.flush(appends, me()).await.unwrap();
        mount.vfs.release(appends).await.unwrap();
        assert_eq!(mount.read("Best.md").await, "- [ ] a\n- [ ] b\n- [ ] c\n- [ ] Better.md\n- [ ] Best.md\n");
        let copy = mount.memory.find("Best").unwrap();
        assert_eq!(mount.memory.tree(&copy), "a\nb\nc\nBetter.md\nBest.md\n");
        assert_eq!(mount.memory.tree("plan"), "a\nb\n");
    }
}

in_virtual_time! {
    async fn renaming_a_project_tries_its_title_then_copies() {
        let mount = Mount::of("a\n  b").await;
        mount.rename("Plan.md", "Better.md").await.unwrap();
        let writes = mount.writes();
        assert_eq!(writes[0], "PUT title \"Better\"");
        assert_eq!(writes[1], "POST plan/copy \"Better\"");
        assert_eq!(writes[2], "POST plan/complete");
        assert_eq!(mount.names().await, ["Better.md"]);
        assert_eq!(mount.read("Better.md").await, "- [ ] a\n  - [ ] b\n");
        // What was learnt is remembered.
        mount.rename("Better.md", "Best.md").await.unwrap();
        assert_eq!(mount.writes().len(), 2);
    }
}

in_virtual_time! {
    async fn a_cold_project_costs_one_request_and_many_reads_none() {
        let mount = Mount::of("a").await;
        mount.names().await;
        mount.memory.take_reads();
        for _ in 0..10 {
            mount.read("Plan.md").await;
        }
        assert_eq!(mount.memory.take_reads(), 1);
    }
}

in_virtual_time! {
    async fn folders_cannot_be_made_or_removed_and_scratch_can() {
        let mount = Mount::of("a").await;
        let made = mount.vfs.mkdir(mount.folder, OsStr::new("Folder"), 0o755);
        assert_eq!(made.unwrap_err().errno(), libc::EPERM);
        let git = mount.vfs.mkdir(mount.folder, OsStr::new(".git"), 0o755).unwrap();
        let inner = mount.vfs.create(git.ino, OsStr::new("HEAD.md"), 0o644, TRUNCATE, true, me());
        let (attr, opened) = inner.await.unwrap();
        mount.vfs.write(opened.fh, 0, b"not a project\n").unwrap();
        mount.vfs.release(opened.fh).await.unwrap();
        assert_eq!(mount.vfs.getattr(attr.ino, me()).await.unwrap().size, 14);
        let full = mount.vfs.rmdir(mount.folder, OsStr::new(".git")).await;
        assert_eq!(full.unwrap_err().errno(), libc::ENOTEMPTY);
        mount.vfs.unlink(git.ino, OsStr::new("HEAD.md")).await.unwrap();
        mount.vfs.rmdir(mount.folder, OsStr::new(".git")).await.unwrap();
        assert_eq!(mount.writes(), [""; 0]);
    }
}

in_virtual_time! {
    /// `{ date; date; } > Plan.md`: children close descriptors that they inherited.
    async fn a_close_by_another_process_commits_nothing() {
        let mount = Mount::of("a").await;
        mount.read("Plan.md").await;
        // SAFETY: getppid has no preconditions.
        let another = u32::try_from(unsafe { libc::getppid() }).unwrap();
        let ino = mount.ino("Plan.md").await.unwrap();
        let opened = mount.vfs.open(ino, TRUNCATE, me()).await.unwrap();
        mount.vfs.write(opened.fh, 0, b"- [ ] a\n").unwrap();
        mount.vfs.flush(opened.fh, another).await.unwrap();
        mount.vfs.write(opened.fh, 8, b"- [ ] b\n").unwrap();
        mount.vfs.flush(opened.fh, another).await.unwrap();
        assert_eq!(mount.writes(), [""; 0]);
        mount.vfs.flush(opened.fh, me()).await.unwrap();
        mount.vfs.release(opened.fh).await.unwrap();
        assert_eq!(mount.writes(), ["POST [beforeend project \"b\"]"]);
    }
}

in_virtual_time! {
    async fn what_no_flush_committed_is_committed_by_release() {
        let mount = Mount::of("a").await;
        let ino = mount.ino("Plan.md").await.unwrap();
        let opened = mount.vfs.open(ino, TRUNCATE, me()).await.unwrap();
        mount.vfs.write(opened.fh, 0, b"- [ ] b\n").unwrap();
        mount.vfs.release(opened.fh).await.unwrap();
        assert_eq!(mount.writes(), ["PUT t1 \"b\""]);
    }
}

in_virtual_time! {
    async fn what_others_deleted_stays_deleted_unless_it_was_edited_here() {
        let mount = Mount::of("a\nb\nc").await;
        let text = mount.read("Plan.md").await;
        mount.memory.delete_elsewhere("plan", "t1");
        mount.memory.delete_elsewhere("plan", "t2");
        pass(60).await;
        let text = text.replace("] b", "] B").replace("] c", "] C");
        mount.overwrite("Plan.md", text.as_bytes()).await.unwrap();
        assert_eq!(mount.memory.tree("plan"), "B\nC\n");
        assert_eq!(mount.memory.ids("plan")[1], "t3");
    }
}

in_virtual_time! {
    /// The text of a waiting save shows after a crash, and is edited on, while the service has
    /// tasks that it never showed.
    async fn a_save_that_survived_a_crash_is_edited_on() {
        let mut mount = Mount::of("a\nb").await;
        let text = mount.read("Plan.md").await;
        mount.memory.fail_next(vec![Fault::Before(Kind::Unreachable); 64]);
        mount.overwrite("Plan.md", text.replace("] b", "] b2").as_bytes()).await.unwrap();
        mount.memory.add_elsewhere("plan", "theirs", "c");
        pass(60).await;
        mount.remount().await;
        mount.edit("Plan.md", |text| text.replace("] b2", "] b3")).await.unwrap();
        pass(3600).await;
        assert_eq!(mount.memory.tree("plan"), "a\nb3\nc\n");
    }
}

in_virtual_time! {
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
}

in_virtual_time! {
    async fn what_only_looks_like_a_detail_is_text() {
        let mount = Mount::of("a").await;
        mount.overwrite("Plan.md", "- [ ] a \\📅 2026-12-01\n".as_bytes()).await.unwrap();
        assert_eq!(mount.memory.tree("plan"), "a 📅 2026-12-01\n");
        assert_eq!(mount.read("Plan.md").await, "- [ ] a \\📅 2026-12-01\n");
    }
}

in_virtual_time! {
    async fn one_project_written_over_another_replaces_it() {
        let mount = Mount::of("a\nb").await;
        mount.create("Draft.md", b"- [ ] a\n- [ ] c\n").await.unwrap();
        mount.writes();
        mount.rename("Draft.md", "Plan.md").await.unwrap();
        pass(5).await;
        assert_eq!(mount.memory.tree("plan"), "a\nc\n");
        assert_eq!(mount.names().await, ["Plan.md"]);
        assert_eq!(mount.memory.find("Draft"), None, "archived");
    }
}

in_virtual_time! {
    async fn a_new_file_that_is_removed_at_once_is_never_created() {
        let mount = Mount::of("a").await;
        mount.create("New.md", b"").await.unwrap();
        mount.unlink("New.md").await.unwrap();
        pass(5).await;
        assert_eq!(mount.writes(), [""; 0]);
        assert_eq!(mount.names().await, ["Plan.md"]);
    }
}

in_virtual_time! {
    async fn an_end_of_the_mount_commits_drafts_and_graces_at_once() {
        let mount = Mount::of("a").await;
        mount.memory.seed("f", "gone", "Gone", "x");
        pass(60).await;
        mount.unlink("Gone.md").await.unwrap();
        let ino = mount.ino("Plan.md").await.unwrap();
        let opened = mount.vfs.open(ino, TRUNCATE, me()).await.unwrap();
        mount.vfs.write(opened.fh, 0, b"- [ ] b\n").unwrap();
        mount.vfs.rest(Duration::from_secs(10)).await;
        let mut writes = mount.writes();
        writes.sort();
        assert_eq!(writes, ["POST gone/complete", "PUT t1 \"b\""]);
    }
}

in_virtual_time! {
    /// vim's `writefile()` syncs before its first byte has left its buffer.
    async fn a_sync_of_an_emptied_file_waits_for_what_is_written_next() {
        let mount = Mount::of("a\nb").await;
        mount.read("Plan.md").await;
        let ino = mount.ino("Plan.md").await.unwrap();
        let opened = mount.vfs.open(ino, TRUNCATE, me()).await.unwrap();
        mount.vfs.fsync(opened.fh).await.unwrap();
        mount.vfs.write(opened.fh, 0, b"- [ ] a\n- [ ] B\n").unwrap();
        mount.vfs.flush(opened.fh, me()).await.unwrap();
        mount.vfs.release(opened.fh).await.unwrap();
        assert_eq!(mount.writes(), ["PUT t2 \"B\""]);
        let opened = mount.vfs.open(ino, TRUNCATE, me()).await.unwrap();
        mount.vfs.fsync(opened.fh).await.unwrap();
        pass(3).await;
        assert_eq!(mount.writes(), ["DELETE t1", "DELETE t2"], "nothing else was written");
        mount.vfs.release(opened.fh).await.unwrap();
    }
}
