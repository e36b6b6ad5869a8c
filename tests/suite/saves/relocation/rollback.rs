//! Moves of which Taskade refuses a part, after the project has become its copy or before: it is
//! again where it was, alone, and programs go on with what they have before their eyes. The file
//! system driven directly, in virtual time.

use std::ffi::OsStr;

use taskadefs::{
    error::Kind,
    vfs::{Ino, RenameMode},
};

use crate::{
    saves::relocation::{A, AC, move_to, open, sales, text_in},
    support::{
        harness::{Mount, TRUNCATE, me, pass},
        service::Fault,
    },
};

const BOTH: &str = "both projects are kept; compare them and remove one";

/// The copy is made, and what comes next is refused so often.
fn refuse_after_copy(mount: &Mount, kind: Kind, times: usize) {
    mount.memory.fail_next([Fault::None]);
    mount.memory.fail_next(vec![Fault::Before(kind); times]);
}

async fn overwrite_in(mount: &Mount, folder: Ino, name: &str, text: &str) {
    let ino = mount.vfs.lookup(folder, OsStr::new(name), me()).await.unwrap().ino;
    let opened = mount.vfs.open(ino, TRUNCATE, me()).await.unwrap();
    mount.vfs.write(opened.fh, 0, text.as_bytes()).await.unwrap();
    mount.vfs.flush(opened.fh, me()).await.unwrap();
    mount.vfs.release(opened.fh).await.unwrap();
}

