//! The directories of an export, and the bars that are drawn on a terminal.

use std::fs;

use taskadefs::server::{Exports, Fault, Quirks};

use super::Account;
use crate::support::{
    mount::{PROGRAM, said},
    terminal::Terminal,
};

#[test]
fn a_folder_without_a_project_is_a_directory_for_as_long_as_it_is_there() {
    let account = Account::with("one", |store, acme| {
        store.add_folder(acme, "Later").unwrap();
        store.add_folder(acme, "Sales").unwrap();
    });
    let out = |path: &str| account.dir().join("out/Acme").join(path);
    account.ok(&["export", "out"]);
    assert!(out("Later").is_dir() && out("Sales").is_dir());
    // What was removed here comes back, and what is in the way stays.
    fs::remove_dir(out("Later")).unwrap();
    fs::remove_dir(out("Sales")).unwrap();
    fs::write(out("Sales"), "mine").unwrap();
    let told = account.fails(&["export", "out"]);
    assert!(told.contains("out/Acme/Sales: not exported: a file is in the place"), "{told}");
    assert_eq!(fs::read_to_string(out("Sales")).unwrap(), "mine");
    fs::remove_file(out("Sales")).unwrap();
    assert_eq!(account.ok(&["export", "out"]), "out: 1 unchanged\n");
    assert!(out("Later").is_dir() && out("Sales").is_dir());
    assert_eq!(fs::read_to_string(out("Plan.md")).unwrap(), "- [ ] one\n");
}

#[test]
fn the_directory_of_a_folder_that_is_gone_goes_unless_it_holds_something() {
    let account = Account::with("one", |store, acme| {
        for name in ["Gone", "Kept"] {
            store.add_folder(acme, name).unwrap();
        }
    });
    let out = |path: &str| account.dir().join("out").join(path);
    account.ok(&["export", "out", "--quiet"]);
    fs::write(out("Acme/Kept/notes.txt"), "mine").unwrap();
    // Of a workspace that is not listed any more nothing is left either.
    let manifest = out(".taskadefs/export.json");
    let text = fs::read_to_string(&manifest).unwrap();
    for name in ["Old", "Old/Deeper", "Mine"] {
        fs::create_dir_all(out(name)).unwrap();
    }
    fs::write(out("Mine/notes.txt"), "mine").unwrap();
    let known = text.replace("\"Acme/Gone\"", "\"Acme/Gone\", \"Mine\", \"Old\", \"Old/Deeper\"");
    assert_ne!(known, text, "{text}");
    fs::write(&manifest, known).unwrap();
    account.ok(&["export", "out", "--quiet"]);
    assert!(!out("Old").exists() && out("Acme/Gone").is_dir());
    assert!(out("Mine/notes.txt").exists() && out("Acme/Kept/notes.txt").exists());
    assert_eq!(fs::read_to_string(&manifest).unwrap(), text);
}

/// How many requests a minute the service takes.
const BUDGET: u32 = 20;

/// How many projects there are to be read, each by a request of its own.
const PROJECTS: u64 = 60;

#[test]
fn a_bar_on_a_terminal_tells_how_many_minutes_the_requests_take_that_are_left() {
    let quirks =
        Quirks { exports: Exports::Refused, rate_limit: Some(BUDGET), ..Quirks::default() };
    let account = Account::at(quirks, "one", |store, acme| {
        for number in 1..PROJECTS {
            store.add_project(acme, &format!("Project {number}"), "a").unwrap();
        }
        let small = store.add_workspace("Small").unwrap();
        store.add_project(&small, "Little", "b").unwrap();
    });
    // Elsewhere than on a terminal nothing is drawn.
    let piped = account.run(&["export", "small", "--space", "Small"]);
    assert_eq!(said(&piped), "small: 1 created\n");
    let terminal = on_terminal(&account, "export out --space Acme");
    let mut told = None;
    terminal.until("drew a bar with an estimate", |screen| {
        told = estimate(screen);
        told.is_some()
    });
    let (read, all, minutes) = told.unwrap();
    assert_eq!(all, PROJECTS);
    // No more than this many are answered in a minute, and reading gets at least half of them.
    let left = PROJECTS - read;
    let fastest = left.div_ceil(BUDGET.into());
    let slowest = left.div_ceil(u64::from(BUDGET) / 2);
    assert!(
        (fastest..=slowest).contains(&minutes),
        "{minutes} minutes for {left}: {}",
        terminal.screen()
    );
}

#[test]
fn a_bar_tells_what_is_read_though_the_first_of_all_takes_long() {
    let quirks = Quirks { exports: Exports::Refused, ..Quirks::default() };
    let account = Account::at(quirks, "one", |store, acme| {
        for number in 1..PROJECTS {
            store.add_project(acme, &format!("Project {number}"), "a").unwrap();
        }
    });
    let server = account.0.server();
    let first = format!("/projects/{}/tasks", account.0.project);
    server.faults().plan(Some("GET"), &first, 0, 1, Fault::Hang);
    let terminal = on_terminal(&account, "export out --space Acme");
    terminal.shows(&format!("] {}/{PROJECTS} projects", PROJECTS - 1));
    assert!(server.faults().is_hanging());
    server.faults().release();
    terminal.shows(&format!("out: {PROJECTS} created")).ends();
}

/// The program on a terminal, with these arguments.
fn on_terminal(account: &Account, arguments: &str) -> Terminal {
    let settings = account.command(&[]);
    let settings: Vec<String> = settings
        .get_envs()
        .filter_map(|(name, value)| Some(format!("{}={}", name.to_str()?, value?.to_str()?)))
        .collect();
    let program = format!("exec env {} {PROGRAM} {arguments}", settings.join(" "));
    Terminal::run(&account.dir(), &format!("sh -c '{program}'"))
}

#[test]
fn a_bar_on_a_terminal_tells_how_many_files_an_import_has_come_to() {
    let account = Account::with("one", |store, acme| {
        store.add_project(acme, "Notes", "ask Bob").unwrap();
    });
    account.ok(&["export", "out"]);
    for (name, text) in [("Notes", "- [ ] ask Bill\n"), ("Plan", "- [ ] 1\n")] {
        fs::write(account.dir().join(format!("out/Acme/{name}.md")), text).unwrap();
    }
    let faults = account.0.server().faults();
    faults.plan(Some("PUT"), "", 1, 1, Fault::Hang);
    let terminal = on_terminal(&account, "import out");
    terminal.until("has sent the first", |screen| {
        screen.contains("sending [") && screen.contains("] 1/2 files") && faults.is_hanging()
    });
    faults.release();
    terminal
        .shows("out/Acme/Notes.md: update ask Bob")
        .shows("out/Acme/Plan.md: update one")
        .ends();
    assert!(!terminal.screen().contains("sending ["), "{}", terminal.screen());
}

/// What a bar says: how many projects are read, of how many, and how many minutes are left.
fn estimate(screen: &str) -> Option<(u64, u64, u64)> {
    let line = screen.lines().rev().find(|line| line.starts_with("reading ["))?;
    let (read, rest) = line.split_once("] ")?.1.split_once('/')?;
    let (all, rest) = rest.split_once(" projects, about ")?;
    let minutes = rest.split_once('m')?.0;
    Some((read.parse().ok()?, all.parse().ok()?, minutes.parse().ok()?))
}
