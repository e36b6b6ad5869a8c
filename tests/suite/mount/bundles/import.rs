//! Importing.

use std::{
    fs,
    io::{BufRead, BufReader, Seek, SeekFrom, Write as _},
    process::Stdio,
};

use serde_json::Value;
use taskadefs::server::{Fault, Quirks};

use super::{Scene, failure, files};
use crate::support::mount::{PROGRAM, said, until};

#[test]
fn what_was_exported_is_the_same_projects_once_it_is_imported_whatever_the_file_is() {
    for (file, tsk_is_json) in
        [("a.json", false), ("a.zip", false), ("a.tsk", false), ("b.tsk", true)]
    {
        let scene = Scene::on(Quirks { tsk_is_json, ..Quirks::default() }, &[]);
        scene.mounted.ok("ls -R .. > /dev/null");
        scene.exported("Acme", file);
        let output = scene.import("Beta", file);
        assert!(output.status.success() && output.stderr.is_empty(), "{}", said(&output));
        let words = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut lines: Vec<&str> = words.lines().collect();
        let media = file == "a.zip" || file == "a.tsk";
        let made = if media { "2 projects, 1 file" } else { "2 projects" };
        assert_eq!(lines.remove(0), format!("../mnt/Beta: {made}"));
        lines.sort_unstable();
        assert_eq!(lines, ["../mnt/Beta/Notes.md", "../mnt/Beta/Plan.md"]);
        let path = if file == "a.json" { "import" } else { "import/zip" };
        let mut requests = scene.requests();
        assert_eq!(requests.remove(2), format!("POST /bundles/{}/{path}", scene.beta), "{file}");
        let listed = [
            format!("GET /workspaces/{}/folders", scene.beta),
            format!("GET /folders/{}/projects", scene.beta),
        ];
        requests.sort();
        let twice = [&listed[1], &listed[1], &listed[0], &listed[0]].map(String::clone);
        assert_eq!(requests, twice, "before, and after");
        assert_eq!(scene.mounted.ok("ls ../Beta"), "Notes.md\nPlan.md\n");
        for name in ["Notes.md", "Plan.md"] {
            assert_eq!(scene.text(&format!("Beta/{name}")), scene.text(&format!("Acme/{name}")));
        }
        // It only ever creates: the same again are others.
        let again = scene.import("Beta", file);
        assert!(said(&again).contains("../mnt/Beta/Plan ~"), "{}", said(&again));
        assert_eq!(fs::read_dir(scene.mounted.root.join("Beta")).unwrap().count(), 4);
        scene.mounted.end();
    }
}

#[test]
fn what_came_is_told_as_json_to_scripts() {
    let scene = Scene::new();
    scene.exported("Acme/Sales", "a.json");
    let output = scene.run(&["bundle", "import", "--json", "../mnt/Beta", "a.json"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["projects"], serde_json::json!(["Beta/Leads.md"]));
    let file = scene.out().join("a.json");
    let there = format!("cd ../Beta && {PROGRAM} bundle import . {}", file.display());
    let words = scene.mounted.ok(&there);
    let root = scene.mounted.root.canonicalize().unwrap();
    assert!(words.contains(&format!("{}/Beta/Leads ~", root.display())), "{words}");
    assert_eq!((&told["installed"]["projects"], &told["expected"]), (&1.into(), &1.into()));
    scene.mounted.end();
}

/// A file that reads as zeros, of so many bytes, behind what it begins with.
fn large(path: &std::path::Path, start: &[u8], length: u64) {
    let mut file = fs::File::create(path).unwrap();
    file.write_all(start).unwrap();
    file.seek(SeekFrom::Start(length)).unwrap();
    file.set_len(length).unwrap();
}

#[test]
fn what_is_no_bundle_or_cannot_go_there_is_refused_before_anything_is_sent() {
    let scene = Scene::new();
    scene.mounted.ok("ls -R .. > /dev/null; cat Plan.md > /dev/null");
    scene.exported("Acme", "a.zip");
    scene.exported("Acme", "good.json");
    let write = |name: &str, content: &[u8]| fs::write(scene.out().join(name), content).unwrap();
    let whole = fs::read(scene.out().join("a.zip")).unwrap();
    write("empty.zip", b"");
    write("half.zip", &whole[..whole.len() / 2]);
    write("page.json", b"<html>sign in</html>");
    write("zip.json", &whole);
    write("json.zip", &fs::read(scene.out().join("good.json")).unwrap());
    write("a.txt", b"x");
    large(&scene.out().join("large.zip"), b"PK\x03\x04", (50 << 20) + 1);
    fs::create_dir(scene.out().join("dir.zip")).unwrap();
    let fifo = scene.out().join("fifo.zip");
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::RUSR).unwrap();
    for (workspace, file, why) in [
        ("Beta", "none.zip", "No such file"),
        ("Beta", "empty.zip", "it is empty"),
        ("Beta", "half.zip", "no whole ZIP archive"),
        ("Beta", "page.json", "a page of the web"),
        ("Beta", "zip.json", "call it .zip"),
        ("Beta", "json.zip", "call it .json"),
        ("Beta", "a.txt", "ends in .json, .zip or .tsk"),
        ("Beta", "large.zip", "it has 51 MB, and Taskade takes 50"),
        ("Beta", "dir.zip", "it is a directory"),
        ("Beta", "fifo.zip", "no regular file"),
        ("Acme/Sales", "a.zip", "into workspaces only"),
        ("", "a.zip", "into workspaces only"),
        ("Acme/Plan.md", "a.zip", "it is a project"),
        ("None", "a.zip", "None"),
    ] {
        let words = failure(&scene.import(workspace, file));
        assert!(words.contains(why), "{workspace} {file}: {words}");
    }
    fs::copy(scene.out().join("a.zip"), scene.mounted.acme().join("a.zip")).unwrap();
    assert!(failure(&scene.import("Beta", "../mnt/Acme/a.zip")).contains("cannot be in a mount"));
    let words = failure(&scene.import("", "a.zip"));
    assert!(words.starts_with("taskadefs: ../mnt/: Taskade imports"), "{words}");
    assert_eq!(scene.requests(), <[String; 0]>::default());
    scene.mounted.end();
    let scene = Scene::on(Quirks::default(), &["--read-only"]);
    scene.exported("Acme", "a.zip");
    assert!(failure(&scene.import("Beta", "a.zip")).contains("the mount is read-only"));
    assert_eq!(scene.imports(), <[String; 0]>::default());
    scene.mounted.end();
}

