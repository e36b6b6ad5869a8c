//! What programs have open, as far as that is known: what each of them opened lately and lives.

use std::{
    collections::VecDeque,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use crate::{
    lock_order::{Ordered, OrderedGuard},
    replica::served::Process,
    sync::{leaf::scans::Scans, project::Project},
};

/// Most openings that are remembered.
const REMEMBERED: usize = 64;

/// A program that opens more projects than this within [`WINDOW`](crate::sync::leaf::scans::WINDOW)
/// reads them, and has none open: more than an editor opens when it starts.
const SESSION: usize = 32;

/// For how long a program that says nothing is taken to have open what it opened.
pub(crate) const DAY: Duration = Duration::from_secs(12 * 3600);

/// What programs have open.
#[derive(Debug)]
pub(crate) struct Followed {
    openings: Ordered<Openings>,
    scans: Scans,
}

#[derive(Debug, Default)]
struct Openings {
    /// The latest is the last.
    latest: VecDeque<Opening>,
    /// Whether somebody asks for what is open.
    is_followed: bool,
}

#[derive(Debug)]
struct Opening {
    project: Weak<Project>,
    process: Process,
    opened: Instant,
}

impl Default for Followed {
    fn default() -> Self {
        let scans = Scans::of_sessions(SESSION);
        Self { openings: Ordered::default(), scans }
    }
}

impl Followed {
    /// A program opens a project. A lease to ask for what is open, if nobody does.
    pub(crate) fn open(
        self: &Arc<Self>,
        project: &Arc<Project>,
        process: Process,
        now: Instant,
    ) -> Option<FollowLease> {
        let scans = self.scans.opens(process, project.serial, now);
        let project = Arc::downgrade(project);
        let mut openings = self.lock();
        openings
            .latest
            .retain(|known| known.process != process || !(scans || known.project.ptr_eq(&project)));
        if scans {
            return None;
        }
        openings.latest.push_back(Opening { project, process, opened: now });
        if openings.latest.len() > REMEMBERED {
            openings.latest.pop_front();
        }
        let is_free = !std::mem::replace(&mut openings.is_followed, true);
        is_free.then(|| FollowLease { followed: self.clone(), is_over: false })
    }

    fn lock(&self) -> OrderedGuard<'_, Openings> {
        self.openings.lock()
    }
}

/// Somebody asks for what is open as long as this is there.
#[derive(Debug)]
pub(crate) struct FollowLease {
    followed: Arc<Followed>,
    is_over: bool,
}

impl FollowLease {
    /// What is open, the latest first, each once with when it was last opened. Nothing is the end of
    /// the work.
    pub(crate) fn open(
        &mut self,
        now: Instant,
        is_alive: impl Fn(&Process) -> bool,
    ) -> Vec<(Arc<Project>, Instant)> {
        // Outside the lock: the kernel is asked.
        let processes: Vec<Process> =
            self.followed.lock().latest.iter().map(|opening| opening.process).collect();
        let dead: Vec<Process> = processes.into_iter().filter(|it| !is_alive(it)).collect();
        let mut openings = self.followed.lock();
        openings.latest.retain(|opening| {
            let is_old = now.saturating_duration_since(opening.opened) > DAY;
            !is_old && !dead.contains(&opening.process)
        });
        let mut open: Vec<(Arc<Project>, Instant)> = Vec::new();
        for opening in openings.latest.iter().rev() {
            if let Some(project) = opening.project.upgrade()
                && !open.iter().any(|(known, _)| Arc::ptr_eq(known, &project))
            {
                open.push((project, opening.opened));
            }
        }
        self.is_over = open.is_empty();
        openings.is_followed = !self.is_over;
        open
    }
}

impl Drop for FollowLease {
    fn drop(&mut self) {
        if !self.is_over {
            self.followed.lock().is_followed = false;
        }
    }
}
