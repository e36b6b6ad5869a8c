//! Projects that are renamed and moved while saves wait, answers are lost, others are at it, or the
//! process is killed: one project in the end, with everything. The file system driven directly, in
//! virtual time.

mod changed_copy;
mod replace;
mod rollback;

use std::{ffi::OsStr, time::Duration};

use taskadefs::{
    error::{Kind, Result},
    vfs::{Ino, ROOT, RenameMode},
};

use crate::support::{
    harness::{APPEND, Mount, READ, me, pass},
    service::{Fault, details::day},
};

/// A mount with `Plan.md` in `Marketing`, and the folder `Sales` beside it.
pub(crate) async fn open(tasks: &str) -> (Mount, Ino) {
    let mount = Mount::of(tasks).await;
    mount.memory.add_folder("s", "Sales");
    pass(60).await;
    let sales = sales(&mount).await;
    mount.read("Plan.md").await;
    mount.names().await;
    mount.names_of(sales).await;
    mount.writes();
    mount.memory.take_reads();
    (mount, sales)
}

pub(crate) async fn sales(mount: &Mount) -> Ino {
    let acme = mount.vfs.lookup(ROOT, OsStr::new("Acme"), me()).await.unwrap().ino;
    mount.vfs.lookup(acme, OsStr::new("Sales"), me()).await.unwrap().ino
}

/// Moves `Plan.md` to `Sales`, under a name.
pub(crate) async fn move_to(mount: &Mount, sales: Ino, name: &str) -> Result<()> {
    let (from, to) = (OsStr::new("Plan.md"), OsStr::new(name));
    let mode = RenameMode::default();
    mount.vfs.rename((mount.folder, from), (sales, to), mode, me()).await
}

