//! Backups that programs put back over a text that was refused: the file shows them, and what was
//! refused stays until another change is saved, it is tried again, given up, or a day has passed.

use std::fs;

use taskadefs::error::Kind;

use crate::support::{
    harness::{Mount, pass},
    program::Program,
    service::Fault,
};

const BEFORE: &str = "- [ ] a\n- [ ] b\n";
const BAD: &str = "- [ ] a\n```\ncode\n```\n";

/// The names in `control/rejected`, without those of reasons.
fn rejected(mount: &Mount) -> Vec<String> {
    let entries = fs::read_dir(mount.dir.path().join("control/rejected")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !name.ends_with(".reason")).collect()
}

/// That this text is refused and kept, and that the file shows that one.
async fn keeps(mount: &Mount, refused: &str, shown: &str) {
    assert_eq!(mount.read("Plan.md").await, shown);
    let ino = mount.ino("Plan.md").await.unwrap();
    assert_eq!(mount.attribute(ino, "user.taskade.state").await.as_deref(), Some("rejected"));
    let error = mount.attribute(ino, "user.taskade.error").await.unwrap();
    assert!(error.starts_with("Acme/Marketing/Plan.md: "), "{error}");
    let saves = mount.vfs.status().saves;
    assert_eq!((saves.len(), saves[0].state), (1, "rejected"));
    let names = rejected(mount);
    assert_eq!(names, ["Acme／Marketing／Plan.md"]);
    assert_eq!(error.contains(&names[0]), shown != refused, "{error}");
    let file = mount.dir.path().join("control/rejected").join(&names[0]);
    assert_eq!(fs::read_to_string(file).unwrap(), refused);
}

async fn is_settled(mount: &Mount) {
    let ino = mount.ino("Plan.md").await.unwrap();
    assert_eq!(mount.attribute(ino, "user.taskade.state").await.as_deref(), Some("clean"));
    assert_eq!(mount.attribute(ino, "user.taskade.error").await, None);
    assert_eq!((mount.vfs.status().saves.len(), rejected(mount).len()), (0, 0));
}

async fn retry(mount: &Mount, allow_delete: bool) -> Result<(), i32> {
    let ino = mount.ino("Plan.md").await.unwrap();
    mount.vfs.retry(ino, allow_delete).await.map_err(|error| error.errno())
}

#[tokio::test(start_paused = true)]
async fn a_backup_put_back_settles_no_text_that_was_refused_here() {
    let mut mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    mount.overwrite("Plan.md", BAD.as_bytes()).await.unwrap_err();
    keeps(&mount, BAD, BAD).await;
    for _ in 0..2 {
        mount.overwrite("Plan.md", BEFORE.as_bytes()).await.unwrap();
        keeps(&mount, BAD, BEFORE).await;
        mount.remount().await;
        keeps(&mount, BAD, BEFORE).await;
    }
    // What fails again is not put before anybody's eyes again.
    assert_eq!(retry(&mount, true).await, Err(libc::EINVAL));
    keeps(&mount, BAD, BEFORE).await;
    assert_eq!(mount.writes(), [""; 0]);
    mount.edit("Plan.md", |text| text.replace("] b", "] B")).await.unwrap();
    assert_eq!(mount.writes(), ["PUT t2 \"B\""]);
    is_settled(&mount).await;
}

