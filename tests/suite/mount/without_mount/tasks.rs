//! `add`, `done`, `list`, `find`, `cat`, `open` and `diff`.

use std::{fs, io::Write, process::Stdio};

use serde_json::{Value, json};

use super::Account;
use crate::support::mount::{run, said};

const PLAN: &str = "one\n  one.a\nx two\nbuy Milk";

#[test]
fn a_task_is_added_with_one_write_and_no_mount() {
    let account = Account::of(PLAN);
    assert_eq!(
        account.ok(&["add", "Acme/Plan.md", "buy", "bread"]),
        "Acme/Plan.md: - [ ] buy bread\n"
    );
    assert_eq!(account.0.tree(), "one\n  one.a\nx two\nbuy Milk\nbuy bread\n");
    let writes = account.writes();
    assert_eq!(writes, [format!("POST /projects/{}/tasks/", account.0.project)]);
    // What is young is not asked for again.
    account.ok(&["add", "-q", "Acme/Plan.md", "--", "and butter"]);
    assert_eq!(account.requests(), [format!("POST /projects/{}/tasks/", account.0.project)]);
    assert!(account.0.tree().ends_with("buy bread\nand butter\n"));
}

#[test]
fn a_text_may_begin_with_a_dash_and_a_mistyped_option_is_none() {
    let account = Account::of(PLAN);
    let added = account.ok(&["add", "Acme/Plan.md", "- [x] buy bread"]);
    assert_eq!(added, "Acme/Plan.md: - [x] buy bread\n");
    account.ok(&["add", "Acme/Plan.md", "- and", "butter", "-q"]);
    assert!(account.0.tree().ends_with("x buy bread\nand butter\n"), "{}", account.0.tree());
    assert_eq!(account.ok(&["done", "Acme/Plan.md", "- [ ] and butter"]).lines().count(), 1);
    account.requests();
    for mistyped in ["--acount", "-Q"] {
        let told = account.run(&["add", "Acme/Plan.md", mistyped, "work"]);
        assert_eq!(told.status.code(), Some(2), "{}", said(&told));
        assert!(said(&told).contains(mistyped), "{}", said(&told));
    }
    let no_path = account.fails(&["add", "- buy bread", "milk"]);
    assert!(no_path.contains("- buy bread: "), "{no_path}");
    assert_eq!(account.writes(), [""; 0]);
}

