//! Removals: how long a project whose file is gone waits for the rest of a save, and what it comes
//! to.
//!
//! Editors replace a file in two steps, so a project whose file was removed or renamed to scratch
//! waits for the grace. Whatever comes back in it takes the removal back; after it the project is
//! archived. The removal is in the journal before the program is told of it. Whoever takes a
//! removal off the list of those that wait decides what becomes of it, and nobody else does.

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
    sync::Arc,
};

use super::{
    SaveStatus, Vfs,
    inode::Directory,
    tree::{Local, Tree},
};
use crate::{
    clock::rfc3339,
    error::Result,
    sync::{GRACE, Project, Removing},
};

/// A project whose file is gone, until its grace is over.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    /// Tells this removal from a later one of the same name.
    pub(crate) ticket: u64,
    pub(crate) project: Arc<Project>,
    pub(crate) directory: Directory,
    pub(crate) name: OsString,
    /// Where its text went below scratch, if it was renamed.
    pub(crate) copy: Option<PathBuf>,
    /// Its row in the journal; `None` while it is written, and if there is nothing to be archived.
    pub(crate) row: Option<i64>,
    /// Whether listings do not show the project although it is not archived: another one has its
    /// name.
    pub(crate) hidden: bool,
}

impl Tree {
    /// Takes a removal off the list of those that wait. `None` if somebody has.
    fn claim(&mut self, ticket: u64) -> Option<Waiting> {
        let at = self.waiting.iter().position(|waiting| waiting.ticket == ticket)?;
        Some(self.waiting.remove(at))
    }

    fn is_vacated_by(&self, waiting: &Waiting) -> bool {
        matches!(self.local(&waiting.directory, &waiting.name),
            Some(Local::Vacant(ticket)) if *ticket == waiting.ticket)
    }
}

impl Vfs {
    /// Takes a project's name away, for now; `copy` is where its text went, if it was renamed. In
    /// the journal when this returns. What tells the removal from others.
    ///
    /// # Errors
    /// [`DeletionGuard`](crate::error::Kind::DeletionGuard) if too many were removed within the
    /// grace, [`Storage`](crate::error::Kind::Storage) if it cannot be journaled.
    pub(crate) async fn vacate(
        self: &Arc<Self>,
        directory: &Directory,
        name: &OsStr,
        project: &Arc<Project>,
        copy: Option<PathBuf>,
    ) -> Result<u64> {
        self.admit_removal(directory, name, project).await?;
        let beside = self.tree().waiting.iter().rev().find_map(|waiting| waiting.row);
        let burst = beside.map(|row| self.engine.burst_of(row));
        self.vacate_in(burst, directory, name, project, copy).await
    }

    /// As [`vacate`](Self::vacate), however many were removed; `burst` is the row of the first of
    /// those that are removed together.
    pub(crate) async fn vacate_in(
        self: &Arc<Self>,
        burst: Option<i64>,
        directory: &Directory,
        name: &OsStr,
        project: &Arc<Project>,
        copy: Option<PathBuf>,
    ) -> Result<u64> {
        let waiting = {
            let mut tree = self.tree();
            let waiting = Waiting {
                ticket: tree.ticket(),
                project: project.clone(),
                directory: directory.clone(),
                name: name.to_owned(),
                copy,
                row: None,
                hidden: false,
            };
            tree.set_local(directory, name, Local::Vacant(waiting.ticket));
            tree.waiting.push(waiting.clone());
            waiting
        };
        match self.journal_removal(&waiting, burst).await {
            Ok(row) => {
                let mut tree = self.tree();
                let noted = tree.waiting.iter_mut().find(|it| it.ticket == waiting.ticket);
                noted.into_iter().for_each(|noted| noted.row = row);
            }
            Err(error) => {
                let claimed = self.tree().claim(waiting.ticket);
                if let Some(waiting) = claimed {
                    self.reappear(&waiting).await;
                }
                return Err(error);
            }
        }
        self.begin_grace(waiting.ticket);
        Ok(waiting.ticket)
    }

    async fn journal_removal(&self, waiting: &Waiting, burst: Option<i64>) -> Result<Option<i64>> {
        let name = waiting.name.to_string_lossy();
        let is_workspace = matches!(waiting.directory, Directory::Workspace(_));
        let copy = waiting.copy.clone();
        let removing = Removing { name: &name, is_workspace, copy, burst };
        self.engine.note_removal(&waiting.project, removing).await
    }

    pub(crate) fn begin_grace(self: &Arc<Self>, ticket: u64) {
        let vfs = self.clone();
        tokio::spawn(async move {
            vfs.engine.clock().sleep(GRACE).await;
            vfs.settle_removal(ticket).await;
        });
    }

    /// The grace of a removal is over, if it waits still: the project is archived.
    pub(crate) async fn settle_removal(self: &Arc<Self>, ticket: u64) {
        let Some(waiting) = self.tree().claim(ticket) else { return };
        // The listing hides it before the name is free, so that it never flashes up.
        if let Err(error) = self.engine.conclude_removal(&waiting.project, waiting.row).await {
            tracing::error!(%error, "could not archive; the project is back");
            self.reappear(&waiting).await;
            return;
        }
        let parent = {
            let mut tree = self.tree();
            if !tree.is_vacated_by(&waiting) {
                return;
            }
            tree.take_local(&waiting.directory, &waiting.name);
            tree.known_directory(&waiting.directory)
        };
        if let Some(parent) = parent {
            self.tell_names(parent, [waiting.name]);
        }
    }

