//! Inodes: which number stands for what, and for how long.
//!
//! Numbers of workspaces, folders and projects are made from their ids, so that they stay the
//! same across remounts; scratch takes the number that it has on the local disk. An inode lives
//! while the kernel has looked it up; renaming scratch over a project makes the scratch inode
//! the project's, as on any file system.

use std::{
    collections::{HashMap, HashSet},
    ffi::{OsStr, OsString},
    sync::Arc,
};

use super::{
    place::Place,
    types::{Ino, ROOT},
};
use crate::{
    ids::{ProjectId, SpaceId},
    sync::Project,
};

const SCRATCH_BIT: u64 = 1 << 63;
const REMOTE_BIT: u64 = 1 << 62;

/// A directory that Taskade has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Directory {
    /// The root: all workspaces.
    Root,
    /// A workspace, with the projects of its home folder.
    Workspace(SpaceId),
    /// A folder.
    Folder(SpaceId),
}

impl Directory {
    /// The space that it shows; `None` for the root.
    pub(crate) fn space(&self) -> Option<&SpaceId> {
        match self {
            Directory::Root => None,
            Directory::Workspace(id) | Directory::Folder(id) => Some(id),
        }
    }

    /// What it is known by on disk.
    pub(crate) fn key(&self) -> &str {
        self.space().map_or("root", SpaceId::as_str)
    }
}

/// What an inode stands for.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    /// A directory that Taskade has.
    Directory { directory: Directory, parent: Ino },
    /// A project.
    Project(Arc<Project>),
    /// A local file, directory or link: where it is, or `None` once it was removed.
    Scratch(Option<(Ino, OsString)>),
    /// Below `.taskade/` of a directory that Taskade has.
    Place(Place),
}

#[derive(Debug)]
struct Inode {
    node: Node,
    lookups: u64,
}

/// The inodes that the kernel knows.
#[derive(Debug)]
pub(crate) struct Inodes {
    table: HashMap<Ino, Inode>,
    projects: HashMap<u64, Ino>,
    /// The numbers in `projects`: theirs also while the kernel does not know them.
    reserved: HashSet<Ino>,
    scratch: HashMap<(Ino, OsString), Ino>,
    next: u64,
}

impl Default for Inodes {
    fn default() -> Self {
        let node = Node::Directory { directory: Directory::Root, parent: ROOT };
        Self {
            // The kernel never looks the root up, so it must not be forgotten either.
            table: HashMap::from([(ROOT, Inode { node, lookups: 1 })]),
            projects: HashMap::new(),
            reserved: HashSet::new(),
            scratch: HashMap::new(),
            next: ROOT.0 + 1,
        }
    }
}

impl Inodes {
    /// What a number stands for.
    pub(crate) fn get(&self, ino: Ino) -> Option<&Node> {
        self.table.get(&ino).map(|inode| &inode.node)
    }

    /// The number of a directory; made known if it was not.
    pub(crate) fn directory(&mut self, directory: &Directory, parent: Ino) -> Ino {
        let Some(id) = directory.space() else { return ROOT };
        let is_it = |node: &Node| matches!(node, Node::Directory { directory: known, .. } if known == directory);
        let ino = self.place(remote_number("space", id.as_str()), is_it);
        self.insert(ino, Node::Directory { directory: directory.clone(), parent });
        ino
    }

    /// The number of a project; made known if it was not.
    pub(crate) fn project(&mut self, project: &Arc<Project>) -> Ino {
        if let Some(&ino) = self.projects.get(&project.serial) {
            self.insert(ino, Node::Project(project.clone()));
            return ino;
        }
        let wanted = match project.id() {
            Some(id) => remote_number("project", id.as_str()),
            None => self.fresh(),
        };
        // One that was its number is that of a text which is still read.
        let ino = self.place(wanted, |_| false);
        self.become_project(ino, project);
        ino
    }

    /// The number that a project has, or will have once it is looked up.
    pub(crate) fn number(&self, id: &ProjectId, project: Option<&Arc<Project>>) -> Ino {
        project
            .and_then(|project| self.projects.get(&project.serial).copied())
            .unwrap_or(Ino(remote_number("project", id.as_str())))
    }

    /// The number of a project, if it was looked up.
    pub(crate) fn of_serial(&self, serial: u64) -> Option<Ino> {
        self.projects.get(&serial).copied()
    }

    /// The number of a place, which the kernel holds a reference to from now on. One step, so that
    /// no forgetting comes between.
    pub(crate) fn look_up_place(&mut self, place: &Place) -> Ino {
        let is_it = |node: &Node| matches!(node, Node::Place(known) if known == place);
        let ino = self.place(remote_number("place", &place.key()), is_it);
        self.insert(ino, Node::Place(place.clone()));
        self.looked_up(ino);
        ino
    }

