//! Files that are renamed, removed and made anew: which project a text is of then, and what that
//! costs. The file system driven directly, in virtual time.

use std::ffi::OsStr;

use taskadefs::error::Kind;

use crate::support::harness::{APPEND, Mount, TRUNCATE, me, pass};

/// `sed -i`, `rsync`, Node's write-file-atomic: a scratch file renamed over the project.
#[tokio::test(start_paused = true)]
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

/// vim with `backupcopy=no`: rename to a backup, create anew, remove the backup.
#[tokio::test(start_paused = true)]
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

/// JetBrains: write a temporary, rename the project away, rename the temporary to it.
#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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

/// `git checkout`: unlink, then create.
#[tokio::test(start_paused = true)]
async fn deleting_and_creating_anew_is_one_save() {
    let mount = Mount::of("a\nb").await;
    mount.unlink("Plan.md").await.unwrap();
    mount.create("Plan.md", b"- [ ] b\n").await.unwrap();
    pass(5).await;
    assert_eq!(mount.writes(), ["DELETE t1"]);
}

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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
    assert_eq!(mount.read("New.md").await, "- [x] one\n  - two\n");
    mount.edit("New.md", |text| text.replace("two", "2")).await.unwrap();
    assert_eq!(mount.writes().len(), 1);
    assert_eq!(mount.names().await, ["Plan.md", "New.md"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_written_through_an_open_file_follows_the_project_to_its_copies() {
    let mount = Mount::of("a\nb").await;
    let ino = mount.ino("Plan.md").await.unwrap();
    let appends = mount.vfs.open(ino, APPEND, me()).await.unwrap().fh;
    mount.vfs.write(appends, 0, b"- [ ] c\n").await.unwrap();
    for (from, to) in [("Plan.md", "Better.md"), ("Better.md", "Best.md")] {
        mount.rename(from, to).await.unwrap();
        mount.vfs.write(appends, 0, format!("- [ ] {to}\n").as_bytes()).await.unwrap();
    }
    mount.vfs.flush(appends, me()).await.unwrap();
    mount.vfs.release(appends).await.unwrap();
    assert_eq!(
        mount.read("Best.md").await,
        "- [ ] a\n- [ ] b\n- [ ] c\n- [ ] Better.md\n- [ ] Best.md\n"
    );
    let copy = mount.memory.find("Best").unwrap();
    assert_eq!(mount.memory.tree(&copy), "a\nb\nc\nBetter.md\nBest.md\n");
    assert_eq!(mount.memory.tree("plan"), "a\nb\n");
}

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
async fn folders_cannot_be_made_or_removed_and_scratch_can() {
    let mount = Mount::of("a").await;
    let made = mount.vfs.mkdir(mount.folder, OsStr::new("Folder"), 0o755).await;
    assert_eq!(made.unwrap_err().errno(), libc::EPERM);
    let git = mount.vfs.mkdir(mount.folder, OsStr::new(".git"), 0o755).await.unwrap();
    let inner = mount.vfs.create(git.ino, OsStr::new("HEAD.md"), 0o644, TRUNCATE, true, me());
    let (attr, opened) = inner.await.unwrap();
    mount.vfs.write(opened.fh, 0, b"not a project\n").await.unwrap();
    mount.vfs.release(opened.fh).await.unwrap();
    assert_eq!(mount.vfs.getattr(attr.ino, me()).await.unwrap().size, 14);
    let full = mount.vfs.rmdir(mount.folder, OsStr::new(".git")).await;
    assert_eq!(full.unwrap_err().errno(), libc::ENOTEMPTY);
    mount.vfs.unlink(git.ino, OsStr::new("HEAD.md")).await.unwrap();
    mount.vfs.rmdir(mount.folder, OsStr::new(".git")).await.unwrap();
    assert_eq!(mount.writes(), [""; 0]);
}

#[tokio::test(start_paused = true)]
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

/// Its text would go to the archived one, and it be archived itself: nothing would be left.
#[tokio::test(start_paused = true)]
async fn what_is_renamed_over_one_that_others_archived_unseen_is_there() {
    let mount = Mount::of("a\nb").await;
    mount.memory.seed("f", "other", "Other", "a\nb\nc");
    pass(60).await;
    assert_eq!(mount.names().await.len(), 2);
    for file in ["Plan.md", "Other.md"] {
        mount.read(file).await;
    }
    mount.memory.archive_elsewhere("plan", true);
    mount.memory.set_offline(true);
    pass(60).await;
    mount.rename("Other.md", "Plan.md").await.unwrap();
    assert_eq!(mount.names().await, ["Plan.md"]);
    pass(60).await;
    mount.memory.heal();
    pass(600).await;
    assert_eq!(mount.memory.open_projects(), ["f/Plan"]);
    assert_eq!(mount.read("Plan.md").await, "- [ ] a\n- [ ] b\n- [ ] c\n");
}

#[tokio::test(start_paused = true)]
async fn a_new_file_that_is_removed_at_once_is_never_created() {
    let mount = Mount::of("a").await;
    mount.create("New.md", b"").await.unwrap();
    mount.unlink("New.md").await.unwrap();
    pass(5).await;
    assert_eq!(mount.writes(), [""; 0]);
    assert_eq!(mount.names().await, ["Plan.md"]);
}
