//! Lines that are cut from one project and pasted into another: nothing of them is lost, whatever
//! comes first, and whatever comes in between. The file system driven directly, in virtual time.

use taskadefs::error::Kind;

use crate::support::{
    harness::{Mount, pass},
    service::{Fault, details::day},
};

const PLAN: &str = "- [ ] stay\n- [ ] move me\n  - [ ] with me\n";
const CUT: &str = "- [ ] stay\n";
const HOME: &str = "- [ ] home\n";
const PASTED: &str = "- [ ] home\n- [ ] move me\n  - [ ] with me\n";

/// A program that has two projects before it. What is cut has details that no text shows.
async fn open() -> Mount {
    let mount = Mount::of("stay\nmove me\n  with me").await;
    mount.memory.seed("f", "home", "Home", "home");
    mount.memory.detail_elsewhere("plan", "t2", |task| {
        task.date = Some(day("2026-12-01"));
        task.assignees = vec!["alice".to_owned()];
        task.fields.insert("@inc01".to_owned(), 7.into());
    });
    mount.memory.detail_elsewhere("plan", "t3", |task| task.note = Some("a note".to_owned()));
    pass(60).await;
    mount.names().await;
    pass(1).await;
    assert_eq!(mount.read("Plan.md").await, PLAN);
    assert_eq!(mount.read("Home.md").await, HOME);
    mount.writes();
    mount
}

/// The tasks in their new place have everything, and are nowhere else.
fn assert_moved(mount: &Mount) {
    assert_eq!(mount.memory.tree("plan"), "stay\n");
    assert_eq!(mount.memory.tree("home"), "home\nmove me\n  with me\n");
    let ids = mount.memory.ids("home");
    let (top, below) =
        (mount.memory.details("home", &ids[1]), mount.memory.details("home", &ids[2]));
    assert_eq!(top.date, Some(day("2026-12-01")));
    assert_eq!(top.assignees, ["alice"]);
    assert_eq!(top.fields["@inc01"], 7);
    assert_eq!(below.note.as_deref(), Some("a note"));
}

async fn cut(mount: &Mount) {
    mount.overwrite("Plan.md", CUT.as_bytes()).await.unwrap();
}

