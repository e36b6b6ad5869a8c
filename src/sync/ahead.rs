//! Reading ahead: where a space cannot be exported, a program that walks through its unknown projects
//! finds the next ones read when it gets there. Without that, a program that opens one file after the
//! other would wait for the service at each.
//!
//! Nothing that a walk may not come to is worth more than a request to spare: so a walk is believed
//! only once it is some projects long, it is led by a few at a time, and only with what the budget has
//! in excess. Who gets to a project that is being read waits for that one request.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{engine::Engine, project::Project};
use crate::{
    api::{Priority, RemoteProject},
    ids::SpaceId,
};

/// Within how long the next unknown project must be asked for, to go on with a walk.
const PAUSE: Duration = Duration::from_secs(10);

/// A walk is not believed before it is longer than this.
const DOUBTFUL: usize = 3;

/// By how many more projects a walk is led for each that it is longer.
const GROWTH: usize = 2;

/// Most projects of a space that are read ahead at once. Fewer than requests may be under way, so
/// that saves and what programs wait for find a place.
const MOST: usize = 6;

/// How far ahead to look for unknown projects: to tell costs a look into the cache.
const SIGHT: usize = 64;

/// The walks through all spaces.
#[derive(Debug, Default)]
pub(crate) struct Walks(Mutex<HashMap<SpaceId, Walk>>);

/// The walk through one space. Of several at once it is the sum.
#[derive(Debug)]
struct Walk {
    /// Where it is, in the order of the listing, and since when.
    at: usize,
    since: Instant,
    /// How many projects it came to.
    length: usize,
    /// How many are being read ahead of it.
    ahead: usize,
}

/// What to read ahead of a walk.
#[derive(Debug, PartialEq, Eq)]
struct Lead {
    /// Whether it goes through the listing from its end.
    backward: bool,
    /// How many more projects.
    count: usize,
}

impl Walk {
    fn new(at: usize, since: Instant) -> Self {
        Self { at, since, length: 1, ahead: 0 }
    }

    /// Somebody comes to the project that is listed there.
    fn step(&mut self, at: usize, now: Instant) -> Lead {
        let backward = at < self.at;
        if now.saturating_duration_since(self.since) > PAUSE {
            *self = Self { ahead: self.ahead, ..Self::new(at, now) };
        } else if at != self.at {
            (self.at, self.since) = (at, now);
            self.length += 1;
        }
        let wanted = (self.length.saturating_sub(DOUBTFUL) * GROWTH).min(MOST);
        Lead { backward, count: wanted.saturating_sub(self.ahead) }
    }
}

impl Walks {
    fn lock(&self) -> MutexGuard<'_, HashMap<SpaceId, Walk>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn step(&self, space: &SpaceId, at: usize, now: Instant) -> Lead {
        let mut walks = self.lock();
        let walk = walks.entry(space.clone()).or_insert_with(|| Walk::new(at, now));
        walk.step(at, now)
    }

    fn begin(&self, space: &SpaceId) {
        if let Some(walk) = self.lock().get_mut(space) {
            walk.ahead += 1;
        }
    }

    /// A project was read ahead, or not: then the walk is to prove itself again before more is.
    fn end(&self, space: &SpaceId, read: bool) {
        if let Some(walk) = self.lock().get_mut(space) {
            walk.ahead = walk.ahead.saturating_sub(1);
            if !read {
                walk.length = 0;
            }
        }
    }
}

impl Engine {
    /// Somebody asks for a project that was never read, and is to be read by itself: others of its
    /// space that are likely to be asked for next are read as well.
    pub(crate) fn read_ahead(self: &Arc<Self>, project: &Project) {
        let (folder, id) = (project.folder(), project.id());
        let listed = self.listings.projects_in(&folder);
        let Some(at) = listed.iter().position(|listed| Some(&listed.id) == id.as_ref()) else {
            return;
        };
        let lead = self.walks.step(&folder, at, self.clock.now());
        let refused = self.listings.export_refused(&folder);
        let is_refused = refused.is_some_and(|until| self.clock.wall() < until);
        // Without any age to be served at, everybody looks.
        if lead.count == 0 || !is_refused || self.settings.max_age.is_zero() {
            return;
        }
        let (before, after) = (&listed[..at], &listed[at + 1..]);
        let next: Vec<Arc<Project>> = match lead.backward {
            true => self.unknown_of(before.iter().rev(), &folder).take(lead.count).collect(),
            false => self.unknown_of(after.iter(), &folder).take(lead.count).collect(),
        };
        for project in next {
            self.walks.begin(&folder);
            let (engine, folder) = (self.clone(), folder.clone());
            tokio::spawn(async move {
                let read = engine.refresh(&project, Priority::Background).await;
                if let Err(error) = &read {
                    tracing::debug!(%error, project = project.title(), "not read ahead");
                }
                engine.walks.end(&folder, read.is_ok());
            });
        }
    }

    /// The projects that nothing is known of, and nobody is asking for.
    fn unknown_of<'a>(
        &'a self,
        listed: impl Iterator<Item = &'a RemoteProject>,
        folder: &'a SpaceId,
    ) -> impl Iterator<Item = Arc<Project>> {
        listed.take(SIGHT).filter_map(|listed| {
            let known = self.known(&listed.id);
            let project = known.unwrap_or_else(|| self.project(&listed.id, folder, &listed.name));
            if !project.is_known() {
                self.recall(&project);
            }
            let is_asked_for = project.remote.try_lock().is_err();
            (!project.is_known() && !is_asked_for).then_some(project)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{DOUBTFUL, Lead, MOST, PAUSE, Walk};

    /// How many are read ahead at each step, nothing of it being over.
    fn counts(walk: &mut Walk, steps: &[(usize, u64)], start: Instant) -> Vec<usize> {
        let mut step = |&(at, seconds): &(usize, u64)| {
            let lead = walk.step(at, start + Duration::from_secs(seconds));
            walk.ahead += lead.count;
            lead.count
        };
        steps.iter().map(&mut step).collect()
    }

    #[test]
    fn a_few_projects_are_no_walk_and_a_long_one_is_led_by_a_few() {
        let start = Instant::now();
        let steps: Vec<_> = (1..=9).map(|at| (at, 0)).collect();
        assert_eq!(counts(&mut Walk::new(0, start), &steps, start), [0, 0, 2, 2, 2, 0, 0, 0, 0]);
        let mut walk = Walk { length: 9, ahead: MOST - 1, ..Walk::new(3, start) };
        assert_eq!(walk.step(2, start), Lead { backward: true, count: 1 });
    }

    #[test]
    fn one_project_over_and_over_is_no_walk() {
        let start = Instant::now();
        let steps = [(0, 1), (1, 1), (1, 1), (1, 2), (1, 3), (1, 4)];
        assert_eq!(counts(&mut Walk::new(0, start), &steps, start), [0; 6]);
    }

    #[test]
    fn after_a_pause_it_begins_anew() {
        let start = Instant::now();
        let mut walk = Walk { length: DOUBTFUL + 1, ..Walk::new(0, start) };
        let pause = PAUSE + Duration::from_secs(1);
        assert_eq!(walk.step(1, start + pause).count, 0);
        assert_eq!((walk.at, walk.length), (1, 1));
    }
}
