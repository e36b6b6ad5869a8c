//! Lines that come back to the project that they were deleted from: what was known of their tasks
//! is set again, as far as the lines do not say otherwise. No deletion waits for that.
//!
//! What was deleted is in memory; what earlier mounts deleted is in the history and the journal.

use std::collections::HashSet;

use crate::{
    plan::{Details, Key, Outline},
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
            copied_lines,
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
    let made = save.made_since(&before).into_iter().map(|item| item.key.clone());
    let made: HashSet<Key> = made.filter(|key| !given.contains(key)).collect();
    let (more, origins) =
        elsewhere::bring_from_elsewhere(engine, project, process, made.clone(), save).await;
    let given: HashSet<&Key> = more.iter().map(|(key, _)| key).collect();
    let copies = made.into_iter().filter(|key| !given.contains(key)).collect();
    copied_lines::complete(engine, project, process, &copies, save);
    copied.extend(more);
    copied.retain(|(_, details)| !details.is_unknown());
    let now = engine.clock.now();
    removed.note(&before, save.target(), &next.resolved(seen.outline()), now);
    if let Some(known) = next.snapshot() {
        note_names(&mut project.lock(), &known.outline, save.target());
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
        Some(waiting) => waiting.target().clone(),
        None => save.base().clone(),
    };
    let current = |key: &Key| next.current(key);
    let is_elsewhere = |key: &Key| match (next.id(), key) {
        (Some(id), Key::Known(task)) => engine.transfers.is_taken(id, task),
        _ => false,
    };
    // What is there already has not come back, whoever brought it.
    removed.forget(now, &before, current, is_elsewhere);
    let copied = save.give_back(&mut removed, &before, current);
    (removed, copied, before)
}
