//! Which process is which: numbers that the kernel gives once until the next boot.

use std::{
    fs,
    mem::MaybeUninit,
    os::fd::{AsRawFd, FromRawFd, OwnedFd},
    sync::OnceLock,
};

/// The type of file system that pidfds are of since Linux 6.9 (`PID_FS_MAGIC` in
/// linux/magic.h). Only there does every process have an inode of its own.
const PIDFS: u32 = 0x5049_4446;

/// The number that a process, or with `PIDFD_THREAD` a thread, has in pidfs, which no later one gets
/// until the next boot. `None` on a kernel without pidfs, or if it is gone.
pub(crate) fn inode(id: u32, flags: libc::c_uint) -> Option<u64> {
    // SAFETY: pidfd_open takes two integers and returns a new descriptor or -1.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, id, flags) };
    let fd = i32::try_from(fd).ok().filter(|fd| *fd >= 0)?;
    // SAFETY: the descriptor was just made, and nothing else has it.
    let pidfd = unsafe { OwnedFd::from_raw_fd(fd) };
    is_pidfs(&pidfd)?.then_some(())?;
    let metadata = fs::File::from(pidfd).metadata().ok()?;
    Some(std::os::unix::fs::MetadataExt::ino(&metadata))
}

/// Whether pidfds are of pidfs: all of a kernel's are, or none.
fn is_pidfs(pidfd: &OwnedFd) -> Option<bool> {
    static KNOWN: OnceLock<bool> = OnceLock::new();
    if let Some(known) = KNOWN.get() {
        return Some(*known);
    }
    let mut system = MaybeUninit::<libc::statfs>::uninit();
    // SAFETY: the descriptor is open and the buffer has the size that is written.
    if unsafe { libc::fstatfs(pidfd.as_raw_fd(), system.as_mut_ptr()) } != 0 {
        return None;
    }
    // SAFETY: fstatfs succeeded and has filled it.
    let system = unsafe { system.assume_init() };
    Some(*KNOWN.get_or_init(|| u32::try_from(system.f_type) == Ok(PIDFS)))
}

/// What tells this boot of the machine from every other. Empty where the kernel does not say.
pub(crate) fn boot() -> String {
    // Who cannot read it takes every boot for the same, and then for none: see `base_log`.
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}
