//! Asking for the details of what is below a path.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use crate::{
    error::{Error, Kind, Result},
    sync::{
        DetailQuery, Project,
        read::{details, open},
    },
    vfs::{
        directory,
        inode::Node,
        tree::entries::Entry,
        types::{Directory, Ino},
        volume::Vfs,
    },
};

/// How far an asking has come, in requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskedDetails {
    /// How many were answered.
    pub done: usize,
    /// How many there are to be; those for the projects themselves are not among them.
    pub total: usize,
}

/// Asks for the details of the tasks of a project, or of all that are below a directory, and
/// tells after every answer how far it has come. Dropped half way, it goes on from there the
/// next time.
///
/// # Errors
/// [`Kind::Invalid`] if it is neither, or what reading or asking failed with.
pub(crate) async fn ask_details(
    vfs: &Vfs,
    ino: Ino,
    query: &DetailQuery,
    on_progress: &(dyn Fn(AskedDetails) + Send + Sync),
) -> Result<AskedDetails> {
    let projects = match vfs.node(ino)? {
        Node::Project(project) => vec![project],
        Node::Directory { directory, .. } => projects_below(vfs, directory).await?,
        Node::Scratch(_) | Node::Resource(_) => {
            return Err(Error::new(Kind::Invalid, "not a project, folder or workspace"));
        }
    };
    let mut total = 0;
    for project in &projects {
        open::read(&vfs.engine, project).await?;
        total += details::detail_request_count(&vfs.engine, project, query).await;
    }
    let done = AtomicUsize::new(0);
    let how_far = || AskedDetails { done: done.load(Ordering::Relaxed), total };
    on_progress(how_far());
    for project in &projects {
        let answered = || {
            done.fetch_add(1, Ordering::Relaxed);
            on_progress(how_far());
        };
        details::ask_details(&vfs.engine, project, query, &answered).await?;
    }
    Ok(how_far())
}

/// How many requests a minute are to spare for what nobody waits for, if the service has told
/// of a limit: `None` if it has none, or has not told.
pub(crate) fn spare_requests(vfs: &Vfs) -> Option<u32> {
    vfs.engine.budget()?.spare
}

/// The projects in a directory and in those below it.
pub(crate) async fn projects_below(vfs: &Vfs, top: Directory) -> Result<Vec<Arc<Project>>> {
    let mut projects = Vec::new();
    let mut waiting = vec![top];
    while let Some(directory) = waiting.pop() {
        let entries = directory::entries(vfs, &directory).await?;
        for (_, entry) in &entries.in_order {
            match entry {
                Entry::Space(space) => {
                    waiting.push(crate::vfs::directory::child(&directory, space))
                }
                Entry::Project(listed) => {
                    projects.push(directory::listed_project(vfs, &directory, listed)?);
                }
            }
        }
    }
    Ok(projects)
}
