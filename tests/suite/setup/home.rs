//! A home directory of its own, with a config file and mounts of local stores.

use std::{
    cell::Cell,
    ffi::CString,
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::support::mount::{PROGRAM, run, said};

/// A home directory, whose mounts are taken away with it.
pub(super) struct Home {
    dir: tempfile::TempDir,
    /// How much of the log of requests was told.
    told: Cell<usize>,
}

impl Home {
    /// With this config file, in which `HOME` stands for the directory.
    pub(super) fn with(config: &str) -> Self {
        let home = Self { dir: tempfile::tempdir().unwrap(), told: Cell::new(0) };
        fs::create_dir_all(home.path(".config/taskadefs")).unwrap();
        home.write_config(config);
        home
    }

    pub(super) fn write_config(&self, config: &str) {
        let config = config.replace("HOME", self.dir.path().to_str().unwrap());
        fs::write(self.config(), config).unwrap();
    }

    pub(super) fn config(&self) -> PathBuf {
        self.path(".config/taskadefs/config.toml")
    }

    pub(super) fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// A directory to mount at.
    pub(super) fn mountpoint(&self, below: &str) -> PathBuf {
        let path = self.path(below);
        fs::create_dir_all(&path).unwrap();
        path
    }

    /// The program with these arguments, and no setting but those of this home.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).env("HOME", self.dir.path()).current_dir(self.dir.path());
        for name in [
            "TASKADE_TOKEN",
            "TASKADE_API_KEY",
            "TASKADE_API_URL",
            "TASKADEFS_CONFIG",
            "TASKADEFS_STATE_DIR",
            "XDG_CONFIG_HOME",
            "XDG_STATE_HOME",
        ] {
            command.env(name, "");
        }
        command
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Output {
        run(&mut self.command(arguments))
    }

    /// Runs what must succeed. What it said.
    pub(super) fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        said(&output)
    }

    /// The requests of a local store that were logged since this was asked last: `METHOD PATH`.
    pub(super) fn requests(&self, log: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path(log)).unwrap_or_default();
        // The last line may be on its way.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let new = &text[self.told.replace(whole)..whole];
        let requests = new.lines().map(|line| {
            let request: serde_json::Value = serde_json::from_str(line).unwrap();
            format!("{} {}", request["method"].as_str().unwrap(), request["path"].as_str().unwrap())
        });
        requests.collect()
    }
}

/// Fails unless root runs the tests: a test that is skipped counts as missing.
pub(super) fn need_root() {
    // SAFETY: it has no preconditions, and cannot fail.
    let is_root = unsafe { libc::geteuid() } == 0;
    assert!(is_root, "only root can do what this test looks at: run the tests as root");
}

/// Whether something is mounted at a path.
pub(super) fn is_mounted(path: &Path) -> bool {
    mounts().iter().any(|mount| mount == path)
}

fn mounts() -> Vec<PathBuf> {
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap();
    table.lines().filter_map(|line| line.split(' ').nth(4)).map(PathBuf::from).collect()
}

impl Drop for Home {
    fn drop(&mut self) {
        for mount in mounts().iter().filter(|mount| mount.starts_with(self.dir.path())) {
            let path = CString::new(mount.as_os_str().as_bytes()).unwrap();
            // SAFETY: the path is a valid C string. Its process ends with the mount.
            unsafe { libc::umount2(path.as_ptr(), libc::MNT_DETACH | libc::UMOUNT_NOFOLLOW) };
        }
    }
}
