//! The operations of the file system, as the kernel's adapter calls them.

use std::{
    ffi::OsStr,
    fs::DirBuilder,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64},
    },
};

use tokio::sync::{Mutex as AsyncMutex, Notify, mpsc};

use crate::{
    api::MakeSpaces,
    error::{Error, Result},
    lock_order::{Ordered, Rank},
    sync::{Engine, Event, write::recover},
    vfs::{
        attr, burst, control, handle, heard_names,
        invalidation::{Invalidate, Invalidation},
        kernel_cache::{self, Held},
        lookup,
        namespace::{self, RenameMode},
        open_dir, pins, process, pump, raised,
        raisers::Raisers,
        removal, scratch,
        scratch_file::Writing,
        scratch_make, start_and_end,
        tree::inner::MountTree,
        types::{Attr, DirectoryEntry, Fh, Ino, NewFile, OpenMode, Opened, ROOT, Room, SetAttr},
        volume::Vfs,
        xattr,
    },
};

impl Vfs {
    /// What `stat` shows of an inode to a caller.
    ///
    /// # Errors
    /// If it is gone, or what reading the project failed with.
    pub async fn getattr(&self, ino: Ino, caller: u32) -> Result<Attr> {
        if raised::is_raised_by(self, caller) {
            return raised::attr(self, ino);
        }
        attr::getattr(self, ino, caller).await
    }

    /// Changes attributes: the size of a draft, the times of a project, anything of scratch.
    /// Permissions and owners of projects are Taskade's, and asking for others is not an error:
    /// every editor does.
    ///
    /// # Errors
    /// As a save, if a truncation by path could not be saved.
    pub async fn setattr(
        self: &Arc<Self>,
        ino: Ino,
        fh: Option<Fh>,
        set: &SetAttr,
        caller: u32,
    ) -> Result<Attr> {
        if raised::is_raised_by(self, caller) {
            return raised::touched(self, ino);
        }
        attr::setattr(self, ino, fh, set, caller).await
    }

    /// Looks a name up; the kernel holds a reference when this succeeds.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::error::Kind::NotFound) if there is none, or what reading the project failed with.
    pub async fn lookup(&self, parent: Ino, name: &OsStr, caller: u32) -> Result<Attr> {
        if parent == ROOT {
            self.raisers.note(name, caller);
        }
        if raised::is_raised_by(self, caller) {
            return raised::look_up(self, parent, name);
        }
        lookup::lookup(self, parent, name, caller).await
    }

    /// Opens a file.
    ///
    /// # Errors
    /// What reading the project failed with, or [`Kind::ReadOnly`](crate::error::Kind::ReadOnly).
    pub async fn open(&self, ino: Ino, mode: OpenMode, caller: u32) -> Result<Opened> {
        handle::open(self, ino, mode, caller).await
    }

    /// Reads from an open file.
    ///
    /// # Errors
    /// [`Kind::BadHandle`](crate::error::Kind::BadHandle) if it is not open.
    pub async fn read(&self, fh: Fh, offset: u64, size: usize) -> Result<Vec<u8>> {
        handle::read(self, fh, offset, size).await
    }

    /// Writes to an open file.
    ///
    /// # Errors
    /// [`Kind::BadHandle`](crate::error::Kind::BadHandle) if it is not open for writing, EFBIG if it grows beyond reason.
    pub async fn write(&self, fh: Fh, offset: u64, data: &[u8]) -> Result<()> {
        handle::write(self, fh, Writing::Program, offset, data).await
    }

    /// A descriptor of the file was closed.
    ///
    /// # Errors
    /// As a save, and once more what the last save through this handle was refused with.
    pub async fn flush(self: &Arc<Self>, fh: Fh, caller: u32) -> Result<()> {
        handle::flush(self, fh, caller).await
    }

    /// The program wants what it wrote to be safe.
    ///
    /// # Errors
    /// As closing it, with an errno that no program takes lightly.
    pub async fn fsync(self: &Arc<Self>, fh: Fh) -> Result<()> {
        handle::fsync(self, fh).await
    }

    /// Makes room in an open scratch file, as fallocate(2) asks.
    ///
    /// # Errors
    /// [`Kind::Unsupported`](crate::error::Kind::Unsupported) for a project: its room is not on this disk.
    pub async fn allocate(&self, fh: Fh, mode: i32, offset: u64, length: u64) -> Result<()> {
        handle::allocate(self, fh, mode, offset, length).await
    }

    /// The last descriptor of an open file is gone.
    ///
    /// # Errors
    /// As a save; nobody but the log hears of it.
    pub async fn release(self: &Arc<Self>, fh: Fh) -> Result<()> {
        handle::release(self, fh).await
    }

