//! Waiting for another process, but not for ever.

use std::{
    os::fd::{AsRawFd, BorrowedFd},
    time::Instant,
};

/// Waits until a descriptor can be read, a pipe has ended, or a process behind a pidfd has. False
/// if that did not happen before the deadline.
pub(crate) fn readable(fd: BorrowedFd<'_>, deadline: Instant) -> bool {
    loop {
        let mut poll = libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let left = deadline.saturating_duration_since(Instant::now());
        // Rounded up, so that a wait does not become a spin.
        let left = i32::try_from(left.as_millis().saturating_add(1)).unwrap_or(i32::MAX);
        // SAFETY: one valid pollfd is passed.
        match unsafe { libc::poll(&mut poll, 1, left) } {
            1 => return true,
            -1 if std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        os::{fd::AsFd, unix::net::UnixStream},
        time::{Duration, Instant},
    };

    use super::readable;

    #[test]
    fn waits_for_data_or_the_end_but_not_past_the_deadline() {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        assert!(!readable(theirs.as_fd(), Instant::now()));
        ours.write_all(b"x").unwrap();
        assert!(readable(theirs.as_fd(), Instant::now()));
        let (ours, theirs) = UnixStream::pair().unwrap();
        drop(ours);
        assert!(readable(theirs.as_fd(), Instant::now() + Duration::from_secs(60)));
    }
}
