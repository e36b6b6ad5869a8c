//! A mounted account: what all file operations share.

use std::{
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64},
    },
    time::SystemTime,
};

use tokio::sync::{Mutex as AsyncMutex, Notify, mpsc};

use crate::{
    api::MakeSpaces,
    error::{Error, Kind, Result},
    lock_order::{Ordered, OrderedGuard},
    sync::{Engine, Project},
    vfs::{
        inode::Node,
        invalidation::Invalidation,
        raisers::Raisers,
        tree::{handles::Handle, inner::MountTree},
        types::{Directory, Fh, Ino},
    },
};

/// A mounted account.
pub struct Vfs {
    pub(crate) engine: Arc<Engine>,
    pub(crate) tree: Ordered<MountTree>,
    /// Where scratch is kept on the local disk.
    pub(crate) scratch: PathBuf,
    /// What `.taskade/` shows.
    pub(crate) control: PathBuf,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Changes for [`pump`](Vfs::pump) to tell the kernel.
    pub(crate) invalidations: mpsc::UnboundedSender<Invalidation>,
    /// Whether somebody tells the kernel.
    pub(crate) is_heard: AtomicBool,
    /// Whenever the last lookup in a directory is over.
    pub(crate) quiet: Notify,
    /// The threads by which the mount asks of itself what whoever watches is to hear of.
    pub(crate) raisers: Raisers,
    /// How often the kernel had to ask for content of a project.
    pub(crate) reads: AtomicU64,
    /// One at a time makes the links to what was viewed last.
    pub(crate) recent: AsyncMutex<()>,
    /// What makes workspaces and folders, where that can be done.
    pub(crate) spaces: OnceLock<Arc<dyn MakeSpaces>>,
}

impl Vfs {
    pub(crate) fn now(&self) -> SystemTime {
        self.engine.clock().wall()
    }

    pub(crate) fn handle(&self, fh: Fh) -> Result<Arc<Handle>> {
        let handle = self.tree().handles.get(&fh).cloned();
        handle.ok_or_else(|| Error::new(Kind::BadHandle, "the file is not open"))
    }

    /// Gives the answer to a request that owes that what programs have before their eyes is on disk up
    /// to there.
    pub(crate) fn answer(&self, ticket: u64, answer: impl FnOnce() + Send + 'static) {
        self.engine.base_log.answer(ticket, answer);
    }

    /// As [`answer`](Self::answer), for who may wait.
    pub(crate) fn settle(&self, ticket: Option<u64>) {
        if let Some(ticket) = ticket {
            self.engine.base_log.wait(ticket);
        }
    }

    pub(crate) fn tree(&self) -> OrderedGuard<'_, MountTree> {
        self.tree.lock()
    }

    pub(crate) fn node(&self, ino: Ino) -> Result<Node> {
        let tree = self.tree();
        tree.inodes.get(ino).cloned().ok_or_else(|| Error::new(Kind::NotFound, "no such inode"))
    }

    pub(crate) fn project_of(&self, ino: Ino) -> Option<Arc<Project>> {
        match self.tree().inodes.get(ino) {
            Some(Node::Project(project)) => Some(project.clone()),
            _ => None,
        }
    }

    pub(crate) fn check_writable(&self) -> Result<()> {
        if self.engine.settings().read_only {
            return Err(Error::new(Kind::ReadOnly, "the mount is read-only")
                .hint("mount without --read-only"));
        }
        Ok(())
    }

    /// Whether something may be changed in what this inode is, or in it if it is a directory.
    pub(crate) fn check_writable_at(&self, ino: Ino) -> Result<()> {
        self.check_writable()?;
        let mut ino = ino;
        // A local file is where the nearest directory is that Taskade has.
        while let Ok(Node::Scratch(Some((parent, _)))) = self.node(ino) {
            ino = parent;
        }
        match self.node(ino) {
            Ok(Node::Directory { directory, .. }) => self.check_space_writable(&directory),
            Ok(Node::Resource(node)) => self.check_space_writable(&node.directory),
            Ok(Node::Project(project)) => self.check_project_writable(&project),
            Ok(Node::Scratch(_)) | Err(_) => Ok(()),
        }
    }

    /// Whether something may be made in, or taken from, a directory that Taskade has.
    pub(crate) fn check_space_writable(&self, directory: &Directory) -> Result<()> {
        match self.engine.is_space_read_only(directory.space()) {
            true => Err(read_only_by_path()),
            false => Ok(()),
        }
    }

    /// Whether what is at a path relative to the mount may be written.
    pub(crate) fn check_path_writable(&self, path: &str) -> Result<()> {
        match self.engine.settings().paths.read_only(path) {
            Some(true) => Err(read_only_by_path().at(path)),
            Some(false) | None => Ok(()),
        }
    }

    /// Whether a project may be written.
    pub(crate) fn check_project_writable(&self, project: &Project) -> Result<()> {
        match self.engine.is_read_only(project) {
            true => Err(read_only_by_path()),
            false => Ok(()),
        }
    }
}

fn read_only_by_path() -> Error {
    Error::new(Kind::ReadOnly, "the config file has this path read-only")
        .hint("see `read-only` in its [[paths]]")
}
