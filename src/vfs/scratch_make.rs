//! Making scratch: files, directories, links, pipes and sockets, which belong to who makes them.

use std::{
    ffi::OsStr,
    fs::{self, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::Path,
};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::{
    api::RemoteSpace,
    error::{Error, Kind, Result},
    kernel_thread,
    vfs::{
        agents, attributes, control,
        directory::child,
        inode::Node,
        local::{self, LocalFile},
        lookup, names,
        scratch::{self, failed},
        types::{Attr, Directory, Ino, NewFile, OpenMode, Opened},
        volume::Vfs,
    },
};

pub(crate) async fn create_scratch(
    vfs: &Vfs,
    parent: Ino,
    name: &OsStr,
    new: NewFile,
    mode: OpenMode,
    exclusive: bool,
) -> Result<(Attr, Opened)> {
    kernel_thread::leave().await;
    let path = scratch::scratch_place(vfs, parent, name)?;
    let error = |error| failed("cannot create", &path, error);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    options.mode(new.permissions & 0o7777).custom_flags(local::PLAIN);
    let file = match options.open(&path) {
        // Made by somebody else since it was looked up.
        Err(exists) if exists.kind() == io::ErrorKind::AlreadyExists && !exclusive => {
            let mut options = OpenOptions::new();
            options.read(mode.read).write(mode.write).truncate(mode.truncate);
            LocalFile::at(&path).and_then(|entry| entry.plain(&mut options)).map_err(error)?
        }
        made => {
            let file = made.map_err(error)?;
            own(&path, new)?;
            file
        }
    };
    let attr = scratch::looked_up_scratch(vfs, parent, name)?;
    Ok((attr, scratch::opened_scratch(vfs, attr.ino, file, mode)))
}

/// Makes a local directory; with a store of one's own also workspaces and folders.
///
/// # Errors
/// [`Kind::NotPermitted`] for a folder of Taskade: v1 cannot make one.
pub(crate) async fn mkdir(
    vfs: &Vfs,
    parent: Ino,
    name: &OsStr,
    new: impl Into<NewFile>,
) -> Result<Attr> {
    vfs.check_writable_at(parent)?;
    if let Some(at) = agents::namespace::directory_at(vfs, parent)
        && let Some(made) = agents::namespace::mkdir(vfs, &at, name).await?
    {
        return Ok(made);
    }
    kernel_thread::leave().await;
    let new = new.into();
    if let Node::Directory { directory, .. } = vfs.node(parent)?
        && !name.as_encoded_bytes().starts_with(b".")
    {
        return make_space(vfs, parent, &directory, name);
    }
    let path = scratch::scratch_place(vfs, parent, name)?;
    fs::DirBuilder::new()
        .mode(new.permissions & 0o7777)
        .create(&path)
        .map_err(|error| failed("cannot make", &path, error))?;
    own(&path, new)?;
    scratch::looked_up_scratch(vfs, parent, name)
}

/// Makes a workspace or a folder, where the service is one's own.
pub(crate) fn make_space(vfs: &Vfs, parent: Ino, above: &Directory, name: &OsStr) -> Result<Attr> {
    let refused = |what: &str| Error::new(Kind::NotPermitted, what).at(name.to_string_lossy());
    let Some(spaces) = vfs.spaces.get() else {
        return Err(refused("Taskade's API cannot make folders")
            .hint("make it in the app; it appears here"));
    };
    let title = name.to_str().and_then(names::space_title).ok_or_else(|| {
        Error::new(Kind::Invalid, "no workspace or folder can have this name")
            .at(name.to_string_lossy())
    })?;
    let (workspace, id) = match above {
        Directory::Root => (None, spaces.make_workspace(&title)?),
        Directory::Workspace(id) => (Some(id), spaces.make_folder(id, &title)?),
        Directory::Folder(_) => return Err(refused("a folder has no folders in it")),
    };
    let space = RemoteSpace { id, name: title };
    let made = child(above, &space);
    vfs.engine.add_space(workspace, space);
    let ino = lookup::refer(vfs, |tree| tree.directory(&made, parent));
    Ok(attributes::directory_attr(vfs, ino))
}

/// Makes a pipe, a socket or a device: scratch, such as the sockets of editors' servers.
///
/// # Errors
/// [`Kind::NotPermitted`] under the name of a project.
pub(crate) async fn make_special(
    vfs: &Vfs,
    parent: Ino,
    name: &OsStr,
    new: NewFile,
    device: u32,
) -> Result<Attr> {
    scratch::check_scratch_name(vfs, parent, name)?;
    kernel_thread::leave().await;
    let path = scratch::scratch_place(vfs, parent, name)?;
    let kind = FileType::from_raw_mode(new.permissions);
    let mode = Mode::from_raw_mode(new.permissions & 0o7777);
    mknodat(CWD, &*path, kind, mode, decoded(device))
        .map_err(|error| failed("cannot make", &path, error.into()))?;
    own(&path, new)?;
    scratch::looked_up_scratch(vfs, parent, name)
}

/// Makes a symbolic link: scratch, such as the locks of emacs.
///
/// # Errors
/// [`Kind::NotPermitted`] under the name of a project.
pub(crate) async fn symlink(
    vfs: &Vfs,
    parent: Ino,
    name: &OsStr,
    target: &Path,
    new: impl Into<NewFile>,
) -> Result<Attr> {
    vfs.check_writable_at(parent)?;
    if let Some(at) = agents::namespace::directory_at(vfs, parent)
        && let Some(made) = agents::namespace::symlink(vfs, &at, name, target).await?
    {
        return Ok(made);
    }
    scratch::check_scratch_name(vfs, parent, name)?;
    kernel_thread::leave().await;
    let path = scratch::scratch_place(vfs, parent, name)?;
    std::os::unix::fs::symlink(target, &path)
        .map_err(|error| failed("cannot link", &path, error))?;
    own(&path, new.into())?;
    scratch::looked_up_scratch(vfs, parent, name)
}

/// Makes a hard link between scratch files: one inode that has several names.
///
/// # Errors
/// [`Kind::NotPermitted`] for projects: a project has one name.
pub(crate) async fn link(vfs: &Vfs, ino: Ino, parent: Ino, name: &OsStr) -> Result<Attr> {
    vfs.check_writable_at(parent)?;
    scratch::check_scratch_name(vfs, parent, name)?;
    kernel_thread::leave().await;
    let from = scratch::scratch_path(vfs, ino)?;
    control::check_not_control(vfs, &from)?;
    let path = scratch::scratch_place(vfs, parent, name)?;
    fs::hard_link(&from, &path).map_err(|error| failed("cannot link", &path, error))?;
    scratch::looked_up_scratch(vfs, parent, name)
}

/// Gives what was just made to who made it. What cannot be given is not there.
pub(crate) fn own(path: &Path, new: NewFile) -> Result<()> {
    let Some((uid, gid)) = new.owner else { return Ok(()) };
    let given = LocalFile::at(path).and_then(|entry| {
        let made = entry.metadata()?;
        let above = path.parent().map(fs::symlink_metadata).transpose()?;
        // A directory may pass its group on to what is made in it.
        let inherits = above.is_some_and(|above| above.mode() & libc::S_ISGID != 0);
        let gid = if inherits { made.gid() } else { gid };
        if (made.uid(), made.gid()) == (uid, gid) {
            return Ok(());
        }
        if let Err(error) = entry.give(Some(uid), Some(gid)) {
            // A group that is not one of this process's: still the file of who made it.
            return if made.uid() == uid { Ok(()) } else { Err(error) };
        }
        // They went with the owner.
        let is_special = made.is_file() && made.mode() & 0o6000 != 0;
        if is_special { entry.permit(made.mode()) } else { Ok(()) }
    });
    given.map_err(|error| {
        // What it is, is not known here; one of the two takes it away.
        let _ = fs::remove_file(path).or_else(|_| fs::remove_dir(path));
        tracing::warn!(%error, uid, "what another user makes cannot be given to them");
        Error::new(Kind::NotPermitted, "only who mounted it can make files here")
            .at(path.display().to_string())
            .hint("a mount made by root lets others own what they make")
    })
}

/// A device number as FUSE has it (`new_encode_dev` of the kernel).
pub(crate) fn decoded(device: u32) -> rustix::fs::Dev {
    let major = (device & 0xf_ff00) >> 8;
    let minor = (device & 0xff) | ((device >> 12) & 0xf_ff00);
    rustix::fs::makedev(major, minor)
}