    /// The number that a place has, or will most likely have once it is looked up.
    pub(crate) fn place_number(place: &Place) -> Ino {
        Ino(remote_number("place", &place.key()))
    }

    /// Makes an inode the project's: scratch was renamed over it, or it is where it was created.
    pub(crate) fn become_project(&mut self, ino: Ino, project: &Arc<Project>) {
        self.leave_scratch(ino);
        if let Some(former) = self.projects.insert(project.serial, ino) {
            self.reserved.remove(&former);
        }
        self.reserved.insert(ino);
        self.insert(ino, Node::Project(project.clone()));
    }

    /// A project gets another number the next time that it is looked up.
    pub(crate) fn leave_project(&mut self, serial: u64) {
        if let Some(ino) = self.projects.remove(&serial) {
            self.reserved.remove(&ino);
        }
    }

    /// A project's inode was renamed to scratch: the project gets another when it is back.
    pub(crate) fn become_scratch(&mut self, ino: Ino, parent: Ino, name: &OsStr) {
        if let Some(Node::Project(project)) = self.get(ino) {
            let serial = project.serial;
            self.projects.remove(&serial);
            self.reserved.remove(&ino);
        }
        self.insert(ino, Node::Scratch(None));
        self.move_scratch(ino, Some((parent, name.to_owned())));
    }

    /// The number of a scratch entry whose number on the local disk is `local`.
    pub(crate) fn scratch(&mut self, local: u64, parent: Ino, name: &OsStr) -> Ino {
        let place = (parent, name.to_owned());
        if let Some(ino) = self.scratch.get(&place) {
            return *ino;
        }
        let wanted = Ino(local | SCRATCH_BIT);
        let free = !self.table.contains_key(&wanted) && !self.reserved.contains(&wanted);
        let ino = if free { wanted } else { Ino(self.fresh()) };
        self.insert(ino, Node::Scratch(None));
        self.move_scratch(ino, Some(place));
        ino
    }

    /// Scratch was moved, or removed with `None`. Whatever was at the new place is gone.
    pub(crate) fn move_scratch(&mut self, ino: Ino, place: Option<(Ino, OsString)>) {
        self.leave_scratch(ino);
        if let Some(place) = &place
            && let Some(replaced) = self.scratch.insert(place.clone(), ino)
            && replaced != ino
            && let Some(inode) = self.table.get_mut(&replaced)
        {
            inode.node = Node::Scratch(None);
        }
        if let Some(inode) = self.table.get_mut(&ino)
            && let Node::Scratch(known) = &mut inode.node
        {
            *known = place;
        }
    }

    /// The scratch inode at a place, if the kernel knows it.
    pub(crate) fn scratch_at(&self, parent: Ino, name: &OsStr) -> Option<Ino> {
        self.scratch.get(&(parent, name.to_owned())).copied()
    }

    fn leave_scratch(&mut self, ino: Ino) {
        if let Some(Node::Scratch(Some(place))) = self.get(ino) {
            let place = place.clone();
            self.scratch.remove(&place);
        }
    }

    /// The kernel holds one more reference. Called before the reply that gives it.
    pub(crate) fn looked_up(&mut self, ino: Ino) {
        if let Some(inode) = self.table.get_mut(&ino) {
            inode.lookups += 1;
        }
    }

    /// The kernel gave `count` references back.
    pub(crate) fn forget(&mut self, ino: Ino, count: u64) {
        let Some(inode) = self.table.get_mut(&ino) else { return };
        inode.lookups = inode.lookups.saturating_sub(count);
        // A project keeps its number, so that it is the same when it is looked up again.
        if inode.lookups == 0 && ino != ROOT {
            self.leave_scratch(ino);
            self.table.remove(&ino);
        }
    }

    /// A number never used in this mount.
    fn fresh(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// The wanted number, or another if something else has it.
    fn place(&mut self, wanted: u64, is_it: impl Fn(&Node) -> bool) -> Ino {
        let wanted = Ino(wanted);
        match self.table.get(&wanted) {
            Some(inode) if is_it(&inode.node) => return wanted,
            None if !self.reserved.contains(&wanted) => return wanted,
            _ => {}
        }
        let elsewhere = self.table.iter().find(|(_, inode)| is_it(&inode.node));
        match elsewhere {
            Some((ino, _)) => *ino,
            None => Ino(self.fresh()),
        }
    }

    fn insert(&mut self, ino: Ino, node: Node) {
        match self.table.get_mut(&ino) {
            Some(inode) => inode.node = node,
            None => {
                self.table.insert(ino, Inode { node, lookups: 0 });
            }
        }
    }
}

/// A number made from a kind and an id: FNV-1a, the same in every mount.
fn remote_number(kind: &str, id: &str) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in kind.bytes().chain([0]).chain(id.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    (hash & !SCRATCH_BIT) | REMOTE_BIT
}
