//! Tasks that are cut from one project and pasted into another. Taskade has no move between
//! projects: the paste creates, the cut deletes, and what the text does not show would be lost in
//! between. So a deletion waits for a while for its matching create, which then copies the details
//! from the old task; only after that is the old one deleted.
//!
//! What waits is in the journal: until when, with the save that deletes, and what is to be copied,
//! with the save that creates. What is here can be told from that, but for creates that are
//! through.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant, SystemTime},
};

use lru::LruCache;
use tokio::sync::watch;

use super::{
    engine::Engine,
    intent::{Intent, Moved},
    project::Project,
    served::Process,
};
use crate::{
    error::Result,
    ids::{ProjectId, TaskId},
    plan::{Details, Item, Key, Outline},
};

/// How long a deletion waits.
const HELD: Duration = Duration::from_secs(30);

/// How long a program that has read a project may write to it, or a create may be found to match.
const LATELY: Duration = Duration::from_secs(600);

/// How many creates are remembered.
const REMEMBERED: usize = 1000;

/// How many projects a program is taken to have before it.
const OPEN: usize = 32;

/// Of how many programs that is remembered.
const PROGRAMS: NonZeroUsize = NonZeroUsize::new(256).unwrap();

/// What was cut and pasted lately.
#[derive(Debug)]
pub(crate) struct Transfers {
    inner: Mutex<Inner>,
    /// Moves whenever a deletion that waits may go on.
    changes: watch::Sender<u64>,
}

#[derive(Debug)]
struct Inner {
    /// The projects that every program has read lately.
    open: LruCache<Process, VecDeque<(Instant, u64)>>,
    /// The projects of which deletions wait, or waited.
    cut: Vec<Weak<Project>>,
    pasted: VecDeque<Pasted>,
    /// What whoever cut a task had seen of it: the text of the paste says all of that.
    seen: HashMap<(ProjectId, TaskId), Details>,
    /// Tasks whose details are being copied: by which project.
    claimed: HashMap<(ProjectId, TaskId), u64>,
    /// Tasks whose details were copied.
    carried: HashSet<(ProjectId, TaskId)>,
}

/// A task that was created.
#[derive(Debug)]
struct Pasted {
    project: Weak<Project>,
    key: Key,
    text: String,
    at: Instant,
}

impl Default for Transfers {
    fn default() -> Self {
        let inner = Inner {
            open: LruCache::new(PROGRAMS),
            cut: Vec::new(),
            pasted: VecDeque::new(),
            seen: HashMap::new(),
            claimed: HashMap::new(),
            carried: HashSet::new(),
        };
        Self { inner: Mutex::new(inner), changes: watch::Sender::new(0) }
    }
}

