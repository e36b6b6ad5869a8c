//! A mount whose process was killed and cannot end: the kernel keeps one of its threads waiting for a
//! directory's lock, which a program has that waits for the process. Whoever unmounts or mounts frees
//! them all.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::{net::UnixStream, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use taskadefs::server::Quirks;

use crate::support::mount::{Mounted, PROGRAM, attribute, run, said, until};

/// How long the mount may take to look.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// The threads of a process, with what the kernel has them wait for.
fn threads(pid: i32) -> Vec<(i32, String)> {
    let entries = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let threads = entries.filter_map(|entry| {
        let thread = entry.file_name().to_str()?.parse().ok()?;
        Some((thread, fs::read_to_string(entry.path().join("wchan")).unwrap_or_default()))
    });
    threads.collect()
}

/// Stops a thread, which stays so until its process is killed or this thread ends. Whether that is
/// allowed.
fn stop(thread: i32) -> bool {
    let null = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: these requests use no memory of this process.
    let stopped = unsafe {
        libc::ptrace(libc::PTRACE_SEIZE, thread, null, null) == 0
            && libc::ptrace(libc::PTRACE_INTERRUPT, thread, null, null) == 0
    };
    if stopped {
        wait(thread);
    }
    stopped
}

/// Waits until a thread that this one may stop is stopped, or dead.
fn wait(thread: i32) {
    let mut status = 0;
    // SAFETY: the status is valid to be written to.
    let waited = unsafe { libc::waitpid(thread, &mut status, libc::__WALL) };
    assert_eq!(waited, thread, "{}", std::io::Error::last_os_error());
}

/// Has the mount look at the workspace's directory, without asking the kernel for anything.
fn look(account: &Path) {
    let mut stream = UnixStream::connect(account.join("socket")).unwrap();
    stream.set_read_timeout(Some(ANSWER_TIMEOUT)).unwrap();
    let ask = r#"{"command":"details","path":"Acme/Gone.md","resources":[],"anew":false}"#;
    stream.write_all(format!("{ask}\n").as_bytes()).unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
}

/// A mount whose process is killed and cannot end, that process, and a program that waits for it.
fn stale() -> (Mounted, i32, Child) {
    let mut gone = None;
    let mounted = Mounted::on(Quirks::default(), "one", &["--max-age", "0"], |store, workspace| {
        gone = Some(store.add_project(workspace, "Gone", "x").unwrap());
        store.add_project(workspace, "Unread", "x").unwrap();
    });
    mounted.ok("cat Plan.md Gone.md");
    let account = PathBuf::from(attribute(&mounted.root, "user.taskade.account").unwrap());
    let pid = mounted.pid().unwrap();
    // It is in the directory before nobody answers: to get there takes what the kernel may have
    // forgotten by then.
    let mut command = Command::new("sh");
    command.args(["-c", "read -r go && exec cat Unread.md"]);
    command.current_dir(mounted.acme()).process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut program = command.spawn().unwrap();
    let is_reader = |(_, waits): &(i32, String)| waits.contains("fuse_dev_do_read");
    until("the readers wait", || threads(pid).iter().filter(|it| is_reader(it)).count() >= 2);
    // What the kernel knows of the directory is young.
    mounted.ok("true");
    let readers: Vec<i32> = threads(pid).into_iter().filter(is_reader).map(|it| it.0).collect();
    let are_stopped = readers.iter().all(|thread| stop(*thread));
    assert!(
        are_stopped,
        "this test stops threads of another process, which takes root (ptrace(2))"
    );
    // It looks a name up: the kernel holds the directory's lock, and nobody reads the request.
    program.stdin.take().unwrap().write_all(b"go\n").unwrap();
    let waits = format!("/proc/{}/wchan", program.id());
    until("the program waits", || {
        let waits = fs::read_to_string(&waits).unwrap_or_default();
        waits.contains("request_wait") || waits.contains("fuse")
    });
    mounted.server().store().archive_elsewhere(&gone.unwrap()).unwrap();
    look(&account);
    until("a thread waits for the lock", || {
        threads(pid).iter().any(|(_, waits)| waits.contains("rwsem") || waits.contains("inval"))
    });
    // SAFETY: a signal to the process that serves the mount of this test.
    unsafe { libc::kill(pid, libc::SIGKILL) };
    // Whoever stopped a thread has to take note of its death.
    readers.iter().for_each(|thread| wait(*thread));
    until("the leader is dead", || {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        status.contains("State:\tZ")
    });
    (mounted, pid, program)
}

fn is_there(pid: i32) -> bool {
    fs::read_dir(format!("/proc/{pid}/task")).is_ok_and(|tasks| tasks.count() > 1)
}

fn taskadefs(mounted: &Mounted, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).arg(&mounted.root);
    run(command.env("TASKADEFS_STATE_DIR", mounted.dir.path().join("state")))
}

fn is_freed(what: &str, pid: i32, program: &mut Child) {
    until(&format!("{what}: the end of the program"), || program.try_wait().unwrap().is_some());
    until(&format!("{what}: the end of the process"), || !is_there(pid));
}

/// Whether something is mounted, if only what a dead mount left.
fn is_mounted(mounted: &Mounted) -> bool {
    let table = fs::read_to_string("/proc/self/mounts").unwrap();
    table.contains(&format!(" {} ", mounted.root.display()))
}

#[test]
fn whoever_unmounts_or_mounts_frees_what_hangs_on_a_killed_mount() {
    for what in ["umount", "umount --lazy", "mount", "mount elsewhere"] {
        let (mounted, pid, mut program) = stale();
        assert!(program.try_wait().unwrap().is_none() && is_there(pid), "they hang");
        match what {
            "mount" => {
                // It may be taken away at once, or be told as dead.
                let said = said(&mounted.try_mount());
                assert!(said.is_empty() || said.contains("a mount died there"), "{said}");
            }
            "mount elsewhere" => {
                let other = mounted.dir.path().join("other");
                fs::create_dir(&other).unwrap();
                let begun = mounted.try_mount_at(&other);
                assert!(begun.status.success(), "{}", said(&begun));
                assert_eq!(fs::read_to_string(other.join("Acme/Unread.md")).unwrap(), "- [ ] x\n");
                let ended = run(Command::new(PROGRAM).arg("umount").arg(&other));
                assert!(ended.status.success(), "{}", said(&ended));
            }
            _ => {
                let arguments: Vec<&str> = what.split(' ').collect();
                let ended = taskadefs(&mounted, &arguments);
                let said = said(&ended);
                // The program may not be gone yet.
                assert!(ended.status.success() || said.contains("in use by"), "{said}");
            }
        }
        is_freed(what, pid, &mut program);
        if is_mounted(&mounted) {
            mounted.end();
        }
        mounted.begin();
        assert_eq!(mounted.ok("ls; cat Unread.md"), "Plan.md\nUnread.md\n- [ ] x\n", "{what}");
        mounted.end();
    }
}
