//! The memory of the process: as little as what is in use.

/// Has all threads take their memory from two places. One for each thread, as is usual, keeps what
/// each has ever needed at once. To be called before there are others.
pub(crate) fn share_between_threads() {
    #[cfg(target_env = "gnu")]
    // SAFETY: no other thread has started yet, and these are the arguments of mallopt(3).
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 2);
    }
}

/// Gives free memory back to the system, after work that took much of it.
pub(crate) fn give_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: malloc_trim(3) may be called at any time.
    unsafe {
        libc::malloc_trim(0);
    }
}
