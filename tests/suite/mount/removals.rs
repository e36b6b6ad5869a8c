//! Removing, renaming and bringing back on a real mount, with the programs that do it.

use crate::support::mount::{Mounted, PROGRAM, on_terminal, run, said, until};

const TASKS: &str = "one\n  one.a\ntwo\nthree";

/// Waits until the service has got this many writes.
fn sent(mounted: &Mounted, count: usize) {
    until("the sending", || mounted.server().log().writes().len() >= count);
}

fn with_other(other: &str) -> Mounted {
    let mounted = Mounted::on(Default::default(), TASKS, &[], |store, workspace| {
        store.add_project(workspace, "Other", other).unwrap();
    });
    mounted.ok("cat *.md");
    mounted.server().log().clear();
    mounted
}

#[test]
fn swapping_two_names_by_way_of_a_backup_moves_both_projects() {
    let mounted = with_other("Draft the brief\nShip it");
    mounted.ok("mv Plan.md Plan.md~ && mv Other.md Plan.md && mv Plan.md~ Other.md");
    let swapped = |mounted: &Mounted| {
        assert_eq!(mounted.ok("cat Plan.md"), "- [ ] Draft the brief\n- [ ] Ship it\n");
        assert_eq!(mounted.ok("head -n 1 Other.md"), "- [ ] one\n");
        assert_eq!(mounted.ok("ls"), "Other.md\nPlan.md\n");
    };
    swapped(&mounted);
    mounted.end();
    let writes = mounted.writes(&[]);
    assert!(
        writes.iter().all(|write| !write.contains("/tasks/") || write.contains("PUT")),
        "{writes:?}"
    );
    let titles = writes.iter().filter(|write| write.starts_with("PUT")).count();
    assert!(titles <= 2 && writes.len() <= 5, "{writes:?}");
    mounted.begin();
    swapped(&mounted);
}

#[test]
fn a_sorted_text_that_takes_the_place_of_what_it_was_made_of_is_moves_alone() {
    let mounted = Mounted::of("d\nc\nb\na");
    mounted.ok("sort Plan.md > Sorted.md && mv Sorted.md Plan.md");
    mounted.end();
    assert_eq!(mounted.tree(), "a\nb\nc\nd\n");
    let writes = mounted.writes(&[]);
    assert!(writes.iter().all(|write| !write.contains("DELETE")), "{writes:?}");
    assert_eq!(writes.len(), 1 + 3 + 1, "{writes:?}");
}

/// `rm` looks the file up first, and the kernel and a shell's listing may know the old name for longer.
#[test]
fn rm_by_a_name_that_was_lost_in_the_app_removes_nothing() {
    let mounted = Mounted::of(TASKS);
    mounted.ok("cat Plan.md; ls -l");
    mounted.server().store().rename_elsewhere(&mounted.project, "Better").unwrap();
    // The mount hears of it, and a program still means the name that it saw.
    let mut details = std::process::Command::new(PROGRAM);
    let asked = run(details.args(["details", "--refresh"]).arg(mounted.acme()));
    assert!(asked.status.success(), "{}", said(&asked));
    until("the new name", || mounted.ok("ls") == "Better.md\n");
    let removed = mounted.sh("rm Plan.md");
    assert_eq!(removed.status.code(), Some(1));
    assert!(said(&removed).contains("No such file or directory"), "{}", said(&removed));
    let is_archived = |mounted: &Mounted| {
        let found = mounted.server().store().find_projects("Better").unwrap();
        found.iter().any(|(_, archived)| *archived)
    };
    mounted.end();
    assert!(!is_archived(&mounted), "nothing waited for its grace");
    mounted.begin();
    mounted.ok("rm Better.md");
    until("the archiving", || is_archived(&mounted));
    mounted.end();
}

