//! Scratch: files that are the programs' own (backups, swap files, locks, `.git`), kept on the
//! local disk under the state directory and never sent.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, Metadata, OpenOptions},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{
    Vfs,
    control::is_control,
    directory::{check_reserved, no_entry},
    handle::Handle,
    inode::{Directory, Inodes, Node},
    names, resource,
    types::{Attr, Caching, FileKind, Ino, OpenMode, Opened, SetAttr},
};
use crate::{
    error::{Error, Kind, Result},
    file_name,
    sync::BELIEVED,
};

impl Vfs {
    /// Where the scratch of a directory is on the local disk.
    pub(crate) fn scratch_dir(&self, ino: Ino) -> Result<PathBuf> {
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
                    return Ok(path);
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
    pub(crate) fn scratch_place(&self, parent: Ino, name: &OsStr) -> Result<PathBuf> {
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
            true => self.control.clone(),
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
        let (place, open) = {
            let tree = self.tree();
            let place = match tree.inodes.get(ino) {
                Some(Node::Scratch(place)) => place.clone(),
                _ => None,
            };
            let open = tree.handles.values().find(|handle| match &***handle {
                Handle::Scratch { ino: of, .. } => *of == ino,
                _ => false,
            });
            (place, open.cloned())
        };
        let path = match place {
            Some(_) => self.scratch_path(ino)?,
            None => PathBuf::new(),
        };
        let metadata = fs::symlink_metadata(&path).ok();
        let metadata = match (metadata, open.as_deref()) {
            (Some(metadata), _) => Some(metadata),
            // Removed, but still open: it lives on through its handle.
            (None, Some(Handle::Scratch { file, .. })) => file.metadata().ok(),
            (None, _) => None,
        };
        let attr = metadata.map(|metadata| self.scratch_attr(ino, &metadata));
        attr.map(|attr| self.as_control(&path, attr)).ok_or_else(no_entry)
    }

    pub(crate) fn setattr_scratch(&self, ino: Ino, set: &SetAttr) -> Result<Attr> {
        let path = self.scratch_path(ino)?;
        self.check_not_control(&path)?;
        let error = |error| failed("cannot change", &path, error);
        if let Some(mode) = set.mode {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode & 0o7777)).map_err(error)?;
        }
        if set.uid.is_some() || set.gid.is_some() {
            std::os::unix::fs::lchown(&path, set.uid, set.gid).map_err(error)?;
        }
        if let Some(size) = set.size {
            let file = OpenOptions::new().write(true).open(&path).map_err(error)?;
            file.set_len(size).map_err(error)?;
        }
        if set.accessed.is_some() || set.modified.is_some() {
            let mut times = fs::FileTimes::new();
            if let Some(time) = set.accessed {
                times = times.set_accessed(time);
            }
            if let Some(time) = set.modified {
                times = times.set_modified(time);
            }
            let file = fs::File::open(&path).map_err(error)?;
            file.set_times(times).map_err(error)?;
        }
        self.getattr_scratch(ino)
    }

    pub(crate) fn open_scratch(&self, ino: Ino, mode: OpenMode) -> Result<Opened> {
        let path = self.scratch_path(ino)?;
        if mode.write {
            self.check_not_control(&path)?;
        }
        self.refresh_control(&path);
        let file = OpenOptions::new()
            .read(mode.read)
            .write(mode.write)
            .truncate(mode.truncate)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(&path)
            .map_err(|error| failed("cannot open", &path, error))?;
        self.engine.looked_at(&path);
        let opened = self.opened_scratch(ino, file, mode);
        let is_control = path.starts_with(&self.control);
        Ok(Opened { caching: if is_control { Caching::Bypass } else { opened.caching }, ..opened })
    }

    pub(crate) fn create_scratch(
        &self,
        parent: Ino,
        name: &OsStr,
        permissions: u32,
        mode: OpenMode,
        exclusive: bool,
    ) -> Result<(Attr, Opened)> {
        let path = self.scratch_place(parent, name)?;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .create_new(exclusive)
            .truncate(mode.truncate)
            .mode(permissions & 0o7777)
            .custom_flags(libc::O_NOFOLLOW)
            .open(&path)
            .map_err(|error| failed("cannot create", &path, error))?;
        let attr = self.looked_up_scratch(parent, name)?;
        Ok((attr, self.opened_scratch(attr.ino, file, mode)))
    }

    fn opened_scratch(&self, ino: Ino, file: fs::File, mode: OpenMode) -> Opened {
        let handle = Handle::Scratch { file, ino, append: mode.append };
        let fh = self.tree().add_handle(handle);
        // The kernel sees every change of scratch, so the pages that it has are right.
        Opened { fh, caching: Caching::Keep }
    }

    /// Makes a local directory.
    ///
    /// # Errors
    /// [`Kind::NotPermitted`] for a folder of Taskade: v1 cannot make one.
    pub fn mkdir(&self, parent: Ino, name: &OsStr, permissions: u32) -> Result<Attr> {
        self.check_writable()?;
        let is_remote = matches!(self.node(parent)?, Node::Directory { .. });
        if is_remote && !name.as_encoded_bytes().starts_with(b".") {
            return Err(Error::new(Kind::NotPermitted, "Taskade's API cannot make folders")
                .at(name.to_string_lossy())
                .hint("make it in the app; it appears here"));
        }
        let path = self.scratch_place(parent, name)?;
        fs::DirBuilder::new()
            .mode(permissions & 0o7777)
            .create(&path)
            .map_err(|error| failed("cannot make", &path, error))?;
        self.looked_up_scratch(parent, name)
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

    /// Makes a symbolic link: scratch, such as the locks of emacs.
    ///
    /// # Errors
    /// [`Kind::NotPermitted`] under the name of a project.
    pub fn symlink(&self, parent: Ino, name: &OsStr, target: &Path) -> Result<Attr> {
        self.check_writable()?;
        self.check_scratch_name(parent, name)?;
        let path = self.scratch_place(parent, name)?;
        std::os::unix::fs::symlink(target, &path)
            .map_err(|error| failed("cannot link", &path, error))?;
        self.looked_up_scratch(parent, name)
    }

    /// Makes a hard link between scratch files.
    ///
    /// # Errors
    /// [`Kind::NotPermitted`] for projects: a project has one name.
    pub fn link(&self, ino: Ino, parent: Ino, name: &OsStr) -> Result<Attr> {
        self.check_writable()?;
        self.check_scratch_name(parent, name)?;
        let from = self.scratch_path(ino)?;
        let path = self.scratch_place(parent, name)?;
        fs::hard_link(&from, &path).map_err(|error| failed("cannot link", &path, error))?;
        self.looked_up_scratch(parent, name)
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
        self.gone_scratch(parent, name);
        Ok(())
    }

    fn gone_scratch(&self, parent: Ino, name: &OsStr) {
        let mut tree = self.tree();
        if let Some(ino) = tree.inodes.scratch_at(parent, name) {
            tree.inodes.move_scratch(ino, None);
        }
    }

    /// The place of a scratch inode on disk.
    ///
    /// # Errors
    /// [`Kind::NotPermitted`] if it is not scratch.
    pub(crate) fn scratch_path(&self, ino: Ino) -> Result<PathBuf> {
        match self.node(ino)? {
            Node::Scratch(Some((parent, name))) => match is_control(parent, &name) {
                true => Ok(self.control.clone()),
                false => Ok(self.scratch_dir(parent)?.join(name)),
            },
            Node::Scratch(None) => Err(no_entry()),
            Node::Place(_) => Err(resource::read_only()),
            Node::Directory { .. } | Node::Project(_) => {
                Err(Error::new(Kind::NotPermitted, "only local files can do that"))
            }
        }
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
            kind: kind(metadata),
            size: metadata.len(),
            mode: u16::try_from(metadata.mode() & 0o7777).unwrap_or(0o600),
            links: u32::try_from(metadata.nlink()).unwrap_or(u32::MAX),
            uid: metadata.uid(),
            gid: metadata.gid(),
            modified: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
            believed: BELIEVED,
            named: BELIEVED,
        }
    }
}

pub(crate) fn kind(metadata: &Metadata) -> FileKind {
    if metadata.is_dir() {
        FileKind::Directory
    } else if metadata.is_symlink() {
        FileKind::Symlink
    } else {
        FileKind::File
    }
}

/// The directory on disk that keeps the scratch of one of Taskade's directories.
fn directory_name(directory: &Directory) -> String {
    match directory.space() {
        None => "root".to_owned(),
        Some(id) => format!("space-{}", file_name::safe(id.as_str())),
    }
}

pub(crate) fn failed(what: &str, path: &Path, error: std::io::Error) -> Error {
    Error::io(what, error).at(path.display().to_string())
}
