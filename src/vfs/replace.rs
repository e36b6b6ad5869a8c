//! A project renamed to the name of another one, or to one of its own.
//!
//! A text that resembles what it replaces is a new text of that project: its tasks stay, and the
//! one that was renamed is archived. A text that does not is of other tasks: then the project that
//! it is of moves with them, and the one whose name it takes is archived with its own. So does one
//! while nobody can tell whether others have archived what it replaces: its text would go there, and
//! it be archived itself.

use std::{ffi::OsStr, sync::Arc, time::Instant};

use crate::{
    error::{Error, Kind, Result},
    sync::{
        DraftBase, Process, Project, bases,
        read::{directories, open},
        write::{accept, rename, restore, undo},
    },
    vfs::{
        commit_policy::Occasion,
        directory::no_entry,
        kernel_cache, left_behind, names,
        occupy::{self, RenameEnd},
        removal, remove,
        tree::inner::LocalEntry,
        truncation,
        types::{Directory, Ino},
        volume::Vfs,
    },
};

/// Renames a project; what it may replace was looked up when that was asked for.
pub(crate) async fn rename_project(
    vfs: &Arc<Vfs>,
    from: (&Directory, &OsStr, Arc<Project>),
    to: (Ino, &OsStr),
    target: RenameEnd,
    (process, asked): (Option<Process>, Instant),
) -> Result<()> {
    let (directory, name, project) = from;
    let (there, other) = match &target {
        RenameEnd::Project(_, other) if other.serial == project.serial => return Ok(()),
        RenameEnd::Project(there, other) => (there, other.clone()),
        RenameEnd::Vacant(there, waiting) => (there, waiting.project.clone()),
        RenameEnd::Free(there) | RenameEnd::LeftBehind(there, _) => {
            return rename_free(vfs, Some((directory, name)), &project, there, to.1).await;
        }
        RenameEnd::Space | RenameEnd::Scratch => return Err(no_entry()),
    };
    let content = open::read(&vfs.engine, &project).await?;
    let before = open::read(&vfs.engine, &other).await?;
    // What was never created nobody else can have archived, and it has no tasks of its own.
    let are_both_there = project.id().is_some() && other.id().is_some();
    let may_be_gone = matches!(target, RenameEnd::Project(..))
        && are_both_there
        && !directories::is_told(&vfs.engine, &other.folder(), asked);
    let is_its_text =
        || restore::is_text_of(&vfs.engine, &other.title(), &before.outline, &content.text);
    if may_be_gone || !is_its_text() {
        let ticket = displace(vfs, &target, to.1).await?;
        let moved = rename_free(vfs, Some((directory, name)), &project, there, to.1).await;
        return match moved {
            Ok(()) => Ok(()),
            Err(error) => {
                replace_again(vfs, &target, ticket).await;
                Err(error)
            }
        };
    }
    if let RenameEnd::Vacant(_, waiting) = &target
        && occupy::occupy(vfs, waiting).await?.is_none()
    {
        // Its grace has just ended: the name is free.
        return rename_free(vfs, Some((directory, name)), &project, there, to.1).await.map(drop);
    }
    let text = content.text.to_vec();
    truncation::expire_truncates(vfs, &other, Occasion::Replaced).await;
    accept::save(&vfs.engine, &other, process, DraftBase::LastRead, text).await.result?;
    remove::vacate(vfs, directory, name, &project, None).await?;
    kernel_cache::invalidate_names(vfs, to.0, [to.1.to_owned()]);
    Ok(())
}

/// Takes a name from the project that has it, or had it until its grace is over. What tells its
/// removal from others.
///
/// # Errors
/// As removing it.
pub(crate) async fn displace(vfs: &Arc<Vfs>, target: &RenameEnd, name: &OsStr) -> Result<u64> {
    let ticket = match target {
        RenameEnd::Project(there, other) => remove::vacate(vfs, there, name, other, None).await?,
        RenameEnd::Vacant(_, waiting) => waiting.ticket,
        RenameEnd::Free(_) | RenameEnd::LeftBehind(..) | RenameEnd::Space | RenameEnd::Scratch => {
            return Ok(0);
        }
    };
    removal::hide_waiting(vfs, ticket).await?;
    Ok(ticket)
}

/// Nothing has taken the name after all.
pub(crate) async fn replace_again(vfs: &Arc<Vfs>, target: &RenameEnd, ticket: u64) {
    if let RenameEnd::Project(..) = target
        && let Some(waiting) = removal::claim(vfs, ticket)
        && let Err(error) = removal::take_back_and_tell(vfs, waiting).await
    {
        tracing::error!(%error, "a project whose name was to be taken is not back yet");
    }
}

/// A project gets a title of its own, or another folder.
pub(crate) async fn rename_free(
    vfs: &Arc<Vfs>,
    from: Option<(&Directory, &OsStr)>,
    project: &Arc<Project>,
    there: &Directory,
    new_name: &OsStr,
) -> Result<()> {
    let former = undo::former(&vfs.engine, project);
    rename_silently(vfs, from, project, there, new_name).await?;
    // It stands whether it is remembered or not.
    if let Err(error) = undo::note_renamed(&vfs.engine, former, project, None).await {
        tracing::error!(%error, "a renaming is not in the history");
    }
    Ok(())
}

/// As [`rename_free`], and leaves it to the caller to note it.
pub(crate) async fn rename_silently(
    vfs: &Arc<Vfs>,
    from: Option<(&Directory, &OsStr)>,
    project: &Arc<Project>,
    there: &Directory,
    new_name: &OsStr,
) -> Result<()> {
    let title = new_name
        .to_str()
        .and_then(names::title)
        .ok_or_else(|| Error::new(Kind::Invalid, "a project's name must be UTF-8, without �"))?;
    let folder = there.space().cloned().ok_or_else(|| {
        Error::new(Kind::NotPermitted, "a project must be in a workspace or folder")
    })?;
    rename::rename(&vfs.engine, project, &folder, &title).await?;
    if let Some((directory, name)) = from
        && let Some(name) = name.to_str()
    {
        bases::forget_name(&vfs.engine, directory.key(), name);
    }
    left_behind::note_path(project, there, new_name);
    let mut tree = vfs.tree();
    if let Some((directory, name)) = from {
        tree.take_local(directory, name);
    }
    tree.set_local(there, new_name, LocalEntry::New(project.clone()));
    Ok(())
}
