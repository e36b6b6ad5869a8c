//! The two ends of a mount: what a former one left is taken in, and what waits is settled.

use std::{ffi::OsStr, sync::Arc};

use crate::{
    error::Result,
    file_name,
    sync::Project,
    vfs::{
        agents,
        commit_policy::{Occasion, Verdict, decide},
        handle, media, removal,
        tree::{handles::Handle, inner::LocalEntry},
        truncation,
        types::Directory,
        volume::Vfs,
    },
};

/// The mount is going: every grace is over, and every draft is committed.
pub(crate) async fn expire_all(vfs: &Arc<Vfs>) {
    let open: Vec<Arc<Handle>> = vfs.tree().handles.values().cloned().collect();
    removal::expire_removals(vfs).await;
    truncation::expire_all_truncates(vfs).await;
    for handle in open {
        if let Err(error) = commit_if_written(vfs, &handle).await {
            tracing::warn!(%error, "an open draft was not saved");
        }
    }
    agents::write::expire_emptied(vfs).await;
}

pub(crate) async fn commit_if_written(vfs: &Arc<Vfs>, handle: &Handle) -> Result<()> {
    if let Handle::MediaWriter(writer) = handle {
        return media::write::commit(vfs, writer).await;
    }
    if let Handle::Agent(writer) = handle {
        return agents::write::commit(vfs, writer).await;
    }
    let Handle::Writer(writer) = handle else { return Ok(()) };
    // What waits for its grace is settled already.
    let stage = writer.draft().stage(false);
    match decide(stage, Occasion::Unmount) {
        Verdict::Commit => handle::commit(vfs, writer).await,
        Verdict::Grace | Verdict::Drop | Verdict::Nothing => Ok(()),
    }
}

/// Gives the projects of a former mount, which were not created yet, their files back.
pub(crate) fn restore_recovered(vfs: &Vfs, recovered: &[Arc<Project>]) {
    let mut tree = vfs.tree();
    for project in recovered.iter().filter(|project| project.id().is_none()) {
        let name = format!("{}{}", file_name::safe(&project.title()), file_name::PROJECT_SUFFIX);
        // Folder or workspace: the listing that is asked for tells; both show new projects.
        let folder = project.folder();
        for directory in [Directory::Workspace(folder.clone()), Directory::Folder(folder.clone())] {
            tree.set_local(&directory, OsStr::new(&name), LocalEntry::New(project.clone()));
        }
    }
}
