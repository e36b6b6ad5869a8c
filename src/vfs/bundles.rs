//! Whole workspaces and folders to files, and files to projects of a workspace: what came is what is
//! new in the listings afterwards, by its path.

use std::{collections::HashSet, path::Path, sync::Arc};

use serde::Serialize;
use tokio::sync::oneshot;

use crate::{
    api::{Installed, Priority},
    error::{Error, Kind, Result},
    ids::{ProjectId, SpaceId},
    sync::{
        Exported, TransferWatch, Transferred,
        bundle::{
            export,
            import::{self, Checked},
        },
        leaf::known_listings::Which,
        read::directories,
    },
    vfs::{
        directory::{self, Found},
        paths, resolve,
        tree::entries::Entry,
        types::Directory,
        volume::Vfs,
    },
};

/// What became of an import that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportOutcome {
    /// What Taskade says that it made; `None` if its answer was lost.
    pub installed: Option<Installed>,
    /// Why its answer was lost. What was sent may have been taken then, or not.
    pub lost: Option<String>,
    /// How many projects the bundle has, where that can be counted.
    pub expected: Option<usize>,
    /// The projects that are new in the listings, relative to the mount.
    pub projects: Vec<String>,
    /// Why it could not be looked which they are.
    pub unlisted: Option<String>,
}

/// Exports the workspace or folder at a path relative to the mount to a file at an absolute path, which
/// gets this mode if it is not there. What was exported.
///
/// # Errors
/// If there is no workspace or folder, and as [`export::export`].
pub(crate) async fn export(
    vfs: &Vfs,
    path: &Path,
    file: (&Path, u32),
    progress: &TransferWatch,
) -> Result<Exported> {
    let directory = directory_at(vfs, path).await?;
    let space = directory.space().ok_or_else(|| {
        Error::new(Kind::Invalid, "Taskade exports a workspace or a folder, not all of them")
            .hint("name a directory in the mount")
    })?;
    export::export(&vfs.engine, space, file, progress).await
}

/// Imports a file at an absolute path into the workspace at a path relative to the mount. Dropped before
/// all of it is sent, it has changed nothing; from then on it goes on to its end by itself.
///
/// # Errors
/// If nothing was made: the file is no bundle, or Taskade refuses it.
pub(crate) async fn import(
    vfs: &Arc<Vfs>,
    path: &Path,
    file: &Path,
    progress: &TransferWatch,
) -> Result<ImportOutcome> {
    vfs.check_writable()?;
    let file = file.to_owned();
    let checked = tokio::task::spawn_blocking(move || import::check(&file)).await;
    let checked = checked.map_err(|error| {
        Error::new(Kind::Storage, "the bundle cannot be looked at").because(error)
    })??;
    let directory = directory_at(vfs, path).await?;
    let Directory::Workspace(workspace) = &directory else {
        let error = Error::new(Kind::Invalid, "Taskade imports into workspaces only")
            .hint("name the workspace: the first directory in the mount");
        return Err(match directory {
            Directory::Root => error,
            _ => error.at(path.display().to_string()),
        });
    };
    vfs.check_space_writable(&directory).map_err(|error| error.at(path.display().to_string()))?;
    vfs.check_space_writable(&directory).map_err(|error| error.at(path.display().to_string()))?;
    progress.send_replace(Transferred { waits: true, ..Transferred::default() });
    import::wait_for_turn(&vfs.engine).await;
    progress.send_replace(Transferred::default());
    let before = Before::of(vfs, workspace).await?;
    let expected = checked.contents.projects;
    let sent = send(vfs, workspace, checked, progress).await;
    let (installed, lost) = match sent {
        Ok(installed) => (Some(installed), None),
        Err(error) if error.kind().is_certain() => {
            return Err(error.at(path.display().to_string()));
        }
        Err(error) => (None, Some(error.to_string())),
    };
    let (projects, unlisted) = match before.new_projects(vfs, workspace).await {
        Ok(paths) => (paths, None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    Ok(ImportOutcome { installed, lost, expected, projects, unlisted })
}

/// Sends it, whether or not anybody waits for the answer: the mount does not end before.
async fn send(
    vfs: &Arc<Vfs>,
    workspace: &SpaceId,
    checked: Checked,
    progress: &TransferWatch,
) -> Result<Installed> {
    let (engine, workspace, progress) = (vfs.engine.clone(), workspace.clone(), progress.clone());
    let (sender, answer) = oneshot::channel();
    let busy = vfs.engine.tasks.busy();
    vfs.engine.tasks.spawn("importing a bundle", async move {
        let _busy = busy;
        let sent = import::send(&engine, &workspace, &checked, &progress).await;
        if let Err(Err(error)) = sender.send(sent) {
            tracing::warn!(%error, "an import that nobody waits for any more");
        }
    });
    let died = |_| Error::new(Kind::Ambiguous, "the import died before it was answered");
    answer.await.map_err(died)?
}

/// The directory of Taskade at a path relative to the mount.
async fn directory_at(vfs: &Vfs, path: &Path) -> Result<Directory> {
    match resolve::find(vfs, path).await? {
        Found::Directory(directory) => Ok(directory),
        Found::Project(_) => Err(Error::new(Kind::NotDirectory, "it is a project")
            .at(path.display().to_string())
            .hint("name the folder that it is in")),
        Found::Elsewhere | Found::Nothing => {
            Err(Error::new(Kind::NotFound, "there is no workspace and no folder of this name")
                .at(path.display().to_string()))
        }
    }
}

/// What a workspace had before.
struct Before {
    folders: HashSet<SpaceId>,
    projects: HashSet<ProjectId>,
}

impl Before {
    /// What it has now: two requests, as others may have made something a moment ago.
    async fn of(vfs: &Vfs, workspace: &SpaceId) -> Result<Self> {
        list(vfs, workspace).await?;
        let listed = vfs.engine.listings.assemble(Some(workspace), true);
        let projects = vfs.engine.listings.project_ids(workspace).unwrap_or_default();
        Ok(Self { folders: listed.spaces.iter().map(|it| it.id.clone()).collect(), projects })
    }

    /// The paths of the projects that are there now and were not before, in the workspace itself and in
    /// folders that are new: two requests, and one for each of those.
    async fn new_projects(&self, vfs: &Vfs, workspace: &SpaceId) -> Result<Vec<String>> {
        list(vfs, workspace).await?;
        let top = Directory::Workspace(workspace.clone());
        let entries = directory::entries(vfs, &top).await?;
        let mut found = Vec::new();
        for (name, entry) in &entries.in_order {
            match entry {
                Entry::Project(project) if !self.projects.contains(&project.id) => {
                    found.extend(paths::below(vfs, &top, name));
                }
                Entry::Space(space) if !self.folders.contains(&space.id) => {
                    let folder = directory::child(&top, space);
                    let inside = directory::entries(vfs, &folder).await?;
                    let names = inside.in_order.iter().map(|(name, _)| name);
                    found.extend(names.filter_map(|name| paths::below(vfs, &folder, name)));
                }
                Entry::Project(_) | Entry::Space(_) => {}
            }
        }
        found.sort();
        Ok(found)
    }
}

/// Lists what is in a workspace now, however young what is known of it is.
async fn list(vfs: &Vfs, workspace: &SpaceId) -> Result<()> {
    let (folders, projects) =
        (Which::Folders(workspace.clone()), Which::Projects(workspace.clone()));
    tokio::try_join!(
        directories::list_anew(&vfs.engine, &folders, Priority::Foreground),
        directories::list_anew(&vfs.engine, &projects, Priority::Foreground),
    )?;
    Ok(())
}
