//! Inodes: which number stands for what, and for how long.
//!
//! Numbers of workspaces, folders and projects are made from their ids, so that they stay the
//! same across remounts; scratch takes the number that it has on the local disk. An inode lives
//! while the kernel has looked it up; renaming scratch over a project makes the scratch inode
//! the project's, as on any file system.
//!
//! The disk gives the number of a file that is gone to the next one, which may be before it is
//! known here that the first is gone: what `.taskade/` shows is replaced without anybody's asking,
//! and a file that is removed is gone on the disk first. So a number of the disk alone does not
//! tell that two names are of one file.

use std::{
    collections::{HashMap, HashSet},
    ffi::{OsStr, OsString},
    sync::Arc,
};

use crate::{
    ids::ProjectId,
    sync::Project,
    vfs::{
        resource_path::ResourceNode,
        types::{Directory, FileKind, Ino, ROOT},
    },
};

pub(crate) const SCRATCH_BIT: u64 = 1 << 63;

pub(crate) const REMOTE_BIT: u64 = 1 << 62;

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
    Resource(ResourceNode),
}

/// What was found on the local disk under a name of scratch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OnDisk {
    pub(crate) number: u64,
    pub(crate) kind: FileKind,
    /// Whether it can have no other name: it is a directory, or a file with one link.
    pub(crate) is_alone: bool,
}

#[derive(Debug)]
pub(crate) struct Inode {
    node: Node,
    lookups: u64,
    /// The number on the local disk of what has a name there: `locals` leads from it to here, and
    /// from no other number.
    local: Option<u64>,
    /// What scratch was when it was found on the disk. The kernel has an inode be that for ever.
    kind: Option<FileKind>,
    /// The names of a local file beside the one in its node: hard links.
    more: Vec<(Ino, OsString)>,
}

impl Inode {
    fn new(node: Node, lookups: u64) -> Self {
        Self { node, lookups, local: None, kind: None, more: Vec::new() }
    }

    fn may_be(&self, kind: FileKind) -> bool {
        self.kind.is_none_or(|known| known == kind)
    }
}

/// The inodes that the kernel knows.
#[derive(Debug)]
pub(crate) struct Inodes {
    table: HashMap<Ino, Inode>,
    projects: HashMap<u64, Ino>,
    /// The numbers in `projects`: theirs also while the kernel does not know them.
    reserved: HashSet<Ino>,
    scratch: HashMap<(Ino, OsString), Ino>,
    /// What has a name on the local disk, by its number there.
    locals: HashMap<u64, Ino>,
    next: u64,
}

