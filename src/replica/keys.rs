//! Under which keys the tasks of a project are known: numbers until they have ids, and what became
//! of keys that programs have seen.

use crate::{
    ids::TaskId,
    plan::{Key, Outline},
    replica::state::Replica,
};

impl Replica {
    /// Reserves numbers for new tasks.
    pub(crate) fn reserve(&mut self, count: usize) -> u32 {
        let first = self.next_new;
        self.next_new = first.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
        first
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
