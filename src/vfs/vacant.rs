//! The grace: how long a deletion or a renaming away waits for the rest of a save.
//!
//! Editors replace a file in two steps. A project whose file is gone for less than the grace is in
//! the middle of a save; after it, a removed one is archived, and a renamed one is back. What was
//! emptied has a grace too: see `truncation`.

use std::{
    ffi::{OsStr, OsString},
    sync::Arc,
};

use super::{
    Vfs,
    commit_policy::{Occasion, Verdict, decide},
    handle::Handle,
    inode::Directory,
    tree::{Local, Vacant},
};
use crate::{
    error::Result,
    file_name,
    sync::{GRACE, Project},
};

impl Vfs {
    /// Takes a project's name away, for now.
    pub(crate) fn vacate(
        self: &Arc<Self>,
        directory: &Directory,
        name: &OsStr,
        project: Arc<Project>,
        removed: bool,
    ) {
        let ticket = {
            let mut tree = self.tree();
            let ticket = tree.ticket();
            let vacant = Vacant { project, removed, ticket };
            tree.set_local(directory, name, Local::Vacant(vacant));
            ticket
        };
        let (vfs, directory, name) = (self.clone(), directory.clone(), name.to_owned());
        tokio::spawn(async move {
            vfs.engine.clock().sleep(GRACE).await;
            vfs.settle_vacant(&directory, &name, Some(ticket)).await;
        });
    }

    /// The grace of a vacancy is over, if it is still that one.
    async fn settle_vacant(
        self: &Arc<Self>,
        directory: &Directory,
        name: &OsStr,
        ticket: Option<u64>,
    ) {
        let vacant = match self.tree().local(directory, name) {
            Some(Local::Vacant(vacant)) if ticket.is_none_or(|ticket| ticket == vacant.ticket) => {
                vacant.clone()
            }
            _ => return,
        };
        if vacant.removed {
            // The listing hides it before the name is free, so that it never flashes up.
            if let Err(error) = self.engine.archive(&vacant.project).await {
                tracing::error!(%error, "could not archive; the project is back");
            }
        }
        let back = {
            let mut tree = self.tree();
            match tree.local(directory, name) {
                Some(Local::Vacant(now)) if now.ticket == vacant.ticket => {}
                _ => return,
            }
            tree.take_local(directory, name);
            let unlisted = !vacant.removed && vacant.project.id().is_none();
            if unlisted {
                tree.set_local(directory, name, Local::New(vacant.project.clone()));
            }
            tree.known_directory(directory)
        };
        if let Some(parent) = back {
            self.tell_names(parent, [name.to_owned()]);
        }
    }

    /// The mount is going: every grace is over, and every draft is committed.
    pub(crate) async fn settle_all(self: &Arc<Self>) {
        let (vacant, open) = {
            let tree = self.tree();
            let vacant: Vec<(Directory, OsString)> = tree
                .locals
                .iter()
                .flat_map(|(directory, locals)| {
                    locals.keys().map(|name| (directory.clone(), name.clone()))
                })
                .collect();
            let open: Vec<Arc<Handle>> = tree.handles.values().cloned().collect();
            (vacant, open)
        };
        for (directory, name) in vacant {
            self.settle_vacant(&directory, &name, None).await;
        }
        self.settle_all_truncations().await;
        for handle in open {
            if let Err(error) = self.commit_if_written(&handle).await {
                tracing::warn!(%error, "an open draft was not saved");
            }
        }
    }

    async fn commit_if_written(self: &Arc<Self>, handle: &Handle) -> Result<()> {
        let Handle::Writer(writer) = handle else { return Ok(()) };
        // What waits for its grace is settled already.
        let stage = writer.draft().stage(false);
        match decide(stage, Occasion::Unmount) {
            Verdict::Commit => self.commit(writer).await,
            Verdict::Grace | Verdict::Drop | Verdict::Nothing => Ok(()),
        }
    }

    /// Gives the projects of a former mount, which were not created yet, their files back.
    pub(crate) fn take_in(&self, recovered: Vec<Arc<Project>>) {
        let mut tree = self.tree();
        for project in recovered.into_iter().filter(|project| project.id().is_none()) {
            let name =
                format!("{}{}", file_name::safe(&project.title()), file_name::PROJECT_SUFFIX);
            // Folder or workspace: the listing that is asked for tells; both show new projects.
            let folder = project.folder();
            for directory in
                [Directory::Workspace(folder.clone()), Directory::Folder(folder.clone())]
            {
                tree.set_local(&directory, OsStr::new(&name), Local::New(project.clone()));
            }
        }
    }
}
