//! What the config file says of single paths: how old what is read may be, which details are asked for,
//! and what is read-only.

use std::{fs, io::ErrorKind, path::Path};

use crate::{
    setup::home::Home,
    support::mount::{said, until},
};

const MOUNT: &str = "[mounts.work]\nmountpoint = \"HOME/mnt\"\nlocal = \"HOME/store\"
    state-dir = \"HOME/state\"\nlog-requests = \"HOME/log\"\n";

fn mounted(more: &str) -> Home {
    let home = Home::with(&format!("{MOUNT}{more}"));
    home.mountpoint("mnt");
    home.ok(&["mount", "work"]);
    home
}

fn is_refused(result: std::io::Result<()>) -> bool {
    result.is_err_and(|error| error.kind() == ErrorKind::ReadOnlyFilesystem)
}

#[test]
fn a_read_only_path_is_read_only_for_root_too_and_nothing_else_is() {
    let home = mounted(
        "[[mounts.work.paths]]\npath = \"Acme/Marketing\"\nread-only = true
        [[mounts.work.paths]]\npath = \"Acme/Inbox.md\"\nread-only = true
        [[mounts.work.paths]]\npath = \"Acme/Marketing/Budget.md\"\nread-only = false\n",
    );
    let acme = home.path("mnt/Acme");
    let at = |name: &str| acme.join(name);
    let append = |path: &Path| {
        let file = fs::OpenOptions::new().append(true).open(path);
        file.and_then(|mut file| std::io::Write::write_all(&mut file, b"- one more\n"))
    };
    home.requests("log");
    assert!(is_refused(append(&at("Inbox.md"))));
    assert!(is_refused(fs::remove_file(at("Inbox.md"))));
    assert!(is_refused(fs::rename(at("Inbox.md"), at("Outbox.md"))));
    assert!(is_refused(fs::write(at("Marketing/New.md"), "one\n")));
    assert!(is_refused(fs::write(at("Marketing/.Newsletter.md.swp"), "x")));
    assert!(is_refused(fs::remove_file(at("Marketing/Newsletter.md"))));
    assert!(is_refused(fs::create_dir(at("Marketing/.git"))));
    fs::write(at(".scratch"), "- instead\n").unwrap();
    assert!(is_refused(fs::rename(at(".scratch"), at("Inbox.md"))), "a save by renaming");
    assert!(fs::read_to_string(at("Inbox.md")).unwrap().starts_with("- [ ] "));
    let writes = |home: &Home| {
        let requests = home.requests("log").into_iter();
        requests.filter(|request| !request.starts_with("GET")).collect::<Vec<_>>()
    };
    assert_eq!(writes(&home), [""; 0], "nothing of it was sent");
    append(&at("Marketing/Budget.md")).expect("what is said of the project itself");
    fs::write(at("New.md"), "one\n").expect("beside it");
    home.ok(&["umount", "work"]);
    assert_eq!(writes(&home).len(), 2);
}

#[test]
fn commands_change_nothing_at_a_read_only_path_either() {
    let home = mounted("[[mounts.work.paths]]\npath = \"Acme\"\nread-only = true\n");
    let text = fs::read_to_string(home.path("mnt/Acme/Inbox.md")).unwrap();
    home.ok(&["export", "out", "--space", "mnt/Acme"]);
    home.ok(&["bundle", "export", "mnt/Acme/Personal", "a.json"]);
    home.requests("log");
    let refused = |arguments: &[&str], path: &str| {
        let output = home.run(arguments);
        let wanted = format!("taskadefs: {path}: the config file has this path read-only; ");
        assert!(said(&output).contains(&wanted), "{arguments:?}: {}", said(&output));
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", said(&output));
    };
    refused(&["add", "mnt/Acme/Inbox.md", "x"], "mnt/Acme/Inbox.md");
    refused(&["done", "mnt/Acme/Inbox.md:1"], "mnt/Acme/Inbox.md");
    refused(&["share", "mnt/Acme/Inbox.md", "--create"], "mnt/Acme/Inbox.md");
    refused(&["bundle", "import", "mnt/Acme", "a.json"], "mnt/Acme");
    fs::write(home.path("out/Inbox.md"), format!("{text}- [ ] x\n")).unwrap();
    fs::write(home.path("out/New.md"), "- [ ] x\n").unwrap();
    fs::remove_file(home.path("out/Personal/Books.md")).unwrap();
    let personal = |name: &str| home.path("out/Personal").join(name);
    fs::rename(personal("Hiking trip.md"), personal("Trip.md")).unwrap();
    for path in ["out/Inbox.md", "out/New.md", "out/Personal/Books.md", "out/Personal/Trip.md"] {
        refused(&["import", "out"], path);
    }
    let requests = home.requests("log").into_iter();
    let writes: Vec<String> = requests.filter(|request| !request.starts_with("GET")).collect();
    assert_eq!(writes, [""; 0]);
    home.ok(&["umount", "work"]);
}

#[test]
fn what_holds_in_every_mount_holds_where_nothing_is_mounted() {
    let home = Home::with(
        "local = \"HOME/store\"\nstate-dir = \"HOME/state\"\nlog-requests = \"HOME/log\"
        [[paths]]\npath = \"Acme/Inbox.md\"\nread-only = true\n",
    );
    let output = home.run(&["add", "Acme/Inbox.md", "x"]);
    let told = "taskadefs: Acme/Inbox.md: the config file has this path read-only; ";
    assert!(said(&output).starts_with(told), "{}", said(&output));
    home.ok(&["add", "Acme/Personal/Books.md", "x"]);
    let requests = home.requests("log").into_iter();
    assert_eq!(requests.filter(|request| !request.starts_with("GET")).count(), 1);
}

#[test]
fn how_old_a_reading_may_be_is_told_for_each_path() {
    let home = mounted(
        "max-age = 0\nfields = \"none\"\nmarkers = \"tasks\"
        [[mounts.work.paths]]\npath = \"Acme/Marketing\"\nmax-age = 3600\n",
    );
    let acme = home.path("mnt/Acme");
    let reads = |path: &str| {
        fs::read_to_string(acme.join(path)).unwrap();
        home.requests("log");
        fs::read_to_string(acme.join(path)).unwrap();
        let of_tasks = |request: &String| request.contains("/tasks");
        home.requests("log").into_iter().filter(of_tasks).collect::<Vec<_>>()
    };
    // In this order: what is never young enough is also asked for after who looked at it is served.
    assert_eq!(reads("Marketing/Budget.md"), [""; 0], "the path's");
    assert_ne!(reads("Inbox.md"), [""; 0], "the mount's own: nothing is young enough");
}

#[test]
fn details_are_asked_for_ahead_where_the_path_says_so() {
    let home = mounted("[[mounts.work.paths]]\npath = \"Acme/Inbox.md\"\ndetails = [\"dates\"]\n");
    let acme = home.path("mnt/Acme");
    let mut asked = Vec::new();
    fs::read_to_string(acme.join("Marketing/Budget.md")).unwrap();
    let lines = fs::read_to_string(acme.join("Inbox.md")).unwrap().lines().count();
    until("the dates of all tasks of the project are asked for", || {
        let dates = |request: &String| request.ends_with("/date");
        asked.extend(home.requests("log").into_iter().filter(dates));
        asked.len() >= lines
    });
    home.ok(&["umount", "work"]);
    asked.extend(home.requests("log").into_iter().filter(|request| request.ends_with("/date")));
    assert_eq!(asked.len(), lines, "and of no other: {asked:?}");
}
