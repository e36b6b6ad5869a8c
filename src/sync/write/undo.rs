//! Looking back at what was done, and undoing it.
//!
//! An undo is a save like any other, with the before-image as what is wanted: three-way merged
//! with what the project is now, so that what others did since stands. It is marked as one in the
//! journal, and what it undoes is marked as undone when it leaves the journal: a crash in between
//! neither forgets it nor does it twice.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use crate::{
    api::Priority,
    database::seconds,
    error::{Error, Kind, Result},
    ids::{ProjectId, SpaceId},
    plan::{self, Conflict, Item, Key, Outline},
    replica::{pending::PendingSave, served::Base, standing::Awaited, state::Replica},
    store::{
        history::{Action, ActionKind, Former, Scope},
        remarks::Remark,
        removals::Removal,
    },
    sync::{
        bases,
        engine::Engine,
        hiding, locate,
        project::Project,
        read::serve::Written,
        read::{fetch, registry},
        residency,
        transition::Transition,
        upload::actions,
        write::{
            accept,
            history_entry::{self, HistoryEntry},
            restore,
            stage::{self, StagedChange},
            undo_agent,
        },
    },
};

/// What was done, newest first: at most `most`.
///
/// # Errors
/// [`Kind::Storage`] if the journal cannot be read.
pub(crate) async fn history(
    engine: &Engine,
    scope: Scope,
    most: usize,
) -> Result<Vec<HistoryEntry>> {
    let removals = unsent_removals(engine, &scope);
    let asked = scope.clone();
    let (action, remarks) = engine
        .journaled(move |journal| {
            let project = match &asked {
                Scope::Project(id) => Some(id),
                Scope::All | Scope::Below(_) => None,
            };
            Ok((journal.history(&asked, most)?, journal.remarks(project, most)?))
        })
        .await?;
    let waiting = removals.iter().rev().map(|removal| removal_in_words(engine, removal));
    let remarks = remarks.into_iter().map(|remark| remark_in_words(engine, remark));
    let remarks = remarks.filter(|entry| scope.has(Some(&entry.project), &entry.path));
    let mut entries: Vec<HistoryEntry> = waiting.collect();
    entries.extend(action.iter().map(|action| action_in_words(engine, action)));
    entries.extend(remarks);
    entries.extend(undo_agent::history(engine, &scope, most).await?);
    entries.sort_by_key(|entry| std::cmp::Reverse(seconds(entry.time)));
    entries.truncate(most);
    Ok(entries)
}

/// What was done last that is not undone and no undo itself, with what was done together with
/// it; nothing if there is none.
///
/// # Errors
/// [`Kind::Storage`] if the journal cannot be read.
pub(crate) async fn undoable(engine: &Engine, scope: Scope) -> Result<Vec<Action>> {
    engine.journaled(move |journal| journal.undoable(&scope)).await
}

/// The removals that Taskade has not archived yet, oldest first.
pub(crate) fn unsent_removals(engine: &Engine, scope: &Scope) -> Vec<Removal> {
    let removals = engine.removals.lock().clone();
    let is_unsent = |removal: &Removal| {
        let project = removal.project.as_ref().and_then(|id| engine.known(id));
        let awaits = project.and_then(|project| project.awaits());
        !removal.archived || awaits == Some(Awaited::Archival)
    };
    let is_meant =
        |removal: &Removal| scope.has(removal.project.as_ref(), &removed_path(engine, removal));
    removals.into_iter().filter(|removal| is_unsent(removal) && is_meant(removal)).collect()
}

/// A removal that waits, in words.
pub(crate) fn removal_in_words(engine: &Engine, removal: &Removal) -> HistoryEntry {
    HistoryEntry {
        time: removal.time,
        project: removal.project.clone().unwrap_or_else(|| ProjectId::new("")),
        title: removal.title.clone(),
        path: removed_path(engine, removal),
        summary: "archived".to_owned(),
        changes: Vec::new(),
        is_undo: false,
        undone: false,
        waits: true,
        row: -removal.row,
    }
}