    /// A file system over an engine. Scratch is kept below `scratch`; files belong to `uid` and
    /// `gid`. The notices are for [`pump`](Vfs::pump).
    ///
    /// # Errors
    /// If the scratch directory cannot be made, or the journal cannot be read.
    pub fn new(
        engine: Arc<Engine>,
        scratch: PathBuf,
        uid: u32,
        gid: u32,
    ) -> Result<(Arc<Self>, mpsc::UnboundedReceiver<Invalidation>)> {
        let mut private = DirBuilder::new();
        private.recursive(true).mode(0o700).create(&scratch).map_err(|error| {
            Error::io("cannot make the scratch directory", error).at(scratch.display().to_string())
        })?;
        let (invalidations, receiver) = mpsc::unbounded_channel();
        if let Some(own) = process::of_thread(std::process::id()) {
            engine.served_by(own);
        }
        let recovered = recover::recover(&engine)?;
        let control = engine.control_dir().to_owned();
        let vfs = Self {
            engine,
            tree: Ordered::new(Rank::Tree, MountTree::default()),
            scratch,
            control,
            uid,
            gid,
            invalidations,
            is_heard: AtomicBool::new(false),
            quiet: Notify::new(),
            raisers: Raisers::default(),
            reads: AtomicU64::new(0),
            recent: AsyncMutex::new(()),
            spaces: OnceLock::new(),
        };
        control::make_control(&vfs)?;
        let vfs = Arc::new(vfs);
        start_and_end::restore_recovered(&vfs, &recovered);
        removal::resume_removals(&vfs, &recovered);
        burst::resume_rejected(&vfs)?;
        Ok((vfs, receiver))
    }

    /// From now on `mkdir` makes workspaces and folders.
    pub fn make_spaces_with(&self, spaces: Arc<dyn MakeSpaces>) {
        // Set once; another would make them of the same service.
        let _ = self.spaces.set(spaces);
    }

    /// The kernel gave references back.
    pub fn forget(&self, ino: Ino, count: u64) {
        lookup::forget(self, ino, count)
    }

    /// Tells the kernel of every change until the mount is gone. The only place that does.
    pub async fn pump(
        self: Arc<Self>,
        events: mpsc::UnboundedReceiver<Event>,
        invalidations: mpsc::UnboundedReceiver<Invalidation>,
        kernel: Arc<dyn Invalidate>,
    ) {
        pump::pump(self, events, invalidations, kernel).await
    }

    /// Notes that the kernel holds the lock of a directory, until what is returned is dropped: once
    /// the request is answered.
    pub fn hold(self: &Arc<Self>, parent: Ino) -> Held {
        kernel_cache::hold(self, parent)
    }

    /// Opens a directory: its entries as they are now, so that reading it on survives changes.
    ///
    /// # Errors
    /// If it cannot be listed.
    pub async fn opendir(&self, ino: Ino, caller: u32) -> Result<Opened> {
        open_dir::opendir(self, ino, caller).await
    }

    /// Gives the entries of an open directory from `offset` on, each with the offset after it,
    /// until there is no room for more.
    ///
    /// # Errors
    /// [`Kind::BadHandle`](crate::error::Kind::BadHandle) if it is not open.
    pub fn readdir(
        &self,
        fh: Fh,
        offset: u64,
        is_full: impl FnMut(u64, &DirectoryEntry) -> bool,
    ) -> Result<()> {
        open_dir::readdir(self, fh, offset, is_full)
    }

    /// Closes a directory.
    pub fn releasedir(&self, fh: Fh) {
        open_dir::releasedir(self, fh)
    }

    /// Creates a file and opens it.
    ///
    /// # Errors
    /// [`Kind::Exists`](crate::error::Kind::Exists) if `exclusive` and it exists, [`Kind::NotPermitted`](crate::error::Kind::NotPermitted) for a project
    /// outside any folder.
    pub async fn create(
        self: &Arc<Self>,
        parent: Ino,
        name: &OsStr,
        new: impl Into<NewFile>,
        mode: OpenMode,
        exclusive: bool,
        caller: u32,
    ) -> Result<(Attr, Opened)> {
        let created = namespace::create(self, parent, name, new, mode, exclusive, caller).await;
        pins::end_open(self, caller, &created);
        heard_names::hear(self, parent, name);
        created
    }

