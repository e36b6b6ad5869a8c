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
fn every_program_reads_all_of_a_file_and_listing_reads_none() {
    let content: Vec<u8> = (0..=u8::MAX).cycle().take(3_000_000).collect();
    let mounted = with(&[("big.bin", &content), ("empty", b"")], &[]);
    fs::write(mounted.dir.path().join("b"), &content).unwrap();
    mounted.ok("ls -lR .taskade; rg --hidden --files . > /dev/null; du -a .taskade > /dev/null");
    let reads = mounted.reads();
    assert!(!reads.iter().any(|path| path.contains("/download")), "{reads:?}");
    until("the names are learnt", || names(&mounted) == ["big.bin", "empty"]);
    mounted.reads();
    for script in [
        "cmp big.bin $HOME/b",
        "cat big.bin | cmp - $HOME/b",
        "cp big.bin $HOME/c && cmp $HOME/b $HOME/c",
        "tail -c 1000 big.bin | cmp - <(tail -c 1000 $HOME/b)",
        "dd if=big.bin bs=1000 skip=2000 count=3 status=none | cmp - <(tail -c +2000001 $HOME/b | head -c 3000)",
        "test $(stat -c %s big.bin) = 3000000",
        "test -z \"$(cat empty)\"",
    ] {
        mounted.ok(&format!("cd .taskade/media && {script}"));
    }
    let reads = mounted.reads();
    assert_eq!(reads.iter().filter(|path| path.contains("/download")).count(), 2, "{reads:?}");
    mounted.end();
}

#[test]
fn a_file_that_is_elsewhere_and_one_that_breaks_off_are_read_all_the_same() {
    let content: Vec<u8> = (0..=u8::MAX).cycle().take(300_000).collect();
    for (downloads_redirect, serves_ranges) in [(true, true), (false, true), (false, false)] {
        let quirks = Quirks { downloads_redirect, serves_ranges, ..Quirks::default() };
        let mounted = Mounted::on(quirks, "a", &[], |store, workspace| {
            store.add_media(workspace, "a.bin", "application/octet-stream", &content).unwrap();
        });
        let file = media(&mounted).join(names(&mounted).remove(0));
        let part = if downloads_redirect { "/files/" } else { "/download" };
        mounted.server().faults().plan(Some("GET"), part, 0, 1, Fault::Truncated);
        assert_eq!(fs::read(&file).unwrap(), content);
        mounted.end();
    }
}

#[test]
fn a_removed_file_is_deleted_once_and_status_tells_of_it_meanwhile() {
    let mounted = with(&[("one.png", b"1"), ("two.png", b"2")], &[]);
    until("the names are learnt", || names(&mounted) == ["one.png", "two.png"]);
    mounted.ok("rm .taskade/media/one.png");
    assert_eq!(names(&mounted), ["two.png"]);
    let status = run_program(&mounted, &["status"]);
    assert!(said(&status).contains("removed, and not deleted yet"), "{}", said(&status));
    mounted.end();
    let writes = mounted.writes(&[]);
    assert!(writes.len() == 1 && writes[0].starts_with("DELETE /medias/"), "{writes:?}");
}

#[test]
fn a_refused_deletion_is_told_until_it_is_settled() {
    let mounted = with(&[("one.png", b"1")], &[]);
    until("the name is learnt", || names(&mounted) == ["one.png"]);
    let file = media(&mounted).join("one.png");
    mounted.server().faults().plan(Some("DELETE"), "/medias", 0, 1, Fault::Status(403, None));
    fs::remove_file(&file).unwrap();
    until("it is refused", || {
        attribute(&file, "user.taskade.state").as_deref() == Some("rejected")
    });
    let status = run_program(&mounted, &["status"]);
    assert_eq!(status.status.code(), Some(1));
    assert!(said(&status).contains(".taskade/media/one.png\tTaskade answered 403"));
    let path = file.to_str().unwrap();
    assert!(run_program(&mounted, &["retry", path]).status.success());
    until("it is deleted", || names(&mounted).is_empty());
    assert!(run_program(&mounted, &["status"]).status.success());
    mounted.end();
}

