//! What a project is to become, as state rather than as a list of calls. Pure.
//!
//! A [`PendingSave`] holds what the service is known to have (`base`) and what it is to have
//! (`target`). Every question about a save is answered from these two: what is still to be
//! sent is `script(base, target)`; another save folds into `target`; a fresh reading rebases
//! both. The request under way is noted until its answer is: a reading shows whether it happened,
//! and what it did is then ours and nobody else's, whatever a newer save has made of the target.
//! A created task has an id that nobody has been told: it is matched against what is found.

use std::{collections::HashSet, time::SystemTime};

use serde::{Deserialize, Serialize};

use crate::{
    api::TaskResource,
    ids::{ProjectId, TaskId},
    plan::{self, Change, Conflict, Details, Key, Op, Outline},
    replica::{creation::MadeFrom, reconcile as arrivals, relocation::Relocation},
};

/// A project's saved state and what it grew from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PendingSave {
    /// What the service has, as far as is known. Keys are `Known`, but for creates that the
    /// service has accepted under a number until their ids are noted.
    pub(in crate::replica) base: Outline,
    /// What it is to have.
    pub(in crate::replica) target: Outline,
    /// The request that was sent and whose answer is not noted.
    pub(in crate::replica) in_flight: Option<Op>,
    /// Whether the program may have seen newer tasks than those that it is known to have seen:
    /// then what looks new in its text may be there already.
    #[serde(default)]
    #[serde(rename = "doubtful")]
    pub(in crate::replica) base_uncertain: bool,
    /// The numbers of the tasks that are to be created again: whoever deleted them may bring
    /// them back, or another mount may create them again too.
    #[serde(default)]
    #[serde(rename = "again")]
    pub(in crate::replica) recreated: Vec<u32>,
    /// Which tasks those were that are to be created again, or were: one that is still there, or is
    /// back, is that task.
    #[serde(default)]
    pub(in crate::replica) origins: Vec<(u32, Key)>,
    /// What the service would have without this save.
    #[serde(default)]
    pub(in crate::replica) before: Outline,
    /// Whether it creates the project.
    #[serde(default)]
    pub(in crate::replica) creates: bool,
    /// What the project is made from, if it is to be created, or is being.
    #[serde(default)]
    pub(in crate::replica) made_from: Option<MadeFrom>,
    /// Whether the project is archived, and to be restored before anything else is sent.
    #[serde(default)]
    pub(in crate::replica) restores: bool,
    /// Whether that was done, and the journal does not know it yet.
    #[serde(skip)]
    pub(in crate::replica) is_restored: bool,
    /// The action that it undoes.
    #[serde(default)]
    pub(in crate::replica) undoes: Option<i64>,
    /// Changes of details that may or may not have been made.
    #[serde(default)]
    #[serde(rename = "doubts")]
    pub(in crate::replica) unconfirmed: Vec<Op>,
    /// Until when its deletions wait: see `transfer`.
    #[serde(default)]
    #[serde(rename = "held")]
    pub(in crate::replica) hold_deletes_until: Option<SystemTime>,
    /// The tasks whose deletion was taken back before it was sent, as far as is known: should they
    /// be gone all the same, they are created again.
    #[serde(default)]
    pub(in crate::replica) put_back: Vec<Key>,
    /// The tasks that were cut from other projects, whose details are to be copied.
    #[serde(default)]
    #[serde(rename = "moved")]
    pub(in crate::replica) transferred: Vec<TransferredTask>,
    /// What tasks have of those that they were made of, which were deleted in other projects, and
    /// their lines do not say: left out where the project has no such people or fields.
    #[serde(default)]
    pub(in crate::replica) brought: Vec<(Key, Details)>,
    /// Where the project is to go once its tasks are what they are to be.
    #[serde(default)]
    pub(in crate::replica) relocation: Option<Relocation>,
}

/// A task that was made of one that was cut from another project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TransferredTask {
    /// The new one.
    pub(crate) key: Key,
    /// What both say.
    pub(crate) text: String,
    /// The project of the old one.
    pub(crate) from: ProjectId,
    /// The old one.
    pub(crate) task: TaskId,
    /// What was known of the old one when it was cut, and shown if a line can show it.
    #[serde(rename = "known")]
    pub(crate) cut_with: Details,
    /// What else it was found to have: wanted for the new one.
    #[serde(rename = "told")]
    pub(crate) fetched: Option<Details>,
}

impl PendingSave {
    /// A save of `target` by a program that had read `base`.
    pub(crate) fn new(base: Outline, target: Outline) -> Self {
        Self {
            before: base.clone(),
            base,
            target,
            in_flight: None,
            base_uncertain: false,
            recreated: Vec::new(),
            origins: Vec::new(),
            creates: false,
            made_from: None,
            restores: false,
            is_restored: false,
            undoes: None,
            unconfirmed: Vec::new(),
            hold_deletes_until: None,
            put_back: Vec::new(),
            transferred: Vec::new(),
            brought: Vec::new(),
            relocation: None,
        }
    }