    /// Creates an empty file, or a pipe, socket or device, which `device` tells.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn mknod(
        self: &Arc<Self>,
        parent: Ino,
        name: &OsStr,
        new: impl Into<NewFile>,
        device: u32,
        caller: u32,
    ) -> Result<Attr> {
        if raised::is_raised_by(self, caller) {
            return raised::made(self, parent, name);
        }
        let made = namespace::mknod(self, parent, name, new, device, caller).await;
        heard_names::hear(self, parent, name);
        made
    }

    /// Removes a file. A project is archived once its grace is over.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::error::Kind::NotFound) if there is none, [`Kind::DeletionGuard`](crate::error::Kind::DeletionGuard) if too many are removed at once,
    /// [`Kind::Storage`](crate::error::Kind::Storage) if it cannot be journaled.
    pub async fn unlink(self: &Arc<Self>, parent: Ino, name: &OsStr) -> Result<()> {
        let removed = namespace::unlink(self, parent, name).await;
        heard_names::hear(self, parent, name);
        removed
    }

    /// Renames.
    ///
    /// # Errors
    /// As a save, where it is one; [`Kind::NotPermitted`](crate::error::Kind::NotPermitted) for folders.
    pub async fn rename(
        self: &Arc<Self>,
        from: (Ino, &OsStr),
        to: (Ino, &OsStr),
        mode: RenameMode,
        caller: u32,
    ) -> Result<()> {
        if raised::is_raised_by(self, caller) {
            return raised::renamed(self, from, to);
        }
        let renamed = namespace::rename(self, from, to, mode, caller).await;
        for (parent, name) in [from, to] {
            heard_names::hear(self, parent, name);
        }
        renamed
    }

    /// Removes a local directory.
    ///
    /// # Errors
    /// [`Kind::NotPermitted`](crate::error::Kind::NotPermitted) for a folder of Taskade: v1 cannot remove one.
    pub async fn rmdir(&self, parent: Ino, name: &OsStr) -> Result<()> {
        namespace::rmdir(self, parent, name).await
    }

    /// The target of a symbolic link.
    ///
    /// # Errors
    /// If it is none.
    pub async fn readlink(&self, ino: Ino) -> Result<PathBuf> {
        scratch::readlink(self, ino).await
    }

    /// How much room there is where everything is kept that waits for Taskade, and scratch.
    ///
    /// # Errors
    /// If the state directory cannot be asked.
    pub async fn room(&self) -> Result<Room> {
        scratch::room(self).await
    }

    /// Sees to it that the names in a directory of scratch outlive a crash.
    ///
    /// # Errors
    /// If the disk fails.
    pub async fn sync_directory(&self, ino: Ino) -> Result<()> {
        scratch::sync_directory(self, ino).await
    }

    /// Makes a local directory; with a store of one's own also workspaces and folders.
    ///
    /// # Errors
    /// [`Kind::NotPermitted`](crate::error::Kind::NotPermitted) for a folder of Taskade: v1 cannot make one.
    pub async fn mkdir(&self, parent: Ino, name: &OsStr, new: impl Into<NewFile>) -> Result<Attr> {
        let made = scratch_make::mkdir(self, parent, name, new).await;
        heard_names::hear(self, parent, name);
        made
    }

    /// Makes a symbolic link: scratch, such as the locks of emacs.
    ///
    /// # Errors
    /// [`Kind::NotPermitted`](crate::error::Kind::NotPermitted) under the name of a project.
    pub async fn symlink(
        &self,
        parent: Ino,
        name: &OsStr,
        target: &Path,
        new: impl Into<NewFile>,
    ) -> Result<Attr> {
        scratch_make::symlink(self, parent, name, target, new).await
    }

    /// Makes a hard link between scratch files: one inode that has several names.
    ///
    /// # Errors
    /// [`Kind::NotPermitted`](crate::error::Kind::NotPermitted) for projects: a project has one name.
    pub async fn link(&self, ino: Ino, parent: Ino, name: &OsStr) -> Result<Attr> {
        scratch_make::link(self, ino, parent, name).await
    }

    /// The value of an attribute.
    ///
    /// # Errors
    /// [`Kind::NoAttribute`](crate::error::Kind::NoAttribute) if it is not set, [`Kind::Unsupported`](crate::error::Kind::Unsupported) if there is none of its kind
    /// here: `ls` asks for access lists and security labels once then, and not for every file.
    pub async fn getxattr(&self, ino: Ino, name: &OsStr) -> Result<Vec<u8>> {
        xattr::getxattr(self, ino, name).await
    }

    /// The names of the attributes that are set, each ended by NUL.
    pub async fn listxattr(&self, ino: Ino) -> Vec<u8> {
        xattr::listxattr(self, ino).await
    }

    /// Sets an attribute of scratch.
    ///
    /// # Errors
    /// [`Kind::Unsupported`](crate::error::Kind::Unsupported) for what is Taskade's, and for other kinds than `user.`: editors that
    /// copy access lists go on then.
    pub async fn setxattr(&self, ino: Ino, name: &OsStr, value: &[u8], flags: i32) -> Result<()> {
        xattr::setxattr(self, ino, name, value, flags).await
    }

    /// Takes an attribute of scratch away.
    ///
    /// # Errors
    /// [`Kind::NoAttribute`](crate::error::Kind::NoAttribute) if it is not set, or as [`setxattr`](Self::setxattr).
    pub async fn removexattr(&self, ino: Ino, name: &OsStr) -> Result<()> {
        xattr::removexattr(self, ino, name).await
    }
}
