//! Directories: what is in them, under which name, and looking names up.

use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
    sync::Arc,
    time::Duration,
};

use super::{
    Vfs,
    inode::{Directory, Node},
    names::{self, Titled},
    process,
    tree::{Local, Tree},
    types::{Attr, Ino},
};
use crate::{
    api::{RemoteProject, RemoteSpace},
    error::{Error, Kind, Result},
    file_name::{NAME_MAX, PROJECT_SUFFIX},
    ids::{ProjectId, SpaceId},
    sync::{Listed, Look, Process, Project},
};

/// The name that the mount keeps for itself in every directory.
pub(crate) const RESERVED: &str = ".taskade";

/// One entry that Taskade has.
#[derive(Debug, Clone)]
pub(crate) enum Entry {
    Space(RemoteSpace),
    Project(RemoteProject),
}

/// The entries of a directory that Taskade has, named.
#[derive(Debug)]
pub(crate) struct Entries {
    listed: Arc<Listed>,
    pub(crate) in_order: Vec<(OsString, Entry)>,
    by_name: HashMap<OsString, usize>,
}

impl Entries {
    /// The name of a project.
    pub(crate) fn name_of(&self, id: &ProjectId) -> Option<&OsStr> {
        self.name_where(|entry| matches!(entry, Entry::Project(project) if project.id == *id))
    }

    /// The name of a workspace or folder.
    pub(crate) fn name_of_space(&self, id: &SpaceId) -> Option<&OsStr> {
        self.name_where(|entry| matches!(entry, Entry::Space(space) if space.id == *id))
    }

    fn name_where(&self, is_it: impl Fn(&Entry) -> bool) -> Option<&OsStr> {
        self.in_order.iter().find(|(_, entry)| is_it(entry)).map(|(name, _)| name.as_os_str())
    }

    pub(crate) fn get(&self, name: &OsStr) -> Option<&Entry> {
        let index = self.by_name.get(name)?;
        self.in_order.get(*index).map(|(_, entry)| entry)
    }

    /// The names that do not stand for the same here and there.
    fn differing(&self, other: &Self) -> Vec<OsString> {
        let gone = self
            .in_order
            .iter()
            .filter(|(name, entry)| other.get(name).is_none_or(|now| !now.is_the_same(entry)));
        // There may have been scratch of that name.
        let new = other.in_order.iter().filter(|(name, _)| !self.by_name.contains_key(name));
        gone.chain(new).map(|(name, _)| name.clone()).collect()
    }
}

impl Entry {
    fn is_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Entry::Space(one), Entry::Space(other)) => one.id == other.id,
            (Entry::Project(one), Entry::Project(other)) => one.id == other.id,
            (Entry::Space(_), Entry::Project(_)) | (Entry::Project(_), Entry::Space(_)) => false,
        }
    }
}

/// What a name in a directory stands for.
#[derive(Debug, Clone)]
pub(crate) enum Found {
    Directory(Directory),
    Project(Arc<Project>),
    /// Nothing that Taskade has: scratch, if there is any.
    Elsewhere,
    /// A project's name that no project has now.
    Nothing,
}

impl Vfs {
    /// Looks a name up; the kernel holds a reference when this succeeds.
    ///
    /// # Errors
    /// [`Kind::NotFound`] if there is none, or what reading the project failed with.
    pub async fn lookup(&self, parent: Ino, name: &OsStr, caller: u32) -> Result<Attr> {
        check_name(name)?;
        match self.node(parent)? {
            Node::Place(place) => self.look_up_below(&place, name).await,
            Node::Directory { directory, .. } if is_resources(&directory, name) => {
                Ok(self.look_up_top(&directory))
            }
            Node::Directory { directory, .. } => {
                let process = process::of_thread(caller);
                self.look_up_listed(parent, &directory, name, process).await
            }
            Node::Scratch(_) => self.looked_up_scratch(parent, name),
            Node::Project(_) => Err(Error::new(Kind::NotDirectory, "a project is a file")),
        }
    }