pub(crate) async fn text_in(mount: &Mount, folder: Ino, name: &str) -> String {
    let ino = mount.vfs.lookup(folder, OsStr::new(name), me()).await.unwrap().ino;
    let opened = mount.vfs.open(ino, READ, me()).await.unwrap();
    let bytes = mount.vfs.read(opened.fh, 0, 1 << 20).await.unwrap();
    mount.vfs.release(opened.fh).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

/// There is one project, in `Sales`, and it has these tasks.
pub(crate) async fn assert_moved(mount: &Mount, tree: &str) {
    assert_eq!(mount.memory.open_projects(), ["s/Plan"]);
    let id = mount.memory.find("Plan").unwrap();
    assert_eq!(mount.memory.tree(&id), tree);
    assert_eq!(mount.names().await, [""; 0]);
    assert_eq!(mount.names_of(sales(mount).await).await, ["Plan.md"]);
    assert_eq!(mount.vfs.status().saves.len(), 0);
}

pub(crate) const A: &str = "- [ ] a\n  - [ ] b\n";
pub(crate) const AC: &str = "- [ ] a\n  - [ ] b\n- [ ] c\n";

#[tokio::test(start_paused = true)]
async fn a_move_costs_a_copy_a_look_at_both_and_an_archival() {
    let (mount, sales) = open("a\n  b").await;
    move_to(&mount, sales, "Plan.md").await.unwrap();
    assert_eq!(mount.memory.take_reads(), 2);
    assert_eq!(mount.writes(), ["POST plan/copy \"Plan\"", "POST plan/complete"]);
    assert_eq!(text_in(&mount, sales, "Plan.md").await, A);
    assert_moved(&mount, "a\n  b\n").await;
    assert_eq!(mount.memory.take_reads(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_renaming_that_taskade_takes_costs_it_and_a_look() {
    let (mount, _) = open("a").await;
    mount.memory.lock().titles_follow = true;
    mount.rename("Plan.md", "Better.md").await.unwrap();
    assert_eq!(mount.memory.take_reads(), 1);
    assert_eq!(mount.writes(), ["PUT title \"Better\""]);
    assert_eq!(mount.memory.open_projects(), ["f/Better"]);
    assert_eq!(mount.names().await, ["Better.md"]);
}

#[tokio::test(start_paused = true)]
async fn a_save_that_waits_goes_where_its_project_goes() {
    for (new_ids, in_place) in [(true, false), (false, false), (false, true), (true, true)] {
        let (mut mount, sales) = open("a\n  b").await;
        mount.memory.lock().copies_have_new_ids = new_ids;
        mount.memory.lock().titles_follow = in_place;
        mount.memory.set_offline(true);
        mount.overwrite("Plan.md", AC.as_bytes()).await.unwrap();
        let renamed = if in_place {
            mount.rename("Plan.md", "Better.md").await
        } else {
            move_to(&mount, sales, "Better.md").await
        };
        renamed.unwrap();
        // The names show it at once, also after a remount, and it is told that it waits.
        let there = if in_place { mount.folder } else { sales };
        assert_eq!(mount.names_of(there).await, ["Better.md"]);
        assert_eq!(text_in(&mount, there, "Better.md").await, AC);
        assert_eq!(mount.vfs.status().saves.len(), 1);
        // Offline throughout: whoever sends it begins as soon as Taskade is there.
        mount.remount_cleanly().await;
        let there = if in_place { mount.folder } else { self::sales(&mount).await };
        assert_eq!(mount.names_of(there).await, ["Better.md"]);
        assert_eq!(text_in(&mount, there, "Better.md").await, AC);
        assert_eq!(mount.vfs.status().saves.len(), 1);
        mount.memory.heal();
        pass(120).await;
        let place = if in_place { "f/Better" } else { "s/Better" };
        assert_eq!(mount.memory.open_projects(), [place]);
        let id = mount.memory.find("Better").unwrap();
        assert_eq!(mount.memory.tree(&id), "a\n  b\nc\n");
        assert_eq!(mount.names_of(there).await, ["Better.md"]);
        assert_eq!(mount.vfs.status().saves.len(), 0);
        let writes = mount.writes();
        let creates = writes.iter().filter(|write| write.contains("\"c\"")).count();
        assert_eq!(creates, 1, "{writes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_move_there_and_back_while_nothing_gets_through_sends_nothing() {
    let (mount, sales) = open("a").await;
    mount.memory.set_offline(true);
    move_to(&mount, sales, "Plan.md").await.unwrap();
    let (from, to) = ((sales, OsStr::new("Plan.md")), (mount.folder, OsStr::new("Plan.md")));
    mount.vfs.rename(from, to, RenameMode::default(), me()).await.unwrap();
    mount.memory.heal();
    pass(120).await;
    assert_eq!(mount.writes(), [""; 0]);
    assert_eq!(mount.names().await, ["Plan.md"]);
    assert_eq!(mount.vfs.status().saves.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_refused_save_goes_along_and_can_be_sent_or_given_up_there() {
    for is_retried in [true, false] {
        let (mount, sales) = open("a\n  b").await;
        mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
        mount.overwrite("Plan.md", AC.as_bytes()).await.unwrap_err();
        move_to(&mount, sales, "Plan.md").await.unwrap();
        pass(30).await;
        assert_eq!(mount.memory.open_projects(), ["s/Plan"]);
        assert_eq!(text_in(&mount, sales, "Plan.md").await, AC);
        let ino = mount.vfs.lookup(sales, OsStr::new("Plan.md"), me()).await.unwrap().ino;
        assert_eq!(mount.attribute(ino, "user.taskade.state").await.as_deref(), Some("rejected"));
        if is_retried {
            mount.vfs.retry(ino, false).await.unwrap();
            assert_moved(&mount, "a\n  b\nc\n").await;
        } else {
            mount.vfs.discard(ino).await.unwrap();
            pass(30).await;
            assert_moved(&mount, "a\n  b\n").await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_project_that_is_being_created_is_moved_once_it_is() {
    let (mount, sales) = open("a").await;
    mount.unlink("Plan.md").await.unwrap();
    pass(10).await;
    mount.writes();
    // Its answer is lost: nobody knows whether it was created.
    mount.memory.fail_next([Fault::After, Fault::Before(Kind::Unreachable)]);
    mount.memory.fail_next_reads(vec![Fault::Before(Kind::Unreachable); 3]);
    mount.create("New.md", b"- [ ] a\n  - [ ] b\n").await.unwrap();
    let (from, to) = ((mount.folder, OsStr::new("New.md")), (sales, OsStr::new("Plan.md")));
    mount.vfs.rename(from, to, RenameMode::default(), me()).await.unwrap();
    assert_eq!(mount.names_of(sales).await, ["Plan.md"]);
    mount.memory.heal();
    pass(200).await;
    assert_moved(&mount, "a\n  b\n").await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_at_any_step_leaves_one_project() {
    for new_ids in [true, false] {
        for step in 0..4 {
            for is_executed in [true, false] {
                for is_killed in [true, false] {
                    let (mut mount, sales) = open("a\n  b").await;
                    mount.memory.lock().copies_have_new_ids = new_ids;
                    // One save, the copy, the archival.
                    let faults = vec![Fault::None; step].into_iter();
                    let fault =
                        if is_executed { Fault::After } else { Fault::Before(Kind::Ambiguous) };
                    mount.memory.fail_next(faults.chain([fault]));
                    mount.overwrite("Plan.md", AC.as_bytes()).await.unwrap();
                    move_to(&mount, sales, "Plan.md").await.unwrap();
                    if is_killed {
                        mount.crash().await;
                    }
                    pass(200).await;
                    assert_moved(&mount, "a\n  b\nc\n").await;
                    assert_eq!(text_in(&mount, self::sales(&mount).await, "Plan.md").await, AC);
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_kill_between_any_two_requests_leaves_one_project() {
    for new_ids in [true, false] {
        for through in 0..8 {
            let (mut mount, sales) = open("a\n  b").await;
            mount.memory.lock().copies_have_new_ids = new_ids;
            mount.memory.set_offline(true);
            mount.overwrite("Plan.md", AC.as_bytes()).await.unwrap();
            move_to(&mount, sales, "Plan.md").await.unwrap();
            mount.memory.heal();
            mount.memory.cut_after(Some(through));
            pass(100).await;
            mount.memory.cut_after(None);
            mount.crash().await;
            pass(200).await;
            assert_moved(&mount, "a\n  b\nc\n").await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_project_of_that_title_that_others_made_is_not_taken_for_the_copy() {
    for is_listed_before in [true, false] {
        let (mount, sales) = open("a\n  b").await;
        if is_listed_before {
            mount.memory.seed("s", "theirs", "Plan", "something else");
        }
        mount.memory.fail_next([Fault::Before(Kind::Ambiguous)]);
        mount.memory.fail_next_reads([Fault::Before(Kind::Unreachable)]);
        move_to(&mount, sales, "Plan.md").await.unwrap();
        if !is_listed_before {
            mount.memory.seed("s", "theirs", "Plan", "something else");
        }
        pass(200).await;
        assert_eq!(mount.memory.open_projects(), ["s/Plan", "s/Plan"]);
        assert_eq!(mount.memory.tree("theirs"), "something else\n");
        let all = mount.memory.all_named("Plan");
        let ours = all.iter().find(|id| *id != "theirs").unwrap();
        assert_eq!(mount.memory.tree(ours), "a\n  b\n");
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_others_made_too_stays_theirs() {
    for fault in [Fault::None, Fault::After] {
        let (mount, sales) = open("a\n  b").await;
        // No listing shows it yet.
        mount.memory.copy_elsewhere("plan", "theirs", "s", "Plan");
        mount.memory.fail_next([fault]);
        move_to(&mount, sales, "Plan.md").await.unwrap();
        pass(200).await;
        assert_eq!(mount.memory.open_projects(), ["s/Plan", "s/Plan"]);
        for id in mount.memory.all_named("Plan") {
            assert_eq!(mount.memory.tree(&id), "a\n  b\n");
        }
        assert_eq!(mount.names_of(sales).await.len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn what_others_change_while_it_is_copied_is_in_the_copy() {
    for new_ids in [true, false] {
        let (mount, sales) = open("a\n  b\nc").await;
        mount.memory.lock().copies_have_new_ids = new_ids;
        // The copy is made, and nothing else gets through for a while.
        mount.memory.cut_after(Some(1));
        move_to(&mount, sales, "Plan.md").await.unwrap();
        mount.memory.edit_elsewhere("plan", "t1", "a, edited");
        mount.memory.add_elsewhere("plan", "x", "added");
        mount.memory.delete_elsewhere("plan", "t3");
        mount.memory.cut_after(None);
        pass(200).await;
        assert_moved(&mount, "a, edited\n  b\nadded\n").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_move_that_is_refused_changes_nothing() {
    for kind in [Kind::Forbidden, Kind::PaymentRequired, Kind::NotFound, Kind::Refused] {
        for is_late in [true, false] {
            let (mount, sales) = open("a\n  b").await;
            mount.memory.set_offline(is_late);
            mount.memory.fail_next([Fault::Before(kind)]);
            let moved = move_to(&mount, sales, "Plan.md").await;
            if is_late {
                moved.unwrap();
                assert_eq!(mount.names_of(sales).await, ["Plan.md"]);
                mount.memory.set_offline(false);
                pass(100).await;
            } else {
                assert_eq!(moved.unwrap_err().errno(), kind.errno());
            }
            assert_eq!(mount.memory.open_projects(), ["f/Plan"]);
            assert_eq!(mount.names().await, ["Plan.md"]);
            assert_eq!(mount.names_of(sales).await, [""; 0]);
            assert_eq!(mount.read("Plan.md").await, A);
            assert_eq!(mount.vfs.status().saves.len(), 0);
            // Whoever heard of it then need not be told again.
            assert_eq!(mount.vfs.status().moves.len(), usize::from(is_late));
        }
    }
}

/// A mount of which a move was refused after `mv` had returned.
async fn refused_late() -> (Mount, Ino) {
    let (mount, sales) = open("a\n  b").await;
    mount.memory.set_offline(true);
    move_to(&mount, sales, "Better.md").await.unwrap();
    mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
    mount.memory.set_offline(false);
    pass(100).await;
    assert_eq!(mount.names().await, ["Plan.md"]);
    (mount, sales)
}

/// Why `Plan.md` was not moved, as everybody is told who asks.
async fn why_unmoved(mount: &Mount) -> Option<String> {
    let ino = mount.ino("Plan.md").await.unwrap();
    let status = mount.vfs.status();
    let told = status.moves.first().map(|unmoved| unmoved.reason.clone());
    assert_eq!(mount.attribute(ino, "user.taskade.error").await, told);
    assert_eq!(mount.attribute(ino, "user.taskade.state").await.as_deref(), Some("clean"));
    if let Some(unmoved) = status.moves.first() {
        assert_eq!(unmoved.path, "Acme/Marketing/Plan.md");
    }
    told
}

#[tokio::test(start_paused = true)]
async fn a_move_that_is_refused_after_mv_returned_is_told_until_it_is_settled() {
    for (is_moved_again, is_killed) in [(false, false), (true, false), (false, true), (true, true)]
    {
        let (mut mount, _) = refused_late().await;
        let reason = why_unmoved(&mount).await.unwrap();
        assert!(reason.starts_with("not moved to Acme/Sales/Better.md: "), "{reason}");
        assert!(
            reason.contains("fault") && reason.contains("`taskadefs discard PATH`"),
            "{reason}"
        );
        assert!(reason.contains("it is back under its old name"), "{reason}");
        if is_killed {
            mount.crash().await;
            mount.names().await;
            assert_eq!(why_unmoved(&mount).await, Some(reason.clone()));
        }
        // A save has nothing to do with it.
        mount.edit("Plan.md", |text| format!("{text}- [ ] c\n")).await.unwrap();
        assert_eq!(why_unmoved(&mount).await, Some(reason.clone()));
        let ino = mount.ino("Plan.md").await.unwrap();
        if is_moved_again {
            let sales = sales(&mount).await;
            move_to(&mount, sales, "Plan.md").await.unwrap();
            assert_moved(&mount, "a\n  b\nc\n").await;
            assert_eq!(mount.vfs.status().moves, []);
        } else {
            mount.vfs.discard(ino).await.unwrap();
            assert_eq!(why_unmoved(&mount).await, None);
            assert_eq!(mount.vfs.discard(ino).await.unwrap_err().kind(), Kind::NotFound);
            assert_eq!(mount.read("Plan.md").await, AC, "nothing else is given up");
        }
        let told = mount.vfs.history(None, 9).await.unwrap();
        assert!(told.iter().any(|entry| entry.summary == reason), "{told:?}");
        mount.remount_cleanly().await;
        assert_eq!(mount.vfs.status().moves, []);
    }
}

#[tokio::test(start_paused = true)]
async fn a_removed_project_is_not_told_of_as_unmoved() {
    let (mount, _) = refused_late().await;
    mount.unlink("Plan.md").await.unwrap();
    pass(10).await;
    assert_eq!(mount.vfs.status().moves, []);
}

#[tokio::test(start_paused = true)]
async fn programs_go_on_with_the_copy_as_they_saw_the_original() {
    let (mount, sales) = open("a\n  b").await;
    mount.memory.lock().copies_have_new_ids = true;
    let ino = mount.ino("Plan.md").await.unwrap();
    let appends = mount.vfs.open(ino, APPEND, me()).await.unwrap().fh;
    mount.vfs.write(appends, 0, b"- [ ] appended\n").await.unwrap();
    move_to(&mount, sales, "Plan.md").await.unwrap();
    // Others add a task that no program here has seen.
    let id = mount.memory.find("Plan").unwrap();
    mount.memory.add_elsewhere(&id, "x", "theirs");
    mount.writes();
    mount.vfs.flush(appends, me()).await.unwrap();
    mount.vfs.release(appends).await.unwrap();
    pass(5).await;
    assert_eq!(mount.writes(), ["POST [beforeend project \"appended\"]"]);
    pass(100).await;
    assert_eq!(mount.memory.tree(&id), "a\n  b\ntheirs\nappended\n");
}

#[tokio::test(start_paused = true)]
async fn what_was_read_before_the_move_is_the_base_of_a_save_after_a_remount() {
    let (mut mount, sales) = open("a\n  b").await;
    mount.memory.lock().copies_have_new_ids = true;
    move_to(&mount, sales, "Plan.md").await.unwrap();
    mount.remount_cleanly().await;
    let id = mount.memory.find("Plan").unwrap();
    mount.memory.add_elsewhere(&id, "x", "theirs");
    mount.writes();
    let sales = self::sales(&mount).await;
    let ino = mount.vfs.lookup(sales, OsStr::new("Plan.md"), me()).await.unwrap().ino;
    let opened = mount.vfs.open(ino, crate::support::harness::TRUNCATE, me()).await.unwrap();
    mount.vfs.write(opened.fh, 0, b"- [ ] a\n").await.unwrap();
    mount.vfs.flush(opened.fh, me()).await.unwrap();
    mount.vfs.release(opened.fh).await.unwrap();
    pass(100).await;
    assert_eq!(mount.memory.tree(&id), "a\ntheirs\n");
}

#[tokio::test(start_paused = true)]
async fn an_undo_after_a_move_takes_the_save_back_where_the_project_is() {
    for new_ids in [true, false] {
        let (mount, sales) = open("a\n  b").await;
        mount.memory.lock().copies_have_new_ids = new_ids;
        mount.overwrite("Plan.md", b"- [ ] a, edited\n  - [ ] b\n").await.unwrap();
        move_to(&mount, sales, "Plan.md").await.unwrap();
        pass(10).await;
        let ino = mount.vfs.lookup(sales, OsStr::new("Plan.md"), me()).await.unwrap().ino;
        // The move is the last thing that was done, and the save the one before it.
        mount.vfs.undo(Some(ino)).await.unwrap();
        pass(10).await;
        assert_eq!(mount.memory.open_projects(), ["f/Plan"]);
        mount.vfs.undo(None).await.unwrap();
        pass(10).await;
        assert_eq!(mount.memory.open_projects(), ["f/Plan"]);
        assert_eq!(mount.memory.tree(&mount.memory.find("Plan").unwrap()), "a\n  b\n");
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_without_details_gets_them_before_the_original_is_archived() {
    for is_killed in [true, false] {
        let (mut mount, sales) = open("a\n  b").await;
        let text = "- [ ] a @alice 📅 2026-12-01\n  - [ ] b\n    > note\n";
        mount.overwrite("Plan.md", text.as_bytes()).await.unwrap();
        mount.writes();
        // The copy, one detail, and no more.
        mount.memory.fail_next([Fault::None, Fault::None]);
        mount.memory.fail_next(vec![Fault::Before(Kind::Unreachable); 10]);
        move_to(&mount, sales, "Plan.md").await.unwrap();
        assert_eq!(mount.writes().len(), 2);
        assert_eq!(mount.memory.open_projects(), ["f/Plan", "s/Plan"]);
        if is_killed {
            mount.crash().await;
        }
        mount.memory.heal();
        pass(200).await;
        assert_moved(&mount, "a\n  b\n").await;
        let id = mount.memory.find("Plan").unwrap();
        let ids = mount.memory.ids(&id);
        let details = mount.memory.details(&id, &ids[0]);
        assert_eq!(
            (details.date, details.assignees),
            (Some(day("2026-12-01")), vec!["alice".into()])
        );
        assert_eq!(mount.memory.details(&id, &ids[1]).note.as_deref(), Some("note"));
    }
}

#[tokio::test(start_paused = true)]
async fn what_others_change_while_the_archival_waits_is_done_to_the_copy() {
    for new_ids in [true, false] {
        for is_killed in [true, false] {
            for with_details in [true, false] {
                let (mut mount, sales) = open("a\n  b\nc").await;
                mount.memory.lock().copies_have_new_ids = new_ids;
                if with_details {
                    let text = "- [ ] a @alice 📅 2026-12-01\n  - [ ] b\n- [ ] c\n";
                    mount.overwrite("Plan.md", text.as_bytes()).await.unwrap();
                }
                // The copy is made, with one detail, and no more.
                mount.memory.fail_next(vec![Fault::None; 1 + usize::from(with_details)]);
                mount.memory.fail_next(vec![Fault::Before(Kind::Unreachable); 10]);
                move_to(&mount, sales, "Plan.md").await.unwrap();
                assert_eq!(mount.memory.open_projects(), ["f/Plan", "s/Plan"]);
                mount.memory.edit_elsewhere("plan", "t1", "a, edited");
                mount.memory.add_elsewhere("plan", "x", "added");
                mount.memory.delete_elsewhere("plan", "t3");
                if is_killed {
                    mount.crash().await;
                }
                // Nobody here saw that yet, and goes on with the copy.
                mount.memory.heal();
                pass(200).await;
                assert_moved(&mount, "a, edited\n  b\nadded\n").await;
                if with_details {
                    let id = mount.memory.find("Plan").unwrap();
                    let task = &mount.memory.ids(&id)[0];
                    assert_eq!(mount.memory.details(&id, task).assignees, ["alice"]);
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_held_deletion_goes_along() {
    let (mount, sales) = open("a\n  b\nc").await;
    mount.memory.seed("f", "home", "Home", "home");
    pass(60).await;
    mount.names().await;
    mount.read("Home.md").await;
    mount.overwrite("Plan.md", A.as_bytes()).await.unwrap();
    let began = tokio::time::Instant::now();
    move_to(&mount, sales, "Plan.md").await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(6));
    assert_eq!(mount.names_of(sales).await, ["Plan.md"]);
    pass(100).await;
    let id = mount.memory.find("Plan").unwrap();
    assert_eq!(mount.memory.tree(&id), "a\n  b\n");
    assert_eq!(mount.memory.open_projects(), ["f/Home", "s/Plan"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_saved_removed_or_moved_on_while_a_move_waits_is_done_in_order() {
    let (mount, sales) = open("a\n  b").await;
    mount.memory.lock().copies_have_new_ids = true;
    // The copy is asked for, its answer is lost, and nothing gets through any more.
    mount.memory.fail_next([Fault::After]);
    mount.memory.fail_next(vec![Fault::Before(Kind::Unreachable); 3]);
    mount.memory.fail_next_reads(vec![Fault::Before(Kind::Unreachable); 6]);
    move_to(&mount, sales, "Plan.md").await.unwrap();
    let ino = mount.vfs.lookup(sales, OsStr::new("Plan.md"), me()).await.unwrap().ino;
    let appends = mount.vfs.open(ino, APPEND, me()).await.unwrap().fh;
    mount.vfs.write(appends, 0, b"- [ ] c\n").await.unwrap();
    mount.vfs.flush(appends, me()).await.unwrap();
    mount.vfs.release(appends).await.unwrap();
    let (from, to) = ((sales, OsStr::new("Plan.md")), (mount.folder, OsStr::new("Back.md")));
    mount.vfs.rename(from, to, RenameMode::default(), me()).await.unwrap();
    assert_eq!(mount.names().await, ["Back.md"]);
    mount.memory.heal();
    pass(300).await;
    assert_eq!(mount.memory.open_projects(), ["f/Back"]);
    let id = mount.memory.find("Back").unwrap();
    assert_eq!(mount.memory.tree(&id), "a\n  b\nc\n");
    mount.memory.set_offline(true);
    let (from, to) = ((mount.folder, OsStr::new("Back.md")), (sales, OsStr::new("Gone.md")));
    mount.vfs.rename(from, to, RenameMode::default(), me()).await.unwrap();
    mount.vfs.unlink(sales, OsStr::new("Gone.md")).await.unwrap();
    pass(10).await;
    assert_eq!(mount.names_of(sales).await, [""; 0]);
    mount.memory.heal();
    pass(300).await;
    assert_eq!(mount.memory.open_projects(), [""; 0]);
    assert_eq!(mount.names_of(sales).await, [""; 0]);
}
