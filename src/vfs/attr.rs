//! What `stat` shows, and changing it.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{
    Vfs,
    handle::Handle,
    inode::Node,
    process,
    types::{Attr, Fh, FileKind, Ino, OpenMode, SetAttr},
};
use crate::{
    error::{Error, Kind, Result},
    sync::{BELIEVED, Process, Project, Standing, Stat},
};

impl Vfs {
    /// What `stat` shows of an inode to a caller.
    ///
    /// # Errors
    /// If it is gone, or what reading the project failed with.
    pub async fn getattr(&self, ino: Ino, caller: u32) -> Result<Attr> {
        match self.node(ino)? {
            Node::Directory { .. } => Ok(self.directory_attr(ino)),
            Node::Scratch(_) => self.getattr_scratch(ino),
            Node::Place(place) => Ok(self.place_attr(ino, &place)),
            Node::Project(project) => {
                let process = process::of_thread(caller);
                self.engine.glance(&project, process).await?;
                Ok(self.project_attr(ino, &project, process))
            }
        }
    }

    pub(crate) fn directory_attr(&self, ino: Ino) -> Attr {
        let modified = self.engine.started();
        Attr {
            ino,
            kind: FileKind::Directory,
            size: 0,
            mode: if self.engine.settings().read_only { 0o555 } else { 0o755 },
            links: 2,
            uid: self.uid,
            gid: self.gid,
            accessed: modified,
            modified,
            changed: modified,
            device: 0,
            // Not for long: whoever looks is to see that a mount has died.
            believed: BELIEVED,
            named: BELIEVED,
        }
    }

    /// A writer sees the size of what it writes, and for a moment that of what it wrote; everyone
    /// else that of what is saved.
    pub(crate) fn project_attr(
        &self,
        ino: Ino,
        project: &Arc<Project>,
        caller: Option<Process>,
    ) -> Attr {
        let pinned = self.pinned(ino, project);
        let Stat { mut size, mut modified, is_apart } = self.engine.stat_for(project, caller);
        if let Some(past) = pinned {
            (size, modified) = past;
        }
        let mut changed = project.changed(modified);
        let writers = self.tree().writers(project.serial);
        for handle in &writers {
            let Handle::Writer(writer) = &**handle else { continue };
            let draft = writer.draft();
            let is_here = pinned.is_none() || writer.ino == ino;
            if is_here && draft.is_dirty() && caller.is_some() && writer.process == caller {
                size = draft.len();
                (modified, changed) = (writer.written(), writer.written());
            }
        }
        let is_emptied = {
            let tree = self.tree();
            if let Some(since) =
                tree.emptied_by(project.serial, caller).filter(|_| pinned.is_none())
            {
                (size, modified) = (0, since);
            }
            tree.is_emptied(project.serial)
        };
        if pinned.is_none() {
            self.tree().sized.insert(project.serial, size);
        }
        Attr {
            ino,
            kind: FileKind::File,
            size,
            mode: if self.engine.settings().read_only { 0o444 } else { 0o644 },
            links: if pinned.is_none() { 1 } else { 0 },
            uid: self.uid,
            gid: self.gid,
            accessed: modified,
            modified,
            changed,
            device: 0,
            // A size that opening the file may change must be asked for again: a read that knows
            // the old one stops there. So must one that is another for each program.
            believed: if writers.is_empty()
                && !is_emptied
                && !is_apart
                && project.standing() != Standing::Pending
            {
                self.engine.believed(project)
            } else {
                Duration::ZERO
            },
            named: BELIEVED,
        }
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
        self.check_writable()?;
        match self.node(ino)? {
            Node::Directory { .. } => Ok(self.directory_attr(ino)),
            Node::Place(place) => self.setattr_place(ino, &place, fh, set),
            Node::Scratch(_) => self.setattr_scratch(ino, fh, set),
            Node::Project(project) => {
                let process = process::of_thread(caller);
                if let Some(size) = set.size {
                    if fh.is_none() {
                        self.open_to_write(ino, &project, caller)?;
                    }
                    self.truncate(ino, fh, &project, size, process).await?;
                }
                if let Some(time) = set.modified {
                    self.set_modified(&project, fh, process, time);
                }
                self.engine.glance(&project, process).await?;
                Ok(self.project_attr(ino, &project, process))
            }
        }
    }

    /// Sets the time of last change of a project, and of what the program writes to it.
    fn set_modified(
        &self,
        project: &Arc<Project>,
        fh: Option<Fh>,
        process: Option<Process>,
        time: SystemTime,
    ) {
        self.engine.set_modified(project, time);
        let tree = self.tree();
        for (open, handle) in &tree.handles {
            if let Handle::Writer(writer) = &**handle
                && writer.target().serial == project.serial
                && (fh == Some(*open) || (fh.is_none() && writer.process == process))
            {
                writer.date(time);
            }
        }
    }

    async fn truncate(
        self: &Arc<Self>,
        ino: Ino,
        fh: Option<Fh>,
        project: &Arc<Project>,
        size: u64,
        process: Option<Process>,
    ) -> Result<()> {
        let own = {
            let tree = self.tree();
            let handle = fh.and_then(|fh| tree.handles.get(&fh).map(|handle| (fh, handle.clone())));
            handle.or_else(|| {
                let is_own = |handle: &Handle| match handle {
                    Handle::Writer(writer) => {
                        writer.project.serial == project.serial && writer.process == process
                    }
                    _ => false,
                };
                tree.handles
                    .iter()
                    .find(|(_, handle)| is_own(handle))
                    .map(|(fh, h)| (*fh, h.clone()))
            })
        };
        if let Some((fh, handle)) = own {
            let Handle::Writer(writer) = &*handle else {
                return Err(Error::new(Kind::Invalid, "the file is not open for writing"));
            };
            writer.truncate(size, self.engine.seen_by(project, process))?;
            let mut tree = self.tree();
            match size {
                0 => tree.empty(fh),
                _ => tree.written(fh),
            }
            return Ok(());
        }
        // truncate(2), with nothing open: a write of its own.
        let mode = OpenMode { read: false, write: true, append: false, truncate: false };
        let mut draft = self.draft_for(project, process, mode).await?;
        draft.truncate(size, self.engine.seen_by(project, process))?;
        let opened = self.add_writer(ino, project.clone(), mode, process, draft);
        self.release(opened.fh).await
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.engine.clock().wall()
    }
}
