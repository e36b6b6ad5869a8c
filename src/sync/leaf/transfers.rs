//! What programs have cut and pasted lately.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    num::NonZeroUsize,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use lru::LruCache;
use tokio::sync::watch;

use crate::{
    ids::{ProjectId, TaskId},
    lock_order::{Ordered, OrderedGuard},
    plan::{Details, Item, Key, Outline},
    replica::{pending::TransferredTask, served::Process},
    sync::project::Project,
};

/// How long a program that has read a project may write to it, or a create may be found to match.
pub(crate) const LATELY: Duration = Duration::from_secs(600);

/// How many creates are remembered.
pub(crate) const REMEMBERED: usize = 1000;

/// How many projects a program is taken to have before it.
pub(crate) const OPEN: usize = 32;

/// Of how many programs that is remembered.
pub(crate) const PROGRAMS: NonZeroUsize = NonZeroUsize::new(256).unwrap();

/// What was cut and pasted lately.
#[derive(Debug)]
pub(crate) struct Transfers {
    pub(crate) inner: Ordered<TransfersInner>,
    /// Moves whenever a deletion that waits may go on.
    pub(crate) changes: watch::Sender<u64>,
}

#[derive(Debug)]
pub(crate) struct TransfersInner {
    /// The projects that every program has read lately.
    pub(crate) open: LruCache<Process, VecDeque<(Instant, u64)>>,
    /// The projects of which deletions wait, or waited.
    pub(crate) cut: Vec<Weak<Project>>,
    pub(crate) pasted: VecDeque<Pasted>,
    /// What whoever cut a task had seen of it: the text of the paste says all of that.
    pub(crate) seen: HashMap<(ProjectId, TaskId), Details>,
    /// What was taken off tasks that are about to be cut, and is not known to be off at Taskade.
    pub(crate) taken_off: HashMap<(ProjectId, TaskId), Details>,
    /// Tasks whose details are being copied: by which project.
    pub(crate) claimed: HashMap<(ProjectId, TaskId), u64>,
    /// Tasks whose details were copied.
    pub(crate) carried: HashSet<(ProjectId, TaskId)>,
}

/// A task that was created.
#[derive(Debug)]
pub(crate) struct Pasted {
    pub(crate) project: Weak<Project>,
    pub(crate) key: Key,
    pub(crate) text: String,
    pub(crate) at: Instant,
}

impl Default for Transfers {
    fn default() -> Self {
        let inner = TransfersInner {
            open: LruCache::new(PROGRAMS),
            cut: Vec::new(),
            pasted: VecDeque::new(),
            seen: HashMap::new(),
            taken_off: HashMap::new(),
            claimed: HashMap::new(),
            carried: HashSet::new(),
        };
        Self { inner: Ordered::leaf(inner), changes: watch::Sender::new(0) }
    }
}

impl Transfers {
    pub(crate) fn lock(&self) -> OrderedGuard<'_, TransfersInner> {
        self.inner.lock()
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
    pub(crate) fn has_others(&self, process: Option<Process>, serial: u64, now: Instant) -> bool {
        let inner = self.lock();
        let open = process.and_then(|process| inner.open.peek(&process));
        open.into_iter()
            .flatten()
            .any(|(when, other)| *other != serial && now.saturating_duration_since(*when) <= LATELY)
    }

    /// Whether any of these texts was pasted into another project lately.
    pub(crate) fn has_pasted(&self, serial: u64, cut: &[&Item], now: Instant) -> bool {
        let inner = self.lock();
        inner.pasted.iter().any(|pasted| {
            now.saturating_duration_since(pasted.at) <= LATELY
                && pasted.project.upgrade().is_some_and(|project| project.serial != serial)
                && cut.iter().any(|item| item.text == pasted.text)
        })
    }

    pub(crate) fn cut(&self, project: &Arc<Project>) {
        let (mut inner, added) = (self.lock(), Arc::downgrade(project));
        if !inner.cut.iter().any(|known| known.ptr_eq(&added)) {
            inner.cut.push(added);
        }
    }

    pub(crate) fn paste(&self, project: &Arc<Project>, created: &[&Item], now: Instant) {
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
    pub(crate) fn claim(&self, by: u64, moved: &[TransferredTask]) {
        let mut inner = self.lock();
        for TransferredTask { from, task, .. } in moved {
            inner.claimed.insert((from.clone(), task.clone()), by);
        }
    }

    /// The details of a task are copied, or are not to be copied any more by this project.
    pub(crate) fn release(&self, by: u64, moved: &TransferredTask, carried: bool) {
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

    /// The tasks of a project of which that [is so](Self::is_taken).
    pub(crate) fn taken_of(&self, project: &ProjectId) -> HashSet<TaskId> {
        let inner = self.lock();
        let taken = inner.claimed.keys().chain(&inner.carried);
        taken.filter(|(of, _)| of == project).map(|(_, task)| task.clone()).collect()
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

impl Transfers {
    /// What was paired is not paired again.
    pub(crate) fn forget(&self, pairs: &[(Arc<Project>, Vec<TransferredTask>)]) {
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

/// The tasks of one outline that another does not have.
pub(crate) fn missing<'a>(outline: &'a Outline, other: &Outline) -> Vec<&'a Item> {
    let there: HashSet<&Key> = other.items.iter().map(|item| &item.key).collect();
    outline.items.iter().filter(|item| !there.contains(&item.key)).collect()
}

pub(crate) fn name(project: &ProjectId, item: &Item) -> Option<(ProjectId, TaskId)> {
    match &item.key {
        Key::Known(task) => Some((project.clone(), task.clone())),
        Key::New(_) => None,
    }
}
