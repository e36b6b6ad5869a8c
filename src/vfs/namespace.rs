//! Names that come and go: creating, removing and renaming, and what it is that they come to.
//!
//! A project renamed to scratch, or removed, leaves its name vacant for the grace (see `removal`);
//! whatever is created or renamed there meanwhile is a save of it. What scratch renamed to a
//! project's name comes to is told in `returning`, and what a project renamed to one in `replace`.

use std::{ffi::OsStr, fs, sync::Arc};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::{
    error::{Error, Kind, Result},
    kernel_thread,
    sync::{ListIntent, Process, Project, upload::conflicts},
    vfs::{
        agents,
        archive_place::ArchivePlace,
        archived, attributes,
        commit_policy::Occasion,
        control,
        directory::{self, Found, check_reserved, no_entry},
        draft::Draft,
        exchange, handle,
        inode::Node,
        left_behind, media,
        occupy::{self, RenameEnd},
        pins, process, remove, replace, resource,
        resource_path::{List, ResourceNode},
        returning,
        scratch::{self, failed},
        scratch_make,
        template_place::TemplatePlace,
        templates,
        tree::inner::LocalEntry,
        truncation,
        types::{Attr, Ino, NewFile, OpenMode, Opened},
        volume::Vfs,
    },
};

/// Flags of `renameat2(2)`.
#[derive(Debug, Clone, Copy, Default)]
pub struct RenameMode {
    /// Fail if the new name exists.
    pub no_replace: bool,
    /// Exchange the two names.
    pub exchange: bool,
}

/// Creates a file and opens it.
///
/// # Errors
/// [`Kind::Exists`] if `exclusive` and it exists, [`Kind::NotPermitted`] for a project
/// outside any folder.
pub(crate) async fn create(
    vfs: &Arc<Vfs>,
    parent: Ino,
    name: &OsStr,
    new: impl Into<NewFile>,
    mode: OpenMode,
    exclusive: bool,
    caller: u32,
) -> Result<(Attr, Opened)> {
    vfs.check_writable_at(parent)?;
    check_reserved(name)?;
    let process = process::of_thread(caller);
    if let Some(at) = agents::namespace::directory_at(vfs, parent)
        && let Some(made) =
            agents::namespace::create(vfs, &at, name, (mode, exclusive), process).await?
    {
        return Ok(made);
    }
    if let Node::Resource(node) = vfs.node(parent)?
        && media::is_directory(&node)
        && !media::is_free_for_scratch(vfs, &node, name).await
    {
        return media::write::create(vfs, &node.directory, name, mode, exclusive, process).await;
    }
    let (project, draft) = match end(vfs, parent, name, process).await? {
        RenameEnd::Scratch => {
            let new = new.into();
            return scratch_make::create_scratch(vfs, parent, name, new, mode, exclusive).await;
        }
        RenameEnd::Space => return Err(Error::new(Kind::IsDirectory, "a folder")),
        RenameEnd::Project(..) | RenameEnd::LeftBehind(..) if exclusive => {
            return Err(Error::new(Kind::Exists, "the project exists"));
        }
        RenameEnd::Project(_, project) | RenameEnd::LeftBehind(_, project) => {
            vfs.check_project_writable(&project)?;
            let draft = truncation::draft_for(vfs, &project, process, mode).await?;
            (project, draft)
        }
        RenameEnd::Vacant(directory, waiting) => match occupy::occupy(vfs, &waiting).await? {
            Some(project) => {
                let draft = truncation::emptied_draft(vfs, &project, process);
                (project, draft)
            }
            None => (occupy::make_project(vfs, &directory, name)?, Draft::default()),
        },
        RenameEnd::Free(directory) => {
            (occupy::make_project(vfs, &directory, name)?, Draft::default())
        }
    };
    pins::part_for_writer(vfs, &project);
    let ino = {
        let mut tree = vfs.tree();
        let ino = tree.inodes.project(&project);
        tree.inodes.looked_up(ino);
        ino
    };
    let opened = handle::add_writer(vfs, ino, project.clone(), mode, process, draft);
    Ok((attributes::project_attr(vfs, ino, &project, process), opened))
}

