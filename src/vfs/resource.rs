//! `.taskade/` of workspaces and folders, for scripts: what the service says of projects and tasks
//! beside their texts, a JSON file each.
//!
//! Directories are made from listings, and nothing that lists or looks costs a request for what a
//! file holds. Opening a file asks the service afresh; that open file reads as one answer. How long
//! a file is nobody knows before: while it is open `stat` tells the truth, as programs look after
//! opening, and otherwise the size that sysfs shows. Reads go past the kernel's pages, so they
//! never stop at a size. A size of 0 would not do: GNU tar does not even open such a file.

use std::{
    ffi::{OsStr, OsString},
    sync::Arc,
    time::Duration,
};

use serde_json::Value;

use crate::{
    error::{Error, Kind, Result},
    file_name::PROJECT_SUFFIX,
    ids::{ProjectId, TaskId},
    plan::Outline,
    sync::{BELIEVED, Process, Project, read::resources},
    vfs::{
        attributes,
        directory::{self, Found, no_entry},
        inode::Inodes,
        place::{At, Place, TaskNames},
        tree::{entries::Entry, handles::Handle, inner::Local, sharing::Sharing},
        types::{Attr, Caching, Directory, DirectoryEntry, Fh, Ino, OpenMode, Opened, SetAttr},
        volume::Vfs,
    },
};

/// The size of a file that is not open.
pub(crate) const UNREAD: u64 = 4096;

/// Looks `.taskade` itself up; the kernel holds a reference from now on.
pub(crate) fn look_up_top(vfs: &Vfs, directory: &Directory) -> Attr {
    look_up_place(vfs, &Place::new(directory, At::Top))
}

/// Looks a name up; the kernel holds a reference when this succeeds.
pub(crate) async fn look_up_below(vfs: &Vfs, place: &Place, name: &OsStr) -> Result<Attr> {
    if !place.is_directory() {
        return Err(Error::new(Kind::NotDirectory, "a file"));
    }
    let at = match &place.at {
        At::Projects => At::Project(project_named(vfs, &place.directory, name).await?),
        At::Tasks(project) => At::Task(project.clone(), task_named(vfs, project, name).await?),
        _ => place.fixed_child(name).ok_or_else(no_entry)?.at,
    };
    Ok(look_up_place(vfs, &Place::new(&place.directory, at)))
}

pub(crate) fn look_up_place(vfs: &Vfs, place: &Place) -> Attr {
    let ino = vfs.tree().inodes.look_up_place(place);
    place_attr(vfs, ino, place)
}

/// What is in a directory, and the number of the one above.
pub(crate) async fn list_place(vfs: &Vfs, place: &Place) -> Result<(Vec<DirectoryEntry>, Ino)> {
    let child = |at| Place::new(&place.directory, at);
    let named: Vec<(OsString, Place)> = match &place.at {
        At::Projects => {
            let projects = projects_in(vfs, &place.directory).await?.into_iter();
            projects.map(|(name, id)| (name.into(), child(At::Project(id)))).collect()
        }
        At::Tasks(project) => {
            let outline = resources::tasks_now(&vfs.engine, &known(vfs, project)?).await?;
            let names = task_names(vfs, project, &outline);
            let task = |id: &TaskId| child(At::Task(project.clone(), id.clone()));
            names.in_order.iter().map(|(name, id)| (name.into(), task(id))).collect()
        }
        _ if place.is_directory() => {
            place.fixed().into_iter().map(|(name, place)| (name.into(), place)).collect()
        }
        _ => return Err(Error::new(Kind::NotDirectory, "a file")),
    };
    let entry = |(name, place): (OsString, Place)| DirectoryEntry {
        ino: Inodes::place_number(&place),
        kind: place.kind(),
        name,
    };
    let above = match place.above() {
        Some(above) => Some(Inodes::place_number(&above)),
        None => vfs.tree().known_directory(&place.directory),
    };
    Ok((named.into_iter().map(entry).collect(), above.unwrap_or(super::ROOT)))
}

/// What `stat` shows.
pub(crate) fn place_attr(vfs: &Vfs, ino: Ino, place: &Place) -> Attr {
    let attr = attributes::directory_attr(vfs, ino);
    if place.is_directory() {
        return Attr { mode: 0o555, ..attr };
    }
    let is_writable = place.is_share() && !vfs.engine.settings().read_only;
    Attr {
        kind: place.kind(),
        size: size_read(vfs, ino).unwrap_or(UNREAD),
        mode: if is_writable { 0o644 } else { 0o444 },
        links: 1,
        // Opening it changes the size.
        believed: Duration::ZERO,
        named: BELIEVED,
        ..attr
    }
}

/// The length of what was last opened of a file and still is.
pub(crate) fn size_read(vfs: &Vfs, ino: Ino) -> Option<u64> {
    let latest = {
        let tree = vfs.tree();
        let is_of = |handle: &Handle| match handle {
            Handle::Answer { ino: of, .. } => *of == ino,
            Handle::Sharing(sharing) => sharing.ino == ino,
            _ => false,
        };
        let opened = tree.handles.iter().filter(|(_, handle)| is_of(handle));
        opened.max_by_key(|(fh, _)| fh.0).map(|(_, handle)| handle.clone())
    };
    match latest.as_deref()? {
        Handle::Answer { text, .. } => Some(text.len() as u64),
        Handle::Sharing(sharing) => Some(sharing.draft().len()),
        _ => None,
    }
}

