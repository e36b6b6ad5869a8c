//! What the command line asks of a mount.

use std::{path::Path, sync::Arc};

use serde_json::Value;
use tokio::sync::watch;

use crate::{
    agenda::Gathered,
    error::Result,
    sync::{DetailQuery, Exported, HistoryEntry, Transferred},
    vfs::{
        agenda,
        bundles::{self, ImportOutcome},
        control,
        details_below::{self, AskedDetails},
        history, rejected, rejected_removals, resolve, rest, share,
        status::Status,
        types::Ino,
        volume::Vfs,
    },
};

impl Vfs {
    /// What is known of the tasks of a project, or of those below a directory; of all with `None`.
    /// No request is made. Blocks.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::error::Kind::NotFound) if nothing is known to be there, [`Kind::Storage`](crate::error::Kind::Storage) if the journal cannot
    /// be read.
    pub fn agenda(&self, path: Option<&Path>) -> Result<Gathered> {
        agenda::agenda(self, path)
    }

    /// Removes the files at and below a path relative to the mount whose removal was refused: it
    /// was meant. They are one group. How many.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::error::Kind::NotFound) if no removal was refused there, otherwise as archiving.
    pub async fn retry_removals(self: &Arc<Self>, path: &Path) -> Result<usize> {
        rejected_removals::retry_removals(self, path).await
    }

    /// Forgets that removals at and below a path were refused. How many.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::error::Kind::NotFound) if none was, otherwise if the journal cannot note it.
    pub async fn discard_removals(&self, path: &Path) -> Result<usize> {
        rejected_removals::discard_removals(self, path).await
    }

    /// How it stands.
    pub fn status(&self) -> Status {
        control::status(self)
    }

    /// The inode at a path relative to the mount. As for the kernel after a lookup, it lives until
    /// it is forgotten.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::error::Kind::NotFound) if there is none.
    pub async fn resolve(&self, path: &Path) -> Result<Ino> {
        resolve::resolve(self, path).await
    }

    /// Asks for the details of the tasks of a project, or of all that are below a directory, and
    /// tells after every answer how far it has come. Dropped half way, it goes on from there the
    /// next time.
    ///
    /// # Errors
    /// [`Kind::Invalid`](crate::error::Kind::Invalid) if it is neither, or what reading or asking failed with.
    pub async fn ask_details(
        &self,
        ino: Ino,
        query: &DetailQuery,
        on_progress: &(dyn Fn(AskedDetails) + Send + Sync),
    ) -> Result<AskedDetails> {
        details_below::ask_details(self, ino, query, on_progress).await
    }

    /// Exports the workspace or folder at a path relative to the mount to a file at an absolute path,
    /// which gets this mode if it is not there, and tells how far it has come. Dropped half way, it has
    /// changed nothing.
    ///
    /// # Errors
    /// What Taskade refuses with, what came in the way, or what the disk does.
    pub async fn export_bundle(
        &self,
        path: &Path,
        file: &Path,
        mode: u32,
        progress: &watch::Sender<Transferred>,
    ) -> Result<Exported> {
        bundles::export(self, path, (file, mode), progress).await
    }

    /// Imports a file at an absolute path into the workspace at a path relative to the mount, and tells
    /// how far it has come. Dropped, or with nobody told any more, before all of it is sent, it has
    /// changed nothing.
    ///
    /// # Errors
    /// If nothing was made: the file is no bundle, or Taskade refuses it.
    pub async fn import_bundle(
        self: &Arc<Self>,
        path: &Path,
        file: &Path,
        progress: &watch::Sender<Transferred>,
    ) -> Result<ImportOutcome> {
        bundles::import(self, path, file, progress).await
    }

    /// The share links of the project at a path relative to the mount, null if it has none; `create`
    /// makes them, which cannot be taken back here.
    ///
    /// # Errors
    /// [`Kind::Invalid`](crate::error::Kind::Invalid) if no project is there, otherwise what Taskade refuses with.
    pub async fn share_links(&self, path: &Path, create: bool) -> Result<Value> {
        share::links(self, path, create).await
    }

    /// How many requests a minute are to spare for what nobody waits for, if the service has told
    /// of a limit: `None` if it has none, or has not told.
    pub fn spare_requests(&self) -> Option<u32> {
        details_below::spare_requests(self)
    }

    /// Settles what waits for its grace, then waits until no save is on its way, but no longer
    /// than `wait`.
    pub async fn rest(self: &Arc<Self>, wait: std::time::Duration) {
        rest::rest(self, wait).await
    }

    /// Lists the workspaces, if they were never listed.
    ///
    /// # Errors
    /// What that failed with.
    pub async fn first_look(&self) -> Result<()> {
        rest::first_look(self).await
    }

    /// What was done, newest first: at most `most`, of one project or below a directory, or of all.
    ///
    /// # Errors
    /// [`Kind::Invalid`](crate::error::Kind::Invalid) if the inode is neither, [`Kind::Storage`](crate::error::Kind::Storage) if the journal cannot be read.
    pub async fn history(&self, ino: Option<Ino>, most: usize) -> Result<Vec<HistoryEntry>> {
        history::history(self, ino, most).await
    }

    /// As [`history`](Self::history), at and below a path relative to the mount, whether anything
    /// is there now or not.
    ///
    /// # Errors
    /// As [`history`](Self::history).
    pub async fn history_at(&self, path: Option<&Path>, most: usize) -> Result<Vec<HistoryEntry>> {
        history::history_at(self, path, most).await
    }

    /// Takes back what was done last of one project or below a directory, or of all. What it was.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::error::Kind::NotFound) if there is nothing, EBUSY if it cannot be taken back yet, and otherwise
    /// as a save.
    pub async fn undo(self: &Arc<Self>, ino: Option<Ino>) -> Result<HistoryEntry> {
        history::undo(self, ino).await
    }

    /// What [`undo_at`](Self::undo_at) would take back: one action, or what was removed together.
    ///
    /// # Errors
    /// As [`undo`](Self::undo), before anything is done.
    pub async fn undoable_at(&self, path: Option<&Path>) -> Result<Vec<HistoryEntry>> {
        history::undoable_at(self, path).await
    }

    /// Takes back what was done last at and below a path relative to the mount, whether anything is
    /// there now or not. With `expected` only if that is still the last. What it was.
    ///
    /// # Errors
    /// As [`undo`](Self::undo).
    pub async fn undo_at(
        self: &Arc<Self>,
        path: Option<&Path>,
        expected: Option<i64>,
    ) -> Result<Vec<HistoryEntry>> {
        history::undo_at(self, path, expected).await
    }

    /// Tries the refused save of a project again; with `allow_delete` however much it deletes.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::error::Kind::NotFound) if nothing was refused; otherwise as a save.
    pub async fn retry(&self, ino: Ino, allow_delete: bool) -> Result<()> {
        rejected::retry(self, ino, allow_delete).await
    }

    /// Gives the refused save of a project up. A project that was never created is gone then.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::error::Kind::NotFound) if nothing was refused, [`Kind::Storage`](crate::error::Kind::Storage) if it cannot be noted.
    pub async fn discard(&self, ino: Ino) -> Result<()> {
        rejected::discard(self, ino).await
    }
}