/// Creates an empty file, or a pipe, socket or device, which `device` tells.
///
/// # Errors
/// As [`create`](Vfs::create).
pub(crate) async fn mknod(
    vfs: &Arc<Vfs>,
    parent: Ino,
    name: &OsStr,
    new: impl Into<NewFile>,
    device: u32,
    caller: u32,
) -> Result<Attr> {
    let new = new.into();
    if !matches!(new.permissions & libc::S_IFMT, libc::S_IFREG | 0) {
        vfs.check_writable_at(parent)?;
        return scratch_make::make_special(vfs, parent, name, new, device).await;
    }
    let mode = OpenMode { read: false, write: true, append: false, truncate: false };
    let (attr, opened) = create(vfs, parent, name, new, mode, true, caller).await?;
    handle::release(vfs, opened.fh).await?;
    Ok(attr)
}

/// Removes a file. A project is archived once its grace is over.
///
/// # Errors
/// [`Kind::NotFound`] if there is none, [`Kind::DeletionGuard`] if too many are removed at once,
/// [`Kind::Storage`] if it cannot be journaled.
pub(crate) async fn unlink(vfs: &Arc<Vfs>, parent: Ino, name: &OsStr) -> Result<()> {
    vfs.check_writable_at(parent)?;
    if let Node::Resource(node) = vfs.node(parent)?
        && media::is_directory(&node)
    {
        match media::unlink(vfs, &node.directory, name).await {
            Err(error) if error.kind() == Kind::NotFound && media::is_scratch(&node, name) => {}
            unlinked => return unlinked,
        }
    }
    if let Some(at) = agents::namespace::directory_at(vfs, parent)
        && agents::namespace::unlink(vfs, &at, name).await?
    {
        return Ok(());
    }
    match end(vfs, parent, name, None).await? {
        RenameEnd::Project(directory, project) => {
            vfs.check_project_writable(&project)?;
            remove::vacate(vfs, &directory, name, &project, None).await?;
            truncation::expire_truncates(vfs, &project, Occasion::Unlink).await;
            Ok(())
        }
        RenameEnd::Scratch => {
            kernel_thread::leave().await;
            remove_scratch(vfs, parent, name)
        }
        RenameEnd::Space => Err(Error::new(Kind::IsDirectory, "a folder")),
        // Nor is a name that its project has lost in the app one to remove it by: who gave it
        // another one is at it. What is not removed can be removed by the name that it has.
        RenameEnd::LeftBehind(..) | RenameEnd::Vacant(..) | RenameEnd::Free(_) => Err(no_entry()),
    }
}

/// Removes a directory: a local one, or an agent with all that is in it.
///
/// # Errors
/// [`Kind::NotPermitted`] for a folder of Taskade: v1 cannot remove one.
pub(crate) async fn rmdir(vfs: &Vfs, parent: Ino, name: &OsStr) -> Result<()> {
    vfs.check_writable_at(parent)?;
    match agents::namespace::directory_at(vfs, parent) {
        Some(at) if agents::namespace::rmdir(vfs, &at, name).await? => Ok(()),
        _ => scratch::rmdir(vfs, parent, name).await,
    }
}

