//! `archive/` of a workspace or folder: its completed projects, to be read, and to be moved out, which
//! restores them.
//!
//! Looking costs the folder's listing alone; a text is asked for when its file is opened. Nothing is
//! replaced by what is moved out: where its name is taken it is told apart by its id, as all projects
//! of one title are.

use std::{ffi::OsStr, sync::Arc};

use crate::{
    api::RemoteProject,
    error::{Error, Kind, Result},
    file_name::PROJECT_SUFFIX,
    ids::ProjectId,
    sync::{
        Project,
        read::{archived as read, registry},
        upload::discard,
        write::{accept, restore},
    },
    vfs::{
        archive_place::ArchivePlace,
        directory::{self, no_entry},
        kernel_cache,
        names::{self, Titled},
        occupy::RenameEnd,
        replace,
        resource_path::{List, ResourceNode},
        tree::inner::LocalEntry,
        types::{Directory, Ino},
        volume::Vfs,
    },
};

/// The archived projects of a directory by their names.
pub(crate) async fn archived(
    vfs: &Vfs,
    directory: &Directory,
) -> Result<Vec<(String, RemoteProject)>> {
    directory::entries(vfs, directory).await?;
    let folder = directory.space().ok_or_else(no_entry)?;
    let projects = read::archived_in(&vfs.engine, folder);
    let titled = |project: &RemoteProject| Titled {
        id: project.id.as_str().to_owned(),
        title: project.name.clone(),
        suffix: PROJECT_SUFFIX,
    };
    let titled: Vec<Titled> = projects.iter().map(titled).collect();
    let names = names::assign(&titled, &vfs.engine.journal().names(directory.key()));
    Ok(names.into_iter().zip(projects).collect())
}

/// What is in `archive/`.
pub(crate) async fn list(vfs: &Vfs, directory: &Directory) -> Result<Vec<(String, ArchivePlace)>> {
    let archived = archived(vfs, directory).await?.into_iter();
    Ok(archived.map(|(name, project)| (name, ArchivePlace::File(project.id))).collect())
}

/// What is there under this name.
pub(crate) async fn named(vfs: &Vfs, directory: &Directory, name: &OsStr) -> Result<ArchivePlace> {
    find(vfs, directory, name).await.map(|project| ArchivePlace::File(project.id))
}

async fn find(vfs: &Vfs, directory: &Directory, name: &OsStr) -> Result<RemoteProject> {
    let archived = archived(vfs, directory).await?;
    let found = archived.into_iter().find(|(known, _)| name == OsStr::new(known));
    found.map(|(_, project)| project).ok_or_else(no_entry)
}

/// How many bytes a file is known to have.
pub(crate) fn size(vfs: &Vfs, id: &ProjectId) -> Option<u64> {
    vfs.engine.known(id).filter(|project| project.is_known()).map(|project| project.size())
}

/// What a file holds.
pub(crate) async fn content(vfs: &Vfs, directory: &Directory, id: &ProjectId) -> Result<Vec<u8>> {
    let archived = archived(vfs, directory).await?.into_iter();
    let (_, found) = archived.into_iter().find(|(_, it)| it.id == *id).ok_or_else(no_entry)?;
    let text = read::text(&vfs.engine, &project(vfs, directory, &found)?).await?;
    Ok(text.to_vec())
}

/// Whether a file was of an archived project that is restored by now. The kernel has it for a moment under
/// the name that it was moved to, whatever else has that.
pub(crate) fn has_left(vfs: &Vfs, node: &ResourceNode) -> bool {
    let List::Archive(ArchivePlace::File(id)) = &node.at else { return false };
    let archived = node.directory.space().map(|folder| read::archived_in(&vfs.engine, folder));
    archived.is_some_and(|archived| archived.iter().all(|project| project.id != *id))
}

fn project(vfs: &Vfs, directory: &Directory, found: &RemoteProject) -> Result<Arc<Project>> {
    let folder = directory.space().ok_or_else(no_entry)?;
    Ok(registry::project(&vfs.engine, &found.id, folder, &found.name))
}

/// Restores a project to where its file is moved.
///
/// # Errors
/// What Taskade refuses it with: then it is archived still. [`Kind::Exists`] if another name than its
/// own is taken, [`Kind::NotPermitted`] outside all folders.
pub(crate) async fn move_out(
    vfs: &Arc<Vfs>,
    directory: &Directory,
    name: &OsStr,
    to: (Ino, &OsStr),
    target: RenameEnd,
) -> Result<()> {
    let found = find(vfs, directory, name).await?;
    let own_title =
        |name: &OsStr| name.to_str().and_then(names::title).as_ref() == Some(&found.name);
    let is_own = |there: &Directory| there == directory && (name == to.1 || own_title(to.1));
    let there = match &target {
        RenameEnd::Free(there) | RenameEnd::LeftBehind(there, _) | RenameEnd::Vacant(there, _) => {
            Some(there)
        }
        RenameEnd::Project(there, _) if is_own(there) => None,
        RenameEnd::Project(..) | RenameEnd::Space => {
            return Err(Error::new(Kind::Exists, "the name is taken").hint("move it to another"));
        }
        RenameEnd::Scratch => {
            return Err(Error::new(
                Kind::NotPermitted,
                "an archived project can be moved to the name of a project in a folder only",
            )
            .hint("copy it"));
        }
    };
    let project = project(vfs, directory, &found)?;
    bring_back(vfs, &project).await?;
    let Some(there) = there else {
        kernel_cache::invalidate_names(vfs, to.0, [to.1.to_owned()]);
        return Ok(());
    };
    let node = ResourceNode::new(directory, List::Archive(ArchivePlace::File(found.id.clone())));
    replace::displace(vfs, &target, to.1).await?;
    if is_own(there) {
        vfs.tree().set_local(there, to.1, LocalEntry::New(project.clone()));
    } else {
        replace::rename_free(vfs, None, &project, there, to.1).await?;
    }
    kernel_cache::become_project(vfs, &node, &project);
    Ok(())
}

/// Has a project restored. Refused, it is archived as before.
async fn bring_back(vfs: &Arc<Vfs>, project: &Arc<Project>) -> Result<()> {
    let restored = restore::restore(&vfs.engine, project, None).await?;
    restore::go_on(&vfs.engine, project);
    let Err(error) = accept::verdict(&vfs.engine, project, restored).await else { return Ok(()) };
    if let Err(error) = discard::discard(&vfs.engine, project).await {
        tracing::error!(%error, "a restoration that was refused waits still");
    }
    Err(error)
}
