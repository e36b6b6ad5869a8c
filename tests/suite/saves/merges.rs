//! Saves that are merged: with what others did meanwhile, with what an answer that was lost had
//! done, and with each other while they wait. The file system driven directly, in virtual time.

use taskadefs::error::Kind;

use crate::support::{
    harness::{Mount, pass},
    service::Fault,
};

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_was_lost_is_not_made_twice() {
    let mount = Mount::of("a").await;
    mount.memory.fail_next([Fault::After]);
    mount.edit("Plan.md", |text| format!("{text}- [ ] b\n- [ ] c\n")).await.unwrap();
    pass(120).await;
    assert_eq!(mount.memory.tree("plan"), "a\nb\nc\n");
    assert_eq!(mount.writes().len(), 1);
    let ino = mount.ino("Plan.md").await.unwrap();
    assert_eq!(mount.attribute(ino, "user.taskade.state").await.as_deref(), Some("clean"));
}

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
async fn several_waiting_saves_become_one() {
    let mount = Mount::of("a").await;
    mount.memory.fail_next(vec![Fault::Before(Kind::Unreachable); 6]);
    for text in
        ["- [ ] a\n- [ ] b\n", "- [ ] a\n- [ ] b\n- [ ] c\n", "- [ ] a\n- [ ] bb\n- [ ] c\n"]
    {
        mount.overwrite("Plan.md", text.as_bytes()).await.unwrap();
    }
    pass(300).await;
    assert_eq!(mount.memory.tree("plan"), "a\nbb\nc\n");
    assert_eq!(mount.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
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

/// The text of a waiting save shows after a crash, and is edited on, while the service has
/// tasks that it never showed.
#[tokio::test(start_paused = true)]
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
