//! What is compared: mounts of the same files by different file systems, each in a process of its
//! own, and unmounted whatever happens.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_taskadefs");

/// How long a mount may take to answer, or to go.
const SERVER_TIMEOUT: Duration = Duration::from_secs(60);

/// A mount, and the process that serves it if it is a child of this one.
pub(crate) struct Place {
    pub(crate) root: PathBuf,
    server: Option<Child>,
}

impl Place {
    /// A mount by a command that serves until it is unmounted.
    pub(crate) fn served(root: &Path, command: &mut Command) -> Self {
        fs::create_dir_all(root).unwrap();
        let before = fs::metadata(root).unwrap().dev();
        let server = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let end = Instant::now() + SERVER_TIMEOUT;
        while fs::metadata(root).map(|metadata| metadata.dev()).unwrap_or(before) == before {
            assert!(Instant::now() < end, "{command:?} does not mount");
            std::thread::park_timeout(Duration::from_millis(5));
        }
        Self { root: root.to_owned(), server: Some(server) }
    }

    /// A mount of a Taskade, which answers when this returns.
    pub(crate) fn taskade(
        root: &Path,
        url: &str,
        token: &str,
        state: &Path,
        flags: &[&str],
    ) -> Self {
        fs::create_dir_all(root).unwrap();
        let mut command = Command::new(PROGRAM);
        command.args(["mount", "--api-url", url, "--state-dir"]).arg(state).args(flags).arg(root);
        let status = command.env("TASKADE_TOKEN", token).stdin(Stdio::null()).status().unwrap();
        assert!(status.success(), "{command:?}");
        Self { root: root.to_owned(), server: None }
    }

    /// The resident memory of the process that serves a Taskade, in bytes.
    pub(crate) fn resident(&self) -> u64 {
        let mut value = [0_u8; 32];
        let path = std::ffi::CString::new(self.root.to_str().unwrap()).unwrap();
        // SAFETY: two strings that end, and a buffer of the length that is told.
        let length = unsafe {
            libc::getxattr(
                path.as_ptr(),
                c"user.taskade.pid".as_ptr(),
                value.as_mut_ptr().cast(),
                value.len(),
            )
        };
        let pid = std::str::from_utf8(&value[..usize::try_from(length).unwrap()]).unwrap();
        let statm = fs::read_to_string(format!("/proc/{pid}/statm")).unwrap();
        let pages: u64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
        pages * 4096
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.server.is_none() {
            let _ = Command::new(PROGRAM).args(["umount"]).arg(&self.root).status();
        }
        let unmount = ["-u", "-q"];
        let _ = Command::new("fusermount3")
            .args(unmount)
            .arg(&self.root)
            .stderr(Stdio::null())
            .status();
        if let Some(server) = &mut self.server {
            let end = Instant::now() + SERVER_TIMEOUT;
            while matches!(server.try_wait(), Ok(None)) && Instant::now() < end {
                std::thread::park_timeout(Duration::from_millis(5));
            }
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}
