//! `.taskade/` of workspaces and folders, for scripts: what the service says of projects and tasks
//! beside their texts, a JSON file each, and what they come to as a table.
//!
//! Directories are made from listings, and nothing that lists or looks costs a request for what a
//! file holds. Opening a file asks the service afresh; that open file reads as one answer. How long
//! a file is nobody knows before: while it is open `stat` tells the truth, as programs look after
//! opening, and otherwise the size that sysfs shows. Reads go past the kernel's pages, so they
//! never stop at a size. A size of 0 would not do: GNU tar does not even open such a file.

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use serde_json::Value;

use crate::{
    api::Resource,
    error::{Error, Kind, Result},
    file_name::{self, PROJECT_SUFFIX},
    ids::{ProjectId, TaskId},
    plan::Outline,
    sync::{Process, Project, TTL, read::resources},
    vfs::{
        agents::{self, place::AgentPlace},
        answer_text,
        archive_place::ArchivePlace,
        archived, attributes,
        directory::{self, Found, no_entry},
        inode::Inodes,
        media,
        media_place::MediaPlace,
        resource_path::{List, ResourceNode, TaskNames},
        template_place::TemplatePlace,
        templates,
        tree::{entries::Entry, handles::Handle, inner::LocalEntry, sharing::Sharing},
        types::{
            Attr, Caching, Directory, DirectoryEntry, Fh, FileKind, Ino, OpenMode, Opened, SetAttr,
        },
        volume::Vfs,
    },
};

/// The size of a file that is not open.
pub(crate) const UNREAD: u64 = 4096;

/// Looks `.taskade` itself up; the kernel holds a reference from now on.
pub(crate) fn look_up_top(vfs: &Vfs, directory: &Directory) -> Attr {
    look_up_resource(vfs, &ResourceNode::new(directory, List::Top))
}

/// Looks a name up; the kernel holds a reference when this succeeds.
pub(crate) async fn look_up_below(vfs: &Vfs, node: &ResourceNode, name: &OsStr) -> Result<Attr> {
    if !node.is_directory() {
        return Err(Error::new(Kind::NotDirectory, "a file"));
    }
    let at = match &node.at {
        List::Templates(_) => List::Templates(templates::named(vfs, &node.directory, name).await?),
        List::Archive(_) => List::Archive(archived::named(vfs, &node.directory, name).await?),
        List::Projects => List::Project(project_named(vfs, &node.directory, name).await?),
        List::Tasks(project) => List::Task(project.clone(), task_named(vfs, project, name).await?),
        List::Media(place) => List::Media(media::find(vfs, &node.directory, place, name).await?),
        List::Agents(place) => {
            List::Agents(agents::listing::child(vfs, &node.directory, place, name).await?)
        }
        _ => node.fixed_child(name).ok_or_else(no_entry)?.at,
    };
    Ok(look_up_resource(vfs, &ResourceNode::new(&node.directory, at)))
}

pub(crate) fn look_up_resource(vfs: &Vfs, node: &ResourceNode) -> Attr {
    let ino = vfs.tree().inodes.look_up_resource(node);
    resource_attr(vfs, ino, node)
}

