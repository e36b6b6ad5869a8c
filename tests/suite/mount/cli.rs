//! The command line: what is refused and how it is said, what a mount leaves alone of the process
//! that started it, and what the commands do where a mount hangs.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use crate::support::mount::{Mounted, PROGRAM, attribute, run, said, until};

/// How long a program may take to say or do something.
const DEADLINE: Duration = Duration::from_secs(30);

/// The program with these arguments, and no setting of whoever runs the tests.
fn taskadefs(arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments);
    for name in ["TASKADE_TOKEN", "TASKADE_API_KEY", "TASKADE_API_URL", "TASKADEFS_STATE_DIR"] {
        command.env(name, "");
    }
    command
}

/// `mount` of the harness's server at the harness's mountpoint, by another way than the harness's.
fn mount_anew(mounted: &Mounted) -> (String, String, String) {
    assert!(mounted.umount().status.success());
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let token = mounted.dir.path().join("store/token");
    (mounted.server().url(), text(&token), text(&mounted.dir.path().join("state")))
}

fn is_mounted(path: &Path) -> bool {
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap();
    table.lines().any(|line| line.split(' ').nth(4) == path.to_str())
}

fn signal(pid: i32, signal: i32) {
    // SAFETY: a signal is sent; the process is one that this test started.
    assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
}

/// Ends a process when dropped, whatever becomes of the test: no stopped mount is left behind.
struct Doomed(i32);

impl Drop for Doomed {
    fn drop(&mut self) {
        // SAFETY: a signal is sent; the process may be gone already.
        unsafe { libc::kill(self.0, libc::SIGKILL) };
    }
}

/// What a process prints, a line at a time, waited for with a deadline.
fn lines_of(child: &mut Child) -> mpsc::Receiver<String> {
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

fn wait(child: &mut Child) -> Option<i32> {
    let end = Instant::now() + DEADLINE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        assert!(Instant::now() < end, "the process did not end");
        std::thread::yield_now();
    }
}

#[test]
fn usage_errors_exit_with_2_and_do_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().to_str().unwrap();
    let api = "--api-url=http://127.0.0.1:9";
    for arguments in [
        &[][..],
        &["--no-such-flag"],
        &["no-such-command"],
        &["ask-mount"],
        &["mount"],
        &["mount", api, "--max-age=soon", at],
        &["mount", api, "-o", "no-such-option", at],
        &["mount", api, "-o", "ids=1", at],
        &["mount", api, "-o", "max-age=-1", at],
        &["mount", api, "-fono-such-option", at],
        &["mount", "--local", at, "--token-file", at, at],
        &["taskade", at, "-o", "no-such-option"],
        &["serve"],
        &["umount"],
    ] {
        let output = run(taskadefs(arguments).env("TASKADE_TOKEN", "x"));
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
        assert!(!output.stderr.is_empty() && output.stdout.is_empty(), "{arguments:?}");
    }
    assert!(!is_mounted(dir.path()));
    let help = run(&mut taskadefs(&["--help"]));
    assert_eq!(help.status.code(), Some(0));
    assert!(said(&help).contains("umount") && !said(&help).contains("ask-mount"), "{help:?}");
    assert_eq!(run(&mut taskadefs(&["--version"])).status.code(), Some(0));
}

#[test]
fn an_api_that_the_token_must_not_go_to_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("mnt")).unwrap();
    for (url, reason) in [
        ("http://taskade.example/api/v1", "https"),
        ("http://127.0.0.1.example/api/v1", "https"),
        ("ftp://127.0.0.1/", "https"),
        ("nonsense", "nonsense"),
    ] {
        for background in [false, true] {
            let mut command = taskadefs(&["mount", "--api-url", url, "--state-dir"]);
            command.arg(dir.path().join("state")).args((!background).then_some("-f"));
            let output = run(command.arg(dir.path().join("mnt")).env("TASKADE_TOKEN", "tskdp_x"));
            assert_eq!(output.status.code(), Some(1), "{url}: {}", said(&output));
            assert!(said(&output).starts_with("taskadefs: "), "{}", said(&output));
            assert!(said(&output).contains(reason), "{}", said(&output));
            assert!(!said(&output).contains("tskdp_x"));
        }
    }
}

