//! Removing a project's file: journaled, and held for its grace.

use std::{ffi::OsStr, path::PathBuf, sync::Arc};

use crate::{
    error::Result,
    sync::{
        Project, Removing,
        upload::{archive, denied},
    },
    vfs::{
        burst, removal,
        tree::{inner::LocalEntry, waiting::Waiting},
        types::Directory,
        volume::Vfs,
    },
};

/// Takes a project's name away, for now; `copy` is where its text went, if it was renamed. In
/// the journal when this returns. What tells the removal from others.
///
/// # Errors
/// [`Forbidden`](crate::error::Kind::Forbidden) if Taskade was seen not to allow it,
/// [`DeletionGuard`](crate::error::Kind::DeletionGuard) if too many were removed within the
/// grace, [`Storage`](crate::error::Kind::Storage) if it cannot be journaled.
pub(crate) async fn vacate(
    vfs: &Arc<Vfs>,
    directory: &Directory,
    name: &OsStr,
    project: &Arc<Project>,
    copy: Option<PathBuf>,
) -> Result<u64> {
    if let Some(error) = denied::archival_denied(&vfs.engine, project) {
        return Err(error.at(name.to_string_lossy()));
    }
    burst::admit_removal(vfs, directory, name, project).await?;
    let beside = vfs.tree().waiting.iter().rev().find_map(|waiting| waiting.row);
    let burst = beside.map(|row| archive::burst_of(&vfs.engine, row));
    vacate_in(vfs, burst, directory, name, project, copy).await
}

/// As [`vacate`], however many were removed; `burst` is the row of the first of
/// those that are removed together.
pub(crate) async fn vacate_in(
    vfs: &Arc<Vfs>,
    burst: Option<i64>,
    directory: &Directory,
    name: &OsStr,
    project: &Arc<Project>,
    copy: Option<PathBuf>,
) -> Result<u64> {
    let waiting = {
        let mut tree = vfs.tree();
        let waiting = Waiting {
            ticket: tree.ticket(),
            project: project.clone(),
            directory: directory.clone(),
            name: name.to_owned(),
            copy,
            row: None,
            hidden: false,
        };
        tree.set_local(directory, name, LocalEntry::Vacant(waiting.ticket));
        tree.waiting.push(waiting.clone());
        waiting
    };
    match journal_removal(vfs, &waiting, burst).await {
        Ok(row) => {
            let mut tree = vfs.tree();
            let noted = tree.waiting.iter_mut().find(|it| it.ticket == waiting.ticket);
            noted.into_iter().for_each(|noted| noted.row = row);
        }
        Err(error) => {
            let claimed = vfs.tree().claim(waiting.ticket);
            if let Some(waiting) = claimed {
                removal::reappear(vfs, &waiting).await;
            }
            return Err(error);
        }
    }
    removal::begin_grace(vfs, waiting.ticket);
    Ok(waiting.ticket)
}

pub(crate) async fn journal_removal(
    vfs: &Vfs,
    waiting: &Waiting,
    burst: Option<i64>,
) -> Result<Option<i64>> {
    let name = waiting.name.to_string_lossy();
    let is_workspace = matches!(waiting.directory, Directory::Workspace(_));
    let copy = waiting.copy.clone();
    let removing = Removing { name: &name, is_workspace, copy, burst };
    archive::note_removal(&vfs.engine, &waiting.project, removing).await
}
