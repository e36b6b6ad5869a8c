//! A server, and mounts of it one after the other, each in a process that is killed.

use std::{
    fs::{self, OpenOptions},
    io::Read,
    os::fd::{AsRawFd, FromRawFd, OwnedFd},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use taskadefs::{
    ids::ProjectId,
    server::{Quirks, Running, Server, ServerConfig},
};
use tokio::runtime::Runtime;

use super::model::Plan;
use crate::support::mount::{PROGRAM, attribute, until};

/// A server, a mountpoint, and at most one process that serves it.
pub(super) struct Rig {
    pub(super) server: Running,
    dir: tempfile::TempDir,
    root: PathBuf,
    pub(super) child: Option<Child>,
    _runtime: Runtime,
}

impl Rig {
    pub(super) fn new(latency: Duration) -> Self {
        assert!(Path::new("/dev/fuse").exists(), "mount tests need /dev/fuse");
        let runtime = Runtime::new().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut config = ServerConfig::new(dir.path().join("store"));
        config.quirks = Quirks { latency, ..Quirks::default() };
        let server = runtime.block_on(Server::start(config)).unwrap();
        let root = dir.path().join("mnt");
        fs::create_dir(&root).unwrap();
        Self { server, dir, root, child: None, _runtime: runtime }
    }

    fn state_dir(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    /// Starts a process that mounts. It is not waited for.
    pub(super) fn start(&mut self, flags: &[&str]) {
        let log = OpenOptions::new().create(true).append(true).open(self.log()).unwrap();
        let child = Command::new(PROGRAM)
            .args(["mount", "--foreground", "--ready-fd", "1", "--api-url", &self.server.url()])
            .arg("--state-dir")
            .arg(self.state_dir())
            .args(flags)
            .arg(&self.root)
            .env("TASKADE_TOKEN", self.server.token().expose())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        self.child = Some(child);
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    /// Waits until the mount answers, or for what it says instead.
    fn ready(&mut self) -> Result<(), String> {
        let mut said = String::new();
        let pipe = self.child.as_mut().and_then(|child| child.stdout.as_mut()).unwrap();
        // It writes one line and closes, or dies.
        let mut byte = [0];
        while !said.ends_with('\n') && pipe.read(&mut byte).unwrap() == 1 {
            said.push(char::from(byte[0]));
        }
        if said == "ready\n" { Ok(()) } else { Err(said) }
    }

    pub(super) fn mount(&mut self, flags: &[&str]) {
        self.start(flags);
        self.ready().unwrap_or_else(|said| panic!("cannot mount: {said}"));
    }

    pub(super) fn pid(&self) -> i32 {
        i32::try_from(self.child.as_ref().unwrap().id()).unwrap()
    }

    /// Kills the process, if that was not done yet, and takes what is left of its mount away.
    pub(super) fn bury(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let _ = child.kill();
        let ended = ends(&child);
        // By force: a mount that is taken away so answers nobody any more, and lets its process go.
        let mut umount = Command::new("umount");
        let _ = umount.args(["-f", "-l"]).arg(&self.root).stderr(Stdio::null()).status();
        child.wait().unwrap();
        assert!(ended || std::thread::panicking(), "the process outlives its death");
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join("Acme").join(name)
    }

    pub(super) fn wait_until_clean(&self, name: &str) {
        let path = self.path(name);
        until(&format!("{name} being clean"), || {
            let state = attribute(&path, "user.taskade.state");
            assert_ne!(state.as_deref(), Some("rejected"), "{name} was refused");
            state.as_deref() == Some("clean")
        });
    }

    /// The trees of the projects called `New`, and whether they are archived.
    pub(super) fn projects(&self) -> Vec<(String, bool)> {
        let store = self.server.store();
        let found = store.find_projects("New").unwrap();
        found.iter().map(|(id, archived)| (store.tree(id).unwrap(), *archived)).collect()
    }

    pub(super) fn plan(&self, project: &ProjectId) -> Plan {
        Plan::from_store(&self.server.store().tree(project).unwrap())
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.server.faults().clear();
        self.bury();
        if std::thread::panicking() {
            let log = fs::read_to_string(self.log()).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            eprintln!("{}", lines[lines.len().saturating_sub(30)..].join("\n"));
        }
    }
}

/// Whether a process that was killed ends, with all its threads. One that waits in the kernel for
/// an answer of its own never does.
fn ends(child: &Child) -> bool {
    // SAFETY: pidfd_open takes two integers and returns a new descriptor or -1.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, child.id(), 0) };
    let fd = i32::try_from(fd).unwrap();
    // SAFETY: the descriptor was just made, and nothing else has it.
    let process = unsafe { OwnedFd::from_raw_fd(fd) };
    let mut poll = libc::pollfd { fd: process.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one valid pollfd is passed.
    unsafe { libc::poll(&mut poll, 1, 10_000) == 1 }
}