    /// Adds a later save, of `ours` by a program that had read `base`: several waiting saves of
    /// one project are one. Tasks that have to be created again are numbered from `first_new`.
    pub(crate) fn fold(&mut self, base: &Outline, ours: &Outline, first_new: u32) -> Rebased {
        let (mut base, mut ours) = (base.clone(), ours.clone());
        let mut aliases = arrivals::returned([&base, &ours], &[], &self.target);
        for (gone, back) in &aliases {
            base.rekey(gone, back);
            ours.rekey(gone, back);
        }
        let mut merged = plan::merge(&base, &ours, &self.target, first_new);
        self.keep_unsent(&base, &ours, &mut merged);
        aliases.extend(recreated(&merged.conflicts));
        self.target = merged.outline;
        self.note_again(&merged.conflicts);
        aliases.extend(self.take_put_back(&base, &ours));
        Rebased { aliases, conflicts: merged.conflicts }
    }

    /// Takes a fresh, complete reading of the service into account. Tasks that have to be
    /// created again are numbered from `first_new`.
    pub(crate) fn rebase(&mut self, mut theirs: Outline, first_new: u32) -> Rebased {
        theirs.inherit(&self.base);
        let found = self.settle(&theirs);
        let mut aliases: Vec<(Key, Key)> =
            found.into_iter().map(|(number, id)| (Key::New(number), Key::Known(id))).collect();
        if std::mem::take(&mut self.base_uncertain) {
            for (number, id) in arrivals::already_there(&self.base, &self.target, &theirs) {
                let key = Key::Known(id);
                self.rekey(&Key::New(number), &key);
                aliases.push((Key::New(number), key));
            }
        }
        aliases.extend(self.take_still_there(&theirs));
        let returned = arrivals::returned([&self.base, &self.target], &self.recreated, &theirs);
        for (gone, back) in &returned {
            self.rekey(gone, back);
        }
        aliases.extend(returned);
        let again = self.create_again(&theirs, first_new);
        let first_new = first_new + u32::try_from(again.len()).unwrap_or(0);
        aliases.extend(again);
        // What others did since belongs to what would be without us.
        let before = plan::merge(&self.base, &self.before, &theirs, first_new);
        self.before = before.outline.existing();
        let merged = plan::merge(&self.base, &self.target, &theirs, first_new);
        aliases.extend(recreated(&merged.conflicts));
        self.base = theirs;
        self.target = merged.outline;
        self.note_again(&merged.conflicts);
        Rebased { aliases, conflicts: merged.conflicts }
    }

    /// What is still to be sent.
    pub(crate) fn script(&self) -> Vec<Op> {
        plan::script(&self.base, &self.target)
    }

    /// Notes a request that is about to be sent.
    pub(crate) fn sending(&mut self, op: &Op) {
        self.in_flight = Some(op.clone());
    }

