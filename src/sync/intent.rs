//! What a project is to become, as state rather than as a list of calls. Pure.
//!
//! An [`Intent`] holds what the service is known to have (`base`) and what it is to have
//! (`target`). Every question about a save is answered from these two: what is still to be
//! sent is `script(base, target)`; another save folds into `target`; a fresh reading rebases
//! both; a request whose answer never came needs no memory of its own, because a reading shows
//! whether it happened. Only creates do: a created task has an id that nobody has been told,
//! so creates under way are noted and matched against what a reading finds.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::{
    ids::TaskId,
    plan::{self, Conflict, Item, Key, NewItem, Op, Outline},
};

/// A project's saved state and what it grew from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Intent {
    /// What the service has, as far as is known. Keys are `Known`, but for creates that the
    /// service has accepted under a number until their ids are noted.
    pub(crate) base: Outline,
    /// What it is to have.
    pub(crate) target: Outline,
    /// Creates that were sent and whose answer is not noted.
    pub(crate) in_flight: Vec<NewItem>,
}

impl Intent {
    /// A save of `target` by a program that had read `base`.
    pub(crate) fn new(base: Outline, target: Outline) -> Self {
        Self { base, target, in_flight: Vec::new() }
    }

    /// Adds a later save, of `ours` by a program that had read `base`: several waiting saves of
    /// one project are one. Tasks that have to be created again are numbered from `first_new`.
    pub(crate) fn fold(&mut self, base: &Outline, ours: &Outline, first_new: u32) -> Vec<Conflict> {
        let merged = plan::merge(base, ours, &self.target, first_new);
        self.target = merged.outline;
        merged.conflicts
    }

    /// Takes a fresh, complete reading of the service into account. Tasks that have to be
    /// created again are numbered from `first_new`.
    pub(crate) fn rebase(&mut self, theirs: Outline, first_new: u32) -> Rebased {
        let found = self.settle(&theirs);
        // What was created belongs to the base just as it was sent: whatever the target has
        // otherwise, a tick or a deletion, is still to be done to it.
        let happened = |item: &&NewItem| found.iter().any(|(n, _)| item.key == Key::New(*n));
        for item in self.in_flight.iter().filter(happened) {
            // It does not fit only if the base is not what it was planned on: then the target
            // is taken to have it as the service does.
            let _ = plan::apply(&mut self.base, &Op::Create(vec![item.clone()]));
        }
        for (number, id) in &found {
            self.resolve(*number, id);
        }
        self.in_flight.clear();
        let mut aliases: Vec<(Key, Key)> =
            found.into_iter().map(|(number, id)| (Key::New(number), Key::Known(id))).collect();
        for (gone, id) in self.returned(&theirs) {
            let back = Key::Known(id);
            self.rekey(&gone, &back);
            aliases.push((gone, back));
        }
        let merged = plan::merge(&self.base, &self.target, &theirs, first_new);
        aliases.extend(recreated(&merged.conflicts));
        self.base = theirs;
        self.target = merged.outline;
        Rebased { aliases, conflicts: merged.conflicts }
    }

    /// What is still to be sent.
    pub(crate) fn script(&self) -> Vec<Op> {
        plan::script(&self.base, &self.target)
    }

    /// Notes creates that are about to be sent.
    pub(crate) fn sending(&mut self, op: &Op) {
        if let Op::Create(items) = op {
            self.in_flight = items.clone();
        }
    }

    /// Notes that the service has executed `op`; `ids` are the ids of what it created, in order.
    ///
    /// # Errors
    /// When the operation does not fit what is known of the project: a reading is due.
    pub(crate) fn done(&mut self, op: &Op, ids: &[TaskId]) -> Result<(), plan::ApplyError> {
        plan::apply(&mut self.base, op)?;
        if let Op::Create(items) = op {
            for (item, id) in items.iter().zip(ids) {
                if let Key::New(number) = item.key {
                    self.resolve(number, id);
                }
            }
            self.in_flight.clear();
        }
        Ok(())
    }

    /// Takes the service's word for what became of a text that it was sent. A newer save that
    /// wants another text stands.
    pub(crate) fn believe(&mut self, key: &Key, sent: &str, now: &str) {
        for outline in [&mut self.base, &mut self.target] {
            let item = outline.items.iter_mut().find(|item| item.key == *key);
            if let Some(item) = item.filter(|item| item.text == sent) {
                now.clone_into(&mut item.text);
            }
        }
    }

    /// Whether nothing is left to be sent.
    pub(crate) fn is_settled(&self) -> bool {
        self.in_flight.is_empty() && self.script().is_empty()
    }

    fn resolve(&mut self, number: u32, id: &TaskId) {
        self.rekey(&Key::New(number), &Key::Known(id.clone()));
    }

    fn rekey(&mut self, from: &Key, to: &Key) {
        for outline in [&mut self.base, &mut self.target] {
            for item in outline.items.iter_mut().filter(|item| item.key == *from) {
                item.key = to.clone();
            }
        }
        for item in &mut self.in_flight {
            let anchor = item.to.anchor.iter_mut();
            for key in anchor.chain(std::iter::once(&mut item.key)) {
                if *key == *from {
                    *key = to.clone();
                }
            }
        }
    }

