//! Which process is which: numbers that the kernel gives once until the next boot.

use std::{fs, os::fd::OwnedFd, sync::OnceLock};

use rustix::{
    fs::{fstat, fstatfs},
    process::{Pid, PidfdFlags, pidfd_open},
};

/// The type of file system that pidfds are of since Linux 6.9 (`PID_FS_MAGIC` in
/// linux/magic.h). Only there does every process have an inode of its own.
const PIDFS: u32 = 0x5049_4446;

/// Opens a thread that need not lead its process: `PIDFD_THREAD` of linux/pidfd.h.
const THREAD: PidfdFlags = PidfdFlags::from_bits_retain(libc::PIDFD_THREAD);

/// The number that a process has in pidfs, which no later one gets until the next boot. `None` on a
/// kernel without pidfs, or if it is gone.
pub(crate) fn inode(process: u32) -> Option<u64> {
    inode_of(process, PidfdFlags::empty())
}

/// The number that a thread has, as [`inode`] for processes.
pub(crate) fn thread_inode(thread: u32) -> Option<u64> {
    inode_of(thread, THREAD)
}

fn inode_of(id: u32, flags: PidfdFlags) -> Option<u64> {
    let id = Pid::from_raw(i32::try_from(id).ok()?)?;
    let pidfd = pidfd_open(id, flags).ok()?;
    is_pidfs(&pidfd)?.then_some(())?;
    Some(fstat(&pidfd).ok()?.st_ino)
}

/// Whether pidfds are of pidfs: all of a kernel's are, or none.
fn is_pidfs(pidfd: &OwnedFd) -> Option<bool> {
    static KNOWN: OnceLock<bool> = OnceLock::new();
    if let Some(known) = KNOWN.get() {
        return Some(*known);
    }
    let system = fstatfs(pidfd).ok()?;
    Some(*KNOWN.get_or_init(|| u32::try_from(system.f_type) == Ok(PIDFS)))
}

/// What tells this boot of the machine from every other. Empty where the kernel does not say.
pub(crate) fn boot() -> String {
    // Who cannot read it takes every boot for the same, and then for none: see `base_log`.
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}
