//! The first look into a space, and those that follow, where formats and fields are shown: which
//! requests they cost, and what an export that fails does to them. On real mounts.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::Value;
use taskadefs::{
    ids::SpaceId,
    server::{Exports, Fault, Quirks, Store},
};

use crate::support::mount::{Mounted, until};

const TABLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tables");

const DOCUMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/data");

const SHOWN: [&str; 6] = ["--markers", "auto", "--fields", "auto", "--max-age", "3600"];

/// How often is looked at what a machine that is busy may not show each time.
const ATTEMPTS: usize = 3;

const PLAN: &str = "tables/Campaign plan.md";
const RISKS: &str = "tables/Risk register 2026.md";
const DOCUMENT: &str = "tables/Response plan (document).md";

/// What a value of a field looks like, and the format of a task.
const FIELD: &str = "[Status:: 🔄 Doing]";
const FORMAT: &str = "## Spring campaign\n";

/// A mount of tables of which nothing but the names was read.
fn mounted(quirks: Quirks, flags: &[&str]) -> Mounted {
    let import = |store: &Store, _: &SpaceId| {
        store.import_directory(Path::new(TABLES)).unwrap();
    };
    let mounted = Mounted::on(quirks, "a", flags, import);
    list(&mounted);
    mounted
}

fn list(mounted: &Mounted) {
    mounted.ok("ls . ../tables");
    mounted.reads();
}

fn text(mounted: &Mounted, name: &str) -> String {
    fs::read_to_string(mounted.root.join(name)).unwrap()
}

/// The requests for tasks and for exports so far.
fn asked(mounted: &Mounted) -> (usize, usize) {
    let reads = mounted.reads();
    let count = |what: &str| reads.iter().filter(|path| path.ends_with(what)).count();
    (count("/tasks"), count("/export"))
}

/// The most memory that the mount ever had, in bytes.
fn peak(mounted: &Mounted) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", mounted.pid_now())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() << 10
}

fn without_formats(text: &str) -> bool {
    !text.is_empty() && text.lines().all(|line| line.trim_start().starts_with("- ["))
}

#[test]
fn a_cold_cat_is_two_requests_and_the_next_project_none() {
    let mounted = mounted(Quirks::default(), &SHOWN);
    let plan = text(&mounted, PLAN);
    assert!(plan.contains(FIELD) && plan.contains(FORMAT), "{plan}");
    assert_eq!(asked(&mounted), (1, 1));
    assert!(text(&mounted, RISKS).contains("[State:: 🟡 In progress]"));
    assert_eq!(asked(&mounted), (0, 0));
    // How bold runs and links are listed no comparison has told yet.
    let document = text(&mounted, DOCUMENT);
    assert!(document.contains("# Second part\n\nBold start and a link\n\n## Sub\n"), "{document}");
    assert_eq!(asked(&mounted), (1, 0));
    for name in [PLAN, RISKS, DOCUMENT] {
        text(&mounted, name);
    }
    assert_eq!(asked(&mounted), (0, 0));
    mounted.end();
}

/// The projects in a directory, as files of a mount, and whether each has but plain texts.
fn projects(directory: &str) -> Vec<(String, bool)> {
    let space = Path::new(directory).file_name().unwrap().to_str().unwrap();
    let files = fs::read_dir(Path::new(directory).join("projects")).unwrap();
    let project = |file: std::io::Result<fs::DirEntry>| {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let project: Value = serde_json::from_str(&text).unwrap();
        let ops = project["root"]["children"][0]["text"]["ops"].as_array().unwrap();
        let title: String = ops.iter().filter_map(|op| op["insert"].as_str()).collect();
        let is_plain =
            !["bold", "italic", "link"].iter().any(|it| text.contains(&format!("{it:?}")));
        (format!("{space}/{}.md", title.trim()), is_plain)
    };
    files.map(project).collect()
}

#[test]
fn every_project_is_two_requests_and_the_next_of_its_space_none() {
    let import = |store: &Store, _: &SpaceId| {
        for directory in [TABLES, DOCUMENTS] {
            store.import_directory(Path::new(directory)).unwrap();
        }
    };
    let mounted = Mounted::on(Quirks::default(), "a", &SHOWN, import);
    mounted.end();
    for directory in [TABLES, DOCUMENTS] {
        let projects = projects(directory);
        assert!(projects.len() > 2);
        for (number, (first, _)) in projects.iter().enumerate() {
            let next = projects.iter().find(|(other, is_plain)| *is_plain && other != first);
            let (next, _) = next.unwrap();
            let of_each = |attempt: usize| {
                let state = format!("{directory}{number}.{attempt}").replace('/', "-");
                mounted.begin_with_state(&mounted.dir.path().join(state));
                mounted.ok("ls . ../tables ../data");
                mounted.reads();
                text(&mounted, first);
                let of_first = asked(&mounted);
                text(&mounted, next);
                let of_next = asked(&mounted);
                mounted.end();
                (of_first, of_next)
            };
            // A reader waits half a second for an export, which may take longer on a busy machine.
            let mut counts = Vec::new();
            let is_it = (0..ATTEMPTS).any(|attempt| {
                counts.push(of_each(attempt));
                counts[attempt] == ((1, 1), (0, 0))
            });
            assert!(is_it, "{first}, then {next}: {counts:?}");
        }
    }
}