/// Renames.
///
/// # Errors
/// As a save, where it is one; [`Kind::NotPermitted`] for folders.
pub(crate) async fn rename(
    vfs: &Arc<Vfs>,
    from: (Ino, &OsStr),
    to: (Ino, &OsStr),
    mode: RenameMode,
    caller: u32,
) -> Result<()> {
    vfs.check_writable_at(from.0)?;
    vfs.check_writable_at(to.0)?;
    check_reserved(from.1)?;
    check_reserved(to.1)?;
    let (process, asked) = (process::of_thread(caller), vfs.engine.clock.now());
    let is_of_agents = |ino| agents::namespace::directory_at(vfs, ino).is_some();
    if is_of_agents(from.0) || is_of_agents(to.0) {
        return rename_of_agents(vfs, from, to, (mode, process)).await;
    }
    if media::rename::rename(vfs, from, to, mode).await? {
        return Ok(());
    }
    if let Node::Resource(node) = vfs.node(from.0)?
        && !media::is_directory(&node)
    {
        return move_out(vfs, &node, from.1, to, (mode, process)).await;
    }
    let source = end(vfs, from.0, from.1, process).await?;
    let target = match (&source, end(vfs, to.0, to.1, process).await?) {
        (RenameEnd::Project(_, project), target) => {
            target_now(vfs, project, to, target, process).await?
        }
        (RenameEnd::Scratch, RenameEnd::Project(directory, project)) => {
            match left_behind::may_have_left(vfs, &project).await? {
                true => end(vfs, to.0, to.1, process).await?,
                false => RenameEnd::Project(directory, project),
            }
        }
        (_, target) => target,
    };
    check_end_writable(vfs, &source)?;
    check_end_writable(vfs, &target)?;
    if [&source, &target].iter().any(|end| matches!(end, RenameEnd::Scratch)) {
        kernel_thread::leave().await;
    }
    let target_exists = match &target {
        RenameEnd::Project(..) | RenameEnd::Space => true,
        RenameEnd::Scratch => scratch::lookup_scratch(vfs, to.0, to.1).is_ok(),
        RenameEnd::LeftBehind(..) | RenameEnd::Vacant(..) | RenameEnd::Free(_) => false,
    };
    if mode.no_replace && target_exists {
        return Err(Error::new(Kind::Exists, "the new name exists"));
    }
    if mode.exchange && !matches!((&source, &target), (RenameEnd::Scratch, RenameEnd::Scratch)) {
        return exchange::exchange(vfs, (source, from.1), (target, to.1)).await;
    }
    if let RenameEnd::Project(_, project) = &source {
        truncation::expire_truncates(vfs, project, Occasion::Rename).await;
    }
    match (source, target) {
        (RenameEnd::Scratch, RenameEnd::Scratch) => rename_scratch(vfs, from, to, mode),
        (RenameEnd::Scratch, target) => returning::save_over(vfs, from, to, target, process).await,
        (
            RenameEnd::Project(directory, project) | RenameEnd::LeftBehind(directory, project),
            RenameEnd::Scratch,
        ) => returning::rename_away(vfs, from, to, &directory, project).await,
        (RenameEnd::Project(directory, project), target) => {
            let from = (&directory, from.1, project);
            replace::rename_project(vfs, from, to, target, (process, asked)).await
        }
        (RenameEnd::Space, _) | (_, RenameEnd::Space) => {
            Err(Error::new(Kind::NotPermitted, "Taskade's API cannot rename or move folders")
                .hint("do it in the app"))
        }
        (RenameEnd::LeftBehind(..) | RenameEnd::Vacant(..) | RenameEnd::Free(_), _) => {
            Err(no_entry())
        }
    }
}

/// Whether what is at one end of a renaming may be changed.
fn check_end_writable(vfs: &Vfs, end: &RenameEnd) -> Result<()> {
    match end {
        RenameEnd::Project(_, project) | RenameEnd::LeftBehind(_, project) => {
            vfs.check_project_writable(project)
        }
        RenameEnd::Scratch | RenameEnd::Space | RenameEnd::Vacant(..) | RenameEnd::Free(_) => {
            Ok(())
        }
    }
}

/// A name in `agents/` of a folder is one end of a renaming.
async fn rename_of_agents(
    vfs: &Arc<Vfs>,
    from: (Ino, &OsStr),
    to: (Ino, &OsStr),
    (mode, process): (RenameMode, Option<Process>),
) -> Result<()> {
    if mode.exchange {
        return Err(Error::new(Kind::NotPermitted, "names of agents cannot be exchanged"));
    }
    let renamed = agents::namespace::rename(vfs, from, to, (mode.no_replace, process)).await?;
    match renamed {
        agents::namespace::Renaming::Done => Ok(()),
        agents::namespace::Renaming::OfScratch => {
            kernel_thread::leave().await;
            rename_scratch(vfs, from, to, mode)
        }
    }
}

