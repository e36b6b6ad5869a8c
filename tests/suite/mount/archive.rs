//! `archive/` of folders on a real mount: what is completed, read and moved out by any program.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
};

use taskadefs::{
    ids::ProjectId,
    server::{Fault, Quirks},
};

use crate::support::mount::{Mounted, PROGRAM, said, until};

const NONE: [&str; 0] = [];

/// A workspace with `Plan` and the completed `Old`, and the folder `Marketing`.
fn begun(quirks: Quirks, flags: &[&str]) -> (Mounted, ProjectId) {
    let mut old = None;
    let mounted = Mounted::on(quirks, "one\ntwo", flags, |store, workspace| {
        store.add_folder(workspace, "Marketing").unwrap();
        let id = store.add_project(workspace, "Old", "a\n  b").unwrap();
        store.archive_elsewhere(&id).unwrap();
        old = Some(id);
    });
    (mounted, old.unwrap())
}

/// All requests since this was asked last, in order, with the archived project as `OLD`.
fn requests(mounted: &Mounted, old: &ProjectId) -> Vec<String> {
    let requests = mounted.server().log().requests().into_iter();
    let line = |path: String| path.split('?').next().unwrap().replace(old.as_str(), "OLD");
    let requests: Vec<String> =
        requests.map(|it| format!("{} {}", it.method, line(it.path))).collect();
    mounted.server().log().clear();
    requests
}

fn archived(mounted: &Mounted) -> String {
    mounted.ok("ls .taskade/archive")
}

const TEXT: &str = "- [ ] a\n  - [ ] b\n";

#[test]
fn it_lists_what_is_completed_and_reading_asks_for_one_text() {
    let (mounted, old) = begun(Quirks::default(), &[]);
    mounted.ok("ls");
    requests(&mounted, &old);
    assert_eq!(archived(&mounted), "Old.md\n");
    mounted.ok("ls -lR .taskade/archive; find .taskade/archive -size +9; test -d .taskade/archive");
    assert_eq!(requests(&mounted, &old), NONE);
    assert_eq!(mounted.ok("cat .taskade/archive/Old.md"), TEXT);
    assert_eq!(requests(&mounted, &old), ["GET /projects/OLD/tasks"]);
    assert_eq!(
        mounted.ok("cat .taskade/archive/Old.md; wc -c < .taskade/archive/Old.md"),
        format!("{TEXT}18\n")
    );
    assert_eq!(requests(&mounted, &old), NONE, "it was read a moment ago");
    let file = mounted.acme().join(".taskade/archive/Old.md");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o444);
    assert_eq!(mounted.ok("ls; ls Marketing/.taskade/archive"), "Marketing\nPlan.md\n");
    mounted.end();
}

#[test]
fn moving_it_out_restores_the_project_with_its_tasks() {
    let (mounted, old) = begun(Quirks::default(), &[]);
    mounted.ok("ls; cat .taskade/archive/Old.md");
    requests(&mounted, &old);
    let ids = mounted.server().store().task_ids(&old).unwrap();
    mounted.ok("mv .taskade/archive/Old.md ./");
    assert_eq!(requests(&mounted, &old), ["POST /projects/OLD/restore"]);
    assert_eq!(archived(&mounted), "");
    assert_eq!(mounted.ok("cat Old.md"), TEXT);
    mounted.ok("echo c >> Old.md");
    let store = mounted.server().store();
    assert_eq!(store.tree(&old).unwrap(), "a\n  b\nc\n");
    assert_eq!(store.task_ids(&old).unwrap()[..2], ids);
    assert_eq!(store.find_projects("Old").unwrap(), [(old.clone(), false)]);
    // And in the history, from where it is taken back.
    let history = mounted.ok(&format!("{} history Old.md", crate::support::mount::PROGRAM));
    assert!(history.contains("restored"), "{history}");
    mounted.end();
    mounted.begin();
    assert_eq!(mounted.ok("ls"), "Marketing\nOld.md\nPlan.md\n");
    mounted.end();
}