pub(crate) fn remark_in_words(engine: &Engine, remark: Remark) -> HistoryEntry {
    let Remark { time, project, title, summary, lines } = remark;
    let known = project.as_ref().and_then(|id| engine.known(id));
    let path = known.map_or_else(
        || format!("{title}.md"),
        |known| locate::path_of(engine, known.id().as_ref(), &known.folder(), &known.title()),
    );
    HistoryEntry {
        time,
        project: project.unwrap_or_else(|| ProjectId::new("")),
        title,
        path,
        summary,
        changes: lines,
        is_undo: false,
        undone: false,
        waits: false,
        row: 0,
    }
}

pub(crate) fn removed_path(engine: &Engine, removal: &Removal) -> String {
    locate::path_of(engine, removal.project.as_ref(), &removal.folder, &removal.title)
}

/// An action in words.
pub(crate) fn action_in_words(engine: &Engine, action: &Action) -> HistoryEntry {
    let fields = residency::fields_of(engine, &action.project);
    HistoryEntry {
        path: action_path(engine, action),
        ..history_entry::in_words(action, fields.as_deref())
    }
}

/// The path of an action's project when it was done.
pub(crate) fn action_path(engine: &Engine, action: &Action) -> String {
    if action.path.is_empty() {
        return locate::path_of(engine, Some(&action.project), &action.folder, &action.title);
    }
    action.path.clone()
}

/// What a project is before it is renamed or moved; `None` if Taskade does not have it.
pub(crate) fn former(engine: &Engine, project: &Project) -> Option<Former> {
    let (id, folder, title) = (project.id()?, project.folder(), project.title());
    let path = locate::path_of(engine, Some(&id), &folder, &title);
    Some(Former { project: id, folder, title, path })
}

/// Notes that a project was renamed or moved, and is this one now.
///
/// # Errors
/// [`Kind::Storage`] if the journal cannot note it.
pub(crate) async fn note_renamed(
    engine: &Engine,
    former: Option<Former>,
    renamed: &Project,
    undoes: Option<i64>,
) -> Result<()> {
    let action = {
        let state = Replica::clone(&residency::resident(engine, renamed));
        let known = state.remote_outline();
        let id = state.id().cloned();
        id.and_then(|id| {
            actions::action(engine, &state, &id, ActionKind::Renamed, known.clone(), known)
        })
    };
    let (Some(action), Some(former)) = (action, former) else { return Ok(()) };
    let action = Action { former: Some(former), undoes, ..action };
    engine.journaled(move |journal| journal.conclude(None, Some(&action))).await
}

/// Whether a project is known to be archived.
pub(crate) fn is_archived(engine: &Engine, id: &ProjectId) -> bool {
    engine.listings.is_archived(id)
}

/// Whether a space is a workspace, as far as is known.
pub(crate) fn is_workspace(engine: &Engine, space: &SpaceId) -> bool {
    matches!(engine.listings.way_to(space).as_slice(), [_])
}

/// Undoes an action, but for a renaming.
///
/// # Errors
/// EBUSY while a save of the project is on its way, and otherwise as a save.
pub(crate) async fn undo(engine: &Arc<Engine>, action: &Action) -> Result<()> {
    // One that was renamed since is known by its new title.
    let make = || registry::project(engine, &action.project, &action.folder, &action.title);
    let project = engine.known(&action.project).unwrap_or_else(make);
    match action.kind {
        ActionKind::Saved => undo_save(engine, &project, action).await,
        ActionKind::Created | ActionKind::Restored => archive_again(engine, &project, action).await,
        ActionKind::Archived => restore_again(engine, &project, action).await,
        ActionKind::Renamed => Ok(()),
    }
}

