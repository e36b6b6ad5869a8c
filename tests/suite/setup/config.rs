//! The config file: mounts by name, what counts for more than it, and what is wrong in it.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::{
    setup::home::{Home, is_mounted},
    support::mount::{run, said},
};

const STORE: &str = "local = \"HOME/store\"\nstate-dir = \"HOME/state\"\n";

/// A file of the sample whose first line is a paragraph, unless all lines are to be boxes.
const PARAGRAPH: &str = "Acme/Engineering/How we deploy.md";

#[test]
fn a_mount_of_the_config_file_is_mounted_and_unmounted_by_its_name() {
    let home = Home::with(&format!("{STORE}[mounts.work]\nmountpoint = \"~/Work\"\n"));
    let root = home.mountpoint("Work");
    assert_eq!(home.ok(&["mount", "work"]), "");
    assert!(fs::read_dir(&root).unwrap().count() > 0);
    assert!(home.ok(&["status"]).contains(root.to_str().unwrap()), "status knows the state-dir");
    assert_eq!(home.ok(&["umount", "work"]), "");
    assert!(!is_mounted(&root));
    home.ok(&["mount", "Work"]);
    assert!(is_mounted(&root), "by its place it is the same mount");
    home.ok(&["umount", "./Work"]);
    let output = home.run(&["mount", "wrok"]);
    assert_eq!(output.status.code(), Some(1));
    let why = "wrok: neither a directory nor a mount of the config file; it has work";
    assert!(said(&output).contains(why), "{}", said(&output));
}

#[test]
fn what_is_typed_counts_before_the_environment_the_mounts_table_and_the_top() {
    let config = "markers = \"tasks\"\nread-only = true\nstate-dir = \"HOME/top\"
        [mounts.work]\nmountpoint = \"HOME/mnt\"\nlocal = \"HOME/store\"\nread-only = false
        [mounts.plain]\nmountpoint = \"HOME/mnt\"\nlocal = \"HOME/store\"\nmarkers = \"auto\"\n";
    let home = Home::with(config);
    let root = home.mountpoint("mnt");
    let boxes = || fs::read_to_string(root.join(PARAGRAPH)).unwrap().starts_with("- [ ] ");
    home.ok(&["mount", "work"]);
    assert!(boxes(), "the top");
    fs::write(root.join("Acme/New.md"), "one\n")
        .expect("the mount's table, which is not read-only");
    home.ok(&["umount", "work"]);
    home.ok(&["mount", "plain"]);
    assert!(!boxes(), "the mount's table");
    assert!(fs::write(root.join("Acme/New.md"), "two\n").is_err(), "the top is read-only");
    home.ok(&["umount", "plain"]);
    home.ok(&["mount", "-o", "markers=tasks", "plain"]);
    assert!(boxes(), "a list of -o");
    home.ok(&["umount", "plain"]);
    assert!(home.path("top").is_dir() && !home.path("elsewhere").exists());
    let mut mount = home.command(&["mount", "work"]);
    let output = run(mount.env("TASKADEFS_STATE_DIR", home.path("elsewhere")));
    assert!(output.status.success(), "{}", said(&output));
    assert!(home.path("elsewhere").is_dir(), "the environment");
    home.ok(&["umount", "work"]);
    let other = home.path("typed");
    let mut mount = home.command(&["mount", "--state-dir", other.to_str().unwrap(), "work"]);
    let output = run(mount.env("TASKADEFS_STATE_DIR", home.path("not this")));
    assert!(output.status.success(), "{}", said(&output));
    assert!(other.is_dir() && !home.path("not this").exists(), "what is typed");
    home.ok(&["umount", "work"]);
}

#[test]
fn what_excludes_what_is_typed_or_stands_nearer_is_left_out() {
    let home = Home::with(
        "token-file = \"HOME/none\"\nstate-dir = \"HOME/state\"\nlog-requests = \"HOME/log\"
        [mounts.local]\nmountpoint = \"HOME/mnt\"\nlocal = \"HOME/store\"\n",
    );
    let root = home.mountpoint("mnt");
    home.ok(&["mount", "local"]);
    home.ok(&["umount", "local"]);
    assert!(!home.requests("log").is_empty(), "the log is of the local store");
    let other = home.mountpoint("other");
    home.ok(&["mount", "--local", home.path("store").to_str().unwrap(), other.to_str().unwrap()]);
    home.ok(&["umount", other.to_str().unwrap()]);
    let output = home.run(&["mount", other.to_str().unwrap()]);
    assert!(said(&output).contains("none: cannot read the token"), "{}", said(&output));
    assert!(!is_mounted(&root));
}

#[test]
fn a_config_file_that_is_not_understood_mounts_nothing_and_the_line_is_told() {
    let home = Home::with("");
    let root = home.mountpoint("mnt");
    let mounts = "[mounts.work]\nmountpoint = \"HOME/mnt\"\nlocal = \"HOME/store\"\n";
    for (wrong, told) in [
        ("max-age = \"soon\"\n", ":1: `max-age` takes a number, and this is text"),
        ("\nmarkers = \"boxes\"\n", ":2: `markers` cannot be `boxes`: there are auto, tasks"),
        ("colour = true\n", ":1: there is no `colour`: there are "),
        ("token = \"tskdp_secret\"\n", ":1: a token has no place in the config file"),
        ("max-age\n", ":1: this is no TOML"),
    ] {
        home.write_config(&format!("{wrong}{mounts}"));
        let output = home.run(&["mount", "work"]);
        let says = said(&output);
        assert_eq!(output.status.code(), Some(1), "{says}");
        let place = format!("taskadefs: {}{told}", home.config().display());
        assert!(says.starts_with(&place), "{says}");
        assert!(!says.contains("tskdp_secret"), "{says}");
        assert!(!wrong.contains("token") || says.contains("`taskadefs login`"), "{says}");
        assert!(!is_mounted(&root) && !home.path("store").exists(), "{wrong}");
        let doctor = home.run(&["doctor", "--local", home.path("none").to_str().unwrap()]);
        let finds = said(&doctor);
        assert_eq!(doctor.status.code(), Some(1), "{finds}");
        assert!(finds.contains(&format!("{}{told}", home.config().display())), "{finds}");
    }
}

#[test]
fn a_config_file_that_everybody_can_write_is_refused() {
    let home = Home::with("[mounts.work]\nmountpoint = \"HOME/mnt\"\nlocal = \"HOME/store\"\n");
    home.mountpoint("mnt");
    fs::set_permissions(home.config(), fs::Permissions::from_mode(0o666)).unwrap();
    let says = said(&home.run(&["mount", "work"]));
    assert!(says.contains("everybody can write it; chmod o-w /"), "{says}");
}

#[test]
fn another_config_file_is_named_by_a_variable_and_must_be_there() {
    let home = Home::with("colour = true\n");
    let root = home.mountpoint("mnt");
    let store = home.path("store");
    let mount = |config: &str| {
        let mut command = home.command(&["mount", "--local", store.to_str().unwrap()]);
        run(command.arg(&root).env("TASKADEFS_CONFIG", config))
    };
    let output = mount("/dev/null");
    assert!(output.status.success(), "{}", said(&output));
    home.ok(&["umount", root.to_str().unwrap()]);
    assert!(said(&mount("/nowhere/config.toml")).contains("cannot read the config file"));
}