impl Transfers {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whatever waits for a change is to look again.
    pub(crate) fn changed(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Notes that a program has a project before it.
    pub(crate) fn opens(&self, process: Process, serial: u64, now: Instant) {
        let mut inner = self.lock();
        let open = inner.open.get_or_insert_mut(process, VecDeque::new);
        open.retain(|(_, known)| *known != serial);
        open.push_back((now, serial));
        if open.len() > OPEN {
            open.pop_front();
        }
    }

    /// Whether a program has another project before it as well.
    fn has_others(&self, process: Option<Process>, serial: u64, now: Instant) -> bool {
        let inner = self.lock();
        let open = process.and_then(|process| inner.open.peek(&process));
        open.into_iter()
            .flatten()
            .any(|(when, other)| *other != serial && now.saturating_duration_since(*when) <= LATELY)
    }

    /// Whether any of these texts was pasted into another project lately.
    fn has_pasted(&self, serial: u64, cut: &[&Item], now: Instant) -> bool {
        let inner = self.lock();
        inner.pasted.iter().any(|pasted| {
            now.saturating_duration_since(pasted.at) <= LATELY
                && pasted.project.upgrade().is_some_and(|project| project.serial != serial)
                && cut.iter().any(|item| item.text == pasted.text)
        })
    }

    fn cut(&self, project: &Arc<Project>) {
        let (mut inner, added) = (self.lock(), Arc::downgrade(project));
        if !inner.cut.iter().any(|known| known.ptr_eq(&added)) {
            inner.cut.push(added);
        }
    }

    fn paste(&self, project: &Arc<Project>, created: &[&Item], now: Instant) {
        let mut inner = self.lock();
        for item in created.iter().filter(|item| !item.text.is_empty()) {
            let (project, key) = (Arc::downgrade(project), item.key.clone());
            inner.pasted.push_back(Pasted { project, key, text: item.text.clone(), at: now });
            if inner.pasted.len() > REMEMBERED {
                inner.pasted.pop_front();
            }
        }
    }

    /// Notes that a project copies the details of tasks.
    pub(crate) fn claim(&self, by: u64, moved: &[Moved]) {
        let mut inner = self.lock();
        for Moved { from, task, .. } in moved {
            inner.claimed.insert((from.clone(), task.clone()), by);
        }
    }

    /// The details of a task are copied, or are not to be copied any more by this project.
    pub(crate) fn release(&self, by: u64, moved: &Moved, carried: bool) {
        let task = (moved.from.clone(), moved.task.clone());
        let mut inner = self.lock();
        if inner.claimed.get(&task) == Some(&by) {
            inner.claimed.remove(&task);
        }
        if carried {
            inner.seen.remove(&task);
            inner.carried.insert(task);
        }
        drop(inner);
        self.changed();
    }

    /// Whether what a task had is kept, or about to be, by one that was made of it elsewhere.
    pub(crate) fn is_taken(&self, project: &ProjectId, task: &TaskId) -> bool {
        let (task, inner) = ((project.clone(), task.clone()), self.lock());
        inner.claimed.contains_key(&task) || inner.carried.contains(&task)
    }

    /// Notes that what a task had is kept by one that was made of it elsewhere.
    pub(crate) fn note_taken(&self, project: ProjectId, task: TaskId) {
        self.lock().carried.insert((project, task));
    }

    /// The projects that a program has read lately, by their serial numbers.
    pub(crate) fn opened(&self, process: Process, now: Instant) -> HashSet<u64> {
        let inner = self.lock();
        let open = inner.open.peek(&process).into_iter().flatten();
        open.filter(|(when, _)| now.saturating_duration_since(*when) <= LATELY)
            .map(|(_, serial)| *serial)
            .collect()
    }

    /// A project's save was given up: it copies nothing any more.
    pub(crate) fn release_all(&self, by: u64) {
        self.lock().claimed.retain(|_, claimant| *claimant != by);
        self.changed();
    }
}

impl Engine {
    /// Until when the deletions of a save are to wait, if they are: whoever made it has another
    /// project before it, or has pasted such a line there already.
    pub(crate) fn holds(
        &self,
        project: &Project,
        process: Option<Process>,
        base: &Outline,
        ours: &Outline,
    ) -> bool {
        let cut = missing(base, ours);
        let now = self.clock.now();
        !cut.is_empty()
            && (self.transfers.has_others(process, project.serial, now)
                || self.transfers.has_pasted(project.serial, &cut, now))
    }

    /// Has the deletions of a save that is about to be journaled wait.
    pub(crate) fn hold(&self, project: &Project, intent: &mut Intent) {
        intent.held = Some(self.clock.wall() + HELD);
        project.lock().held = Some(self.clock.now() + HELD);
    }

    /// How long the deletions of a project still wait; `None` if they need not.
    pub(crate) fn held(&self, project: &Project) -> Option<Duration> {
        let state = project.lock();
        let (id, intent) = (state.id.as_ref()?, state.intent.as_ref()?);
        let cut = missing(&intent.base, &intent.target);
        let inner = self.transfers.lock();
        let names = || cut.iter().filter_map(|item| name(id, item));
        if names().any(|name| inner.claimed.contains_key(&name)) {
            return Some(LATELY);
        }
        let left = state.held?.saturating_duration_since(self.clock.now());
        let is_left = names().any(|name| !inner.carried.contains(&name));
        (is_left && !left.is_zero()).then_some(left)
    }

    /// How long a project that has nothing else to do waits for what it cut to be pasted.
    pub(crate) fn held_for(&self, project: &Project) -> Duration {
        let left = |until: Instant| until.saturating_duration_since(self.clock.now());
        self.held(project).or_else(|| project.lock().held.map(left)).unwrap_or_default()
    }

