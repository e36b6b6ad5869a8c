//! Looking back at what was done below the mount, and taking it back.
//!
//! What was done last is what is taken back, and nothing else: where that cannot be, it is said.
//! What was removed together is taken back together.

use std::{ffi::OsStr, path::Path, sync::Arc, time::SystemTime};

use crate::{
    error::{Error, Kind, Result},
    ids::SpaceId,
    store::{agent_history::AgentAction, operations::Operation},
    sync::{
        Action, ActionKind, Former, HistoryEntry, Project, Removal, Scope, Standing, locate,
        read::registry,
        write::{restore, undo, undo_agent},
    },
    vfs::{
        directory::{self, Found},
        inode::Node,
        kernel_cache, lookup, paths, rejected, removal, replace, resolve,
        types::{Directory, Ino},
        volume::Vfs,
    },
};

/// What was done last.
pub(crate) enum Last {
    /// Files were removed, and Taskade has not archived their projects yet.
    Removed(Vec<Removal>),
    /// Something that Taskade has.
    Done(Vec<Action>),
    /// Something that Taskade has of an agent.
    OfAgent(AgentAction),
}

/// What was done, newest first: at most `most`, of one project or below a directory, or of all.
///
/// # Errors
/// [`Kind::Invalid`] if the inode is neither, [`Kind::Storage`] if the journal cannot be read.
pub(crate) async fn history(vfs: &Vfs, ino: Option<Ino>, most: usize) -> Result<Vec<HistoryEntry>> {
    let scope = match ino {
        Some(ino) => scope_at(vfs, ino)?,
        None => Scope::All,
    };
    undo::history(&vfs.engine, scope, most).await
}

/// As [`history`](Vfs::history), at and below a path relative to the mount, whether anything
/// is there now or not.
///
/// # Errors
/// As [`history`](Vfs::history).
pub(crate) async fn history_at(
    vfs: &Vfs,
    path: Option<&Path>,
    most: usize,
) -> Result<Vec<HistoryEntry>> {
    undo::history(&vfs.engine, scope_of(vfs, path).await, most).await
}

/// Takes back what was done last of one project or below a directory, or of all. What it was.
///
/// # Errors
/// [`Kind::NotFound`] if there is nothing, EBUSY if it cannot be taken back yet, and otherwise
/// as a save.
pub(crate) async fn undo(vfs: &Arc<Vfs>, ino: Option<Ino>) -> Result<HistoryEntry> {
    let scope = match ino {
        Some(ino) => scope_at(vfs, ino)?,
        None => Scope::All,
    };
    let undone = undo_in(vfs, &scope, None).await?;
    undone.into_iter().next().ok_or_else(nothing)
}

/// What [`undo_at`](Vfs::undo_at) would take back: one action, or what was removed together.
///
/// # Errors
/// As [`undo`](Vfs::undo), before anything is done.
pub(crate) async fn undoable_at(vfs: &Vfs, path: Option<&Path>) -> Result<Vec<HistoryEntry>> {
    let scope = scope_of(vfs, path).await;
    last(vfs, &scope).await.map(|last| in_words(vfs, &last))
}

/// Takes back what was done last at and below a path relative to the mount, whether anything is
/// there now or not. With `expected` only if that is still the last. What it was.
///
/// # Errors
/// As [`undo`](Vfs::undo).
pub(crate) async fn undo_at(
    vfs: &Arc<Vfs>,
    path: Option<&Path>,
    expected: Option<i64>,
) -> Result<Vec<HistoryEntry>> {
    let scope = scope_of(vfs, path).await;
    undo_in(vfs, &scope, expected).await
}

