//! The memory of the process: as little as what is in use.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

/// How long no memory is taken by much at once before all that is free is given back.
const REST: Duration = Duration::from_secs(1);

/// How often memory was taken that is worth to be given back.
static TAKEN: AtomicU64 = AtomicU64::new(0);

/// Whether a thread waits for a rest.
static AWAITED: AtomicBool = AtomicBool::new(false);

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

/// Has free memory given back once nobody has called this for a while: what comes and goes with every
/// project that is read is used again by the next one, and is of no use after the last.
pub(crate) fn give_back_at_rest() {
    TAKEN.fetch_add(1, Ordering::Relaxed);
    if AWAITED.swap(true, Ordering::Relaxed) {
        return;
    }
    let waiting = std::thread::Builder::new().name("memory".to_owned()).spawn(|| {
        await_rest(|| TAKEN.load(Ordering::Relaxed), || std::thread::sleep(REST));
        AWAITED.store(false, Ordering::Relaxed);
        give_back();
    });
    if waiting.is_err() {
        AWAITED.store(false, Ordering::Relaxed);
    }
}

/// Returns once `taken` has not grown over a pause.
fn await_rest(taken: impl Fn() -> u64, pause: impl Fn()) {
    let mut before = taken();
    loop {
        pause();
        let now = taken();
        if now == before {
            return;
        }
        before = now;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::await_rest;

    #[test]
    fn memory_is_at_rest_once_a_pause_has_seen_none_taken() {
        let (taken, pauses) = (Cell::new(5_u64), Cell::new(0));
        await_rest(
            || taken.get(),
            || {
                pauses.set(pauses.get() + 1);
                taken.set(taken.get() + u64::from(pauses.get() < 4));
            },
        );
        assert_eq!(pauses.get(), 4);
    }
}
