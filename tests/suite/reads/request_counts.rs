//! How many requests it takes to look at everything, on real mounts.

use std::{
    fs,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use taskadefs::{
    ids::SpaceId,
    server::{Exports, Fault, Quirks, Store},
};

use crate::support::mount::{Mounted, until};

/// Spaces beside the workspace's own directory, and the projects of each.
const FOLDERS: usize = 3;
const PROJECTS: usize = 30;

/// Reads every file, several at a time, as programs that search do.
const SEARCH: &str = "rg --no-ignore --count-matches needle . | sort | md5sum";
const EXPECTED: usize = FOLDERS * PROJECTS;

/// Fills a workspace. The last of its folders.
fn seed(store: &Store, workspace: &SpaceId) -> SpaceId {
    let mut last = workspace.clone();
    for folder in 0..FOLDERS {
        let folder = store.add_folder(workspace, &format!("Folder {folder}")).unwrap();
        let projects: Vec<(String, String)> = (0..PROJECTS)
            .map(|number| {
                (format!("Project {number}"), format!("hay {number}\n  x needle\nmore *hay*"))
            })
            .collect();
        store.add_projects(&folder, &projects).unwrap();
        last = folder;
    }
    last
}

fn walked(quirks: Quirks, flags: &[&str]) -> Mounted {
    Mounted::on(quirks, "one", flags, |store, workspace| drop(seed(store, workspace)))
}

/// The requests for what, of a list of paths.
fn sorts(reads: &[String]) -> (usize, usize, usize) {
    let count = |what: &dyn Fn(&String) -> bool| reads.iter().filter(|path| what(path)).count();
    let tasks = count(&|path| path.contains("/tasks"));
    let exports = count(&|path| path.contains("/export"));
    (reads.len() - tasks - exports, exports, tasks)
}

fn matches(mounted: &Mounted) -> usize {
    let found = mounted.ok("rg --no-ignore --no-filename --count-matches needle .");
    found.lines().map(|count| count.parse::<usize>().unwrap()).sum()
}

#[test]
fn a_cold_search_reads_a_space_in_one_request_where_spaces_are_exported() {
    let mounted = walked(Quirks::default(), &[]);
    assert_eq!(matches(&mounted), EXPECTED);
    let reads = mounted.reads();
    let spaces = FOLDERS + 1;
    assert!(reads.len() <= 2 + 3 * spaces, "{}: {reads:#?}", reads.len());
    // A second one within --max-age asks for nothing.
    assert_eq!(matches(&mounted), EXPECTED);
    mounted.ok(SEARCH);
    assert_eq!(mounted.reads(), Vec::<String>::new());
    mounted.end();
}

#[test]
fn sizes_come_with_the_space_too() {
    let mounted = walked(Quirks::default(), &[]);
    let listed = mounted.ok("ls -lR");
    assert!(!listed.contains("?????"), "{listed}");
    let sizes = mounted.ok("stat -c %s Folder*/*.md | sort -u");
    assert_eq!(sizes.lines().count(), 2, "one and two digits: {sizes}");
    let reads = mounted.reads();
    assert!(reads.len() <= 2 + 3 * (FOLDERS + 1), "{}: {reads:#?}", reads.len());
    mounted.end();
}

#[test]
fn where_nothing_is_exported_a_project_is_a_request_and_the_refusal_is_remembered() {
    let quirks = Quirks { exports: Exports::Refused, ..Quirks::default() };
    let mut folder = None;
    let mounted = Mounted::on(quirks, "one", &[], |store, workspace| {
        folder = Some(seed(store, workspace));
    });
    assert_eq!(matches(&mounted), EXPECTED);
    let (listings, exports, tasks) = sorts(&mounted.reads());
    assert_eq!(listings, 1 + 1 + FOLDERS + 1);
    assert_eq!(exports, FOLDERS + 1);
    assert_eq!(tasks, 1 + FOLDERS * PROJECTS);
    mounted.end();
    // Also by the next mount: new projects are read one by one.
    let projects: Vec<(String, String)> =
        (0..5).map(|number| (format!("New {number}"), "hay".to_owned())).collect();
    mounted.server().store().add_projects(&folder.unwrap(), &projects).unwrap();
    mounted.begin();
    mounted.ok("ls -R > /dev/null");
    until("the new projects", || mounted.ok("ls 'Folder 2' | wc -l").trim() == "35");
    mounted.reads();
    mounted.ok("cat 'Folder 2'/New*.md > /dev/null");
    // A listing that nobody waited for may come as late as this.
    let (_, exports, tasks) = sorts(&mounted.reads());
    assert_eq!((exports, tasks), (0, 5));
    mounted.end();
}

#[test]
fn small_spaces_keep_to_the_bound_too() {
    for size in 1..=4 {
        let mounted = Mounted::on(Quirks::default(), "one", &[], |store, workspace| {
            for folder in 0..3 {
                let folder = store.add_folder(workspace, &format!("Folder {folder}")).unwrap();
                for project in 0..size {
                    store.add_project(&folder, &format!("Project {project}"), "a").unwrap();
                }
            }
        });
        for search in ["grep -rh a . | wc -l", "rg --no-ignore -c a . > /dev/null"] {
            mounted.ok(search);
        }
        let reads = mounted.reads();
        assert!(reads.len() <= 2 + 3 * 4, "{size}: {reads:#?}");
        mounted.end();
    }
}

#[test]
fn one_file_of_a_space_is_two_requests_and_names_are_none() {
    let mounted = walked(Quirks::default(), &[]);
    mounted.ok("ls -R > /dev/null");
    assert_eq!(sorts(&mounted.reads()), (1 + 1 + FOLDERS + 1, 0, 0));
    mounted.ok("cat 'Folder 1/Project 7.md'");
    assert_eq!(sorts(&mounted.reads()), (0, 1, 1));
    mounted.end();
}

#[test]
fn many_readers_of_one_cold_project_cost_its_pages_once() {
    let mounted = Mounted::on(
        Quirks { latency: Duration::from_millis(50), ..Quirks::default() },
        &"task\n".repeat(1500),
        &[],
        |_, _| {},
    );
    mounted.ok("ls");
    mounted.reads();
    mounted.ok("seq 100 | xargs -P 50 -I {} cat Plan.md | md5sum");
    let (_, exports, tasks) = sorts(&mounted.reads());
    // 1,501 tasks with the title are two pages.
    assert_eq!((exports, tasks), (1, 2));
    mounted.end();
}

#[test]
fn after_a_remount_everything_is_there_with_nobody_waiting_for_the_service() {
    let mounted = walked(Quirks::default(), &["--read-timeout", "600"]);
    assert_eq!(matches(&mounted), EXPECTED);
    mounted.end();
    // From now on the service answers nothing for a long time.
    mounted.server().faults().plan(None, "", 0, 100_000, Fault::Hang);
    mounted.begin();
    // Programs that wait for the service come to no end here.
    mounted.ok("ls -R > /dev/null");
    assert_eq!(matches(&mounted), EXPECTED);
    mounted.end();
}

#[test]
fn an_old_search_waits_for_nobody_and_leaves_few_requests_behind() {
    // However slow the machine is, the service is slower.
    let latency = Duration::from_millis(150);
    let mounted = walked(Quirks { latency, ..Quirks::default() }, &["--max-age", "1"]);
    assert_eq!(matches(&mounted), EXPECTED);
    let old = Instant::now() + Duration::from_millis(1100);
    while Instant::now() < old {
        std::thread::park_timeout(Duration::from_millis(50));
    }
    mounted.reads();
    assert_eq!(matches(&mounted), EXPECTED);
    let (_, _, tasks) = sorts(&mounted.reads());
    assert!(tasks < EXPECTED / 2, "{tasks} of {EXPECTED}");
    mounted.end();
}

#[test]
fn an_export_that_says_something_else_than_the_listings_is_not_used() {
    let mounted = walked(Quirks { exports: Exports::Different, ..Quirks::default() }, &[]);
    // Of the workspace's own project, which has no markup, both say the same.
    mounted.ok("cat 'Folder 1/Project 7.md'");
    assert_eq!(matches(&mounted), EXPECTED);
    let (_, exports, tasks) = sorts(&mounted.reads());
    assert_eq!((exports, tasks), (FOLDERS + 1, 1 + FOLDERS * PROJECTS));
    assert_eq!(mounted.ok("rg -F --no-filename 'more *hay*' . | wc -l").trim(), "90");
    mounted.end();
}

#[test]
fn an_export_without_titles_in_the_listings_is_the_same() {
    let mounted = walked(Quirks { title_node: false, ..Quirks::default() }, &[]);
    assert_eq!(matches(&mounted), EXPECTED);
    let text = fs::read_to_string(mounted.acme().join("Folder 0/Project 3.md")).unwrap();
    assert_eq!(text, "- [ ] hay 3\n  - [x] needle\n- [ ] more *hay*\n");
    mounted.end();
}

#[test]
fn one_project_that_hangs_holds_up_nothing_else() {
    let mounted = walked(Quirks::default(), &[]);
    mounted.ok("ls -R > /dev/null");
    let hangs = format!("/projects/{}/tasks", mounted.project);
    mounted.server().faults().plan(None, &hangs, 0, 100, Fault::Hang);
    let mut waits = Command::new("cat")
        .arg("Plan.md")
        .current_dir(mounted.acme())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("it is asked for", || mounted.server().faults().is_hanging());
    let script = "ls -R > /dev/null && cat 'Folder 1/Project 7.md' &&
        sed -i s/needle/thread/ 'Folder 1/Project 7.md'";
    let begun = Instant::now();
    assert!(mounted.ok(script).contains("needle"));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(waits.try_wait().unwrap().is_none(), "what hangs is not answered");
    waits.kill().unwrap();
    waits.wait().unwrap();
    mounted.server().faults().clear();
    mounted.end();
}

#[test]
fn an_export_that_hangs_holds_a_reader_up_for_a_moment_only() {
    let mounted = walked(Quirks::default(), &[]);
    mounted.server().faults().plan(None, "/export", 0, 100, Fault::Hang);
    let begun = Instant::now();
    let read = mounted.ok("head -qn 1 'Folder 1/Project '?.md");
    assert_eq!(read.lines().count(), 10);
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert_eq!(sorts(&mounted.reads()).2, 10);
    mounted.server().faults().clear();
    // What comes late is of use for the others.
    until("the rest of the folder", || {
        mounted.ok("cat 'Folder 1/'*.md | grep -c needle");
        sorts(&mounted.reads()).2 == 0
    });
    mounted.end();
}

#[test]
fn a_save_of_an_old_text_has_what_reads_have_left_to_saves() {
    let quirks = Quirks { rate_limit: Some(20), ..Quirks::default() };
    let mounted = Mounted::on(quirks, "one", &["--max-age", "0.1"], |_, _| {});
    // Every look at an old text takes a request, until only those for saves are left.
    until("the end of what is for reads", || {
        mounted.text();
        let status = fs::read(mounted.root.join(".taskade/status.json")).unwrap();
        let status: serde_json::Value = serde_json::from_slice(&status).unwrap();
        status["remaining"] == 2
    });
    let read = Instant::now();
    until("the age of an old text", || read.elapsed() > Duration::from_millis(150));
    let begun = Instant::now();
    mounted.ok("echo '- [ ] two' >> Plan.md");
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert_eq!(mounted.tree(), "one\ntwo\n");
    mounted.end();
}