    /// Notes what a save that is journaled cuts and creates, and finds what belongs together.
    pub(crate) async fn transfer(
        self: &Arc<Self>,
        project: &Arc<Project>,
        base: &Outline,
        ours: &Outline,
    ) -> Result<()> {
        self.note_seen(project, base, ours);
        self.transfers.paste(project, &missing(ours, base), self.clock.now());
        if project.lock().intent.as_ref().is_some_and(|intent| intent.held.is_some()) {
            self.transfers.cut(project);
        }
        // A worker that holds a deletion back plans again.
        self.transfers.changed();
        for (claimant, moved) in self.pairs() {
            self.transfers.claim(claimant.serial, &moved);
            if let Err(error) = self.take_along(&claimant, moved.clone()).await {
                moved
                    .iter()
                    .for_each(|moved| self.transfers.release(claimant.serial, moved, false));
                return Err(error);
            }
            self.transfers.changed();
        }
        Ok(())
    }

    /// Notes what a program had seen of the tasks that it deletes.
    fn note_seen(&self, project: &Project, base: &Outline, ours: &Outline) {
        let state = project.lock();
        let Some(id) = &state.id else { return };
        let base = state.resolved(base);
        let mut inner = self.transfers.lock();
        for item in missing(&base, ours) {
            let Some(task) = name(id, item) else { continue };
            // What was, or still is to be, copied to it since it was created may be unseen.
            let on_its_way = state
                .intent
                .as_ref()
                .is_some_and(|intent| intent.moved.iter().any(|moved| moved.key == item.key));
            let is_copied = on_its_way || state.copied.contains_key(&item.key);
            let seen = if is_copied { item.details.present() } else { item.details.clone() };
            inner.seen.insert(task, seen);
        }
    }

    /// Takes over what the journal holds of transfers. Before any worker starts.
    pub(crate) fn recover_transfers(&self, project: &Arc<Project>) {
        let (moved, created, is_held) = {
            let mut state = project.lock();
            let Some(intent) = state.intent.clone() else { return };
            // Whatever the clocks say, it waits no longer than that.
            let left =
                |until: SystemTime| until.duration_since(self.clock.wall()).unwrap_or_default();
            for Moved { key, told, .. } in &intent.moved {
                let shown = state.saved.as_ref().and_then(|saved| saved.outline.find(key).cloned());
                let copied =
                    told.as_ref().zip(shown).map(|(told, shown)| told.beyond(&shown.details));
                state.copied.extend(copied.map(|copied| (key.clone(), copied)));
            }
            state.held = intent.held.map(|until| self.clock.now() + left(until).min(HELD));
            let is_new = |item: &&Item| matches!(item.key, Key::New(_));
            let created: Vec<Item> = intent.target.items.iter().filter(is_new).cloned().collect();
            (intent.moved.clone(), created, intent.held.is_some())
        };
        self.transfers.claim(project.serial, &moved);
        self.transfers.paste(project, &created.iter().collect::<Vec<_>>(), self.clock.now());
        if is_held {
            self.transfers.cut(project);
        }
    }

    /// No deletion waits any longer for a paste: the mount is going.
    pub(crate) fn release_held(&self) {
        let cut: Vec<Weak<Project>> = std::mem::take(&mut self.transfers.lock().cut);
        for project in cut.iter().filter_map(Weak::upgrade) {
            let mut state = project.lock();
            state.held = None;
            if let Some(intent) = state.intent.as_mut() {
                intent.held = None;
            }
        }
        self.transfers.changed();
    }