#[test]
fn a_removal_survives_the_end_of_the_process() {
    let mounted = Mounted::of(TASKS);
    mounted.text();
    mounted.ok("rm Plan.md");
    let pid = mounted.pid().unwrap();
    // SAFETY: the process is this test's own mount.
    unsafe { libc::kill(pid, libc::SIGKILL) };
    until("the end of the process", || !std::path::Path::new(&format!("/proc/{pid}")).exists());
    assert_eq!(mounted.writes(&[]), [""; 0]);
    mounted.umount();
    mounted.begin();
    assert_eq!(mounted.ok("ls"), "");
    sent(&mounted, 1);
    assert_eq!(mounted.writes(&[]), ["POST /complete"]);
}

#[test]
fn a_trash_directory_takes_projects_and_gives_them_back() {
    let mounted = Mounted::of(TASKS);
    let text = mounted.text();
    mounted.ok("mkdir .trash && mv Plan.md .trash/");
    sent(&mounted, 1);
    assert_eq!(mounted.writes(&[]), ["POST /complete"]);
    assert_eq!(mounted.ok("ls; cat .trash/Plan.md"), text);
    mounted.end();
    mounted.begin();
    mounted.ok("mv .trash/Plan.md .");
    mounted.end();
    assert_eq!(mounted.writes(&[]), ["POST /restore"]);
    mounted.begin();
    assert_eq!(mounted.text(), text);
}

#[test]
fn gio_trashes_and_restores() {
    let mounted = Mounted::of(TASKS);
    let text = mounted.text();
    let trashed = mounted.sh("gio trash Plan.md");
    assert!(trashed.status.success(), "{}", said(&trashed));
    assert!(!mounted.file().exists());
    sent(&mounted, 1);
    assert_eq!(mounted.writes(&[]), ["POST /complete"]);
    let copy = mounted.ok("find .. -name Plan.md -path '*files*'");
    assert!(copy.contains("Trash"), "{copy}");
    mounted.ok(&format!("mv '{}' Plan.md", copy.trim()));
    mounted.end();
    assert_eq!(mounted.writes(&[]), ["POST /restore"]);
    mounted.begin();
    assert_eq!(mounted.text(), text);
}

#[test]
fn a_backup_by_renaming_that_nothing_follows_is_a_removal_until_it_is_put_back() {
    let mounted = Mounted::of(TASKS);
    let text = mounted.text();
    mounted.ok("mv Plan.md Plan.bak && mv Plan.bak Plan.md");
    mounted.ok("mv Plan.md Plan.bak");
    sent(&mounted, 1);
    assert_eq!(mounted.writes(&[]), ["POST /complete"]);
    mounted.ok("sed -i s/two/zwei/ Plan.bak && mv Plan.bak Plan.md");
    mounted.end();
    let writes = mounted.writes(&[]);
    assert_eq!(writes.len(), 2, "{writes:?}");
    assert_eq!(writes[0], "POST /restore");
    assert!(writes[1].contains("zwei"), "{writes:?}");
    mounted.begin();
    assert_eq!(mounted.text(), text.replace("two", "zwei"));
}

#[test]
fn git_that_takes_a_file_away_and_brings_it_back_restores_the_project() {
    let mounted = Mounted::of(TASKS);
    let text = mounted.text();
    mounted.ok("git init -q -b main && git config user.name t && git config user.email t@t \
         && git commit -q --allow-empty -m empty && git branch without \
         && git add Plan.md && git commit -q -m plan");
    mounted.server().log().clear();
    mounted.ok("git switch -q without");
    sent(&mounted, 1);
    assert_eq!(mounted.writes(&[]), ["POST /complete"]);
    mounted.ok("git switch -q main");
    assert_eq!(mounted.text(), text);
    assert_eq!(mounted.ok("git status --short"), "");
    mounted.end();
    assert_eq!(mounted.writes(&[]), ["POST /restore"]);
    assert_eq!(mounted.tree(), format!("{TASKS}\n"));
}