/// What is in a directory, and the number of the one above.
pub(crate) async fn list_resources(
    vfs: &Vfs,
    node: &ResourceNode,
    process: Option<Process>,
) -> Result<(Vec<DirectoryEntry>, Ino)> {
    let child = |at| ResourceNode::new(&node.directory, at);
    let entry_ttl: Vec<(OsString, ResourceNode)> = match &node.at {
        List::Archive(ArchivePlace::Top) => {
            let projects = archived::list(vfs, &node.directory).await?.into_iter();
            projects.map(|(name, place)| (name.into(), child(List::Archive(place)))).collect()
        }
        List::Templates(TemplatePlace::Top) => {
            let templates = templates::list(vfs, &node.directory).await?.into_iter();
            templates.map(|(name, place)| (name.into(), child(List::Templates(place)))).collect()
        }
        List::Projects => {
            let projects = projects_in(vfs, &node.directory).await?.into_iter();
            projects.map(|(name, id)| (name.into(), child(List::Project(id)))).collect()
        }
        List::Tasks(project) => {
            let outline = resources::tasks_now(&vfs.engine, &known(vfs, project)?).await?;
            let names = task_names(vfs, project, &outline);
            let task = |id: &TaskId| child(List::Task(project.clone(), id.clone()));
            names.in_order.iter().map(|(name, id)| (name.into(), task(id))).collect()
        }
        List::Media(MediaPlace::Directory) => media::list(vfs, &node.directory, process).await?,
        List::Agents(place) => {
            let children = agents::listing::children(vfs, &node.directory, place).await?;
            children.into_iter().map(|(name, at)| (name, child(List::Agents(at)))).collect()
        }
        _ if node.is_directory() => {
            node.fixed().into_iter().map(|(name, node)| (name.into(), node)).collect()
        }
        _ => return Err(Error::new(Kind::NotDirectory, "a file")),
    };
    let entry = |(name, node): (OsString, ResourceNode)| DirectoryEntry {
        ino: Inodes::resource_number(&node),
        kind: node.kind(),
        name,
    };
    let above = match node.above() {
        Some(above) => Some(Inodes::resource_number(&above)),
        None => vfs.tree().known_directory(&node.directory),
    };
    Ok((entry_ttl.into_iter().map(entry).collect(), above.unwrap_or(super::ROOT)))
}

/// What `stat` shows.
pub(crate) fn resource_attr(vfs: &Vfs, ino: Ino, node: &ResourceNode) -> Attr {
    let attr = attributes::directory_attr(vfs, ino);
    let is_changed = match &node.at {
        List::Media(_) => true,
        List::Agents(place) => place.is_written() || node.is_directory(),
        _ => node.is_share() || node.is_directory() && node.gives_away(),
    };
    let is_writable = is_changed && !vfs.engine.settings().read_only;
    if node.is_directory() {
        return Attr { mode: if is_writable { 0o755 } else { 0o555 }, ..attr };
    }
    let attr = Attr { size: UNREAD, ..attr };
    let attr = match &node.at {
        List::Agents(place) => agents::listing::attr(vfs, &node.directory, place, attr),
        List::Archive(ArchivePlace::File(project)) => {
            Attr { size: archived::size(vfs, project).unwrap_or(UNREAD), ..attr }
        }
        List::Templates(TemplatePlace::File(template)) => {
            let size = templates::size(vfs, &node.directory, template);
            Attr { size: size.unwrap_or(UNREAD), ..attr }
        }
        _ => attr,
    };
    if node.kind() == FileKind::Symlink {
        return attr;
    }
    Attr {
        kind: node.kind(),
        size: match &node.at {
            List::Media(place) => media::open::size(vfs, ino, &node.directory, place),
            _ => size_read(vfs, ino).unwrap_or(attr.size),
        },
        mode: if is_writable { 0o644 } else { 0o444 },
        links: 1,
        // Opening it changes the size.
        attr_ttl: Duration::ZERO,
        entry_ttl: TTL,
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
            Handle::Agent(writer) => writer.ino == ino,
            _ => false,
        };
        let opened = tree.handles.iter().filter(|(_, handle)| is_of(handle));
        opened.max_by_key(|(fh, _)| fh.0).map(|(_, handle)| handle.clone())
    };
    match latest.as_deref()? {
        Handle::Answer { text, .. } => Some(text.len() as u64),
        Handle::Sharing(sharing) => Some(sharing.draft().len()),
        Handle::Agent(writer) => Some(writer.draft().len()),
        _ => None,
    }
}

/// Changes attributes: none but the length of what is being written.
pub(crate) fn setattr_resource(
    vfs: &Vfs,
    ino: Ino,
    node: &ResourceNode,
    fh: Option<Fh>,
    set: &SetAttr,
) -> Result<Attr> {
    if let List::Agents(place) = &node.at
        && place.is_written()
    {
        if let (Some(fh), Some(size)) = (fh, set.size)
            && let Handle::Agent(writer) = &*vfs.handle(fh)?
        {
            agents::write::truncate(writer, size)?;
        }
        return Ok(resource_attr(vfs, ino, node));
    }
    if !node.is_share() {
        return Err(read_only());
    }
    if let (Some(fh), Some(size)) = (fh, set.size)
        && let Handle::Sharing(sharing) = &*vfs.handle(fh)?
    {
        sharing.draft().truncate(size, None)?;
    }
    Ok(resource_attr(vfs, ino, node))
}

