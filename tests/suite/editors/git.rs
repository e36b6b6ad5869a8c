//! git with its work tree inside the mount: what it commits, what it brings back, and what that
//! comes to in requests.

use std::fs;

use crate::support::mount::Mounted;

const TASKS: &str = "one\n  one.a\ntwo\nthree";

/// A mount whose workspace directory is a repository with the first version committed.
pub(super) fn repository(tasks: &str) -> Mounted {
    let mounted = Mounted::of(tasks);
    let config = "[user]\n\tname = a\n\temail = a@b.example\n[init]\n\tdefaultBranch = main\n\
        [advice]\n\tdetachedHead = false\n";
    fs::write(mounted.dir.path().join(".gitconfig"), config).unwrap();
    mounted.ok("git init -q && git add Plan.md && git commit -qm first");
    mounted
}

pub(super) fn put(task: &str, text: &str) -> String {
    format!(r#"PUT /tasks/{task} {{"content":"{text}","contentType":"text/plain"}}"#)
}

#[test]
fn a_repository_costs_nothing_and_its_status_is_clean() {
    let mounted = repository(TASKS);
    assert_eq!(mounted.ok("git status --porcelain"), "");
    assert_eq!(mounted.ok("git show HEAD:Plan.md"), mounted.text());
    assert_eq!(mounted.ok("git fsck --strict 2>&1"), "");
    assert_eq!(mounted.writes(&[]), [""; 0]);
    mounted.end();
    mounted.begin();
    assert_eq!(mounted.ok("git status --porcelain"), "", "the repository survives a remount");
    assert_eq!(mounted.writes(&[]), [""; 0]);
}

#[test]
fn status_and_diff_see_the_edit_and_nothing_else() {
    let mounted = repository(TASKS);
    mounted.ok("sed -i 's/two/2/' Plan.md");
    assert_eq!(mounted.ok("git status --porcelain"), " M Plan.md\n");
    assert_eq!(
        mounted.ok("git diff -U0 | tail -n 2"),
        "-- [ ] two\n+- [ ] 2\n",
        "a diff has the lines that changed and no others"
    );
    mounted.ok("git commit -qam second");
    assert_eq!(mounted.ok("git status --porcelain"), "");
}

#[test]
fn checking_an_older_version_out_changes_back_what_changed() {
    let mounted = repository(TASKS);
    let ids = mounted.ids();
    mounted.ok("sed -i 's/two/2/' Plan.md && git commit -qam second");
    assert_eq!(mounted.writes(&ids), [put("t3", "2")]);
    mounted.ok("git checkout -q HEAD~1 -- Plan.md");
    assert_eq!(mounted.writes(&ids), [put("t3", "two")]);
    assert_eq!(mounted.tree(), "one\n  one.a\ntwo\nthree\n");
    mounted.ok("git checkout -q HEAD -- Plan.md");
    assert_eq!(mounted.writes(&ids), [put("t3", "2")]);
    assert_eq!(mounted.ids(), ids, "no task was made anew on the way");
    assert_eq!(mounted.ok("git status --porcelain"), "");
}

#[test]
fn switching_branches_is_a_save() {
    let mounted = repository(TASKS);
    let ids = mounted.ids();
    mounted.ok("git switch -qc other && sed -i 's/three/3/' Plan.md && git commit -qam other");
    assert_eq!(mounted.writes(&ids), [put("t4", "3")]);
    mounted.ok("git switch -q main");
    assert_eq!(mounted.writes(&ids), [put("t4", "three")]);
    mounted.ok("git merge -q --ff-only other");
    assert_eq!(mounted.writes(&ids), [put("t4", "3")]);
    mounted.end();
    assert_eq!(mounted.writes(&ids), [""; 0]);
    assert_eq!(mounted.tree(), "one\n  one.a\ntwo\n3\n");
}

#[test]
fn stashing_and_applying_is_there_and_back() {
    let mounted = repository(TASKS);
    let ids = mounted.ids();
    mounted.ok("sed -i 's/two/2/' Plan.md");
    mounted.ok("git stash -q");
    assert_eq!(mounted.text(), mounted.ok("git show HEAD:Plan.md"));
    mounted.ok("git stash pop -q");
    assert_eq!(mounted.writes(&ids), [put("t3", "2"), put("t3", "two"), put("t3", "2")]);
    assert_eq!(mounted.ids(), ids);
}

#[test]
fn a_hard_reset_and_a_restore_bring_a_removed_project_back_before_it_is_archived() {
    for restore in ["git reset -q --hard", "git restore Plan.md", "git checkout -q ."] {
        let mounted = repository(TASKS);
        mounted.ok(&format!("rm Plan.md && {restore}"));
        mounted.end();
        assert_eq!(mounted.writes(&[]), [""; 0], "{restore}");
        assert_eq!(mounted.tree(), "one\n  one.a\ntwo\nthree\n");
    }
}

#[test]
fn a_rebase_saves_what_both_branches_did_and_keeps_every_task() {
    let mounted = repository(TASKS);
    let ids = mounted.ids();
    mounted.ok("git switch -qc other && sed -i 's/three/3/' Plan.md && git commit -qam other");
    mounted.ok("git switch -q main && sed -i 's/one$/1/' Plan.md && git commit -qam main");
    mounted.ok("git switch -q other");
    mounted.writes(&ids);
    mounted.ok("git rebase -q main");
    assert_eq!(mounted.ok("git status --porcelain"), "");
    assert_eq!(mounted.ok("git log --format=%s"), "other\nmain\nfirst\n");
    assert_eq!(mounted.text(), mounted.ok("git show HEAD:Plan.md"));
    mounted.end();
    assert_eq!(mounted.tree(), "1\n  one.a\ntwo\n3\n");
    assert_eq!(mounted.ids(), ids, "no task was made anew on the way");
}

#[test]
fn a_rebase_that_conflicts_and_is_aborted_leaves_all_as_it_was() {
    let mounted = repository(TASKS);
    let ids = mounted.ids();
    mounted.ok("git switch -qc other && sed -i 's/two/zwei/' Plan.md && git commit -qam other");
    mounted.ok("git switch -q main && sed -i 's/two/deux/' Plan.md && git commit -qam main");
    mounted.ok("git switch -q other");
    assert_eq!(mounted.sh("git rebase -q main").status.code(), Some(1));
    mounted.ok("git rebase --abort");
    assert_eq!(mounted.ok("git status --porcelain"), "");
    mounted.end();
    assert_eq!(mounted.tree(), "one\n  one.a\nzwei\nthree\n");
    assert_eq!(mounted.ids().len(), ids.len());
}

#[test]
fn the_status_is_clean_after_whatever_git_does_to_the_files() {
    let mounted = repository(TASKS);
    mounted.ok("sed -i 's/two/2/' Plan.md && git commit -qam second");
    for command in [
        "git checkout -q HEAD~1",
        "git checkout -q main",
        "git switch -qc other && echo '- [ ] four' >> Plan.md && git stash -q",
        "git stash pop -q && git commit -qam third",
        "git switch -q main",
        "git rebase -q other",
        "git reset -q --hard HEAD~2",
        "git merge -q --ff-only other",
        "git revert --no-edit HEAD >/dev/null",
        "git cherry-pick other >/dev/null",
    ] {
        mounted.ok(command);
        assert_eq!(mounted.ok("git status --porcelain"), "", "{command}");
        assert_eq!(mounted.text(), mounted.ok("git show HEAD:Plan.md"), "{command}");
    }
    let text = mounted.text();
    mounted.end();
    mounted.begin();
    assert_eq!((mounted.text(), mounted.ok("git status --porcelain")), (text, String::new()));
    mounted.end();
}