    /// Notes that the service has executed `op`; `ids` are the ids of what it created, in order.
    ///
    /// # Errors
    /// When the operation does not fit what is known of the project: a reading is due.
    pub(crate) fn done(&mut self, op: &Op, ids: &[TaskId]) -> Result<(), plan::ApplyError> {
        self.in_flight = None;
        if let Op::Detail { key, change } = op {
            self.unconfirmed.retain(|doubt| match doubt {
                Op::Detail { key: of, change: other } => of != key || !change.settles(other),
                _ => false,
            });
        }
        plan::apply(&mut self.base, op)?;
        if let Op::Create(items) = op {
            for (item, id) in items.iter().zip(ids) {
                if let Key::New(number) = item.key {
                    self.resolve(number, id);
                }
            }
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

    /// A task, and which of its details, of which it must be asked whether a request has changed it:
    /// no listing shows that, and a newer save wants something else. One that is still wanted is
    /// simply sent again.
    pub(crate) fn detail_in_doubt(&self) -> Option<(TaskId, TaskResource)> {
        let sent = self.unconfirmed.iter().chain(&self.in_flight);
        let changes = sent.filter_map(|op| match op {
            Op::Detail { key: key @ Key::Known(task), change } => Some((key, task, change)),
            _ => None,
        });
        let is_unwanted = |key: &Key, change: &Change| {
            self.target.find(key).is_some_and(|item| !item.details.has(change))
        };
        changes
            .filter(|(key, _, change)| is_unwanted(key, change))
            .map(|(_, task, change)| (task.clone(), change.resource()))
            .next()
    }

    /// What a detail was told to be: whether the requests in doubt have changed it is known now.
    pub(crate) fn clear_up(&mut self, task: &TaskId, resource: TaskResource, fetched: &Details) {
        let sent = std::mem::take(&mut self.unconfirmed).into_iter().chain(self.in_flight.take());
        for op in sent {
            match &op {
                Op::Detail { key: Key::Known(known), change }
                    if known == task && change.resource() == resource =>
                {
                    if fetched.has(change) {
                        // Fits, or the task is not there any more.
                        let _ = plan::apply(&mut self.base, &op);
                    }
                }
                Op::Detail { .. } => self.unconfirmed.push(op),
                _ => self.in_flight = Some(op),
            }
        }
    }

    /// What the service has once nothing is left to be sent, in the order of the target where
    /// order does not matter.
    pub(crate) fn result(self) -> Outline {
        let mut result = self.target;
        result.inherit(&self.base);
        result
    }

    /// Notes the ids that tasks were given.
    pub(crate) fn note_ids(&mut self, ids: &[(u32, TaskId)]) {
        for (number, id) in ids {
            self.resolve(*number, id);
        }
    }

    /// Wants for a task what the one that it was made of was found to have.
    pub(crate) fn take_along(&mut self, key: &Key, fetched: &Details) {
        if let Some(item) = self.target.items.iter_mut().find(|item| item.key == *key) {
            item.details = item.details.with(fetched);
        }
        for moved in self.transferred.iter_mut().filter(|moved| moved.key == *key) {
            moved.fetched = Some(fetched.clone());
        }
    }

    /// Whether nothing is left to be done.
    pub(crate) fn is_settled(&self) -> bool {
        self.relocation.is_none() && self.is_sent()
    }

    /// What is left of it if its tasks are given up: where the project is to go.
    pub(crate) fn onward(&self) -> Option<Self> {
        let relocation = Some(self.relocation.clone()?);
        Some(Self { relocation, ..Self::new(self.base.clone(), self.base.clone()) })
    }

    /// Whether nothing is left to be sent, or to be copied, of its tasks.
    pub(crate) fn is_sent(&self) -> bool {
        let is_sent = self.in_flight.is_none() && self.detail_in_doubt().is_none();
        is_sent && self.script().is_empty() && self.transferred.is_empty()
    }

    fn resolve(&mut self, number: u32, id: &TaskId) {
        self.rekey(&Key::New(number), &Key::Known(id.clone()));
    }

    pub(crate) fn rekey(&mut self, from: &Key, to: &Key) {
        for outline in [&mut self.base, &mut self.target, &mut self.before] {
            outline.rekey(from, to);
        }
        for moved in self.transferred.iter_mut().filter(|moved| moved.key == *from) {
            moved.key = to.clone();
        }
        for key in self.put_back.iter_mut().filter(|key| **key == *from) {
            *key = to.clone();
        }
        for (key, _) in self.brought.iter_mut().filter(|(key, _)| key == from) {
            *key = to.clone();
        }
        if let (Key::New(number), Key::Known(_)) = (from, to) {
            self.origins.retain(|(known, _)| known != number);
        }
    }

    fn note_again(&mut self, conflicts: &[Conflict]) {
        for (gone, new) in recreated(conflicts) {
            for moved in self.transferred.iter_mut().filter(|moved| moved.key == gone) {
                moved.key = new.clone();
            }
        }
        for conflict in conflicts {
            if let Conflict::Recreated { key, new } = conflict {
                self.recreated.push(*new);
                self.origins.push((*new, key.clone()));
            }
        }
        // One that was given up meanwhile may be needed again, by a program that still has it.
        let is_known = |number: &u32| self.origins.iter().any(|(known, _)| known == number);
        let wanted: HashSet<&Key> = self.target.items.iter().map(|item| &item.key).collect();
        self.recreated.retain(|number| wanted.contains(&Key::New(*number)) || is_known(number));
    }

    /// Notes in the base what the request in flight did, as far as a reading shows that it did
    /// it: whatever the target has otherwise, a tick or a deletion, is still to be done. The
    /// tasks that it created.
    fn settle(&mut self, theirs: &Outline) -> Vec<(u32, TaskId)> {
        let Some(op) = self.in_flight.take() else { return Vec::new() };
        if matches!(op, Op::Detail { .. }) {
            self.unconfirmed.push(op);
            return Vec::new();
        }
        let mut placed = self.base.clone();
        if plan::apply(&mut placed, &op).is_err() {
            // The base is not what it was planned on: the service's word stands.
            return Vec::new();
        }
        let Op::Create(items) = op else {
            if arrivals::shows(theirs, &placed, &op) {
                self.base = placed;
            }
            return Vec::new();
        };
        let found = arrivals::arrived(&self.base, &items, &placed, theirs);
        for item in arrivals::happened(&items, &found, &self.recreated) {
            // Fits, since all of them do and none is placed by another.
            let _ = plan::apply(&mut self.base, &Op::Create(vec![item.clone()]));
        }
        for (number, id) in &found {
            self.resolve(*number, id);
        }
        found
    }
}

/// What a reading, or another save, changed.
#[derive(Debug, Default)]
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

#[cfg(test)]
#[path = "pending_tests.rs"]
mod tests;
