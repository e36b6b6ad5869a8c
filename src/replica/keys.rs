//! Under which keys the tasks of a project are known: numbers until they have ids, and what became
//! of keys that programs have seen.

use crate::{
    ids::TaskId,
    plan::{self, Item, Key, Outline},
    replica::state::Replica,
};

impl Replica {
    /// Reserves numbers for new tasks.
    pub(crate) fn reserve(&mut self, count: usize) -> u32 {
        let first = self.next_new;
        self.next_new = first.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
        first
    }

    /// The tasks of another project as new ones of this.
    pub(crate) fn as_new(&mut self, tasks: &Outline) -> Outline {
        let first = self.reserve(tasks.items.len());
        let mut tasks = tasks.clone();
        for (number, item) in (first..).zip(&mut tasks.items) {
            (item.key, item.details) = (Key::New(number), item.details.present());
        }
        tasks
    }

    /// Numbers up to that of this key are taken.
    pub(crate) fn reserve_above(&mut self, key: &Key) {
        if let Key::New(number) = key {
            self.next_new = self.next_new.max(number.saturating_add(1));
        }
    }

    /// Notes which ids new tasks were given.
    pub(crate) fn note_created(&mut self, number: u32, id: &TaskId) {
        self.note_alias(Key::New(number), Key::Known(id.clone()));
    }

    /// Notes that a task is known by another key from now on.
    pub(crate) fn note_alias(&mut self, from: Key, to: Key) {
        if from == to {
            return;
        }
        if let Some(copied) = self.copied.remove(&from) {
            self.copied.insert(to.clone(), copied);
        }
        // A chain of aliases never leads back: a key that is in use again is no alias any more.
        self.aliases.remove(&to);
        self.new_aliases.push((from.clone(), to.clone()));
        self.aliases.insert(from, to);
    }

    /// Notes that a task was taken out before it was made. To the log of served bases it is one that
    /// is known by its own number for good.
    pub(crate) fn note_unmade(&mut self, number: u32) {
        if self.unmade.insert(number) {
            self.new_aliases.push((Key::New(number), Key::New(number)));
        }
    }

    /// The keys of the tasks that were taken out before they were made.
    pub(crate) fn unmade(&self) -> impl Iterator<Item = Key> {
        self.unmade.iter().map(|number| Key::New(*number))
    }

    /// Takes over an alias that an earlier mount has logged, or what it logged of a task that was
    /// never made.
    pub(crate) fn take_over_alias(&mut self, from: Key, to: Key) {
        self.reserve_above(&from);
        self.reserve_above(&to);
        match (&from, &to) {
            (Key::New(number), Key::New(same)) if number == same => {
                self.unmade.insert(*number);
            }
            _ => self.note_alias(from, to),
        }
    }

    /// `base` without the tasks that were taken out before they were made, and `ours` without
    /// those of them that are in it as they were: who took them out has deleted them, and whoever
    /// has only kept them has not made them again. None of this concerns a save that still waits.
    pub(crate) fn without_unmade(&mut self, base: Outline, ours: Outline) -> (Outline, Outline) {
        let is_unmade =
            |item: &&Item| matches!(item.key, Key::New(number) if self.unmade.contains(&number));
        let gone: Vec<Key> = base.items.iter().filter(is_unmade).map(|it| it.key.clone()).collect();
        if gone.is_empty() {
            return (base, ours);
        }
        let mut left = base.clone();
        gone.iter().for_each(|key| left.lift_out(key));
        let first = self.reserve(base.items.len());
        let ours = plan::merge(&base, &ours, &left, first).outline;
        (left, ours)
    }

    /// The key that a task is known by now.
    pub(crate) fn current(&self, key: &Key) -> Key {
        let mut key = key;
        while let Some(newer) = self.aliases.get(key) {
            key = newer;
        }
        key.clone()
    }

    /// The keys that tasks are not known by any more, and programs may have seen.
    pub(crate) fn former_keys(&self) -> impl Iterator<Item = &Key> {
        self.aliases.keys()
    }

    /// What was sent of which task, and what the service made of it.
    pub(crate) fn texts_made(&self) -> impl Iterator<Item = (Key, &str, &str)> {
        self.normalised.all()
    }

    /// An outline with every task under the key that it is known by now.
    pub(crate) fn resolved(&self, outline: &Outline) -> Outline {
        let mut outline = outline.clone();
        for item in &mut outline.items {
            item.key = self.current(&item.key);
        }
        outline
    }
}
