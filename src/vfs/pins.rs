//! Open descriptors go on with the text that they began with.
//!
//! The kernel has one size and one set of pages for an inode. As long as programs read a text
//! through an inode, the inode keeps that text, as a file does that another one was renamed over:
//! what the project has since is under another number. Names that the kernel still believes in
//! lead to the old number for a moment. Whoever opens that is told ESTALE, upon which the kernel
//! looks the name up and opens what it stands for now (`do_filp_open` in fs/namei.c), so no open
//! gets an old text; an open that comes again for the same number was made by no name, through
//! `/proc/PID/fd`, and gets what the inode has.
//!
//! The kernel looks a name up again once in an open(2), and what it then comes to may be outgrown
//! before it is opened. So what that lookup finds is kept clear of readers, and if it is past all the
//! same, it is opened with the text of now, past the pages of the inode: a thread is told ESTALE once
//! until its open has ended.
//!
//! An inode that somebody holds a lock on is left as it is: a lock holds for an inode.

use std::{fs, sync::Arc, time::SystemTime};

use crate::{
    error::{Error, Kind, Result},
    sync::{Content, Project},
    vfs::{
        kernel_cache,
        tree::pins::names_inode,
        tree::{
            inner::MountTree,
            pins::{Detached, Pin},
        },
        types::Ino,
        volume::Vfs,
    },
};

impl MountTree {
    pub(crate) fn is_past(&self, ino: Ino, project: &Project) -> bool {
        self.inodes.of_serial(project.serial) != Some(ino)
    }
}

/// Gives a project another inode if somebody reads another text through the one that it has.
/// Whether it did.
pub(crate) fn part_if_outgrown(vfs: &Vfs, project: &Project) -> bool {
    let ino = vfs.tree().inodes.of_serial(project.serial);
    ino.is_some_and(|ino| part(vfs, ino, project, |pin| !pin.is_of(project)))
}

/// Gives a project another inode than this one, if it is the one that it has and `outgrown`.
/// The kernel is to hear of the name.
pub(crate) fn part(
    vfs: &Vfs,
    ino: Ino,
    project: &Project,
    outgrown: impl Fn(&Pin) -> bool,
) -> bool {
    let is_due = |tree: &MountTree| {
        !tree.is_past(ino, project) && tree.pins.by_ino.get(&ino).is_some_and(&outgrown)
    };
    if !is_due(&vfs.tree()) {
        return false;
    }
    let is_locked = is_locked(ino);
    let mut tree = vfs.tree();
    if is_locked {
        let pin = tree.pins.by_ino.get_mut(&ino).filter(|pin| !pin.is_of(project));
        pin.into_iter().for_each(|pin| pin.is_overtaken = true);
        return false;
    }
    if !is_due(&tree) {
        return false;
    }
    tree.inodes.leave_project(project.serial);
    tree.paged.remove(&project.serial);
    tree.sized.remove(&project.serial);
    let named = tree
        .name_of(project)
        .and_then(|(directory, name)| Some((tree.known_directory(&directory)?, name)));
    drop(tree);
    tracing::debug!(serial = project.serial, "readers keep an inode and its text");
    if let Some((parent, name)) = named {
        kernel_cache::invalidate_names(vfs, parent, [name]);
    }
    true
}

/// Gives a project that is about to be changed in place an inode that nobody reads through.
pub(crate) fn part_for_writer(vfs: &Vfs, project: &Project) {
    let ino = vfs.tree().inodes.of_serial(project.serial);
    if let Some(ino) = ino {
        part(vfs, ino, project, |_| true);
    }
}

