//! Conflicts that git leaves in a file inside the mount: both sides are the file's text, and Taskade has
//! neither before they are settled.

use std::{fs, process::Output};

use super::git::{put, repository};
use crate::support::mount::{Mounted, PROGRAM, attribute, said};

/// A repository in which two branches say something else of two tasks, `main` checked out.
fn at_odds() -> Mounted {
    let mounted = repository("one\na\nb\nc\nd\ne\ntwo");
    mounted.ok("git switch -qc other && sed -i 's/one/eins/; s/two/zwei/' Plan.md");
    mounted.ok("git commit -qam other && git switch -q main");
    mounted.ok("sed -i 's/one/un/; s/two/deux/' Plan.md && git commit -qam main");
    mounted
}

fn taskadefs(mounted: &Mounted, arguments: &str) -> Output {
    let state = mounted.dir.path().join("state");
    mounted.sh(&format!("TASKADEFS_STATE_DIR={} {PROGRAM} {arguments}", state.display()))
}

fn state(mounted: &Mounted) -> Option<String> {
    attribute(&mounted.file(), "user.taskade.state")
}

/// Settles the first conflict of a text by one of its sides.
fn settle(text: &str, side: usize) -> String {
    let (before, rest) = text.split_once("<<<<<<< ").unwrap();
    let (conflict, after) = rest.split_once(">>>>>>> ").unwrap();
    let (_, sides) = conflict.split_once('\n').unwrap();
    let (ours, theirs) = sides.split_once("=======\n").unwrap();
    let (_, after) = after.split_once('\n').unwrap();
    format!("{before}{}{after}", [ours, theirs][side])
}

#[test]
fn both_sides_stay_in_the_file_until_they_are_settled_one_by_one() {
    let mounted = at_odds();
    let (ids, tree) = (mounted.ids(), mounted.tree());
    mounted.writes(&ids);
    let merge = mounted.sh("git merge other");
    assert_eq!(merge.status.code(), Some(1), "{}", said(&merge));
    assert!(!said(&merge).contains("unable to"), "git's own work went on: {}", said(&merge));
    let text = mounted.text();
    assert_eq!(text.matches("<<<<<<< HEAD\n").count(), 2, "{text}");
    assert_eq!(mounted.ok("git status --porcelain"), "UU Plan.md\n");
    assert_eq!(state(&mounted).as_deref(), Some("rejected"));
    let why = "Acme/Plan.md\tline 1: a conflict is left in it, so it is not sent; settle it";
    for command in ["status", "sync"] {
        let told = taskadefs(&mounted, command);
        assert!(said(&told).contains(why), "{command}: {}", said(&told));
        assert_eq!(told.status.code(), Some(1), "{command} {}", said(&told));
    }
    let again = taskadefs(&mounted, "retry Plan.md");
    assert!(!again.status.success() && said(&again).contains("settle it"), "{}", said(&again));
    let added = taskadefs(&mounted, "add Plan.md milk");
    assert!(!added.status.success() && said(&added).contains("settle it"), "{}", said(&added));

    mounted.server().store().add_elsewhere(&mounted.project, "colleague").unwrap();
    fs::write(mounted.file(), settle(&mounted.text(), 1)).unwrap();
    let text = mounted.text();
    assert_eq!(text.matches("<<<<<<< HEAD\n").count(), 1, "{text}");
    mounted.end();
    assert_eq!(mounted.tree(), format!("{tree}colleague\n"));
    mounted.begin();
    assert_eq!((mounted.text(), state(&mounted)), (text.clone(), Some("rejected".to_owned())));

    fs::write(mounted.file(), settle(&text, 0)).unwrap();
    assert_eq!(state(&mounted).as_deref(), Some("clean"));
    mounted.ok("git commit -qam merged");
    let writes = mounted.writes(&ids);
    mounted.end();
    assert_eq!(mounted.tree(), "eins\na\nb\nc\nd\ne\ndeux\ncolleague\n");
    assert_eq!(writes, [put("t1", "eins")], "and nothing is made anew");
}

#[test]
fn an_editor_that_saves_after_every_mark_sends_nothing_before_the_last() {
    let mounted = at_odds();
    let ids = mounted.ids();
    mounted.writes(&ids);
    assert_eq!(mounted.sh("git merge -q other").status.code(), Some(1));
    let marks = ["<<<<<<<", "=======", ">>>>>>>"];
    for mark in marks.iter().chain(&marks) {
        assert_eq!(state(&mounted).as_deref(), Some("rejected"), "before {mark}");
        assert_eq!(mounted.writes(&ids), [""; 0], "before {mark}");
        mounted.ok(&format!("sed -i '0,/{mark}/{{/{mark}/d}}' Plan.md"));
    }
    assert_eq!(state(&mounted).as_deref(), Some("clean"));
    mounted.end();
    assert_eq!(mounted.tree(), "un\neins\na\nb\nc\nd\ne\ndeux\nzwei\n");
    assert_eq!(mounted.ids().len(), ids.len() + 2, "both sides are kept, and no mark is");
}

#[test]
fn a_merge_that_is_given_up_sends_nothing() {
    let mounted = at_odds();
    let (ids, text) = (mounted.ids(), mounted.text());
    mounted.writes(&ids);
    assert_eq!(mounted.sh("git merge other").status.code(), Some(1));
    mounted.ok("git merge --abort");
    assert_eq!((mounted.text(), mounted.ok("git status --porcelain")), (text, String::new()));
    assert_eq!(state(&mounted).as_deref(), Some("clean"));
    assert_eq!(fs::read_dir(mounted.root.join(".taskade/rejected")).unwrap().count(), 0);
    mounted.end();
    assert_eq!(mounted.writes(&ids), [""; 0]);
}

#[test]
fn a_rebase_and_a_stash_that_conflict_go_on_once_settled() {
    let mounted = at_odds();
    let ids = mounted.ids();
    mounted.writes(&ids);
    assert_eq!(mounted.sh("git rebase -q other").status.code(), Some(1));
    assert_eq!(mounted.writes(&ids), [put("t1", "eins"), put("t7", "zwei")]);
    mounted.ok("git checkout -q --theirs Plan.md && git add Plan.md");
    mounted.ok("GIT_EDITOR=true git rebase --continue");
    assert_eq!(mounted.ok("git status --porcelain"), "");
    assert_eq!(mounted.writes(&ids), [put("t1", "un"), put("t7", "deux")]);

    mounted.ok("sed -i 's/deux/2/' Plan.md && git stash -q");
    mounted.ok("sed -i 's/deux/II/' Plan.md && git commit -qam roman");
    mounted.writes(&ids);
    assert_eq!(mounted.sh("git stash pop -q").status.code(), Some(1));
    assert_eq!(mounted.writes(&ids), [""; 0]);
    mounted.ok("git checkout -q --theirs Plan.md && git reset -q && git stash drop -q");
    assert_eq!(mounted.ok("git status --porcelain"), " M Plan.md\n");
    mounted.end();
    assert_eq!(mounted.writes(&ids), [put("t7", "2")]);
    assert_eq!(mounted.ids(), ids, "no task was made anew on the way");
}

#[test]
fn a_page_about_conflicts_can_be_saved() {
    let mounted = Mounted::of("<<<<<<< HEAD\nmine\n=======\ntheirs\n>>>>>>> topic");
    let ids = mounted.ids();
    mounted.ok("sed -i 's/mine/ours/' Plan.md");
    assert_eq!(mounted.writes(&ids), [put("t2", "ours")]);
    mounted.end();
}
