//! `.taskade/recent/` on a real mount: what was viewed last, as links that any program follows.

use std::{fs, os::unix::fs::MetadataExt, path::PathBuf};

use taskadefs::{
    ids::ProjectId,
    server::{Fault, Quirks},
};

use crate::support::mount::{Mounted, said};

const VIEWED: &str = "/me/projects";

/// `Plan` in the workspace, and `Plan` and `Brief` in a folder, of which `Brief` was viewed last and
/// the workspace's `Plan` first.
fn begun(flags: &[&str]) -> (Mounted, ProjectId) {
    let mut brief = None;
    let mounted = Mounted::on(Quirks::default(), "one", flags, |store, workspace| {
        let folder = store.add_folder(workspace, "Marketing").unwrap();
        store.add_project(&folder, "Plan", "two").unwrap();
        brief = Some(store.add_project(&folder, "Brief", "three").unwrap());
    });
    (mounted, brief.unwrap())
}

/// The requests since this was asked last, without ids and queries.
fn reads(mounted: &Mounted) -> Vec<String> {
    let kind = |path: String| {
        let path = path.split('?').next().unwrap().to_owned();
        match path.rsplit_once('/') {
            Some((above, last)) if above != "/me" => last.to_owned(),
            _ => path,
        }
    };
    mounted.reads().into_iter().map(kind).collect()
}

/// The names in the directory, newest first, and where they lead.
fn listed(mounted: &Mounted) -> Vec<(String, String)> {
    let names = mounted.ok("ls -t ../.taskade/recent");
    let target = |name: &str| {
        let link = fs::read_link(mounted.root.join(".taskade/recent").join(name)).unwrap();
        (name.to_owned(), link.to_str().unwrap().to_owned())
    };
    names.lines().map(target).collect()
}

#[test]
fn what_was_viewed_is_linked_newest_first_for_one_request() {
    let (mounted, _) = begun(&[]);
    mounted.ok("ls .. . Marketing");
    reads(&mounted);
    let shown = listed(&mounted);
    let targets: Vec<&str> = shown.iter().map(|(_, target)| target.as_str()).collect();
    assert_eq!(
        targets,
        ["../../Acme/Marketing/Brief.md", "../../Acme/Marketing/Plan.md", "../../Acme/Plan.md"]
    );
    let of_one_name = shown.iter().filter(|(name, _)| name.starts_with("Plan ~")).count();
    assert_eq!(of_one_name, 1, "{shown:?}");
    assert_eq!(reads(&mounted), [VIEWED]);
    for (name, target) in &shown {
        let link = mounted.root.join(".taskade/recent").join(name);
        let file = mounted.root.join(target.strip_prefix("../../").unwrap());
        assert_eq!(fs::metadata(&link).unwrap().ino(), fs::metadata(&file).unwrap().ino());
        assert_eq!(fs::read(&link).unwrap(), fs::read(&file).unwrap());
    }
    reads(&mounted);
    mounted.ok("ls -lR ../.taskade/recent; find ../.taskade; rg --hidden three ..; true");
    assert_eq!(reads(&mounted), [""; 0]);
    // An edit through the link is one of the project.
    mounted.ok("echo four >> ../.taskade/recent/Brief.md");
    assert!(
        fs::read_to_string(mounted.acme().join("Marketing/Brief.md")).unwrap().contains("four")
    );
    mounted.end();
}

#[test]
fn where_the_projects_are_is_found_by_listings_alone() {
    let (mounted, _) = begun(&[]);
    reads(&mounted);
    assert_eq!(listed(&mounted).len(), 3);
    let mut asked = reads(&mounted);
    asked.sort();
    assert_eq!(asked, [VIEWED, "folders", "projects", "projects"]);
    mounted.end();
}

#[test]
fn what_is_viewed_next_comes_to_the_front_and_what_is_archived_goes() {
    let (mounted, brief) = begun(&["--max-age", "0"]);
    let before = listed(&mounted);
    let time = |name: &str| {
        let link = mounted.root.join(".taskade/recent").join(name);
        fs::symlink_metadata(link).unwrap().modified().unwrap()
    };
    let kept = time("Brief.md");
    mounted.server().store().view_elsewhere(&mounted.project).unwrap();
    let after = listed(&mounted);
    let first = [&before[2..], &before[..2]].concat();
    assert_eq!(after, first);
    assert_eq!(time("Brief.md"), kept, "it was viewed when it was");
    assert!(time(&after[0].0) > kept);
    mounted.server().store().archive_elsewhere(&brief).unwrap();
    mounted.ok("ls Marketing");
    let names: Vec<String> = listed(&mounted).into_iter().map(|(name, _)| name).collect();
    assert!(names.len() == 2 && !names.contains(&"Brief.md".to_owned()), "{names:?}");
    mounted.end();
}

#[test]
fn it_is_there_after_a_remount_and_where_it_is_not_told() {
    let (mut mounted, _) = begun(&["--max-age", "0"]);
    let before = listed(&mounted);
    mounted.end();
    let address = mounted.address();
    let token = mounted.server().token().clone();
    mounted.stop_server();
    mounted.start_server(address, token);
    mounted.server().faults().plan(None, VIEWED, 0, 99, Fault::Status(403, None));
    mounted.begin();
    assert_eq!(listed(&mounted), before);
    mounted.end();
}

#[test]
fn nobody_can_change_it() {
    let (mounted, _) = begun(&[]);
    let recent = PathBuf::from("../.taskade/recent");
    listed(&mounted);
    for script in [
        "rm Brief.md",
        "ln -s x y",
        "mv Brief.md other",
        "touch new",
        "mkdir d",
        "ln -sfn x Brief.md",
    ] {
        let output = mounted.sh(&format!("cd {} && {script}", recent.display()));
        assert!(said(&output).contains("not permitted"), "{script}: {}", said(&output));
    }
    assert_eq!(listed(&mounted).len(), 3);
    mounted.end();
}
