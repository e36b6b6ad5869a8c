//! `.taskade/media/` as programs see it: the real program on a real mount.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use taskadefs::server::{Fault, Quirks};

use crate::support::mount::{Mounted, PROGRAM, attribute, run, said, until};

/// A mount of a workspace whose home folder has these files.
fn with(files: &[(&str, &[u8])], flags: &[&str]) -> Mounted {
    Mounted::on(Quirks::default(), "a", flags, |store, workspace| {
        for (name, content) in files {
            store.add_media(workspace, name, "image/png", content).unwrap();
        }
    })
}

fn media(mounted: &Mounted) -> PathBuf {
    mounted.acme().join(".taskade/media")
}

fn names(mounted: &Mounted) -> Vec<String> {
    let entries = fs::read_dir(media(mounted)).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn run_program(mounted: &Mounted, arguments: &[&str]) -> Output {
    let state = mounted.dir.path().join("state");
    run(Command::new(PROGRAM).args(arguments).env("TASKADEFS_STATE_DIR", state))
}

#[test]
fn a_removed_file_is_deleted_once_and_status_tells_of_it_meanwhile() {
    let mounted = with(&[("one.png", b"1"), ("two.png", b"2")], &[]);
    let (all, requests) = (names(&mounted), mounted.reads());
    assert_eq!(all.len(), 2);
    assert_eq!(requests.iter().filter(|path| path.contains("/medias")).count(), 1, "{requests:?}");
    mounted.ok(&format!("rm '.taskade/media/{}'", all[0]));
    assert_eq!(names(&mounted), all[1..]);
    let status = run_program(&mounted, &["status"]);
    assert!(said(&status).contains("removed, and not deleted yet"), "{}", said(&status));
    mounted.end();
    assert_eq!(mounted.writes(&[]), [format!("DELETE /medias/{}", all[0])]);
}

#[test]
fn a_refused_deletion_is_told_until_it_is_settled() {
    let mounted = with(&[("one.png", b"1")], &[]);
    let name = names(&mounted).remove(0);
    let file = media(&mounted).join(&name);
    mounted.server().faults().plan(Some("DELETE"), "/medias", 0, 1, Fault::Status(403, None));
    fs::remove_file(&file).unwrap();
    until("it is refused", || {
        attribute(&file, "user.taskade.state").as_deref() == Some("rejected")
    });
    let status = run_program(&mounted, &["status"]);
    assert_eq!(status.status.code(), Some(1));
    assert!(said(&status).contains(&format!(".taskade/media/{name}: Taskade answered 403")));
    let path = file.to_str().unwrap();
    assert!(run_program(&mounted, &["retry", path]).status.success());
    until("it is deleted", || names(&mounted).is_empty());
    assert!(run_program(&mounted, &["status"]).status.success());
    mounted.end();
}

#[test]
fn nothing_is_removed_from_a_mount_that_is_read_only() {
    let mounted = with(&[("one.png", b"1")], &["--read-only"]);
    let refused = mounted.sh("rm -f .taskade/media/*");
    assert!(said(&refused).contains("Read-only file system"), "{}", said(&refused));
    assert_eq!(names(&mounted).len(), 1);
    mounted.end();
    assert_eq!(mounted.writes(&[]), [""; 0]);
}