/// What is in `.taskade/` of a folder is moved out of there.
pub(crate) async fn move_out(
    vfs: &Arc<Vfs>,
    node: &ResourceNode,
    name: &OsStr,
    to: (Ino, &OsStr),
    (mode, process): (RenameMode, Option<Process>),
) -> Result<()> {
    if mode.exchange || matches!(vfs.node(to.0)?, Node::Resource(_)) {
        return Err(resource::read_only());
    }
    let target = end(vfs, to.0, to.1, process).await?;
    if mode.no_replace && matches!(target, RenameEnd::Project(..) | RenameEnd::Space) {
        return Err(Error::new(Kind::Exists, "the new name exists"));
    }
    match &node.at {
        List::Archive(ArchivePlace::Top) => {
            archived::move_out(vfs, &node.directory, name, to, target).await
        }
        List::Templates(TemplatePlace::Top) => {
            templates::move_out(vfs, &node.directory, name, to.1, target, process).await
        }
        _ => Err(resource::read_only()),
    }
}

/// What a project is to replace, as it is now: one that others have archived or renamed since it
/// was listed is nothing that could take over its text.
pub(crate) async fn target_now(
    vfs: &Vfs,
    project: &Arc<Project>,
    to: (Ino, &OsStr),
    target: RenameEnd,
    process: Option<Process>,
) -> Result<RenameEnd> {
    match &target {
        RenameEnd::Project(directory, other) if other.serial != project.serial => {
            directory::entries_for(vfs, directory, ListIntent::Replace).await?;
            end(vfs, to.0, to.1, process).await
        }
        _ => Ok(target),
    }
}

pub(crate) async fn end(
    vfs: &Vfs,
    parent: Ino,
    name: &OsStr,
    process: Option<Process>,
) -> Result<RenameEnd> {
    let Node::Directory { directory, .. } = vfs.node(parent)? else {
        return Ok(RenameEnd::Scratch);
    };
    {
        let tree = vfs.tree();
        if let Some(LocalEntry::Vacant(ticket)) = tree.local(&directory, name) {
            let waiting = tree.waiting.iter().find(|waiting| waiting.ticket == *ticket);
            return Ok(match waiting {
                Some(waiting) => RenameEnd::Vacant(directory, waiting.clone()),
                // Its grace has just ended.
                None => RenameEnd::Free(directory),
            });
        }
    }
    Ok(match directory::find(vfs, &directory, name).await? {
        Found::Directory(_) => RenameEnd::Space,
        Found::Project(project) => RenameEnd::Project(directory, project),
        Found::Nothing => match left_behind::left_behind(vfs, &directory, name, process).await {
            Some(project) => RenameEnd::LeftBehind(directory, project),
            None => RenameEnd::Free(directory),
        },
        Found::Elsewhere => RenameEnd::Scratch,
    })
}

pub(crate) fn rename_scratch(
    vfs: &Vfs,
    from: (Ino, &OsStr),
    to: (Ino, &OsStr),
    mode: RenameMode,
) -> Result<()> {
    let old = scratch::scratch_place(vfs, from.0, from.1)?;
    let new = scratch::scratch_place(vfs, to.0, to.1)?;
    let flags = match mode {
        RenameMode { exchange: true, .. } => RenameFlags::EXCHANGE,
        RenameMode { no_replace: true, .. } => RenameFlags::NOREPLACE,
        _ => RenameFlags::empty(),
    };
    renameat_with(CWD, &*old, CWD, &*new, flags)
        .map_err(|error| scratch::failed("cannot rename", &old, error.into()))?;
    if mode.exchange {
        let aside = vfs.scratch.join(".exchanged");
        for (from, to) in [(&*old, &*aside), (&*new, &*old), (&*aside, &*new)] {
            returning::moved_scratch(vfs, from, Some(to));
        }
    } else {
        returning::moved_scratch(vfs, &old, Some(&new));
    }
    vfs.tree().inodes.rename_scratch(from, to, mode.exchange);
    Ok(())
}

pub(crate) fn remove_scratch(vfs: &Vfs, parent: Ino, name: &OsStr) -> Result<()> {
    let path = scratch::scratch_dir(vfs, parent)?.join(name);
    control::check_removable(vfs, &path)?;
    fs::remove_file(&path).map_err(|error| failed("cannot remove", &path, error))?;
    conflicts::looked_at(&vfs.engine, &path);
    returning::moved_scratch(vfs, &path, None);
    scratch::gone_scratch(vfs, parent, name);
    Ok(())
}
