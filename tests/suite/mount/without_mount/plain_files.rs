//! `export` and `import`: folders as plain files, in git or not.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime},
};

use taskadefs::ids::TaskId;

use super::Account;
use crate::support::mount::{run, said};

const PLAN: &str = "one\n  one.a\nx two\nthree";

/// An account with a second project and a folder.
fn account() -> Account {
    Account::with(PLAN, |store, acme| {
        store.add_project(acme, "Notes", "ask Bob\ncall Ann").unwrap();
        let sales = store.add_folder(acme, "Sales").unwrap();
        store.add_project(&sales, "Leads", "Carol").unwrap();
    })
}

/// The files below a directory but what is hidden, with what they say.
fn files(dir: &Path) -> BTreeMap<String, String> {
    let (mut found, mut ahead) = (BTreeMap::new(), vec![dir.to_owned()]);
    while let Some(at) = ahead.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_str().unwrap().starts_with('.') {
                continue;
            }
            if path.is_dir() {
                ahead.push(path);
            } else {
                let name = path.strip_prefix(dir).unwrap().display().to_string();
                found.insert(name, fs::read_to_string(path).unwrap());
            }
        }
    }
    found
}

fn out(account: &Account) -> PathBuf {
    account.dir().join("out")
}

fn edit(account: &Account, path: &str, from: &str, to: &str) {
    let path = out(account).join(path);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replace(from, to)).unwrap();
}

/// Changes a task of the project in the app.
fn change(account: &Account, nth: usize, text: &str) {
    let task = TaskId::new(&account.0.ids()[nth]);
    account.0.server().store().edit_elsewhere(&account.0.project, &task, text).unwrap();
}

