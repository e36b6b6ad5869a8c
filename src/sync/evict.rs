//! Bounded memory: of the projects that nobody looked at for long, the tasks are let go of, and
//! read from the cache on disk when somebody looks again. Only what the cache was seen to give
//! back just as it is, is let go of; and nothing of a project that has a save.

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Instant,
};

use lru::LruCache;

use super::{
    engine::Engine,
    project::{Content, Project, Snapshot, State},
    served::Evicted as EvictedBases,
};
use crate::{memory, plan::Item};

/// How much of what is in memory goes once there is too much of it: a quarter.
const KEPT_OF_FOUR: usize = 3;

/// About how many bytes of memory an id takes.
const ID_BYTES: usize = 48;

/// What stays in memory of a project whose tasks are in the cache only.
#[derive(Debug)]
pub(crate) struct Evicted {
    size: u64,
    /// The hash of the text: the cache is a file that anybody may change.
    hash: u64,
    read: Option<Instant>,
    bases: EvictedBases,
}

impl Evicted {
    /// How many bytes the text has.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// When it was read from Taskade; `None` if it is to be read again before it is trusted.
    pub(crate) fn read(&self) -> Option<Instant> {
        self.read
    }

    fn is_of(&self, text: &[u8]) -> bool {
        self.size == text.len() as u64 && self.hash == hash(text)
    }
}

/// The projects whose tasks are in memory.
#[derive(Debug)]
pub(crate) struct Residents(Mutex<Ranks>);

#[derive(Debug)]
struct Ranks {
    /// By serial number, with the bytes that they take. The one looked at last comes first.
    by_serial: LruCache<u64, (Weak<Project>, usize)>,
    /// The bytes that all of them take.
    total: usize,
    /// Whether somebody is at making room.
    evicting: bool,
    /// Whether somebody looked at a project since: then what could not go may be able to.
    again: bool,
}

impl Default for Residents {
    fn default() -> Self {
        let by_serial = LruCache::unbounded();
        Self(Mutex::new(Ranks { by_serial, total: 0, evicting: false, again: false }))
    }
}

impl Residents {
    fn lock(&self) -> MutexGuard<'_, Ranks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that somebody looks at a project that takes so many bytes. Whether somebody is to
    /// make room: there is more than `limit`, and nobody is at it.
    fn touch(&self, project: &Arc<Project>, bytes: usize, limit: usize) -> bool {
        let mut ranks = self.lock();
        let entry = (Arc::downgrade(project), bytes);
        let before = ranks.by_serial.put(project.serial, entry).map_or(0, |(_, bytes)| bytes);
        ranks.total = (ranks.total + bytes).saturating_sub(before);
        ranks.again = ranks.total > limit;
        ranks.again && !std::mem::replace(&mut ranks.evicting, true)
    }

    /// Takes out those that were not looked at for the longest, until the others fit in `room`.
    fn oldest(&self, room: usize) -> Vec<(Weak<Project>, usize)> {
        let mut ranks = self.lock();
        ranks.again = false;
        let mut oldest = Vec::new();
        while ranks.total > room {
            let Some((_, entry)) = ranks.by_serial.pop_lru() else { break };
            ranks.total = ranks.total.saturating_sub(entry.1);
            oldest.push(entry);
        }
        oldest
    }

    /// Puts back those that cannot go now: each is the one looked at last, and comes up again
    /// after all others. Whether that is to be now.
    fn put_back(&self, kept: Vec<(Weak<Project>, usize)>) -> bool {
        let mut ranks = self.lock();
        ranks.evicting = ranks.again;
        for (project, bytes) in kept {
            let Some(strong) = project.upgrade() else { continue };
            let before = ranks.by_serial.put(strong.serial, (project, bytes));
            ranks.total = (ranks.total + bytes).saturating_sub(before.map_or(0, |(_, was)| was));
        }
        ranks.evicting
    }
}