#[test]
fn it_can_be_moved_out_under_another_name_and_to_another_folder() {
    let (mounted, old) = begun(Quirks::default(), &[]);
    mounted.ok("ls; cat .taskade/archive/Old.md");
    mounted.ok("mv .taskade/archive/Old.md 'Marketing/New again.md'");
    assert_eq!(mounted.ok("cat 'Marketing/New again.md'"), TEXT);
    assert_eq!(mounted.ok("ls; ls Marketing"), "Marketing\nPlan.md\nNew again.md\n");
    mounted.end();
    let (open, _): (Vec<_>, Vec<_>) = mounted
        .server()
        .store()
        .find_projects("New again")
        .unwrap()
        .into_iter()
        .partition(|(_, completed)| !completed);
    assert_eq!(open.len(), 1);
    assert_ne!(open[0].0, old, "a move is a copy at Taskade");
}

#[test]
fn a_name_that_is_taken_is_not_replaced() {
    let (mounted, old) = begun(Quirks::default(), &[]);
    mounted.ok("echo new > Old.md; ls .taskade/archive");
    let name = archived(&mounted);
    mounted.ok(&format!("mv -f '.taskade/archive/{}' ./Old.md", name.trim_end()));
    let four = &old.as_str()[..4];
    let restored = format!("Old ~{four}.md");
    until("both are there", || {
        mounted.ok("ls") == format!("Marketing\n{restored}\nOld.md\nPlan.md\n")
    });
    assert_eq!(mounted.ok("cat Old.md"), "new\n");
    assert_eq!(mounted.ok(&format!("cat '{restored}'")), TEXT);
    mounted.ok("rm Old.md");
    mounted.end();
}

#[test]
fn another_name_that_is_taken_is_refused_and_so_is_any_other_change() {
    let (mounted, old) = begun(Quirks::default(), &[]);
    mounted.ok("cat Plan.md");
    archived(&mounted);
    requests(&mounted, &old);
    for (script, reason) in [
        ("mv -f .taskade/archive/Old.md Plan.md", "File exists"),
        ("mv -n .taskade/archive/Old.md Plan.md; false", ""),
        ("mv .taskade/archive/Old.md old.txt", "not permitted"),
        ("mv .taskade/archive/Old.md .taskade/archive/Older.md", "not permitted"),
        ("mv Plan.md .taskade/archive/", "not permitted"),
        ("rm -f .taskade/archive/Old.md", "not permitted"),
        ("echo x > .taskade/archive/Old.md", "not permitted"),
        ("touch .taskade/archive/x.md", "not permitted"),
        ("mkdir .taskade/archive/x", "not permitted"),
        ("ln -s x .taskade/archive/x", "not permitted"),
    ] {
        let output = mounted.sh(script);
        assert!(!output.status.success(), "{script}");
        assert!(said(&output).contains(reason), "{script}: {}", said(&output));
    }
    assert_eq!(requests(&mounted, &old), NONE);
    assert_eq!(archived(&mounted), "Old.md\n");
    mounted.end();
}

#[test]
fn what_taskade_refuses_to_restore_stays_in_the_archive_with_its_reason() {
    let (mounted, old) = begun(Quirks::default(), &[]);
    mounted.ok("cat .taskade/archive/Old.md");
    mounted.server().faults().plan(Some("POST"), "/restore", 0, 1, Fault::Status(403, None));
    let output = mounted.sh("mv .taskade/archive/Old.md ./");
    assert!(said(&output).contains("Permission denied"), "{}", said(&output));
    assert_eq!(mounted.ok("ls; ls .taskade/archive"), "Marketing\nPlan.md\nOld.md\n");
    // Nothing is left to be settled.
    assert!(!mounted.ok(&format!("{PROGRAM} status")).contains("Old.md"));
    // It can be tried again.
    mounted.ok("mv .taskade/archive/Old.md ./");
    assert_eq!(mounted.server().store().find_projects("Old").unwrap(), [(old, false)]);
    mounted.end();
}

#[test]
fn what_this_mount_archived_is_there_also_where_no_listing_says_so() {
    let mounted =
        Mounted::on(Quirks { says_completed: false, ..Quirks::default() }, "one", &[], |_, _| {});
    let before = fs::metadata(mounted.file()).unwrap().ino();
    mounted.ok("cat Plan.md; rm Plan.md");
    assert_eq!(archived(&mounted), "", "its grace is not over");
    until("it is archived", || archived(&mounted) == "Plan.md\n");
    mounted.end();
    mounted.begin();
    assert_eq!(archived(&mounted), "Plan.md\n");
    assert_eq!(mounted.ok("mv .taskade/archive/Plan.md . && cat Plan.md"), "- [ ] one\n");
    assert_ne!(before, 0);
    mounted.end();
}
