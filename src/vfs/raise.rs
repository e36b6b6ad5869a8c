//! Having whoever watches hear of what did not come through the kernel: `inotify` knows only of what
//! is asked of the mount. So the mount does to itself, by threads of its own, what a program would
//! have done, and changes nothing by it. See `watchers` for what is told, and `raised` for the answers.
//!
//! A thread that asks may wait for locks of the kernel as long as any program: nobody waits for it
//! who holds one here. Names are told of in turn with the dropping of entries, for the same reason.

use std::{ffi::OsStr, io, sync::Arc, time::Duration};

use tokio::task::spawn_blocking;

use crate::{
    ids::{ProjectId, SpaceId},
    sync::Project,
    vfs::{
        attributes,
        inode::Node,
        invalidation::{Invalidate, Raise},
        paths, raised,
        tree::raising::Raising,
        turn::{Turn, under_lock},
        types::{Attr, Directory, FileKind, Ino},
        volume::Vfs,
        watchers::{GATHERED, NAMES, NameChange, Named, hear, may_be_watched, next_change},
    },
};

/// A project's content changed, and not by what a program wrote to it.
pub(crate) fn note_content(vfs: &Vfs, serial: u64) {
    if vfs.raisers.are_known() {
        vfs.tree().unheard.note(serial);
        vfs.raisers.news.notify_one();
    }
}

/// Tells of files as long as the mount is there.
pub(crate) async fn tell_files(vfs: Arc<Vfs>, kernel: Arc<dyn Invalidate>, turn: Turn) {
    introduce(&vfs, kernel.clone()).await;
    loop {
        vfs.raisers.news.notified().await;
        vfs.engine.clock().sleep(GATHERED).await;
        // What changes from now on is gathered for the next time.
        let mut due = Vec::new();
        {
            let mut tree = vfs.tree();
            due.extend(std::iter::from_fn(|| tree.unheard.take()));
        }
        for serial in due {
            tell_file(&vfs, serial, &kernel, &turn).await;
        }
    }
}

/// Has the threads of the kernel's side known by what they ask.
async fn introduce(vfs: &Arc<Vfs>, kernel: Arc<dyn Invalidate>) {
    let name = vfs.raisers.name().to_owned();
    // There is nothing of that name.
    let _ = spawn_blocking(move || kernel.raise(&Raise::Introduce(name))).await;
    if !vfs.raisers.are_known() {
        tracing::debug!("whoever watches does not hear of changes by others");
    }
}

async fn tell_file(vfs: &Arc<Vfs>, serial: u64, kernel: &Arc<dyn Invalidate>, turn: &Turn) {
    let Some((parent, path)) = watched_file(vfs, serial) else { return };
    let (finds, finding) = (kernel.clone(), Raise::Find(path.clone()));
    let found = under_lock(vfs, parent, turn, move || finds.raise(&finding));
    match found.await {
        Some(Ok(())) => {}
        Some(Err(error)) => return note_failure(vfs, &error, &Raise::Find(path)),
        None => return,
    }
    let kernel = kernel.clone();
    // Out of turn: a program may hold the lock of the file.
    if let Ok(Err(error)) = spawn_blocking(move || kernel.raise(&Raise::Touch)).await {
        note_failure(vfs, &error, &Raise::Touch);
    }
}

fn note_failure(vfs: &Vfs, error: &io::Error, raise: &Raise) {
    tracing::debug!(%error, ?raise, "whoever watches does not hear of a change");
    if error.kind() == io::ErrorKind::BrokenPipe {
        vfs.raisers.lose();
    }
}

/// Where a project's file is that somebody may watch.
fn watched_file(vfs: &Vfs, serial: u64) -> Option<(Ino, String)> {
    let project = vfs.engine.known_by_serial(serial).filter(|project| project.is_known())?;
    let opened = project.lock().opened;
    let since_opened =
        opened.map(|opened| vfs.engine.clock().now().saturating_duration_since(opened));
    let (parent, directory, name) = {
        let tree = vfs.tree();
        let ino = tree.inodes.of_serial(serial);
        let is_known = ino.is_some_and(|ino| tree.inodes.get(ino).is_some());
        if !may_be_watched(is_known, since_opened) {
            return None;
        }
        let (directory, name) = tree.name_of(&project)?;
        let parent = tree.known_directory(&directory)?;
        tree.inodes.get(parent)?;
        (parent, directory, name)
    };
    Some((parent, paths::below(vfs, &directory, &name)?))
}

/// Tells of the names in a directory that are not those that were heard of.
pub(crate) async fn tell_names(
    vfs: Arc<Vfs>,
    parent: Ino,
    kernel: Arc<dyn Invalidate>,
    turn: Turn,
) {
    vfs.engine.clock().sleep(GATHERED).await;
    vfs.tree().telling.remove(&parent);
    for _ in 0..NAMES {
        let (shared, kernel) = (vfs.clone(), kernel.clone());
        let told = under_lock(&vfs, parent, &turn, move || tell_name(&shared, parent, &*kernel));
        if told.await != Some(true) {
            return;
        }
    }
    let mut tree = vfs.tree();
    if let Some(Node::Directory { directory, .. }) = tree.inodes.get(parent).cloned() {
        let names = tree.names(&directory);
        tree.heard.insert(directory, names);
    }
}

