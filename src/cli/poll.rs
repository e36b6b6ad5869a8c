//! Waiting for another process, but not for ever.

use std::{os::fd::BorrowedFd, time::Instant};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};

/// Waits until a descriptor can be read, a pipe has ended, or a process behind a pidfd has. False
/// if that did not happen before the deadline.
pub(crate) fn readable(fd: BorrowedFd<'_>, deadline: Instant) -> bool {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).ok();
        match poll(&mut [PollFd::from_borrowed_fd(fd, PollFlags::IN)], left.as_ref()) {
            Ok(1) => return true,
            Err(Errno::INTR) => {}
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
