//! Names that come and go: creating, removing and renaming, and what it is that they come to.
//!
//! A project renamed to scratch, or removed, leaves its name vacant for the grace (see `removal`);
//! whatever is created or renamed there meanwhile is a save of it. What scratch renamed to a
//! project's name comes to is told in `returning`, and what a project renamed to one in `replace`.

use std::{ffi::OsStr, sync::Arc};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::{
    Vfs,
    commit_policy::Occasion,
    directory::{Found, check_reserved, no_entry},
    draft::Draft,
    inode::{Directory, Node},
    names, process,
    removal::Waiting,
    scratch,
    tree::Local,
    types::{Attr, Ino, NewFile, OpenMode, Opened},
};
use crate::{
    error::{Error, Kind, Result},
    sync::{Look, Process, Project},
};

/// Flags of `renameat2(2)`.
#[derive(Debug, Clone, Copy, Default)]
pub struct RenameMode {
    /// Fail if the new name exists.
    pub no_replace: bool,
    /// Exchange the two names.
    pub exchange: bool,
}

/// One end of a renaming.
#[derive(Debug, Clone)]
pub(super) enum End {
    /// A project, in a directory that Taskade has.
    Project(Directory, Arc<Project>),
    /// A name that a project had when this process read it, and has no more.
    LeftBehind(Directory, Arc<Project>),
    /// A project's name that is vacant.
    Vacant(Directory, Waiting),
    /// A project's name that nothing has.
    Free(Directory),
    /// A folder or workspace.
    Space,
    /// Scratch, or nothing.
    Scratch,
}

