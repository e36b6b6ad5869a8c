//! What became of tasks in a copy of their project. Pure.

use std::collections::HashMap;

use crate::{
    plan::{self, Conflict, Item, Key, Op, Outline},
    replica::{pending::PendingSave, relocation::Original},
};

/// Whether two outlines hold the same tasks, whatever their ids.
pub(crate) fn same_tasks(a: &Outline, b: &Outline) -> bool {
    let same = |(a, b): (&Item, &Item)| (a.depth, &a.text, a.done) == (b.depth, &b.text, b.done);
    a.items.len() == b.items.len() && a.items.iter().zip(&b.items).all(same)
}

/// The ids that the tasks of a project have in a copy of it: `original` is what it has now,
/// `before` what it was known to have when it was copied. `None` if the copy holds neither.
pub(crate) fn in_copy(
    original: &Outline,
    before: &Outline,
    copy: &Outline,
) -> Option<HashMap<Key, Key>> {
    // Others may have changed the original since: what they did is to be done to the copy.
    let same = [original, before].into_iter().find(|outline| same_tasks(outline, copy))?;
    let pairs = same.items.iter().zip(&copy.items);
    Some(pairs.map(|(old, new)| (old.key.clone(), new.key.clone())).collect())
}

/// An intent on a project as one on its copy, which holds the tasks of `copy`; `keys` are theirs
/// by those of the original. What the original has and the copy has not is to be created, numbered
/// from `first_new`. With the keys that tasks have now.
pub(crate) fn on_copy(
    intent: &PendingSave,
    keys: &HashMap<Key, Key>,
    copy: &Outline,
    first_new: u32,
) -> (PendingSave, Vec<(Key, Key)>) {
    let mut keys = keys.clone();
    let mut next = first_new;
    for item in &intent.target.items {
        if matches!(item.key, Key::Known(_)) && !keys.contains_key(&item.key) {
            keys.insert(item.key.clone(), Key::New(next));
            next += 1;
        }
    }
    let renamed = |key: &mut Key| {
        if let Some(new) = keys.get(key) {
            *key = new.clone();
        }
    };
    let mut intent = intent.clone();
    intent.target.items.iter_mut().for_each(|item| renamed(&mut item.key));
    intent.before.items.iter_mut().for_each(|item| renamed(&mut item.key));
    intent.before = intent.before.existing();
    intent.moved.iter_mut().for_each(|moved| renamed(&mut moved.key));
    intent.put_back.iter_mut().for_each(renamed);
    intent.brought.iter_mut().for_each(|(key, _)| renamed(key));
    intent.origins.iter_mut().for_each(|(_, key)| renamed(key));
    for doubt in &mut intent.doubts {
        if let Op::Detail { key, .. } = doubt {
            renamed(key);
        }
    }
    intent.base = copy.clone();
    (intent, keys.into_iter().filter(|(old, new)| old != new).collect())
}

/// What others have made of an original since it was copied, done to the intent on its copy; `now`
/// is what the original has, `current` the key that a task of the copy is known by, and new tasks
/// are numbered from `first_new`. The tasks of the original as those of the copy, the keys that
/// the copy has for them, and where the copy was changed differently. `None` if it cannot be told
/// which tasks of the copy are which.
pub(crate) fn carried_over(
    intent: &mut PendingSave,
    original: &Original,
    now: &Outline,
    current: impl Fn(&Key) -> Key,
    first_new: u32,
) -> Option<CarriedOver> {
    let mut keys: HashMap<Key, Key> =
        original.keys.iter().map(|(old, new)| (old.clone(), current(new))).collect();
    let is_told = |item: &Item| match keys.get(&item.key) {
        Some(new @ Key::New(_)) => intent.target.find(new).is_some(),
        Some(Key::Known(_)) => true,
        None => false,
    };
    if !original.tasks.items.iter().all(is_told) {
        return None;
    }
    let mut next = first_new;
    for item in &now.items {
        keys.entry(item.key.clone()).or_insert_with(|| {
            next += 1;
            Key::New(next - 1)
        });
    }
    let (base, theirs) = (renamed(&original.tasks, &keys), renamed(now, &keys));
    intent.before = plan::merge(&base, &intent.before, &theirs, next).outline.existing();
    let merged = plan::merge(&base, &intent.target, &theirs, next);
    intent.target = merged.outline;
    for item in intent.target.items.iter_mut().filter(|item| matches!(item.key, Key::New(_))) {
        item.details = item.details.settled();
    }
    let keys = keys.into_iter().collect();
    Some(CarriedOver { theirs, keys, conflicts: merged.conflicts })
}

/// See [`carried_over`].
#[derive(Debug)]
pub(crate) struct CarriedOver {
    pub(crate) theirs: Outline,
    pub(crate) keys: Vec<(Key, Key)>,
    pub(crate) conflicts: Vec<Conflict>,
}

/// An outline of a project as one of its copy.
pub(crate) fn renamed(outline: &Outline, keys: &HashMap<Key, Key>) -> Outline {
    let mut outline = outline.clone();
    for item in &mut outline.items {
        if let Some(new) = keys.get(&item.key) {
            item.key = new.clone();
        }
    }
    outline
}
