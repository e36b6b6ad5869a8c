//! A mount that is killed at any moment, such as while programs wait for an answer in a directory of
//! which a name is to be dropped: the process ends, the programs end, and the next mount goes on.

use std::{
    ffi::CString,
    fs,
    os::unix::{ffi::OsStrExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use taskadefs::server::{Fault, Quirks};

use crate::support::{
    mount::{Mounted, PROGRAM, attribute, run, said, until},
    rng::Dice,
};

fn start(mounted: &Mounted, script: &str) -> Child {
    let mut command = Command::new("sh");
    command.args(["-c", script]).current_dir(mounted.acme()).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn is_alive(pid: i32) -> bool {
    Path::new(&format!("/proc/{pid}/root")).exists()
        || fs::read_dir(format!("/proc/{pid}/task")).is_ok_and(|tasks| tasks.count() > 1)
}

/// How often in a row a program is seen to wait before it is taken to wait for a lock.
const LOOKS: usize = 100;

/// Whether a program waits in the kernel, for no signal, as it does for the lock of a directory.
fn waits_for_a_lock(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:\tD"))
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
        // A look at one project tells nothing of another.
        let flags = ["--max-age", "0", "--commit-wait", "60", "--read-timeout", "60"];
        let flags = [&flags[..], &["--markers", "tasks", "--fields", "none"]].concat();
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
        // The mount lists the directory without the kernel, and hears that a name is gone. Whoever
        // looks that name up once it is dropped, or was looked up long ago, waits for the lock of the
        // directory.
        let mut details = start(&mounted, &format!("exec {PROGRAM} details Gone.md"));
        let mut waited = 0;
        until(&format!("{script}: the directory is listed, or its lock waited for"), || {
            waited = if waits_for_a_lock(details.id()) { waited + 1 } else { 0 };
            waited == LOOKS || details.try_wait().unwrap().is_some()
        });
        let serves = mounted.pid_now();
        // SAFETY: a signal to the process that serves the mount of this test.
        unsafe { libc::kill(serves, libc::SIGKILL) };
        until(&format!("{script}: the end of the process"), || !is_alive(serves));
        for program in [&mut program, &mut details] {
            until(&format!("{script}: the end of the programs"), || {
                program.try_wait().unwrap().is_some()
            });
        }
        mounted.server().faults().clear();
        mounted.end();
        mounted.begin();
        mounted.ok("ls");
        mounted.end();
    }
}

/// What a program does that waits for an answer of Taskade, and whose answer that is.
const WINDOWS: [(&str, &str); 11] = [
    ("exec cat Unread.md", "/tasks"),
    ("exec ls -l Unread.md", "/tasks"),
    ("exec ls Sales", "/projects"),
    ("exec rm Sales/Gone.md", "/projects"),
    ("exec touch Sales/New.md", "/projects"),
    ("exec mkdir Sales/new", "/projects"),
    ("exec mv Plan.md Sales/Plan.md", "/copy"),
    ("exec mv Plan.md Other.md", "/tasks"),
    ("echo '- [ ] two' >> Plan.md", "/tasks"),
    ("echo '- [ ] two' | dd of=Plan.md oflag=append conv=fsync,notrunc", "/tasks"),
    ("rm Gone.md", "/complete"),
];

#[test]
fn a_mount_that_is_killed_while_a_program_waits_for_taskade_frees_it_and_the_next_one_goes_on() {
    for (script, path) in WINDOWS {
        // A look at one project tells nothing of another.
        let flags = ["--max-age", "0", "--commit-wait", "60", "--read-timeout", "60"];
        let flags = [&flags[..], &["--markers", "tasks", "--fields", "none"]].concat();
        let mounted = Mounted::on(Quirks::default(), "one", &flags, |store, workspace| {
            let sales = store.add_folder(workspace, "Sales").unwrap();
            store.add_project(&sales, "Gone", "x").unwrap();
            store.add_project(workspace, "Gone", "x").unwrap();
            store.add_project(workspace, "Unread", "x").unwrap();
        });
        mounted.ok("cat Plan.md Gone.md");
        mounted.server().faults().plan(None, path, 0, usize::MAX, Fault::Hang);
        let mut program = start(&mounted, script);
        until(&format!("{script}: something hangs"), || mounted.server().faults().is_hanging());
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
        mounted.ok("ls; cat Unread.md");
        mounted.end();
    }
}

/// A mount of a local store.
struct Local {
    dir: tempfile::TempDir,
    root: PathBuf,
}

impl Local {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("mnt");
        fs::create_dir(&root).unwrap();
        let local = Self { dir, root };
        local.begin();
        local
    }

    fn begin(&self) {
        let mut command = Command::new(PROGRAM);
        command.args(["mount", "--max-archive", "1000000", "--local"]);
        command.arg(self.dir.path().join("store")).arg("--state-dir");
        let output = run(command.arg(self.dir.path().join("state")).arg(&self.root));
        assert!(output.status.success(), "cannot mount: {}", said(&output));
    }

    fn pid(&self) -> i32 {
        attribute(&self.root, "user.taskade.pid").unwrap().parse().unwrap()
    }

    /// Unmounts what a dead process has left, once nobody is there any more.
    fn end(&self) {
        let mut reason = String::new();
        until("the unmounting", || {
            let output = run(Command::new(PROGRAM).arg("umount").arg(&self.root));
            reason = said(&output);
            assert!(output.status.success() || reason.contains("in use by"), "{reason}");
            output.status.success()
        });
    }

    /// Has a shell do this in the workspace, over and over, until there is no directory any more;
    /// it counts in a file.
    fn over_and_over(&self, script: &str) -> Child {
        let script = format!(
            "n=0; while :; do n=$((n+1)); {script}; echo >> $COUNT; ls . > /dev/null || exit; done"
        );
        let mut command = Command::new("sh");
        command.args(["-c", &script]).current_dir(self.root.join("W")).process_group(0);
        command.env("COUNT", self.dir.path().join("count"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        let root = CString::new(self.root.as_os_str().as_bytes()).unwrap();
        let flags = libc::MNT_FORCE | libc::MNT_DETACH | libc::UMOUNT_NOFOLLOW;
        // SAFETY: the path is a valid C string. Nothing is mounted there if it was unmounted.
        unsafe { libc::umount2(root.as_ptr(), flags) };
    }
}

#[test]
fn a_local_mount_that_is_killed_in_the_middle_of_everything_frees_all_programs() {
    let local = Local::new();
    fs::create_dir(local.root.join("W")).unwrap();
    fs::create_dir(local.root.join("W/F")).unwrap();
    let mut dice = Dice(7);
    for round in 0..6 {
        let count = local.dir.path().join("count");
        fs::write(&count, "").unwrap();
        let mut programs: Vec<Child> = [
            "echo '- [ ] a' > a.md; rm a.md",
            "echo '- [ ] b' > b.md; mv b.md c.md; mv c.md F/b.md; rm F/b.md",
            "mkdir \"d$n\"; ls -l . F",
            "cat a.md F/b.md; echo '- [ ] more' >> d.md",
            "echo x > .s; mv .s .t; ln .t .u; rm .t .u",
        ]
        .map(|script| local.over_and_over(script))
        .into();
        let moment = 10 + u64::try_from(dice.below(60)).unwrap();
        until("enough was done", || fs::metadata(&count).unwrap().len() >= moment);
        let serves = local.pid();
        // SAFETY: a signal to the process that serves the mount of this test.
        unsafe { libc::kill(serves, libc::SIGKILL) };
        local.end();
        until(&format!("round {round}: the end of the process"), || !is_alive(serves));
        for program in &mut programs {
            until(&format!("round {round}: the end of the programs"), || {
                program.try_wait().unwrap().is_some()
            });
        }
        local.begin();
        assert!(fs::read_dir(local.root.join("W")).unwrap().count() > 0);
    }
    local.end();
}