    /// Cut tasks whose deletion waits, with the tasks of other projects that were made of them: by
    /// their texts, in order, each once.
    fn pairs(&self) -> Vec<(Arc<Project>, Vec<Moved>)> {
        let now = self.clock.now();
        let mut inner = self.transfers.lock();
        inner.pasted.retain(|pasted| now.saturating_duration_since(pasted.at) <= LATELY);
        inner.cut.retain(|project| project.strong_count() > 0);
        if inner.cut.is_empty() {
            inner.seen.clear();
        }
        let cut: Vec<Arc<Project>> = inner.cut.iter().filter_map(Weak::upgrade).collect();
        let claimed = inner.claimed.clone();
        let (carried, seen) = (inner.carried.clone(), inner.seen.clone());
        let mut pasted: Vec<(Arc<Project>, Key, String)> = inner
            .pasted
            .iter()
            .filter_map(|one| Some((one.project.upgrade()?, one.key.clone(), one.text.clone())))
            .collect();
        // The lock of a project is never taken under this one's.
        drop(inner);
        let mut pairs: Vec<(Arc<Project>, Vec<Moved>)> = Vec::new();
        let is_held = |project: &Project| {
            project.lock().intent.as_ref().is_some_and(|intent| intent.held.is_some())
        };
        let cut: Vec<Arc<Project>> = cut.into_iter().filter(|project| is_held(project)).collect();
        self.transfers.lock().cut = cut.iter().map(Arc::downgrade).collect();
        for source in cut {
            for moved in sources(&source, &seen) {
                let task = (moved.from.clone(), moved.task.clone());
                let is_free = claimed.get(&task).is_none_or(|by| *by == source.serial);
                if !is_free || carried.contains(&task) {
                    continue;
                }
                let fits = |(project, _, text): &(Arc<Project>, Key, String)| {
                    project.serial != source.serial && *text == moved.text
                };
                let Some(found) = pasted.iter().position(fits) else { continue };
                let (claimant, key, _) = pasted.remove(found);
                let moved = Moved { key, told: None, ..moved };
                match pairs.iter_mut().find(|(known, _)| known.serial == claimant.serial) {
                    Some((_, all)) => all.push(moved),
                    None => pairs.push((claimant, vec![moved])),
                }
            }
        }
        self.transfers.forget(&pairs);
        pairs
    }
}

impl Transfers {
    /// What was paired is not paired again.
    fn forget(&self, pairs: &[(Arc<Project>, Vec<Moved>)]) {
        let mut inner = self.lock();
        for (project, moved) in pairs {
            for moved in moved {
                let is_it = |pasted: &Pasted| {
                    pasted.key == moved.key
                        && pasted.project.upgrade().is_some_and(|it| it.serial == project.serial)
                };
                if let Some(at) = inner.pasted.iter().position(is_it) {
                    inner.pasted.remove(at);
                }
            }
        }
    }
}

/// What may be copied from a project whose deletions wait: the tasks that are to be deleted. One
/// that was itself cut from elsewhere, and has not got everything yet, is where that still is.
fn sources(project: &Project, seen: &HashMap<(ProjectId, TaskId), Details>) -> Vec<Moved> {
    let state = project.lock();
    let held = state.intent.as_ref().filter(|intent| intent.held.is_some());
    let (Some(id), Some(intent)) = (&state.id, held) else { return Vec::new() };
    let on_its_way = |key: &Key| intent.moved.iter().find(|moved| moved.key == *key).cloned();
    let cut = missing(&intent.base, &intent.target).into_iter().filter_map(|item| {
        let (from, task) = name(id, item)?;
        // After a crash nobody knows: then all is asked for.
        let known = seen.get(&(from.clone(), task.clone())).cloned().unwrap_or_default();
        let (key, text) = (item.key.clone(), item.text.clone());
        let own = || Moved { key, text, from, task, known, told: None };
        Some(on_its_way(&item.key).unwrap_or_else(own))
    });
    // Nor was it created yet where it was pasted first.
    let is_unborn = |moved: &&Moved| {
        matches!(moved.key, Key::New(_)) && intent.target.find(&moved.key).is_none()
    };
    cut.chain(intent.moved.iter().filter(is_unborn).cloned()).collect()
}

/// The tasks of one outline that another does not have.
fn missing<'a>(outline: &'a Outline, other: &Outline) -> Vec<&'a Item> {
    let there: HashSet<&Key> = other.items.iter().map(|item| &item.key).collect();
    outline.items.iter().filter(|item| !there.contains(&item.key)).collect()
}

fn name(project: &ProjectId, item: &Item) -> Option<(ProjectId, TaskId)> {
    match &item.key {
        Key::Known(task) => Some((project.clone(), task.clone())),
        Key::New(_) => None,
    }
}