    /// Takes a removal off the list of those that wait, for whoever may yet
    /// [put it back](Self::wait_on). `None` if its grace is over, or somebody has.
    pub(crate) fn claim(&self, ticket: u64) -> Option<Waiting> {
        self.tree().claim(ticket)
    }

    /// A removal that was claimed waits on: it was not taken back after all.
    pub(crate) fn wait_on(self: &Arc<Self>, waiting: Waiting) {
        let ticket = waiting.ticket;
        self.tree().waiting.push(waiting);
        self.begin_grace(ticket);
    }

    /// Takes a removal back that was claimed: the project has its name again, unless another one
    /// has that by now.
    ///
    /// # Errors
    /// If the journal cannot note it; then it waits on.
    pub(crate) async fn take_back(self: &Arc<Self>, waiting: Waiting) -> Result<Arc<Project>> {
        if let Some(row) = waiting.row
            && let Err(error) = self.engine.forget_removal(row).await
        {
            self.wait_on(waiting);
            return Err(error);
        }
        self.reappear(&waiting).await;
        Ok(waiting.project)
    }

    /// Gives a removed project its name again.
    async fn reappear(&self, waiting: &Waiting) {
        if waiting.hidden
            && let Some(id) = waiting.project.id()
            && let Err(error) = self.engine.hide(&id, false).await
        {
            tracing::error!(%error, "a project that is back is not listed yet");
        }
        let mut tree = self.tree();
        if !tree.is_vacated_by(waiting) {
            return;
        }
        tree.take_local(&waiting.directory, &waiting.name);
        if waiting.project.id().is_none() {
            let local = Local::New(waiting.project.clone());
            tree.set_local(&waiting.directory, &waiting.name, local);
        }
    }

    /// As [`take_back`](Self::take_back), for what the kernel does not know of.
    pub(crate) async fn take_back_and_tell(self: &Arc<Self>, waiting: Waiting) -> Result<()> {
        let (directory, name) = (waiting.directory.clone(), waiting.name.clone());
        self.take_back(waiting).await?;
        let parent = self.tree().known_directory(&directory);
        if let Some(parent) = parent {
            self.tell_names(parent, [name]);
        }
        Ok(())
    }

    /// Another project is to have the name of one that waits: listings show that one no longer.
    ///
    /// # Errors
    /// If the journal cannot note it.
    pub(crate) async fn hide_waiting(&self, ticket: u64) -> Result<()> {
        let project = {
            let mut tree = self.tree();
            let Some(waiting) = tree.waiting.iter_mut().find(|it| it.ticket == ticket) else {
                return Ok(());
            };
            waiting.hidden = true;
            waiting.project.clone()
        };
        match project.id() {
            Some(id) => self.engine.hide(&id, true).await,
            None => Ok(()),
        }
    }

    /// The removals that a former mount journaled and whose grace it did not see the end of wait
    /// again. `recovered` are the projects that the journal has saves of.
    pub(crate) fn resume_removals(self: &Arc<Self>, recovered: &[Arc<Project>]) {
        let removals: Vec<_> = {
            let removals = self.engine.removals.lock();
            removals.iter().filter(|removal| !removal.archived).cloned().collect()
        };
        for removal in removals {
            let is_it = |project: &&Arc<Project>| {
                project.id().is_none()
                    && project.folder() == removal.folder
                    && project.title() == removal.title
            };
            let project = match &removal.project {
                Some(id) => self.engine.project(id, &removal.folder, &removal.title),
                None => match recovered.iter().find(is_it) {
                    Some(project) => project.clone(),
                    None => continue,
                },
            };
            let space = removal.folder.clone();
            let directory = match removal.is_workspace {
                true => Directory::Workspace(space),
                false => Directory::Folder(space),
            };
            let name = OsString::from(removal.name);
            let ticket = {
                let mut tree = self.tree();
                let ticket = tree.ticket();
                tree.set_local(&directory, &name, Local::Vacant(ticket));
                tree.waiting.push(Waiting {
                    ticket,
                    project,
                    directory,
                    name,
                    copy: removal.copy,
                    row: Some(removal.row),
                    hidden: false,
                });
                ticket
            };
            self.begin_grace(ticket);
        }
    }

    /// How it stands with what waits for its grace.
    pub(crate) fn waiting_removals(&self) -> Vec<SaveStatus> {
        let waiting = self.tree().waiting.clone();
        let status = |waiting: &Waiting| {
            let row = waiting.row?;
            let removals = self.engine.removals.lock();
            let since = removals.iter().find(|removal| removal.row == row)?.time;
            drop(removals);
            let (id, folder) = (waiting.project.id(), waiting.project.folder());
            Some(SaveStatus {
                path: self.engine.path_of(id.as_ref(), &folder, &waiting.project.title()),
                state: "pending",
                kind: "removal",
                reason: None,
                since: rfc3339(since),
            })
        };
        waiting.iter().filter_map(status).collect()
    }

    /// Every grace is over.
    pub(crate) async fn settle_removals(self: &Arc<Self>) {
        let tickets: Vec<u64> = self.tree().waiting.iter().map(|waiting| waiting.ticket).collect();
        for ticket in tickets {
            self.settle_removal(ticket).await;
        }
    }
}
