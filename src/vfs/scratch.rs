//! Scratch: files that are the programs' own (backups, swap files, locks, `.git`), kept on the
//! local disk under the state directory and never sent.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, Metadata, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

use crate::{
    error::{Error, Kind, Result},
    file_name, kernel_thread,
    sync::{TTL, upload::conflicts},
    vfs::{
        control::{self, is_control},
        directory::{self, check_reserved, no_entry},
        inode::{Inodes, Node, OnDisk},
        local::{self, LocalFile},
        names, pins,
        reach::Reach,
        resource,
        scratch_file::ScratchFile,
        tree::handles::Handle,
        types::{Attr, Caching, Directory, Fh, Ino, OpenMode, Opened, Room, SetAttr},
        volume::Vfs,
    },
};

/// Where the scratch of a directory is on the local disk.
pub(crate) fn scratch_dir(vfs: &Vfs, ino: Ino) -> Result<Reach> {
    local_dir(vfs, ino).map(Reach::of)
}

/// The path of that, which may be longer than can be asked for.
pub(crate) fn local_dir(vfs: &Vfs, ino: Ino) -> Result<PathBuf> {
    let mut below: Vec<OsString> = Vec::new();
    let tree = vfs.tree();
    let mut at = ino;
    loop {
        match tree.inodes.get(at) {
            Some(Node::Directory { directory, .. }) => {
                let is_control = below.last().is_some_and(|name| is_control(at, name));
                if is_control {
                    below.pop();
                }
                let mut path = match is_control {
                    true => vfs.control.clone(),
                    false => vfs.scratch.join(directory_name(directory)),
                };
                path.extend(below.iter().rev());
                return Ok(path);
            }
            Some(Node::Scratch(Some((parent, name)))) => {
                below.push(name.clone());
                at = *parent;
            }
            Some(Node::Resource(node)) => {
                let name = resource::scratch_name(vfs, node).ok_or_else(resource::read_only)?;
                let mut path = vfs.scratch.join(name);
                path.extend(below.iter().rev());
                return Ok(path);
            }
            _ => return Err(no_entry()),
        }
    }
}

/// Where a scratch entry is, with its directory made if that is one of Taskade's.
pub(crate) fn scratch_place(vfs: &Vfs, parent: Ino, name: &OsStr) -> Result<Reach> {
    check_reserved(name)?;
    let dir = scratch_dir(vfs, parent)?;
    control::check_not_control(vfs, &dir)?;
    let is_remote = match vfs.node(parent)? {
        Node::Resource(node) if !resource::takes_scratch(vfs, &node, name) => {
            return Err(Error::new(Kind::NotPermitted, "only plain files are there")
                .at(name.to_string_lossy()));
        }
        node => matches!(node, Node::Directory { .. } | Node::Resource(_)),
    };
    if is_remote {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&dir)
            .map_err(|error| failed("cannot make", &dir, error))?;
    }
    Ok(dir.join(name))
}

pub(crate) fn lookup_scratch(vfs: &Vfs, parent: Ino, name: &OsStr) -> Result<Attr> {
    look_scratch_up(vfs, parent, name, |_, _| {})
}

/// As [`lookup_scratch`]; the kernel holds a reference when this succeeds.
pub(crate) fn looked_up_scratch(vfs: &Vfs, parent: Ino, name: &OsStr) -> Result<Attr> {
    look_scratch_up(vfs, parent, name, Inodes::looked_up)
}

/// As [`looked_up_scratch`], for who may not wait for the disk: if that has to be asked, by another
/// thread.
pub(crate) async fn look_up(vfs: &Vfs, parent: Ino, name: &OsStr) -> Result<Attr> {
    if !is_control(parent, name)
        && let Ok(dir) = local_dir(vfs, parent)
        && let Some(found) = cached(vfs, &dir.join(name))
    {
        let metadata = found.map_err(|_| no_entry())?;
        let ino = inode_of(vfs, parent, name, &metadata, Inodes::looked_up);
        return Ok(scratch_attr(ino, &metadata));
    }
    kernel_thread::leave().await;
    looked_up_scratch(vfs, parent, name)
}