impl Vfs {
    /// Creates a file and opens it.
    ///
    /// # Errors
    /// [`Kind::Exists`] if `exclusive` and it exists, [`Kind::NotPermitted`] for a project
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
        self.check_writable()?;
        check_reserved(name)?;
        let process = process::of_thread(caller);
        let (project, draft) = match self.end(parent, name, process).await? {
            End::Scratch => {
                return self.create_scratch(parent, name, new.into(), mode, exclusive);
            }
            End::Space => return Err(Error::new(Kind::IsDirectory, "a folder")),
            End::Project(..) | End::LeftBehind(..) if exclusive => {
                return Err(Error::new(Kind::Exists, "the project exists"));
            }
            End::Project(_, project) | End::LeftBehind(_, project) => {
                let draft = self.draft_for(&project, process, mode).await?;
                (project, draft)
            }
            End::Vacant(directory, waiting) => match self.occupy(&waiting).await? {
                Some(project) => {
                    let draft = self.emptied_draft(&project, process);
                    (project, draft)
                }
                None => (self.make_project(&directory, name)?, Draft::default()),
            },
            End::Free(directory) => (self.make_project(&directory, name)?, Draft::default()),
        };
        self.part_for_writer(&project);
        let ino = {
            let mut tree = self.tree();
            let ino = tree.inodes.project(&project);
            tree.inodes.looked_up(ino);
            ino
        };
        let opened = self.add_writer(ino, project.clone(), mode, process, draft);
        Ok((self.project_attr(ino, &project, process), opened))
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
        let new = new.into();
        if !matches!(new.permissions & libc::S_IFMT, libc::S_IFREG | 0) {
            self.check_writable()?;
            return self.make_special(parent, name, new, device);
        }
        let mode = OpenMode { read: false, write: true, append: false, truncate: false };
        let (attr, opened) = self.create(parent, name, new, mode, true, caller).await?;
        self.release(opened.fh).await?;
        Ok(attr)
    }

    /// Removes a file. A project is archived once its grace is over.
    ///
    /// # Errors
    /// [`Kind::NotFound`] if there is none, [`Kind::DeletionGuard`] if too many are removed at once,
    /// [`Kind::Storage`] if it cannot be journaled.
    pub async fn unlink(self: &Arc<Self>, parent: Ino, name: &OsStr) -> Result<()> {
        self.check_writable()?;
        match self.end(parent, name, None).await? {
            End::Project(directory, project) => {
                self.vacate(&directory, name, &project, None).await?;
                self.settle_truncations(&project, Occasion::Unlink).await;
                Ok(())
            }
            End::Scratch => self.remove_scratch(parent, name),
            End::Space => Err(Error::new(Kind::IsDirectory, "a folder")),
            // Nor is a name that its project has lost in the app one to remove it by: who gave it
            // another one is at it. What is not removed can be removed by the name that it has.
            End::LeftBehind(..) | End::Vacant(..) | End::Free(_) => Err(no_entry()),
        }
    }

    /// Renames.
    ///
    /// # Errors
    /// As a save, where it is one; [`Kind::NotPermitted`] for folders.
    pub async fn rename(
        self: &Arc<Self>,
        from: (Ino, &OsStr),
        to: (Ino, &OsStr),
        mode: RenameMode,
        caller: u32,
    ) -> Result<()> {
        self.check_writable()?;
        check_reserved(from.1)?;
        check_reserved(to.1)?;
        let process = process::of_thread(caller);
        let source = self.end(from.0, from.1, process).await?;
        let target = match (&source, self.end(to.0, to.1, process).await?) {
            (End::Project(_, project), target) => {
                self.target_now(project, to, target, process).await?
            }
            (_, target) => target,
        };
        let target_exists = match &target {
            End::Project(..) | End::Space => true,
            End::Scratch => self.lookup_scratch(to.0, to.1).is_ok(),
            End::LeftBehind(..) | End::Vacant(..) | End::Free(_) => false,
        };
        if mode.no_replace && target_exists {
            return Err(Error::new(Kind::Exists, "the new name exists"));
        }
        if mode.exchange && !matches!((&source, &target), (End::Scratch, End::Scratch)) {
            return self.exchange((source, from.1), (target, to.1)).await;
        }
        if let End::Project(_, project) = &source {
            self.settle_truncations(project, Occasion::Rename).await;
        }
        match (source, target) {
            (End::Scratch, End::Scratch) => self.rename_scratch(from, to, mode),
            (End::Scratch, target) => self.save_over(from, to, target, process).await,
            (
                End::Project(directory, project) | End::LeftBehind(directory, project),
                End::Scratch,
            ) => self.rename_away(from, to, &directory, project).await,
            (End::Project(directory, project), target) => {
                self.rename_project((&directory, from.1, project), to, target, process).await
            }
            (End::Space, _) | (_, End::Space) => {
                Err(Error::new(Kind::NotPermitted, "Taskade's API cannot rename or move folders")
                    .hint("do it in the app"))
            }
            (End::LeftBehind(..) | End::Vacant(..) | End::Free(_), _) => Err(no_entry()),
        }
    }

    /// What a project is to replace, as it is now: one that others have archived or renamed since it
    /// was listed is nothing that could take over its text.
    async fn target_now(
        &self,
        project: &Arc<Project>,
        to: (Ino, &OsStr),
        target: End,
        process: Option<Process>,
    ) -> Result<End> {
        match &target {
            End::Project(directory, other) if other.serial != project.serial => {
                self.entries_for(directory, Look::Onto).await?;
                self.end(to.0, to.1, process).await
            }
            _ => Ok(target),
        }
    }

    pub(super) async fn end(
        &self,
        parent: Ino,
        name: &OsStr,
        process: Option<Process>,
    ) -> Result<End> {
        let Node::Directory { directory, .. } = self.node(parent)? else {
            return Ok(End::Scratch);
        };
        {
            let tree = self.tree();
            if let Some(Local::Vacant(ticket)) = tree.local(&directory, name) {
                let waiting = tree.waiting.iter().find(|waiting| waiting.ticket == *ticket);
                return Ok(match waiting {
                    Some(waiting) => End::Vacant(directory, waiting.clone()),
                    // Its grace has just ended.
                    None => End::Free(directory),
                });
            }
        }
        Ok(match self.find(&directory, name).await? {
            Found::Directory(_) => End::Space,
            Found::Project(project) => End::Project(directory, project),
            Found::Nothing => match self.left_behind(&directory, name, process).await {
                Some(project) => End::LeftBehind(directory, project),
                None => End::Free(directory),
            },
            Found::Elsewhere => End::Scratch,
        })
    }

    /// Gives a vacant name its project back; `None` if its grace has ended meanwhile.
    pub(super) async fn occupy(
        self: &Arc<Self>,
        waiting: &Waiting,
    ) -> Result<Option<Arc<Project>>> {
        match self.claim(waiting.ticket) {
            Some(waiting) => self.take_back(waiting).await.map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn make_project(&self, directory: &Directory, name: &OsStr) -> Result<Arc<Project>> {
        let title = name.to_str().and_then(names::title).ok_or_else(|| {
            Error::new(Kind::Invalid, "a project's name must be UTF-8, without �")
                .at(name.to_string_lossy())
        })?;
        let folder = directory.space().ok_or_else(|| {
            Error::new(Kind::NotPermitted, "a project must be in a workspace or folder")
                .at(name.to_string_lossy())
        })?;
        let project = self.engine.new_project(folder, &title);
        self.tree().set_local(directory, name, Local::New(project.clone()));
        Ok(project)
    }

    fn rename_scratch(
        &self,
        from: (Ino, &OsStr),
        to: (Ino, &OsStr),
        mode: RenameMode,
    ) -> Result<()> {
        let old = self.scratch_place(from.0, from.1)?;
        let new = self.scratch_place(to.0, to.1)?;
        let flags = match mode {
            RenameMode { exchange: true, .. } => RenameFlags::EXCHANGE,
            RenameMode { no_replace: true, .. } => RenameFlags::NOREPLACE,
            _ => RenameFlags::empty(),
        };
        renameat_with(CWD, &*old, CWD, &*new, flags)
            .map_err(|error| scratch::failed("cannot rename", &old, error.into()))?;
        if mode.exchange {
            let aside = self.scratch.join(".exchanged");
            for (from, to) in [(&*old, &*aside), (&*new, &*old), (&*aside, &*new)] {
                self.moved_scratch(from, Some(to));
            }
        } else {
            self.moved_scratch(&old, Some(&new));
        }
        self.tree().inodes.rename_scratch(from, to, mode.exchange);
        Ok(())
    }
}
