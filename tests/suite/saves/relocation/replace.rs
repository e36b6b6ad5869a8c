//! Projects that are renamed to the name of another one, which others may have taken away since it
//! was listed. The file system driven directly, in virtual time.

use std::ffi::OsStr;

use taskadefs::vfs::{OpenMode, RenameMode};

use crate::{
    saves::relocation::{A, move_to, open, sales, text_in},
    support::harness::{APPEND, Mount, TRUNCATE, me, pass},
};

#[tokio::test(start_paused = true)]
async fn a_project_that_others_took_away_since_it_was_listed_is_not_replaced() {
    for is_archived in [true, false] {
        for is_remounted in [true, false] {
            let (mut mount, sales) = open("a\n  b").await;
            mount.memory.copy_elsewhere("plan", "theirs", "s", "Plan");
            pass(60).await;
            assert_eq!(mount.names_of(sales).await, ["Plan.md"]);
            assert_eq!(text_in(&mount, sales, "Plan.md").await, A);
            if is_remounted {
                // What was listed before is known still.
                mount.remount_cleanly().await;
            } else {
                pass(60).await;
            }
            if is_archived {
                mount.memory.archive_elsewhere("theirs", true);
            } else {
                mount.memory.rename_elsewhere("theirs", "Theirs");
            }
            let sales = self::sales(&mount).await;
            move_to(&mount, sales, "Plan.md").await.unwrap();
            pass(60).await;
            let open: &[&str] = if is_archived { &["s/Plan"] } else { &["s/Plan", "s/Theirs"] };
            assert_eq!(mount.memory.open_projects(), open);
            assert_eq!(text_in(&mount, sales, "Plan.md").await, A);
            assert_eq!(mount.memory.tree("theirs"), "a\n  b\n");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn with_no_network_what_was_listed_is_replaced() {
    let (mount, sales) = open("a\n  b").await;
    mount.memory.copy_elsewhere("plan", "theirs", "s", "Plan");
    pass(60).await;
    assert_eq!(text_in(&mount, sales, "Plan.md").await, A);
    pass(60).await;
    mount.memory.set_offline(true);
    move_to(&mount, sales, "Plan.md").await.unwrap();
    mount.memory.heal();
    pass(100).await;
    assert_eq!(mount.memory.open_projects(), ["s/Plan"]);
    assert_eq!(mount.names().await, [""; 0]);
    assert_eq!(text_in(&mount, sales, "Plan.md").await, A);
}

/// How a program saves a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Truncating,
    Appending,
    /// A temporary file is renamed over it.
    Renaming,
}

const TEXT: &str = "- [ ] new\n";

async fn saves(mount: &Mount, how: How) {
    let (folder, name) = (mount.folder, OsStr::new("Plan.md"));
    let writes = OpenMode { read: false, write: true, append: false, truncate: false };
    if how == How::Renaming {
        let temporary = OsStr::new(".Plan.md.swp");
        let new = mount.vfs.create(folder, temporary, 0o600, writes, true, me()).await.unwrap();
        mount.vfs.write(new.1.fh, 0, TEXT.as_bytes()).await.unwrap();
        mount.vfs.release(new.1.fh).await.unwrap();
        let (from, to) = ((folder, temporary), (folder, name));
        return mount.vfs.rename(from, to, RenameMode::default(), me()).await.unwrap();
    }
    let mode = if how == How::Appending { APPEND } else { TRUNCATE };
    let ino = mount.ino("Plan.md").await.unwrap();
    let opened = match mount.vfs.open(ino, mode, me()).await {
        Ok(opened) => opened,
        // The kernel walks the path again, and the program wants the file to be there.
        Err(stale) => {
            assert_eq!(stale.errno(), libc::ESTALE);
            match mount.ino("Plan.md").await {
                Ok(ino) => mount.vfs.open(ino, mode, me()).await.unwrap(),
                Err(_) => mount.vfs.create(folder, name, 0o600, mode, false, me()).await.unwrap().1,
            }
        }
    };
    mount.vfs.write(opened.fh, 0, TEXT.as_bytes()).await.unwrap();
    mount.vfs.flush(opened.fh, me()).await.unwrap();
    mount.vfs.release(opened.fh).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_saved_right_after_a_remount_goes_to_nothing_that_others_archived_since() {
    for how in [How::Truncating, How::Appending, How::Renaming] {
        for is_archived in [true, false] {
            let (mut mount, _) = open("a\n  b").await;
            mount.remount_cleanly().await;
            mount.memory.take_reads();
            mount.memory.archive_elsewhere("plan", is_archived);
            saves(&mount, how).await;
            pass(60).await;
            assert_eq!(mount.memory.open_projects(), ["f/Plan"], "{how:?}");
            let id = mount.memory.find("Plan").unwrap();
            let tree = match (is_archived, how) {
                (false, How::Appending) => "a\n  b\nnew\n",
                _ => "new\n",
            };
            assert_eq!(mount.memory.tree(&id), tree, "{how:?}");
            assert_eq!(is_archived, id != "plan", "{how:?}");
            if is_archived {
                assert_eq!(mount.memory.tree("plan"), "a\n  b\n", "{how:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn with_no_network_what_was_listed_before_a_remount_is_saved_to() {
    for how in [How::Truncating, How::Appending, How::Renaming] {
        let (mut mount, _) = open("a\n  b").await;
        mount.remount_cleanly().await;
        mount.memory.set_offline(true);
        saves(&mount, how).await;
        mount.memory.heal();
        pass(100).await;
        assert_eq!(mount.memory.open_projects(), ["f/Plan"], "{how:?}");
        assert_eq!(mount.memory.find("Plan").as_deref(), Some("plan"), "{how:?}");
    }
}