#[test]
fn a_backup_that_is_copied_back_restores_the_project_and_saves_the_difference() {
    let mounted = Mounted::of(TASKS);
    mounted.text();
    mounted.ok("cp Plan.md $HOME/backup && sed -i s/two/zwei/ $HOME/backup && rm Plan.md");
    sent(&mounted, 1);
    mounted.writes(&[]);
    let ids = mounted.ids();
    mounted.ok("cp $HOME/backup Plan.md");
    mounted.end();
    let writes = mounted.writes(&ids);
    assert_eq!(writes.len(), 2, "{writes:?}");
    assert_eq!(writes[0], "POST /restore");
    assert!(writes[1].starts_with("PUT /tasks/t3 "), "{writes:?}");
    assert_eq!(mounted.ids(), ids);
}

#[test]
fn removing_more_than_ten_at_once_removes_none() {
    let mounted = Mounted::on(Default::default(), TASKS, &[], |store, workspace| {
        for number in 1..=14 {
            store.add_project(workspace, &format!("P{number:02}"), "x").unwrap();
        }
    });
    let before = mounted.ok("ls");
    let removed = mounted.sh("rm P??.md");
    assert!(!removed.status.success());
    assert_eq!(said(&removed).matches("Operation not permitted").count(), 4, "{}", said(&removed));
    assert_eq!(mounted.ok("ls"), before);
    mounted.end();
    assert_eq!(mounted.writes(&[]), [""; 0]);
    mounted.begin();
    assert_eq!(mounted.ok("ls"), before);
}

fn command(mounted: &Mounted, arguments: &[&str]) -> std::process::Output {
    let mut command = std::process::Command::new(PROGRAM);
    let state = mounted.dir.path().join("state");
    command.args(arguments).current_dir(mounted.acme()).env("TASKADEFS_STATE_DIR", state);
    run(command.env("TZ", "Asia/Tokyo"))
}

#[test]
fn a_burst_is_told_and_done_after_all_and_undone_as_one() {
    let mounted = Mounted::with(TASKS, &["--max-archive", "1"]);
    for name in ["One", "Two"] {
        mounted.ok(&format!("printf -- '- [ ] x\\n' > {name}.md"));
    }
    let removed = mounted.sh("rm One.md Two.md");
    assert!(!removed.status.success());
    let told = said(&command(&mounted, &["status", "."]));
    assert!(told.contains("2 files were not removed"), "{told}");
    assert!(mounted.ok("cat ../.taskade/status.json").contains("Acme/Two.md"));
    let done = command(&mounted, &["retry", "--allow-delete", "."]);
    assert!(done.status.success(), "{}", said(&done));
    assert_eq!(mounted.ok("ls"), "Plan.md\n");
    until("the archiving", || {
        let past = said(&command(&mounted, &["history", "."]));
        past.matches("archived\n").count() == 2
    });
    let undone = command(&mounted, &["undo"]);
    assert!(undone.status.success(), "{}", said(&undone));
    assert_eq!(said(&undone).matches("undone: ").count(), 2, "{}", said(&undone));
    assert_eq!(mounted.ok("ls"), "One.md\nPlan.md\nTwo.md\n");
}

#[test]
fn a_burst_that_was_refused_is_told_and_settled_also_after_a_remount() {
    for (settle, left) in [(["retry", "--allow-delete"].as_slice(), 1), (["discard"].as_slice(), 3)]
    {
        let mounted = Mounted::with(TASKS, &["--max-archive", "1"]);
        for name in ["One", "Two"] {
            mounted.ok(&format!("printf -- '- [ ] x\\n' > {name}.md"));
        }
        assert!(!mounted.sh("rm One.md Two.md").status.success());
        let is_told = |mounted: &Mounted| {
            let mut command = std::process::Command::new(PROGRAM);
            command.arg("status").env("TASKADEFS_STATE_DIR", mounted.dir.path().join("state"));
            let output = run(&mut command);
            let words = said(&output);
            assert_eq!(words.contains("2 files were not removed"), output.status.code() == Some(1));
            output.status.code() == Some(1)
        };
        assert!(is_told(&mounted));
        mounted.end();
        assert!(is_told(&mounted), "while nothing is mounted");
        mounted.begin();
        assert!(is_told(&mounted), "by the next mount");
        let settled = command(&mounted, &[settle, ["."].as_slice()].concat());
        assert!(settled.status.success(), "{}", said(&settled));
        assert!(!is_told(&mounted));
        assert_eq!(mounted.ok("ls").lines().count(), left, "{settle:?}");
        mounted.end();
        assert!(!is_told(&mounted));
        mounted.begin();
        assert_eq!(mounted.ok("ls").lines().count(), left, "{settle:?}");
        mounted.end();
    }
}

