//! Tasks that are cut from one project and pasted into another. Taskade has no move between
//! projects: the paste creates, the cut deletes, and what the text does not show would be lost in
//! between. So a deletion waits for a while for its matching create, which then copies the details
//! from the old task; only after that is the old one deleted.
//!
//! What waits is in the journal: until when, with the save that deletes, and what is to be copied,
//! with the save that creates. What is here can be told from that, but for creates that are
//! through.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::{Duration, SystemTime},
};

use crate::{
    error::Result,
    ids::{ProjectId, TaskId},
    plan::{Details, Item, Key, Op, Outline},
    replica::{
        pending::{PendingSave, TransferredTask},
        served::Process,
    },
    sync::{
        engine::Engine,
        leaf::transfers::{LATELY, missing, name},
        project::Project,
        transition::Transition,
        upload::copy_details,
    },
};

/// How long a deletion waits.
pub(crate) const HELD: Duration = Duration::from_secs(30);

/// Until when the deletions of a save are to wait, if they are: whoever made it has another
/// project before it, or has pasted such a line there already.
pub(crate) fn holds(
    engine: &Engine,
    project: &Project,
    process: Option<Process>,
    base: &Outline,
    ours: &Outline,
) -> bool {
    let cut = missing(base, ours);
    let now = engine.clock.now();
    !cut.is_empty()
        && (engine.transfers.has_others(process, project.serial, now)
            || engine.transfers.has_pasted(project.serial, &cut, now))
}

/// Notes what was taken off tasks that a save is about to cut, or may not have been set after all, and
/// is still to be sent: it does not come along with their lines.
pub(crate) fn note_taken_off(engine: &Engine, project: &Project, save: &PendingSave) {
    let state = project.lock();
    let (Some(id), Some(waiting)) = (state.id(), state.pending()) else { return };
    let mut off: Vec<((ProjectId, TaskId), Details)> = Vec::new();
    for item in missing(waiting.target(), save.target()) {
        let has = waiting.base().find(&item.key).map(|has| has.details.clone());
        let mut has = has.unwrap_or_default();
        for op in waiting.unanswered() {
            if let Op::Detail { key, change } = op
                && *key == item.key
            {
                has.apply(change);
            }
        }
        let has = has.beyond(&item.details);
        if let Some(task) = name(id, item).filter(|_| !has.is_unknown()) {
            off.push((task, has));
        }
    }
    engine.transfers.lock().taken_off.extend(off);
}

/// Notes what a save that is journaled cuts and creates, and finds what belongs together.
pub(crate) async fn transfer(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    base: &Outline,
    ours: &Outline,
) -> Result<()> {
    note_seen(engine, project, base, ours);
    engine.transfers.paste(project, &missing(ours, base), engine.clock.now());
    if project.lock().pending().is_some_and(|save| save.holds_deletes()) {
        engine.transfers.cut(project);
    }
    // A worker that holds a deletion back plans again.
    engine.transfers.changed();
    for (claimant, moved) in pairs(engine) {
        engine.transfers.claim(claimant.serial, &moved);
        if let Err(error) = copy_details::take_along(engine, &claimant, moved.clone()).await {
            moved.iter().for_each(|moved| engine.transfers.release(claimant.serial, moved, false));
            return Err(error);
        }
        engine.transfers.changed();
    }
    Ok(())
}

/// Notes what a program had seen of the tasks that it deletes.
pub(crate) fn note_seen(engine: &Engine, project: &Project, base: &Outline, ours: &Outline) {
    let mut all = Vec::new();
    let state = project.lock();
    let Some(id) = state.id() else { return };
    let base = state.resolved(base);
    for item in missing(&base, ours) {
        let Some(task) = name(id, item) else { continue };
        // What was, or still is to be, copied to it since it was created may be unseen.
        let on_its_way = state.pending().is_some_and(|save| save.transfer_to(&item.key).is_some());
        let is_copied = on_its_way || state.is_copied(&item.key);
        let seen = if is_copied { item.details.present() } else { item.details.clone() };
        all.push((task, seen));
    }
    drop(state);
    let mut inner = engine.transfers.lock();
    for (task, seen) in all {
        let off = inner.taken_off.remove(&task).unwrap_or_default();
        inner.seen.insert(task, seen.with(&off));
    }
}