    async fn look_up_listed(
        &self,
        parent: Ino,
        directory: &Directory,
        name: &OsStr,
        process: Option<Process>,
    ) -> Result<Attr> {
        let look = self.engine.looks(process, None);
        let found = self.find_for(directory, name, look).await?;
        if let Found::Nothing = found
            && let Some(project) = self.left_behind(directory, name, process).await
        {
            self.engine.glance(&project, process).await?;
            self.part_if_outgrown(&project);
            let ino = self.refer(|tree| tree.inodes.project(&project));
            let attr = self.project_attr(ino, &project, process);
            // To anybody else it is no name of anything.
            return Ok(Attr { named: Duration::ZERO, ..attr });
        }
        match found {
            Found::Directory(child) => {
                let ino = self.refer(|tree| tree.directory(&child, parent));
                let named = self.engine.names_believed(directory.space());
                Ok(Attr { named, ..self.directory_attr(ino) })
            }
            Found::Project(project) => {
                self.engine.glance(&project, process).await?;
                self.part_if_outgrown(&project);
                self.note_path(&project, directory, name);
                let ino = self.refer(|tree| tree.inodes.project(&project));
                let attr = self.project_attr(ino, &project, process);
                // One that Taskade does not list yet may get another name when it does.
                Ok(match project.id() {
                    Some(_) => {
                        Attr { named: self.engine.names_believed(directory.space()), ..attr }
                    }
                    None => attr,
                })
            }
            Found::Elsewhere => self.looked_up_scratch(parent, name),
            Found::Nothing => Err(no_entry()),
        }
    }

    /// Makes an inode known and counts the reference that the kernel is about to hold, as one: a
    /// `forget` in between would take it away again, and the kernel's number would stand for nothing.
    pub(crate) fn refer(&self, known: impl FnOnce(&mut Tree) -> Ino) -> Ino {
        let mut tree = self.tree();
        let ino = known(&mut tree);
        tree.inodes.looked_up(ino);
        ino
    }

    /// What a name stands for in a directory that Taskade has.
    pub(crate) async fn find(&self, directory: &Directory, name: &OsStr) -> Result<Found> {
        self.find_for(directory, name, Look::At).await
    }

    async fn find_for(&self, directory: &Directory, name: &OsStr, look: Look) -> Result<Found> {
        match self.tree().local(directory, name) {
            Some(Local::New(project)) if is_here(project, directory, name) => {
                return Ok(Found::Project(project.clone()));
            }
            Some(Local::Vacant(_)) => return Ok(Found::Nothing),
            _ => {}
        }
        if is_resources(directory, name) {
            return Ok(Found::Nothing);
        }
        // Editors probe for their dotfiles all the time: no listing is worth a look for them.
        if name.as_encoded_bytes().starts_with(b".") {
            return Ok(Found::Elsewhere);
        }
        // A path leads through directories that are known: it is not worth waiting for news of them.
        if !matches!(directory, Directory::Folder(_))
            && let Some(Entry::Space(space)) =
                self.entries_for(directory, Look::Through).await?.get(name)
        {
            return Ok(Found::Directory(child(directory, space)));
        }
        let mut entries = self.entries_for(directory, look).await?;
        if look != Look::At && entries.get(name).is_none() {
            // Whoever walks comes to what was listed: any other name may be new.
            entries = self.entries(directory).await?;
        }
        Ok(match entries.get(name) {
            Some(Entry::Space(space)) => Found::Directory(child(directory, space)),
            Some(Entry::Project(project)) => {
                Found::Project(self.listed_project(directory, project)?)
            }
            None if name.to_str().is_some_and(names::is_project) => Found::Nothing,
            None => Found::Elsewhere,
        })
    }

    pub(crate) fn listed_project(
        &self,
        directory: &Directory,
        entry: &RemoteProject,
    ) -> Result<Arc<Project>> {
        let folder = directory.space().ok_or_else(no_entry)?;
        Ok(self.engine.project(&entry.id, folder, &entry.name))
    }

    /// The entries of a directory that Taskade has, named. No request if they are known and young.
    pub(crate) async fn entries(&self, directory: &Directory) -> Result<Arc<Entries>> {
        self.entries_for(directory, Look::At).await
    }

    pub(crate) async fn entries_for(
        &self,
        directory: &Directory,
        look: Look,
    ) -> Result<Arc<Entries>> {
        let listed = match directory {
            Directory::Root => self.engine.workspaces(look).await?,
            Directory::Workspace(id) => self.engine.space(id, true, look).await?,
            Directory::Folder(id) => self.engine.space(id, false, look).await?,
        };
        self.name_listed(directory, listed)
    }

    /// What is listed, named. The kernel is told of the names that are gone, or stand for
    /// something else, since it was named last.
    pub(crate) fn name_listed(
        &self,
        directory: &Directory,
        listed: Arc<Listed>,
    ) -> Result<Arc<Entries>> {
        if let Some(entries) = self.tree().entries.get(directory)
            && Arc::ptr_eq(&entries.listed, &listed)
        {
            return Ok(entries.clone());
        }
        let entries = Arc::new(self.named(directory, listed)?);
        let mut tree = self.tree();
        let former = tree.entries.insert(directory.clone(), entries.clone());
        tree.drop_listed(directory, &entries);
        if let (Some(former), Some(parent)) = (former, tree.known_directory(directory)) {
            self.tell_names(parent, former.differing(&entries));
        }
        Ok(entries)
    }

