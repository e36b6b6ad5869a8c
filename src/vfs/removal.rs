//! Removals: how long a project whose file is gone waits for the rest of a save, and what it comes
//! to.
//!
//! Editors replace a file in two steps, so a project whose file was removed or renamed to scratch
//! waits for the grace. Whatever comes back in it takes the removal back; after it the project is
//! archived. The removal is in the journal before the program is told of it. Whoever takes a
//! removal off the list of those that wait decides what becomes of it, and nobody else does.

use std::{ffi::OsString, sync::Arc};

use crate::{
    clock::rfc3339,
    error::Result,
    sync::{GRACE, Project, hiding, locate, read::registry, upload::archive},
    vfs::{
        kernel_cache,
        status::SaveStatus,
        tree::{
            inner::{LocalEntry, MountTree},
            waiting::Waiting,
        },
        types::Directory,
        volume::Vfs,
    },
};

impl MountTree {
    /// Takes a removal off the list of those that wait. `None` if somebody has.
    pub(crate) fn claim(&mut self, ticket: u64) -> Option<Waiting> {
        let at = self.waiting.iter().position(|waiting| waiting.ticket == ticket)?;
        Some(self.waiting.remove(at))
    }

    pub(crate) fn is_vacated_by(&self, waiting: &Waiting) -> bool {
        matches!(self.local(&waiting.directory, &waiting.name),
            Some(LocalEntry::Vacant(ticket)) if *ticket == waiting.ticket)
    }
}

pub(crate) fn begin_grace(vfs: &Arc<Vfs>, ticket: u64) {
    let shared = vfs.clone();
    vfs.engine.tasks.spawn("the end of a removal's grace", async move {
        shared.engine.clock().sleep(GRACE).await;
        expire_removal(&shared, ticket).await;
    });
}

/// The grace of a removal is over, if it waits still: the project is archived.
pub(crate) async fn expire_removal(vfs: &Arc<Vfs>, ticket: u64) {
    let Some(waiting) = vfs.tree().claim(ticket) else { return };
    // The listing hides it before the name is free, so that it never flashes up.
    if let Err(error) = archive::conclude_removal(&vfs.engine, &waiting.project, waiting.row).await
    {
        tracing::error!(%error, "could not archive; the project is back");
        reappear(vfs, &waiting).await;
        return;
    }
    let parent = {
        let mut tree = vfs.tree();
        if !tree.is_vacated_by(&waiting) {
            return;
        }
        tree.take_local(&waiting.directory, &waiting.name);
        tree.known_directory(&waiting.directory)
    };
    if let Some(parent) = parent {
        kernel_cache::invalidate_names(vfs, parent, [waiting.name]);
    }
}

/// Takes a removal off the list of those that wait, for whoever may yet
/// [put it back](crate::vfs::removal::wait_on). `None` if its grace is over, or somebody has.
pub(crate) fn claim(vfs: &Vfs, ticket: u64) -> Option<Waiting> {
    vfs.tree().claim(ticket)
}

/// A removal that was claimed waits on: it was not taken back after all.
pub(crate) fn wait_on(vfs: &Arc<Vfs>, waiting: Waiting) {
    let ticket = waiting.ticket;
    vfs.tree().waiting.push(waiting);
    begin_grace(vfs, ticket);
}

/// Takes a removal back that was claimed: the project has its name again, unless another one
/// has that by now.
///
/// # Errors
/// If the journal cannot note it; then it waits on.
pub(crate) async fn take_back(vfs: &Arc<Vfs>, waiting: Waiting) -> Result<Arc<Project>> {
    if let Some(row) = waiting.row
        && let Err(error) = archive::forget_removal(&vfs.engine, row).await
    {
        wait_on(vfs, waiting);
        return Err(error);
    }
    reappear(vfs, &waiting).await;
    Ok(waiting.project)
}

/// Gives a removed project its name again.
pub(crate) async fn reappear(vfs: &Vfs, waiting: &Waiting) {
    if waiting.hidden
        && let Some(id) = waiting.project.id()
        && let Err(error) = hiding::hide(&vfs.engine, &id, false).await
    {
        tracing::error!(%error, "a project that is back is not listed yet");
    }
    let mut tree = vfs.tree();
    if !tree.is_vacated_by(waiting) {
        return;
    }
    tree.take_local(&waiting.directory, &waiting.name);
    if waiting.project.id().is_none() {
        let local = LocalEntry::New(waiting.project.clone());
        tree.set_local(&waiting.directory, &waiting.name, local);
    }
}

/// As [`take_back`], for what the kernel does not know of.
pub(crate) async fn take_back_and_tell(vfs: &Arc<Vfs>, waiting: Waiting) -> Result<()> {
    let (directory, name) = (waiting.directory.clone(), waiting.name.clone());
    take_back(vfs, waiting).await?;
    let parent = vfs.tree().known_directory(&directory);
    if let Some(parent) = parent {
        kernel_cache::invalidate_names(vfs, parent, [name]);
    }
    Ok(())
}

/// Another project is to have the name of one that waits: listings show that one no longer.
///
/// # Errors
/// If the journal cannot note it.
pub(crate) async fn hide_waiting(vfs: &Vfs, ticket: u64) -> Result<()> {
    let project = {
        let mut tree = vfs.tree();
        let Some(waiting) = tree.waiting.iter_mut().find(|it| it.ticket == ticket) else {
            return Ok(());
        };
        waiting.hidden = true;
        waiting.project.clone()
    };
    match project.id() {
        Some(id) => hiding::hide(&vfs.engine, &id, true).await,
        None => Ok(()),
    }
}

/// The removals that a former mount journaled and whose grace it did not see the end of wait
/// again. `recovered` are the projects that the journal has saves of.
pub(crate) fn resume_removals(vfs: &Arc<Vfs>, recovered: &[Arc<Project>]) {
    let removals: Vec<_> = {
        let removals = vfs.engine.removals.lock();
        removals.iter().filter(|removal| !removal.archived).cloned().collect()
    };
    for removal in removals {
        let is_it = |project: &&Arc<Project>| {
            project.id().is_none()
                && project.folder() == removal.folder
                && project.title() == removal.title
        };
        let project = match &removal.project {
            Some(id) => registry::project(&vfs.engine, id, &removal.folder, &removal.title),
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
            let mut tree = vfs.tree();
            let ticket = tree.ticket();
            tree.set_local(&directory, &name, LocalEntry::Vacant(ticket));
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
        begin_grace(vfs, ticket);
    }
}

/// How it stands with what waits for its grace.
pub(crate) fn waiting_removals(vfs: &Vfs) -> Vec<SaveStatus> {
    let waiting = vfs.tree().waiting.clone();
    let status = |waiting: &Waiting| {
        let row = waiting.row?;
        let removals = vfs.engine.removals.lock();
        let since = removals.iter().find(|removal| removal.row == row)?.time;
        drop(removals);
        let (id, folder) = (waiting.project.id(), waiting.project.folder());
        Some(SaveStatus {
            path: locate::path_of(&vfs.engine, id.as_ref(), &folder, &waiting.project.title()),
            state: "pending",
            kind: "removal",
            reason: None,
            since: rfc3339(since),
            progress: None,
        })
    };
    waiting.iter().filter_map(status).collect()
}

/// Every grace is over.
pub(crate) async fn expire_removals(vfs: &Arc<Vfs>) {
    let tickets: Vec<u64> = vfs.tree().waiting.iter().map(|waiting| waiting.ticket).collect();
    for ticket in tickets {
        expire_removal(vfs, ticket).await;
    }
}
