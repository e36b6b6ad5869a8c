//! Who is calling: the process behind the thread id that a request carries.

use std::fs;

use crate::sync::Process;

/// The process of a thread. `None` where it cannot be told: 0, another pid namespace, or gone.
///
/// A FUSE request carries the id of the calling *thread*; `Tgid` in `/proc/TID/status` is its
/// process (proc_pid_status(5)).
pub(crate) fn of_thread(thread: u32) -> Option<Process> {
    if thread == 0 {
        return None;
    }
    let status = fs::read_to_string(format!("/proc/{thread}/status")).ok()?;
    let group = thread_group(&status)?;
    let started = fs::read_to_string(format!("/proc/{group}/stat"))
        .ok()
        .and_then(|stat| start_time(&stat))
        .unwrap_or_default();
    Some(Process { group, started })
}

fn thread_group(status: &str) -> Option<u32> {
    status.lines().find_map(|line| line.strip_prefix("Tgid:")?.trim().parse().ok())
}

/// Field 22 of `/proc/PID/stat` (proc_pid_stat(5)). The command name, field 2, is in parentheses
/// and may hold anything, so fields are counted from the last `)`.
fn start_time(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{of_thread, start_time, thread_group};

    #[test]
    fn this_process_is_found_by_any_of_its_threads() {
        let from_thread = std::thread::spawn(|| {
            // SAFETY: gettid has no preconditions.
            let thread = unsafe { libc::gettid() };
            of_thread(u32::try_from(thread).unwrap())
        });
        let process = from_thread.join().unwrap().unwrap();
        assert_eq!(process.group, std::process::id());
        assert_eq!(Some(process), of_thread(std::process::id()));
        assert_eq!(of_thread(0), None);
    }

    #[test]
    fn a_command_name_cannot_confuse_the_fields() {
        let stat = "7 (a) b) (c) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0";
        assert_eq!(start_time(stat), Some(4711));
        assert_eq!(thread_group("Name:\tx\nTgid:\t42\n"), Some(42));
    }
}
