//! Looking back at what was done below the mount, and undoing it.

use std::sync::Arc;

use super::{Vfs, types::Ino};
use crate::{
    error::{Error, Kind, Result},
    ids::ProjectId,
    sync::HistoryEntry,
};

impl Vfs {
    /// What was done, newest first: at most `most`, of one project or of all.
    ///
    /// # Errors
    /// [`Kind::Invalid`] if the inode is no project, [`Kind::Storage`] if the journal cannot be
    /// read.
    pub async fn history(&self, ino: Option<Ino>, most: usize) -> Result<Vec<HistoryEntry>> {
        let project = ino.map(|ino| self.id_of(ino)).transpose()?;
        self.engine.history(project, most).await
    }

    /// Undoes the newest deed that is not undone yet, of one project or of all. What was undone.
    ///
    /// # Errors
    /// [`Kind::NotFound`] if there is none, EBUSY while a save of the project is on its way, and
    /// otherwise as a save.
    pub async fn undo(self: &Arc<Self>, ino: Option<Ino>) -> Result<HistoryEntry> {
        self.check_writable()?;
        let project = ino.map(|ino| self.id_of(ino)).transpose()?;
        let undone = self.engine.undo(project).await?;
        if let Some(project) = self.engine.known(&undone.project) {
            // What shows it from now on is the listing.
            self.drop_new(&project);
        }
        Ok(undone)
    }

    fn id_of(&self, ino: Ino) -> Result<ProjectId> {
        self.node(ino)?;
        let project =
            self.project_of(ino).ok_or_else(|| Error::new(Kind::Invalid, "not a project"))?;
        project.id().ok_or_else(|| Error::new(Kind::NotFound, "it is not created yet"))
    }
}
