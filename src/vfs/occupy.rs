//! Making a project under a name.

use std::{ffi::OsStr, sync::Arc};

use crate::{
    error::{Error, Kind, Result},
    sync::{Project, read::registry},
    vfs::{
        names, removal,
        tree::{inner::LocalEntry, waiting::Waiting},
        types::Directory,
        volume::Vfs,
    },
};

/// One end of a renaming.
#[derive(Debug, Clone)]
pub(crate) enum RenameEnd {
    /// A project, in a directory that Taskade has.
    Project(Directory, Arc<Project>),
    /// A name that a project had when this process read it, and has no more.
    LeftBehind(Directory, Arc<Project>),
    /// A project's name that is vacant.
    Vacant(Directory, Waiting),
    /// A project's name that nothing has.
    Free(Directory),
    /// A folder or workspace.
    Space,
    /// Scratch, or nothing.
    Scratch,
}

/// Gives a vacant name its project back; `None` if its grace has ended meanwhile.
pub(crate) async fn occupy(vfs: &Arc<Vfs>, waiting: &Waiting) -> Result<Option<Arc<Project>>> {
    match removal::claim(vfs, waiting.ticket) {
        Some(waiting) => removal::take_back(vfs, waiting).await.map(Some),
        None => Ok(None),
    }
}

pub(crate) fn make_project(vfs: &Vfs, directory: &Directory, name: &OsStr) -> Result<Arc<Project>> {
    let title = name.to_str().and_then(names::title).ok_or_else(|| {
        Error::new(Kind::Invalid, "a project's name must be UTF-8, without �")
            .at(name.to_string_lossy())
    })?;
    let folder = directory.space().ok_or_else(|| {
        Error::new(Kind::NotPermitted, "a project must be in a workspace or folder")
            .at(name.to_string_lossy())
    })?;
    let project = registry::new_project(&vfs.engine, folder, &title);
    vfs.tree().set_local(directory, name, LocalEntry::New(project.clone()));
    Ok(project)
}
