//! What `stat` tells of directories and projects.

use std::{sync::Arc, time::Duration};

use crate::{
    sync::{
        Process, Project, Standing, Stat, TTL,
        read::{open, serve},
    },
    vfs::{
        pins,
        tree::handles::Handle,
        types::{Attr, Directory, FileKind, Ino},
        volume::Vfs,
    },
};

pub(crate) fn directory_attr(vfs: &Vfs, ino: Ino) -> Attr {
    let modified = vfs.engine.started();
    Attr {
        ino,
        kind: FileKind::Directory,
        size: 0,
        mode: if vfs.engine.settings().read_only { 0o555 } else { 0o755 },
        links: 2,
        uid: vfs.uid,
        gid: vfs.gid,
        accessed: modified,
        modified,
        changed: modified,
        device: 0,
        // Not for long: whoever looks is to see that a mount has died.
        attr_ttl: TTL,
        entry_ttl: TTL,
    }
}

/// As [`directory_attr`], of a directory that Taskade has: one in which nothing can be changed, as far as
/// is seen, shows that.
pub(crate) fn space_attr(vfs: &Vfs, ino: Ino, directory: &Directory) -> Attr {
    let attr = directory_attr(vfs, ino);
    let denied = directory.space().and_then(|space| vfs.engine.denied.in_space(space));
    let is_read_only = denied.is_some() || vfs.engine.is_space_read_only(directory.space());
    Attr { mode: if is_read_only { 0o555 } else { attr.mode }, ..attr }
}

/// A writer sees the size of what it writes, and for a moment that of what it wrote; everyone
/// else that of what is saved.
pub(crate) fn project_attr(
    vfs: &Vfs,
    ino: Ino,
    project: &Arc<Project>,
    caller: Option<Process>,
) -> Attr {
    let pinned = pins::pinned(vfs, ino, project);
    let Stat { mut size, mut modified, is_apart } = serve::stat_for(&vfs.engine, project, caller);
    if let Some(detached) = pinned {
        (size, modified) = detached;
    }
    let mut changed = project.changed(modified);
    let writers = vfs.tree().writers(project.serial);
    for handle in &writers {
        let Handle::Writer(writer) = &**handle else { continue };
        let draft = writer.draft();
        let is_here = pinned.is_none() || writer.ino == ino;
        let is_its = draft.is_dirty() || pinned.is_some();
        if is_here && is_its && caller.is_some() && writer.process == caller {
            size = draft.len();
            (modified, changed) = (writer.written(), writer.written());
        }
    }
    let is_emptied = {
        let tree = vfs.tree();
        if let Some(since) = tree.emptied_by(project.serial, caller).filter(|_| pinned.is_none()) {
            (size, modified) = (0, since);
        }
        tree.is_emptied(project.serial)
    };
    if pinned.is_none() {
        vfs.tree().sized.insert(project.serial, size);
    }
    let is_denied = vfs.engine.denied.is_denied(&project.folder(), project.id().as_ref());
    Attr {
        ino,
        kind: FileKind::File,
        size,
        mode: if is_denied || vfs.engine.is_read_only(project) { 0o444 } else { 0o644 },
        links: if pinned.is_none() { 1 } else { 0 },
        uid: vfs.uid,
        gid: vfs.gid,
        accessed: modified,
        modified,
        changed,
        device: 0,
        // A size that opening the file may change must be asked for again: a read that knows
        // the old one stops there. So must one that is another for each program.
        attr_ttl: if writers.is_empty()
            && !is_emptied
            && !is_apart
            && !is_denied
            && project.standing() != Standing::Pending
        {
            open::attr_ttl(&vfs.engine, project)
        } else {
            Duration::ZERO
        },
        entry_ttl: TTL,
    }
}
