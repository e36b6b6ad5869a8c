//! Finding what a name stands for, and counting what the kernel holds of it.

use std::{ffi::OsStr, time::Duration};

use crate::{
    error::{Error, Kind, Result},
    sync::{
        Process,
        read::{directories, open},
    },
    vfs::{
        attributes,
        directory::{self, Found, check_name, is_resources, no_entry},
        inode::Node,
        left_behind, pins, process, recent, resource, scratch,
        tree::inner::MountTree,
        types::{Attr, Directory, Ino},
        volume::Vfs,
    },
};

/// Looks a name up; the kernel holds a reference when this succeeds.
///
/// # Errors
/// [`Kind::NotFound`] if there is none, or what reading the project failed with.
pub(crate) async fn lookup(vfs: &Vfs, parent: Ino, name: &OsStr, caller: u32) -> Result<Attr> {
    check_name(name)?;
    match vfs.node(parent)? {
        Node::Resource(node) => match resource::look_up_below(vfs, &node, name).await {
            Err(error)
                if error.kind() == Kind::NotFound && resource::takes_scratch(vfs, &node, name) =>
            {
                scratch::look_up(vfs, parent, name).await
            }
            found => found,
        },
        Node::Directory { directory, .. } if is_resources(&directory, name) => {
            Ok(resource::look_up_top(vfs, &directory))
        }
        Node::Directory { directory, .. } => {
            let process = process::of_thread(caller);
            look_up_listed(vfs, parent, &directory, name, (caller, process)).await
        }
        Node::Scratch(_) => {
            if recent::is_recent(vfs, parent, name) {
                let process = process::of_thread(caller);
                recent::refresh(vfs, directories::list_intent_of(&vfs.engine, process, None)).await;
            }
            scratch::look_up(vfs, parent, name).await
        }
        Node::Project(_) => Err(Error::new(Kind::NotDirectory, "a project is a file")),
    }
}

pub(crate) async fn look_up_listed(
    vfs: &Vfs,
    parent: Ino,
    directory: &Directory,
    name: &OsStr,
    (caller, process): (u32, Option<Process>),
) -> Result<Attr> {
    let list_intent = directories::list_intent_of(&vfs.engine, process, None);
    let found = directory::find_for(vfs, directory, name, list_intent).await?;
    if let Found::Nothing = found
        && let Some(project) = left_behind::left_behind(vfs, directory, name, process).await
    {
        open::revalidate_attr(&vfs.engine, &project, process).await?;
        pins::part_if_outgrown(vfs, &project);
        pins::reserve_if_notified(vfs, &project, caller);
        let ino = refer(vfs, |tree| tree.inodes.project(&project));
        let attr = attributes::project_attr(vfs, ino, &project, process);
        // To anybody else it is no name of anything.
        return Ok(Attr { entry_ttl: Duration::ZERO, ..attr });
    }
    match found {
        Found::Directory(child) => {
            let ino = refer(vfs, |tree| tree.directory(&child, parent));
            let entry_ttl = directories::entry_ttl(&vfs.engine, directory.space());
            Ok(Attr { entry_ttl, ..attributes::space_attr(vfs, ino, &child) })
        }
        Found::Project(project) => {
            open::revalidate_attr(&vfs.engine, &project, process).await?;
            pins::part_if_outgrown(vfs, &project);
            pins::reserve_if_notified(vfs, &project, caller);
            left_behind::note_path(&project, directory, name);
            let ino = refer(vfs, |tree| tree.inodes.project(&project));
            let attr = attributes::project_attr(vfs, ino, &project, process);
            // One that Taskade does not list yet may get another name when it does.
            Ok(match project.id() {
                Some(_) => Attr {
                    entry_ttl: directories::entry_ttl(&vfs.engine, directory.space()),
                    ..attr
                },
                None => attr,
            })
        }
        Found::Elsewhere => scratch::look_up(vfs, parent, name).await,
        Found::Nothing => Err(no_entry()),
    }
}

/// Makes an inode known and counts the reference that the kernel is about to hold, as one: a
/// `forget` in between would take it away again, and the kernel's number would stand for nothing.
pub(crate) fn refer(vfs: &Vfs, known: impl FnOnce(&mut MountTree) -> Ino) -> Ino {
    let mut tree = vfs.tree();
    let ino = known(&mut tree);
    tree.inodes.looked_up(ino);
    ino
}

/// The kernel gave references back.
pub(crate) fn forget(vfs: &Vfs, ino: Ino, count: u64) {
    let mut tree = vfs.tree();
    tree.inodes.forget(ino, count);
    if tree.inodes.get(ino).is_none() {
        tree.dir_pages.forget(ino);
    }
}
