//! Paths below the mount, for people, and for what the mount asks of itself.

use std::{ffi::OsStr, sync::Arc};

use crate::{
    sync::{Project, locate},
    vfs::{tree::inner::MountTree, types::Directory, volume::Vfs},
};

/// The path of a project relative to the mount, as far as its directories were listed.
pub(crate) fn path_of(vfs: &Vfs, project: &Arc<Project>) -> String {
    path_in_tree(vfs, project).unwrap_or_else(|| {
        let (id, folder, title) = (project.id(), project.folder(), project.title());
        locate::path_of(&vfs.engine, id.as_ref(), &folder, &title)
    })
}

/// The path of a project by the names that were given; `None` if one on the way was not.
pub(crate) fn path_in_tree(vfs: &Vfs, project: &Arc<Project>) -> Option<String> {
    let tree = vfs.tree();
    let (at, name) = tree.name_of(project)?;
    joined(&tree, at, &name)
}

/// The path of a name in a directory, by the names that were given; `None` if one on the way was not.
pub(crate) fn below(vfs: &Vfs, directory: &Directory, name: &OsStr) -> Option<String> {
    joined(&vfs.tree(), directory.clone(), name)
}

/// The path of a directory by the names that were given; `None` if one on the way was not.
pub(crate) fn directory(vfs: &Vfs, directory: &Directory) -> Option<String> {
    above(&vfs.tree(), directory.clone()).map(|path| path.join("/"))
}

fn joined(tree: &MountTree, at: Directory, name: &OsStr) -> Option<String> {
    let mut path = above(tree, at)?;
    path.push(name.to_string_lossy().into_owned());
    Some(path.join("/"))
}

/// The names that lead to a directory.
fn above(tree: &MountTree, mut at: Directory) -> Option<Vec<String>> {
    let mut path = Vec::new();
    while let Some(space) = at.space().cloned() {
        let (above, name) = tree.entries.iter().find_map(|(directory, entries)| {
            let name = entries.name_of_space(&space).filter(|_| *directory != at)?;
            Some((directory.clone(), name.to_string_lossy().into_owned()))
        })?;
        path.push(name);
        at = above;
    }
    path.reverse();
    Some(path)
}
