//! Exporting.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
};

use serde_json::Value;
use taskadefs::server::{Fault, Quirks};

use super::{Scene, failure, files};
use crate::support::mount::{PROGRAM, said, until};

#[test]
fn a_space_is_one_file_by_one_request_and_says_what_is_in_it() {
    let scene = Scene::new();
    scene.mounted.ok("ls -R ..");
    scene.requests();
    let output = scene.export("Acme", "a.json");
    assert!(output.status.success() && output.stderr.is_empty(), "{}", said(&output));
    let words = String::from_utf8(output.stdout).unwrap();
    assert!(words.starts_with("a.json: 2 projects, ") && words.ends_with("B\n"), "{words}");
    assert_eq!(scene.requests(), [format!("GET /bundles/{}/export", scene.acme)]);
    let bundle: Value =
        serde_json::from_slice(&fs::read(scene.out().join("a.json")).unwrap()).unwrap();
    assert_eq!(bundle["version"], "1");
    assert_eq!(bundle.as_object().unwrap().len(), 2, "it is the item, without its envelope");
    let output = scene.export("Acme/Sales", "b.zip");
    assert!(said(&output).starts_with("b.zip: 1 project, "), "{}", said(&output));
    assert_eq!(scene.requests(), [format!("GET /bundles/{}/export/zip", scene.sales)]);
    assert!(fs::read(scene.out().join("b.zip")).unwrap().starts_with(b"PK"));
    // As of any program of this user, whatever the mount's own mask is.
    scene
        .mounted
        .ok(&format!("cd ../../out; umask 027; {PROGRAM} bundle export ../mnt/Acme c.zip"));
    let mode = |name: &str| fs::metadata(scene.out().join(name)).unwrap().permissions().mode();
    assert_eq!(mode("c.zip") & 0o777, 0o640);
    scene
        .mounted
        .ok(&format!("cd ../../out; umask 077; {PROGRAM} bundle export ../mnt/Acme c.zip"));
    assert_eq!(mode("c.zip") & 0o777, 0o640, "the one before it");
    scene.mounted.end();
}

#[test]
fn what_waits_to_be_sent_is_told_not_to_be_in_it() {
    let scene = Scene::on(Quirks::default(), &["--commit-wait", "0"]);
    scene.text("Acme/Plan.md");
    scene.mounted.server().faults().plan(
        Some("POST"),
        "/tasks",
        0,
        usize::MAX,
        Fault::Status(503, None),
    );
    scene.mounted.ok("echo '- [ ] later' >> Plan.md");
    let output = scene.export("Acme", "a.zip");
    assert!(output.status.success(), "{}", said(&output));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("1 change not with Taskade yet, so not in it"), "{words}");
    let output = scene.export("Acme/Sales", "b.zip");
    assert!(output.stderr.is_empty(), "it is of another folder: {}", said(&output));
    scene.mounted.server().faults().clear();
    scene.mounted.end();
}

/// What goes wrong, and words of what is said.
fn faults() -> Vec<(Fault, &'static str)> {
    vec![
        (Fault::Status(401, None), "check the token"),
        (Fault::Status(402, None), "see what Taskade's plans allow"),
        (Fault::Status(403, None), "can let you export"),
        (Fault::Status(404, None), "still there"),
        (Fault::Status(413, None), "413"),
        (Fault::Status(400, None), "400"),
        (Fault::Status(500, None), "500"),
        (Fault::Html(200), "sign in to the network"),
        (Fault::Html(403), "sign in to the network"),
        (Fault::Redirect("http://192.0.2.1/login".to_owned()), "without TLS"),
        (Fault::NotOk, "injected"),
        (Fault::Malformed, "in place of the bundle"),
        (Fault::Truncated, "run it again"),
        (Fault::DropBefore, "run it again"),
        (Fault::DropAfter, "run it again"),
    ]
}

