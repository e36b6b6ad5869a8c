//! Settling saves that were refused: trying again, and giving up.

use std::{ffi::OsString, sync::Arc};

use crate::{
    error::{Error, Kind, Result},
    sync::{Project, upload::discard, write::retry},
    vfs::{
        inode::Node,
        kernel_cache, operations,
        tree::inner::LocalEntry,
        types::{Directory, Ino},
        volume::Vfs,
    },
};

/// Tries the refused save of a project again; with `allow_delete` however much it deletes.
///
/// # Errors
/// [`Kind::NotFound`] if nothing was refused; otherwise as a save.
pub(crate) async fn retry(vfs: &Vfs, ino: Ino, allow_delete: bool) -> Result<()> {
    vfs.check_writable_at(ino)?;
    if let Node::Resource(node) = vfs.node(ino)? {
        return operations::retry(vfs, &node).await;
    }
    retry::retry(&vfs.engine, &project_at(vfs, ino)?, allow_delete).await
}

/// Gives the refused save of a project up. A project that was never created is gone then.
///
/// # Errors
/// [`Kind::NotFound`] if nothing was refused, [`Kind::Storage`] if it cannot be noted.
pub(crate) async fn discard(vfs: &Vfs, ino: Ino) -> Result<()> {
    if let Node::Resource(node) = vfs.node(ino)? {
        return operations::discard(vfs, &node).await;
    }
    let project = project_at(vfs, ino)?;
    discard::discard(&vfs.engine, &project).await?;
    if project.id().is_none() && project.is_blank() {
        drop_new(vfs, &project);
    }
    Ok(())
}

pub(crate) fn project_at(vfs: &Vfs, ino: Ino) -> Result<Arc<Project>> {
    vfs.node(ino)?;
    vfs.project_of(ino)
        .ok_or_else(|| Error::new(Kind::Invalid, "not a project").hint("name a project's file"))
}

/// Takes away the names of a project that is not to be created after all.
pub(crate) fn drop_new(vfs: &Vfs, project: &Project) {
    let is_it = |local: &LocalEntry| match local {
        LocalEntry::New(new) => new.serial == project.serial,
        LocalEntry::Vacant(_) => false,
    };
    let mut tree = vfs.tree();
    let mut dropped: Vec<(Directory, OsString)> = Vec::new();
    for (directory, locals) in &mut tree.locals {
        let names = locals.extract_if(|_, local| is_it(local)).map(|(name, _)| name);
        dropped.extend(names.map(|name| (directory.clone(), name)));
    }
    for (directory, name) in dropped {
        if let Some(parent) = tree.known_directory(&directory) {
            kernel_cache::invalidate_names(vfs, parent, [name]);
        }
    }
}
