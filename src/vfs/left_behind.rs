//! Names that projects have left while a program had them open: somebody gave the project another
//! one in the app. What that program writes to the old name is meant for the project that it read
//! under it, and goes there under its new name.

use std::{ffi::OsStr, sync::Arc};

use crate::{
    error::Result,
    sync::{Process, Project, bases, read::directories},
    vfs::{directory, tree::entries::Entry, types::Directory, volume::Vfs},
};

/// The project that a process read under a name that no project has now, if it is still in
/// that directory under another.
pub(crate) async fn left_behind(
    vfs: &Vfs,
    directory: &Directory,
    name: &OsStr,
    process: Option<Process>,
) -> Option<Arc<Project>> {
    let id = bases::read_under(&vfs.engine, process?, directory.key(), name.to_str()?)?;
    // Whose name was taken away here is on its way to somewhere else.
    if vfs.tree().local(directory, name).is_some() {
        return None;
    }
    let entries = directory::entries(vfs, directory).await.ok()?;
    match entries.get(entries.name_of(&id).filter(|now| *now != name)?)? {
        Entry::Project(listed) => directory::listed_project(vfs, directory, listed).ok(),
        Entry::Space(_) => None,
    }
}

/// Whether a project that is about to be written to is not in its folder any more, which was known
/// from before this mount only: others may have archived it since. Then its name is free.
pub(crate) async fn may_have_left(vfs: &Vfs, project: &Project) -> Result<bool> {
    let (id, folder) = {
        let state = project.lock();
        if state.is_relocated() {
            return Ok(false);
        }
        (state.id().cloned(), state.folder().clone())
    };
    let Some(id) = id else { return Ok(false) };
    // Somebody else may have had it listed again since this was looked up.
    directories::relist_if_from_cache(&vfs.engine, &folder).await?;
    Ok(vfs.engine.listings.has_left(&id))
}

/// Notes under which name a project is found from now on.
pub(crate) fn note_path(project: &Project, directory: &Directory, name: &OsStr) {
    if let Some(name) = name.to_str() {
        project.note_path(directory.key(), name);
    }
}
