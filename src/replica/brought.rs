//! What lines that are back are given in a save that is about to be staged: what their tasks had that
//! were deleted. Pure.

use std::collections::{HashMap, HashSet};

use crate::{
    plan::{Details, Item, Key, Outline},
    replica::{pending::PendingSave, removed::Removed},
};

impl PendingSave {
    /// The tasks that it is to make and that `before` did not have. One that others deleted while it
    /// was edited, or that was cut from another project, is made of that.
    pub(crate) fn made_since(&self, before: &Outline) -> Vec<&Item> {
        let there: HashSet<&Key> = before.items.iter().map(|item| &item.key).collect();
        let is_made = |item: &&Item| match &item.key {
            Key::New(number) => {
                let is_moved = self.transfer_to(&item.key).is_some();
                !there.contains(&item.key) && !self.recreated.contains(number) && !is_moved
            }
            Key::Known(_) => false,
        };
        self.target.items.iter().filter(is_made).collect()
    }

    /// Gives the lines that `before` did not have what the tasks of this project had that they were.
    /// What they have by now and did not say. `current` is the key that a task is known by now.
    pub(crate) fn give_back(
        &mut self,
        removed: &mut Removed,
        before: &Outline,
        current: impl Fn(&Key) -> Key,
    ) -> Vec<(Key, Details)> {
        let there: HashSet<&Key> = before.items.iter().map(|item| &item.key).collect();
        let is_back =
            |item: &&mut Item| !there.contains(&item.key) && self.put_back.contains(&item.key);
        let mut copied = Vec::new();
        for item in self.target.items.iter_mut().filter(is_back) {
            let Some(has) = self.base.find(&item.key) else { continue };
            // Of one that was pasted elsewhere meanwhile nobody knows what was seen: what it has stays.
            let again = removed
                .take(&item.key, (&item.details, &has.details), &current)
                .unwrap_or_else(|| item.details.with(&has.details));
            copied.push((item.key.clone(), again.beyond(&item.details)));
            item.details = again;
        }
        let made = self.made_since(before);
        let taken: HashMap<Key, Details> = removed.take_for(&made).into_iter().collect();
        for item in &mut self.target.items {
            if let Some(again) = taken.get(&item.key) {
                copied.push((item.key.clone(), again.beyond(&item.details)));
                item.details = again.present().settled();
            }
        }
        copied
    }

    /// Gives a new task what one of another project had. What it has by now and its line did not say,
    /// which is left out should this project have no such people or fields; `None` if that is nothing.
    pub(crate) fn bring(&mut self, key: &Key, again: &Details) -> Option<Details> {
        let item = self.target.items.iter_mut().find(|item| item.key == *key)?;
        if again.is_unknown() {
            return None;
        }
        let more = again.beyond(&item.details);
        item.details = again.present().settled();
        self.brought.push((key.clone(), more.clone()));
        Some(more)
    }
    /// Gives these new tasks what they are copies of, where `of` tells that by what there was, by their
    /// texts and by what their lines say.
    pub(crate) fn complete(
        &mut self,
        made: &HashSet<Key>,
        of: impl Fn(&Outline, &str, &Details) -> Option<Details>,
    ) {
        let is_made = |item: &&mut Item| made.contains(&item.key) && !item.text.is_empty();
        for item in self.target.items.iter_mut().filter(is_made) {
            if let Some(has) = of(&self.base, &item.text, &item.details) {
                item.details = has;
            }
        }
    }
}
