//! Answering what the mount asks of itself, so that whoever watches hears of a change: from what is
//! known, at once, and without changing anything.

use std::{ffi::OsStr, time::Duration};

use crate::{
    error::{Error, Kind, Result},
    sync::{Project, read::directories},
    vfs::{
        attributes,
        directory::{self, no_entry},
        inode::Node,
        lookup::refer,
        pins,
        tree::{entries::Entry, inner::LocalEntry, raising::Raising},
        types::{Attr, Ino},
        volume::Vfs,
    },
};

/// Looks a name up. What is about to appear is not there yet, and what is about to vanish still is.
pub(crate) fn look_up(vfs: &Vfs, parent: Ino, name: &OsStr) -> Result<Attr> {
    let raising = vfs.tree().raising.clone();
    match raising {
        Some(Raising::Appears(at, new)) if at == parent && new == name => Err(no_entry()),
        Some(Raising::Renames(at, _, new, _)) if at == parent && new == name => Err(no_entry()),
        Some(Raising::Vanishes(at, old, attr) | Raising::Renames(at, old, _, attr))
            if at == parent && old == name =>
        {
            refer(vfs, |_| attr.ino);
            Ok(attr)
        }
        _ => shown(vfs, parent, name),
    }
}

/// What there is to see of an inode. What is not known of it yet is asked for by programs.
pub(crate) fn attr(vfs: &Vfs, ino: Ino) -> Result<Attr> {
    match vfs.node(ino)? {
        Node::Directory { .. } => Ok(attributes::directory_attr(vfs, ino)),
        Node::Project(project) => Ok(project_attr(vfs, ino, &project)),
        Node::Scratch(_) | Node::Resource(_) => Err(unasked()),
    }
}

/// A file is touched, whose content changed. A name that leads to what it was is looked up again.
pub(crate) fn touched(vfs: &Vfs, ino: Ino) -> Result<Attr> {
    if let Some(project) = vfs.project_of(ino) {
        let mut tree = vfs.tree();
        if tree.is_past(ino, &project) {
            tree.unheard.note(project.serial);
            vfs.raisers.news.notify_one();
        }
    }
    attr(vfs, ino)
}

/// Answers the mount itself that makes what appeared.
pub(crate) fn made(vfs: &Vfs, parent: Ino, name: &OsStr) -> Result<Attr> {
    let raising = vfs.tree().raising.clone();
    match raising {
        Some(Raising::Appears(at, new)) if at == parent && new == name => shown(vfs, parent, name),
        _ => Err(unasked()),
    }
}

/// Answers the mount itself that removes what vanished.
pub(crate) fn removed(vfs: &Vfs, parent: Ino, name: &OsStr) -> Result<()> {
    match &vfs.tree().raising {
        Some(Raising::Vanishes(at, old, _)) if *at == parent && old == name => Ok(()),
        _ => Err(unasked()),
    }
}

/// What has another name is renamed.
pub(crate) fn renamed(vfs: &Vfs, from: (Ino, &OsStr), to: (Ino, &OsStr)) -> Result<()> {
    match &vfs.tree().raising {
        Some(Raising::Renames(at, old, new, _)) if (*at, &**old) == from && (*at, &**new) == to => {
            Ok(())
        }
        _ => Err(unasked()),
    }
}

/// Whether who asks is the mount itself, so that whoever watches hears of a change.
pub(crate) fn is_raised_by(vfs: &Vfs, caller: u32) -> bool {
    vfs.raisers.contain(caller)
}

fn shown(vfs: &Vfs, parent: Ino, name: &OsStr) -> Result<Attr> {
    let Node::Directory { directory, .. } = vfs.node(parent)? else { return Err(no_entry()) };
    let (local, listed) = {
        let tree = vfs.tree();
        let listed = tree.entries.get(&directory).and_then(|entries| entries.get(name).cloned());
        (tree.local(&directory, name).cloned(), listed)
    };
    let project = match (local, listed) {
        (Some(LocalEntry::New(project)), _) => project,
        (Some(LocalEntry::Vacant(_)), _) | (None, None) => return Err(no_entry()),
        (None, Some(Entry::Project(listed))) => {
            directory::listed_project(vfs, &directory, &listed)?
        }
        (None, Some(Entry::Space(space))) => {
            let child = directory::child(&directory, &space);
            let ino = refer(vfs, |tree| tree.directory(&child, parent));
            let entry_ttl = directories::entry_ttl(&vfs.engine, directory.space());
            return Ok(Attr { entry_ttl, ..attributes::directory_attr(vfs, ino) });
        }
    };
    pins::part_if_outgrown(vfs, &project);
    let ino = refer(vfs, |tree| tree.inodes.project(&project));
    Ok(project_attr(vfs, ino, &project))
}

/// Of what was never read the size is not known: nobody may believe this one.
pub(crate) fn project_attr(vfs: &Vfs, ino: Ino, project: &std::sync::Arc<Project>) -> Attr {
    let attr = attributes::project_attr(vfs, ino, project, None);
    let attr_ttl = if project.is_known() { attr.attr_ttl } else { Duration::ZERO };
    Attr { attr_ttl, ..attr }
}

fn unasked() -> Error {
    Error::new(Kind::NotPermitted, "the mount changes nothing by itself")
}
