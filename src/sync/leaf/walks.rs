//! Which programs walk through unknown projects, and how far they are led.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    ids::SpaceId,
    lock_order::{Ordered, OrderedGuard},
    replica::served::Process,
};

/// Within how long the next unknown project must be asked for, to go on with a walk.
pub(crate) const PAUSE: Duration = Duration::from_secs(10);

/// A walk through projects is not believed before it is longer than this.
pub(crate) const DOUBTFUL: usize = 3;

/// Nor is one through spaces: whoever looks into two is seldom done.
pub(crate) const DOUBTFUL_SPACES: usize = 1;

/// By how many more projects a walk is led for each that it is longer.
pub(crate) const GROWTH: usize = 2;

/// Most projects that are read ahead at once. Fewer than requests may be under way, so that saves and
/// what programs wait for find a place.
pub(crate) const MOST: usize = 7;

/// All walks.
#[derive(Debug)]
pub(crate) struct Walks {
    /// How long one is not believed.
    doubtful: usize,
    state: Ordered<WalkState>,
}

#[derive(Debug, Default)]
pub(crate) struct WalkState {
    pub(crate) walks: HashMap<Way, Walk>,
    /// How many projects are being read ahead.
    pub(crate) ahead: usize,
}

/// Who walks through what.
pub(crate) type Way = (Process, SpaceId);

/// A walk of one program through one space.
#[derive(Debug)]
pub(crate) struct Walk {
    /// Where it is, in the order of the listing, and since when.
    pub(crate) at: usize,
    pub(crate) since: Instant,
    /// How many projects it came to.
    pub(crate) length: usize,
}

/// What to read ahead of a walk.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lead {
    /// Whether it goes through the listing from its end.
    pub(crate) backward: bool,
    /// How many projects at once.
    pub(crate) count: usize,
}

impl Walk {
    pub(crate) fn new(at: usize, since: Instant) -> Self {
        Self { at, since, length: 1 }
    }

    pub(crate) fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) > PAUSE
    }

    /// Somebody comes to what is listed there.
    pub(crate) fn step(&mut self, at: usize, now: Instant, doubtful: usize) -> Lead {
        let backward = at < self.at;
        if self.is_over(now) {
            *self = Self::new(at, now);
        } else if at != self.at {
            (self.at, self.since) = (at, now);
            self.length += 1;
        }
        Lead { backward, count: (self.length.saturating_sub(doubtful) * GROWTH).min(MOST) }
    }
}

impl Walks {
    /// Through the projects of a space.
    pub(crate) fn of_projects() -> Arc<Self> {
        Arc::new(Self { doubtful: DOUBTFUL, state: Ordered::default() })
    }

    /// Through the spaces of a workspace.
    pub(crate) fn of_spaces() -> Arc<Self> {
        Arc::new(Self { doubtful: DOUBTFUL_SPACES, state: Ordered::default() })
    }

    pub(crate) fn lock(&self) -> OrderedGuard<'_, WalkState> {
        self.state.lock()
    }

    /// A walk comes to what is listed there. What more to read ahead of it.
    pub(crate) fn step(&self, way: &Way, at: usize, now: Instant) -> Lead {
        let mut state = self.lock();
        state.walks.retain(|known, walk| known == way || !walk.is_over(now));
        let walk = state.walks.entry(way.clone()).or_insert_with(|| Walk::new(at, now));
        let lead = walk.step(at, now, self.doubtful);
        Lead { count: lead.count.saturating_sub(state.ahead), ..lead }
    }

    /// Whether somebody is on the way.
    pub(crate) fn is_on(&self, way: &Way, now: Instant) -> bool {
        self.lock().walks.get(way).is_some_and(|walk| !walk.is_over(now))
    }

    /// A project is read ahead until the lease ends.
    pub(crate) fn begin(self: &Arc<Self>, way: &Way) -> AheadLease {
        self.lock().ahead += 1;
        AheadLease { walks: self.clone(), way: way.clone(), is_read: false }
    }

    /// A project was read ahead, or not: then the walk is to prove itself again before more is.
    fn end(&self, way: &Way, read: bool) {
        let mut state = self.lock();
        state.ahead = state.ahead.saturating_sub(1);
        if !read && let Some(walk) = state.walks.get_mut(way) {
            walk.length = 0;
        }
    }
}

/// A project is read ahead as long as this is there.
#[derive(Debug)]
pub(crate) struct AheadLease {
    walks: Arc<Walks>,
    way: Way,
    is_read: bool,
}

impl AheadLease {
    /// It was read, or not.
    pub(crate) fn end(mut self, is_read: bool) {
        self.is_read = is_read;
    }
}

impl Drop for AheadLease {
    fn drop(&mut self) {
        self.walks.end(&self.way, self.is_read);
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{DOUBTFUL, Lead, MOST, PAUSE, Process, Walk, Walks};
    use crate::ids::SpaceId;

    /// How many are led at each step.
    fn counts(walk: &mut Walk, steps: &[usize], now: Instant) -> Vec<usize> {
        steps.iter().map(|at| walk.step(*at, now, DOUBTFUL).count).collect()
    }

    #[test]
    fn a_few_projects_are_no_walk_and_a_long_one_is_led_by_a_few() {
        let now = Instant::now();
        let mut walk = Walk::new(0, now);
        assert_eq!(counts(&mut walk, &[1, 2, 3, 4, 5, 6], now), [0, 0, 2, 4, 6, MOST]);
        assert_eq!(walk.step(5, now, DOUBTFUL), Lead { backward: true, count: MOST });
    }

    #[test]
    fn one_project_over_and_over_is_no_walk() {
        let now = Instant::now();
        assert_eq!(counts(&mut Walk::new(0, now), &[0, 1, 1, 1, 1, 1], now), [0; 6]);
    }

    #[test]
    fn after_a_pause_it_begins_anew() {
        let start = Instant::now();
        let mut walk = Walk { length: DOUBTFUL + 1, ..Walk::new(0, start) };
        assert_eq!(walk.step(1, start + PAUSE + Duration::from_secs(1), DOUBTFUL).count, 0);
        assert_eq!((walk.at, walk.length), (1, 1));
    }

    #[test]
    fn programs_walk_by_themselves_and_share_what_is_led() {
        let (walks, now) = (Walks::of_projects(), Instant::now());
        let way = |group| (Process { group, inode: 0 }, SpaceId::new("f"));
        let steps = |group, from: usize| {
            (from..from + 6).map(|at| walks.step(&way(group), at, now).count).max()
        };
        for group in 0..3 {
            assert_eq!(walks.step(&way(group), 0, now).count, 0);
        }
        assert_eq!(steps(0, 1), Some(MOST));
        let mut leases: Vec<_> = (0..MOST - 1).map(|_| walks.begin(&way(1))).collect();
        assert_eq!(steps(1, 1), Some(1));
        drop(leases.pop());
        assert_eq!(walks.step(&way(1), 9, now).count, 0);
        // One that was over long ago is forgotten.
        walks.step(&way(2), 9, now + PAUSE + Duration::from_secs(1));
        assert_eq!(walks.lock().walks.len(), 1);
    }
}