#[test]
fn a_token_file_is_for_its_owner_only() {
    let mounted = Mounted::of("one");
    let (url, token, state) = mount_anew(&mounted);
    let mount = || {
        let flags = ["--token-file", &token, "--state-dir", &state];
        run(taskadefs(&["mount", "--api-url", &url]).args(flags).arg(&mounted.root))
    };
    fs::set_permissions(&token, fs::Permissions::from_mode(0o644)).unwrap();
    let refused = mount();
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains(&format!("chmod 600 {token}")), "{}", said(&refused));
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(said(&mount()), "");
    assert_eq!(mounted.text(), "- [ ] one\n");
}

#[test]
fn a_token_comes_from_a_pipe_or_from_the_second_variable_as_well() {
    let mounted = Mounted::of("one");
    let (url, token, state) = mount_anew(&mounted);
    let script = r#""$0" mount --api-url "$1" --token-file <(cat "$2") --state-dir "$3" "$4""#;
    let mut from_pipe = Command::new("bash");
    from_pipe.args(["-c", script, PROGRAM, &url, &token, &state]).arg(&mounted.root);
    assert_eq!(said(&run(&mut from_pipe)), "");
    assert_eq!(mounted.text(), "- [ ] one\n");
    assert!(mounted.umount().status.success());
    let mut from_variable = taskadefs(&["mount", "--api-url", &url, "--state-dir", &state]);
    from_variable.arg(&mounted.root);
    from_variable.env("TASKADE_API_KEY", mounted.server().token().expose());
    assert_eq!(said(&run(&mut from_variable)), "");
    assert_eq!(mounted.text(), "- [ ] one\n");
}

#[test]
fn the_way_of_fstab_mounts_with_every_option_of_every_list() {
    let mounted = Mounted::of("one");
    let (url, token, state) = mount_anew(&mounted);
    let list = format!("rw,ro,noauto,x-systemd.automount,token_file={token}");
    let root = mounted.root.to_str().unwrap();
    let mut command = taskadefs(&["taskade", root, "-o", &list, "-o", "dev,suid,ids"]);
    let rest = format!("-oapi-url={url},state-dir={state}");
    assert_eq!(said(&run(command.arg(rest))), "");
    assert!(mounted.text().starts_with("- [ ] one ^"), "{}", mounted.text());
    assert!(said(&mounted.sh("echo x >> Plan.md")).contains("Read-only file system"));
}

#[test]
fn a_flag_has_the_last_word_over_a_list_and_two_dashes_end_the_flags() {
    let mounted = Mounted::of("one");
    let (url, token, state) = mount_anew(&mounted);
    let flags = ["--api-url", &url, "-o", "api-url=nonsense,ids", "--token-file", &token];
    let mut command = taskadefs(&["mount"]);
    command.args(flags).args(["--state-dir", &state, "--"]).arg(&mounted.root);
    assert_eq!(said(&run(&mut command)), "");
    assert!(mounted.text().starts_with("- [ ] one ^"), "{}", mounted.text());
}