pub(crate) async fn undo_in(
    vfs: &Arc<Vfs>,
    scope: &Scope,
    expected: Option<i64>,
) -> Result<Vec<HistoryEntry>> {
    vfs.check_writable()?;
    let last = last(vfs, scope).await?;
    let words = in_words(vfs, &last);
    if expected.is_some_and(|row| words.first().is_none_or(|entry| entry.row != row)) {
        return Err(Error::new(Kind::Os(libc::EBUSY), "something else was done meanwhile")
            .hint("look at it again"));
    }
    match last {
        Last::Removed(removals) => {
            for removal in removals {
                put_back(vfs, &removal).await?;
            }
        }
        Last::Done(actions) => {
            for action in actions {
                let shown = undo::action_path(&vfs.engine, &action);
                vfs.check_path_writable(&shown)?;
                take_action_back(vfs, &action).await.map_err(|error| error.at(shown))?;
            }
        }
        Last::OfAgent(action) => {
            vfs.check_path_writable(&action.path)?;
            let undone = undo_agent::undo(&vfs.engine, &action).await;
            undone.map_err(|error| error.at(action.path))?;
        }
    }
    Ok(words)
}

/// What was done last, if it can be taken back.
pub(crate) async fn last(vfs: &Vfs, scope: &Scope) -> Result<Last> {
    let removals = undo::unsent_removals(&vfs.engine, scope);
    let actions = undo::undoable(&vfs.engine, scope.clone()).await?;
    let of_agent = undo_agent::undoable(&vfs.engine, scope).await?;
    let (removed, done) = (removals.last().map(|it| it.time), actions.first().map(|it| it.time));
    let done = done.max(of_agent.as_ref().map(|it| it.time));
    let pending = newest_pending(vfs, scope);
    if let Some((since, path)) = pending
        && removed.is_none_or(|removed| seconds(removed) < seconds(since))
        && done.is_none_or(|done| seconds(done) <= seconds(since))
    {
        let what = "the last thing that was done, a save, is still on its way";
        return Err(Error::new(Kind::Os(libc::EBUSY), what)
            .at(path)
            .hint("take it back when it is through, or name the file whose last save you mean"));
    }
    if let Some(action) = of_agent.filter(|it| Some(it.time) == done && removed < Some(it.time)) {
        return Ok(Last::OfAgent(action));
    }
    match (removals.last(), actions.first()) {
        (Some(newest), _) if done.is_none_or(|done| done <= newest.time) => {
            let burst = burst_of(newest);
            let group = removals.iter().filter(|removal| burst_of(removal) == burst);
            Ok(Last::Removed(group.cloned().collect()))
        }
        (_, Some(_)) => Ok(Last::Done(actions)),
        (_, None) => Err(nothing()),
    }
}

/// Since when the newest save waits that is not with Taskade, and its path.
pub(crate) fn newest_pending(vfs: &Vfs, scope: &Scope) -> Option<(SystemTime, String)> {
    let waits = |project: &Arc<Project>| {
        if project.standing() != Standing::Pending {
            return None;
        }
        let path = paths::path_of(vfs, project);
        let is_meant = scope.has(project.id().as_ref(), &path);
        is_meant.then(|| (project.unsettled_since(), path))
    };
    let of_agent = |operation: Operation| {
        let path = locate::path_of_operation(&vfs.engine, &operation);
        let waits = operation.kind.is_of_agent() && operation.refusal.is_none();
        (waits && scope.has(None, &path)).then_some((operation.since, path))
    };
    let agents = vfs.engine.operations.all().into_iter().filter_map(of_agent);
    registry::unsettled(&vfs.engine).iter().filter_map(waits).chain(agents).max()
}

pub(crate) fn in_words(vfs: &Vfs, last: &Last) -> Vec<HistoryEntry> {
    match last {
        Last::Removed(removals) => {
            removals.iter().map(|removal| undo::removal_in_words(&vfs.engine, removal)).collect()
        }
        Last::Done(actions) => {
            actions.iter().map(|action| undo::action_in_words(&vfs.engine, action)).collect()
        }
        Last::OfAgent(action) => vec![undo_agent::in_words(action)],
    }
}