impl Engine {
    /// The state of a project, with its tasks in memory if they are known.
    pub(crate) fn recalled<'a>(&self, project: &'a Project) -> MutexGuard<'a, State> {
        self.recall(project);
        loop {
            let state = project.lock();
            if state.evicted.is_none() {
                return state;
            }
            drop(state);
            self.recall(project);
        }
    }

    /// What a reader gets now, with no request; `None` if it was never read.
    pub fn content(&self, project: &Project) -> Option<Content> {
        self.recalled(project).lend_content()
    }

    /// About how many bytes the tasks take that are in memory.
    pub fn memory(&self) -> usize {
        self.residents.lock().total
    }

    /// Counts what a project takes, and has somebody make room if all together take too much.
    pub(crate) fn note_resident(&self, project: &Project) {
        let (id, bytes) = {
            let state = project.lock();
            let Some(known) = &state.snapshot else { return };
            (state.id.clone(), weight(known))
        };
        let Some(project) = id.and_then(|id| self.known(&id)) else { return };
        if self.cache.is_there()
            && self.residents.touch(&project, bytes, self.settings.memory)
            && let Some(engine) = self.this.upgrade()
        {
            self.busy.send_modify(|busy| *busy += 1);
            tokio::task::spawn_blocking(move || {
                engine.make_room();
                engine.busy.send_modify(|busy| *busy -= 1);
            });
        }
    }

    fn make_room(&self) {
        let room = self.settings.memory / 4 * KEPT_OF_FOUR;
        let mut more = true;
        while more {
            self.cache.write_out();
            let mut kept = self.residents.oldest(room);
            kept.retain(|(known, _)| known.upgrade().is_some_and(|known| !self.evict(&known)));
            more = self.residents.put_back(kept);
        }
        memory::give_back();
    }

    /// Lets go of the tasks of a project that nothing is done to, if the cache has them. Whether
    /// they are not in memory now. Blocks.
    fn evict(&self, project: &Project) -> bool {
        let Ok(_conversation) = project.remote.try_lock() else { return false };
        let Ok(_transition) = project.commit.try_lock() else { return false };
        let (id, outline) = {
            let state = project.lock();
            match (&state.id, &state.snapshot) {
                (Some(id), Some(known)) if is_idle(&state) => (id.clone(), known.outline.clone()),
                (_, known) => return known.is_none(),
            }
        };
        let Some(cached) = self.cache.project(&id) else { return false };
        if cached.reading.outline != outline {
            return false;
        }
        let mut state = project.lock();
        let is_same = |known: &Snapshot| {
            Arc::ptr_eq(&known.outline, &outline)
                && known.title == cached.reading.title
                && state.modified == cached.modified
        };
        if !is_idle(&state) || !state.snapshot.as_ref().is_some_and(is_same) {
            return false;
        }
        let Some(Snapshot { text, read, .. }) = state.snapshot.take() else { return false };
        let bases = state.bases.evict(&outline);
        let (size, hash) = (text.len() as u64, hash(&text));
        state.evicted = Some(Evicted { size, hash, read, bases });
        true
    }

    /// Puts what the cache has back in memory, or notes that it is lost.
    pub(super) fn take_back(
        &self,
        project: &Project,
        state: &mut State,
        evicted: Evicted,
        found: Option<Snapshot>,
    ) {
        match found.filter(|found| evicted.is_of(&found.text)) {
            Some(found) => {
                state.bases.restore(evicted.bases, &found.outline);
                state.snapshot = Some(Snapshot { read: evicted.read, ..found });
            }
            None => {
                tracing::warn!(project = state.title, "the cache on disk was changed or lost");
                // The kernel's pages are of a text that is not known any more.
                state.version += 1;
                self.changed(project, true);
            }
        }
    }
}

/// Whether nothing of the project waits to be saved.
fn is_idle(state: &State) -> bool {
    let State { saved, refused, intent, creating, archive, working, bases, .. } = state;
    let blank = saved.is_none() && refused.is_none() && intent.is_none() && creating.is_none();
    blank && !archive && !working && bases.is_settled()
}

/// About how many bytes of memory a snapshot takes.
fn weight(snapshot: &Snapshot) -> usize {
    let Snapshot { outline, text, .. } = snapshot;
    // Most of the text is there twice, and every task has an id.
    size_of::<State>() + 2 * text.len() + outline.items.len() * (size_of::<Item>() + ID_BYTES)
}

fn hash(text: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
