//! What is behind the names: inodes, handles, and what waits. One lock guards all of it; it is
//! never held across an await.

use std::{
    collections::{HashMap, HashSet},
    ffi::{OsStr, OsString},
    sync::Arc,
};

use crate::{
    sync::Project,
    vfs::{
        dir_pages::DirPages,
        inode::Inodes,
        resource_path::LatestTaskNames,
        tree::{
            agent_names::AgentNames, burst::Burst, deferred::DeferredTruncate, entries::Entries,
            handles::Handle, pins::Pins, raising::Raising, sources::Sources, waiting::Waiting,
        },
        types::{Directory, Fh, Ino, ROOT},
        watchers::{Names, Unheard},
    },
};

/// A name in a directory that is not, or not yet, as Taskade has it.
#[derive(Debug, Clone)]
pub(crate) enum LocalEntry {
    /// A project that Taskade does not list yet.
    New(Arc<Project>),
    /// A project's file was removed or renamed away: by the removal with this ticket.
    Vacant(u64),
}

/// Everything that a lock must hold together.
#[derive(Debug, Default)]
pub(crate) struct MountTree {
    pub(crate) inodes: Inodes,
    pub(crate) handles: HashMap<Fh, Arc<Handle>>,
    pub(crate) locals: HashMap<Directory, HashMap<OsString, LocalEntry>>,
    /// The projects whose file is gone and whose grace is not over, in the order in which they went.
    pub(crate) waiting: Vec<Waiting>,
    /// The removals that were refused last since they were too many.
    pub(crate) burst: Option<Burst>,
    /// The entries of directories as named last, with the listing that they were made from.
    pub(crate) entries: HashMap<Directory, Arc<Entries>>,
    /// What was emptied and not written to since.
    pub(crate) truncations: Vec<DeferredTruncate>,
    /// The texts that programs read.
    pub(crate) pins: Pins,
    /// The content version that the kernel's pages of a project are of.
    pub(crate) paged: HashMap<u64, u64>,
    /// The size that the kernel was told last of a project, unless it had to forget it since.
    pub(crate) sized: HashMap<u64, u64>,
    /// What the kernel has in its pages of directories.
    pub(crate) dir_pages: DirPages,
    /// How often the kernel holds the lock of a directory, if it does: for requests that are not
    /// answered.
    pub(crate) held: HashMap<Ino, usize>,
    /// The directory that the kernel drops a name in at the moment, and whether a request in it was
    /// turned away for that.
    pub(crate) dropping: Option<(Ino, bool)>,
    /// The names in directories that whoever watches has heard of.
    pub(crate) heard: HashMap<Directory, Names>,
    /// The directories of whose names somebody is about to tell.
    pub(crate) telling: HashSet<Ino>,
    /// The files of whose content somebody is about to tell.
    pub(crate) unheard: Unheard,
    /// What the mount is about to do to a name of its own.
    pub(crate) raising: Option<Raising>,
    /// What programs have opened to read.
    pub(crate) sources: Sources,
    pub(crate) task_names: LatestTaskNames,
    /// The names of agents and their files that are gone for a moment.
    pub(crate) agents: AgentNames,
    pub(crate) directories: HashMap<Directory, Ino>,
    pub(crate) next_handle: u64,
    pub(crate) next_ticket: u64,
}

impl MountTree {
    /// The number of a directory.
    pub(crate) fn directory(&mut self, directory: &Directory, parent: Ino) -> Ino {
        let ino = self.inodes.directory(directory, parent);
        self.directories.insert(directory.clone(), ino);
        ino
    }

    /// The directories that were looked up.
    pub(crate) fn directories(&self) -> impl Iterator<Item = (Ino, &Directory)> {
        let known = self.directories.iter().map(|(directory, ino)| (*ino, directory));
        known.chain(std::iter::once((ROOT, &Directory::Root)))
    }

    pub(crate) fn local(&self, directory: &Directory, name: &OsStr) -> Option<&LocalEntry> {
        self.locals.get(directory)?.get(name)
    }

    pub(crate) fn set_local(&mut self, directory: &Directory, name: &OsStr, local: LocalEntry) {
        self.locals.entry(directory.clone()).or_default().insert(name.to_owned(), local);
    }

    pub(crate) fn take_local(&mut self, directory: &Directory, name: &OsStr) -> Option<LocalEntry> {
        self.locals.get_mut(directory)?.remove(name)
    }

    pub(crate) fn add_handle(&mut self, handle: Handle) -> Fh {
        self.next_handle += 1;
        let fh = Fh(self.next_handle);
        self.handles.insert(fh, Arc::new(handle));
        fh
    }

    /// Whether programs believe in other sizes of a project than that of its text: one that writes
    /// it moves the size of the inode, which all share.
    pub(crate) fn is_written(&self, serial: u64) -> bool {
        self.is_emptied(serial) || !self.writers(serial).is_empty()
    }

    /// The open files through which a project may be written.
    pub(crate) fn writers(&self, serial: u64) -> Vec<Arc<Handle>> {
        let is_writer = |handle: &&Arc<Handle>| match &***handle {
            Handle::Writer(writer) => writer.target().serial == serial,
            _ => false,
        };
        self.handles.values().filter(is_writer).cloned().collect()
    }

    /// Where a project is, as far as its directory was listed, and its name there.
    pub(crate) fn name_of(&self, project: &Project) -> Option<(Directory, OsString)> {
        let id = project.id();
        let listed = id.and_then(|id| {
            self.entries.iter().find_map(|(directory, entries)| {
                Some((directory.clone(), entries.name_of(&id)?.to_owned()))
            })
        });
        let is_it = |local: &LocalEntry| match local {
            LocalEntry::New(new) => new.serial == project.serial,
            LocalEntry::Vacant(_) => false,
        };
        listed.or_else(|| {
            self.locals.iter().find_map(|(directory, locals)| {
                let (name, _) = locals.iter().find(|(_, local)| is_it(local))?;
                Some((directory.clone(), name.clone()))
            })
        })
    }

    /// The number of a directory that was looked up.
    pub(crate) fn known_directory(&self, directory: &Directory) -> Option<Ino> {
        match directory {
            Directory::Root => Some(ROOT),
            _ => self.directories.get(directory).copied(),
        }
    }

    pub(crate) fn ticket(&mut self) -> u64 {
        self.next_ticket += 1;
        self.next_ticket
    }
}
