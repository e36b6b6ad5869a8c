//! What became of tasks in a copy of their project. Pure.

use std::collections::{HashMap, HashSet};

use crate::{
    plan::{self, Conflict, Details, Item, Key, Op, Outline},
    replica::{pending::PendingSave, relocation::Original},
};

/// Whether two outlines hold the same tasks, whatever their ids.
pub(crate) fn same_tasks(a: &Outline, b: &Outline) -> bool {
    let same = |(a, b): (&Item, &Item)| (a.depth, &a.text, a.done) == (b.depth, &b.text, b.done);
    a.items.len() == b.items.len() && a.items.iter().zip(&b.items).all(same)
}

/// The tasks of a project in a copy of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InCopy {
    /// The keys that they have there.
    pub(crate) keys: HashMap<Key, Key>,
    /// What the copy was made with, as far as it is still known there.
    pub(crate) base: Outline,
}

/// How the tasks of a project are found in a copy that holds just them: `original` is what it has
/// now, `before` what it was known to have when it was copied. `None` if the copy holds neither.
pub(crate) fn in_copy(original: &Outline, before: &Outline, copy: &Outline) -> Option<InCopy> {
    // Others may have changed the original since: what they did is to be done to the copy.
    let same = [original, before].into_iter().find(|outline| same_tasks(outline, copy))?;
    let pairs = same.items.iter().zip(&copy.items);
    let keys = pairs.map(|(old, new)| (old.key.clone(), new.key.clone())).collect();
    Some(InCopy { keys, base: copy.clone() })
}

/// How the tasks of a project are found in a copy that others have changed since. A task that is
/// not known there is none that somebody deleted there: it is made again.
pub(crate) fn in_changed_copy(original: &Outline, before: &Outline, copy: &Outline) -> InCopy {
    let (now, then) = (found_in(original, copy, Ids::Count), found_in(before, copy, Ids::Count));
    let is_nearer = unchanged(&now, copy) > unchanged(&then, copy);
    let (mut found, other) = if is_nearer { (now, then) } else { (then, now) };
    // Others have changed the original, too: what only the other knows is what the copy says it is.
    let mut taken: HashSet<Key> = found.keys.values().cloned().collect();
    for (old, new) in other.keys {
        if !found.keys.contains_key(&old) && taken.insert(new.clone()) {
            found.keys.insert(old, new);
        }
    }
    found
}

/// Whether a project of which it is not known may be a copy that others have changed since: at least
/// half of the tasks are known there, or there were none.
pub(crate) fn is_changed_copy(original: &Outline, before: &Outline, copy: &Outline) -> bool {
    let is_found = |outline: &Outline| {
        let found = found_in(outline, copy, Ids::MayBeOthers).base.items.len();
        found > 0 && found * 2 >= outline.items.len()
    };
    let is_empty = original.items.is_empty() && before.items.is_empty();
    is_empty || is_found(original) || is_found(before)
}

/// How many tasks are in a copy as they were.
fn unchanged(found: &InCopy, copy: &Outline) -> usize {
    let texts: HashMap<&Key, (bool, &str)> =
        copy.items.iter().map(|item| (&item.key, (item.done, item.text.as_str()))).collect();
    let is_same = |item: &&Item| texts.get(&item.key) == Some(&(item.done, item.text.as_str()));
    found.base.items.iter().filter(is_same).count()
}

/// Whether a task with the id of another one is that task. Whether copies keep ids is not documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ids {
    Count,
    MayBeOthers,
}

/// The tasks of `outline` that are told by what they say in `copy`, as they were.
fn found_in(outline: &Outline, copy: &Outline, ids: Ids) -> InCopy {
    let wanted = |item: &Item| plan::Wanted {
        depth: item.depth,
        text: item.text.clone(),
        done: item.done,
        anchor: match &item.key {
            Key::Known(id) if ids == Ids::Count => Some(id.clone()),
            _ => None,
        },
    };
    let wanted: Vec<plan::Wanted> = copy.items.iter().map(wanted).collect();
    let lines = plan::recognise(outline, &wanted, outline.next_new());
    let known: HashSet<&Key> = outline.items.iter().map(|item| &item.key).collect();
    let pairs = lines.items.iter().zip(&copy.items);
    let keys: HashMap<Key, Key> = pairs
        .filter(|(line, _)| known.contains(&line.key))
        .map(|(line, item)| (line.key.clone(), item.key.clone()))
        .collect();
    let mut base = outline.clone();
    let missing = outline.items.iter().filter(|item| !keys.contains_key(&item.key));
    missing.for_each(|item| base.lift_out(&item.key));
    InCopy { base: renamed(&base, &keys), keys }
}
/// Knows of the tasks' details what `other` knows, and nothing else: nobody was told what a copy has.
pub(crate) fn with_details_of(outline: &mut Outline, other: &Outline) {
    let known: HashMap<&Key, &Details> =
        other.items.iter().map(|item| (&item.key, &item.details)).collect();
    for item in &mut outline.items {
        item.details = known.get(&item.key).copied().cloned().unwrap_or_default();
    }
}

/// A save on a project as one on its copy, which holds the tasks of `copy`; `keys` are theirs
/// by those of the original. What the original has and the copy has not is to be created, numbered
/// from `first_new`. With the keys that tasks have now.
pub(crate) fn on_copy(
    save: &PendingSave,
    keys: &HashMap<Key, Key>,
    copy: &Outline,
    first_new: u32,
) -> (PendingSave, Vec<(Key, Key)>) {
    let mut keys = keys.clone();
    let mut next = first_new;
    for item in &save.target.items {
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
    let mut save = save.clone();
    save.target.items.iter_mut().for_each(|item| renamed(&mut item.key));
    save.before.items.iter_mut().for_each(|item| renamed(&mut item.key));
    save.before = save.before.existing();
    save.transferred.iter_mut().for_each(|moved| renamed(&mut moved.key));
    save.put_back.iter_mut().for_each(renamed);
    save.brought.iter_mut().for_each(|(key, _)| renamed(key));
    save.origins.iter_mut().for_each(|(_, key)| renamed(key));
    for doubt in &mut save.unconfirmed {
        if let Op::Detail { key, .. } = doubt {
            renamed(key);
        }
    }
    save.base = copy.clone();
    (save, keys.into_iter().filter(|(old, new)| old != new).collect())
}

/// What others have made of an original since it was copied, done to the save on its copy; `now`
/// is what the original has, `current` the key that a task of the copy is known by, and new tasks
/// are numbered from `first_new`. The tasks of the original as those of the copy, the keys that
/// the copy has for them, and where the copy was changed differently. `None` if it cannot be told
/// which tasks of the copy are which.
pub(crate) fn carried_over(
    save: &mut PendingSave,
    original: &Original,
    now: &Outline,
    current: impl Fn(&Key) -> Key,
    first_new: u32,
) -> Option<CarriedOver> {
    let mut keys: HashMap<Key, Key> =
        original.keys.iter().map(|(old, new)| (old.clone(), current(new))).collect();
    let is_told = |item: &Item| match keys.get(&item.key) {
        Some(new @ Key::New(_)) => save.target.find(new).is_some(),
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
    save.before = plan::merge(&base, &save.before, &theirs, next).outline.existing();
    let merged = plan::merge(&base, &save.target, &theirs, next);
    save.target = merged.outline;
    for item in save.target.items.iter_mut().filter(|item| matches!(item.key, Key::New(_))) {
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
