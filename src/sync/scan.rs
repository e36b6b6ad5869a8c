//! Who walks through many projects: such a program is served what is known, however old, since it
//! would otherwise wait for the service at every file.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::readers::Process;

/// A program that opens more projects than this in a [`WINDOW`] walks through them.
const OPENED: usize = 8;

/// How long an opening counts.
const WINDOW: Duration = Duration::from_secs(10);

/// What every program opened lately, by the projects' serial numbers.
#[derive(Debug, Default)]
pub(crate) struct Scans {
    opened: Mutex<HashMap<Process, VecDeque<(Instant, u64)>>>,
}

impl Scans {
    /// Notes that a program opens a project. Whether it walks through many.
    pub(crate) fn opens(&self, process: Process, serial: u64, now: Instant) -> bool {
        let mut programs = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let is_old = |when: Instant| now.saturating_duration_since(when) > WINDOW;
        programs.retain(|_, opened| opened.back().is_some_and(|(when, _)| !is_old(*when)));
        let opened = programs.entry(process).or_default();
        while opened.front().is_some_and(|(when, _)| is_old(*when)) {
            opened.pop_front();
        }
        if let Some(at) = opened.iter().position(|(_, known)| *known == serial) {
            opened.remove(at);
        }
        opened.push_back((now, serial));
        // One more than counts is enough to tell.
        while opened.len() > OPENED + 1 {
            opened.pop_front();
        }
        opened.len() > OPENED
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{OPENED, Process, Scans, WINDOW};

    #[test]
    fn many_projects_in_a_short_time_are_a_scan_and_one_over_and_over_is_not() {
        let (scans, now) = (Scans::default(), Instant::now());
        let (one, other) = (Process { group: 1, inode: 0 }, Process { group: 2, inode: 0 });
        for serial in 0..OPENED as u64 {
            assert!(!scans.opens(one, serial, now));
            assert!(!scans.opens(other, 0, now));
        }
        assert!(scans.opens(one, 100, now));
        assert!(scans.opens(one, 0, now + WINDOW));
        assert!(!scans.opens(other, 100, now));
        assert!(!scans.opens(one, 101, now + 3 * WINDOW));
        assert!(!scans.opens(one, 102, now + 3 * WINDOW + Duration::from_secs(1)));
    }
}