async fn paste(mount: &Mount) {
    mount.overwrite("Home.md", PASTED.as_bytes()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_cut_and_then_pasted_keeps_what_no_text_shows() {
    let mount = open().await;
    let began = tokio::time::Instant::now();
    cut(&mount).await;
    assert!(began.elapsed().as_secs() < 2, "the program is not held up");
    assert_eq!(mount.writes(), [""; 0], "the deletion waits");
    assert_eq!(mount.read("Plan.md").await, CUT);
    pass(20).await;
    paste(&mount).await;
    pass(5).await;
    assert_moved(&mount);
    let writes = mount.writes();
    assert_eq!(writes.last().unwrap(), "DELETE t2", "{writes:?}");
    let shown = mount.read("Home.md").await;
    assert!(shown.contains("- [ ] move me @alice [@inc01:: 7] 📅 2026-12-01\n"), "{shown}");
    assert!(shown.contains("    > a note\n"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn what_is_pasted_and_then_cut_keeps_what_no_text_shows() {
    let mount = open().await;
    paste(&mount).await;
    pass(100).await;
    cut(&mount).await;
    pass(5).await;
    assert_moved(&mount);
}

#[tokio::test(start_paused = true)]
async fn what_is_pasted_into_a_new_project_keeps_it_too() {
    let mount = open().await;
    cut(&mount).await;
    mount.create("New.md", b"- [ ] move me\n  - [ ] with me\n").await.unwrap();
    pass(10).await;
    let id = mount.memory.find("New").unwrap();
    let ids = mount.memory.ids(&id);
    assert_eq!(mount.memory.tree(&id), "move me\n  with me\n");
    assert_eq!(mount.memory.details(&id, &ids[0]).date, Some(day("2026-12-01")));
    assert_eq!(mount.memory.details(&id, &ids[1]).note.as_deref(), Some("a note"));
    assert_eq!(mount.memory.tree("plan"), "stay\n");
}

#[tokio::test(start_paused = true)]
async fn what_is_cut_and_never_pasted_is_deleted_after_half_a_minute() {
    let mount = open().await;
    cut(&mount).await;
    pass(25).await;
    assert_eq!(mount.writes(), [""; 0]);
    pass(10).await;
    assert_eq!(mount.writes(), ["DELETE t2"]);
    assert_eq!(mount.read("Plan.md").await, CUT);
}

#[tokio::test(start_paused = true)]
async fn a_program_with_one_project_waits_for_nothing() {
    let mount = Mount::of("stay\nmove me\n  with me").await;
    mount.read("Plan.md").await;
    cut(&mount).await;
    assert_eq!(mount.writes(), ["DELETE t2"]);
}

#[tokio::test(start_paused = true)]
async fn other_changes_of_the_project_do_not_wait() {
    let mount = open().await;
    mount.overwrite("Plan.md", b"- [x] stay\n- [ ] new\n").await.unwrap();
    assert_eq!(mount.writes(), ["POST [beforeend project \"new\"]", "POST t1/complete"]);
    mount.overwrite("Plan.md", b"- [x] stays\n- [ ] new\n").await.unwrap();
    assert_eq!(mount.writes(), ["PUT t1 \"stays\""]);
    pass(70).await;
    assert_eq!(mount.writes(), ["DELETE t2"]);
    assert_eq!(mount.memory.tree("plan"), "x stays\nnew\n");
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_waits_is_made_before_the_mount_goes() {
    let mount = open().await;
    cut(&mount).await;
    assert_eq!(mount.writes(), [""; 0]);
    mount.vfs.rest(std::time::Duration::from_secs(10)).await;
    assert_eq!(mount.writes(), ["DELETE t2"]);
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_time_loses_nothing() {
    // Between cut and paste; after the paste is promised; while details are copied.
    for crash in 0..6 {
        let mut mount = open().await;
        cut(&mount).await;
        if crash == 0 {
            mount.remount_offline().await;
            mount.memory.set_offline(false);
            pass(1).await;
            mount.read("Home.md").await;
            mount.read("Plan.md").await;
        }
        if crash == 1 {
            mount.memory.set_offline(true);
        }
        if crash > 1 {
            // So many writes come through, then the network goes.
            let faults = vec![Fault::None; crash - 2].into_iter();
            mount.memory.fail_next(faults.chain(vec![Fault::Before(Kind::Unreachable); 20]));
        }
        paste(&mount).await;
        if crash > 0 {
            pass(3).await;
            mount.remount_offline().await;
            mount.memory.heal();
        }
        pass(400).await;
        assert_moved(&mount);
    }
}

#[tokio::test(start_paused = true)]
async fn while_the_copy_is_refused_the_old_task_stays() {
    let mount = open().await;
    cut(&mount).await;
    // The create comes through, the first detail does not.
    mount.memory.fail_next([Fault::None, Fault::None, Fault::Before(Kind::Forbidden)]);
    let error = mount.overwrite("Home.md", PASTED.as_bytes()).await.unwrap_err();
    assert_eq!(error.errno(), libc::EACCES);
    pass(1000).await;
    assert_eq!(mount.memory.tree("plan"), "stay\nmove me\n  with me\n");
    let ino = mount.ino("Home.md").await.unwrap();
    mount.vfs.retry(ino, false).await.unwrap();
    pass(10).await;
    assert_moved(&mount);
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_is_given_up_holds_nothing_back() {
    let mount = open().await;
    cut(&mount).await;
    mount.memory.fail_next([Fault::None, Fault::None, Fault::Before(Kind::Forbidden)]);
    mount.overwrite("Home.md", PASTED.as_bytes()).await.unwrap_err();
    pass(100).await;
    let ino = mount.ino("Home.md").await.unwrap();
    mount.vfs.discard(ino).await.unwrap();
    pass(100).await;
    assert_eq!(mount.memory.tree("plan"), "stay\n");
}

#[tokio::test(start_paused = true)]
async fn a_held_deletion_that_is_put_back_is_that_task_again() {
    let mount = open().await;
    cut(&mount).await;
    mount.overwrite("Plan.md", PLAN.as_bytes()).await.unwrap();
    pass(100).await;
    assert_eq!(mount.writes(), [""; 0]);
    assert_eq!(mount.memory.ids("plan"), ["t1", "t2", "t3"]);
    // Somewhere else it is moved, with all that it has.
    cut(&mount).await;
    let moved = "- [ ] move me\n  - [ ] with me\n- [ ] stay\n";
    mount.overwrite("Plan.md", moved.as_bytes()).await.unwrap();
    pass(100).await;
    let writes = mount.writes();
    assert!(writes.len() == 1 && writes[0].contains("/move"), "{writes:?}");
    assert_eq!(mount.memory.tree("plan"), "move me\n  with me\nstay\n");
    assert_eq!(mount.memory.details("plan", "t2").date, Some(day("2026-12-01")));
}