/// Takes over what the journal holds of transfers. Before any worker starts.
pub(crate) fn recover_transfers(engine: &Engine, project: &Arc<Project>) {
    let (moved, created, is_held) = {
        let mut state = project.lock();
        let Some(save) = state.pending().cloned() else { return };
        // Whatever the clocks say, it waits no longer than that.
        let left =
            |until: SystemTime| until.duration_since(engine.clock.wall()).unwrap_or_default();
        for TransferredTask { key, fetched, .. } in save.transferred() {
            let shown = state.saved().and_then(|saved| saved.outline.find(key).cloned());
            let copied =
                fetched.as_ref().zip(shown).map(|(fetched, shown)| fetched.beyond(&shown.details));
            state.note_copied(copied.map(|copied| (key.clone(), copied)));
        }
        state.held = save.held_until().map(|until| engine.clock.now() + left(until).min(HELD));
        let is_new = |item: &&Item| matches!(item.key, Key::New(_));
        let created: Vec<Item> = save.target().items.iter().filter(is_new).cloned().collect();
        (save.transferred().to_vec(), created, save.holds_deletes())
    };
    engine.transfers.claim(project.serial, &moved);
    engine.transfers.paste(project, &created.iter().collect::<Vec<_>>(), engine.clock.now());
    if is_held {
        engine.transfers.cut(project);
    }
}

/// No deletion waits any longer for a paste: the mount is going.
pub(crate) async fn release_held(engine: &Engine) {
    let cut: Vec<Weak<Project>> = std::mem::take(&mut engine.transfers.lock().cut);
    for project in cut.iter().filter_map(Weak::upgrade) {
        let mut next = Transition::begin(engine, &project).await;
        next.release_deletes();
        next.keep_in_memory_with(|current| current.held = None);
    }
    engine.transfers.changed();
}

/// Cut tasks whose deletion waits, with the tasks of other projects that were made of them: by
/// their texts, in order, each once.
pub(crate) fn pairs(engine: &Engine) -> Vec<(Arc<Project>, Vec<TransferredTask>)> {
    let now = engine.clock.now();
    let mut inner = engine.transfers.lock();
    inner.pasted.retain(|pasted| now.saturating_duration_since(pasted.at) <= LATELY);
    inner.cut.retain(|project| project.strong_count() > 0);
    if inner.cut.is_empty() {
        inner.seen.clear();
    }
    let cut: Vec<Arc<Project>> = inner.cut.iter().filter_map(Weak::upgrade).collect();
    let claimed = inner.claimed.clone();
    let (carried, seen) = (inner.carried.clone(), inner.seen.clone());
    let mut pasted: Vec<(Arc<Project>, Key, String)> = inner
        .pasted
        .iter()
        .filter_map(|one| Some((one.project.upgrade()?, one.key.clone(), one.text.clone())))
        .collect();
    // The lock of a project is never taken under this one's.
    drop(inner);
    let mut pairs: Vec<(Arc<Project>, Vec<TransferredTask>)> = Vec::new();
    let is_held =
        |project: &Project| project.lock().pending().is_some_and(|save| save.holds_deletes());
    let cut: Vec<Arc<Project>> = cut.into_iter().filter(|project| is_held(project)).collect();
    engine.transfers.lock().cut = cut.iter().map(Arc::downgrade).collect();
    for source in cut {
        for moved in sources(&source, &seen) {
            let task = (moved.from.clone(), moved.task.clone());
            let is_free = claimed.get(&task).is_none_or(|by| *by == source.serial);
            if !is_free || carried.contains(&task) {
                continue;
            }
            let fits = |(project, _, text): &(Arc<Project>, Key, String)| {
                project.serial != source.serial && *text == moved.text
            };
            let Some(found) = pasted.iter().position(fits) else { continue };
            let (claimant, key, _) = pasted.remove(found);
            let moved = TransferredTask { key, fetched: None, ..moved };
            match pairs.iter_mut().find(|(known, _)| known.serial == claimant.serial) {
                Some((_, all)) => all.push(moved),
                None => pairs.push((claimant, vec![moved])),
            }
        }
    }
    engine.transfers.forget(&pairs);
    pairs
}

/// What may be copied from a project whose deletions wait: the tasks that are to be deleted. One
/// that was itself cut from elsewhere, and has not got everything yet, is where that still is.
pub(crate) fn sources(
    project: &Project,
    seen: &HashMap<(ProjectId, TaskId), Details>,
) -> Vec<TransferredTask> {
    let state = project.lock();
    let held = state.pending().filter(|save| save.holds_deletes());
    let (Some(id), Some(save)) = (state.id(), held) else { return Vec::new() };
    let on_its_way = |key: &Key| save.transfer_to(key).cloned();
    let cut = missing(save.base(), save.target()).into_iter().filter_map(|item| {
        let (from, task) = name(id, item)?;
        // After a crash nobody knows: then all is asked for.
        let known = seen.get(&(from.clone(), task.clone())).cloned().unwrap_or_default();
        let (key, text) = (item.key.clone(), item.text.clone());
        let own = || TransferredTask { key, text, from, task, cut_with: known, fetched: None };
        Some(on_its_way(&item.key).unwrap_or_else(own))
    });
    // Nor was it created yet where it was pasted first.
    let is_unborn = |moved: &&TransferredTask| {
        matches!(moved.key, Key::New(_)) && save.target().find(&moved.key).is_none()
    };
    cut.chain(save.transferred().iter().filter(is_unborn).cloned()).collect()
}
