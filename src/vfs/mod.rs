//! The file system: inodes, names, handles, drafts and scratch, free of the kernel's types.
//!
//! Workspaces and folders are directories, projects are files, and any other name is scratch on
//! the local disk. What editors do when they save (truncate, write, rename over, delete and
//! create again) is turned into saves of projects here; see `handle` and `rename`.
//!
//! Lock order: a handle's draft, then the tree, then what the engine locks. The tree is never
//! locked across an await, and the kernel is told of changes by a task of its own.

mod agenda;
mod attr;
mod burst;
mod commit_policy;
mod control;
mod details;
mod dir_pages;
mod directory;
mod draft;
mod exchange;
mod handle;
mod inode;
mod left_behind;
mod local;
mod names;
mod notices;
mod open_dir;
mod outcome;
mod past;
mod pins;
mod place;
mod process;
mod reach;
mod refused;
mod removal;
mod rename;
mod replace;
mod resource;
mod returning;
mod scratch;
mod scratch_make;
mod share;
mod tree;
mod truncation;
mod types;
mod vacant;
mod xattr;

use std::{
    fs::DirBuilder,
    os::unix::fs::DirBuilderExt,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64},
    },
};

use tokio::sync::{Notify, mpsc};

pub(crate) use self::agenda::asleep;
pub use self::control::{SaveStatus, Status};
pub use self::details::Asked;
pub use self::notices::{Held, Invalidate, Notice};
pub use self::rename::RenameMode;
pub use self::types::{
    Attr, Caching, DirectoryEntry, Fh, FileKind, Ino, NewFile, OpenMode, Opened, ROOT, Room,
    SetAttr,
};
use self::{inode::Node, tree::Tree};
use crate::{
    api::MakeSpaces,
    error::{Error, Kind, Result},
    sync::{Engine, Project},
};

/// A mounted account.
pub struct Vfs {
    engine: Arc<Engine>,
    tree: Mutex<Tree>,
    /// Where scratch is kept on the local disk.
    scratch: PathBuf,
    /// What `.taskade/` shows.
    control: PathBuf,
    uid: u32,
    gid: u32,
    /// Changes for [`pump`](Vfs::pump) to tell the kernel.
    notices: mpsc::UnboundedSender<Notice>,
    /// Whether somebody tells the kernel.
    is_heard: AtomicBool,
    /// Whenever the last lookup in a directory is over.
    quiet: Notify,
    /// How often the kernel had to ask for content of a project.
    reads: AtomicU64,
    /// What makes workspaces and folders, where that can be done.
    spaces: OnceLock<Arc<dyn MakeSpaces>>,
}

impl Vfs {
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
    ) -> Result<(Arc<Self>, mpsc::UnboundedReceiver<Notice>)> {
        let mut private = DirBuilder::new();
        private.recursive(true).mode(0o700).create(&scratch).map_err(|error| {
            Error::io("cannot make the scratch directory", error).at(scratch.display().to_string())
        })?;
        let (notices, receiver) = mpsc::unbounded_channel();
        if let Some(own) = process::of_thread(std::process::id()) {
            engine.served_by(own);
        }
        let recovered = engine.recover()?;
        let control = engine.control_dir().to_owned();
        let vfs = Self {
            engine,
            tree: Mutex::default(),
            scratch,
            control,
            uid,
            gid,
            notices,
            is_heard: AtomicBool::new(false),
            quiet: Notify::new(),
            reads: AtomicU64::new(0),
            spaces: OnceLock::new(),
        };
        vfs.make_control()?;
        let vfs = Arc::new(vfs);
        vfs.take_in(&recovered);
        vfs.resume_removals(&recovered);
        vfs.resume_refused()?;
        Ok((vfs, receiver))
    }

    /// From now on `mkdir` makes workspaces and folders.
    pub fn make_spaces_with(&self, spaces: Arc<dyn MakeSpaces>) {
        // Set once; another would make them of the same service.
        let _ = self.spaces.set(spaces);
    }

    /// Settles what waits for its grace, then waits until no save is on its way, but no longer
    /// than `wait`.
    pub async fn rest(self: &Arc<Self>, wait: std::time::Duration) {
        self.settle_all().await;
        self.engine.rest(wait).await;
    }

    /// Lists the workspaces, if they were never listed.
    ///
    /// # Errors
    /// What that failed with.
    pub async fn first_look(&self) -> Result<()> {
        self.engine.first_look().await
    }

    fn tree(&self) -> MutexGuard<'_, Tree> {
        self.tree.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn node(&self, ino: Ino) -> Result<Node> {
        let tree = self.tree();
        tree.inodes.get(ino).cloned().ok_or_else(|| Error::new(Kind::NotFound, "no such inode"))
    }

    fn project_of(&self, ino: Ino) -> Option<Arc<Project>> {
        match self.tree().inodes.get(ino) {
            Some(Node::Project(project)) => Some(project.clone()),
            _ => None,
        }
    }

    /// The kernel gave references back.
    pub fn forget(&self, ino: Ino, count: u64) {
        let mut tree = self.tree();
        tree.inodes.forget(ino, count);
        if tree.inodes.get(ino).is_none() {
            tree.dir_pages.forget(ino);
        }
    }

    fn check_writable(&self) -> Result<()> {
        if self.engine.settings().read_only {
            return Err(Error::new(Kind::ReadOnly, "the mount is read-only")
                .hint("mount without --read-only"));
        }
        Ok(())
    }
}