pub(crate) async fn undo_save(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    action: &Action,
) -> Result<()> {
    if is_archived(engine, &action.project) {
        return Err(Error::new(Kind::Os(libc::EBUSY), "it was removed or moved since")
            .hint("take that back first"));
    }
    {
        let _conversation = fetch::converse(engine, project).await;
        fetch::fetch(engine, project, Priority::Save).await?;
    }
    let mut next = Transition::begin(engine, project).await;
    check_idle(&next)?;
    let now = next.remote_outline();
    let first_new = next.reserve(action.before.items.len() * 2);
    let wanted = without(action, &now, first_new);
    if wanted == now {
        // Others have undone it already.
        next.action = Some(Action { time: engine.clock.wall(), ..undoing(action) });
        return next.commit().await;
    }
    let save = PendingSave::new(now, wanted.clone()).undoing(action.row);
    bases::end_own_texts(engine, &mut project.lock());
    let (base, wanted) = (Base::Exact(Arc::new(save.base().clone())), Arc::new(wanted));
    let written = Written::new(project, None, &base, &wanted);
    let staged = stage::stage(engine, project, &mut next, &written, StagedChange::of(save)).await;
    let generation = stage::commit(engine, project, next, &written, staged).await?;
    engine.wake(project);
    accept::verdict(engine, project, generation).await
}

pub(crate) async fn archive_again(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    action: &Action,
) -> Result<()> {
    let _conversation = fetch::converse(engine, project).await;
    check_idle(&project.lock())?;
    engine.backend.complete_project(&action.project).await?;
    hiding::hide(engine, &action.project, true).await?;
    conclude_undo(engine, action).await
}

pub(crate) async fn restore_again(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    action: &Action,
) -> Result<()> {
    check_idle(&project.lock())?;
    let generation = restore::restore(engine, project, Some(action.row)).await?;
    engine.wake(project);
    accept::verdict(engine, project, generation).await
}

pub(crate) async fn conclude_undo(engine: &Engine, action: &Action) -> Result<()> {
    let action = Action { time: engine.clock.wall(), ..undoing(action) };
    engine.journaled(move |journal| journal.conclude(None, Some(&action))).await
}

pub(crate) fn check_idle(state: &Replica) -> Result<()> {
    if state.rejected_here().is_some() {
        return Err(Error::new(
            Kind::Os(libc::EBUSY),
            "a text of it was refused and is not settled",
        )
        .hint("correct it, or give it up with `taskadefs discard`"));
    }
    if state.pending().is_some() || state.is_to_be_archived() {
        return Err(Error::new(Kind::Os(libc::EBUSY), "a save of it is still on its way")
            .hint("undo when it is through, or give it up with `taskadefs discard`"));
    }
    Ok(())
}

/// The undoing of what has nothing more to be sent.
pub(crate) fn undoing(action: &Action) -> Action {
    Action {
        before: action.after.clone(),
        after: action.before.clone(),
        undoes: Some(action.row),
        ..action.clone()
    }
}

/// What a project that is `now` is without what was done then. What others did since stands; a
/// task that was deleted then is made anew, numbered from `first_new`.
pub(crate) fn without(action: &Action, now: &Outline, first_new: u32) -> Outline {
    let there = now.items.iter().chain(&action.after.items);
    let there: HashSet<&Key> = there.map(|item| &item.key).collect();
    let mut before = action.before.clone();
    let after: HashMap<&Key, &Item> =
        action.after.items.iter().map(|item| (&item.key, item)).collect();
    for item in &mut before.items {
        if let Some(after) = after.get(&item.key) {
            item.details = item.details.before(&after.details);
        }
    }
    let mut next = first_new;
    for item in before.items.iter_mut().filter(|item| !there.contains(&item.key)) {
        item.key = Key::New(next);
        next += 1;
    }
    let merged = plan::merge(&action.after, &before, now, next);
    let mut wanted = merged.outline;
    for conflict in &merged.conflicts {
        match conflict {
            Conflict::Text { key, theirs, .. } => {
                if let Some(item) = wanted.items.iter_mut().find(|item| item.key == *key) {
                    theirs.clone_into(&mut item.text);
                }
            }
            Conflict::Details { key } => {
                if let Some(theirs) = now.find(key)
                    && let Some(item) = wanted.items.iter_mut().find(|item| item.key == *key)
                {
                    item.details = theirs.details.clone();
                }
            }
            // Others have deleted it since: nothing is left of it to be taken back.
            Conflict::Recreated { new, .. } => wanted.drop_leaf(&Key::New(*new)),
            Conflict::KeptEdited { .. }
            | Conflict::KeptParent { .. }
            | Conflict::MoveDropped { .. } => {}
        }
    }
    wanted
}
