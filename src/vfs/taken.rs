//! What an open file is once its text was saved.

use std::{ffi::OsStr, sync::Arc};

use crate::{
    error::Result,
    sync::{
        DraftBase, Project,
        read::open,
        write::{
            accept::{self, Given},
            restore,
        },
    },
    vfs::{
        copying,
        draft::Taken,
        invalidation::Invalidation,
        kernel_cache,
        tree::{
            handles::{Handle, Writer},
            inner::LocalEntry,
        },
        types::Directory,
        volume::Vfs,
    },
};

/// Saves what was taken of a draft.
pub(crate) async fn save_taken(vfs: &Arc<Vfs>, writer: &Writer, taken: Taken) -> Result<()> {
    let returned = returned(vfs, writer, &taken.text).await?;
    let base = match taken.base {
        _ if returned.is_some() => DraftBase::LastRead,
        DraftBase::Exact(base) if !writer.reads => DraftBase::Unread(base),
        base => base,
    };
    let target = writer.target();
    let given = match returned {
        None => copying::given(vfs, target, writer.process, &taken.text).await,
        Some(_) => Given::Written,
    };
    let saved =
        accept::save_given(&vfs.engine, target, writer.process, base, taken.text, given).await;
    let outline = saved.outline.clone();
    let told = saved.told();
    writer.outcome.note(outline.clone(), &told);
    if let Some(project) = &returned {
        // A restoration is sent whatever becomes of the text.
        restore::go_on(&vfs.engine, project);
    }
    if let Some(time) = writer.dated().filter(|_| told.is_ok()) {
        open::set_modified(&vfs.engine, target, time, writer.process);
    }
    if let Some(outline) = outline {
        writer.draft().rebase(outline);
    }
    told
}

/// The project that a new file of this name and text is again, restored; `None` if it is new.
/// Its worker is to be started.
pub(crate) async fn restored_as(
    vfs: &Arc<Vfs>,
    directory: &Directory,
    name: &OsStr,
    text: &[u8],
) -> Result<Option<Arc<Project>>> {
    let (Some(folder), Some(shown)) = (directory.space(), name.to_str()) else {
        return Ok(None);
    };
    for removal in vfs.engine.removals.named(folder, shown) {
        let waits = vfs.tree().waiting.iter().any(|it| it.row == Some(removal.row));
        if waits {
            continue;
        }
        match restore::removed_as(&vfs.engine, &removal, text).await {
            Ok(Some(project)) => {
                restore::restore(&vfs.engine, &project, None).await?;
                vfs.tree().set_local(directory, name, LocalEntry::New(project.clone()));
                return Ok(Some(project));
            }
            Ok(None) => {}
            Err(error) => tracing::info!(%error, "a removed project is not compared"),
        }
    }
    Ok(None)
}

/// The project that a new file is that is about to be saved for the first time, if it was
/// removed and is back. From then on it is the file's.
pub(crate) async fn returned(
    vfs: &Arc<Vfs>,
    writer: &Writer,
    text: &[u8],
) -> Result<Option<Arc<Project>>> {
    let new = writer.target().clone();
    if new.id().is_some() || !new.is_unborn() || !new.is_blank() || text.is_empty() {
        return Ok(None);
    }
    let place = {
        let tree = vfs.tree();
        tree.locals.iter().find_map(|(directory, locals)| {
            let is_it = |local: &LocalEntry| {
                matches!(local, LocalEntry::New(project) if project.serial == new.serial)
            };
            let (name, _) = locals.iter().find(|(_, local)| is_it(local))?;
            Some((directory.clone(), name.clone()))
        })
    };
    let Some((directory, name)) = place else { return Ok(None) };
    let Some(project) = restored_as(vfs, &directory, &name, text).await? else {
        return Ok(None);
    };
    let mut tree = vfs.tree();
    for handle in tree.writers(new.serial) {
        if let Handle::Writer(writer) = &*handle {
            writer.go_to(&project);
        }
    }
    if let Some(ino) = tree.inodes.of_serial(new.serial) {
        tree.inodes.become_project(ino, &project);
        kernel_cache::invalidate(vfs, Invalidation::Inode(ino));
    }
    Ok(Some(project))
}
