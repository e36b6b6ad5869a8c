//! Projects that are made from templates while answers are lost, nothing gets through, or the process is
//! killed: one in the end, under its name. The file system driven directly, in virtual time.

use std::ffi::OsStr;

use taskadefs::error::Kind;

use crate::support::{
    harness::{Mount, READ, me, pass},
    service::Fault,
};

/// A mount with the template `Sprint`, whose titles can be changed.
async fn templated() -> Mount {
    let mount = Mount::of("a").await;
    mount.memory.seed("w", "model", "Sprint", "plan\n  estimate");
    mount.memory.add_template("s", "Sprint", "model");
    mount.memory.lock().titles_follow = true;
    mount.names().await;
    mount
}

/// Opens the template's file and reads it.
async fn template(mount: &Mount) -> Vec<u8> {
    let mut ino = mount.folder;
    for name in [".taskade", "templates", "Sprint.md"] {
        ino = mount.vfs.lookup(ino, OsStr::new(name), me()).await.unwrap().ino;
    }
    let opened = mount.vfs.open(ino, READ, me()).await.unwrap();
    let text = mount.vfs.read(opened.fh, 0, 1 << 20).await.unwrap();
    mount.vfs.release(opened.fh).await.unwrap();
    text
}

/// There is one project from the template, under the name of the copy, and nothing waits.
async fn assert_made(mount: &Mount) {
    assert_eq!(mount.memory.open_projects(), ["f/Plan", "f/Sprint 12", "w/Sprint"]);
    let id = mount.memory.find("Sprint 12").unwrap();
    assert_eq!(mount.memory.tree(&id), "plan\n  estimate\n");
    let mut names = mount.names().await;
    names.sort();
    assert_eq!(names, ["Plan.md", "Sprint 12.md"]);
    assert_eq!(mount.read("Sprint 12.md").await, "- [ ] plan\n  - [ ] estimate\n");
    assert_eq!(mount.vfs.status().saves.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn it_costs_its_request_a_look_and_a_renaming() {
    let mount = templated().await;
    let text = template(&mount).await;
    mount.memory.take_reads();
    mount.create("Sprint 12.md", &text).await.unwrap();
    pass(10).await;
    assert_eq!(mount.writes(), ["POST from-template", "PUT title \"Sprint 12\""]);
    assert_eq!(mount.memory.take_reads(), 2, "its tasks, and what it is called now");
    assert_made(&mount).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_or_a_kill_leaves_one_project() {
    for step in 0..2 {
        for is_executed in [true, false] {
            for is_killed in [true, false] {
                let mut mount = templated().await;
                let text = template(&mount).await;
                let fault = if is_executed { Fault::After } else { Fault::Before(Kind::Ambiguous) };
                let faults = vec![Fault::None; step].into_iter().chain([fault]);
                mount.memory.fail_next(faults);
                mount.create("Sprint 12.md", &text).await.unwrap();
                if is_killed {
                    mount.crash().await;
                }
                pass(200).await;
                assert_made(&mount).await;
            }
        }
    }
    for through in 0..6 {
        let mut mount = templated().await;
        let text = template(&mount).await;
        mount.memory.cut_after(Some(through));
        mount.create("Sprint 12.md", &text).await.unwrap();
        pass(3).await;
        mount.memory.heal();
        mount.crash().await;
        pass(200).await;
        assert_made(&mount).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_written_to_it_before_it_is_made_stands_behind_what_the_template_holds() {
    let mount = templated().await;
    let text = template(&mount).await;
    mount.memory.set_offline(true);
    mount.create("Sprint 12.md", &text).await.unwrap();
    mount.edit("Sprint 12.md", |text| format!("{text}\n- [ ] mine\n")).await.unwrap();
    mount.memory.heal();
    pass(200).await;
    let id = mount.memory.find("Sprint 12").unwrap();
    assert_eq!(mount.memory.tree(&id), "plan\n  estimate\nmine\n");
    assert_eq!(mount.memory.open_projects().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_template_that_is_refused_makes_no_project() {
    for kind in [Kind::Forbidden, Kind::PaymentRequired, Kind::NotFound] {
        let mount = templated().await;
        let text = template(&mount).await;
        mount.memory.fail_next([Fault::Before(kind)]);
        let error = mount.create("Sprint 12.md", &text).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(mount.memory.open_projects(), ["f/Plan", "w/Sprint"]);
        let ino = mount.ino("Sprint 12.md").await.unwrap();
        mount.vfs.retry(ino, false).await.unwrap();
        pass(10).await;
        assert_made(&mount).await;
    }
}

#[tokio::test(start_paused = true)]
async fn where_it_cannot_be_renamed_it_is_shown_as_it_is_called() {
    let mount = templated().await;
    mount.memory.lock().titles_follow = false;
    let text = template(&mount).await;
    // Its title stays, and no copy can be made under the other.
    mount.memory.fail_next([Fault::None, Fault::None, Fault::Before(Kind::Forbidden)]);
    mount.create("Sprint 12.md", &text).await.unwrap();
    pass(60).await;
    assert_eq!(mount.memory.open_projects(), ["f/Plan", "f/Sprint", "w/Sprint"]);
    let mut names = mount.names().await;
    names.sort();
    assert_eq!(names, ["Plan.md", "Sprint.md"]);
    let moves = mount.vfs.status().moves;
    assert!(moves[0].path.ends_with("Sprint.md"), "{moves:?}");
    assert!(moves[0].reason.contains("Sprint 12.md"), "{moves:?}");
}