/// What the kernel has in memory of a path. Of what the mount shows of itself nothing is in there: it
/// changes by itself.
pub(crate) fn cached(vfs: &Vfs, path: &Path) -> Option<io::Result<Metadata>> {
    let may_be = kernel_thread::is_serving() && !path.starts_with(&vfs.control);
    if may_be { local::cached(path) } else { None }
}

pub(crate) fn look_scratch_up(
    vfs: &Vfs,
    parent: Ino,
    name: &OsStr,
    refer: impl FnOnce(&mut Inodes, Ino),
) -> Result<Attr> {
    let path = match is_control(parent, name) {
        true => Reach::of(vfs.control.clone()),
        false => scratch_dir(vfs, parent)?.join(name),
    };
    control::refresh_control(vfs, &path);
    let metadata = fs::symlink_metadata(&path).map_err(|_| no_entry())?;
    let ino = inode_of(vfs, parent, name, &metadata, refer);
    Ok(control::as_control(vfs, &path, scratch_attr(ino, &metadata)))
}

/// The inode of what was found on the disk.
fn inode_of(
    vfs: &Vfs,
    parent: Ino,
    name: &OsStr,
    metadata: &Metadata,
    refer: impl FnOnce(&mut Inodes, Ino),
) -> Ino {
    let found = OnDisk {
        number: metadata.ino(),
        kind: local::kind(metadata),
        is_alone: metadata.is_dir() || metadata.nlink() <= 1,
    };
    let mut tree = vfs.tree();
    let ino = tree.inodes.scratch(found, parent, name);
    refer(&mut tree.inodes, ino);
    ino
}

pub(crate) async fn getattr(vfs: &Vfs, ino: Ino) -> Result<Attr> {
    let (places, _) = vfs.tree().inodes.places(ino);
    if let [(parent, name)] = &places[..]
        && !is_control(*parent, name)
        && let Ok(dir) = local_dir(vfs, *parent)
        && let Some(Ok(metadata)) = cached(vfs, &dir.join(name))
    {
        return Ok(scratch_attr(ino, &metadata));
    }
    kernel_thread::leave().await;
    getattr_scratch(vfs, ino)
}

pub(crate) fn getattr_scratch(vfs: &Vfs, ino: Ino) -> Result<Attr> {
    let (metadata, path) = match scratch_path(vfs, ino) {
        Ok(path) => {
            let metadata = fs::symlink_metadata(&path);
            (metadata.map_err(|error| failed("cannot look at", &path, error))?, path)
        }
        // Removed, but still open: it lives on through its handle.
        Err(error) => {
            let open = open_entry(vfs, ino).ok_or(error)?;
            let metadata = open.metadata();
            (
                metadata.map_err(|error| Error::io("cannot look at it", error))?,
                Reach::of(PathBuf::new()),
            )
        }
    };
    Ok(control::as_control(vfs, &path, scratch_attr(ino, &metadata)))
}

pub(crate) async fn setattr(vfs: &Vfs, ino: Ino, fh: Option<Fh>, set: &SetAttr) -> Result<Attr> {
    kernel_thread::leave().await;
    if let Ok(path) = scratch_path(vfs, ino) {
        control::check_not_control(vfs, &path)?;
    }
    let mut set = *set;
    if let (Some(fh), Some(size)) = (fh, set.size)
        && let Handle::Scratch { file, .. } = &*vfs.handle(fh)?
    {
        // Who opened it may write, whatever its permissions are now.
        file.set_len(size)?;
        set.size = None;
    }
    let entry = match scratch_path(vfs, ino) {
        Ok(path) => LocalFile::at(&path).map_err(|error| failed("cannot change", &path, error))?,
        Err(error) => open_entry(vfs, ino).ok_or(error)?,
    };
    entry.set(&set).map_err(|error| Error::io("cannot change it", error))?;
    getattr_scratch(vfs, ino)
}

