//! Who walks through many projects or directories: such a program is served what is known, however
//! old, since it would otherwise wait for the service at every one.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use crate::lock_order::Ordered;
use crate::replica::served::Process;

/// A program that opens more projects, or more directories, than this in a [`WINDOW`] walks through
/// them. A directory that changed is asked for once it is served, and whoever opens a project may be
/// about to edit it.
pub(crate) const PROJECTS: usize = 8;

pub(crate) const DIRECTORIES: usize = 4;

/// How long an opening counts.
pub(crate) const WINDOW: Duration = Duration::from_secs(10);

/// What every program opened lately, by the numbers of what it is.
#[derive(Debug)]
pub(crate) struct Scans {
    /// How much a program may open that does not walk.
    most: usize,
    opened: Ordered<HashMap<Process, VecDeque<(Instant, u64)>>>,
}

pub(crate) fn is_old(when: Instant, now: Instant) -> bool {
    now.saturating_duration_since(when) > WINDOW
}

impl Scans {
    /// Of projects, by their serial numbers.
    pub(crate) fn of_projects() -> Self {
        Self { most: PROJECTS, opened: Ordered::default() }
    }

    /// Of directories, by their inodes.
    pub(crate) fn of_directories() -> Self {
        Self { most: DIRECTORIES, opened: Ordered::default() }
    }

    /// Of projects, for whoever opens more than `most` of them.
    pub(crate) fn of_sessions(most: usize) -> Self {
        Self { most, opened: Ordered::default() }
    }

    /// Whether a program walks through many.
    pub(crate) fn walks(&self, process: Process, now: Instant) -> bool {
        let programs = self.opened.lock();
        programs.get(&process).is_some_and(|opened| {
            opened.iter().filter(|(when, _)| !is_old(*when, now)).count() > self.most
        })
    }

    /// Notes that a program opens one. Whether it walks through many.
    pub(crate) fn opens(&self, process: Process, number: u64, now: Instant) -> bool {
        let mut programs = self.opened.lock();
        let is_old = |when: Instant| is_old(when, now);
        programs.retain(|_, opened| opened.back().is_some_and(|(when, _)| !is_old(*when)));
        let opened = programs.entry(process).or_default();
        while opened.front().is_some_and(|(when, _)| is_old(*when)) {
            opened.pop_front();
        }
        if let Some(at) = opened.iter().position(|(_, known)| *known == number) {
            opened.remove(at);
        }
        opened.push_back((now, number));
        // One more than counts is enough to tell.
        while opened.len() > self.most + 1 {
            opened.pop_front();
        }
        opened.len() > self.most
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{DIRECTORIES, PROJECTS, Process, Scans, WINDOW};

    #[test]
    fn many_projects_in_a_short_time_are_a_scan_and_one_over_and_over_is_not() {
        let (scans, now) = (Scans::of_projects(), Instant::now());
        let (one, other) = (Process { group: 1, inode: 0 }, Process { group: 2, inode: 0 });
        for serial in 0..PROJECTS as u64 {
            assert!(!scans.opens(one, serial, now));
            assert!(!scans.opens(other, 0, now));
        }
        assert!(scans.opens(one, 100, now));
        assert!(scans.opens(one, 0, now + WINDOW));
        assert!(!scans.opens(other, 100, now));
        assert!(!scans.opens(one, 101, now + 3 * WINDOW));
        assert!(!scans.opens(one, 102, now + 3 * WINDOW + Duration::from_secs(1)));
    }

    #[test]
    fn whether_a_program_walks_is_told_without_counting_and_for_a_while_only() {
        let (scans, now) = (Scans::of_directories(), Instant::now());
        let (one, other) = (Process { group: 1, inode: 0 }, Process { group: 2, inode: 0 });
        for number in 0..=DIRECTORIES as u64 {
            assert!(!scans.walks(one, now));
            assert_eq!(scans.opens(one, number, now), number == DIRECTORIES as u64);
        }
        assert!(scans.walks(one, now + WINDOW));
        assert!(!scans.walks(one, now + WINDOW + Duration::from_secs(1)));
        assert!(!scans.walks(other, now));
    }
}