/// A removal that Taskade may not have heard of is taken back.
pub(crate) async fn put_back(vfs: &Arc<Vfs>, removal: &Removal) -> Result<()> {
    let ticket = {
        let tree = vfs.tree();
        let waits = tree.waiting.iter().find(|waiting| waiting.row == Some(removal.row));
        waits.map(|waiting| waiting.ticket)
    };
    if let Some(waiting) = ticket.and_then(|ticket| removal::claim(vfs, ticket)) {
        return removal::take_back_and_tell(vfs, waiting).await;
    }
    let Some(id) = &removal.project else { return Err(nothing()) };
    let project = registry::project(&vfs.engine, id, &removal.folder, &removal.title);
    restore::restore(&vfs.engine, &project, None).await?;
    restore::go_on(&vfs.engine, &project);
    Ok(())
}

pub(crate) async fn take_action_back(vfs: &Arc<Vfs>, action: &Action) -> Result<()> {
    match (&action.kind, &action.former) {
        (ActionKind::Renamed, Some(former)) => rename_back(vfs, action, former).await?,
        _ => undo::undo(&vfs.engine, action).await?,
    }
    if let Some(project) = vfs.engine.known(&action.project) {
        // What shows it from now on is the listing.
        rejected::drop_new(vfs, &project);
    }
    Ok(())
}

/// A project gets the name back that it had before.
pub(crate) async fn rename_back(vfs: &Arc<Vfs>, action: &Action, former: &Former) -> Result<()> {
    let make = || registry::project(&vfs.engine, &action.project, &action.folder, &action.title);
    let project = vfs.engine.known(&action.project).unwrap_or_else(make);
    if undo::is_archived(&vfs.engine, &action.project) {
        return Err(Error::new(Kind::Os(libc::EBUSY), "it was removed since"));
    }
    let name = Path::new(&former.path).file_name().unwrap_or(OsStr::new(&former.title));
    let there = directory_with(vfs, &former.folder);
    if !matches!(directory::find(vfs, &there, name).await?, Found::Nothing) {
        return Err(Error::new(Kind::Exists, "its former name is taken")
            .at(former.path.clone())
            .hint("rename that one first"));
    }
    let before = undo::former(&vfs.engine, &project);
    let now = directory_with(vfs, &action.folder);
    let current = Path::new(&action.path).file_name().map(OsStr::to_owned);
    let from = current.as_deref().map(|name| (&now, name));
    replace::rename_silently(vfs, from, &project, &there, name).await?;
    undo::note_renamed(&vfs.engine, before, &project, Some(action.row)).await?;
    for (directory, name) in [(&now, current.as_deref()), (&there, Some(name))] {
        let parent = vfs.tree().known_directory(directory);
        if let (Some(parent), Some(name)) = (parent, name) {
            kernel_cache::invalidate_names(vfs, parent, [name.to_owned()]);
        }
    }
    Ok(())
}

pub(crate) fn directory_with(vfs: &Vfs, folder: &SpaceId) -> Directory {
    match undo::is_workspace(&vfs.engine, folder) {
        true => Directory::Workspace(folder.clone()),
        false => Directory::Folder(folder.clone()),
    }
}

pub(crate) fn scope_at(vfs: &Vfs, ino: Ino) -> Result<Scope> {
    match vfs.node(ino)? {
        Node::Project(project) => project
            .id()
            .map(Scope::Project)
            .ok_or_else(|| Error::new(Kind::NotFound, "it is not created yet")),
        _ => Err(Error::new(Kind::Invalid, "not a project")),
    }
}

/// What a path stands for: the project that is there, else whatever was there or below it.
pub(crate) async fn scope_of(vfs: &Vfs, path: Option<&Path>) -> Scope {
    let Some(path) = path.filter(|path| !path.as_os_str().is_empty()) else {
        return Scope::All;
    };
    let below = Scope::Below(path.to_string_lossy().into_owned());
    let Ok(ino) = resolve::resolve(vfs, path).await else { return below };
    let project = vfs.project_of(ino).and_then(|project| project.id());
    lookup::forget(vfs, ino, 1);
    project.map_or(below, Scope::Project)
}

pub(crate) fn burst_of(removal: &Removal) -> i64 {
    if removal.burst == 0 { removal.row } else { removal.burst }
}

pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

pub(crate) fn nothing() -> Error {
    Error::new(Kind::NotFound, "there is nothing to undo")
        .hint("`taskadefs history` lists what was done")
}
