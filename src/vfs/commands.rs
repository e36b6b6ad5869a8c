//! What the command line asks of a mount.

use std::{path::Path, sync::Arc};

use serde_json::Value;
use tokio::sync::watch;

use crate::{
    agenda::Gathered,
    error::Result,
    ids::ProjectId,
    sync::{DetailQuery, Exported, HistoryEntry, Transferred, write::token_change},
    task_list::TaskFilter,
    vfs::{
        agenda,
        bundles::{self, ImportOutcome},
        control,
        details_below::{self, AskedDetails},
        edits::{self, Edited, TaskChoice},
        history,
        lookups::{self, ListedTasks, Whereabouts},
        plain_files::{self, EditedFrom, PlainTree, Snapshot},
        read_below::ReadSoFar,
        rejected, rejected_removals, resolve, rest, share,
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

    /// Somebody has logged in: if another token counts now than one that was refused, what was refused
    /// for it goes on. How much there is of that; one request.
    ///
    /// # Errors
    /// What the service says of the token.
    pub async fn look_for_token(&self) -> Result<usize> {
        token_change::look(&self.engine).await
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

    /// Adds lines at the end of the project at a path relative to the mount.
    ///
    /// # Errors
    /// As a save; what is refused here leaves nothing behind.
    pub async fn add(self: &Arc<Self>, path: &Path, lines: &str) -> Result<Edited> {
        edits::add(self, path, lines).await
    }

    /// Ticks a task of the project at a path relative to the mount.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::error::Kind::NotFound) if there is no such task, [`Kind::Invalid`](crate::error::Kind::Invalid) if it is not clear which is
    /// meant, otherwise as a save.
    pub async fn tick(self: &Arc<Self>, path: &Path, task: &TaskChoice) -> Result<Edited> {
        edits::tick(self, path, task).await
    }

    /// What saving this text as the project at a path relative to the mount would send, a line for each
    /// request; without a text, what waits or was refused there.
    ///
    /// # Errors
    /// What the save would be refused with before anything is sent.
    pub async fn planned(self: &Arc<Self>, path: &Path, text: Option<&str>) -> Result<Vec<String>> {
        edits::planned(self, path, text).await
    }

    /// The tasks that are wanted of those at and below a path relative to the mount, in order. Tells after
    /// each project how far it has come.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::error::Kind::NotFound) if nothing is there, or what reading failed with.
    pub async fn tasks_below(
        self: &Arc<Self>,
        path: &Path,
        filter: &TaskFilter,
        on_progress: &(dyn Fn(ReadSoFar) + Send + Sync),
    ) -> Result<ListedTasks> {
        lookups::tasks_below(self, path, filter, on_progress).await
    }

    /// What a file at a path relative to the mount says.
    ///
    /// # Errors
    /// As opening and reading it.
    pub async fn content_at(self: &Arc<Self>, path: &Path) -> Result<Vec<u8>> {
        lookups::content_at(self, path).await
    }

    /// What Taskade has at a path relative to the mount.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::error::Kind::NotFound) if it has nothing there, or not yet.
    pub async fn whereabouts(&self, path: &Path) -> Result<Whereabouts> {
        lookups::whereabouts(self, path).await
    }

    /// The projects at and below a path relative to the mount, to be written as plain files elsewhere. Tells
    /// after each how far it has come.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::error::Kind::NotFound) if nothing is there, or what reading failed with.
    pub async fn files_below(
        self: &Arc<Self>,
        path: &Path,
        on_progress: &(dyn Fn(ReadSoFar) + Send + Sync),
    ) -> Result<PlainTree> {
        plain_files::files_below(self, path, on_progress).await
    }

    /// What is to be written elsewhere of the project at a path relative to the mount, as it is known.
    ///
    /// # Errors
    /// If there is none.
    pub async fn snapshot(self: &Arc<Self>, path: &Path) -> Result<Snapshot> {
        plain_files::snapshot(self, path).await
    }

    /// Saves a text that was edited elsewhere as the project at a path relative to the mount, if it is the
    /// one with this id. The modes are whether it may delete much, and whether nothing is to be saved. The
    /// requests in words, and what became of it.
    ///
    /// # Errors
    /// As a save; what is refused here leaves nothing behind.
    pub async fn save_edited(
        self: &Arc<Self>,
        project: (&Path, Option<&ProjectId>),
        from: EditedFrom,
        text: &str,
        modes: (bool, bool),
    ) -> Result<(Vec<String>, Edited)> {
        plain_files::save_edited(self, project, from, text, modes).await
    }

    /// Creates a project that was made elsewhere.
    ///
    /// # Errors
    /// [`Kind::Exists`](crate::error::Kind::Exists) if there is one of this name, otherwise as a save.
    pub async fn create_edited(self: &Arc<Self>, path: &Path, text: &str) -> Result<Edited> {
        plain_files::create_edited(self, path, text).await
    }

    /// Renames or moves a project that was renamed or moved elsewhere.
    ///
    /// # Errors
    /// [`Kind::Exists`](crate::error::Kind::Exists) if another project has the name, otherwise as a renaming.
    pub async fn rename_edited(self: &Arc<Self>, from: &Path, to: &Path) -> Result<()> {
        plain_files::rename_edited(self, from, to).await
    }

    /// Archives a project whose file was removed elsewhere.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::error::Kind::NotFound) if there is none with this id, otherwise as a removal.
    pub async fn remove_edited(self: &Arc<Self>, path: &Path, id: &ProjectId) -> Result<()> {
        plain_files::remove_edited(self, path, id).await
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
