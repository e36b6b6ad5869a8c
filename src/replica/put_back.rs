//! Lines that are put back before the deletion of their tasks is sent, or that a later save still has
//! and needs: they are those tasks again. Pure.
//!
//! After a crash nobody knows whether a deletion was sent, and others may have deleted the task
//! too: what is put back and is gone all the same is created again.

use std::collections::HashSet;

use crate::{
    plan::{self, Conflict, Item, Key, Merged, Op, Outline},
    replica::pending::PendingSave,
    text::{
        carried::{as_it_was, hidden},
        details::undisplayable,
    },
};

impl PendingSave {
    /// Takes new tasks that say what ones say whose deletion is not sent for those: somebody has
    /// put them back by making `ours` of `base`. With the keys that they have now.
    pub(crate) fn take_put_back(&mut self, base: &Outline, ours: &Outline) -> Vec<(Key, Key)> {
        let kept: HashSet<&Key> = self.target.items.iter().map(|item| &item.key).collect();
        // Of what was sent it is not known yet what it did.
        let sent = self.sent();
        // Whoever sees both has two: neither is made of the other.
        let seen: HashSet<&Key> = ours.items.iter().map(|item| &item.key).collect();
        let old: HashSet<&Key> = base.items.iter().map(|item| &item.key).collect();
        let is_cut = |item: &&Item| {
            matches!(item.key, Key::Known(_))
                && !kept.contains(&item.key)
                && !seen.contains(&item.key)
                && !sent.contains(&item.key)
        };
        let mut cut: Vec<Item> = self.base.items.iter().filter(is_cut).cloned().collect();
        if cut.is_empty() {
            return Vec::new();
        }
        let mut back = Vec::new();
        for item in &mut self.target.items {
            // One that is made of a task of another project is not the one that was cut here.
            let is_of_another = self.transferred.iter().any(|moved| moved.key == item.key);
            let is_new = matches!(item.key, Key::New(_))
                && !item.text.is_empty()
                && !is_of_another
                && !old.contains(&item.key)
                && !sent.contains(&item.key);
            let Some(at) = cut.iter().position(|cut| is_new && cut.text == item.text) else {
                continue;
            };
            let Item { key, details, .. } = cut.remove(at);
            let says = as_it_was(&item.details, &details).with(&hidden(&details));
            item.details = says.with(&undisplayable(&details));
            self.put_back.push(key.clone());
            back.push((std::mem::replace(&mut item.key, key.clone()), key));
        }
        back
    }

    /// Has a merge of `ours`, made of `base`, keep tasks whose deletion is not sent, and that it
    /// needs all the same: nobody creates again what is still there.
    pub(crate) fn keep_unsent(&mut self, base: &Outline, ours: &Outline, merged: &mut Merged) {
        let sent = self.sent();
        let mut kept = Vec::new();
        merged.conflicts.retain(|conflict| {
            let Conflict::Recreated { key, new } = conflict else { return true };
            let there = self.base.find(key).filter(|_| !sent.contains(key));
            kept.extend(there.map(|there| (Key::New(*new), there.clone())));
            there.is_none()
        });
        for (new, there) in kept {
            let Some(item) = merged.outline.items.iter_mut().find(|item| item.key == new) else {
                continue;
            };
            let alone = |outline: &Outline| alone(outline, &there.key);
            let now = plan::merge(&alone(base), &alone(ours), &alone(&self.base), 0);
            merged.conflicts.extend(now.conflicts);
            self.put_back.push(there.key.clone());
            match now.outline.items.into_iter().next() {
                Some(now) => *item = Item { depth: item.depth, ..now },
                None => item.key = there.key,
            }
        }
    }

    /// Whether one that is to be created again is still there, as far as is known.
    pub(crate) fn has_still_there(&self) -> bool {
        let sent = self.sent();
        self.origins.iter().any(|(_, key)| self.base.find(key).is_some() && !sent.contains(key))
    }

    /// Takes tasks that are to be created again for those that they were, where a reading has them:
    /// a deletion was not executed, or was taken back. With the keys that they have now.
    pub(crate) fn take_still_there(&mut self, theirs: &Outline) -> Vec<(Key, Key)> {
        let there = |(_, key): &(u32, Key)| theirs.find(key).is_some();
        let (there, gone) = std::mem::take(&mut self.origins).into_iter().partition(there);
        self.origins = gone;
        let mut aliases = Vec::new();
        for (number, key) in there {
            let new = Key::New(number);
            let is_wanted = self.target.find(&new).is_some();
            if is_wanted && self.target.find(&key).is_some() {
                continue;
            }
            // What it was before it was gone nobody knows: what is wanted of it is wanted. One that
            // others brought back and nobody here wants is theirs.
            if is_wanted
                && self.base.find(&key).is_none()
                && let Some(item) = theirs.find(&key)
            {
                self.base.items.push(Item { depth: 0, ..item.clone() });
            }
            self.rekey(&new, &key);
            self.recreated.retain(|again| *again != number);
            aliases.push((new, key));
        }
        aliases
    }

    /// The tasks that the request in flight creates or deletes.
    fn sent(&self) -> HashSet<Key> {
        match &self.in_flight {
            Some(Op::Create(items)) => items.iter().map(|item| item.key.clone()).collect(),
            Some(Op::Delete { key }) => {
                let items = &self.base.items;
                let Some(at) = items.iter().position(|item| item.key == *key) else {
                    return HashSet::new();
                };
                let (top, below) = (&items[at], &items[at + 1..]);
                let below = below.iter().take_while(|item| item.depth > top.depth);
                std::iter::once(top).chain(below).map(|item| item.key.clone()).collect()
            }
            _ => HashSet::new(),
        }
    }

    /// Has those be created again that were put back and that a reading does not have, numbered
    /// from `first_new`. With the keys that they have now.
    pub(crate) fn create_again(&mut self, theirs: &Outline, first_new: u32) -> Vec<(Key, Key)> {
        let there: HashSet<&Key> = theirs.items.iter().map(|item| &item.key).collect();
        let gone: Vec<Key> =
            self.put_back.iter().filter(|key| !there.contains(key)).cloned().collect();
        self.put_back.retain(|key| !gone.contains(key));
        let mut aliases = Vec::new();
        for (number, key) in (first_new..).zip(gone) {
            let Some(item) = self.target.items.iter_mut().find(|item| item.key == key) else {
                continue;
            };
            item.key = Key::New(number);
            item.details = item.details.settled();
            self.recreated.push(number);
            self.origins.push((number, key.clone()));
            aliases.push((key, Key::New(number)));
        }
        aliases
    }
}

/// One task of an outline, without those around it.
pub(crate) fn alone(outline: &Outline, key: &Key) -> Outline {
    let item = outline.find(key).map(|item| Item { depth: 0, ..item.clone() });
    Outline { items: item.into_iter().collect() }
}