/// There is the one project that was there before, with these tasks, and nothing waits.
async fn assert_back(mount: &Mount, tree: &str) {
    assert_eq!(mount.memory.open_projects(), ["f/Plan"]);
    assert_eq!(mount.memory.find("Plan").as_deref(), Some("plan"));
    assert_eq!(mount.memory.tree("plan"), tree);
    assert_eq!(mount.names().await, ["Plan.md"]);
    assert_eq!(mount.names_of(sales(mount).await).await, [""; 0]);
    assert_eq!(mount.vfs.status().saves.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_refused_archival_takes_the_copy_back() {
    for kind in [Kind::Forbidden, Kind::PaymentRequired, Kind::Refused] {
        for new_ids in [true, false] {
            let (mount, sales) = open("a\n  b").await;
            mount.memory.lock().copies_have_new_ids = new_ids;
            refuse_after_copy(&mount, kind, 1);
            let error = move_to(&mount, sales, "Better.md").await.unwrap_err();
            assert_eq!(error.errno(), kind.errno());
            assert!(error.to_string().contains("`Plan` could not be archived"), "{error}");
            assert!(!error.to_string().contains(BOTH), "{error}");
            assert_eq!(mount.writes(), ["POST plan/copy \"Better\"", "POST p1/complete"]);
            assert_back(&mount, "a\n  b\n").await;
            assert_eq!(mount.read("Plan.md").await, A);
            assert_eq!(mount.vfs.status().moves, []);
            // Then it goes through after all.
            move_to(&mount, sales, "Better.md").await.unwrap();
            assert_eq!(mount.memory.open_projects(), ["s/Better"]);
            assert_eq!(text_in(&mount, sales, "Better.md").await, A);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn programs_go_on_with_the_original_as_they_saw_it() {
    for new_ids in [true, false] {
        for is_killed in [true, false] {
            let (mut mount, sales) = open("a\n  b").await;
            mount.memory.lock().copies_have_new_ids = new_ids;
            refuse_after_copy(&mount, Kind::Forbidden, 1);
            move_to(&mount, sales, "Plan.md").await.unwrap_err();
            pass(10).await;
            if is_killed {
                mount.kill().await;
            }
            // Nobody here has seen it.
            mount.memory.add_elsewhere("plan", "x", "theirs");
            mount.overwrite("Plan.md", b"- [ ] a\n- [ ] mine\n").await.unwrap();
            pass(100).await;
            assert_back(&mount, "a\nmine\ntheirs\n").await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_done_to_the_copy_is_done_to_the_original() {
    for new_ids in [true, false] {
        for is_killed in [true, false] {
            let (mut mount, sales) = open("a\n  b\nc").await;
            mount.memory.lock().copies_have_new_ids = new_ids;
            // The copy is made, and others change the original before it is archived: then the copy
            // is changed first.
            refuse_after_copy(&mount, Kind::Unreachable, 20);
            move_to(&mount, sales, "Plan.md").await.unwrap();
            mount.memory.edit_elsewhere("plan", "t1", "a, edited");
            mount.memory.delete_elsewhere("plan", "t3");
            let text = "- [ ] a\n  - [ ] b\n- [ ] c\n- [ ] saved\n";
            overwrite_in(&mount, sales, "Plan.md", text).await;
            mount.memory.heal();
            mount.memory.fail_next(vec![Fault::None; 3]);
            mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
            if is_killed {
                mount.kill().await;
            }
            pass(200).await;
            assert_back(&mount, "a, edited\n  b\nsaved\n").await;
            assert_eq!(mount.read("Plan.md").await, "- [ ] a, edited\n  - [ ] b\n- [ ] saved\n");
            assert_eq!(mount.vfs.status().moves.len(), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_kill_at_any_step_of_the_way_there_and_back_leaves_one_project() {
    for is_killed in [true, false] {
        let mut gone_through = 0;
        for through in 0..12 {
            let (mut mount, sales) = open("a\n  b").await;
            mount.memory.lock().copies_have_new_ids = is_killed;
            mount.memory.set_offline(true);
            mount.overwrite("Plan.md", AC.as_bytes()).await.unwrap();
            move_to(&mount, sales, "Plan.md").await.unwrap();
            mount.memory.heal();
            // The save, the copy, and its archival.
            mount.memory.fail_next([Fault::None]);
            refuse_after_copy(&mount, Kind::Forbidden, 1);
            mount.memory.cut_after(Some(through));
            pass(100).await;
            mount.memory.cut_after(None);
            if is_killed {
                mount.kill().await;
            } else {
                mount.crash().await;
            }
            pass(200).await;
            if mount.memory.open_projects() == ["s/Plan"] {
                // It was about to look whether the archival had been refused in vain: it is tried
                // again, and goes through.
                gone_through += 1;
                let sales = self::sales(&mount).await;
                assert_eq!(text_in(&mount, sales, "Plan.md").await, AC);
                continue;
            }
            assert_back(&mount, "a\n  b\nc\n").await;
            assert_eq!(mount.read("Plan.md").await, AC);
            assert_eq!(mount.vfs.status().moves.len(), 1);
        }
        assert_eq!(gone_through, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_save_is_refused_still_where_it_was() {
    let (mount, sales) = open("a\n  b").await;
    mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
    mount.overwrite("Plan.md", AC.as_bytes()).await.unwrap_err();
    refuse_after_copy(&mount, Kind::Forbidden, 1);
    move_to(&mount, sales, "Plan.md").await.unwrap_err();
    pass(30).await;
    assert_eq!(mount.memory.open_projects(), ["f/Plan"]);
    assert_eq!(mount.read("Plan.md").await, AC);
    let ino = mount.ino("Plan.md").await.unwrap();
    assert_eq!(mount.attribute(ino, "user.taskade.state").await.as_deref(), Some("rejected"));
    mount.vfs.retry(ino, false).await.unwrap();
    assert_back(&mount, "a\n  b\nc\n").await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_undone_either_is_told_and_known_by_whoever_has_read_it() {
    for is_late in [true, false] {
        for is_killed in [true, false] {
            let (mut mount, sales) = open("a\n  b").await;
            mount.memory.lock().copies_have_new_ids = true;
            mount.memory.fail_next([Fault::None]);
            if is_late {
                mount.memory.fail_next(vec![Fault::Before(Kind::Unreachable); 3]);
            }
            mount.memory.fail_next(vec![Fault::Before(Kind::Forbidden); 2]);
            let moved = move_to(&mount, sales, "Plan.md").await;
            pass(200).await;
            assert_eq!(mount.memory.open_projects(), ["f/Plan", "s/Plan"]);
            let reason = match moved {
                Ok(()) => mount.vfs.status().moves[0].reason.clone(),
                Err(error) => error.to_string(),
            };
            assert!(reason.contains(BOTH) && !reason.contains("under its old name"), "{reason}");
            assert_eq!(mount.vfs.status().moves.len(), usize::from(is_late));
            if is_killed {
                mount.kill().await;
            }
            // What others add to either, nobody here has seen.
            mount.memory.add_elsewhere("plan", "x", "theirs");
            mount.memory.add_elsewhere("p1", "x", "theirs");
            overwrite_in(&mount, self::sales(&mount).await, "Plan.md", "- [ ] a\n").await;
            mount.overwrite("Plan.md", b"- [ ] a\n").await.unwrap();
            pass(100).await;
            assert_eq!(mount.memory.tree("plan"), "a\ntheirs\n");
            assert_eq!(mount.memory.tree("p1"), "a\ntheirs\n");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_move_that_is_refused_leaves_the_project_where_the_first_took_it() {
    let (mount, sales) = open("a\n  b").await;
    // The first is at its archival when the second is asked for.
    refuse_after_copy(&mount, Kind::Unreachable, 20);
    move_to(&mount, sales, "Plan.md").await.unwrap();
    let (from, to) = ((sales, OsStr::new("Plan.md")), (mount.folder, OsStr::new("Other.md")));
    mount.vfs.rename(from, to, RenameMode::default(), me()).await.unwrap();
    mount.memory.heal();
    mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
    pass(200).await;
    assert_eq!(mount.memory.open_projects(), ["s/Plan"]);
    assert_eq!(mount.names().await, [""; 0]);
    assert_eq!(text_in(&mount, sales, "Plan.md").await, A);
    let moves = mount.vfs.status().moves;
    assert_eq!(moves.len(), 1, "{moves:?}");
    assert!(moves[0].reason.contains("Marketing/Other.md"), "{moves:?}");
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_is_not_gone_on_with_is_archived_unless_somebody_uses_it() {
    for is_used in [true, false] {
        let (mount, sales) = open("a\n  b").await;
        let text = "- [ ] a @alice 📅 2026-12-01\n  - [ ] b\n";
        mount.overwrite("Plan.md", text.as_bytes()).await.unwrap();
        mount.writes();
        // The copy is made, and then may not be looked at.
        mount.memory.cut_after(Some(1));
        move_to(&mount, sales, "Better.md").await.unwrap();
        if is_used {
            mount.memory.add_elsewhere("p1", "x", "theirs");
        }
        mount.memory.cut_after(None);
        mount.memory.fail_next_reads([Fault::Before(Kind::Forbidden)]);
        pass(200).await;
        let open: &[&str] = if is_used { &["f/Plan", "s/Better"] } else { &["f/Plan"] };
        assert_eq!(mount.memory.open_projects(), open);
        assert_eq!(mount.read("Plan.md").await, text);
        let reason = mount.vfs.status().moves[0].reason.clone();
        assert_eq!(reason.contains(BOTH), is_used, "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_archival_whose_answer_was_lost_is_done_whatever_is_said_to_the_next_one() {
    for kind in [Kind::Forbidden, Kind::PaymentRequired, Kind::Refused] {
        let (mount, sales) = open("a\n  b").await;
        // The copy, and its archival twice.
        mount.memory.fail_next([Fault::None, Fault::After, Fault::Before(kind)]);
        move_to(&mount, sales, "Plan.md").await.unwrap();
        pass(200).await;
        assert_eq!(mount.memory.open_projects(), ["s/Plan"], "{kind:?}");
        assert_eq!(text_in(&mount, sales, "Plan.md").await, A, "{kind:?}");
        assert_eq!(mount.vfs.status().moves, [], "{kind:?}");
    }
}