/// Opens a file.
pub(crate) async fn open_resource(
    vfs: &Vfs,
    ino: Ino,
    node: &ResourceNode,
    mode: OpenMode,
    process: Option<Process>,
) -> Result<Opened> {
    if node.is_directory() {
        return Err(Error::new(Kind::IsDirectory, "a directory"));
    }
    if let List::Agents(place) = &node.at
        && mode.write
        && place.is_written()
    {
        return agents::write::open(vfs, ino, (&node.directory, place), mode, process).await;
    }
    if let List::Media(place) = &node.at {
        return match mode.write {
            true => media::write::open_to_write(vfs, ino, node, mode, process).await,
            false => media::open::open_to_read(vfs, ino, &node.directory, place).await,
        };
    }
    if mode.write && !node.is_share() {
        return Err(read_only());
    }
    let text = match !mode.write || mode.read && !mode.truncate {
        true => content(vfs, node, process).await?,
        false => Vec::new(),
    };
    let handle = match &node.at {
        List::ProjectFile(project, _) if mode.write => {
            Handle::Sharing(Sharing::new(project, ino, process, mode, text))
        }
        _ => Handle::Answer { ino, text: text.into() },
    };
    Ok(Opened { fh: vfs.tree().add_handle(handle), caching: Caching::Bypass })
}

/// The name of the local directory that holds the programs' own files of a place; `None` where there
/// are none.
pub(crate) fn scratch_name(vfs: &Vfs, node: &ResourceNode) -> Option<String> {
    match &node.at {
        List::Agents(place) if place.holds_scratch() => {
            // That of an agent that was made here is where it was made.
            let agent = vfs.engine.agents.first(place.agent()?);
            Some(format!("agent-{}", file_name::safe(agent.as_str())))
        }
        List::Media(MediaPlace::Directory) => {
            Some(format!("media-{}", file_name::safe(node.directory.key())))
        }
        _ => None,
    }
}

/// Whether a name in a place is the programs' own, where nothing else has it.
pub(crate) fn takes_scratch(vfs: &Vfs, node: &ResourceNode, name: &OsStr) -> bool {
    match &node.at {
        List::Media(_) => media::is_scratch(node, name),
        _ => scratch_name(vfs, node).is_some(),
    }
}

/// The target of a symbolic link.
///
/// # Errors
/// [`Kind::Invalid`] if it is none.
pub(crate) fn read_link(vfs: &Vfs, node: &ResourceNode) -> Result<PathBuf> {
    match &node.at {
        List::Agents(AgentPlace::Known(_, known)) => {
            Ok(agents::knowledge::target(vfs, &node.directory, known))
        }
        _ => Err(Error::new(Kind::Invalid, "no symbolic link")),
    }
}

/// What a file holds.
async fn content(vfs: &Vfs, node: &ResourceNode, process: Option<Process>) -> Result<Vec<u8>> {
    match &node.at {
        List::Archive(ArchivePlace::File(project)) => {
            archived::content(vfs, &node.directory, project).await
        }
        List::Templates(TemplatePlace::File(template)) => {
            templates::content(vfs, &node.directory, template, process).await
        }
        List::Table(project) => resources::table(&vfs.engine, &known(vfs, project)?).await,
        List::Agents(place) => agents::content::content(vfs, &node.directory, place, process).await,
        _ => answer_text::json(&ask(vfs, node).await?),
    }
}

/// Asks for what a file of JSON holds.
async fn ask(vfs: &Vfs, node: &ResourceNode) -> Result<Value> {
    match &node.at {
        List::ProjectFile(project, Resource::Fields) => {
            resources::fields(&vfs.engine, &known(vfs, project)?).await
        }
        List::ProjectFile(project, resource) => {
            resources::resource(&vfs.engine, project, *resource).await
        }
        List::TaskFile(project, task, resource) => {
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
        LocalEntry::New(project) => Some((name, project.id()?)),
        LocalEntry::Vacant(_) => None,
    });
    let entry_ttl = |(name, id): (&OsString, ProjectId)| {
        Some((name.to_str()?.strip_suffix(PROJECT_SUFFIX)?.to_owned(), id))
    };
    Ok(listed.chain(new).filter_map(entry_ttl).collect())
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
