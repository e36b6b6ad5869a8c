//! Lines that come back in another project than the one that they were deleted from, by a program that
//! has read that one: what was known of their tasks is set for the new ones, as far as the lines do
//! not say otherwise and as far as the other project has such people and fields.
//!
//! While a deletion waits for its paste this is none of it: then all that the task has is copied, and
//! only after that it is deleted (see `transfer`).

use std::{collections::HashSet, sync::Arc};

use crate::{
    plan::{Details, Item, Key},
    replica::{current::Current, pending::PendingSave, served::Process},
    sync::{engine::Engine, project::Project, read::registry, residency, write::earlier_deletions},
    text::{fields::FieldView, moved::in_project},
};

/// A task that was deleted in another project, and is what a new one was made of.
#[derive(Debug)]
pub(crate) struct Origin {
    project: Arc<Project>,
    /// By which it was known when it was deleted.
    key: Key,
}

/// Gives new tasks of a save that is about to be journaled, by their keys, what tasks had that
/// were deleted lately in other projects. What they have by now and did not say; what they were.
/// The caller makes a transition of the project.
pub(crate) async fn bring_from_elsewhere(
    engine: &Engine,
    project: &Project,
    process: Option<Process>,
    made: HashSet<Key>,
    save: &mut PendingSave,
) -> (Vec<(Key, Details)>, Vec<Origin>) {
    let (mut copied, mut origins) = (Vec::new(), Vec::new());
    let Some(process) = process.filter(|_| !made.is_empty()) else { return (copied, origins) };
    let (mut made, fields) = (made, project.format().fields.clone());
    for other in read_lately(engine, process, project.serial) {
        if let Ok(_transition) = other.transition.try_lock() {
            earlier_deletions::load_earlier_deletions(engine, &other).await;
        }
        let taken = {
            let items = save.target().items.iter();
            let items: Vec<&Item> = items.filter(|item| made.contains(&item.key)).collect();
            taken_from(engine, &other, &items, fields.as_deref())
        };
        for (key, of, again) in taken {
            made.remove(&key);
            origins.push(Origin { project: other.clone(), key: of });
            copied.extend(save.bring(&key, &again).map(|more| (key, more)));
        }
    }
    (copied, origins)
}

/// Notes that tasks have given what they had: each gives it once.
pub(crate) fn note_brought(engine: &Engine, origins: &[Origin]) {
    for Origin { project, key } in origins {
        let (id, task) = {
            let mut state = project.lock();
            state.removed.give(key);
            (state.id().cloned(), state.current(key))
        };
        if let (Some(id), Key::Known(task)) = (id, task) {
            engine.transfers.note_taken(id, task);
        }
    }
}

/// The other projects that a program has read and in which something may have been deleted.
pub(crate) fn read_lately(engine: &Engine, process: Process, serial: u64) -> Vec<Arc<Project>> {
    // In this mount nobody has come to these yet.
    for id in engine.base_log.kept_of(process) {
        if let Some((folder, title)) = engine.listings.place_of(&id) {
            registry::project(engine, &id, &folder, &title);
        }
    }
    let open = engine.transfers.opened(process, engine.clock.now());
    let projects: Vec<Arc<Project>> = engine.projects().values().cloned().collect();
    let has_read = |project: &Arc<Project>| {
        open.contains(&project.serial) || project.lock().bases.knows(Some(process))
    };
    projects.into_iter().filter(|it| it.serial != serial && has_read(it)).collect()
}

/// What new tasks, of a project with these fields, get from those that were deleted in another one,
/// with what they were.
pub(crate) fn taken_from(
    engine: &Engine,
    project: &Project,
    made: &[&Item],
    fields: Option<&FieldView>,
) -> Vec<(Key, Key, Details)> {
    let now = engine.clock.now();
    let is_removed = |state: &Current| !state.removed.is_empty();
    if !is_removed(&project.lock()) {
        return Vec::new();
    }
    let Some(id) = project.id() else { return Vec::new() };
    let taken = engine.transfers.taken_of(&id);
    let state = residency::resident(engine, project);
    let held = state.pending().filter(|save| save.holds_deletes());
    let waits = |key: &Key| held.is_some_and(|save| save.base().find(key).is_some());
    let is_elsewhere = |key: &Key| match key {
        Key::Known(task) => waits(key) || taken.contains(task),
        Key::New(_) => false,
    };
    let there = match (state.pending(), state.snapshot()) {
        (Some(save), _) => save.target(),
        (None, Some(known)) => &*known.outline,
        (None, None) => return Vec::new(),
    };
    let mut removed = state.removed.clone();
    removed.forget(now, there, |key| state.current(key), is_elsewhere);
    let own = project.format();
    removed.in_project(|details| in_project(details, own.fields.as_deref(), fields));
    removed.take_with_origins(made)
}
