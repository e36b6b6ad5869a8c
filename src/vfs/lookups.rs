//! What commands ask of what is at a path, and below it: tasks, what a file says, what Taskade calls it.

use std::{path::Path, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Kind, Result},
    ids::{ProjectId, SpaceId},
    sync::{presence, read::resources},
    task_list::{self, ListedProject, ListedTask, TaskFilter},
    vfs::{
        directory::Found,
        process::NOBODY,
        read_below::{self, OnProgress, ReadProject},
        resolve,
        types::{Directory, Fh, OpenMode},
        volume::Vfs,
    },
};

/// How many bytes of a file are read at once.
const CHUNK: usize = 1 << 20;

/// The tasks of a list, and how much is known of all that were looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ListedTasks {
    /// The tasks that are wanted, in the order of directories and files.
    pub tasks: Vec<ListedTask>,
    /// How many tasks are not done, wanted or not.
    pub open: usize,
    /// Of how many of those it is known whether and when they are due.
    pub dated: usize,
    /// Of how many of those it is known who does them.
    pub assigned: usize,
    /// How many projects are as they were read before, since Taskade is not to be had.
    pub stale: usize,
    /// Why it is not.
    pub trouble: Option<String>,
}

/// What Taskade has at a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Whereabouts {
    /// All workspaces.
    Root,
    /// A workspace or a folder.
    Space(SpaceId),
    /// A project.
    Project(ProjectId),
}

pub(crate) async fn tasks_below(
    vfs: &Arc<Vfs>,
    path: &Path,
    filter: &TaskFilter,
    on_progress: &OnProgress<'_>,
) -> Result<ListedTasks> {
    let mut listed = ListedTasks::default();
    let mut on_read = |read: ReadProject| {
        for item in read.outline.items.iter().filter(|item| !item.done) {
            let parts = item.details.parts();
            listed.open += 1;
            listed.dated += usize::from(parts.date.is_known());
            listed.assigned += usize::from(parts.assignees.complete);
        }
        listed.stale += usize::from(read.is_stale);
        let project = ListedProject {
            path: &read.path.to_string_lossy(),
            id: read.id.as_ref(),
            title: &read.title,
            outline: &read.outline,
            format: &read.format,
            text: &read.text,
        };
        listed.tasks.extend(task_list::tasks(project).filter(|task| filter.wants(task)));
    };
    read_below::read_below(vfs, path, on_progress, &mut on_read).await?;
    listed.trouble = presence::trouble(&vfs.engine).filter(|_| listed.stale > 0);
    Ok(listed)
}

pub(crate) async fn content_at(vfs: &Arc<Vfs>, path: &Path) -> Result<Vec<u8>> {
    let shown = || path.display().to_string();
    if let Found::Project(project) = resolve::find(vfs, path).await? {
        let content = read_below::read_current(vfs, &project).await;
        return content.map(|it| it.text.to_vec()).map_err(|error| error.at(shown()));
    }
    let ino = resolve::resolve(vfs, path).await?;
    let read = async {
        let mode = OpenMode { read: true, write: false, append: false, truncate: false };
        let opened = vfs.open(ino, mode, NOBODY).await?;
        let read = read_all(vfs, opened.fh).await;
        vfs.release(opened.fh).await?;
        read
    };
    let read = read.await;
    vfs.forget(ino, 1);
    read.map_err(|error| error.at(shown()))
}

async fn read_all(vfs: &Vfs, fh: Fh) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let chunk = vfs.read(fh, content.len() as u64, CHUNK).await?;
        if chunk.is_empty() {
            return Ok(content);
        }
        content.extend(chunk);
    }
}

pub(crate) async fn whereabouts(vfs: &Vfs, path: &Path) -> Result<Whereabouts> {
    let shown = || path.display().to_string();
    Ok(match resolve::find(vfs, path).await? {
        Found::Directory(Directory::Root) => Whereabouts::Root,
        Found::Directory(Directory::Workspace(id) | Directory::Folder(id)) => {
            Whereabouts::Space(id)
        }
        Found::Project(project) => {
            let id = resources::created(&project).map_err(|error| error.at(shown()))?;
            Whereabouts::Project(id)
        }
        Found::Elsewhere | Found::Nothing => {
            return Err(Error::new(Kind::NotFound, "Taskade has nothing there").at(shown()));
        }
    })
}
