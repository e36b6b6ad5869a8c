//! The program under a service manager: what that is told and when, and the unit that packages bring.

use std::{
    fs,
    os::unix::net::UnixDatagram,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::{
    setup::home::{Home, is_mounted, need_root},
    support::{
        apart::apart,
        mount::{PROGRAM, run, said},
    },
};

const CONFIG: &str = "[mounts.work]\nmountpoint = \"HOME/mnt\"\nlocal = \"HOME/store\"
    state-dir = \"HOME/state\"\nlog-requests = \"HOME/log\"\n";

/// How long a word may take to come.
const DEADLINE: Duration = Duration::from_secs(30);

/// A process that is killed if the test fails before it ends.
struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn word(manager: &UnixDatagram) -> String {
    let mut word = [0; 4096];
    let length = manager.recv(&mut word).expect("a word");
    String::from_utf8(word[..length].to_vec()).unwrap()
}

fn started(home: &Home) -> (Service, UnixDatagram) {
    let socket = home.path("manager");
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut command = home.command(&["mount", "--foreground", "work"]);
    command.env("NOTIFY_SOCKET", &socket).stdin(Stdio::null()).stderr(Stdio::null());
    (Service(command.spawn().unwrap()), manager)
}

#[test]
fn the_manager_is_told_when_the_mount_answers_and_what_was_saved_is_sent_before_it_ends() {
    let home = Home::with(CONFIG);
    let root = home.mountpoint("mnt");
    let (mut service, manager) = started(&home);
    let ready = word(&manager);
    assert_eq!(ready, format!("READY=1\nSTATUS=mounted at {}\n", root.display()));
    assert!(root.join("Acme/Inbox.md").is_file(), "it answers");
    let environment = fs::read(format!("/proc/{}/environ", service.0.id())).unwrap();
    assert!(!String::from_utf8_lossy(&environment).contains("NOTIFY_SOCKET=/"));
    home.requests("log");
    // Written and never closed by its program: what the end of the mount is to save.
    let script = "exec 3>>mnt/Acme/Inbox.md; echo '- the last word' >&3; kill -TERM $0";
    let mut shell = Command::new("bash");
    let pid = service.0.id().to_string();
    shell.args(["-c", script, &pid]).current_dir(home.path(""));
    assert!(run(&mut shell).status.success());
    assert!(word(&manager).starts_with("STOPPING=1\nSTATUS="));
    assert_eq!(word(&manager), "STATUS=unmounted, and all is with Taskade\n");
    assert!(service.0.wait().unwrap().success());
    assert!(!is_mounted(&root));
    let writes = home.requests("log").into_iter().filter(|it| it.starts_with("POST")).count();
    assert_eq!(writes, 1, "it is with Taskade before the process ends");
}

#[test]
fn the_manager_is_told_why_nothing_is_mounted() {
    let home = Home::with(CONFIG);
    let (mut service, manager) = started(&home);
    let word = word(&manager);
    assert!(word.starts_with("STATUS=") && word.contains("mkdir"), "{word}");
    assert_eq!(service.0.wait().unwrap().code(), Some(1));
}

/// The unit that packages bring, with the program that the tests are of.
fn unit(home: &Home) -> PathBuf {
    let unit = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/taskadefs@.service");
    let unit = fs::read_to_string(unit).unwrap().replace("/usr/bin/taskadefs", PROGRAM);
    let copy = home.path("taskadefs@.service");
    fs::write(&copy, unit).unwrap();
    copy
}

#[test]
fn the_unit_is_one_that_systemd_takes() {
    let home = Home::with("");
    let mut verify = Command::new("systemd-analyze");
    verify.args(["verify", "--user", "--man=no"]).arg(unit(&home));
    let output = run(verify.env("HOME", home.path("")).env("XDG_RUNTIME_DIR", home.path("")));
    assert!(output.status.success() && said(&output).is_empty(), "{}", said(&output));
}

#[test]
fn a_manager_starts_it_at_login_again_when_it_was_killed_and_stops_it() {
    need_root();
    let home = Home::with(&CONFIG.replace("HOME/mnt", "~/Taskade"));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite/setup/user_manager.sh");
    let mut command = apart("120", &["--mount-proc"]);
    command.args(["bash", script]);
    command.arg(home.path("")).arg(unit(&home)).env("LC_ALL", "C.UTF-8");
    for inherited in ["DBUS_SESSION_BUS_ADDRESS", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
        command.env_remove(inherited);
    }
    let output = command.output().unwrap();
    let manager = fs::read_to_string(home.path("manager")).unwrap_or_default();
    assert!(output.status.success(), "{}\n{manager}", said(&output));
    assert!(said(&output).contains("the manager has ended"), "{}", said(&output));
}