#[test]
fn a_search_is_two_requests_a_space() {
    let mounted = mounted(Quirks::default(), &SHOWN);
    mounted.ok("grep -r . ../tables");
    // One more where the document, with its bold run, was not the first.
    let (tasks, exports) = asked(&mounted);
    assert!(exports == 1 && (1..=2).contains(&tasks), "{tasks}, {exports}");
    mounted.ok("ls -l ../tables; grep -r . ../tables");
    assert_eq!(asked(&mounted), (0, 0));
    mounted.end();
}

#[test]
fn without_formats_and_fields_nothing_is_exported_for_one_project() {
    let mounted = mounted(
        Quirks::default(),
        &["--markers", "tasks", "--fields", "none", "--max-age", "3600"],
    );
    assert!(without_formats(&text(&mounted, PLAN)));
    assert_eq!(asked(&mounted), (1, 0));
    mounted.end();
}

#[test]
fn what_is_known_is_read_again_by_one_export_for_the_whole_space() {
    let flags = ["--markers", "auto", "--fields", "auto", "--max-age", "2"];
    let mounted = mounted(Quirks::default(), &flags);
    let read_all = || {
        let begun = Instant::now();
        for name in [PLAN, RISKS, DOCUMENT] {
            text(&mounted, name);
        }
        begun
    };
    read_all();
    mounted.reads();
    let old = Instant::now() + Duration::from_millis(2100);
    while Instant::now() < old {
        std::thread::park_timeout(Duration::from_millis(50));
    }
    let begun = read_all();
    let (took, asked) = (begun.elapsed(), asked(&mounted));
    assert!(asked == (0, 1) || took > Duration::from_secs(2), "{asked:?} {took:?}");
    mounted.end();
}

#[test]
fn what_others_do_is_read_with_its_format_by_an_export() {
    let flags = ["--markers", "auto", "--fields", "auto", "--max-age", "0.2"];
    let mounted = mounted(Quirks::default(), &flags);
    text(&mounted, PLAN);
    mounted.reads();
    let store = mounted.server().store();
    let project = store.find_projects("Campaign plan").unwrap().remove(0).0;
    store.add_elsewhere(&project, "from a colleague").unwrap();
    until("what a colleague added", || text(&mounted, PLAN).contains("from a colleague"));
    assert!(text(&mounted, PLAN).contains(FIELD));
    let (tasks, exports) = asked(&mounted);
    assert_eq!(tasks, 0);
    assert!(exports > 0);
    mounted.end();
}

/// Nothing of an export shows, which is not asked for again, and the projects are what listings say.
fn nothing_but_formats_is_missing(mounted: &Mounted) {
    assert!(without_formats(&text(mounted, PLAN)));
    assert_eq!(asked(mounted), (1, 1));
    assert!(without_formats(&text(mounted, RISKS)));
    assert_eq!(asked(mounted), (1, 0));
    let file = mounted.root.join(PLAN);
    let before = fs::read_to_string(&file).unwrap();
    fs::write(&file, before.replace("Book the room", "Book the hall")).unwrap();
    assert!(text(mounted, PLAN).contains("Book the hall"));
    let writes = mounted.writes(&[]);
    assert_eq!(writes.len(), 1, "{writes:?}");
    assert!(writes[0].starts_with("PUT") && writes[0].contains("Book the hall"), "{writes:?}");
}

#[test]
fn refused_exports_change_nothing_but_what_is_shown_and_are_remembered() {
    let mounted = mounted(Quirks { exports: Exports::Refused, ..Quirks::default() }, &SHOWN);
    nothing_but_formats_is_missing(&mounted);
    mounted.end();
    mounted.begin();
    list(&mounted);
    text(&mounted, DOCUMENT);
    assert_eq!(asked(&mounted), (1, 0));
    mounted.end();
}

