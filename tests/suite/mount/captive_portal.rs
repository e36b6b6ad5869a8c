//! A captive portal, a proxy or a firewall between the mount and Taskade: what it answers is no
//! verdict of Taskade.

use std::{fs, io::Write, process::Command};

use serde_json::Value;
use taskadefs::server::Fault;

use crate::support::mount::{Mounted, PROGRAM, attribute, said, until};

const TASKS: &str = "one\ntwo\nthree";

fn faults() -> Vec<Fault> {
    let pages = [200, 401, 403, 404, 407, 451, 511].map(Fault::Html);
    let mut faults = vec![Fault::Redirect("http://127.0.0.1:9/login".to_owned())];
    faults.extend(pages);
    faults
}

fn status(mounted: &Mounted) -> Value {
    let status = fs::read_to_string(mounted.root.join(".taskade/status.json")).unwrap();
    serde_json::from_str(&status).unwrap()
}

#[test]
fn a_portal_in_the_middle_of_a_session_loses_nothing_and_sends_nothing_twice() {
    for fault in faults() {
        let mounted = Mounted::with(TASKS, &["--commit-wait", "0.1", "--max-age", "0"]);
        let ids = mounted.ids();
        let text = mounted.text();
        mounted.ok("echo '- [ ] gone soon' > Old.md; cat Old.md > /dev/null");
        until("it is made", || status(&mounted)["saves"] == Value::Array(vec![]));
        let old = mounted.server().store().find_projects("Old").unwrap().remove(0).0;
        mounted.writes(&ids);
        mounted.server().faults().plan(None, "", 0, usize::MAX, fault.clone());

        // Reading and listing go on with what is known.
        assert_eq!(mounted.text(), text, "{fault:?}");
        assert_eq!(mounted.ok("ls"), "Old.md\nPlan.md\n", "{fault:?}");
        // Saves of all sorts wait.
        let mut file = fs::File::create(mounted.file()).unwrap();
        file.write_all(format!("{}- [ ] four\n", text.replace("two", "2")).as_bytes()).unwrap();
        file.sync_all().unwrap();
        drop(file);
        mounted.ok("echo '- [ ] new' > New.md; rm Old.md");
        for name in ["Plan.md", "New.md"] {
            let path = mounted.acme().join(name);
            assert_eq!(attribute(&path, "user.taskade.state").as_deref(), Some("pending"));
        }
        until("the trouble", || {
            let trouble = status(&mounted)["trouble"].as_str().map(str::to_owned);
            trouble.is_some_and(|trouble| trouble.contains("sign in to the network"))
        });
        let words = Command::new(PROGRAM)
            .arg("status")
            .env("TASKADEFS_STATE_DIR", mounted.dir.path().join("state"))
            .current_dir(mounted.acme())
            .output()
            .unwrap();
        assert!(said(&words).contains("trouble: an answer that is not Taskade's"), "{words:?}");
        assert_eq!(mounted.tree(), "one\ntwo\nthree\n");

        mounted.server().log().clear();
        mounted.server().faults().clear();
        let is_archived = || {
            let found = mounted.server().store().find_projects("Old").unwrap();
            found.iter().any(|(id, archived)| *id == old && *archived)
        };
        until("the saves", || status(&mounted)["saves"] == Value::Array(vec![]) && is_archived());
        assert_eq!(mounted.tree(), "one\n2\nthree\nfour\n", "{fault:?}");
        let mut writes = mounted.writes(&ids);
        writes.retain(|write| !write.ends_with("/complete"));
        writes.sort();
        assert_eq!(writes.len(), 3, "each once: {fault:?} {writes:#?}");
        assert_eq!(mounted.server().store().find_projects("New").unwrap().len(), 1);
        assert_eq!(mounted.ok("ls"), "New.md\nPlan.md\n");
        assert_eq!(status(&mounted)["trouble"], Value::Null);
        mounted.end();
    }
}

#[test]
fn what_a_portal_says_of_an_export_is_not_remembered() {
    let mounted = Mounted::of(TASKS);
    let more: String = (0..12).map(|n| format!("echo '- [ ] x' > P{n}.md; ")).collect();
    mounted.ok(&more);
    mounted.end();
    let state = mounted.dir.path().join("fresh");
    mounted.server().faults().plan(Some("GET"), "/export", 0, usize::MAX, Fault::Html(403));
    mounted.begin_with_state(&state);
    mounted.ok("cat *.md > /dev/null");
    let asked = |mounted: &Mounted| {
        let reads = mounted.reads();
        reads.iter().filter(|path| path.ends_with("/export")).count()
    };
    assert!(asked(&mounted) > 0);
    mounted.end();
    let cache = walk(&state).into_iter().find(|path| path.ends_with("cache.sqlite3")).unwrap();
    let connection = rusqlite::Connection::open(cache).unwrap();
    let refused: Vec<String> = connection
        .prepare("SELECT items FROM listings WHERE which LIKE '%Export%'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let now = std::time::SystemTime::now();
    let day = std::time::Duration::from_secs(86_400);
    for refused in refused {
        let until: Value = serde_json::from_str(&refused).unwrap();
        let seconds = until["Refused"]["secs_since_epoch"].as_u64().unwrap();
        let until = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        assert!(until < now + day / 2, "a portal's word is not believed for a day: {refused}");
    }
}

fn walk(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        match entry.path().is_dir() {
            true => found.extend(walk(&entry.path())),
            false => found.push(entry.path()),
        }
    }
    found
}