#[test]
fn what_stands_in_the_way_of_a_mount_is_told_with_the_remedy() {
    let mounted = Mounted::of("one");
    let (url, token, state) = mount_anew(&mounted);
    let dir = mounted.dir.path();
    let mount = |at: &Path, state: &Path| {
        let flags = ["--token-file", &token, "--state-dir", state.to_str().unwrap()];
        run(taskadefs(&["mount", "--api-url", &url]).args(flags).arg(at))
    };
    let state = Path::new(&state);
    let shared = dir.join("shared");
    fs::create_dir(&shared).unwrap();
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o777)).unwrap();
    for (at, state, remedy) in [
        (dir.join("missing"), state, "mkdir"),
        (dir.join("missing/below"), state, "check the path"),
        (Path::new(&token).to_owned(), state, "not a directory"),
        (mounted.root.clone(), &shared, "chmod 700"),
    ] {
        let output = mount(&at, state);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(said(&output).contains(remedy), "{}", said(&output));
    }
    fs::write(mounted.root.join("hidden"), "").unwrap();
    let warned = mount(&mounted.root, state);
    assert!(warned.status.success(), "{}", said(&warned));
    assert!(said(&warned).contains("not empty"), "{}", said(&warned));
    assert_eq!(mounted.text(), "- [ ] one\n");
    std::os::unix::fs::symlink(&mounted.root, dir.join("link")).unwrap();
    let again = mount(&dir.join("link"), state);
    assert!(said(&again).contains("mounted there already"), "{}", said(&again));
    let by_link = run(taskadefs(&["umount"]).arg(dir.join("link")));
    assert_eq!((by_link.status.code(), said(&by_link)), (Some(0), String::new()));
    assert!(mounted.root.join("hidden").exists());
    let nothing = mounted.umount();
    assert_eq!(nothing.status.code(), Some(1));
    assert!(said(&nothing).contains("nothing of taskadefs"), "{}", said(&nothing));
}

#[test]
fn a_mount_holds_nothing_of_the_process_that_started_it() {
    let mounted = Mounted::of("one");
    let (url, token, state) = mount_anew(&mounted);
    let script = r#"exec 9>lock && flock 9 && out=$("$0" mount --api-url "$1" --token-file "$2" \
        --state-dir "$3" "$4" 2>&1 8>&1) && exec 9>&- && flock --nonblock lock echo "free$out""#;
    let mut command = Command::new("bash");
    command.args(["-c", script, PROGRAM, &url, &token, &state]).arg(&mounted.root);
    assert_eq!(said(&run(command.current_dir(mounted.dir.path()))), "free\n");
    let pid = mounted.pid().unwrap();
    assert_eq!(fs::read_link(format!("/proc/{pid}/cwd")).unwrap(), Path::new("/"));
    // SAFETY: getsid takes any process id.
    assert_eq!(unsafe { libc::getsid(pid) }, pid, "it has a session of its own");
    let log = fs::metadata(Path::new(&state).join("log")).unwrap();
    assert_eq!(log.permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_mount_in_the_foreground_ends_with_its_terminal() {
    for wanted in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
        let mounted = Mounted::of("one");
        let (url, token, state) = mount_anew(&mounted);
        let mut command = taskadefs(&["mount", "-f", "--log=off", "--api-url", &url]);
        command.args(["--token-file", &token, "--state-dir", &state]).arg(&mounted.root);
        let mut child = command.stdin(Stdio::null()).spawn().unwrap();
        let _doomed = Doomed(child.id().try_into().unwrap());
        until("the mount", || attribute(&mounted.root, "user.taskade.pid").is_some());
        signal(child.id().try_into().unwrap(), wanted);
        assert_eq!(wait(&mut child), Some(0));
        assert!(!is_mounted(&mounted.root));
    }
}

#[test]
fn serve_says_where_it_is_and_ends_when_told_to() {
    let dir = tempfile::tempdir().unwrap();
    for wanted in [libc::SIGTERM, libc::SIGINT] {
        let mut command = taskadefs(&["serve", "--local"]);
        command.arg(dir.path().join("store")).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let _doomed = Doomed(child.id().try_into().unwrap());
        let lines = lines_of(&mut child);
        let url = lines.recv_timeout(DEADLINE).unwrap();
        let address = url.strip_prefix("listening on http://").unwrap();
        let address = address.strip_suffix("/api/v1").unwrap();
        assert!(address.starts_with("127.0.0.1:"), "{url}");
        let token = lines.recv_timeout(DEADLINE).unwrap();
        let token = Path::new(token.strip_prefix("token in ").unwrap());
        assert_eq!(fs::metadata(token).unwrap().permissions().mode() & 0o777, 0o600);
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let request = "GET /api/v1/workspaces HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        signal(child.id().try_into().unwrap(), wanted);
        assert_eq!(wait(&mut child), Some(0));
    }
}

