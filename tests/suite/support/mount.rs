//! The real program on a real mount, in a process of its own, against the embedded server in
//! this one. Every wait has a deadline and every mount is unmounted, also by a test that fails.

use std::{
    ffi::{CString, OsStr},
    fs,
    io::Write,
    net::SocketAddr,
    os::unix::{ffi::OsStrExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use taskadefs::{
    ids::{ProjectId, SpaceId},
    secret::Token,
    server::{Quirks, Running, Server, ServerConfig, Store},
};
use tokio::runtime::Runtime;

/// How long a program may take.
const PROGRAM_TIMEOUT: &str = "60";

/// How long a condition may take to become true.
const DEADLINE: Duration = Duration::from_secs(30);

/// How long to leave the processor to others between two looks at a condition.
const PAUSE: Duration = Duration::from_millis(2);

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_taskadefs");

/// A mount of the workspace `Acme` with the project `Plan`, seen as `Plan.md`.
pub struct Mounted {
    pub server: Option<Running>,
    pub project: ProjectId,
    pub dir: tempfile::TempDir,
    pub root: PathBuf,
    pub flags: Vec<String>,
    quirks: Quirks,
    runtime: Runtime,
}

impl Mounted {
    pub fn of(tasks: &str) -> Self {
        Self::with(tasks, &[])
    }

    pub fn with(tasks: &str, flags: &[&str]) -> Self {
        Self::on(Quirks::default(), tasks, flags, |_, _| {})
    }

    /// A mount of a service with these quirks, to whose workspace `seed` adds before it is mounted.
    pub fn on(
        quirks: Quirks,
        tasks: &str,
        flags: &[&str],
        seed: impl FnOnce(&Store, &SpaceId),
    ) -> Self {
        Self::begun(quirks, flags, false, |store| {
            let workspace = store.add_workspace("Acme").unwrap();
            let project = store.add_project(&workspace, "Plan", tasks).unwrap();
            seed(store, &workspace);
            project
        })
    }

    /// A mount of the sample workspace, in which `Inbox` is the project.
    pub fn sample(flags: &[&str]) -> Self {
        let inbox = |store: &Store| store.find_projects("Inbox").unwrap().remove(0).0;
        Self::begun(Quirks::default(), flags, true, inbox)
    }

    /// A mount of a service, with the sample or without, to which `seed` adds before.
    fn begun(
        quirks: Quirks,
        flags: &[&str],
        sample: bool,
        seed: impl FnOnce(&Store) -> ProjectId,
    ) -> Self {
        assert!(Path::new("/dev/fuse").exists(), "mount tests need /dev/fuse");
        let runtime = Runtime::new().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut config = ServerConfig::new(dir.path().join("store"));
        (config.quirks, config.sample) = (quirks.clone(), sample);
        let server = runtime.block_on(Server::start(config)).unwrap();
        let project = seed(server.store());
        let root = dir.path().join("mnt");
        fs::create_dir(&root).unwrap();
        let (server, flags) = (Some(server), flags.iter().map(|it| (*it).to_owned()).collect());
        let mounted = Self { server, project, dir, root, flags, quirks, runtime };
        mounted.begin();
        mounted
    }

    /// Mounts, which must succeed.
    pub fn begin(&self) {
        let output = self.try_mount();
        assert!(output.status.success(), "cannot mount: {}", said(&output));
    }

    /// Mounts with another state directory, which must succeed.
    pub fn begin_with_state(&self, state: &Path) {
        let output = self.try_mount_with_state(state);
        assert!(output.status.success(), "cannot mount: {}", said(&output));
    }

    /// Mounts; returns once the mount answers.
    pub fn try_mount(&self) -> Output {
        self.try_mount_with_state(&self.dir.path().join("state"))
    }

    /// As [`try_mount`](Self::try_mount), at another directory.
    pub fn try_mount_at(&self, root: &Path) -> Output {
        self.mount_by(&self.server().url(), &self.dir.path().join("state"), root)
    }

    /// Mounts a service that stands in front of the server, which must succeed.
    pub fn begin_by_way_of(&self, address: SocketAddr) {
        let url = self.server().url().replace(&self.address().to_string(), &address.to_string());
        let output = self.mount_by(&url, &self.dir.path().join("state"), &self.root);
        assert!(output.status.success(), "cannot mount: {}", said(&output));
    }

    fn try_mount_with_state(&self, state: &Path) -> Output {
        self.mount_by(&self.server().url(), state, &self.root)
    }

    fn mount_by(&self, url: &str, state: &Path, root: &Path) -> Output {
        let mut command = Command::new("timeout");
        command.args(["-k", "5", PROGRAM_TIMEOUT, PROGRAM, "mount", "--api-url", url]);
        command.arg("--state-dir").arg(state).args(&self.flags);
        command.arg(root).env("TASKADE_TOKEN", self.server().token().expose());
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// Unmounts, and waits for everything to be saved.
    pub fn umount(&self) -> Output {
        run(Command::new(PROGRAM).arg("umount").arg(&self.root))
    }

    /// The processes that unmount it now.
    pub fn unmounting(&self) -> Vec<libc::pid_t> {
        processes_with(&[OsStr::new("umount"), self.root.as_os_str()])
    }

    /// Unmounts as soon as nobody is there any more: editors and git leave processes behind that
    /// are in the directory for a moment, and what other tests begin has copies of open files
    /// until it runs.
    pub fn end(&self) {
        let end = Instant::now() + DEADLINE;
        loop {
            let output = self.umount();
            if output.status.success() {
                return;
            }
            let reason = said(&output);
            let busy = reason.contains("in use by") && Instant::now() < end;
            assert!(busy, "cannot unmount: {reason}");
            std::thread::park_timeout(PAUSE);
        }
    }

    pub fn server(&self) -> &Running {
        self.server.as_ref().unwrap()
    }

    /// The directory of the workspace.
    pub fn acme(&self) -> PathBuf {
        self.root.join("Acme")
    }

    pub fn file(&self) -> PathBuf {
        self.acme().join("Plan.md")
    }

    pub fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }

    /// What a file of the workspace holds.
    pub fn text_of(&self, name: &str) -> String {
        fs::read_to_string(self.acme().join(name)).unwrap()
    }

    /// The tasks at the service.
    pub fn tree(&self) -> String {
        self.server().store().tree(&self.project).unwrap()
    }

    /// Runs a shell command in the workspace's directory.
    pub fn sh(&self, script: &str) -> Output {
        let mut command = Command::new("bash");
        command.args(["-c", script]).current_dir(self.acme());
        command
            .env("HOME", self.dir.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("LC_ALL", "C.UTF-8");
        run(&mut command)
    }

    /// Runs a shell command that must succeed. What it printed.
    pub fn ok(&self, script: &str) -> String {
        let output = self.sh(script);
        assert!(output.status.success(), "{script}: {}", said(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The writes so far, with the ids of the tasks at the start as `t1`, `t2`, …, and forgets
    /// them.
    pub fn writes(&self, ids: &[String]) -> Vec<String> {
        let project = format!("/projects/{}", self.project);
        let writes = self.server().log().writes().into_iter().map(|write| {
            let body = write.body.map_or_else(String::new, |body| format!(" {body}"));
            let path = write.path.replacen(&project, "", 1);
            let mut line = format!("{} {path}{body}", write.method);
            for (number, id) in ids.iter().enumerate() {
                line = line.replace(id, &format!("t{}", number + 1));
            }
            line
        });
        let writes = writes.collect();
        self.server().log().clear();
        writes
    }

    /// The paths that were read so far, in order, and forgets them.
    pub fn reads(&self) -> Vec<String> {
        let requests = self.server().log().requests().into_iter();
        let reads = requests.filter(|request| request.method == "GET").map(|it| it.path).collect();
        self.server().log().clear();
        reads
    }

    pub fn ids(&self) -> Vec<String> {
        let ids = self.server().store().task_ids(&self.project).unwrap();
        ids.iter().map(ToString::to_string).collect()
    }

    /// The process that serves the mount.
    pub fn pid(&self) -> Option<i32> {
        attribute(&self.root, "user.taskade.pid")?.parse().ok()
    }

    /// The server goes on at the same address, and only this token counts there.
    pub fn change_token(&mut self, token: &str) {
        let address = self.address();
        self.stop_server();
        self.start_server(address, Token::new(token).unwrap());
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.server().url().split('/').nth(2).unwrap().parse().unwrap()
    }

    /// A server that was stopped goes on.
    pub fn start_server(&mut self, address: SocketAddr, token: Token) {
        let mut config = ServerConfig::new(self.dir.path().join("store"));
        config.listen = address;
        config.token = Some(token);
        config.quirks = self.quirks.clone();
        // A connection of another test may have the port for a moment.
        until("the address is free again", || {
            self.server = self.runtime.block_on(Server::start(config.clone())).ok();
            self.server.is_some()
        });
    }

    pub fn stop_server(&mut self) {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.shutdown());
        }
    }
}

impl Mounted {
    /// The process that serves the mount, asked of nobody but the kernel.
    pub fn pid_now(&self) -> i32 {
        self.processes().into_iter().next().expect("a process that serves the mount")
    }

    /// The processes that serve, or are about to serve, this mount, asked of nobody but the
    /// kernel: a mount that hangs must not hang the test that failed over it.
    fn processes(&self) -> Vec<libc::pid_t> {
        let state = self.dir.path().join("state");
        processes_with(&[state.as_os_str()])
    }
}

/// The processes that have all these arguments, in this order.
fn processes_with(arguments: &[&OsStr]) -> Vec<libc::pid_t> {
    let has_all = |pid: &libc::pid_t| {
        let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let mut of_it = command.split(|byte| *byte == 0);
        arguments.iter().all(|wanted| of_it.any(|argument| argument == wanted.as_bytes()))
    };
    let names = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.file_name());
    names.filter_map(|name| name.to_str()?.parse().ok()).filter(has_all).collect()
}

/// The process goes first: the kernel then answers everything that waits for it, and neither the
/// unmounting nor a program of the test can hang.
impl Drop for Mounted {
    fn drop(&mut self) {
        for pid in self.processes() {
            // SAFETY: a signal to a process is sent; it may be gone already.
            unsafe { libc::kill(pid, libc::SIGKILL) };
        }
        let root = CString::new(self.root.as_os_str().as_bytes()).unwrap();
        // SAFETY: the path is a valid C string. Nothing is mounted there if it was unmounted.
        unsafe { libc::umount2(root.as_ptr(), libc::MNT_DETACH | libc::UMOUNT_NOFOLLOW) };
    }
}

/// An extended attribute as text.
pub fn attribute(path: &Path, name: &str) -> Option<String> {
    let path = CString::new(path.as_os_str().as_bytes()).unwrap();
    let name = CString::new(name).unwrap();
    let mut value = vec![0_u8; 4096];
    // SAFETY: all pointers are valid for the call, and the size is that of the buffer.
    let length = unsafe {
        libc::getxattr(path.as_ptr(), name.as_ptr(), value.as_mut_ptr().cast(), value.len())
    };
    value.truncate(usize::try_from(length).ok()?);
    String::from_utf8(value).ok()
}

/// Runs a program, but not for ever.
pub fn run(command: &mut Command) -> Output {
    let mut timed = Command::new("timeout");
    timed.args(["-k", "5", PROGRAM_TIMEOUT]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        timed.env(name, value.unwrap_or_default());
    }
    if let Some(dir) = command.get_current_dir() {
        timed.current_dir(dir);
    }
    timed.stdin(Stdio::null()).process_group(0).output().unwrap()
}

pub fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Waits until a condition holds that nothing announces.
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < DEADLINE, "{what} did not come true");
        std::thread::park_timeout(PAUSE);
    }
}

