//! Directories: what is in them, under which name, and looking names up.

use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
    sync::Arc,
};

use crate::{
    api::{RemoteProject, RemoteSpace},
    error::{Error, Kind, Result},
    file_name::{NAME_MAX, PROJECT_SUFFIX},
    sync::{
        Journal, ListIntent, Listed, Project,
        read::{directories, offline, registry},
    },
    vfs::{
        kernel_cache,
        names::{self, RESERVED, Titled},
        tree::{
            entries::{Entries, Entry},
            inner::{LocalEntry, MountTree},
        },
        types::Directory,
        volume::Vfs,
    },
};

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

/// What a name stands for in a directory that Taskade has.
pub(crate) async fn find(vfs: &Vfs, directory: &Directory, name: &OsStr) -> Result<Found> {
    find_for(vfs, directory, name, ListIntent::List).await
}

pub(crate) async fn find_for(
    vfs: &Vfs,
    directory: &Directory,
    name: &OsStr,
    list_intent: ListIntent,
) -> Result<Found> {
    match vfs.tree().local(directory, name) {
        Some(LocalEntry::New(project)) if is_here(project, directory, name) => {
            return Ok(Found::Project(project.clone()));
        }
        Some(LocalEntry::Vacant(_)) => return Ok(Found::Nothing),
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
            entries_for(vfs, directory, ListIntent::Traverse).await?.get(name)
    {
        return Ok(Found::Directory(child(directory, space)));
    }
    let mut listed = entries_for(vfs, directory, list_intent).await?;
    if list_intent != ListIntent::List && listed.get(name).is_none() {
        // Whoever walks comes to what was listed: any other name may be new.
        listed = entries(vfs, directory).await?;
    }
    Ok(match listed.get(name) {
        Some(Entry::Space(space)) => Found::Directory(child(directory, space)),
        Some(Entry::Project(project)) => Found::Project(listed_project(vfs, directory, project)?),
        None if name.to_str().is_some_and(names::is_project) => Found::Nothing,
        None => Found::Elsewhere,
    })
}

pub(crate) fn listed_project(
    vfs: &Vfs,
    directory: &Directory,
    entry: &RemoteProject,
) -> Result<Arc<Project>> {
    let folder = directory.space().ok_or_else(no_entry)?;
    Ok(registry::project(&vfs.engine, &entry.id, folder, &entry.name))
}

/// The entries of a directory that Taskade has, named. No request if they are known and young.
pub(crate) async fn entries(vfs: &Vfs, directory: &Directory) -> Result<Arc<Entries>> {
    entries_for(vfs, directory, ListIntent::List).await
}

pub(crate) async fn entries_for(
    vfs: &Vfs,
    directory: &Directory,
    list_intent: ListIntent,
) -> Result<Arc<Entries>> {
    match directory {
        Directory::Root => directories::workspaces(&vfs.engine, list_intent).await?,
        Directory::Workspace(id) => directories::space(&vfs.engine, id, true, list_intent).await?,
        Directory::Folder(id) => directories::space(&vfs.engine, id, false, list_intent).await?,
    };
    Ok(known_entries(vfs, directory))
}

/// The entries of a directory that Taskade has, as far as they are known, named. The kernel is told of
/// the names that are gone, or stand for something else, since they were named last.
pub(crate) fn known_entries(vfs: &Vfs, directory: &Directory) -> Arc<Entries> {
    let is_workspace = matches!(directory, Directory::Workspace(_));
    let listed = || offline::listed(&vfs.engine, directory.space(), is_workspace);
    let named_before = |tree: &MountTree, listed: &Arc<Listed>| {
        let entries = tree.entries.get(directory);
        entries.filter(|entries| Arc::ptr_eq(&entries.listed, listed)).cloned()
    };
    let now = listed();
    if let Some(entries) = named_before(&vfs.tree(), &now) {
        return entries;
    }
    let mut tree = vfs.tree();
    // Named, as one, as it is listed by now: the names that what was listed before gives stay with what
    // there is, and whoever is late with that would give them last.
    let now = listed();
    if let Some(entries) = named_before(&tree, &now) {
        return entries;
    }
    let (entries, is_new) = named(&tree, vfs.engine.journal(), directory, now);
    let entries = Arc::new(entries);
    let former = tree.entries.insert(directory.clone(), entries.clone());
    tree.drop_listed(directory, &entries);
    tree.hear_first(directory);
    if let (Some(former), Some(parent)) = (former, tree.known_directory(directory)) {
        kernel_cache::invalidate_names(vfs, parent, former.differing(&entries));
    }
    drop(tree);
    write_if(vfs, is_new);
    entries
}

/// Gives every entry its name. Whether there is something to be written of the names.
fn named(
    tree: &MountTree,
    journal: &Journal,
    directory: &Directory,
    listed: Arc<Listed>,
) -> (Entries, bool) {
    // The name that a project was created under is its name.
    let of_new = tree.names_of_new(directory);
    let in_order = in_order(&listed);
    let titled: Vec<Titled<'_>> = in_order.iter().map(titled).collect();
    let (names, is_new) = assigned(journal, directory.key(), &titled, of_new);
    let in_order: Vec<(OsString, Entry)> =
        names.into_iter().map(OsString::from).zip(in_order).collect();
    let by_name = in_order.iter().enumerate().map(|(n, (name, _))| (name.clone(), n)).collect();
    (Entries { listed, in_order, by_name }, is_new)
}

/// Names what is in a directory that is kept on disk under this key, as it was named before, or by
/// these names. The names that are new are kept.
pub(crate) fn given(
    vfs: &Vfs,
    key: &str,
    titled: &[Titled],
    by_name: impl IntoIterator<Item = (String, (String, String))>,
) -> Vec<String> {
    let (names, is_new) = assigned(vfs.engine.journal(), key, titled, by_name);
    write_if(vfs, is_new);
    names
}

/// As [`given`]. Whether there is something to be written of the names.
fn assigned(
    journal: &Journal,
    key: &str,
    titled: &[Titled],
    by_name: impl IntoIterator<Item = (String, (String, String))>,
) -> (Vec<String>, bool) {
    journal.give_names(key, |known| {
        let mut given = known.clone();
        given.extend(by_name);
        let names = names::assign(titled, &given);
        let new = new_names(titled, &names, known);
        (names, new)
    })
}

/// Writes names out, if there is something to be written.
pub(crate) fn write_if(vfs: &Vfs, is_new: bool) {
    if is_new {
        let journal = vfs.engine.journal().clone();
        vfs.engine.tasks.spawn_blocking("writing names", move || journal.write_names());
    }
}

impl MountTree {
    /// Forgets new projects that Taskade lists by now.
    pub(crate) fn drop_listed(&mut self, directory: &Directory, entries: &Entries) {
        let Some(locals) = self.locals.get_mut(directory) else { return };
        locals.retain(|name, local| match (local, entries.get(name)) {
            (LocalEntry::New(project), _) if !is_here(project, directory, name) => false,
            (LocalEntry::New(project), Some(Entry::Project(listed))) => {
                project.id().is_none_or(|id| id != listed.id)
            }
            _ => true,
        });
    }

    pub(crate) fn names_of_new(&self, directory: &Directory) -> Vec<(String, (String, String))> {
        let locals = self.locals.get(directory).into_iter().flatten();
        locals
            .filter_map(|(name, local)| {
                // One that is on its way to another name has this one no more.
                let LocalEntry::New(project) = local else { return None };
                is_here(project, directory, name).then_some(())?;
                let name = name.to_str()?.to_owned();
                Some((project.id()?.as_str().to_owned(), (project.title(), name)))
            })
            .collect()
    }
}

/// Whether a project that is not listed yet is still where it was made or renamed to.
pub(crate) fn is_here(project: &Project, directory: &Directory, name: &OsStr) -> bool {
    let title = name.to_str().and_then(names::title);
    directory.space() == Some(&project.folder()) && title == Some(project.title())
}

/// Whether a name is that of the tree for scripts. The root has the mount's own in its place.
pub(crate) fn is_resources(directory: &Directory, name: &OsStr) -> bool {
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

pub(crate) fn titled(entry: &Entry) -> Titled<'static> {
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

pub(crate) fn new_names(
    titled: &[Titled<'_>],
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