/// What is open of an inode, which may have no name any more.
pub(crate) fn open_entry(vfs: &Vfs, ino: Ino) -> Option<LocalFile> {
    let open = vfs.tree().handles.values().find_map(|handle| match &**handle {
        Handle::Scratch { ino: of, .. } if *of == ino => Some(handle.clone()),
        _ => None,
    })?;
    let Handle::Scratch { file, .. } = &*open else { return None };
    file.entry()
}

pub(crate) async fn open_scratch(
    vfs: &Vfs,
    ino: Ino,
    mode: OpenMode,
    caller: u32,
) -> Result<Opened> {
    kernel_thread::leave().await;
    let path = scratch_path(vfs, ino).or_else(|error| match error.kind() {
        // Told once; who comes again for it has it by no name.
        Kind::Os(libc::ESTALE) => pins::check_stale(vfs, ino, caller).and(Err(no_entry())),
        _ => Err(error),
    })?;
    if mode.write {
        control::check_not_control(vfs, &path)?;
    }
    control::refresh_control(vfs, &path);
    let mut options = OpenOptions::new();
    options.read(mode.read).write(mode.write).truncate(mode.truncate);
    let file = LocalFile::at(&path)
        .and_then(|entry| entry.plain(&mut options))
        .map_err(|error| failed("cannot open", &path, error))?;
    conflicts::looked_at(&vfs.engine, &path);
    let opened = opened_scratch(vfs, ino, file, mode);
    let is_control = path.starts_with(&vfs.control);
    Ok(Opened { caching: if is_control { Caching::Bypass } else { opened.caching }, ..opened })
}

pub(crate) fn opened_scratch(vfs: &Vfs, ino: Ino, file: fs::File, mode: OpenMode) -> Opened {
    let handle = Handle::Scratch { file: ScratchFile::new(file, mode.append), ino };
    let fh = vfs.tree().add_handle(handle);
    // The kernel sees every change of scratch, so the pages that it has are right.
    Opened { fh, caching: Caching::Keep }
}

/// Removes a local directory.
///
/// # Errors
/// [`Kind::NotPermitted`] for a folder of Taskade: v1 cannot remove one.
pub(crate) async fn rmdir(vfs: &Vfs, parent: Ino, name: &OsStr) -> Result<()> {
    vfs.check_writable_at(parent)?;
    if let Node::Directory { directory, .. } = vfs.node(parent)?
        && let crate::vfs::directory::Found::Directory(_) =
            directory::find(vfs, &directory, name).await?
    {
        return Err(Error::new(Kind::NotPermitted, "Taskade's API cannot remove folders")
            .at(name.to_string_lossy())
            .hint("remove it in the app"));
    }
    kernel_thread::leave().await;
    let path = scratch_place(vfs, parent, name)?;
    fs::remove_dir(&path).map_err(|error| failed("cannot remove", &path, error))?;
    gone_scratch(vfs, parent, name);
    Ok(())
}

/// The target of a symbolic link.
///
/// # Errors
/// If it is none.
pub(crate) async fn readlink(vfs: &Vfs, ino: Ino) -> Result<PathBuf> {
    if let Node::Resource(node) = vfs.node(ino)? {
        return resource::read_link(vfs, &node);
    }
    kernel_thread::leave().await;
    let path = scratch_path(vfs, ino)?;
    fs::read_link(&path).map_err(|error| failed("cannot read the link", &path, error))
}

pub(crate) fn gone_scratch(vfs: &Vfs, parent: Ino, name: &OsStr) {
    vfs.tree().inodes.unlink_scratch(parent, name);
}

