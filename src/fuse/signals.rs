//! Whether a signal waits for a program that waits for an answer.
//!
//! The kernel asks for a request to be interrupted with FUSE_INTERRUPT, which `fuser` answers with
//! ENOSYS, after which the kernel asks no more. But what is pending for the calling thread stands in
//! `/proc/TID/status` (proc_pid_status(5)), and a fatal signal as SIGKILL.

use std::{fs, time::Duration};

/// How long a request waits before its caller's signals are looked at, and how often they are then.
const FIRST_LOOK: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(250);

/// Signals that end nothing unless a program asks for it: children, the size of a window, and job
/// control. Programs get them at any time, and a save that fails for them helps nobody.
const HARMLESS: [libc::c_int; 8] = [
    libc::SIGCHLD,
    libc::SIGCONT,
    libc::SIGSTOP,
    libc::SIGTSTP,
    libc::SIGTTIN,
    libc::SIGTTOU,
    libc::SIGURG,
    libc::SIGWINCH,
];

/// Returns once a signal waits for the thread; never for thread 0, which is nobody.
pub(super) async fn pending(thread: u32) {
    if thread == 0 {
        return std::future::pending().await;
    }
    tokio::time::sleep(FIRST_LOOK).await;
    loop {
        // A thread that is gone waits for nothing, and its answer is lost either way.
        let status = fs::read_to_string(format!("/proc/{thread}/status"));
        if status.is_ok_and(|status| is_pending(&status)) {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Whether the status of a thread tells of a signal that it neither blocks nor ignores.
fn is_pending(status: &str) -> bool {
    let mask = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
    };
    let harmless = HARMLESS.iter().fold(0, |mask, signal| mask | 1 << (signal - 1));
    let pending = mask("SigPnd:") | mask("ShdPnd:");
    pending & !(mask("SigBlk:") | mask("SigIgn:") | harmless) != 0
}

#[cfg(test)]
mod tests {
    use super::is_pending;

    fn status(pending: u64, shared: u64, blocked: u64, ignored: u64) -> String {
        format!(
            "Name:\tSigPnd: 4\nSigQ:\t1/62\nSigPnd:\t{pending:016x}\nShdPnd:\t{shared:016x}\n\
             SigBlk:\t{blocked:016x}\nSigIgn:\t{ignored:016x}\nSigCgt:\t0000000000000000\n"
        )
    }

    #[test]
    fn a_signal_counts_unless_it_is_blocked_ignored_or_harmless() {
        let bit = |signal: libc::c_int| 1_u64 << (signal - 1);
        let (int, kill, term) = (bit(libc::SIGINT), bit(libc::SIGKILL), bit(libc::SIGTERM));
        assert!(!is_pending(&status(0, 0, 0, 0)));
        assert!(is_pending(&status(kill, 0, 0, 0)));
        assert!(is_pending(&status(0, int, 0, 0)));
        assert!(!is_pending(&status(int, 0, int, 0)));
        assert!(!is_pending(&status(0, term, 0, term)));
        assert!(is_pending(&status(0, term | int, int, 0)));
        for harmless in super::HARMLESS {
            assert!(!is_pending(&status(bit(harmless), bit(harmless), 0, 0)), "{harmless}");
        }
        assert!(!is_pending(""));
    }

    #[test]
    fn this_thread_has_none() {
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        assert!(status.contains("SigPnd:\t") && status.contains("ShdPnd:\t"));
        assert!(!is_pending(&status));
    }
}