/// Changes attributes: none but the length of what is being written.
pub(crate) fn setattr_place(
    vfs: &Vfs,
    ino: Ino,
    place: &Place,
    fh: Option<Fh>,
    set: &SetAttr,
) -> Result<Attr> {
    if !place.is_share() {
        return Err(read_only());
    }
    if let (Some(fh), Some(size)) = (fh, set.size)
        && let Handle::Sharing(sharing) = &*vfs.handle(fh)?
    {
        sharing.draft().truncate(size, None)?;
    }
    Ok(place_attr(vfs, ino, place))
}

/// Opens a file.
pub(crate) async fn open_place(
    vfs: &Vfs,
    ino: Ino,
    place: &Place,
    mode: OpenMode,
    process: Option<Process>,
) -> Result<Opened> {
    if place.is_directory() {
        return Err(Error::new(Kind::IsDirectory, "a directory"));
    }
    if mode.write && !place.is_share() {
        return Err(read_only());
    }
    let text = match !mode.write || mode.read && !mode.truncate {
        true => json(&ask(vfs, place).await?)?,
        false => Vec::new(),
    };
    let handle = match &place.at {
        At::ProjectFile(project, _) if mode.write => {
            Handle::Sharing(Sharing::new(project, ino, process, mode, text))
        }
        _ => Handle::Answer { ino, text: text.into() },
    };
    Ok(Opened { fh: vfs.tree().add_handle(handle), caching: Caching::Bypass })
}

/// Asks the service for what a file holds.
pub(crate) async fn ask(vfs: &Vfs, place: &Place) -> Result<Value> {
    match &place.at {
        At::ProjectFile(project, resource) => {
            resources::resource(&vfs.engine, project, *resource).await
        }
        At::TaskFile(project, task, resource) => {
            resources::task_resource(&vfs.engine, &*known(vfs, project)?, task, *resource).await
        }
        _ => Err(Error::new(Kind::IsDirectory, "a directory")),
    }
}

/// The projects of a directory by the names of their files without the ending.
pub(crate) async fn projects_in(
    vfs: &Vfs,
    directory: &Directory,
) -> Result<Vec<(String, ProjectId)>> {
    let entries = directory::entries(vfs, directory).await?;
    let tree = vfs.tree();
    let local = |name: &OsStr| tree.local(directory, name);
    let listed = entries.in_order.iter().filter_map(|(name, entry)| match entry {
        Entry::Project(project) if local(name).is_none() => Some((name, project.id.clone())),
        _ => None,
    });
    let locals = tree.locals.get(directory).into_iter().flatten();
    let new = locals.filter_map(|(name, local)| match local {
        Local::New(project) => Some((name, project.id()?)),
        Local::Vacant(_) => None,
    });
    let named = |(name, id): (&OsString, ProjectId)| {
        Some((name.to_str()?.strip_suffix(PROJECT_SUFFIX)?.to_owned(), id))
    };
    Ok(listed.chain(new).filter_map(named).collect())
}

pub(crate) async fn project_named(
    vfs: &Vfs,
    directory: &Directory,
    name: &OsStr,
) -> Result<ProjectId> {
    let mut file = name.to_owned();
    file.push(PROJECT_SUFFIX);
    match directory::find(vfs, directory, &file).await? {
        Found::Project(project) => project.id().ok_or_else(no_entry),
        _ => Err(no_entry()),
    }
}

/// The task of this name: by what is known, or else by what there is now.
pub(crate) async fn task_named(vfs: &Vfs, id: &ProjectId, name: &OsStr) -> Result<TaskId> {
    let project = known(vfs, id)?;
    let known = resources::tasks_known(&vfs.engine, &project).await?;
    if let Some(task) = task_names(vfs, id, &known).get(name) {
        return Ok(task.clone());
    }
    let now = resources::tasks_now(&vfs.engine, &project).await?;
    task_names(vfs, id, &now).get(name).cloned().ok_or_else(no_entry)
}

pub(crate) fn task_names(vfs: &Vfs, project: &ProjectId, outline: &Arc<Outline>) -> Arc<TaskNames> {
    if let Some(known) = vfs.tree().task_names.get(project, outline) {
        return known;
    }
    let names = Arc::new(TaskNames::of(project, outline));
    vfs.tree().task_names.keep(names.clone());
    names
}

/// A project that was looked up.
pub(crate) fn known(vfs: &Vfs, id: &ProjectId) -> Result<Arc<Project>> {
    vfs.engine.known(id).ok_or_else(no_entry)
}

/// Refuses to change anything here.
pub(crate) fn read_only() -> Error {
    Error::new(Kind::NotPermitted, "`.taskade` can only be read")
        .hint("projects are changed by their files, and shared by writing to `share.json`")
}

pub(crate) fn json(value: &Value) -> Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(value)
        .map_err(|error| Error::new(Kind::Protocol, "the answer cannot be shown").because(error))?;
    text.push(b'\n');
    Ok(text)
}