fn git(dir: &Path, arguments: &[&str]) -> String {
    let output = run(Command::new("git").arg("-C").arg(dir).args(arguments));
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_tree_is_plain_files_and_what_is_unchanged_is_not_touched() {
    let account = account();
    assert_eq!(account.ok(&["export", "out"]), "out: 3 created\n");
    let found = files(&out(&account));
    assert_eq!(
        found.keys().collect::<Vec<_>>(),
        ["Acme/Notes.md", "Acme/Plan.md", "Acme/Sales/Leads.md"]
    );
    assert_eq!(found["Acme/Plan.md"], "- [ ] one\n  - [ ] one.a\n- [x] two\n- [ ] three\n");
    let plan = out(&account).join("Acme/Notes.md");
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    fs::File::options().write(true).open(&plan).unwrap().set_modified(old).unwrap();
    account.requests();
    change(&account, 0, "changed");
    // What was read a moment ago is young: the next export asks for nothing.
    assert_eq!(account.ok(&["export", "out"]), "out: 3 unchanged\n");
    assert_eq!(account.requests(), [""; 0]);
    assert_eq!(fs::metadata(&plan).unwrap().modified().unwrap(), old);
}

#[test]
fn what_changes_at_taskade_follows_and_what_was_edited_here_stays() {
    let account = account();
    account.ok(&["export", "out", "--quiet"]);
    account.ok(&["add", "-q", "Acme/Plan.md", "four"]);
    edit(&account, "Acme/Notes.md", "ask Bob", "ask Bill");
    let words = account.fails(&["export", "out"]);
    assert!(words.contains("out/Acme/Notes.md: not exported: it was edited here"), "{words}");
    let found = files(&out(&account));
    assert!(
        found["Acme/Plan.md"].ends_with("- [ ] four\n") && found["Acme/Notes.md"].contains("Bill")
    );
    // Imported, it is as it is there.
    assert_eq!(account.ok(&["import", "out"]), "out/Acme/Notes.md: update ask Bob → ask Bill\n");
    assert_eq!(account.ok(&["export", "out"]), "out: 3 unchanged\n");
}

#[test]
fn a_space_is_exported_with_its_files_at_the_top() {
    let account = account();
    account.ok(&["export", "out", "--space", "Acme/Sales"]);
    assert_eq!(files(&out(&account)).keys().collect::<Vec<_>>(), ["Leads.md"]);
    edit(&account, "Leads.md", "Carol", "Carla");
    assert_eq!(account.ok(&["import", "out"]), "out/Leads.md: update Carol → Carla\n");
    let project = account.fails(&["export", "else", "--space", "Acme/Plan.md"]);
    assert!(project.contains("Acme/Plan.md: it is a project"), "{project}");
    let other = account.fails(&["export", "out", "--space", "Acme"]);
    assert!(other.contains("it is an export of Acme/Sales"), "{other}");
}

#[test]
fn what_is_renamed_and_gone_at_taskade_is_so_here() {
    let account = account();
    account.ok(&["export", "out"]);
    account.0.begin();
    account.0.ok("mv Plan.md Sales/Aim.md && rm Notes.md");
    account.0.end();
    account.ok(&["sync"]);
    let words = account.ok(&["export", "out"]);
    assert!(words.contains("gone"), "{words}");
    let found = files(&out(&account));
    assert_eq!(found.keys().collect::<Vec<_>>(), ["Acme/Sales/Aim.md", "Acme/Sales/Leads.md"]);
}

#[test]
fn what_was_edited_is_sent_against_what_was_exported() {
    let account = account();
    account.ok(&["export", "out"]);
    // Somebody else changes another line meanwhile.
    change(&account, 0, "one, changed elsewhere");
    fs::remove_dir_all(account.dir().join("state")).unwrap();
    edit(&account, "Acme/Plan.md", "- [ ] three\n", "- [x] three\n- [ ] new\n");
    account.requests();
    let planned = account.ok(&["import", "out", "--dry-run"]);
    assert_eq!(planned, "out/Acme/Plan.md: create new\nout/Acme/Plan.md: complete three\n");
    assert_eq!(account.writes(), [""; 0]);
    assert_eq!(account.ok(&["import", "out"]), planned);
    assert_eq!(account.writes().len(), 2);
    let tree = "one, changed elsewhere\n  one.a\nx two\nx three\nnew\n";
    assert_eq!(account.0.tree(), tree);
    // The file has what others did, and nothing is sent twice.
    assert!(files(&out(&account))["Acme/Plan.md"].starts_with("- [ ] one, changed elsewhere\n"));
    assert_eq!(account.ok(&["import", "out"]), "out: nothing was edited\n");
    assert_eq!(account.writes(), [""; 0]);
}

#[test]
fn files_that_are_new_renamed_and_gone_are_projects_that_are() {
    let account = account();
    account.ok(&["export", "out"]);
    let dir = out(&account);
    fs::write(dir.join("Acme/New.md"), "- [ ] first\n").unwrap();
    fs::rename(dir.join("Acme/Plan.md"), dir.join("Acme/Sales/Aim.md")).unwrap();
    edit(&account, "Acme/Sales/Aim.md", "three", "3");
    fs::remove_file(dir.join("Acme/Notes.md")).unwrap();
    let words = account.ok(&["import", "out"]);
    for line in [
        "out/Acme/New.md: create the project",
        "out/Acme/Sales/Aim.md: rename Acme/Plan.md",
        "out/Acme/Sales/Aim.md: update three → 3",
        "out/Acme/Notes.md: complete the project",
    ] {
        assert!(words.contains(line), "{words}");
    }
    let listed = account.ok(&["list"]);
    assert!(listed.contains("Acme/New.md:1:- [ ] first"), "{listed}");
    assert!(listed.contains("Acme/Sales/Aim.md:4:- [ ] 3"), "{listed}");
    assert!(!listed.contains("Notes"), "{listed}");
    let exported = account.ok(&["export", "out"]);
    assert_eq!(exported, "out: 3 unchanged\n");
}

#[test]
fn a_conflict_that_is_left_in_a_file_never_reaches_taskade() {
    let account = account();
    account.ok(&["export", "out"]);
    let both = "<<<<<<< HEAD\n- [ ] three\n=======\n- [ ] 3\n>>>>>>> theirs\n";
    edit(&account, "Acme/Plan.md", "- [ ] three\n", both);
    edit(&account, "Acme/Notes.md", "ask Bob", "ask Bill");
    account.requests();
    let words = account.fails(&["import", "out"]);
    assert!(words.contains("out/Acme/Plan.md") && words.contains("line 4"), "{words}");
    assert!(words.contains("1 file was not imported"), "{words}");
    assert_eq!(account.writes().len(), 1);
    assert!(account.0.tree().ends_with("three\n"));
    // Nor does what somebody forgot who settled it.
    edit(&account, "Acme/Plan.md", both, "- [ ] 3\n>>>>>>> theirs\n");
    let words = account.fails(&["import", "out"]);
    assert!(words.contains("out/Acme/Plan.md: line 5: a conflict is left"), "{words}");
    edit(&account, "Acme/Plan.md", "- [ ] 3\n>>>>>>> theirs\n", "- [ ] 3\n");
    account.ok(&["import", "out"]);
    assert!(account.0.tree().ends_with("3\n"));
}

#[test]
fn many_files_that_are_gone_are_taken_for_an_accident() {
    let account = Account::with(PLAN, |store, acme| {
        for number in 0..12 {
            store.add_project(acme, &format!("P{number}"), "task").unwrap();
        }
    });
    account.ok(&["export", "out"]);
    for number in 0..12 {
        fs::remove_file(out(&account).join(format!("Acme/P{number}.md"))).unwrap();
    }
    account.requests();
    let words = account.fails(&["import", "out"]);
    assert!(words.contains("--allow-delete"), "{words}");
    assert_eq!(account.writes(), [""; 0]);
    // Exported again, they are back.
    assert_eq!(account.ok(&["export", "out"]), "out: 12 changed, 1 unchanged\n");
}

#[test]
fn an_export_keeps_a_repository_whose_commits_say_what_was_done() {
    let account = account();
    account.ok(&["export", "out", "--git"]);
    let dir = out(&account);
    assert_eq!(git(&dir, &["log", "--format=%s"]), "3 created\n");
    assert_eq!(git(&dir, &["status", "--porcelain"]), "");
    account.ok(&["done", "-q", "Acme/Plan.md:1"]);
    account.ok(&["export", "out", "--git"]);
    assert_eq!(git(&dir, &["log", "-1", "--format=%s"]), "Acme/Plan.md: 1 ticked\n");
    assert!(git(&dir, &["log", "-1", "--format=%b"]).contains("  x one\n"));
    // Nothing was done: no commit.
    account.ok(&["export", "out", "--git"]);
    assert_eq!(git(&dir, &["rev-list", "--count", "HEAD"]), "2\n");
    assert!(!git(&dir, &["ls-files"]).contains(".taskadefs"));
    // What was edited here is committed once Taskade has it, and nothing else.
    edit(&account, "Acme/Notes.md", "ask Bob", "ask Bill");
    fs::write(dir.join("mine.txt"), "mine").unwrap();
    account.fails(&["export", "out", "--git"]);
    assert_eq!(git(&dir, &["rev-list", "--count", "HEAD"]), "2\n");
    account.ok(&["import", "out"]);
    account.ok(&["export", "out", "--git"]);
    let subject = git(&dir, &["log", "-1", "--format=%s"]);
    assert_eq!(subject, "Acme/Notes.md: edited here, and with Taskade\n");
    assert_eq!(git(&dir, &["status", "--porcelain"]), "?? mine.txt\n");
}

#[test]
fn what_was_committed_between_two_commits_is_sent_from_a_clone() {
    let account = account();
    account.ok(&["export", "out", "--git"]);
    let clone = account.dir().join("clone");
    git(&account.dir(), &["clone", "--quiet", "out", "clone"]);
    let text = fs::read_to_string(clone.join("Acme/Plan.md")).unwrap();
    fs::write(clone.join("Acme/Plan.md"), text.replace("- [ ] three", "- [ ] 3")).unwrap();
    fs::rename(clone.join("Acme/Notes.md"), clone.join("Acme/Asks.md")).unwrap();
    fs::write(clone.join("Acme/New.md"), "- [ ] first\n").unwrap();
    git(&clone, &["add", "--all"]);
    let who = ["-c", "user.name=a", "-c", "user.email=a@b"];
    git(&clone, &[&who[..], &["commit", "--quiet", "-m", "edited"]].concat());
    // Somebody else has changed another line since.
    change(&account, 0, "one, changed elsewhere");
    let words = account.ok(&["import", "clone", "--git-range", "HEAD~1..HEAD"]);
    assert!(words.contains("clone/Acme/Plan.md: update three → 3\n"), "{words}");
    assert!(words.contains("clone/Acme/Asks.md: rename Acme/Notes.md\n"), "{words}");
    assert!(words.contains("clone/Acme/New.md: create the project\n"), "{words}");
    assert_eq!(account.0.tree(), "one, changed elsewhere\n  one.a\nx two\n3\n");
}

#[test]
fn what_is_no_export_is_told() {
    let account = account();
    let words = account.fails(&["import", "nowhere"]);
    assert!(words.contains("nowhere") && words.contains("no such directory"), "{words}");
    fs::create_dir(account.dir().join("empty")).unwrap();
    let words = account.fails(&["import", "empty"]);
    assert!(words.contains("nothing was exported to it"), "{words}");
    account.0.begin();
    let mnt = account.0.acme();
    let words = account.fails(&["export", mnt.to_str().unwrap()]);
    assert!(words.contains("it is in a mount"), "{words}");
    account.0.end();
}

#[test]
fn what_is_imported_while_taskade_is_gone_waits_and_is_not_sent_twice() {
    let mut account = account();
    account.ok(&["export", "out"]);
    edit(&account, "Acme/Plan.md", "three", "3");
    let (address, token) = (account.0.address(), account.0.server().token());
    let mut command = account.command(&["import", "out"]);
    account.0.stop_server();
    let output = run(&mut command);
    let words = said(&output);
    assert!(output.status.success() && words.contains("not with Taskade yet"), "{words}");
    account.0.start_server(address, token);
    let again = account.fails(&["import", "out"]);
    assert!(again.contains("is on its way") || again.contains("nothing"), "{again}");
    account.ok(&["sync"]);
    assert!(account.0.tree().ends_with("3\n"), "{}", account.0.tree());
    assert_eq!(account.ok(&["export", "out"]), "out: 3 unchanged\n");
    assert_eq!(account.ok(&["import", "out"]), "out: nothing was edited\n");
}

/// A line of the page that people copy from.
fn line_of_the_page(part: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/plain/plain.md");
    let page = fs::read_to_string(page).unwrap();
    page.lines().find(|line| line.contains(part)).expect(part).to_owned()
}

/// Runs a line as a shell does that finds the program by its name.
fn shell(account: &Account, dir: &Path, line: &str) -> String {
    let mut command = account.command(&[]);
    let program = Path::new(command.get_program()).parent().unwrap().to_owned();
    let path = std::env::var("PATH").unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).current_dir(dir);
    for (name, value) in command.current_dir(dir).get_envs() {
        shell.env(name, value.unwrap());
    }
    let output = run(shell.env("PATH", format!("{}:{path}", program.display())));
    assert!(output.status.success(), "{line}: {}", said(&output));
    said(&output)
}

