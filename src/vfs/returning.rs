//! Scratch that comes to a project's name, and scratch that a project goes to.
//!
//! Scratch renamed over a project is a save of it. The copy of a removed project that comes out of
//! scratch again, under its own name or another, is that project; so is a new file that has the
//! name and the tasks of one that was removed. Anything else of a free name is a new project.

use std::{
    ffi::{OsStr, OsString},
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use crate::{
    error::{Error, Kind, Result},
    plan::Outline,
    sync::{
        DraftBase, Process, Project, Removal,
        read::{open, registry},
        residency,
        upload::archive,
        write::{accept, restore},
    },
    vfs::{
        commit_policy::Occasion,
        copying,
        directory::no_entry,
        invalidation::Invalidation,
        kernel_cache,
        occupy::{self, RenameEnd},
        removal, remove, replace, scratch, taken,
        tree::inner::LocalEntry,
        truncation,
        types::{Directory, Ino},
        volume::Vfs,
    },
};

/// Scratch is renamed to a project's name.
pub(crate) async fn save_over(
    vfs: &Arc<Vfs>,
    from: (Ino, &OsStr),
    to: (Ino, &OsStr),
    target: RenameEnd,
    process: Option<Process>,
) -> Result<()> {
    let path = scratch::scratch_place(vfs, from.0, from.1)?;
    let failed = |error| scratch::failed("cannot read", &path, error);
    let metadata = fs::symlink_metadata(&path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(Error::new(Kind::NotPermitted, "a project is a plain file"));
    }
    let text = fs::read(&path).map_err(failed)?;
    let is_left_behind = matches!(target, RenameEnd::LeftBehind(..));
    let removal = below_scratch(vfs, &path).and_then(|copy| vfs.engine.removals.of_copy(&copy));
    let project = match is_that_of(vfs, removal, &target, &text).await? {
        Some((removal, outline)) => {
            bring_back(vfs, &removal, outline, (&target, to.1), process, text).await?
        }
        None => save_to(vfs, target, to.1, process, text).await?,
    };
    if let Ok(time) = metadata.modified() {
        open::set_modified(&vfs.engine, &project, time, process);
    }
    // From here on the renaming stands: the scratch file is the project's.
    fs::remove_file(&path).map_err(|error| scratch::failed("cannot remove", &path, error))?;
    let mut tree = vfs.tree();
    tree.paged.remove(&project.serial);
    let scratch = tree.inodes.scratch_at(from.0, from.1);
    if is_left_behind {
        // The project keeps its own number, and its name.
        scratch.into_iter().for_each(|ino| tree.inodes.move_scratch(ino, None));
        drop(tree);
        kernel_cache::invalidate_names(vfs, to.0, [to.1.to_owned()]);
    } else if let Some(ino) = scratch {
        tree.inodes.become_project(ino, &project);
        // The kernel knows it as the scratch file: what was saved may read otherwise.
        kernel_cache::invalidate(vfs, Invalidation::Inode(ino));
    }
    Ok(())
}

pub(crate) async fn save_to(
    vfs: &Arc<Vfs>,
    target: RenameEnd,
    name: &OsStr,
    process: Option<Process>,
    text: Vec<u8>,
) -> Result<Arc<Project>> {
    let free = match target {
        RenameEnd::Project(_, project) | RenameEnd::LeftBehind(_, project) => Err(project),
        RenameEnd::Vacant(directory, waiting) => match occupy::occupy(vfs, &waiting).await? {
            Some(project) => Err(project),
            None => Ok(directory),
        },
        RenameEnd::Free(directory) => Ok(directory),
        RenameEnd::Space | RenameEnd::Scratch => return Err(no_entry()),
    };
    let project = match free {
        Err(project) => project,
        Ok(directory) => match taken::restored_as(vfs, &directory, name, &text).await? {
            Some(project) => project,
            None => occupy::make_project(vfs, &directory, name)?,
        },
    };
    truncation::expire_truncates(vfs, &project, Occasion::Replaced).await;
    let given = copying::given(vfs, &project, process, &text).await;
    let base = DraftBase::LastRead;
    let saved = accept::save_given(&vfs.engine, &project, process, base, text, given).await;
    // A restoration is sent whatever becomes of the text.
    restore::go_on(&vfs.engine, &project);
    saved.told().map(|()| project)
}

/// The removal whose copy this text is, if it is that project that is to have the name; with the
/// tasks that were copied, if they are known.
pub(crate) async fn is_that_of(
    vfs: &Arc<Vfs>,
    removal: Option<Removal>,
    target: &RenameEnd,
    text: &[u8],
) -> Result<Option<(Removal, Option<Arc<Outline>>)>> {
    let Some(removal) = removal else { return Ok(None) };
    let outline = restore::removed_outline(&vfs.engine, removal.row).await?.map(Arc::new);
    let is_of = |outline: &Outline| restore::is_text_of(&vfs.engine, &removal.title, outline, text);
    let is_known = outline.as_ref().is_none_or(|known| known.items.is_empty() || is_of(known));
    let is_it = match target {
        RenameEnd::Vacant(_, waiting) if waiting.row == Some(removal.row) => true,
        RenameEnd::Free(_) => is_known,
        RenameEnd::Vacant(_, waiting) => {
            is_known && !resembles(vfs, &waiting.project, text).await?
        }
        RenameEnd::Project(_, other) => is_known && !resembles(vfs, other, text).await?,
        RenameEnd::LeftBehind(..) | RenameEnd::Space | RenameEnd::Scratch => false,
    };
    Ok(is_it.then_some((removal, outline)))
}

pub(crate) async fn resembles(vfs: &Arc<Vfs>, project: &Arc<Project>, text: &[u8]) -> Result<bool> {
    let content = open::read(&vfs.engine, project).await?;
    Ok(restore::is_text_of(&vfs.engine, &project.title(), &content.outline, text))
}

/// A removed project is back under this name, with this text.
pub(crate) async fn bring_back(
    vfs: &Arc<Vfs>,
    removal: &Removal,
    outline: Option<Arc<Outline>>,
    (target, name): (&RenameEnd, &OsStr),
    process: Option<Process>,
    text: Vec<u8>,
) -> Result<Arc<Project>> {
    let there = match target {
        RenameEnd::Project(there, _) | RenameEnd::Vacant(there, _) | RenameEnd::Free(there) => {
            there
        }
        RenameEnd::LeftBehind(..) | RenameEnd::Space | RenameEnd::Scratch => return Err(no_entry()),
    };
    let is_own = there.space() == Some(&removal.folder) && name == OsStr::new(&removal.name);
    let ticket = {
        let tree = vfs.tree();
        let waits = tree.waiting.iter().find(|waiting| waiting.row == Some(removal.row));
        waits.map(|waiting| waiting.ticket)
    };
    let waiting = ticket.and_then(|ticket| removal::claim(vfs, ticket));
    let project = match (&waiting, &removal.project) {
        (Some(waiting), _) => waiting.project.clone(),
        (None, Some(id)) => registry::project(&vfs.engine, id, &removal.folder, &removal.title),
        (None, None) => return Err(no_entry()),
    };
    // What it had when it was removed is what the copy was edited from.
    let base = outline.map_or(DraftBase::LastRead, DraftBase::Exact);
    match waiting {
        Some(waiting) if is_own => {
            removal::take_back(vfs, waiting).await?;
            save_if_other(vfs, &project, process, base, text).await?;
            Ok(project)
        }
        Some(waiting) => {
            let saved = save_if_other(vfs, &project, process, base, text).await;
            let moved = match saved {
                Ok(()) => take_name(vfs, target, &project, there, name).await,
                Err(error) => Err(error),
            };
            match moved {
                Ok(()) => removal::take_back(vfs, waiting).await,
                Err(error) => {
                    removal::wait_on(vfs, waiting);
                    Err(error)
                }
            }
        }
        None => {
            let restored = restore::restore(&vfs.engine, &project, None).await?;
            let saved = save_if_other(vfs, &project, process, base, text).await;
            restore::go_on(&vfs.engine, &project);
            let former = OsString::from(&removal.name);
            let former = (directory_of(removal), former);
            if is_own || saved.is_err() {
                vfs.tree().set_local(&former.0, &former.1, LocalEntry::New(project.clone()));
                return saved.map(|()| project);
            }
            accept::verdict(&vfs.engine, &project, restored).await?;
            take_name(vfs, target, &project, there, name).await.map(|()| project)
        }
    }
}

pub(crate) fn directory_of(removal: &Removal) -> Directory {
    match removal.is_workspace {
        true => Directory::Workspace(removal.folder.clone()),
        false => Directory::Folder(removal.folder.clone()),
    }
}

/// Gives a project that has no file a name, which another one may have.
pub(crate) async fn take_name(
    vfs: &Arc<Vfs>,
    target: &RenameEnd,
    project: &Arc<Project>,
    there: &Directory,
    name: &OsStr,
) -> Result<()> {
    let ticket = replace::displace(vfs, target, name).await?;
    match replace::rename_free(vfs, None, project, there, name).await {
        Ok(()) => Ok(()),
        Err(error) => {
            replace::replace_again(vfs, target, ticket).await;
            Err(error)
        }
    }
}

pub(crate) async fn save_if_other(
    vfs: &Arc<Vfs>,
    project: &Arc<Project>,
    process: Option<Process>,
    base: DraftBase,
    text: Vec<u8>,
) -> Result<()> {
    truncation::expire_truncates(vfs, project, Occasion::Replaced).await;
    if residency::content(&vfs.engine, project).is_some_and(|content| *content.text == *text) {
        return Ok(());
    }
    accept::save(&vfs.engine, project, process, base, text).await.told()
}

/// A project is renamed to scratch: a backup, the first step of a save, or a removal that leaves
/// a copy.
pub(crate) async fn rename_away(
    vfs: &Arc<Vfs>,
    from: (Ino, &OsStr),
    to: (Ino, &OsStr),
    directory: &Directory,
    project: Arc<Project>,
) -> Result<()> {
    let path = scratch::scratch_place(vfs, to.0, to.1)?;
    let content = open::read(&vfs.engine, &project).await?;
    moved_scratch(vfs, &path, None);
    let copy = below_scratch(vfs, &path);
    let ticket = remove::vacate(vfs, directory, from.1, &project, copy).await?;
    if let Err(error) = write_scratch(&path, &content.text, project.modified()) {
        if let Some(waiting) = removal::claim(vfs, ticket) {
            removal::take_back(vfs, waiting).await?;
        }
        return Err(scratch::failed("cannot write", &path, error));
    }
    let mut tree = vfs.tree();
    if let Some(ino) = tree.inodes.of_serial(project.serial) {
        tree.inodes.become_scratch(ino, to.0, to.1);
        // Its pages may be older than what was just read; nobody tells of them any more.
        kernel_cache::invalidate(vfs, Invalidation::Inode(ino));
    }
    Ok(())
}

/// Scratch was renamed, or removed with `None`; the copies of removed projects go along.
pub(crate) fn moved_scratch(vfs: &Vfs, from: &Path, to: Option<&Path>) {
    let Some(from) = below_scratch(vfs, from) else { return };
    let to = to.and_then(|to| below_scratch(vfs, to));
    archive::move_copies(&vfs.engine, &from, to.as_deref());
}

pub(crate) fn below_scratch(vfs: &Vfs, path: &Path) -> Option<PathBuf> {
    path.strip_prefix(&vfs.scratch).ok().map(Path::to_owned)
}

pub(crate) fn write_scratch(path: &Path, text: &[u8], modified: SystemTime) -> std::io::Result<()> {
    // A link, pipe or socket there is replaced, as by any renaming, and not written through.
    if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        fs::remove_file(path)?;
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)?;
    file.write_all(text)?;
    file.set_modified(modified)
}