    /// Finds tasks that are gone and have come back under another id: somebody cut and pasted
    /// them, or another mount created again what it had changed. Creating them here too would
    /// double them.
    fn returned(&self, theirs: &Outline) -> Vec<(Key, TaskId)> {
        let there: HashSet<&Key> = theirs.items.iter().map(|item| &item.key).collect();
        let gone = |item: &&Item| matches!(item.key, Key::Known(_)) && !there.contains(&item.key);
        let mut missing: HashMap<&str, Vec<&Key>> = HashMap::new();
        for item in self.base.items.iter().chain(&self.target.items).filter(gone) {
            let keys = missing.entry(item.text.as_str()).or_default();
            if !item.text.is_empty() && !keys.contains(&&item.key) {
                keys.push(&item.key);
            }
        }
        if missing.is_empty() {
            return Vec::new();
        }
        let outlines = [&self.base, &self.target];
        let known: HashSet<&Key> =
            outlines.iter().flat_map(|outline| &outline.items).map(|item| &item.key).collect();
        let mut found: Vec<(Key, TaskId)> = Vec::new();
        for item in theirs.items.iter().filter(|item| !known.contains(&item.key)) {
            let Key::Known(id) = &item.key else { continue };
            let candidates = missing.get(item.text.as_str()).into_iter().flatten();
            let free = |key: &&&Key| found.iter().all(|(taken, _)| taken != **key);
            if let Some(key) = candidates.into_iter().find(free) {
                found.push(((*key).clone(), id.clone()));
            }
        }
        found
    }

    /// Finds creates in flight among the tasks that a reading shows and the base did not have.
    ///
    /// A batch is applied in order and its parents existed before it was sent, so the k-th
    /// unknown task of one parent and one text is the k-th create of that parent and text.
    fn settle(&self, theirs: &Outline) -> Vec<(u32, TaskId)> {
        if self.in_flight.is_empty() {
            return Vec::new();
        }
        let known: HashSet<&Key> = self.base.items.iter().map(|item| &item.key).collect();
        let mut arrivals: HashMap<(Option<&Key>, String), Vec<&Key>> = HashMap::new();
        for (item, parent) in theirs.items.iter().zip(theirs.parents()) {
            if !known.contains(&item.key) {
                let place = (parent, fingerprint(&item.text));
                arrivals.entry(place).or_default().push(&item.key);
            }
        }
        for found in arrivals.values_mut() {
            found.reverse();
        }
        // A newer save may have moved or deleted them in the target: they are where they were put.
        let mut placed = self.base.clone();
        if plan::apply(&mut placed, &Op::Create(self.in_flight.clone())).is_err() {
            placed.clone_from(&self.target);
        }
        let parents: HashMap<&Key, Option<&Key>> =
            placed.items.iter().map(|item| &item.key).zip(placed.parents()).collect();
        let mut settled = Vec::new();
        for item in &self.in_flight {
            let Key::New(number) = item.key else { continue };
            let parent = parents.get(&item.key).copied().flatten();
            let arrived = arrivals.get_mut(&(parent, fingerprint(&item.text)));
            if let Some(Key::Known(id)) = arrived.and_then(Vec::pop) {
                settled.push((number, id.clone()));
            }
        }
        settled
    }
}

/// What a reading changed.
#[derive(Debug)]
pub(crate) struct Rebased {
    /// Tasks that are known by another key from now on.
    pub(crate) aliases: Vec<(Key, Key)>,
    /// Remote changes that the save overrides, or that override it.
    pub(crate) conflicts: Vec<Conflict>,
}

/// The tasks that are to be created again, with the keys that they have for it.
pub(crate) fn recreated(conflicts: &[Conflict]) -> Vec<(Key, Key)> {
    let pair = |conflict: &Conflict| match conflict {
        Conflict::Recreated { key, new } => Some((key.clone(), Key::New(*new))),
        _ => None,
    };
    conflicts.iter().filter_map(pair).collect()
}

/// A text as it is recognised again after the service may have read it as Markdown: its letters
/// and digits, or all of it if it has none.
fn fingerprint(text: &str) -> String {
    let letters: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
    if letters.is_empty() { text.to_owned() } else { letters }
}

#[cfg(test)]
mod tests {
    use super::Intent;
    use crate::{
        ids::TaskId,
        plan::{Item, Key, Op, Outline},
    };

    fn item(key: Key, depth: usize, done: bool) -> Item {
        Item { key, depth, text: "text".to_owned(), done }
    }

    fn known(id: &str) -> Key {
        Key::Known(TaskId::new(id))
    }

    /// An intent whose first request, a create, was sent, and what the service has since.
    fn created(parent: bool, done: bool) -> (Intent, Outline) {
        let above: Vec<Item> = parent.then(|| item(known("p"), 0, false)).into_iter().collect();
        let depth = usize::from(parent);
        let with = |key, done| Outline {
            items: above.iter().cloned().chain([item(key, depth, done)]).collect(),
        };
        let mut intent = Intent::new(Outline { items: above.clone() }, with(Key::New(0), done));
        let ops = intent.script();
        assert!(matches!(ops[0], Op::Create(_)));
        intent.sending(&ops[0]);
        (intent, with(known("n"), false))
    }

    #[test]
    fn a_task_that_was_created_in_a_crash_is_still_ticked() {
        for parent in [false, true] {
            let (mut intent, theirs) = created(parent, true);
            let rebased = intent.rebase(theirs, 9);
            assert_eq!(rebased.aliases, [(Key::New(0), known("n"))]);
            assert_eq!(intent.script(), [Op::SetDone { key: known("n"), done: true }]);
        }
    }

    #[test]
    fn a_task_that_was_created_in_a_crash_and_deleted_since_is_deleted() {
        for parent in [false, true] {
            let (mut intent, theirs) = created(parent, false);
            let seen = intent.target.clone();
            let ours = Outline { items: seen.items[..usize::from(parent)].to_vec() };
            assert_eq!(intent.fold(&seen, &ours, 5), []);
            intent.rebase(theirs, 9);
            assert_eq!(intent.script(), [Op::Delete { key: known("n") }]);
        }
    }
}
