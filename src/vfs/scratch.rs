//! Scratch: files that are the programs' own (backups, swap files, locks, `.git`), kept on the
//! local disk under the state directory and never sent.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, Metadata, OpenOptions},
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

use super::{
    Vfs,
    control::is_control,
    directory::{check_reserved, no_entry},
    handle::Handle,
    inode::{Directory, Inodes, Node},
    local::{self, Entry},
    names,
    reach::Reach,
    resource,
    types::{Attr, Caching, Fh, Ino, OpenMode, Opened, Room, SetAttr},
};
use crate::{
    error::{Error, Kind, Result},
    file_name,
    sync::BELIEVED,
};

impl Vfs {
    /// Where the scratch of a directory is on the local disk.
    pub(crate) fn scratch_dir(&self, ino: Ino) -> Result<Reach> {
        let mut below: Vec<OsString> = Vec::new();
        let tree = self.tree();
        let mut at = ino;
        loop {
            match tree.inodes.get(at) {
                Some(Node::Directory { directory, .. }) => {
                    let is_control = below.last().is_some_and(|name| is_control(at, name));
                    if is_control {
                        below.pop();
                    }
                    let mut path = match is_control {
                        true => self.control.clone(),
                        false => self.scratch.join(directory_name(directory)),
                    };
                    path.extend(below.iter().rev());
                    drop(tree);
                    return Ok(Reach::of(path));
                }
                Some(Node::Scratch(Some((parent, name)))) => {
                    below.push(name.clone());
                    at = *parent;
                }
                Some(Node::Place(_)) => return Err(resource::read_only()),
                _ => return Err(no_entry()),
            }
        }
    }