#[test]
fn a_refusal_makes_nothing_says_what_to_do_and_is_not_repeated() {
    let scene = Scene::new();
    scene.mounted.ok("ls -R .. > /dev/null");
    scene.exported("Acme", "a.zip");
    let before = files(&scene.mounted.dir.path().join("state"));
    for (fault, why) in [
        (Fault::Status(401, None), "check the token"),
        (Fault::Status(402, None), "plans"),
        (Fault::Status(403, None), "a workspace that you may edit"),
        (Fault::Status(404, None), "still there"),
        (Fault::Status(413, None), "leave its media out"),
    ] {
        scene.mounted.server().faults().plan(Some("POST"), "/import", 0, 1, fault.clone());
        let words = failure(&scene.import("Beta", "a.zip"));
        assert!(words.contains("Beta") && words.contains(why), "{fault:?}: {words}");
        assert!(words.contains("nothing was made") || why == "check the token", "{words}");
        assert_eq!(scene.imports().len(), 1, "{fault:?}");
        scene.mounted.server().log().clear();
    }
    assert_eq!(files(&scene.mounted.dir.path().join("state")), before);
    assert_eq!(scene.names(), ["a.zip"]);
    assert_eq!(scene.mounted.ok("ls ../Beta"), "");
    scene.mounted.end();
}

#[test]
fn an_import_whose_answer_is_lost_is_not_repeated_and_what_came_of_it_is_told() {
    for (fault, came) in [
        (Fault::DropAfter, true),
        (Fault::Truncated, true),
        (Fault::Malformed, true),
        (Fault::DropBefore, false),
        (Fault::Status(500, None), false),
        (Fault::Html(502), false),
    ] {
        let scene = Scene::new();
        scene.exported("Acme", "a.json");
        scene.mounted.server().faults().plan(Some("POST"), "/import", 0, 1, fault.clone());
        let output = scene.import("Beta", "a.json");
        let words = failure(&output);
        assert_eq!(scene.imports().len(), 1, "{fault:?}: {words}");
        assert!(words.contains("sent once and not repeated"), "{fault:?}: {words}");
        let listed = String::from_utf8_lossy(&output.stdout).into_owned();
        if came {
            assert!(words.contains("it is done, do not import it again"), "{fault:?}: {words}");
            assert!(listed.contains("../mnt/Beta/Plan.md\n"), "{fault:?}: {listed}");
        } else {
            assert!(words.contains("none of its projects is there yet"), "{fault:?}: {words}");
            assert_eq!(listed, "", "{fault:?}");
        }
        let log = scene.text(".taskade/history.ndjson");
        let entries: Vec<&str> = log.lines().filter(|it| it.contains("import bundle")).collect();
        assert!(entries.len() == 1 && entries[0].contains(r#""outcome":"unknown""#), "{log}");
        scene.mounted.end();
    }
}

#[test]
fn where_it_cannot_be_looked_after_a_lost_answer_that_is_told_too() {
    let mut scene = Scene::new();
    scene.exported("Acme", "a.json");
    let faults = scene.mounted.server().faults();
    faults.plan(Some("POST"), "/import", 0, 1, Fault::DropAfter);
    // The listings before it go through.
    faults.plan(Some("GET"), &scene.beta.to_string(), 2, usize::MAX, Fault::Status(403, None));
    let words = failure(&scene.import("Beta", "a.json"));
    assert!(words.contains("it cannot be looked now what came"), "{words}");
    scene.mounted.server().faults().clear();
    scene.mounted.server().log().clear();
    scene.mounted.stop_server();
    let words = failure(&scene.import("Beta", "a.json"));
    assert!(words.contains("cannot be reached") || words.contains("gone"), "{words}");
}

#[test]
fn the_sixth_in_a_minute_waits_and_says_so_also_after_a_remount() {
    let scene = Scene::new();
    scene.exported("Acme/Sales", "a.json");
    for count in 1..=5 {
        let output = scene.import("Beta", "a.json");
        assert!(output.status.success(), "{count}: {}", said(&output));
        if count == 3 {
            scene.mounted.end();
            scene.mounted.begin();
        }
    }
    let mut command = scene.command(&["bundle", "import", "../mnt/Beta", "a.json"]);
    let mut waiting = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut words = String::new();
    BufReader::new(waiting.stderr.as_mut().unwrap()).read_line(&mut words).unwrap();
    waiting.kill().unwrap();
    waiting.wait().unwrap();
    assert!(words.contains("Taskade takes 5 imports a minute: waiting"), "{words}");
    assert_eq!(scene.imports().len(), 5);
    let refused = scene.mounted.server().log().requests().into_iter().any(|it| it.status == 429);
    assert!(!refused);
    until("the mount waits no more", || scene.mounted.umount().status.success());
    assert_eq!(scene.imports().len(), 5, "it was given up");
}
