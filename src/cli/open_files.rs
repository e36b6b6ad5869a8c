//! Who keeps a mount busy: the processes that have a file on it open, or their directory there.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// How long the links of one process may take to be read. A kernel may hold them back until the
/// process has finished `execve`, which waits for the mount if it closes files there.
const PROCESS_TIMEOUT: Duration = Duration::from_millis(500);

/// How long the whole search may take.
const SEARCH_TIMEOUT: Duration = Duration::from_secs(5);

/// The processes that use files below a path, in words.
pub(crate) fn of(path: &Path) -> String {
    let deadline = Instant::now() + SEARCH_TIMEOUT;
    let mut users = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|pid| pid.parse::<u32>().ok()) else {
            continue;
        };
        let left = deadline.saturating_duration_since(Instant::now());
        let name = || fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
        match uses(entry.path(), path.to_owned(), left.min(PROCESS_TIMEOUT)) {
            Some(true) => users.push(format!("{} ({pid})", name().trim())),
            Some(false) => {}
            None => users.push(format!("perhaps {} ({pid}), which hangs", name().trim())),
        }
        if left.is_zero() {
            users.push("perhaps others".to_owned());
            break;
        }
    }
    if users.is_empty() { "a process of another user".to_owned() } else { users.join(", ") }
}

/// Whether a process uses files below a path; `None` if that cannot be told in time. The thread
/// that looks is left behind then, and does not keep this program from ending.
fn uses(process: PathBuf, path: PathBuf, timeout: Duration) -> Option<bool> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let look = move || {
        let fds = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        let mut links = ["cwd", "root"]
            .map(|link| process.join(link))
            .into_iter()
            .chain(fds.map(|fd| fd.path()));
        let found = links.any(|link| fs::read_link(link).is_ok_and(|to| to.starts_with(&path)));
        // Nobody listens any more if it took too long.
        let _ = sender.send(found);
    };
    thread::Builder::new().spawn(look).ok()?;
    receiver.recv_timeout(timeout).ok()
}
