//! What is on its way: in a bounded memory, shown on terminals, and broken off by Ctrl-C.

use std::{
    fs,
    io::Write as _,
    process::{Child, Stdio},
    time::Duration,
};

use taskadefs::server::{Fault, Quirks};

use super::Scene;
use crate::support::{
    mount::{PROGRAM, said, until},
    signals::interruptible,
    terminal::Terminal,
};

/// The most memory that the process of the mount has had, in KiB.
fn most_memory(scene: &Scene) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", scene.mounted.pid_now())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn however_large_a_bundle_is_it_takes_little_memory() {
    let scene = Scene::new();
    scene.exported("Acme", "warm.json");
    assert!(scene.import("Beta", "warm.json").status.success());
    let before = most_memory(&scene);
    scene.mounted.server().faults().plan(Some("GET"), "/export", 0, 1, Fault::Huge(128 << 20));
    let output = scene.export("Acme", "a.json");
    assert!(output.status.success(), "{}", said(&output));
    let small = fs::read(scene.out().join("a.json")).unwrap();
    let mut file = fs::File::create(scene.out().join("large.json")).unwrap();
    file.write_all(&vec![b' '; 40 << 20]).unwrap();
    file.write_all(&small).unwrap();
    let output = scene.import("Beta", "large.json");
    assert!(output.status.success(), "{}", said(&output));
    let more = most_memory(&scene) - before;
    assert!(more < 16 << 10, "{more} KiB more");
    scene.mounted.end();
}

#[test]
fn how_far_it_is_is_shown_on_a_terminal() {
    let scene = Scene::new();
    let mount = scene.mounted.root.display().to_string();
    let slow = Fault::Drip(Duration::from_millis(4));
    scene.mounted.server().faults().plan(Some("GET"), "/export", 0, 1, slow.clone());
    let terminal =
        Terminal::run(&scene.out(), &format!("{PROGRAM} bundle export {mount}/Acme a.zip"));
    terminal.shows("B/s").shows("a.zip: 2 projects").ends();
    assert!(!terminal.screen().contains("B/s"), "the bar is gone");
    scene.mounted.server().faults().plan(Some("POST"), "/import", 0, 1, Fault::HangAfter);
    let terminal =
        Terminal::run(&scene.out(), &format!("{PROGRAM} bundle import {mount}/Beta a.zip"));
    terminal.shows("all is there: waiting for Taskade");
    scene.mounted.server().faults().release();
    terminal.shows("Beta/Plan.md").ends();
    scene.mounted.end();
}

/// Begins a command.
fn begin(scene: &Scene, arguments: &[&str]) -> Child {
    let mut command = scene.command(arguments);
    interruptible(&mut command)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Presses Ctrl-C.
fn interrupt(mut child: Child) {
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert!(!child.wait().unwrap().success());
}

#[test]
fn an_export_that_is_interrupted_leaves_nothing_and_goes_on_nowhere() {
    let scene = Scene::new();
    fs::write(scene.out().join("a.zip"), "before").unwrap();
    let slow = Fault::Drip(Duration::from_millis(20));
    scene.mounted.server().faults().plan(Some("GET"), "/export", 0, 1, slow);
    let child = begin(&scene, &["bundle", "export", "../mnt/Acme", "a.zip"]);
    let open = || {
        let fds = fs::read_dir(format!("/proc/{}/fd", scene.mounted.pid_now())).unwrap().flatten();
        let targets = fds.filter_map(|fd| fs::read_link(fd.path()).ok());
        let out = scene.out();
        targets.filter(|target| target.starts_with(&out)).count()
    };
    until("it is being written", || open() == 1);
    interrupt(child);
    until("it is given up", || open() == 0);
    assert_eq!(scene.names(), ["a.zip"]);
    assert_eq!(fs::read(scene.out().join("a.zip")).unwrap(), b"before");
    scene.mounted.end();
}

#[test]
fn an_import_that_is_interrupted_once_all_is_sent_goes_on_to_its_end() {
    let scene = Scene::new();
    scene.exported("Acme", "a.json");
    scene.mounted.server().faults().plan(Some("POST"), "/import", 0, 1, Fault::Hang);
    let child = begin(&scene, &["bundle", "import", "../mnt/Beta", "a.json"]);
    until("it is sent", || scene.mounted.server().faults().is_hanging());
    interrupt(child);
    scene.mounted.server().faults().release();
    // The mount ends after it.
    scene.mounted.end();
    assert_eq!(scene.imports().len(), 1);
    let store = scene.mounted.server().store();
    assert_eq!(store.find_projects("Plan").unwrap().len(), 2);
    let accounts = fs::read_dir(scene.mounted.dir.path().join("state/accounts")).unwrap();
    let logs = accounts.flatten().flat_map(|account| {
        let find = format!("cat {}/*/history.ndjson", account.path().display());
        let output = std::process::Command::new("sh").args(["-c", &find]).output().unwrap();
        String::from_utf8(output.stdout)
    });
    assert!(logs.collect::<String>().contains("import bundle"));
}

#[test]
fn the_service_may_take_longer_over_an_export_than_programs_wait() {
    let scene = Scene::on(Quirks::default(), &["--read-timeout", "0.3"]);
    let faults = scene.mounted.server().faults();
    faults.plan(Some("GET"), "/export/zip", 0, 1, Fault::Hang);
    let mut child = begin(&scene, &["bundle", "export", "../mnt/Acme", "a.zip"]);
    until("it is asked for", || faults.is_hanging());
    faults.plan(Some("GET"), "", 0, usize::MAX, Fault::Hang);
    assert!(!scene.mounted.sh("cat Sales/Leads.md").status.success(), "a program waits no longer");
    faults.clear();
    assert!(child.wait().unwrap().success());
    assert_eq!(scene.names(), ["a.zip"]);
    scene.mounted.end();
}
