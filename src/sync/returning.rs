//! Lines that come back to the project that they were deleted from: what was known of their tasks
//! is set again, as far as the lines do not say otherwise. No deletion waits for that.
//!
//! What was deleted is in memory; what earlier mounts deleted is in the history and the journal.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use super::{
    elsewhere::Origin,
    engine::Engine,
    intent::Intent,
    past::Past,
    project::{Project, State},
    removed::{LATELY, Removed},
    served::Process,
};
use crate::plan::{Details, Item, Key, Outline};

/// How many saves of earlier mounts are looked at.
const MOST: usize = 20;

/// What is to be noted of a save once it is journaled.
#[derive(Debug)]
pub(super) struct Returned {
    /// The tasks that are deleted by then.
    pub(super) removed: Removed,
    /// What tasks have that their lines did not say.
    pub(super) copied: Vec<(Key, Details)>,
    /// The tasks of other projects that gave some of that.
    pub(super) origins: Vec<Origin>,
}

impl Engine {
    /// Gives lines that are back what their tasks had, in an intent that is about to be journaled;
    /// `seen` is what whoever saves had before its eyes. The caller holds `project.commit`.
    pub(super) async fn bring_back(
        &self,
        project: &Project,
        process: Option<Process>,
        seen: &Outline,
        intent: &mut Intent,
    ) -> Returned {
        self.recall_removed(project).await;
        let (mut removed, mut copied, before) = self.bring_back_here(project, intent);
        let given: HashSet<&Key> = copied.iter().map(|(key, _)| key).collect();
        let made = made(&before, intent).into_iter().map(|item| item.key.clone());
        let made: HashSet<Key> = made.filter(|key| !given.contains(key)).collect();
        let (more, origins) = self.bring_from_elsewhere(project, process, made, intent).await;
        copied.extend(more);
        copied.retain(|(_, details)| !details.is_unknown());
        let now = self.clock.now();
        let mut state = self.recalled(project);
        removed.note(&before, &intent.target, &state.resolved(seen), now);
        if let Some(known) = state.snapshot.as_ref().map(|known| known.outline.clone()) {
            note_names(&mut state, &known, &intent.target);
        }
        Returned { removed, copied, origins }
    }

    /// Gives lines of an intent what their tasks had that were deleted in their own project. What is
    /// left of those, what tasks have by now and did not say, and what there was before.
    fn bring_back_here(
        &self,
        project: &Project,
        intent: &mut Intent,
    ) -> (Removed, Vec<(Key, Details)>, Outline) {
        let now = self.clock.now();
        let state = self.recalled(project);
        let mut removed = state.removed.clone();
        let before = match &state.intent {
            Some(waiting) => waiting.target.clone(),
            None => intent.base.clone(),
        };
        let current = |key: &Key| state.current(key);
        let is_elsewhere = |key: &Key| match (&state.id, key) {
            (Some(id), Key::Known(task)) => self.transfers.is_taken(id, task),
            _ => false,
        };
        // What is there already has not come back, whoever brought it.
        removed.forget(now, &before, current, is_elsewhere);
        let copied = take_back(&mut removed, &before, intent, current);
        (removed, copied, before)
    }

    /// Takes over what earlier mounts have deleted of a project lately, once.
    pub(super) async fn recall_removed(&self, project: &Project) {
        let (id, intent) = {
            let mut state = project.lock();
            if std::mem::replace(&mut state.removed.is_recalled, true) {
                return;
            }
            (state.id.clone(), state.intent.clone())
        };
        let Some(id) = id else { return };
        let since = self.clock.wall().checked_sub(LATELY).unwrap_or(std::time::UNIX_EPOCH);
        let past = self.journaled(move |journal| journal.past_since(&id, since, MOST)).await;
        let past = past.unwrap_or_else(|error| {
            tracing::warn!(%error, "what was deleted before is not known");
            Vec::new()
        });
        let now = self.clock.now();
        let mut state = project.lock();
        for Past { time, before, after, .. } in past.iter().filter(|past| is_in_force(past)) {
            let age = self.clock.wall().duration_since(*time).unwrap_or(Duration::ZERO);
            state.removed.recall(before, after, now.checked_sub(age).unwrap_or(now));
            note_names(&mut state, before, after);
        }
        if let Some(Intent { before, target, .. }) = intent {
            state.removed.recall(&before, &target, now);
        }
    }
}

/// Whether something was done and nobody has undone it.
fn is_in_force(past: &Past) -> bool {
    !past.undone && past.undoes.is_none()
}

/// Gives the lines of an intent that `before` did not have what the tasks had that they were. What
/// they have by now and did not say.
fn take_back(
    removed: &mut Removed,
    before: &Outline,
    intent: &mut Intent,
    current: impl Fn(&Key) -> Key,
) -> Vec<(Key, Details)> {
    let there: HashSet<&Key> = before.items.iter().map(|item| &item.key).collect();
    let is_back =
        |item: &&mut Item| !there.contains(&item.key) && intent.put_back.contains(&item.key);
    let mut copied = Vec::new();
    for item in intent.target.items.iter_mut().filter(is_back) {
        let Some(has) = intent.base.find(&item.key) else { continue };
        if let Some(again) = removed.take(&item.key, (&item.details, &has.details), &current) {
            copied.push((item.key.clone(), again.beyond(&item.details)));
            item.details = again;
        }
    }
    let made = made(before, intent);
    let taken: HashMap<Key, Details> = removed.take_for(&made).into_iter().collect();
    for item in &mut intent.target.items {
        if let Some(again) = taken.get(&item.key) {
            copied.push((item.key.clone(), again.beyond(&item.details)));
            item.details = again.present().settled();
        }
    }
    copied
}

/// The tasks that an intent is to make and that `before` did not have.
fn made<'a>(before: &Outline, intent: &'a Intent) -> Vec<&'a Item> {
    let there: HashSet<&Key> = before.items.iter().map(|item| &item.key).collect();
    let is_made = |item: &&Item| match &item.key {
        // One that others deleted while it was edited, or that was cut from another project, is
        // made of that.
        Key::New(number) => {
            let is_moved = intent.moved.iter().any(|moved| moved.key == item.key);
            !there.contains(&item.key) && !intent.again.contains(number) && !is_moved
        }
        Key::Known(_) => false,
    };
    intent.target.items.iter().filter(is_made).collect()
}

/// Notes the people and fields of deleted tasks as seen in their project.
fn note_names(state: &mut State, before: &Outline, after: &Outline) {
    let left: HashSet<&Key> = after.items.iter().map(|item| &item.key).collect();
    for item in before.items.iter().filter(|item| !left.contains(&item.key)) {
        state.names.saw(&item.details);
    }
}