/// The place of a scratch inode on disk.
///
/// # Errors
/// [`Kind::NotPermitted`] if it is not scratch, and ESTALE if it has no name any more: one by which the
/// kernel has come to it is looked up again, as it may be another file's by now.
pub(crate) fn scratch_path(vfs: &Vfs, ino: Ino) -> Result<Reach> {
    match vfs.node(ino)? {
        Node::Scratch(_) => {}
        Node::Resource(_) => return Err(resource::read_only()),
        Node::Directory { .. } | Node::Project(_) => {
            return Err(Error::new(Kind::NotPermitted, "only local files can do that"));
        }
    }
    let (places, local) = vfs.tree().inodes.places(ino);
    if places.is_empty() {
        return Err(Error::new(Kind::Os(libc::ESTALE), "the file has no name any more"));
    }
    let is_alone = places.len() == 1;
    let paths = places.into_iter().filter_map(|(parent, name)| {
        let is_control = is_control(parent, &name);
        let dir = if is_control { None } else { Some(scratch_dir(vfs, parent).ok()?) };
        Some(dir.map_or_else(|| Reach::of(vfs.control.clone()), |dir| dir.join(&name)))
    });
    // Of several names some may be in directories that the kernel has let go of.
    let is_it = |path: &Reach| {
        is_alone || fs::symlink_metadata(path).is_ok_and(|found| Some(found.ino()) == local)
    };
    paths.into_iter().find(is_it).ok_or_else(no_entry)
}

/// How much room there is where everything is kept that waits for Taskade, and scratch.
///
/// # Errors
/// If the state directory cannot be asked.
pub(crate) async fn room(vfs: &Vfs) -> Result<Room> {
    kernel_thread::leave().await;
    let disk = rustix::fs::statvfs(&vfs.scratch)
        .map_err(|error| failed("cannot look at the disk", &vfs.scratch, error.into()))?;
    Ok(Room {
        block: u32::try_from(disk.f_frsize).unwrap_or(4096),
        blocks: [disk.f_blocks, disk.f_bfree, disk.f_bavail],
        files: [disk.f_files, disk.f_ffree],
    })
}

/// Sees to it that the names in a directory of scratch outlive a crash.
///
/// # Errors
/// If the disk fails.
pub(crate) async fn sync_directory(vfs: &Vfs, ino: Ino) -> Result<()> {
    let Ok(path) = local_dir(vfs, ino) else { return Ok(()) };
    let synced = tokio::task::spawn_blocking(move || match fs::File::open(Reach::of(path)) {
        Ok(directory) => directory.sync_all(),
        // No scratch was made there yet.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    });
    synced
        .await
        .map_err(|error| Error::new(Kind::Storage, "cannot sync").because(error))?
        .map_err(|error| Error::io("cannot sync", error))
}

/// Refuses a name that only a project can have.
pub(crate) fn check_scratch_name(vfs: &Vfs, parent: Ino, name: &OsStr) -> Result<()> {
    let is_remote = matches!(vfs.node(parent)?, Node::Directory { .. });
    if is_remote && name.to_str().is_some_and(names::is_project) {
        return Err(
            Error::new(Kind::NotPermitted, "a project is a plain file").at(name.to_string_lossy())
        );
    }
    Ok(())
}

pub(crate) fn scratch_attr(ino: Ino, metadata: &Metadata) -> Attr {
    Attr {
        ino,
        kind: local::kind(metadata),
        size: metadata.len(),
        mode: u16::try_from(metadata.mode() & 0o7777).unwrap_or(0o600),
        links: u32::try_from(metadata.nlink()).unwrap_or(u32::MAX),
        uid: metadata.uid(),
        gid: metadata.gid(),
        accessed: local::time(metadata.atime(), metadata.atime_nsec()),
        modified: local::time(metadata.mtime(), metadata.mtime_nsec()),
        changed: local::time(metadata.ctime(), metadata.ctime_nsec()),
        device: encoded(metadata.rdev()),
        attr_ttl: TTL,
        entry_ttl: TTL,
    }
}

/// The directory on disk that keeps the scratch of one of Taskade's directories.
pub(crate) fn directory_name(directory: &Directory) -> String {
    match directory.space() {
        None => "root".to_owned(),
        Some(id) => format!("space-{}", file_name::safe(id.as_str())),
    }
}

/// A device number as FUSE has it (`new_encode_dev` of the kernel).
pub(crate) fn encoded(device: u64) -> u32 {
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    (minor & 0xff) | (major << 8) | ((minor & !0xff) << 12)
}

pub(crate) fn failed(what: &str, path: &Path, error: io::Error) -> Error {
    Error::io(what, error).at(path.display().to_string())
}
