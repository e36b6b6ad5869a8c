//! A mount of which somebody has a copy in a mount namespace of its own, as a container does.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    setup::home::need_root,
    support::{
        apart::apart_with,
        mount::{Mounted, PROGRAM, run, said, until},
    },
};

#[test]
fn who_unmounts_is_told_who_has_it_still_and_what_is_saved_there_is_sent() {
    need_root();
    let mounted = Mounted::of("one\ntwo\n");
    let mut command = apart_with(&mounted.root, "60", &[]);
    let script =
        "echo began; read -r line; sed -i \"s/two/$line/\" \"$0\"; echo saved; read -r line";
    command.args(["bash", "-c", script]).arg(mounted.file());
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut apart = command.spawn().unwrap();
    let mut said_there = BufReader::new(apart.stdout.take().unwrap()).lines();
    let mut typed = apart.stdin.take().unwrap();
    assert_eq!(said_there.next().unwrap().unwrap(), "began");

    let begun = Instant::now();
    let output = mounted.umount();
    let told = said(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("unmounted here, but unshare ("), "{told}");
    assert!(told.contains("what is saved there is sent"), "{told}");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let again = mounted.umount();
    assert!(said(&again).contains("nothing of taskadefs is mounted there"), "{}", said(&again));
    let mut status = Command::new(PROGRAM);
    status.args(["status", "--state-dir"]).arg(mounted.dir.path().join("state"));
    let told = said(&run(&mut status));
    assert!(told.contains("no longer mounted there; ") && !told.contains("mounted by"), "{told}");

    typed.write_all(b"second\n").unwrap();
    assert_eq!(said_there.next().unwrap().unwrap(), "saved");
    until("the save", || mounted.tree() == "one\nsecond\n");
    // With the last that has it the mount ends.
    drop(typed);
    assert!(apart.wait().unwrap().code().is_some());
    until("the mount", || mounted.try_mount().status.success());
    assert_eq!(mounted.text(), "- [ ] one\n- [ ] second\n");
    mounted.end();
}