/// Gives whoever is about to change a project's text in place an inode that nobody reads
/// through.
///
/// # Errors
/// ESTALE, if the name is to be looked up again.
pub(crate) fn open_to_write(vfs: &Vfs, ino: Ino, project: &Project, caller: u32) -> Result<()> {
    // Who cannot be sent elsewhere writes through this one, past its pages. What is written is the
    // project's all the same, and is under another number once it is saved.
    if vfs.tree().pins.is_notified(caller) {
        return Ok(());
    }
    if part(vfs, ino, project, |_| true) || vfs.tree().is_past(ino, project) {
        check_stale(vfs, ino, caller)?;
    }
    Ok(())
}

/// Keeps the inode that a name stands for clear of readers, for a thread that looks it up again: it
/// cannot be told that this one is stale as well.
pub(crate) fn reserve_if_notified(vfs: &Vfs, project: &Arc<Project>, caller: u32) {
    if vfs.tree().pins.is_notified(caller) {
        part_for_writer(vfs, project);
        let mut tree = vfs.tree();
        let ino = tree.inodes.project(project);
        tree.pins.reserve(caller, ino);
    }
}

/// Notes what an open(2), or a truncate(2), of a thread came to. It goes on only where it is told that
/// the number is stale.
pub(crate) fn end_open<T>(vfs: &Vfs, caller: u32, opened: &Result<T>) {
    let is_stale = |error: &Error| error.kind() == Kind::Os(libc::ESTALE);
    if !opened.as_ref().is_err_and(is_stale) {
        vfs.tree().pins.end_open(caller);
    }
}

/// What an inode has that is not, or not any more, a project's that is opened for reading, by no
/// name.
///
/// # Errors
/// ESTALE, if the name is to be looked up again.
pub(crate) fn open_detached(
    vfs: &Vfs,
    ino: Ino,
    project: &Project,
    caller: u32,
) -> Result<Option<Detached>> {
    if !vfs.tree().is_past(ino, project) {
        return Ok(None);
    }
    check_stale(vfs, ino, caller)?;
    let tree = vfs.tree();
    let comes_again = tree.pins.comes_again(caller, ino);
    let text = || tree.pins.by_ino.get(&ino).map(|pin| pin.text.clone());
    Ok(comes_again.then(|| Detached { text: text() }))
}

/// As [`open_detached`], once it is known which content is to be read.
pub(crate) fn open_outgrown(
    vfs: &Vfs,
    ino: Ino,
    project: &Project,
    content: &Content,
    caller: u32,
) -> Result<()> {
    let now = (project.serial, content.version);
    let is_parted = part(vfs, ino, project, |pin| (pin.serial, pin.version) != now);
    // Or somebody else did, since it was asked for.
    if is_parted || vfs.tree().is_past(ino, project) {
        check_stale(vfs, ino, caller)?;
    }
    Ok(())
}

pub(crate) fn check_stale(vfs: &Vfs, ino: Ino, caller: u32) -> Result<()> {
    if vfs.tree().pins.notifies(caller, ino) {
        return Err(Error::new(Kind::Os(libc::ESTALE), "the name stands for another inode"));
    }
    Ok(())
}

/// Whether all that read through an inode read this content.
pub(crate) fn is_shared(tree: &MountTree, ino: Ino, serial: u64, content: &Content) -> bool {
    tree.inodes.of_serial(serial) == Some(ino) && !tree.pins.has_another(ino, content, serial)
}

/// Size and time of last change of what programs read through an inode that is not, or not any
/// more, the project's.
pub(crate) fn pinned(vfs: &Vfs, ino: Ino, project: &Project) -> Option<(u64, SystemTime)> {
    part(vfs, ino, project, |pin| !pin.is_of(project));
    let tree = vfs.tree();
    let pin = tree.pins.by_ino.get(&ino).filter(|_| tree.is_past(ino, project))?;
    Some((pin.text.len() as u64, pin.modified))
}

/// Whether somebody holds a lock on a file of this number, or waits for one.
pub(crate) fn is_locked(ino: Ino) -> bool {
    fs::read_to_string("/proc/locks").is_ok_and(|locks| names_inode(&locks, ino))
}
