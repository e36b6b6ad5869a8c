//! Lines that come back to the project that they were deleted from: what was known of their tasks
//! is set again, as far as the lines do not say otherwise. No deletion waits for that.
//!
//! What was deleted is in memory; what earlier mounts deleted is in the history and the journal.

use std::collections::{HashMap, HashSet};

use crate::{
    plan::{Details, Item, Key, Outline},
    replica::{
        pending::PendingSave,
        removed::Removed,
        served::{Base, Process},
        state::Replica,
    },
    sync::{
        engine::Engine,
        project::Project,
        transition::Transition,
        write::{
            earlier_deletions::{self, note_names},
            elsewhere::{self, Origin},
        },
    },
};

/// What comes back with a save.
#[derive(Debug)]
pub(crate) struct Returned {
    /// The tasks that are deleted once it is journaled.
    pub(crate) removed: Removed,
    /// What tasks have that their lines did not say.
    pub(crate) copied: Vec<(Key, Details)>,
    /// The tasks of other projects that gave some of that.
    pub(crate) origins: Vec<Origin>,
}

/// Gives lines that are back what their tasks had, in a save that is about to be staged; `seen` is
/// what the program that saves had before its eyes.
pub(crate) async fn bring_back(
    engine: &Engine,
    project: &Project,
    next: &Transition<'_>,
    (process, seen): (Option<Process>, &Base),
    save: &mut PendingSave,
) -> Returned {
    earlier_deletions::load_earlier_deletions(engine, project).await;
    let (mut removed, mut copied, before) = bring_back_here(engine, project, next, save);
    let given: HashSet<&Key> = copied.iter().map(|(key, _)| key).collect();
    let made = made(&before, save).into_iter().map(|item| item.key.clone());
    let made: HashSet<Key> = made.filter(|key| !given.contains(key)).collect();
    let (more, origins) =
        elsewhere::bring_from_elsewhere(engine, project, process, made, save).await;
    copied.extend(more);
    copied.retain(|(_, details)| !details.is_unknown());
    let now = engine.clock.now();
    removed.note(&before, &save.target, &next.resolved(seen.outline()), now);
    if let Some(known) = next.snapshot() {
        note_names(&mut project.lock(), &known.outline, &save.target);
    }
    Returned { removed, copied, origins }
}

/// Gives lines of a save what their tasks had that were deleted in their own project. What is
/// left of those, what tasks have by now and did not say, and what there was before.
pub(crate) fn bring_back_here(
    engine: &Engine,
    project: &Project,
    next: &Replica,
    save: &mut PendingSave,
) -> (Removed, Vec<(Key, Details)>, Outline) {
    let now = engine.clock.now();
    let mut removed = project.lock().removed.clone();
    let before = match next.pending() {
        Some(waiting) => waiting.target.clone(),
        None => save.base.clone(),
    };
    let current = |key: &Key| next.current(key);
    let is_elsewhere = |key: &Key| match (next.id(), key) {
        (Some(id), Key::Known(task)) => engine.transfers.is_taken(id, task),
        _ => false,
    };
    // What is there already has not come back, whoever brought it.
    removed.forget(now, &before, current, is_elsewhere);
    let copied = take_back(&mut removed, &before, save, current);
    (removed, copied, before)
}

/// Gives the lines of a save that `before` did not have what the tasks had that they were. What
/// they have by now and did not say.
pub(crate) fn take_back(
    removed: &mut Removed,
    before: &Outline,
    save: &mut PendingSave,
    current: impl Fn(&Key) -> Key,
) -> Vec<(Key, Details)> {
    let there: HashSet<&Key> = before.items.iter().map(|item| &item.key).collect();
    let is_back =
        |item: &&mut Item| !there.contains(&item.key) && save.put_back.contains(&item.key);
    let mut copied = Vec::new();
    for item in save.target.items.iter_mut().filter(is_back) {
        let Some(has) = save.base.find(&item.key) else { continue };
        // Of one that was pasted elsewhere meanwhile nobody knows what was seen: what it has stays.
        let again = removed
            .take(&item.key, (&item.details, &has.details), &current)
            .unwrap_or_else(|| item.details.with(&has.details));
        copied.push((item.key.clone(), again.beyond(&item.details)));
        item.details = again;
    }
    let made = made(before, save);
    let taken: HashMap<Key, Details> = removed.take_for(&made).into_iter().collect();
    for item in &mut save.target.items {
        if let Some(again) = taken.get(&item.key) {
            copied.push((item.key.clone(), again.beyond(&item.details)));
            item.details = again.present().settled();
        }
    }
    copied
}

/// The tasks that a save is to make and that `before` did not have.
pub(crate) fn made<'a>(before: &Outline, save: &'a PendingSave) -> Vec<&'a Item> {
    let there: HashSet<&Key> = before.items.iter().map(|item| &item.key).collect();
    let is_made = |item: &&Item| match &item.key {
        // One that others deleted while it was edited, or that was cut from another project, is
        // made of that.
        Key::New(number) => {
            let is_moved = save.transferred.iter().any(|moved| moved.key == item.key);
            !there.contains(&item.key) && !save.recreated.contains(number) && !is_moved
        }
        Key::Known(_) => false,
    };
    save.target.items.iter().filter(is_made).collect()
}
