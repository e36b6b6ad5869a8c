//! Asking for the details of what is below a path.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use super::{
    Vfs,
    directory::Entry,
    inode::{Directory, Node},
    types::Ino,
};
use crate::{
    error::{Error, Kind, Result},
    sync::{Asking, Project},
};

/// How far an asking has come, in requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// How many were answered.
    pub done: usize,
    /// How many there are to be; those for the projects themselves are not among them.
    pub total: usize,
}

impl Vfs {
    /// Asks for the details of the tasks of a project, or of all that are below a directory, and
    /// tells after every answer how far it has come. Dropped half way, it goes on from there the
    /// next time.
    ///
    /// # Errors
    /// [`Kind::Invalid`] if it is neither, or what reading or asking failed with.
    pub async fn ask_details(
        &self,
        ino: Ino,
        asking: &Asking,
        told: &(dyn Fn(Asked) + Send + Sync),
    ) -> Result<Asked> {
        let projects = match self.node(ino)? {
            Node::Project(project) => vec![project],
            Node::Directory { directory, .. } => self.projects_below(directory).await?,
            Node::Scratch(_) | Node::Place(_) => {
                return Err(Error::new(Kind::Invalid, "not a project, folder or workspace"));
            }
        };
        let mut total = 0;
        for project in &projects {
            self.engine.read(project).await?;
            total += self.engine.asking_takes(project, asking).await;
        }
        let done = AtomicUsize::new(0);
        let how_far = || Asked { done: done.load(Ordering::Relaxed), total };
        told(how_far());
        for project in &projects {
            let answered = || {
                done.fetch_add(1, Ordering::Relaxed);
                told(how_far());
            };
            self.engine.ask_details(project, asking, &answered).await?;
        }
        Ok(how_far())
    }

    /// How many requests a minute are to spare for what nobody waits for, if the service has told
    /// of a limit: `None` if it has none, or has not told.
    pub fn spare_requests(&self) -> Option<u32> {
        self.engine.budget()?.spare
    }

    /// The projects in a directory and in those below it.
    pub(crate) async fn projects_below(&self, top: Directory) -> Result<Vec<Arc<Project>>> {
        let mut projects = Vec::new();
        let mut waiting = vec![top];
        while let Some(directory) = waiting.pop() {
            let entries = self.entries(&directory).await?;
            for (_, entry) in &entries.in_order {
                match entry {
                    Entry::Space(space) => waiting.push(super::directory::child(&directory, space)),
                    Entry::Project(listed) => {
                        projects.push(self.listed_project(&directory, listed)?);
                    }
                }
            }
        }
        Ok(projects)
    }
}