#[test]
fn the_lines_for_cron_and_ci_run_as_they_are_written() {
    let account = account();
    let cron = line_of_the_page("*/10");
    let command = cron.split_whitespace().skip(5).collect::<Vec<_>>().join(" ");
    assert_eq!(shell(&account, &account.dir(), &command), "");
    account.ok(&["add", "-q", "Acme/Plan.md", "four"]);
    assert_eq!(shell(&account, &account.dir(), &command), "");
    let tasks = account.dir().join("tasks");
    assert_eq!(git(&tasks, &["rev-list", "--count", "HEAD"]), "2\n");
    let clone = account.dir().join("clone");
    git(&account.dir(), &["clone", "--quiet", "tasks", "clone"]);
    let plan = clone.join("Acme/Plan.md");
    let text = fs::read_to_string(&plan).unwrap();
    fs::write(&plan, text.replace("- [ ] four", "- [x] four")).unwrap();
    let who = ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-am", "ticked"];
    git(&clone, &who);
    let ci = line_of_the_page("- run: taskadefs import");
    let command = ci.split_once("run: ").unwrap().1;
    let command = command.replace("${{ github.event.before }}", "HEAD~1");
    let command = command.replace("${{ github.sha }}", "HEAD");
    assert!(shell(&account, &clone, &command).contains("complete four"));
    assert!(account.0.tree().ends_with("x four\n"), "{}", account.0.tree());
}