#[tokio::test(start_paused = true)]
async fn a_text_refused_again_after_a_backup_is_shown_again() {
    let mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    for _ in 0..2 {
        mount.overwrite("Plan.md", BAD.as_bytes()).await.unwrap_err();
        keeps(&mount, BAD, BAD).await;
        mount.overwrite("Plan.md", BEFORE.as_bytes()).await.unwrap();
        keeps(&mount, BAD, BEFORE).await;
    }
    let ino = mount.ino("Plan.md").await.unwrap();
    mount.vfs.discard(ino).await.unwrap();
    is_settled(&mount).await;
    assert_eq!(mount.read("Plan.md").await, BEFORE);
    assert_eq!(mount.writes(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_the_guard_held_back_is_sent_after_a_backup_was_put_back() {
    let tasks: String = (0..40).map(|n| format!("task {n}\n")).collect();
    let mut mount = Mount::of(&tasks).await;
    let before = mount.read("Plan.md").await;
    let refused = "- [ ] task 1\n";
    mount.overwrite("Plan.md", refused.as_bytes()).await.unwrap_err();
    mount.overwrite("Plan.md", before.as_bytes()).await.unwrap();
    mount.remount().await;
    keeps(&mount, refused, &before).await;
    retry(&mount, true).await.unwrap();
    assert_eq!(mount.memory.tree("plan"), "task 1\n");
    is_settled(&mount).await;
}

#[tokio::test(start_paused = true)]
async fn a_backup_put_back_settles_no_refusal_of_taskade() {
    let mut mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    // So that putting the first line back looks like a new one to an alignment.
    let refused = "- [ ] b\n- [ ] c\n";
    mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
    let error = mount.overwrite("Plan.md", refused.as_bytes()).await.unwrap_err();
    assert_eq!(error.errno(), libc::EACCES);
    mount.memory.heal();
    keeps(&mount, refused, refused).await;
    for _ in 0..2 {
        mount.overwrite("Plan.md", BEFORE.as_bytes()).await.unwrap();
        pass(60).await;
        keeps(&mount, refused, BEFORE).await;
        mount.remount().await;
        keeps(&mount, refused, BEFORE).await;
    }
    assert_eq!(mount.writes(), [""; 0], "nothing was changed, and nothing is");
    retry(&mount, false).await.unwrap();
    assert_eq!(mount.memory.tree("plan"), "b\nc\n");
    is_settled(&mount).await;
}

#[tokio::test(start_paused = true)]
async fn who_has_not_seen_a_refused_text_puts_nothing_back() {
    let mount = Mount::of("a\nb").await;
    let (editor, other) = (Program::new(), Program::new());
    let before = editor.reads(&mount).await;
    other.reads(&mount).await;
    mount.memory.set_offline(true);
    other.writes(&mount, "- [ ] a\n- [ ] b\n- [ ] c\n").await;
    mount.memory.set_offline(false);
    mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
    pass(60).await;
    let ino = mount.ino("Plan.md").await.unwrap();
    assert_eq!(mount.attribute(ino, "user.taskade.state").await.as_deref(), Some("rejected"));
    mount.memory.heal();
    // Its buffer is as old as the text from before the refusal, and is that very text.
    editor.writes(&mount, &before).await;
    pass(60).await;
    assert_eq!(mount.memory.tree("plan"), "a\nb\nc\n");
    is_settled(&mount).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_done_of_a_refused_save_is_taken_back_by_the_backup() {
    let mount = Mount::of("a\nb\nc").await;
    let before = mount.read("Plan.md").await;
    mount.memory.fail_next([Fault::None, Fault::Before(Kind::Forbidden)]);
    let refused = "- [ ] A\n- [ ] b\n- [ ] C\n";
    mount.overwrite("Plan.md", refused.as_bytes()).await.unwrap_err();
    assert_eq!(mount.writes(), ["PUT t1 \"A\""]);
    mount.overwrite("Plan.md", before.as_bytes()).await.unwrap();
    assert_eq!(mount.writes(), ["PUT t1 \"a\""]);
    keeps(&mount, refused, &before).await;
    retry(&mount, false).await.unwrap();
    assert_eq!(mount.writes(), ["PUT t1 \"A\"", "PUT t3 \"C\""]);
    is_settled(&mount).await;
}

#[tokio::test(start_paused = true)]
async fn a_backup_of_a_save_that_waits_is_no_other_save() {
    let mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    mount.memory.fail_next(std::iter::repeat_n(Fault::Before(Kind::Unreachable), 1000));
    let waits = "- [ ] a\n- [ ] B\n";
    mount.overwrite("Plan.md", waits.as_bytes()).await.unwrap();
    mount.overwrite("Plan.md", BAD.as_bytes()).await.unwrap_err();
    mount.overwrite("Plan.md", waits.as_bytes()).await.unwrap();
    keeps(&mount, BAD, waits).await;
    mount.memory.heal();
    pass(100).await;
    assert_eq!(mount.writes(), ["PUT t2 \"B\""]);
    keeps(&mount, BAD, waits).await;
}

#[tokio::test(start_paused = true)]
async fn what_others_do_shows_beside_a_text_that_is_set_aside() {
    let mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    mount.overwrite("Plan.md", BAD.as_bytes()).await.unwrap_err();
    mount.overwrite("Plan.md", BEFORE.as_bytes()).await.unwrap();
    mount.memory.edit_elsewhere("plan", "t1", "theirs");
    pass(60).await;
    mount.text("Plan.md").await;
    keeps(&mount, BAD, "- [ ] theirs\n- [ ] b\n").await;
    // To write by hand what was there before is a change by now.
    mount.overwrite("Plan.md", BEFORE.as_bytes()).await.unwrap();
    assert_eq!(mount.writes(), ["PUT t1 \"a\""]);
    is_settled(&mount).await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_was_told_for_a_day_is_history() {
    for shown in [BAD, BEFORE] {
        let mut mount = Mount::of("a\nb").await;
        mount.read("Plan.md").await;
        mount.overwrite("Plan.md", BAD.as_bytes()).await.unwrap_err();
        if shown == BEFORE {
            mount.overwrite("Plan.md", BEFORE.as_bytes()).await.unwrap();
        }
        pass(80_000).await;
        keeps(&mount, BAD, shown).await;
        // While no mount was there it was told to nobody.
        mount.remount().await;
        pass(80_000).await;
        keeps(&mount, BAD, shown).await;
        pass(10_000).await;
        is_settled(&mount).await;
        assert_eq!(mount.read("Plan.md").await, BEFORE);
        let past = mount.vfs.history(None, 9).await.unwrap();
        assert_eq!(past.len(), 1);
        assert!(past[0].summary.starts_with("refused: Acme/Marketing/Plan.md: line 2: "));
        assert_eq!(past[0].changes, ["| - [ ] a", "| ```", "| code", "| ```"]);
        assert_eq!(mount.writes(), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_conflict_that_git_left_stays_until_it_is_settled_however_long_that_takes() {
    const LEFT: &str = "- [ ] a\n<<<<<<< HEAD\n- [ ] b\n=======\n- [ ] c\n>>>>>>> other\n";
    let mut mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    mount.overwrite("Plan.md", LEFT.as_bytes()).await.unwrap();
    pass(200_000).await;
    keeps(&mount, LEFT, LEFT).await;
    mount.remount().await;
    pass(200_000).await;
    keeps(&mount, LEFT, LEFT).await;
    assert_eq!(mount.writes(), [""; 0]);
    mount.overwrite("Plan.md", b"- [ ] a\n- [ ] c\n").await.unwrap();
    is_settled(&mount).await;
    assert_eq!(mount.writes().len(), 1, "b is c now");
}

#[tokio::test(start_paused = true)]
async fn a_removed_file_leaves_what_was_refused_of_it_to_the_history() {
    let mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    mount.overwrite("Plan.md", BAD.as_bytes()).await.unwrap_err();
    mount.unlink("Plan.md").await.unwrap();
    pass(10).await;
    assert_eq!(mount.writes(), ["POST plan/complete"]);
    let past = mount.vfs.history(None, 9).await.unwrap();
    let told: Vec<&str> = past.iter().map(|entry| &*entry.summary).collect();
    assert!(told.iter().any(|told| told.starts_with("refused: ")), "{told:?}");
    assert!(told.contains(&"archived"), "{told:?}");
}