#[test]
fn lines_of_standard_input_are_tasks() {
    let account = Account::of(PLAN);
    let mut command = account.command(&["add", "Acme/Plan.md"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"a\n\n- [x] b\n  - below\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(account.0.tree().ends_with("buy Milk\na\nx b\n  below\n"), "{}", account.0.tree());
}

#[test]
fn what_cannot_be_added_is_refused_and_leaves_nothing_behind() {
    let account = Account::of(PLAN);
    let refused = account.fails(&["add", "Acme/Plan.md", "a day 📅 2026-02-30"]);
    assert!(refused.contains("Acme/Plan.md") && refused.contains("2026-02-30"), "{refused}");
    assert_eq!(
        account.ok(&["status"]),
        format!(
            "nothing is mounted with {}, and nothing waits\n",
            account.dir().join("state").display()
        )
    );
    for (path, why) in [
        ("Acme/None.md", "no such file"),
        ("Acme", "it is a directory"),
        ("Nowhere", "Taskade has nothing there"),
        ("/etc/passwd", "not in a mount"),
        ("./Acme/Plan.md", "not in a mount"),
    ] {
        let refused = account.fails(&["add", path, "x"]);
        assert!(refused.contains(why) && refused.contains(path), "{refused}");
    }
    assert_eq!(account.writes(), [""; 0]);
    let empty = account.fails(&["add", "Acme/Plan.md", " "]);
    assert!(empty.contains("nothing to be added"), "{empty}");
}

#[test]
fn a_task_is_ticked_by_its_line_or_its_text() {
    let account = Account::of(PLAN);
    assert_eq!(account.ok(&["done", "Acme/Plan.md:2"]), "Acme/Plan.md: - [x] one.a\n");
    assert_eq!(account.ok(&["done", "Acme/Plan.md:milk"]), "Acme/Plan.md: - [x] buy Milk\n");
    assert_eq!(account.writes().len(), 2);
    assert_eq!(account.0.tree(), "one\n  x one.a\nx two\nx buy Milk\n");
    // As `grep -n` prints it.
    let ticked = account.ok(&["done", "Acme/Plan.md:1:- [ ] one"]);
    assert_eq!(ticked, "Acme/Plan.md: - [x] one\n");
    // Whether what is below it was ticked, too, is for Taskade to say.
    account.ok(&["cat", "Acme/Plan.md"]);
    account.requests();
    let again = account.run(&["done", "Acme/Plan.md", "two"]);
    assert!(
        again.status.success() && said(&again).contains("done already: two"),
        "{}",
        said(&again)
    );
    assert_eq!(account.requests(), [""; 0]);
}

#[test]
fn a_task_that_is_not_clear_is_not_ticked() {
    let account = Account::of(PLAN);
    let several = account.fails(&["done", "Acme/Plan.md", "on"]);
    assert!(several.contains("line 1: one; line 2: one.a"), "{several}");
    for (arguments, why) in [
        (["done", "Acme/Plan.md", "bread"], "no task says"),
        (["done", "Acme/Plan.md:9", ""], "no task begins on line 9"),
        (["done", "Acme/Plan.md:1:- [ ] two", ""], "another task by now: one"),
        (["done", "Acme/Plan.md", ""], "no task says"),
    ] {
        let arguments: Vec<&str> = arguments.into_iter().filter(|it| !it.is_empty()).collect();
        let refused = account.fails(&arguments);
        let is_said = refused.contains(why) || refused.contains("is not said");
        assert!(is_said && refused.contains("Acme/Plan.md"), "{arguments:?}: {refused}");
    }
    assert_eq!(account.writes(), [""; 0]);
}

#[test]
fn tasks_are_listed_for_grep_and_for_scripts() {
    let account = Account::with(PLAN, |store, acme| {
        store.add_project(acme, "Other", "three").unwrap();
    });
    let all = account.ok(&["list"]);
    assert_eq!(
        all,
        "Acme/Plan.md:1:- [ ] one\nAcme/Plan.md:2:  - [ ] one.a\nAcme/Plan.md:3:- [x] two\n\
         Acme/Plan.md:4:- [ ] buy Milk\nAcme/Other.md:1:- [ ] three\n"
    );
    assert_eq!(account.ok(&["list", "Acme/Plan.md", "--done"]), "Acme/Plan.md:3:- [x] two\n");
    assert_eq!(account.ok(&["list", "Acme", "--open"]).lines().count(), 4);
    let json: Value =
        serde_json::from_str(&account.ok(&["list", "Acme/Plan.md", "--json"])).unwrap();
    let ids = account.0.ids();
    let told = &json[1];
    assert_eq!(json.as_array().unwrap().len(), 4);
    assert_eq!(
        (&told["path"], &told["line"], &told["id"], &told["depth"], &told["done"], &told["text"]),
        (
            &json!("Acme/Plan.md"),
            &json!(2),
            &json!(ids[1]),
            &json!(1),
            &json!(false),
            &json!("one.a")
        )
    );
    // All of it is one reading.
    let requests = account.requests();
    assert!(requests.iter().all(|it| it.starts_with("GET ")), "{requests:?}");
}

#[test]
fn mine_is_what_the_owner_of_the_account_does() {
    let account = Account::with(PLAN, |store, acme| {
        store.add_member(acme, "alice", "Alice").unwrap();
    });
    let handle = "alice";
    account.ok(&["add", "-q", "Acme/Plan.md", "for me @alice 📅 2026-12-24"]);
    let listed = account.run(&["list", "--mine", "--me", handle]);
    let words = said(&listed);
    assert!(words.contains("Acme/Plan.md:5:- [ ] for me @alice 📅 2026-12-24\n"), "{words}");
    assert!(words.contains("who does it is known of 1 of 4 open tasks"), "{words}");
    let due = said(&account.run(&["list", "--due"]));
    assert!(due.contains("for me") && !due.contains("buy Milk"), "{due}");
    // The embedded server says whose its token is.
    let mine = account.run(&["list", "--mine"]);
    assert!(mine.status.success(), "{}", said(&mine));
}

#[test]
fn what_is_found_ignores_case_and_what_is_not_is_told() {
    let account = Account::of(PLAN);
    assert_eq!(account.ok(&["find", "MILK"]), "Acme/Plan.md:4:- [ ] buy Milk\n");
    let none = account.fails(&["find", "bread"]);
    assert!(none.contains("no task says \"bread\""), "{none}");
}

#[test]
fn a_file_is_printed_and_has_an_address() {
    let account = Account::of(PLAN);
    let text = account.ok(&["cat", "Acme/Plan.md"]);
    assert_eq!(text, "- [ ] one\n  - [ ] one.a\n- [x] two\n- [ ] buy Milk\n");
    let address = account.ok(&["open", "Acme/Plan.md"]);
    let origin = account.0.server().url().replace("/api/v1", "");
    assert_eq!(address, format!("{origin}/d/{}\n", account.0.project));
    assert!(account.ok(&["open", "Acme", "--print"]).starts_with(&format!("{origin}/spaces/")));
}

#[test]
fn a_save_is_told_a_line_a_request_before_it_is_made() {
    let account = Account::of(PLAN);
    let file = account.dir().join("plan.md");
    fs::write(&file, "- [x] one\n  - [ ] one.a\n- [x] two\n- [ ] buy Milk\n- [ ] new\n- [ ] er\n")
        .unwrap();
    let told = account.ok(&["diff", "Acme/Plan.md", "plan.md"]);
    assert_eq!(told, "create 2 tasks: new, er\ncomplete one\n");
    assert_eq!(account.writes(), [""; 0]);
    let same = account.run(&["diff", "Acme/Plan.md", "/dev/null"]);
    assert_eq!(String::from_utf8_lossy(&same.stdout).lines().count(), 3, "{}", said(&same));
    let none = account.fails(&["diff", "Acme/Plan.md"]);
    assert!(none.contains("nothing of it waits"), "{none}");
}

#[test]
fn the_running_mount_answers_by_either_path() {
    let account = Account::of(PLAN);
    account.0.begin();
    assert_eq!(account.ok(&["done", "Acme/Plan.md:1"]), "Acme/Plan.md: - [x] one\n");
    let path = account.0.file();
    let path = path.to_str().unwrap();
    let added = account.ok(&["add", path, "by path"]);
    assert_eq!(added, format!("{path}: - [ ] by path\n"));
    assert!(account.0.text().ends_with("- [ ] by path\n"), "{}", account.0.text());
    assert_eq!(
        account.ok(&["find", "by path", "--path", path]),
        format!("{path}:5:- [ ] by path\n")
    );
    let mut here = account.command(&["list", ".", "--done"]);
    let output = run(here.current_dir(account.0.acme()));
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(listed, "./Plan.md:1:- [x] one\n./Plan.md:3:- [x] two\n", "{}", said(&output));
    // Without a path it is what is here, named from here.
    fs::create_dir(account.0.acme().join(".git")).unwrap();
    for (dir, path, wanted) in [
        ("Acme", None, "Plan.md:5:- [ ] by path\n"),
        ("Acme/.git", None, ""),
        ("Acme/.git", Some(".."), "../Plan.md:5:- [ ] by path\n"),
        (".", None, "Acme/Plan.md:5:- [ ] by path\n"),
        (".", Some("Acme"), "Acme/Plan.md:5:- [ ] by path\n"),
    ] {
        let mut command = account.command(&["find", "by path"]);
        command.args(path.map(|path| format!("--path={path}")));
        let output = run(command.current_dir(account.0.root.join(dir)));
        let found = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(found, wanted, "{dir}: {}", said(&output));
    }
    // Without a token the only mount is meant.
    let mut command = account.command(&["cat", "Acme/Plan.md"]);
    let output = run(command.env_remove("TASKADE_TOKEN"));
    assert_eq!(String::from_utf8_lossy(&output.stdout), account.0.text(), "{}", said(&output));
    account.0.end();
}

#[test]
fn what_is_added_while_taskade_is_gone_waits_and_is_told() {
    let mut account = Account::of(PLAN);
    account.ok(&["list"]);
    let (address, token) = (account.0.address(), account.0.server().token());
    let (url, state) = (account.0.server().url(), account.dir().join("state"));
    account.0.stop_server();
    let run_offline = |arguments: &[&str]| {
        let mut command = std::process::Command::new(crate::support::mount::PROGRAM);
        command.args(arguments).env("TASKADEFS_STATE_DIR", &state);
        command.env("TASKADE_API_URL", &url).env("TASKADE_TOKEN", token.expose());
        run(&mut command)
    };
    let output = run_offline(&["add", "Acme/Plan.md", "later"]);
    let words = said(&output);
    assert!(output.status.success(), "{words}");
    assert!(words.contains("not with Taskade yet") && words.contains("taskadefs sync"), "{words}");
    let listed = run_offline(&["list", "--open"]);
    let words = said(&listed);
    assert!(words.contains("Acme/Plan.md:5:- [ ] later"), "{words}");
    account.0.start_server(address, token.clone());
    assert_eq!(account.ok(&["sync"]), "everything is saved\n");
    assert!(account.0.tree().ends_with("buy Milk\nlater\n"), "{}", account.0.tree());
}

#[test]
fn commands_at_the_same_time_wait_for_each_other() {
    let account = Account::of(PLAN);
    let mut children: Vec<_> = (0..4)
        .map(|number| {
            let text = format!("task {number}");
            let mut command = account.command(&["add", "-q", "Acme/Plan.md", &text]);
            command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for child in children.drain(..) {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }
    let tree = account.0.tree();
    assert!((0..4).all(|number| tree.contains(&format!("task {number}"))), "{tree}");
    assert_eq!(tree.lines().count(), 8, "{tree}");
}
