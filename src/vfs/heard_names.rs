//! The names in directories that whoever watches has heard of.

use std::ffi::OsStr;

use crate::vfs::{
    inode::Node,
    tree::{
        entries::Entry,
        inner::{LocalEntry, MountTree},
    },
    types::{Directory, Ino},
    volume::Vfs,
    watchers::{Named, Names},
};

impl MountTree {
    /// What a name of something that Taskade has, or is to have, stands for now.
    pub(crate) fn named(&self, directory: &Directory, name: &OsStr) -> Option<Named> {
        match self.local(directory, name) {
            Some(LocalEntry::Vacant(_)) => None,
            Some(LocalEntry::New(project)) => {
                let id = project.id().map(|id| id.as_str().to_owned());
                Some(Named { is_directory: false, id })
            }
            None => self.entries.get(directory)?.get(name).map(named),
        }
    }

    /// All names in a directory that was listed.
    pub(crate) fn names(&self, directory: &Directory) -> Names {
        let entries = self.entries.get(directory);
        let listed = entries.iter().flat_map(|entries| &entries.in_order).map(|(name, _)| name);
        let local = self.locals.get(directory).into_iter().flatten().map(|(name, _)| name);
        let all = listed.chain(local);
        all.filter_map(|name| Some((name.clone(), self.named(directory, name)?))).collect()
    }

    /// A directory was listed. What it shows the first time, as a whole, is no news.
    pub(crate) fn hear_first(&mut self, directory: &Directory) {
        let is_whole = self.entries.get(directory).is_some_and(|it| it.listed.is_whole);
        if is_whole && !self.heard.contains_key(directory) {
            let names = self.names(directory);
            self.heard.insert(directory.clone(), names);
        }
    }
}

fn named(entry: &Entry) -> Named {
    match entry {
        Entry::Space(space) => Named { is_directory: true, id: Some(space.id.as_str().to_owned()) },
        Entry::Project(project) => {
            Named { is_directory: false, id: Some(project.id.as_str().to_owned()) }
        }
    }
}

/// A program has made, renamed or removed something: the kernel tells whoever watches.
pub(crate) fn hear(vfs: &Vfs, parent: Ino, name: &OsStr) {
    let mut tree = vfs.tree();
    let Some(Node::Directory { directory, .. }) = tree.inodes.get(parent) else { return };
    let directory = directory.clone();
    let named = tree.named(&directory, name);
    let Some(heard) = tree.heard.get_mut(&directory) else { return };
    match named {
        Some(named) => drop(heard.insert(name.to_owned(), named)),
        None => drop(heard.remove(name)),
    }
}