#[test]
fn whatever_goes_wrong_leaves_the_file_before_it_and_nothing_else() {
    for file in ["a.json", "a.zip", "a.tsk"] {
        let scene = Scene::new();
        scene.mounted.ok("ls -R ..");
        fs::write(scene.out().join(file), "before").unwrap();
        let state = scene.mounted.dir.path().join("state");
        let before = files(&state);
        for (fault, why) in faults() {
            // Archives come in no envelope.
            if file != "a.json" && matches!(fault, Fault::NotOk | Fault::Malformed) {
                continue;
            }
            scene.mounted.server().faults().plan(
                Some("GET"),
                "/export",
                0,
                usize::MAX,
                fault.clone(),
            );
            let words = failure(&scene.export("Acme", file));
            assert!(words.contains(file) && words.contains(why), "{fault:?}: {words}");
            assert_eq!(scene.names(), [file], "{fault:?}");
            assert_eq!(fs::read(scene.out().join(file)).unwrap(), b"before", "{fault:?}");
            scene.mounted.server().faults().clear();
        }
        assert_eq!(files(&state), before);
        until("Taskade is found again", || scene.export("Acme", file).status.success());
        scene.mounted.end();
    }
}

#[test]
fn one_that_broke_off_in_the_middle_is_begun_again_and_is_whole() {
    let scene = Scene::new();
    scene.exported("Acme", "whole.json");
    for file in ["a.json", "a.zip"] {
        scene.mounted.server().faults().plan(Some("GET"), "/export", 0, 2, Fault::Truncated);
        let output = scene.export("Acme", file);
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(scene.requests().len(), 3, "twice it broke off");
    }
    let read = |name: &str| fs::read(scene.out().join(name)).unwrap();
    assert_eq!(read("a.json"), read("whole.json"));
    scene.mounted.end();
}

#[test]
fn what_cannot_be_exported_or_written_costs_no_request() {
    let scene = Scene::new();
    scene.mounted.ok("ls -R .. > /dev/null; cat Plan.md > /dev/null");
    fs::create_dir(scene.out().join("dir.zip")).unwrap();
    symlink("../mnt/Acme/in.zip", scene.out().join("link.zip")).unwrap();
    fs::write(scene.mounted.acme().join("in.zip"), "scratch").unwrap();
    scene.requests();
    for (folder, file, why) in [
        ("Acme", "a", "ends in .json, .zip or .tsk"),
        ("Acme", "a.tar", "ends in .json, .zip or .tsk"),
        ("Acme", "dir.zip", "it is a directory"),
        ("Acme", "none/a.zip", "none"),
        ("Acme", "../mnt/Acme/a.zip", "cannot be in a mount"),
        ("Acme", "link.zip", "cannot be in a mount"),
        ("", "a.zip", "not all of them"),
        ("Acme/Plan.md", "a.zip", "name the folder that it is in"),
        ("Acme/.taskade/media", "a.zip", "nothing there"),
        ("../out", "a.zip", "not in a mount"),
    ] {
        let words = failure(&scene.export(folder, file));
        assert!(words.contains(why), "{folder} {file}: {words}");
    }
    assert_eq!(scene.requests(), <[String; 0]>::default());
    assert_eq!(scene.names(), ["dir.zip", "link.zip"]);
    let output = scene.run(&["bundle", "export", "../mnt/Acme"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    scene.mounted.end();
}

#[test]
fn a_full_disk_is_told_and_leaves_nothing() {
    let scene = Scene::new();
    let disk = scene.out().join("disk");
    fs::create_dir(&disk).unwrap();
    let small = format!("mount -t tmpfs -o size=64k tmpfs {}", disk.display());
    if !scene.mounted.sh(&small).status.success() {
        eprintln!("skipped: this user mounts no tmpfs");
        return scene.mounted.end();
    }
    fs::write(disk.join("filler"), vec![1; 64 << 10]).unwrap();
    let words = failure(&scene.export("Acme", "disk/a.json"));
    scene.mounted.ok(&format!("umount -l {}", disk.display()));
    assert!(words.contains("make room") && words.contains("disk/a.json"), "{words}");
    scene.mounted.end();
}
