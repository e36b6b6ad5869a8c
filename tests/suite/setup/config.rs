//! The config file: mounts by name, what counts for more than it, and what is wrong in it.

use std::{fs, os::unix::fs::PermissionsExt};

use taskadefs::server::{Server, ServerConfig};

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
fn commands_about_all_mounts_know_the_state_directories_of_each() {
    let mount = |name: &str| {
        format!("[mounts.{name}]\nmountpoint = \"HOME/{name}\"\nlocal = \"HOME/{name}.store\"\n")
    };
    let apart = "state-dir = \"HOME/apart\"\n";
    let home = Home::with(&format!("{}{}{apart}", mount("usual"), mount("other")));
    let (usual, other) = (home.mountpoint("usual"), home.mountpoint("other"));
    home.ok(&["mount", "other"]);
    let told = home.ok(&["status"]);
    assert!(told.contains(&format!("{}: ", other.display())), "{told}");
    home.ok(&["history"]);
    home.ok(&["mount", "usual"]);
    let told = home.ok(&["status"]);
    for root in [&usual, &other] {
        assert!(told.contains(&format!("{}: ", root.display())), "{told}");
    }
    let told = said(&home.run(&["history"]));
    assert!(told.contains("several accounts are mounted"), "{told}");
    // What is typed is meant and nothing else.
    let told = home.ok(&["status", "--state-dir", home.path("apart").to_str().unwrap()]);
    assert!(told.contains("other: ") && !told.contains("usual: "), "{told}");
    home.ok(&["umount", "usual"]);
    home.ok(&["umount", "other"]);
    let told = home.ok(&["status"]);
    assert!(told.contains("nothing is mounted with ") && told.contains("/apart"), "{told}");
}

#[test]
fn what_the_config_file_says_holds_wherever_a_switch_stands() {
    let home = Home::with(&format!("{STORE}[mounts.work]\nmountpoint = \"HOME/mnt\"\n"));
    home.mountpoint("mnt");
    assert_eq!(home.ok(&["-q", "mount", "-o", "max-age=5", "work"]), "");
    home.ok(&["--quiet", "bundle", "-q", "export", "mnt/Acme/Personal", "a.json"]);
    home.ok(&["-q", "umount", "work"]);
    home.ok(&["-q", "add", "Acme/Inbox.md", "- a last one"]);
    assert!(home.ok(&["-q", "cat", "Acme/Inbox.md"]).contains("a last one\n"));
}

#[test]
fn a_token_in_the_environment_counts_for_more_than_what_names_another() {
    let home = Home::with("");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(Server::start(ServerConfig::new(home.path("server")))).unwrap();
    server.store().add_workspace("Acme").unwrap();
    fs::write(home.path("wrong"), "tskdp_wrong").unwrap();
    fs::set_permissions(home.path("wrong"), fs::Permissions::from_mode(0o600)).unwrap();
    let root = home.mountpoint("mnt");
    for other in ["token-file = \"HOME/wrong\"", "account = \"nobody\""] {
        let url = server.url();
        home.write_config(&format!(
            "api-url = \"{url}\"\nstate-dir = \"HOME/state\"\n[mounts.work]\n\
             mountpoint = \"HOME/mnt\"\n{other}\n"
        ));
        let output = home.run(&["mount", "work"]);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        for variable in ["TASKADE_TOKEN", "TASKADE_API_KEY"] {
            let mut mount = home.command(&["mount", "work"]);
            let output = run(mount.env(variable, server.token().expose()));
            assert!(output.status.success(), "{}", said(&output));
            assert!(root.join("Acme").is_dir());
            home.ok(&["umount", "work"]);
        }
        // What is typed counts for more than both.
        let wrong = home.path("wrong");
        let mut mount = home.command(&["mount", "work", "--token-file", wrong.to_str().unwrap()]);
        let output = run(mount.env("TASKADE_TOKEN", server.token().expose()));
        assert!(said(&output).contains("does not know the token"), "{}", said(&output));
    }
    runtime.block_on(server.shutdown());
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