/// The writes so far, without the ids in them.
fn verbs(mounted: &Mounted) -> Vec<String> {
    let writes = mounted.writes(&[]).into_iter();
    writes.map(|write| write.split(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn programs_copy_edit_move_and_remove_files_as_in_any_directory() {
    let mounted = with(&[], &[]);
    let content: Vec<u8> = (0..=u8::MAX).cycle().take(3_000_000).collect();
    fs::write(mounted.dir.path().join("big.bin"), &content).unwrap();
    mounted.ok(
        "mkdir $HOME/in && cp $HOME/big.bin $HOME/in && cd .taskade/media && cp $HOME/big.bin .",
    );
    assert_eq!(verbs(&mounted), ["POST"]);
    mounted.ok("cd .taskade/media && cmp big.bin $HOME/big.bin && ls -l big.bin | grep -q 3000000");
    mounted.ok("cd .taskade/media && mv $HOME/in/big.bin moved.bin && cmp moved.bin $HOME/big.bin");
    assert_eq!(verbs(&mounted), ["POST"]);
    mounted
        .ok("cd .taskade/media && printf '<svg>\\n' > logo.svg && printf '</svg>\\n' >> logo.svg");
    mounted.ok("cd .taskade/media && sed -i s/svg/SVG/ logo.svg && cat logo.svg");
    mounted.ok("cd .taskade/media && vim -es -u NONE -N --cmd 'set backupskip=* noswapfile writebackup backupcopy=no' -c '%s/SVG/x/' -c wq logo.svg");
    assert_eq!(fs::read_to_string(media(&mounted).join("logo.svg")).unwrap(), "<x>\n</x>\n");
    let refused = mounted.sh("mv .taskade/media/big.bin .taskade/media/other.bin");
    assert!(said(&refused).contains("Operation not permitted"), "{}", said(&refused));
    mounted.ok("rm .taskade/media/moved.bin");
    assert_eq!(names(&mounted), ["big.bin", "logo.svg"]);
    mounted.end();
    mounted.begin();
    assert_eq!(names(&mounted), ["big.bin", "logo.svg"]);
    mounted.ok("cmp .taskade/media/big.bin $HOME/big.bin && grep -q x .taskade/media/logo.svg");
    assert!(!mounted.reads().iter().any(|path| path.contains("/download")), "all of it is here");
    mounted.end();
}

#[test]
fn what_is_too_large_or_refused_is_told_to_the_program_and_nothing_is_half_there() {
    let mounted = with(&[], &[]);
    mounted.ok("head -c 27000000 /dev/zero > $HOME/big.bin; echo small > $HOME/small.txt");
    mounted.reads();
    let refused = mounted.sh("cp $HOME/big.bin .taskade/media/");
    assert!(said(&refused).contains("File too large"), "{}", said(&refused));
    mounted.server().faults().plan(Some("POST"), "/upload", 0, 1, Fault::Status(413, None));
    let refused = mounted.sh("cp $HOME/small.txt .taskade/media/");
    assert!(said(&refused).contains("File too large"), "{}", said(&refused));
    assert_eq!(verbs(&mounted), ["POST"]);
    let status = run_program(&mounted, &["status"]);
    assert!(said(&status).contains(".taskade/media/small.txt\tTaskade answered 413"));
    let small = media(&mounted).join("small.txt");
    assert!(run_program(&mounted, &["retry", small.to_str().unwrap()]).status.success());
    until("it is uploaded", || attribute(&small, "user.taskade.state").as_deref() == Some("clean"));
    mounted.end();
}

#[test]
fn nothing_is_removed_from_a_mount_that_is_read_only() {
    let mounted = with(&[("one.png", b"1")], &["--read-only"]);
    for script in ["rm -f .taskade/media/*", "echo a > .taskade/media/new.txt"] {
        let refused = mounted.sh(script);
        assert!(said(&refused).contains("Read-only file system"), "{}", said(&refused));
    }
    assert_eq!(names(&mounted).len(), 1);
    mounted.end();
    assert_eq!(mounted.writes(&[]), [""; 0]);
}
