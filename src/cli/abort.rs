//! Freeing what waits for a mount whose process was killed and cannot end.
//!
//! A process that is killed while the kernel keeps one of its threads in an invalidation, for a lock
//! that only the process's own answer would free, stays: its leader is a zombie, the thread is not.
//! Its files stay open with it, so the connection lives, and whoever waits for an answer does too.
//! Writing to the connection's `abort` ends all of that (Documentation/filesystems/fuse.rst).

use std::{fs, io, path::Path};

use super::mountpoint;

/// The name that our processes have in `/proc`.
const NAME: &str = env!("CARGO_PKG_NAME");

/// Aborts the connection of a mount that does not answer, if a process of ours is dying and none is
/// alive that may serve it. Whether it did.
///
/// # Errors
/// If the kernel does not let this user.
pub(crate) fn dead_connection(path: &Path) -> io::Result<bool> {
    let Some(number) = mountpoint::connection(path) else { return Ok(false) };
    let abort = format!("/sys/fs/fuse/connections/{number}/abort");
    if !is_served_by_the_dead(path)? || !Path::new(&abort).exists() {
        return Ok(false);
    }
    fs::write(abort, "1")?;
    Ok(true)
}

fn is_served_by_the_dead(mountpoint: &Path) -> io::Result<bool> {
    let name = mountpoint.file_name().unwrap_or_default().as_encoded_bytes();
    let mut any = false;
    for entry in fs::read_dir("/proc")?.flatten() {
        let is_process = entry.file_name().to_str().is_some_and(|pid| pid.parse::<u32>().is_ok());
        let Ok(status) = fs::read_to_string(entry.path().join("status")) else { continue };
        if !is_process {
            continue;
        }
        if is_dying(&status) {
            any = true;
            continue;
        }
        // It was told where to mount, by a path that may be relative.
        let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let mut arguments = command.split(|byte| *byte == 0);
        let is_named = arguments.clone().any(|argument| argument.ends_with(name));
        if is_named && arguments.any(|argument| argument == b"--foreground" || argument == b"-f") {
            return Ok(false);
        }
    }
    Ok(any)
}

/// Whether a status in `/proc` is that of a process of ours that was killed and has threads left.
fn is_dying(status: &str) -> bool {
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.map(str::trim).unwrap_or_default()
    };
    let pending = |name| u64::from_str_radix(field(name), 16).unwrap_or_default();
    let is_killed = (pending("SigPnd:") | pending("ShdPnd:")) & 1 << (libc::SIGKILL - 1) != 0;
    let has_threads = field("Threads:").parse().is_ok_and(|threads: u32| threads > 1);
    field("Name:") == NAME && (is_killed || (field("State:").starts_with('Z') && has_threads))
}

#[cfg(test)]
mod tests {
    use super::is_dying;

    #[test]
    fn a_process_of_ours_that_cannot_end_is_dying() {
        let status = |name: &str, state: &str, threads: u32, pending: u64| {
            format!(
                "Name:\t{name}\nState:\t{state}\nThreads:\t{threads}\nSigPnd:\t{pending:016x}\n\
                 ShdPnd:\t{:016x}\n",
                0
            )
        };
        assert!(is_dying(&status("taskadefs", "Z (zombie)", 2, 0)));
        assert!(is_dying(&status("taskadefs", "D (disk sleep)", 3, 0x100)));
        assert!(!is_dying(&status("taskadefs", "Z (zombie)", 1, 0)), "nobody fetched its status");
        assert!(!is_dying(&status("taskadefs", "S (sleeping)", 3, 0)));
        assert!(!is_dying(&status("other", "Z (zombie)", 2, 0x100)));
        assert!(!is_dying(""));
    }
}