/// Tells of the next name. Whether there was one.
fn tell_name(vfs: &Vfs, parent: Ino, kernel: &dyn Invalidate) -> bool {
    let (directory, change) = {
        let mut tree = vfs.tree();
        let Some(Node::Directory { directory, .. }) = tree.inodes.get(parent).cloned() else {
            return false;
        };
        let now = tree.names(&directory);
        let Some(heard) = tree.heard.get_mut(&directory) else { return false };
        let Some(change) = next_change(heard, &now) else { return false };
        hear(heard, &change);
        (directory, change)
    };
    match change {
        NameChange::Appeared(name, named) => appear(vfs, parent, &directory, &name, &named, kernel),
        NameChange::Vanished(name, named) => vanish(vfs, parent, &directory, &name, &named, kernel),
        NameChange::Renamed(from, to, named) => {
            let attr = attr_of(vfs, parent, &directory, &named);
            let paths =
                paths::below(vfs, &directory, &from).zip(paths::below(vfs, &directory, &to));
            match (attr, paths) {
                (Some(attr), Some((old, new))) => {
                    let raising = Raising::Renames(parent, from, to, gone(attr));
                    raise(vfs, raising, kernel, &Raise::Rename(old, new));
                }
                _ => {
                    vanish(vfs, parent, &directory, &from, &named, kernel);
                    appear(vfs, parent, &directory, &to, &named, kernel);
                }
            }
        }
    }
    true
}

fn appear(
    vfs: &Vfs,
    parent: Ino,
    directory: &Directory,
    name: &OsStr,
    named: &Named,
    kernel: &dyn Invalidate,
) {
    let Some(path) = paths::below(vfs, directory, name) else { return };
    let raising = Raising::Appears(parent, name.to_owned());
    if !raise(vfs, raising, kernel, &Raise::Appear(path, named.is_directory))
        // Somebody has looked it up already: its content is news, if to anybody.
        && let Some(project) = project_of(vfs, named)
    {
        note_content(vfs, project.serial);
    }
}

fn vanish(
    vfs: &Vfs,
    parent: Ino,
    directory: &Directory,
    name: &OsStr,
    named: &Named,
    kernel: &dyn Invalidate,
) {
    let Some(path) = paths::below(vfs, directory, name) else { return };
    // What is shown elsewhere is not to be removed there, and a directory may be any time.
    let is_elsewhere = named.is_directory || is_shown(vfs, named);
    let kept = kept_attr(vfs, named).filter(|_| !is_elsewhere);
    let attr = kept.unwrap_or_else(|| {
        // What the kernel knew by the name stays what it is; a number that nothing has is removed.
        kernel.entry(parent, name);
        let ino = vfs.tree().inodes.unused();
        let kind = if named.is_directory { FileKind::Directory } else { FileKind::File };
        Attr { kind, ..attributes::directory_attr(vfs, ino) }
    });
    let attr = gone(attr);
    let raising = Raising::Vanishes(parent, name.to_owned(), attr);
    raise(vfs, raising, kernel, &Raise::Vanish(path, named.is_directory));
}

/// Has the kernel's side do something. Whether it could.
fn raise(vfs: &Vfs, raising: Raising, kernel: &dyn Invalidate, raise: &Raise) -> bool {
    vfs.tree().raising = Some(raising);
    let raised = kernel.raise(raise);
    vfs.tree().raising = None;
    raised.map_err(|error| note_failure(vfs, &error, raise)).is_ok()
}

/// What stands for a project's file that is gone, if the kernel has it: whoever watches it hears of it.
fn kept_attr(vfs: &Vfs, named: &Named) -> Option<Attr> {
    let project = project_of(vfs, named).filter(|project| !may_be_locked(vfs, project))?;
    let ino = vfs.tree().inodes.of_serial(project.serial)?;
    let is_kept = vfs.tree().inodes.get(ino).is_some();
    is_kept.then(|| raised::project_attr(vfs, ino, &project))
}

/// What stands for something that is to be renamed.
fn attr_of(vfs: &Vfs, parent: Ino, directory: &Directory, named: &Named) -> Option<Attr> {
    if named.is_directory {
        let id = SpaceId::new(named.id.as_deref()?);
        let child = match directory {
            Directory::Root => Directory::Workspace(id),
            Directory::Workspace(_) | Directory::Folder(_) => Directory::Folder(id),
        };
        let ino = vfs.tree().directory(&child, parent);
        return Some(attributes::directory_attr(vfs, ino));
    }
    let project = project_of(vfs, named).filter(|project| !may_be_locked(vfs, project))?;
    let ino = vfs.tree().inodes.project(&project);
    Some(raised::project_attr(vfs, ino, &project))
}

/// Whether a program may hold the lock of a file for long, which whoever removes or renames it waits for
/// with the lock of the directory.
fn may_be_locked(vfs: &Vfs, project: &Project) -> bool {
    !vfs.tree().writers(project.serial).is_empty()
}

/// Whether a project that has lost its name here has one.
fn is_shown(vfs: &Vfs, named: &Named) -> bool {
    project_of(vfs, named).is_some_and(|project| vfs.tree().name_of(&project).is_some())
}

fn project_of(vfs: &Vfs, named: &Named) -> Option<Arc<Project>> {
    vfs.engine.known(&ProjectId::new(named.id.as_deref()?))
}

/// What is about to go is believed by nobody.
fn gone(attr: Attr) -> Attr {
    Attr { attr_ttl: Duration::ZERO, entry_ttl: Duration::ZERO, ..attr }
}