    /// Where a scratch entry is, with its directory made if that is one of Taskade's.
    pub(crate) fn scratch_place(&self, parent: Ino, name: &OsStr) -> Result<Reach> {
        check_reserved(name)?;
        let dir = self.scratch_dir(parent)?;
        self.check_not_control(&dir)?;
        if matches!(self.node(parent)?, Node::Directory { .. }) {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&dir)
                .map_err(|error| failed("cannot make", &dir, error))?;
        }
        Ok(dir.join(name))
    }

    pub(crate) fn lookup_scratch(&self, parent: Ino, name: &OsStr) -> Result<Attr> {
        self.look_scratch_up(parent, name, |_, _| {})
    }

    /// As [`lookup_scratch`](Self::lookup_scratch); the kernel holds a reference when this succeeds.
    pub(crate) fn looked_up_scratch(&self, parent: Ino, name: &OsStr) -> Result<Attr> {
        self.look_scratch_up(parent, name, Inodes::looked_up)
    }

    fn look_scratch_up(
        &self,
        parent: Ino,
        name: &OsStr,
        refer: impl FnOnce(&mut Inodes, Ino),
    ) -> Result<Attr> {
        let path = match is_control(parent, name) {
            true => Reach::of(self.control.clone()),
            false => self.scratch_dir(parent)?.join(name),
        };
        self.refresh_control(&path);
        let metadata = fs::symlink_metadata(&path).map_err(|_| no_entry())?;
        let ino = {
            let mut tree = self.tree();
            let ino = tree.inodes.scratch(metadata.ino(), parent, name);
            refer(&mut tree.inodes, ino);
            ino
        };
        Ok(self.as_control(&path, self.scratch_attr(ino, &metadata)))
    }

    pub(crate) fn getattr_scratch(&self, ino: Ino) -> Result<Attr> {
        let (metadata, path) = match self.scratch_path(ino) {
            Ok(path) => {
                let metadata = fs::symlink_metadata(&path);
                (metadata.map_err(|error| failed("cannot look at", &path, error))?, path)
            }
            // Removed, but still open: it lives on through its handle.
            Err(error) => {
                let open = self.open_entry(ino).ok_or(error)?;
                let metadata = open.metadata();
                (
                    metadata.map_err(|error| Error::io("cannot look at it", error))?,
                    Reach::of(PathBuf::new()),
                )
            }
        };
        Ok(self.as_control(&path, self.scratch_attr(ino, &metadata)))
    }

    pub(crate) fn setattr_scratch(&self, ino: Ino, fh: Option<Fh>, set: &SetAttr) -> Result<Attr> {
        if let Ok(path) = self.scratch_path(ino) {
            self.check_not_control(&path)?;
        }
        let mut set = *set;
        if let (Some(fh), Some(size)) = (fh, set.size)
            && let Handle::Scratch { file, .. } = &*self.handle(fh)?
        {
            // Who opened it may write, whatever its permissions are now.
            file.set_len(size).map_err(|error| Error::io("cannot truncate", error))?;
            set.size = None;
        }
        let entry = match self.scratch_path(ino) {
            Ok(path) => Entry::at(&path).map_err(|error| failed("cannot change", &path, error))?,
            Err(error) => self.open_entry(ino).ok_or(error)?,
        };
        entry.set(&set).map_err(|error| Error::io("cannot change it", error))?;
        self.getattr_scratch(ino)
    }

    /// What is open of an inode, which may have no name any more.
    fn open_entry(&self, ino: Ino) -> Option<Entry> {
        let open = self.tree().handles.values().find_map(|handle| match &**handle {
            Handle::Scratch { ino: of, .. } if *of == ino => Some(handle.clone()),
            _ => None,
        })?;
        let Handle::Scratch { file, .. } = &*open else { return None };
        Entry::of(file).ok()
    }

    pub(crate) fn open_scratch(&self, ino: Ino, mode: OpenMode) -> Result<Opened> {
        let path = self.scratch_path(ino)?;
        if mode.write {
            self.check_not_control(&path)?;
        }
        self.refresh_control(&path);
        let mut options = OpenOptions::new();
        options.read(mode.read).write(mode.write).truncate(mode.truncate);
        let file = Entry::at(&path)
            .and_then(|entry| entry.plain(&mut options))
            .map_err(|error| failed("cannot open", &path, error))?;
        self.engine.looked_at(&path);
        let opened = self.opened_scratch(ino, file, mode);
        let is_control = path.starts_with(&self.control);
        Ok(Opened { caching: if is_control { Caching::Bypass } else { opened.caching }, ..opened })
    }

    pub(crate) fn opened_scratch(&self, ino: Ino, file: fs::File, mode: OpenMode) -> Opened {
        let handle = Handle::Scratch { file, ino, append: mode.append };
        let fh = self.tree().add_handle(handle);
        // The kernel sees every change of scratch, so the pages that it has are right.
        Opened { fh, caching: Caching::Keep }
    }

    /// Removes a local directory.
    ///
    /// # Errors
    /// [`Kind::NotPermitted`] for a folder of Taskade: v1 cannot remove one.
    pub async fn rmdir(&self, parent: Ino, name: &OsStr) -> Result<()> {
        self.check_writable()?;
        if let Node::Directory { directory, .. } = self.node(parent)?
            && let super::directory::Found::Directory(_) = self.find(&directory, name).await?
        {
            return Err(Error::new(Kind::NotPermitted, "Taskade's API cannot remove folders")
                .at(name.to_string_lossy())
                .hint("remove it in the app"));
        }
        let path = self.scratch_place(parent, name)?;
        fs::remove_dir(&path).map_err(|error| failed("cannot remove", &path, error))?;
        self.gone_scratch(parent, name);
        Ok(())
    }

    /// The target of a symbolic link.
    ///
    /// # Errors
    /// If it is none.
    pub fn readlink(&self, ino: Ino) -> Result<PathBuf> {
        let path = self.scratch_path(ino)?;
        fs::read_link(&path).map_err(|error| failed("cannot read the link", &path, error))
    }

    pub(crate) fn remove_scratch(&self, parent: Ino, name: &OsStr) -> Result<()> {
        let path = self.scratch_dir(parent)?.join(name);
        self.check_removable(&path)?;
        fs::remove_file(&path).map_err(|error| failed("cannot remove", &path, error))?;
        self.engine.looked_at(&path);
        self.moved_scratch(&path, None);
        self.gone_scratch(parent, name);
        Ok(())
    }

    fn gone_scratch(&self, parent: Ino, name: &OsStr) {
        self.tree().inodes.unlink_scratch(parent, name);
    }

    /// The place of a scratch inode on disk.
    ///
    /// # Errors
    /// [`Kind::NotPermitted`] if it is not scratch.
    pub(crate) fn scratch_path(&self, ino: Ino) -> Result<Reach> {
        match self.node(ino)? {
            Node::Scratch(_) => {}
            Node::Place(_) => return Err(resource::read_only()),
            Node::Directory { .. } | Node::Project(_) => {
                return Err(Error::new(Kind::NotPermitted, "only local files can do that"));
            }
        }
        let (places, local) = self.tree().inodes.places(ino);
        let is_alone = places.len() == 1;
        let paths = places.into_iter().filter_map(|(parent, name)| {
            let is_control = is_control(parent, &name);
            let dir = if is_control { None } else { Some(self.scratch_dir(parent).ok()?) };
            Some(dir.map_or_else(|| Reach::of(self.control.clone()), |dir| dir.join(&name)))
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
    pub fn room(&self) -> Result<Room> {
        let disk = rustix::fs::statvfs(&self.scratch)
            .map_err(|error| failed("cannot look at the disk", &self.scratch, error.into()))?;
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
    pub async fn sync_directory(&self, ino: Ino) -> Result<()> {
        let Ok(path) = self.scratch_dir(ino) else { return Ok(()) };
        let synced = tokio::task::spawn_blocking(move || match fs::File::open(&path) {
            Ok(directory) => directory.sync_all(),
            // No scratch was made there yet.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        });
        synced
            .await
            .map_err(|error| Error::new(Kind::Storage, "cannot sync").because(error))?
            .map_err(|error| Error::io("cannot sync", error))
    }

    /// Refuses a name that only a project can have.
    pub(crate) fn check_scratch_name(&self, parent: Ino, name: &OsStr) -> Result<()> {
        let is_remote = matches!(self.node(parent)?, Node::Directory { .. });
        if is_remote && name.to_str().is_some_and(names::is_project) {
            return Err(Error::new(Kind::NotPermitted, "a project is a plain file")
                .at(name.to_string_lossy()));
        }
        Ok(())
    }

    fn scratch_attr(&self, ino: Ino, metadata: &Metadata) -> Attr {
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
            believed: BELIEVED,
            named: BELIEVED,
        }
    }
}

/// The directory on disk that keeps the scratch of one of Taskade's directories.
fn directory_name(directory: &Directory) -> String {
    match directory.space() {
        None => "root".to_owned(),
        Some(id) => format!("space-{}", file_name::safe(id.as_str())),
    }
}

/// A device number as FUSE has it (`new_encode_dev` of the kernel).
fn encoded(device: u64) -> u32 {
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    (minor & 0xff) | (major << 8) | ((minor & !0xff) << 12)
}

pub(crate) fn failed(what: &str, path: &Path, error: std::io::Error) -> Error {
    Error::io(what, error).at(path.display().to_string())
}