#[test]
fn serve_is_for_this_machine_and_goes_on_when_nobody_reads_what_it_says() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = taskadefs(&["serve", "--listen", "0.0.0.0:0", "--local"]);
    let everywhere = run(command.arg(dir.path().join("store")));
    assert_eq!(everywhere.status.code(), Some(1));
    assert!(said(&everywhere).contains("127.0.0.1"), "{}", said(&everywhere));
    let log = dir.path().join("requests");
    let mut command = taskadefs(&["serve", "--local"]);
    command.arg(dir.path().join("store")).arg("--log-requests").arg(&log);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let pid = child.id().try_into().unwrap();
    let _doomed = Doomed(pid);
    // The log is made right before it says where it listens.
    until("the server", || log.exists());
    signal(pid, libc::SIGTERM);
    assert_eq!(wait(&mut child), Some(0));
}

#[test]
fn a_lazy_unmount_does_not_wait_for_open_files() {
    let mounted = Mounted::of("one");
    let pid = mounted.pid().unwrap();
    let open = fs::File::open(mounted.file()).unwrap();
    let lazy = run(taskadefs(&["umount", "--lazy"]).arg(&mounted.root));
    assert_eq!((lazy.status.code(), said(&lazy)), (Some(0), String::new()));
    assert!(!is_mounted(&mounted.root));
    assert!(Path::new(&format!("/proc/{pid}")).exists(), "it still serves the open file");
    drop(open);
    until("the end of the process", || !Path::new(&format!("/proc/{pid}/root")).exists());
}

#[test]
fn a_mount_that_hangs_is_told_and_taken_away() {
    let mounted = Mounted::of("one");
    let pid = mounted.pid().unwrap();
    let _doomed = Doomed(pid);
    signal(pid, libc::SIGSTOP);
    let (umount, mount) = std::thread::scope(|scope| {
        let umount = scope.spawn(|| mounted.umount());
        let mount = scope.spawn(|| mounted.try_mount());
        (umount.join().unwrap(), mount.join().unwrap())
    });
    for hangs in [&umount, &mount] {
        assert_eq!(hangs.status.code(), Some(1), "{}", said(hangs));
        assert!(said(hangs).contains("does not answer"), "{}", said(hangs));
        assert!(said(hangs).contains("umount --lazy"), "{}", said(hangs));
    }
    assert_eq!(said(&run(taskadefs(&["umount", "--lazy"]).arg(&mounted.root))), "");
    assert!(!is_mounted(&mounted.root));
}

/// Some kernels hold back the links of a process in `/proc` while it is in `execve`, and so for as
/// long as it closes a file on a mount that hangs.
#[test]
fn who_uses_a_mount_is_found_beside_a_process_that_hangs() {
    let (hanging, mounted) = (Mounted::of("one"), Mounted::of("two"));
    let script = r#"open(F, ">>", $ARGV[0]) or die; syswrite(F, "- x\n") or die;
        $| = 1; print fileno(F), "\n"; <STDIN>; exec "true""#;
    let mut command = Command::new("perl");
    command.args(["-e", script]).arg(hanging.file());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let descriptor = lines_of(&mut child).recv_timeout(DEADLINE).unwrap();
    let doomed = Doomed(hanging.pid().unwrap());
    signal(doomed.0, libc::SIGSTOP);
    drop(child.stdin.take());
    let fds = format!("/proc/{}/fd", child.id());
    until("the closing of the file", || {
        let names = fs::read_dir(&fds).into_iter().flatten().flatten();
        !names.map(|entry| entry.file_name()).any(|name| name == descriptor.as_str())
    });
    let open = fs::File::open(mounted.file()).unwrap();
    let busy: Output = mounted.umount();
    assert_eq!(busy.status.code(), Some(1), "{}", said(&busy));
    assert!(said(&busy).contains(&format!("({})", std::process::id())), "{}", said(&busy));
    drop(open);
    drop(doomed);
    assert_eq!(wait(&mut child), Some(0));
}
