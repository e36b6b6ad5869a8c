//! A mount that is killed while programs wait for an answer in a directory, and a name of that
//! directory is to be dropped: the process ends, the programs end, and the next mount goes on.

use std::{
    fs,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
};

use taskadefs::server::{Fault, Quirks};

use crate::mounted::{Mounted, PROGRAM, run, said, until};

fn start(mounted: &Mounted, script: &str) -> Child {
    let mut command = Command::new("sh");
    command.args(["-c", script]).current_dir(mounted.acme()).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn is_alive(pid: i32) -> bool {
    Path::new(&format!("/proc/{pid}/root")).exists()
        || fs::read_dir(format!("/proc/{pid}/task")).is_ok_and(|tasks| tasks.count() > 1)
}

#[test]
fn a_mount_that_is_killed_while_a_directory_is_locked_ends_and_the_next_one_goes_on() {
    let renames = [libc::SYS_rename, libc::SYS_renameat, libc::SYS_renameat2];
    let opens = [libc::SYS_open, libc::SYS_openat, libc::SYS_openat];
    let stats = [libc::SYS_lstat, libc::SYS_newfstatat, libc::SYS_statx];
    for (script, path, calls) in [
        ("exec mv Plan.md Sales/Plan.md", "/copy", renames),
        ("exec cat Unread.md", "/tasks", opens),
        ("exec stat Unread.md", "/tasks", stats),
    ] {
        let flags = ["--max-age", "0", "--commit-wait", "60", "--read-timeout", "60"];
        let mut gone = None;
        let mounted = Mounted::on(Quirks::default(), "one", &flags, |store, workspace| {
            store.add_folder(workspace, "Sales").unwrap();
            gone = Some(store.add_project(workspace, "Gone", "x").unwrap());
            store.add_project(workspace, "Unread", "x").unwrap();
        });
        // The kernel knows the name.
        mounted.ok("cat Plan.md Gone.md; ls Sales");
        mounted.server().faults().plan(None, path, 0, usize::MAX, Fault::Hang);
        let mut program = start(&mounted, script);
        let pid = program.id();
        until(&format!("{script}: the program waits"), || {
            let waits = fs::read_to_string(format!("/proc/{pid}/syscall")).unwrap_or_default();
            let call = waits.split(' ').next().and_then(|call| call.parse().ok());
            call.is_some_and(|call| calls.contains(&call)) && mounted.server().faults().is_hanging()
        });
        mounted.server().store().archive_elsewhere(&gone.unwrap()).unwrap();
        // The mount lists the directory without the kernel, and hears that a name is gone.
        let mut details = Command::new(PROGRAM);
        details.arg("details").arg(mounted.acme().join("Gone.md"));
        let told = said(&run(&mut details));
        assert!(told.contains("Gone.md"), "{told}");
        let serves = mounted.pid_now();
        // SAFETY: a signal to the process that serves the mount of this test.
        unsafe { libc::kill(serves, libc::SIGKILL) };
        until(&format!("{script}: the end of the process"), || !is_alive(serves));
        until(&format!("{script}: the end of the program"), || {
            program.try_wait().unwrap().is_some()
        });
        mounted.server().faults().clear();
        mounted.end();
        mounted.begin();
        mounted.ok("ls");
        mounted.end();
    }
}
