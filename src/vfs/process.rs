//! Who is calling: the process behind the thread id that a request carries.
//!
//! A caller may be in the middle of `execve(2)`, closing what it inherited, and then holds a lock
//! of the kernel (`exec_update_lock`) until its FLUSH is answered. Whatever waits for that lock
//! here, such as reading `/proc/PID/stat` or its links, never ends. `/proc/PID/status` and pidfds
//! do not take it.

use std::{
    fs,
    num::NonZeroUsize,
    sync::{LazyLock, Mutex, PoisonError},
    time::{Duration, Instant},
};

use lru::LruCache;

use crate::{pidfs, sync::Process};

/// Most threads whose process is remembered.
pub(crate) const REMEMBERED: NonZeroUsize = NonZeroUsize::new(1024).unwrap();

/// How long a thread id is taken to be that of the same thread: the kernel gives an id again only
/// after all others, which no machine makes in this time.
pub(crate) const SAME: Duration = Duration::from_millis(50);

/// The processes of threads that called a moment ago: a program that opens file after file is told
/// by its id alone.
pub(crate) static LATEST: LazyLock<Mutex<LruCache<u32, (Instant, Process)>>> =
    LazyLock::new(|| Mutex::new(LruCache::new(CALLING)));

/// Most threads that call at the same time.
pub(crate) const CALLING: NonZeroUsize = NonZeroUsize::new(64).unwrap();

/// The processes of threads by the threads' inodes in pidfs, which are never used again.
pub(crate) static KNOWN: LazyLock<Mutex<LruCache<u64, Process>>> =
    LazyLock::new(|| Mutex::new(LruCache::new(REMEMBERED)));

/// What stands for a thread where no program calls: the mount itself looks.
pub(crate) const NOBODY: u32 = 0;

/// The process of a thread. `None` where it cannot be told: nobody's, another pid namespace, or gone for
/// more than a moment.
///
/// A FUSE request carries the id of the calling *thread*; `Tgid` in `/proc/TID/status` is its
/// process (proc_pid_status(5)).
pub(crate) fn of_thread(thread: u32) -> Option<Process> {
    if thread == NOBODY {
        return None;
    }
    let latest = || LATEST.lock().unwrap_or_else(PoisonError::into_inner);
    let now = Instant::now();
    if let Some((_, process)) = latest().get(&thread).filter(|(looked, _)| now - *looked < SAME) {
        return Some(*process);
    }
    let process = looked_at(thread)?;
    latest().put(thread, (now, process));
    Some(process)
}

pub(crate) fn looked_at(thread: u32) -> Option<Process> {
    let inode = pidfs::thread_inode(thread);
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(process) = inode.and_then(|inode| known().get(&inode).copied()) {
        return Some(process);
    }
    let process = read(thread)?;
    if let Some(inode) = inode {
        known().put(inode, process);
    }
    Some(process)
}

pub(crate) fn read(thread: u32) -> Option<Process> {
    let status = fs::read_to_string(format!("/proc/{thread}/status")).ok()?;
    let group = thread_group(&status)?;
    Some(Process { group, inode: pidfs::inode(group).unwrap_or_default() })
}

pub(crate) fn thread_group(status: &str) -> Option<u32> {
    status.lines().find_map(|line| line.strip_prefix("Tgid:")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::{looked_at, of_thread, thread_group};

    #[test]
    fn this_process_is_found_by_any_of_its_threads() {
        let from_thread =
            std::thread::spawn(|| of_thread(rustix::thread::gettid().as_raw_pid().unsigned_abs()));
        let process = from_thread.join().unwrap().unwrap();
        assert_eq!(process.group, std::process::id());
        assert_eq!(Some(process), of_thread(std::process::id()));
        assert_eq!(of_thread(0), None);
    }

    #[test]
    fn two_processes_are_never_taken_for_one() {
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let first = of_thread(child.id()).unwrap();
        assert_eq!(Some(first), of_thread(child.id()));
        assert_ne!(Some(first), of_thread(std::process::id()));
        drop(child.stdin.take());
        child.wait().unwrap();
        assert_eq!(looked_at(child.id()), None);
    }

    #[test]
    fn the_thread_group_is_read_from_the_status() {
        assert_eq!(thread_group("Name:\tx\nTgid:\t42\n"), Some(42));
        assert_eq!(thread_group("Name:\tTgid: 7\n"), None);
    }
}
