//! What `stat` shows, and changing it.

use std::{sync::Arc, time::SystemTime};

use crate::{
    error::{Error, Kind, Result},
    sync::residency,
    sync::{Process, Project, read::open, write::accept},
    vfs::{
        attributes, handle,
        inode::Node,
        media, pins, process, resource,
        resource_path::List,
        scratch,
        tree::handles::Handle,
        truncation,
        types::{Attr, Fh, Ino, OpenMode, SetAttr},
        volume::Vfs,
    },
};

/// What `stat` shows of an inode to a caller.
///
/// # Errors
/// If it is gone, or what reading the project failed with.
pub(crate) async fn getattr(vfs: &Vfs, ino: Ino, caller: u32) -> Result<Attr> {
    match vfs.node(ino)? {
        Node::Directory { directory, .. } => Ok(attributes::space_attr(vfs, ino, &directory)),
        Node::Scratch(_) => scratch::getattr(vfs, ino).await,
        Node::Resource(node) => Ok(resource::resource_attr(vfs, ino, &node)),
        Node::Project(project) => {
            let process = process::of_thread(caller);
            open::revalidate_attr(&vfs.engine, &project, process).await?;
            Ok(attributes::project_attr(vfs, ino, &project, process))
        }
    }
}

/// Changes attributes: the size of a draft, the times of a project, anything of scratch.
/// Permissions and owners of projects are Taskade's, and asking for others is not an error:
/// every editor does.
///
/// # Errors
/// As a save, if a truncation by path could not be saved.
pub(crate) async fn setattr(
    vfs: &Arc<Vfs>,
    ino: Ino,
    fh: Option<Fh>,
    set: &SetAttr,
    caller: u32,
) -> Result<Attr> {
    let changed = change(vfs, ino, fh, set, caller).await;
    if fh.is_none() && set.size.is_some() {
        pins::end_open(vfs, caller, &changed);
    }
    changed
}

async fn change(
    vfs: &Arc<Vfs>,
    ino: Ino,
    fh: Option<Fh>,
    set: &SetAttr,
    caller: u32,
) -> Result<Attr> {
    vfs.check_writable_at(ino)?;
    match vfs.node(ino)? {
        Node::Directory { .. } => Ok(attributes::directory_attr(vfs, ino)),
        Node::Resource(node) if matches!(node.at, List::Media(_)) => {
            media::write::set(vfs, ino, &node, fh, set).await
        }
        Node::Resource(node) => resource::setattr_resource(vfs, ino, &node, fh, set),
        Node::Scratch(_) => scratch::setattr(vfs, ino, fh, set).await,
        Node::Project(project) => {
            residency::ensure(&vfs.engine, &project).await;
            let process = process::of_thread(caller);
            if let Some(size) = set.size {
                if fh.is_none() {
                    pins::open_to_write(vfs, ino, &project, caller)?;
                }
                truncate(vfs, ino, fh, &project, size, process).await?;
            }
            if let Some(time) = set.modified {
                set_modified(vfs, &project, fh, process, time);
            }
            open::revalidate_attr(&vfs.engine, &project, process).await?;
            Ok(attributes::project_attr(vfs, ino, &project, process))
        }
    }
}

/// Sets the time of last change of a project, and of what the program writes to it.
pub(crate) fn set_modified(
    vfs: &Vfs,
    project: &Arc<Project>,
    fh: Option<Fh>,
    process: Option<Process>,
    time: SystemTime,
) {
    open::set_modified(&vfs.engine, project, time, process);
    let tree = vfs.tree();
    for (open, handle) in &tree.handles {
        if let Handle::Writer(writer) = &**handle
            && writer.target().serial == project.serial
            && (fh == Some(*open) || (fh.is_none() && writer.process == process))
        {
            writer.date(time);
        }
    }
}

pub(crate) async fn truncate(
    vfs: &Arc<Vfs>,
    ino: Ino,
    fh: Option<Fh>,
    project: &Arc<Project>,
    size: u64,
    process: Option<Process>,
) -> Result<()> {
    let own = {
        let tree = vfs.tree();
        let handle = fh.and_then(|fh| tree.handles.get(&fh).map(|handle| (fh, handle.clone())));
        handle.or_else(|| {
            let is_own = |handle: &Handle| match handle {
                Handle::Writer(writer) => {
                    writer.project.serial == project.serial && writer.process == process
                }
                _ => false,
            };
            tree.handles.iter().find(|(_, handle)| is_own(handle)).map(|(fh, h)| (*fh, h.clone()))
        })
    };
    if let Some((fh, handle)) = own {
        let Handle::Writer(writer) = &*handle else {
            return Err(Error::new(Kind::Invalid, "the file is not open for writing"));
        };
        writer.truncate(size, accept::seen_by(&vfs.engine, project, process))?;
        let mut tree = vfs.tree();
        match size {
            0 => tree.empty(fh),
            _ => tree.written(fh),
        }
        return Ok(());
    }
    // truncate(2), with nothing open: a write of its own.
    let mode = OpenMode { read: false, write: true, append: false, truncate: false };
    let mut draft = truncation::draft_for(vfs, project, process, mode).await?;
    draft.truncate(size, accept::seen_by(&vfs.engine, project, process))?;
    let opened = handle::add_writer(vfs, ino, project.clone(), mode, process, draft);
    handle::release(vfs, opened.fh).await
}