    /// Gives every entry its name, and remembers the names that are new.
    fn named(&self, directory: &Directory, listed: Arc<Listed>) -> Result<Entries> {
        let journal = self.engine.journal();
        let mut given = journal.names(directory.key())?;
        // The name that a project was created under is its name.
        given.extend(self.tree().names_of_new(directory));
        let in_order = in_order(&listed);
        let titled: Vec<Titled> = in_order.iter().map(titled).collect();
        let names = names::assign(&titled, &given);
        journal.set_names(
            directory.key(),
            &new_names(&titled, &names, &journal.names(directory.key())?),
        )?;
        let in_order: Vec<(OsString, Entry)> =
            names.into_iter().map(OsString::from).zip(in_order).collect();
        let by_name = in_order.iter().enumerate().map(|(n, (name, _))| (name.clone(), n)).collect();
        Ok(Entries { listed, in_order, by_name })
    }
}

impl Tree {
    /// Forgets new projects that Taskade lists by now.
    fn drop_listed(&mut self, directory: &Directory, entries: &Entries) {
        let Some(locals) = self.locals.get_mut(directory) else { return };
        locals.retain(|name, local| match (local, entries.get(name)) {
            (Local::New(project), _) if !is_here(project, directory, name) => false,
            (Local::New(project), Some(Entry::Project(listed))) => {
                project.id().is_none_or(|id| id != listed.id)
            }
            _ => true,
        });
    }

    fn names_of_new(&self, directory: &Directory) -> Vec<(String, (String, String))> {
        let locals = self.locals.get(directory).into_iter().flatten();
        locals
            .filter_map(|(name, local)| {
                let Local::New(project) = local else { return None };
                let name = name.to_str()?.to_owned();
                Some((project.id()?.as_str().to_owned(), (project.title(), name)))
            })
            .collect()
    }
}

/// Whether a project that is not listed yet is still where it was made or renamed to.
fn is_here(project: &Project, directory: &Directory, name: &OsStr) -> bool {
    let title = name.to_str().and_then(names::title);
    directory.space() == Some(&project.folder()) && title == Some(project.title())
}

/// Whether a name is that of the tree for scripts. The root has the mount's own in its place.
fn is_resources(directory: &Directory, name: &OsStr) -> bool {
    name == RESERVED && *directory != Directory::Root
}

/// Refuses names that no file can have here.
pub(crate) fn check_name(name: &OsStr) -> Result<()> {
    if name.len() > NAME_MAX {
        return Err(Error::new(Kind::NameTooLong, "a name of over 255 bytes"));
    }
    Ok(())
}

/// Refuses to make anything under the name that the mount keeps for itself.
pub(crate) fn check_reserved(name: &OsStr) -> Result<()> {
    if name == RESERVED {
        return Err(Error::new(Kind::NotPermitted, "`.taskade` is kept for the mount itself"));
    }
    check_name(name)
}

pub(crate) fn no_entry() -> Error {
    Error::new(Kind::NotFound, "no such file or directory")
}

/// What was listed, in the order in which it is named.
pub(crate) fn in_order(listed: &Listed) -> Vec<Entry> {
    (listed.spaces.iter().cloned().map(Entry::Space))
        .chain(listed.projects.iter().cloned().map(Entry::Project))
        .collect()
}

pub(crate) fn child(directory: &Directory, space: &RemoteSpace) -> Directory {
    match directory {
        Directory::Root => Directory::Workspace(space.id.clone()),
        Directory::Workspace(_) | Directory::Folder(_) => Directory::Folder(space.id.clone()),
    }
}

pub(crate) fn titled(entry: &Entry) -> Titled {
    match entry {
        Entry::Space(space) => {
            Titled { id: space.id.as_str().to_owned(), title: space.name.clone(), suffix: "" }
        }
        Entry::Project(project) => Titled {
            id: project.id.as_str().to_owned(),
            title: project.name.clone(),
            suffix: PROJECT_SUFFIX,
        },
    }
}

fn new_names(
    titled: &[Titled],
    names: &[String],
    known: &HashMap<String, (String, String)>,
) -> Vec<crate::sync::GivenName> {
    titled
        .iter()
        .zip(names)
        .filter(|(entry, name)| {
            known
                .get(&entry.id)
                .is_none_or(|(title, given)| *title != entry.title || given != *name)
        })
        .map(|(entry, name)| crate::sync::GivenName {
            id: entry.id.clone(),
            title: entry.title.clone(),
            name: name.clone(),
        })
        .collect()
}
