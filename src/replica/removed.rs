//! Tasks that were deleted lately, so that a line that comes back gets what its task had beside
//! what the line shows. Pure.
//!
//! A program that cuts a line, saves, and pastes it has deleted a task and makes another one of it.
//! Nothing waits for that, so only what was known of the old task can be set again. What whoever
//! deleted it had before its eyes the line says itself, or leaves out on purpose.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::{Duration, Instant},
};

use crate::{
    plan::{Details, Item, Key, Outline},
    text::{
        carried::{as_it_was, hidden},
        details::{apply_line_by_ids, to_line_by_ids},
    },
};

/// How long a line may take to come back.
pub(crate) const LATELY: Duration = Duration::from_secs(600);

/// How many tasks of one project are remembered.
pub(crate) const REMEMBERED: usize = 1000;

/// The tasks of a project that were deleted lately, those that were deleted first before others.
#[derive(Debug, Clone, Default)]
pub(crate) struct Removed {
    tasks: VecDeque<RemovedTask>,
    /// Whether what earlier mounts deleted is among them.
    pub(crate) is_recalled: bool,
}

/// A task that was deleted.
#[derive(Debug, Clone)]
pub(crate) struct RemovedTask {
    /// By which it was known when it was deleted.
    key: Key,
    text: String,
    /// What was known of it.
    known: Details,
    /// What whoever deleted it had seen of that.
    seen: Details,
    at: Instant,
}

impl RemovedTask {
    /// What the task has whose line is back and says `says`: all that it `has`, but where the line
    /// says otherwise than what was seen of it.
    fn again(&self, says: &Details, has: &Details) -> Details {
        let says = as_it_was(says, &self.seen).with(&hidden(&self.seen));
        let ours = apply_line_by_ids(&self.seen, &to_line_by_ids(&says)).unwrap_or(says);
        let merged = Details::merged(&self.seen, &ours, has);
        // What is spelled as it was is what it was, also where a line shows less (seconds, an array).
        apply_line_by_ids(has, &to_line_by_ids(&merged)).unwrap_or(merged)
    }
}

impl Removed {
    /// Notes the tasks that `before` has and `after` has not; `seen` is what whoever deleted them
    /// had before its eyes, under the same keys.
    pub(crate) fn note(&mut self, before: &Outline, after: &Outline, seen: &Outline, now: Instant) {
        let left: HashSet<&Key> = after.items.iter().map(|item| &item.key).collect();
        let seen: HashMap<&Key, &Details> =
            seen.items.iter().map(|item| (&item.key, &item.details)).collect();
        let gone = |item: &&Item| !item.text.is_empty() && !left.contains(&item.key);
        for Item { key, text, details, .. } in before.items.iter().filter(gone) {
            let seen = seen.get(key).map(|seen| (*seen).clone()).unwrap_or_default();
            let (key, text, known) = (key.clone(), text.clone(), details.clone());
            self.tasks.push_back(RemovedTask { key, text, known, seen, at: now });
        }
        while self.tasks.len() > REMEMBERED {
            self.tasks.pop_front();
        }
    }

    /// As the tasks of another project, where `there` gives what details are in that.
    pub(crate) fn in_project(&mut self, there: impl Fn(&Details) -> Details) {
        for gone in &mut self.tasks {
            (gone.known, gone.seen) = (there(&gone.known), there(&gone.seen));
        }
    }

    /// Whether nothing was deleted lately, as far as is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// The task that had this key when it was deleted has given what it had.
    pub(crate) fn give(&mut self, key: &Key) {
        self.tasks.retain(|gone| gone.key != *key);
    }

    /// Notes a save of an earlier mount: what it made of what was deleted before, and what it
    /// deleted. Nobody knows what was seen of that.
    pub(crate) fn note_earlier(&mut self, before: &Outline, after: &Outline, at: Instant) {
        let there: HashSet<&Key> = before.items.iter().map(|item| &item.key).collect();
        let made: Vec<&Item> =
            after.items.iter().filter(|item| !there.contains(&item.key)).collect();
        self.take_for(&made);
        self.note(before, after, &Outline::default(), at);
    }

    /// Forgets what was deleted too long ago, what is not gone (any more), and what is kept
    /// elsewhere. `current` is the key that a task is known by now.
    pub(crate) fn forget(
        &mut self,
        now: Instant,
        there: &Outline,
        current: impl Fn(&Key) -> Key,
        is_elsewhere: impl Fn(&Key) -> bool,
    ) {
        if self.tasks.is_empty() {
            return;
        }
        let there: HashSet<&Key> = there.items.iter().map(|item| &item.key).collect();
        self.tasks.retain(|gone| {
            let key = current(&gone.key);
            let is_late = now.saturating_duration_since(gone.at) <= LATELY;
            is_late && !there.contains(&key) && !is_elsewhere(&key)
        });
    }

    /// What a task is to have that was to be deleted and is not, since its line, which says `says`,
    /// is back; it `has` that now.
    pub(crate) fn take(
        &mut self,
        key: &Key,
        (says, has): (&Details, &Details),
        current: impl Fn(&Key) -> Key,
    ) -> Option<Details> {
        let at = self.tasks.iter().position(|gone| current(&gone.key) == *key)?;
        self.tasks.remove(at).map(|gone| gone.again(says, has))
    }

    /// What new tasks are to have that say what deleted ones said, by their keys. Each deleted one
    /// is taken once, in order, by a line that is as its line was if there is one. If fewer lines
    /// come back than were deleted, those of which something is known come first.
    pub(crate) fn take_for(&mut self, made: &[&Item]) -> Vec<(Key, Details)> {
        let taken = self.take_with_origins(made);
        taken.into_iter().map(|(key, _, again)| (key, again)).collect()
    }

    /// As [`take_for`](Self::take_for), with the keys of the deleted ones behind those of the new.
    pub(crate) fn take_with_origins(&mut self, made: &[&Item]) -> Vec<(Key, Key, Details)> {
        let mut wanted: HashMap<&str, Vec<&Item>> = HashMap::new();
        for item in made {
            wanted.entry(item.text.as_str()).or_default().push(item);
        }
        let mut taken = Vec::new();
        let mut used: HashSet<usize> = HashSet::new();
        for (text, mut items) in wanted {
            let is_it = |(_, gone): &(usize, &RemovedTask)| gone.text == text;
            let mut gone: Vec<(usize, &RemovedTask)> =
                self.tasks.iter().enumerate().filter(is_it).collect();
            if gone.len() > items.len() {
                gone.sort_by_key(|(_, gone)| gone.known.present().is_unknown());
            }
            for is_exact in [true, false] {
                items.retain(|item| {
                    let fits = |(_, gone): &(usize, &RemovedTask)| {
                        let says = as_it_was(&item.details, &gone.seen);
                        !is_exact || to_line_by_ids(&gone.seen) == to_line_by_ids(&says)
                    };
                    let Some(found) = gone.iter().position(fits) else { return true };
                    let (at, found) = gone.remove(found);
                    used.insert(at);
                    let has = found.known.sendable();
                    let again = found.again(&item.details, &has);
                    taken.push((item.key.clone(), found.key.clone(), again));
                    false
                });
            }
        }
        let mut at = 0;
        self.tasks.retain(|_| {
            at += 1;
            !used.contains(&(at - 1))
        });
        taken
    }
}
