//! Copies that somebody changes before they are found: the answer about a copy was lost, or has just
//! come. One project in the end, with what was done to either. The file system driven directly, in
//! virtual time.

use taskadefs::vfs::Ino;

use crate::{
    saves::relocation::{assert_moved, move_to, open, text_in},
    support::{
        harness::{Mount, TRUNCATE, me, pass},
        service::Fault,
    },
};

/// A project of four tasks that is on its way to `Sales`: its copy is made, and nothing gets through
/// any more, be it that the answer came or not. The copy's name.
async fn copied(new_ids: bool, is_answered: bool) -> (Mount, Ino, String) {
    let (mount, sales) = open("milk\n  oat\nbread\nrent").await;
    mount.memory.lock().copies_have_new_ids = new_ids;
    if !is_answered {
        mount.memory.fail_next([Fault::After]);
    }
    // What the folder has, and the copy.
    mount.memory.cut_after(Some(2));
    move_to(&mount, sales, "Plan.md").await.unwrap();
    let all = mount.memory.all_named("Plan");
    let copy = all.into_iter().find(|id| id != "plan").unwrap();
    assert_eq!(mount.writes(), ["POST plan/copy \"Plan\""]);
    (mount, sales, copy)
}

/// The id that a task has in the copy.
fn there(new_ids: bool, task: &str) -> String {
    if new_ids { format!("{task}'") } else { task.to_owned() }
}

/// What somebody does to the copy, and what there is to be in the end.
type Change = (fn(&Mount, &str, bool), &'static str);

const CHANGES: [Change; 5] = [
    (
        |mount, copy, _| mount.memory.add_elsewhere(copy, "x", "fish"),
        "milk\n  oat\nbread\nrent\nfish\n",
    ),
    (
        |mount, copy, new_ids| {
            mount.memory.edit_elsewhere(copy, &there(new_ids, "t3"), "bread, rye");
            mount.memory.add_elsewhere(copy, "x", "fish");
        },
        "milk\n  oat\nbread, rye\nrent\nfish\n",
    ),
    // Nobody can tell that it was deleted there: it stays.
    (
        |mount, copy, new_ids| mount.memory.delete_elsewhere(copy, &there(new_ids, "t3")),
        "milk\n  oat\nbread\nrent\n",
    ),
    // Somebody changes the original, too.
    (
        |mount, copy, new_ids| {
            mount.memory.edit_elsewhere(copy, &there(new_ids, "t1"), "milk, two");
            mount.memory.edit_elsewhere("plan", "t4", "rent, late");
            mount.memory.add_elsewhere("plan", "y", "salt");
        },
        "milk, two\n  oat\nbread\nrent, late\nsalt\n",
    ),
    (
        |mount, copy, _| {
            mount.memory.add_elsewhere(copy, "x", "fish");
            mount.memory.delete_elsewhere("plan", "t1");
        },
        "bread\nrent\nfish\n",
    ),
];

#[tokio::test(start_paused = true)]
async fn a_copy_that_somebody_changed_before_it_was_found_is_gone_on_with() {
    for (change, tree) in CHANGES {
        for (new_ids, is_answered) in [(true, true), (true, false), (false, true), (false, false)] {
            for is_killed in [true, false] {
                let (mut mount, _, copy) = copied(new_ids, is_answered).await;
                change(&mount, &copy, new_ids);
                mount.memory.cut_after(None);
                if is_killed {
                    mount.crash().await;
                }
                pass(200).await;
                assert_moved(&mount, tree).await;
                assert_eq!(mount.memory.find("Plan"), Some(copy));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_program_has_before_its_eyes_is_found_in_a_copy_that_somebody_changed() {
    for new_ids in [true, false] {
        let (mount, sales, copy) = copied(new_ids, false).await;
        mount.memory.edit_elsewhere(&copy, &there(new_ids, "t4"), "rent, late");
        mount.memory.add_elsewhere(&copy, "x", "fish");
        mount.memory.cut_after(None);
        pass(200).await;
        // It has read the original, and takes a line out of that.
        let ino = mount.vfs.lookup(sales, "Plan.md".as_ref(), me()).await.unwrap().ino;
        let opened = mount.vfs.open(ino, TRUNCATE, me()).await.unwrap();
        let text = "- [ ] milk\n  - [ ] oat\n- [ ] rent\n";
        mount.vfs.write(opened.fh, 0, text.as_bytes()).await.unwrap();
        mount.vfs.flush(opened.fh, me()).await.unwrap();
        mount.vfs.release(opened.fh).await.unwrap();
        pass(200).await;
        assert_moved(&mount, "milk\n  oat\nrent, late\nfish\n").await;
        let shown = "- [ ] milk\n  - [ ] oat\n- [ ] rent, late\n- [ ] fish\n";
        assert_eq!(text_in(&mount, sales, "Plan.md").await, shown);
    }
}

#[tokio::test(start_paused = true)]
async fn of_several_that_may_be_the_copy_the_one_that_holds_just_its_tasks_is_it() {
    let (mount, _, copy) = copied(true, false).await;
    mount.memory.copy_elsewhere("plan", "a-theirs", "s", "Plan");
    mount.memory.add_elsewhere("a-theirs", "x", "fish");
    mount.memory.cut_after(None);
    pass(200).await;
    assert_eq!(mount.memory.open_projects(), ["s/Plan", "s/Plan"]);
    assert_eq!(mount.memory.tree("a-theirs"), "milk\n  oat\nbread\nrent\nfish\n");
    assert_eq!(mount.memory.tree(&copy), "milk\n  oat\nbread\nrent\n");
}