#[test]
fn history_and_undo_know_a_file_that_is_gone_and_a_directory() {
    let mounted = Mounted::of(TASKS);
    mounted.text();
    mounted.ok("rm Plan.md");
    sent(&mounted, 1);
    mounted.server().log().clear();
    for path in ["Plan.md", ".", ".."] {
        until("the history", || {
            said(&command(&mounted, &["history", path])).ends_with("Acme/Plan.md: archived\n")
        });
    }
    let undone = command(&mounted, &["undo", "Plan.md"]);
    assert!(undone.status.success(), "{}", said(&undone));
    assert_eq!(mounted.writes(&[]), ["POST /restore"]);
    assert_eq!(mounted.ok("ls"), "Plan.md\n");
}

#[test]
fn undo_asks_on_a_terminal_and_takes_no_for_an_answer() {
    let mounted = Mounted::of(TASKS);
    mounted.text();
    mounted.ok("sed -i s/two/zwei/ Plan.md");
    let state = mounted.dir.path().join("state");
    let state = state.to_str().unwrap();
    let undo = ["undo", "--state-dir", state];
    let steps = |answer| [("Take it back? [y/N]", answer)];
    on_terminal(PROGRAM, &undo, &mounted.acme(), &steps("\r"));
    assert!(mounted.tree().contains("zwei"));
    on_terminal(PROGRAM, &undo, &mounted.acme(), &steps("y\r"));
    assert!(mounted.tree().contains("two"));
    mounted.ok("sed -i s/two/zwei/ Plan.md");
    on_terminal(PROGRAM, &["undo", "--yes", "--state-dir", state], &mounted.acme(), &[]);
    assert!(mounted.tree().contains("two"));
}

#[test]
fn times_that_programs_set_stay() {
    let mounted = Mounted::of(TASKS);
    mounted.text();
    let modified = |mounted: &Mounted| mounted.ok("stat -c %Y Plan.md New.md");
    mounted.ok(
        "cp Plan.md $HOME/Plan.md && sed -i s/two/zwei/ $HOME/Plan.md && touch -d @1000000000 $HOME/Plan.md \
         && cp -p $HOME/Plan.md Plan.md && cp -p $HOME/Plan.md New.md",
    );
    let wanted = "1000000000\n1000000000\n";
    assert_eq!(modified(&mounted), wanted, "cp -p");
    until("the saves", || mounted.ok("cat ../.taskade/status.json").contains("\"saves\": []"));
    assert_eq!(modified(&mounted), wanted, "once they are settled");
    mounted.ok("sed -i s/zwei/deux/ $HOME/Plan.md && touch -d @1100000000 $HOME/Plan.md");
    mounted.ok("rsync -a $HOME/Plan.md Plan.md && touch -d @1100000000 New.md");
    let wanted = "1100000000\n1100000000\n";
    assert_eq!(modified(&mounted), wanted, "rsync -a, touch -d");
    mounted.server().log().clear();
    assert_eq!(mounted.ok("rsync -ai $HOME/Plan.md Plan.md"), "", "it is the same already");
    assert_eq!(mounted.writes(&[]), [""; 0]);
    mounted.ok(
        "mv Plan.md Plan.bak && stat -c %Y Plan.bak | grep -q 1100000000 && mv Plan.bak Plan.md",
    );
    mounted.end();
    mounted.begin();
    assert_eq!(modified(&mounted), wanted, "after a remount");
    mounted.ok("sed -i s/deux/2/ Plan.md");
    assert_ne!(mounted.ok("stat -c %Y Plan.md"), "1100000000\n", "a save moves it");
    mounted.ok("touch -d @1200000000 New.md");
    assert_eq!(mounted.ok("stat -c %Y New.md"), "1200000000\n");
}