#[test]
fn an_export_that_differs_changes_nothing_but_what_is_shown() {
    let mounted = mounted(Quirks { exports: Exports::Different, ..Quirks::default() }, &SHOWN);
    let store = mounted.server().store();
    let project = store.find_projects("Campaign plan").unwrap().remove(0).0;
    store.add_elsewhere(&project, "a *marked* one").unwrap();
    nothing_but_formats_is_missing(&mounted);
    assert!(text(&mounted, PLAN).contains("a *marked* one"));
    mounted.end();
}

#[test]
fn an_export_that_fails_changes_nothing_but_what_is_shown() {
    let faults = [
        Fault::Status(500, None),
        Fault::Html(502),
        Fault::NotOk,
        Fault::Truncated,
        Fault::Malformed,
        Fault::Status(403, None),
    ];
    for fault in faults {
        let mounted = mounted(Quirks::default(), &SHOWN);
        mounted.server().faults().plan(None, "/export", 0, 100, fault.clone());
        nothing_but_formats_is_missing(&mounted);
        mounted.end();
    }
}

#[test]
fn an_export_of_a_hundred_megabytes_is_not_read_to_its_end_and_not_asked_for_again() {
    let mounted = mounted(Quirks::default(), &SHOWN);
    mounted.server().faults().plan(None, "/export", 0, 100, Fault::Huge(100 << 20));
    let (begun, before) = (Instant::now(), peak(&mounted));
    assert!(without_formats(&text(&mounted, PLAN)));
    // The tasks wait half a second for the rest, on a machine that is busy with it.
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    text(&mounted, RISKS);
    assert_eq!(asked(&mounted), (2, 1));
    let more = peak(&mounted).saturating_sub(before);
    assert!(more < 60 << 20, "{} MiB were taken", more >> 20);
    mounted.end();
    mounted.begin();
    list(&mounted);
    text(&mounted, DOCUMENT);
    assert_eq!(asked(&mounted), (1, 0), "the next mount knows it as well");
    mounted.end();
}

#[test]
fn formats_and_fields_that_come_late_come_as_a_change_by_others() {
    let mounted = mounted(Quirks::default(), &SHOWN);
    mounted.server().faults().plan(None, "/export", 0, 1, Fault::Hang);
    let begun = Instant::now();
    let early = text(&mounted, PLAN);
    assert!(without_formats(&early), "{early}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let modified = fs::metadata(mounted.root.join(PLAN)).unwrap().modified().unwrap();
    until("the export", || mounted.server().faults().is_hanging());
    mounted.server().faults().release();
    until("formats and fields", || text(&mounted, PLAN).contains(FIELD));
    assert!(text(&mounted, PLAN).contains(FORMAT));
    assert!(fs::metadata(mounted.root.join(PLAN)).unwrap().modified().unwrap() > modified);
    assert!(text(&mounted, RISKS).contains("[State:: 🟡 In progress]"));
    assert_eq!(asked(&mounted), (1, 1));
    mounted.end();
}

#[test]
fn what_is_saved_while_an_export_is_on_its_way_stands() {
    let mounted = mounted(Quirks::default(), &SHOWN);
    // It is told as it was before the save.
    mounted.server().faults().plan(None, "/export", 0, 1, Fault::HangAfter);
    let file = mounted.root.join(PLAN);
    let before = text(&mounted, PLAN);
    until("the export", || mounted.server().faults().is_hanging());
    fs::write(&file, before.replace("Book the room", "Book the hall")).unwrap();
    mounted.server().faults().release();
    until("what the export tells of others", || {
        text(&mounted, RISKS).contains("[State:: 🟡 In progress]")
    });
    assert!(text(&mounted, PLAN).contains("Book the hall"));
    mounted.end();
    let writes = mounted.writes(&[]);
    assert_eq!(writes.len(), 1, "{writes:?}");
}

#[test]
fn a_project_that_exports_leave_out_is_listed_and_read() {
    let mounted = mounted(Quirks { left_out: vec!["Risk".into()], ..Quirks::default() }, &SHOWN);
    assert!(text(&mounted, PLAN).contains(FIELD));
    assert_eq!(asked(&mounted), (1, 1));
    assert!(without_formats(&text(&mounted, RISKS)));
    assert_eq!(asked(&mounted), (1, 0));
    mounted.end();
}

#[test]
fn a_first_look_that_meets_a_project_that_exports_leave_out_knows_the_others_after_the_next() {
    let mounted = mounted(Quirks { left_out: vec!["Risk".into()], ..Quirks::default() }, &SHOWN);
    assert!(without_formats(&text(&mounted, RISKS)));
    assert_eq!(asked(&mounted), (1, 1));
    assert!(text(&mounted, PLAN).contains(FIELD));
    assert_eq!(asked(&mounted), (1, 0));
    mounted.end();
}