impl Default for Inodes {
    fn default() -> Self {
        let node = Node::Directory { directory: Directory::Root, parent: ROOT };
        Self {
            // The kernel never looks the root up, so it must not be forgotten either.
            table: HashMap::from([(ROOT, Inode::new(node, 1))]),
            projects: HashMap::new(),
            reserved: HashSet::new(),
            scratch: HashMap::new(),
            locals: HashMap::new(),
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
        let ino = self.free_number(remote_number("space", id.as_str()), is_it);
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
        let ino = self.free_number(wanted, |_| false);
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
    pub(crate) fn look_up_resource(&mut self, resource: &ResourceNode) -> Ino {
        let is_it = |node: &Node| matches!(node, Node::Resource(known) if known == resource);
        let ino = self.free_number(remote_number("place", &resource.key()), is_it);
        self.insert(ino, Node::Resource(resource.clone()));
        self.looked_up(ino);
        ino
    }

    /// Makes an inode a place: scratch was renamed there.
    pub(crate) fn become_resource(&mut self, ino: Ino, resource: &ResourceNode) {
        self.leave_scratch(ino);
        self.insert(ino, Node::Resource(resource.clone()));
    }

    /// The number that a place has, or will most likely have once it is looked up.
    pub(crate) fn resource_number(resource: &ResourceNode) -> Ino {
        Ino(remote_number("place", &resource.key()))
    }

    /// The number of a place that the kernel knows.
    pub(crate) fn of_resource(&self, resource: &ResourceNode) -> Option<Ino> {
        let is_it =
            |ino: &Ino| matches!(self.get(*ino), Some(Node::Resource(it)) if it == resource);
        let usual = Some(Self::resource_number(resource)).filter(is_it);
        usual.or_else(|| self.table.keys().copied().find(is_it))
    }

    /// Makes an inode the project's: scratch was renamed over it, its file came out of the
    /// archive, or it is where it was created.
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

    /// The number of scratch that was found on the local disk. All names of a file have the same.
    pub(crate) fn scratch(&mut self, found: OnDisk, parent: Ino, name: &OsStr) -> Ino {
        let place = (parent, name.to_owned());
        let local = found.number;
        let known = self.scratch.get(&place).copied().filter(|ino| {
            // Where its number is not known, the name was a project's until now, or the disk has
            // given the number to another file.
            let inode = self.table.get(ino).filter(|inode| inode.may_be(found.kind));
            inode.is_some_and(|inode| inode.local.is_none_or(|known| known == local))
        });
        let ino = known.or_else(|| self.other_name(found)).unwrap_or_else(|| {
            let wanted = Ino(local | SCRATCH_BIT);
            let free = !self.table.contains_key(&wanted) && !self.reserved.contains(&wanted);
            let ino = if free { wanted } else { Ino(self.fresh()) };
            self.insert(ino, Node::Scratch(None));
            ino
        });
        if known.is_none() {
            self.name_scratch(ino, place);
        }
        self.found_on_disk(ino, found);
        ino
    }

    /// The inode of a file that is known by another name. What has only the name that it was found
    /// by is a file of its own, whatever had its number before.
    fn other_name(&self, found: OnDisk) -> Option<Ino> {
        let ino = self.locals.get(&found.number).copied().filter(|_| !found.is_alone)?;
        self.table.get(&ino).is_some_and(|inode| inode.may_be(found.kind)).then_some(ino)
    }

    /// Notes the number on the disk. Who had it before keeps its names, under which there may be
    /// something new already: that is seen when they are looked up, or they are removed.
    fn found_on_disk(&mut self, ino: Ino, found: OnDisk) {
        let Some(inode) = self.table.get_mut(&ino) else { return };
        inode.local = Some(found.number);
        inode.kind = Some(found.kind);
        let former = self.locals.insert(found.number, ino).filter(|former| *former != ino);
        if let Some(former) = former.and_then(|former| self.table.get_mut(&former)) {
            former.local = None;
        }
    }

    /// Scratch has this name only. Whatever had it is gone.
    pub(crate) fn move_scratch(&mut self, ino: Ino, place: Option<(Ino, OsString)>) {
        self.leave_scratch(ino);
        if let Some(place) = place {
            self.name_scratch(ino, place);
        }
    }

    /// The names of a scratch inode, and its number on the local disk.
    pub(crate) fn places(&self, ino: Ino) -> (Vec<(Ino, OsString)>, Option<u64>) {
        let Some(inode) = self.table.get(&ino) else { return (Vec::new(), None) };
        let Node::Scratch(first) = &inode.node else { return (Vec::new(), None) };
        (first.iter().chain(&inode.more).cloned().collect(), inode.local)
    }

    /// A name is gone. Of a file with others, only the name.
    pub(crate) fn unlink_scratch(&mut self, parent: Ino, name: &OsStr) {
        let place = (parent, name.to_owned());
        let Some(ino) = self.scratch.remove(&place) else { return };
        let Some(inode) = self.table.get_mut(&ino) else { return };
        inode.more.retain(|known| *known != place);
        if let Node::Scratch(first) = &mut inode.node
            && first.as_ref() == Some(&place)
        {
            *first = inode.more.pop();
            if first.is_none()
                && let Some(local) = inode.local.take()
            {
                // The disk may give the number to another file.
                self.locals.remove(&local);
            }
        }
    }

    /// A name of scratch became another, or two were exchanged. Whatever had the new one is gone.
    pub(crate) fn rename_scratch(
        &mut self,
        from: (Ino, &OsStr),
        to: (Ino, &OsStr),
        exchanged: bool,
    ) {
        let (old, new) = (self.scratch_at(from.0, from.1), self.scratch_at(to.0, to.1));
        // A name that goes takes the number along, unless another comes in its place.
        let named = [(old, from, to)].into_iter().chain(exchanged.then_some((new, to, from)));
        let moves: Vec<_> = named.collect();
        for (ino, before, _) in &moves {
            if let Some(ino) = ino {
                self.drop_name(*ino, &(before.0, before.1.to_owned()));
            }
        }
        if !exchanged {
            self.unlink_scratch(to.0, to.1);
        }
        for (ino, _, after) in moves {
            if let Some(ino) = ino {
                self.name_scratch(ino, (after.0, after.1.to_owned()));
            }
        }
    }

    /// Takes one name from an inode that is about to get another.
    fn drop_name(&mut self, ino: Ino, place: &(Ino, OsString)) {
        self.scratch.remove(place);
        let Some(inode) = self.table.get_mut(&ino) else { return };
        inode.more.retain(|known| known != place);
        if let Node::Scratch(first) = &mut inode.node
            && first.as_ref() == Some(place)
        {
            *first = inode.more.pop();
        }
    }

    /// Gives an inode one more name, which whatever had it loses.
    fn name_scratch(&mut self, ino: Ino, place: (Ino, OsString)) {
        if self.scratch.get(&place).is_some_and(|known| *known != ino) {
            self.unlink_scratch(place.0, &place.1);
        }
        let Some(inode) = self.table.get_mut(&ino) else { return };
        let Node::Scratch(first) = &mut inode.node else { return };
        match first {
            None => *first = Some(place.clone()),
            Some(known) if *known == place || inode.more.contains(&place) => {}
            Some(_) => inode.more.push(place.clone()),
        }
        self.scratch.insert(place, ino);
    }

    /// The scratch inode at a place, if the kernel knows it.
    pub(crate) fn scratch_at(&self, parent: Ino, name: &OsStr) -> Option<Ino> {
        self.scratch.get(&(parent, name.to_owned())).copied()
    }

    /// Takes all names from a scratch inode.
    fn leave_scratch(&mut self, ino: Ino) {
        for (parent, name) in self.places(ino).0 {
            self.unlink_scratch(parent, &name);
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
            let local = self.table.remove(&ino).and_then(|inode| inode.local);
            local.map(|local| self.locals.remove(&local));
        }
    }

    /// A number that nothing has, nor will have.
    pub(crate) fn unused(&mut self) -> Ino {
        Ino(self.fresh())
    }

    /// A number never used in this mount.
    fn fresh(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// The wanted number, or another if something else has it.
    fn free_number(&mut self, wanted: u64, is_it: impl Fn(&Node) -> bool) -> Ino {
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
                self.table.insert(ino, Inode::new(node, 0));
            }
        }
    }
}

/// A number made from a kind and an id: FNV-1a, the same in every mount.
pub(crate) fn remote_number(kind: &str, id: &str) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in kind.bytes().chain([0]).chain(id.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    (hash & !SCRATCH_BIT) | REMOTE_BIT
}