/// Runs a full-screen program on a terminal of its own: waits for `shows` on the screen before
/// each `keys`, then for its end.
pub fn on_terminal(program: &str, arguments: &[&str], dir: &Path, steps: &[(&str, &str)]) {
    let (mut master, mut slave) = (0, 0);
    let size = libc::winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: both descriptors are valid to be written to, and the size is initialised.
    let opened = unsafe {
        libc::openpty(&mut master, &mut slave, std::ptr::null_mut(), std::ptr::null(), &size)
    };
    assert_eq!(opened, 0, "cannot open a terminal");
    use std::os::fd::{FromRawFd, OwnedFd};
    // SAFETY: both were just opened, and nothing else has them.
    let (master, slave) = unsafe { (fs::File::from_raw_fd(master), OwnedFd::from_raw_fd(slave)) };
    let mut command = Command::new("timeout");
    command.args(["--foreground", "-k", "5", PROGRAM_TIMEOUT, program]).args(arguments);
    command.current_dir(dir).env("TERM", "xterm").env("HOME", dir.join(".home"));
    command.env("MICRO_CONFIG_HOME", std::env::temp_dir().join("taskadefs-micro"));
    command.stdin(slave.try_clone().unwrap()).stdout(slave.try_clone().unwrap()).stderr(slave);
    // SAFETY: only async-signal-safe calls between fork and exec.
    unsafe {
        command.pre_exec(|| {
            if libc::setsid() == -1 || libc::ioctl(0, libc::TIOCSCTTY, 0) == -1 {
                return Err(std::io::Error::last_os_error());
            }
            Ok(())
        });
    }
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{program}: {error}"));
    drop(command);
    let (sender, screen) = std::sync::mpsc::channel::<Vec<u8>>();
    let mut output = master.try_clone().unwrap();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = std::io::Read::read(&mut output, &mut buffer) {
            if sender.send(buffer[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    let mut input = master;
    for (shows, keys) in steps {
        let mut seen = Vec::new();
        while !String::from_utf8_lossy(&seen).contains(shows) {
            match screen.recv_timeout(DEADLINE) {
                Ok(bytes) => seen.extend(bytes),
                Err(_) => {
                    let _ = child.kill();
                    panic!("{program} never showed {shows:?}: {}", String::from_utf8_lossy(&seen));
                }
            }
        }
        input.write_all(keys.as_bytes()).unwrap();
    }
    let status = child.wait().unwrap();
    assert!(status.success(), "{program}: {status}");
}
