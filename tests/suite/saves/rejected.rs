//! Saves that are refused: where their texts are, across crashes, and how they are settled.

use std::{fs, path::Path};

use taskadefs::error::Kind;

use crate::support::{
    harness::{Mount, pass},
    service::Fault,
};

const BAD: &str = "- [ ] a\n```\ncode\n```\n";

const NAME: &str = "Acme／Marketing／Plan.md";

/// The names in `control/rejected` or `control/conflicts`.
fn shelf(mount: &Mount, name: &str) -> Vec<String> {
    let dir = mount.dir.path().join("control").join(name);
    let entries = fs::read_dir(dir).into_iter().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn record(mount: &Mount, path: &str) -> String {
    fs::read_to_string(mount.dir.path().join("control").join(path)).unwrap()
}

async fn state(mount: &Mount, name: &str) -> String {
    let ino = mount.ino(name).await.unwrap();
    mount.attribute(ino, "user.taskade.state").await.unwrap()
}

async fn retry(mount: &Mount, name: &str, allow_delete: bool) -> Result<(), i32> {
    let ino = mount.ino(name).await.unwrap();
    mount.vfs.retry(ino, allow_delete).await.map_err(|error| error.errno())
}

async fn discard(mount: &Mount, name: &str) {
    let ino = mount.ino(name).await.unwrap();
    mount.vfs.discard(ino).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_text_that_cannot_be_a_project_survives_a_crash_with_its_reason() {
    let mut mount = Mount::of("a\nb").await;
    mount.overwrite("Plan.md", BAD.as_bytes()).await.unwrap_err();
    assert_eq!(shelf(&mount, "rejected"), [NAME, &format!("{NAME}.reason")]);
    assert_eq!(record(&mount, &format!("rejected/{NAME}")), BAD);
    assert!(record(&mount, &format!("rejected/{NAME}.reason")).contains("line 2"));
    mount.remount().await;
    assert_eq!(mount.read("Plan.md").await, BAD);
    assert_eq!(state(&mount, "Plan.md").await, "rejected");
    assert_eq!(retry(&mount, "Plan.md", true).await, Err(libc::EINVAL));
    mount.overwrite("Plan.md", b"- [ ] a\n- [ ] B\n").await.unwrap();
    assert_eq!(mount.writes(), ["PUT t2 \"B\""]);
    assert_eq!(state(&mount, "Plan.md").await, "clean");
    assert_eq!(shelf(&mount, "rejected"), [""; 0]);
    mount.remount().await;
    assert_eq!(mount.read("Plan.md").await, "- [ ] a\n- [ ] B\n");
}

#[tokio::test(start_paused = true)]
async fn what_the_deletion_guard_held_back_is_sent_when_allowed() {
    let tasks: String = (0..40).map(|n| format!("task {n}\n")).collect();
    let mut mount = Mount::of(&tasks).await;
    mount.read("Plan.md").await;
    let error = mount.overwrite("Plan.md", b"- [ ] task 1\n").await.unwrap_err();
    assert_eq!(error.errno(), libc::EPERM);
    mount.remount().await;
    assert_eq!(retry(&mount, "Plan.md", false).await, Err(libc::EPERM));
    assert_eq!(mount.writes(), [""; 0]);
    retry(&mount, "Plan.md", true).await.unwrap();
    assert_eq!(mount.memory.tree("plan"), "task 1\n");
    assert_eq!(mount.writes().len(), 39);
    assert_eq!(state(&mount, "Plan.md").await, "clean");
    assert_eq!(shelf(&mount, "rejected"), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_discarded_text_gives_way_to_what_taskade_has() {
    let mut mount = Mount::of("a\nb").await;
    mount.overwrite("Plan.md", BAD.as_bytes()).await.unwrap_err();
    discard(&mount, "Plan.md").await;
    assert_eq!(mount.read("Plan.md").await, "- [ ] a\n- [ ] b\n");
    assert_eq!(shelf(&mount, "rejected"), [""; 0]);
    mount.remount().await;
    assert_eq!(state(&mount, "Plan.md").await, "clean");
    let ino = mount.ino("Plan.md").await.unwrap();
    assert_eq!(mount.vfs.discard(ino).await.unwrap_err().errno(), libc::ENOENT);
    assert_eq!(mount.vfs.retry(ino, false).await.unwrap_err().errno(), libc::ENOENT);
}

#[tokio::test(start_paused = true)]
async fn a_script_refused_in_the_middle_is_done_as_far_as_it_came_and_retry_sends_the_rest() {
    let mut mount = Mount::of("a\nb\nc").await;
    mount.memory.fail_next([Fault::None, Fault::Before(Kind::Forbidden)]);
    let error = mount
        .edit("Plan.md", |text| text.replace("] a", "] A").replace("] c", "] C"))
        .await
        .unwrap_err();
    assert_eq!(error.errno(), libc::EACCES);
    assert_eq!(mount.writes(), ["PUT t1 \"A\""]);
    assert_eq!(mount.read("Plan.md").await, "- [ ] A\n- [ ] b\n- [ ] C\n");
    assert_eq!(shelf(&mount, "rejected"), [NAME, &format!("{NAME}.reason")]);
    mount.memory.edit_elsewhere("plan", "t2", "theirs");
    mount.remount().await;
    assert_eq!(state(&mount, "Plan.md").await, "rejected");
    assert_eq!(mount.read("Plan.md").await, "- [ ] A\n- [ ] b\n- [ ] C\n");
    retry(&mount, "Plan.md", false).await.unwrap();
    assert_eq!(mount.writes(), ["PUT t3 \"C\""]);
    assert_eq!(mount.read("Plan.md").await, "- [ ] A\n- [ ] theirs\n- [ ] C\n");
    assert_eq!(shelf(&mount, "rejected"), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_script_refused_in_the_middle_and_discarded_shows_what_came_through() {
    let mount = Mount::of("a\nb\nc").await;
    mount.memory.fail_next([Fault::None, Fault::Before(Kind::Forbidden)]);
    mount
        .edit("Plan.md", |text| text.replace("] a", "] A").replace("] c", "] C"))
        .await
        .unwrap_err();
    discard(&mount, "Plan.md").await;
    assert_eq!(mount.read("Plan.md").await, "- [ ] A\n- [ ] b\n- [ ] c\n");
    pass(100).await;
    assert_eq!(mount.writes(), ["PUT t1 \"A\""]);
    assert_eq!(state(&mount, "Plan.md").await, "clean");
}

#[tokio::test(start_paused = true)]
async fn a_new_project_that_cannot_be_one_is_kept_then_corrected_or_given_up() {
    let mut mount = Mount::of("a").await;
    for name in ["One.md", "Two.md"] {
        assert_eq!(mount.create(name, BAD.as_bytes()).await.unwrap_err().errno(), libc::EINVAL);
    }
    mount.remount().await;
    let mut names = mount.names().await;
    names.sort();
    assert_eq!(names, ["One.md", "Plan.md", "Two.md"]);
    assert_eq!(mount.read("One.md").await, BAD);
    mount.overwrite("One.md", b"- [ ] fine\n").await.unwrap();
    discard(&mount, "Two.md").await;
    assert_eq!(mount.names().await, ["Plan.md", "One.md"]);
    let one = mount.memory.find("One").unwrap();
    assert_eq!(mount.memory.tree(&one), "fine\n");
    assert_eq!(shelf(&mount, "rejected"), [""; 0]);
    mount.remount().await;
    assert!(!mount.names().await.contains(&"Two.md".to_owned()));
    assert_eq!(mount.memory.find("Two"), None);
}

#[tokio::test(start_paused = true)]
async fn a_new_project_that_was_refused_and_removed_does_not_come_back() {
    let mut mount = Mount::of("a").await;
    mount.create("Bad.md", BAD.as_bytes()).await.unwrap_err();
    mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
    mount.create("Forbidden.md", b"- [ ] x\n").await.unwrap_err();
    for name in ["Bad.md", "Forbidden.md"] {
        mount.unlink(name).await.unwrap();
    }
    pass(10).await;
    assert_eq!(mount.names().await, ["Plan.md"]);
    assert_eq!(shelf(&mount, "rejected"), [""; 0]);
    mount.remount().await;
    pass(10).await;
    assert_eq!(mount.names().await, ["Plan.md"]);
    assert_eq!(mount.writes(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn removing_a_file_gives_its_refused_save_up() {
    for text in [BAD, "- [ ] a\n- [ ] B\n"] {
        let mut mount = Mount::of("a\nb").await;
        mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
        mount.overwrite("Plan.md", text.as_bytes()).await.unwrap_err();
        mount.memory.heal();
        mount.unlink("Plan.md").await.unwrap();
        pass(10).await;
        assert_eq!(mount.writes(), ["POST plan/complete"]);
        assert_eq!(shelf(&mount, "rejected"), [""; 0]);
        mount.remount().await;
        assert_eq!(mount.names().await, [""; 0]);
        assert_eq!(mount.vfs.status().saves, []);
    }
}

#[tokio::test(start_paused = true)]
async fn a_text_refused_while_a_save_is_on_its_way_hides_it_but_does_not_stop_it() {
    let mut mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    mount.memory.fail_next(std::iter::repeat_n(Fault::Before(Kind::Unreachable), 1000));
    mount.overwrite("Plan.md", b"- [ ] a\n- [ ] B\n").await.unwrap();
    mount.overwrite("Plan.md", BAD.as_bytes()).await.unwrap_err();
    mount.remount().await;
    assert_eq!(mount.read("Plan.md").await, BAD);
    mount.memory.heal();
    pass(100).await;
    assert_eq!(mount.memory.tree("plan"), "a\nB\n");
    assert_eq!(state(&mount, "Plan.md").await, "rejected");
    discard(&mount, "Plan.md").await;
    assert_eq!(mount.read("Plan.md").await, "- [ ] a\n- [ ] B\n");
}

#[tokio::test(start_paused = true)]
async fn a_save_that_the_token_was_refused_for_is_sent_by_the_next_mount() {
    let mut mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    mount.memory.fail_next([Fault::Before(Kind::Unauthorized)]);
    let error = mount.edit("Plan.md", |text| text.replace("] b", "] B")).await.unwrap_err();
    assert_eq!(error.errno(), libc::EACCES);
    assert_eq!(state(&mount, "Plan.md").await, "rejected");
    mount.remount().await;
    pass(10).await;
    assert_eq!(mount.memory.tree("plan"), "a\nB\n");
    assert_eq!(state(&mount, "Plan.md").await, "clean");
    assert_eq!(shelf(&mount, "rejected"), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn words_that_a_save_overrides_are_kept() {
    let mount = Mount::of("a\nb").await;
    let text = mount.read("Plan.md").await;
    mount.memory.edit_elsewhere("plan", "t2", "theirs");
    mount.memory.edit_elsewhere("plan", "t1", "also theirs");
    pass(60).await;
    mount.overwrite("Plan.md", text.replace("] b", "] ours").as_bytes()).await.unwrap();
    pass(60).await;
    assert_eq!(mount.memory.tree("plan"), "also theirs\nours\n");
    let kept = shelf(&mount, "conflicts");
    assert_eq!(kept.len(), 2, "{kept:?}");
    let version = record(&mount, &format!("conflicts/{}", kept[0]));
    assert_eq!(version, "- [ ] also theirs\n- [ ] theirs\n");
    let reason = record(&mount, &format!("conflicts/{}", kept[1]));
    assert!(reason.contains("elsewhere (overridden): theirs"), "{reason}");
    assert!(Path::new(&kept[0]).extension().is_some_and(|ending| ending == "md"));
}
