//! How a mount comes and goes, and what it says when it cannot.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    os::unix::fs::MetadataExt,
    path::Path,
    process::Command,
};

use crate::support::mount::{Mounted, PROGRAM, run, said, until};

const TASKS: &str = "one\n  one.a\ntwo\nthree";

#[test]
fn signals_unmount_when_everything_is_saved() {
    for signal in [libc::SIGTERM, libc::SIGINT] {
        let mounted = Mounted::of(TASKS);
        let ids = mounted.ids();
        let pid = mounted.pid().unwrap();
        mounted.text();
        fs::remove_file(mounted.file()).unwrap();
        let mut open = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(mounted.file())
            .unwrap();
        open.write_all(b"- [ ] one\n  - [ ] one.a\n- [ ] 2\n- [ ] three\n").unwrap();
        // SAFETY: a signal to the mount's process.
        unsafe { libc::kill(pid, signal) };
        until("the end of the process", || !Path::new(&format!("/proc/{pid}/root")).exists());
        let put = r#"PUT /tasks/t3 {"content":"2","contentType":"text/plain"}"#;
        assert_eq!(mounted.writes(&ids), [put]);
        assert!(!mounted.acme().exists());
        drop(open);
    }
}

#[test]
fn a_second_mount_is_refused_and_a_dead_one_explained() {
    let mounted = Mounted::of(TASKS);
    assert!(said(&mounted.try_mount()).contains("mounted there already"));
    let elsewhere = mounted.dir.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let second = run(Command::new(PROGRAM)
        .args(["mount", "--api-url", &mounted.server().url(), "--state-dir"])
        .arg(mounted.dir.path().join("state"))
        .arg(&elsewhere)
        .env("TASKADE_TOKEN", mounted.server().token().expose()));
    assert_eq!(second.status.code(), Some(1));
    assert!(said(&second).contains("this account is mounted already"), "{}", said(&second));
    let pid = mounted.pid().unwrap();
    // SAFETY: a signal to the mount's process.
    unsafe { libc::kill(pid, libc::SIGKILL) };
    until("the death of the process", || fs::metadata(&mounted.root).is_err());
    let dead = mounted.try_mount();
    assert_eq!(dead.status.code(), Some(1));
    assert!(said(&dead).contains("taskadefs umount"), "{}", said(&dead));
    mounted.end();
    assert!(said(&mounted.umount()).contains("nothing of taskadefs is mounted there"));
    mounted.begin();
    assert_eq!(mounted.text().lines().count(), 4);
}

#[test]
fn an_unmount_in_use_names_who_uses_it() {
    let mounted = Mounted::of(TASKS);
    let open = File::open(mounted.file()).unwrap();
    let busy = mounted.umount();
    assert_eq!(busy.status.code(), Some(1));
    assert!(said(&busy).contains(&std::process::id().to_string()), "{}", said(&busy));
    drop(open);
    mounted.end();
}

/// A desktop's file manager, `df` and `fuser` have every mount for a moment.
#[test]
fn an_unmount_waits_for_who_is_there_for_a_moment() {
    let mounted = Mounted::of(TASKS);
    let mut open = Some(File::open(mounted.file()).unwrap());
    std::thread::scope(|scope| {
        let unmount = scope.spawn(|| mounted.umount());
        // What the kernel says that a process waits in: between two tries it sleeps.
        let sleeping = format!("{} ", libc::SYS_clock_nanosleep);
        let waits = || {
            let calls = mounted.unmounting().into_iter();
            let mut calls = calls.map(|pid| fs::read_to_string(format!("/proc/{pid}/syscall")));
            calls.any(|call| call.is_ok_and(|call| call.starts_with(&sleeping)))
        };
        until("it was refused once", || waits() || unmount.is_finished());
        drop(open.take());
        let output = unmount.join().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    });
    assert!(!mounted.acme().exists());
}

#[test]
fn a_mount_that_cannot_begin_says_why_and_leaves_nothing() {
    let mut mounted = Mounted::of(TASKS);
    mounted.end();
    let url = mounted.server().url();
    let mount = |environment: &[(&str, &str)], arguments: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command
            .args(["mount", "--state-dir"])
            .arg(mounted.dir.path().join("state2"))
            .args(arguments);
        command.arg(&mounted.root).env("TASKADE_TOKEN", "").env("TASKADE_API_KEY", "");
        command.envs(environment.iter().copied());
        let output = run(&mut command);
        (output.status.code(), said(&output))
    };
    let (code, no_token) = mount(&[], &["--api-url", &url]);
    assert_eq!(code, Some(1));
    assert!(no_token.contains("token"), "{no_token}");
    let (code, not_safe) = mount(&[("TASKADE_TOKEN", "x")], &["--api-url", "http://example.com"]);
    assert_eq!(code, Some(1));
    assert!(not_safe.contains("https"), "{not_safe}");
    assert_eq!(mount(&[], &["--no-such-flag"]).0, Some(2));
    assert!(fs::read_dir(&mounted.root).unwrap().next().is_none(), "nothing is mounted");
    mounted.stop_server();
}

#[test]
fn the_state_directory_is_private() {
    let mounted = Mounted::of(TASKS);
    mounted.ok("echo '- [ ] x' >> Plan.md; echo x > .scratch");
    let state = mounted.dir.path().join("state");
    let mut pending = vec![state];
    let token = mounted.server().token();
    while let Some(path) = pending.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap();
        if metadata.is_dir() {
            assert_eq!(metadata.mode() & 0o077, 0, "{path:?}");
            pending.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            if path.extension().is_some() {
                assert_eq!(metadata.mode() & 0o077, 0, "{path:?}");
            }
            if !metadata.is_file() {
                // The socket of commands.
                assert_eq!(metadata.mode() & 0o077, 0, "{path:?}");
                continue;
            }
            let bytes = fs::read(&path).unwrap();
            let secret = token.expose().as_bytes();
            assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{path:?}");
        }
    }
    let command = fs::read_to_string(format!("/proc/{}/cmdline", mounted.pid().unwrap())).unwrap();
    assert!(!command.contains(token.expose()));
}
