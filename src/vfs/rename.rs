//! Names that come and go: creating, removing and renaming, and the saves that are made of them.
//!
//! Scratch renamed over a project is a save of it. A project renamed to scratch leaves its name
//! vacant for the grace; whatever is created or renamed there meanwhile is a save. A project
//! renamed to another project's name replaces its text.

use std::{ffi::OsStr, fs, io::Write, os::unix::fs::OpenOptionsExt, sync::Arc};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::{
    Notice, Vfs,
    commit_policy::Occasion,
    directory::{Found, check_reserved, no_entry},
    draft::Draft,
    inode::{Directory, Node},
    names, process, scratch,
    tree::{Local, Vacant},
    types::{Attr, Ino, NewFile, OpenMode, Opened},
};
use crate::{
    error::{Error, Kind, Result},
    sync::{Base, Process, Project},
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
enum End {
    /// A project, in a directory that Taskade has.
    Project(Directory, Arc<Project>),
    /// A name that a project had when this process read it, and has no more.
    LeftBehind(Directory, Arc<Project>),
    /// A project's name that is vacant.
    Vacant(Directory, Vacant),
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
        &self,
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
            End::Vacant(directory, Vacant { project, .. }) => {
                self.occupy(&directory, name, &project);
                let draft = self.emptied_draft(&project, process);
                (project, draft)
            }
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
    /// [`Kind::NotFound`] if there is none.
    pub async fn unlink(self: &Arc<Self>, parent: Ino, name: &OsStr) -> Result<()> {
        self.check_writable()?;
        match self.end(parent, name, None).await? {
            End::Project(directory, project) => {
                self.settle_truncations(&project, Occasion::Unlink).await;
                self.vacate(&directory, name, project, true);
                Ok(())
            }
            End::Scratch => self.remove_scratch(parent, name),
            End::Space => Err(Error::new(Kind::IsDirectory, "a folder")),
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
        let target = self.end(to.0, to.1, process).await?;
        let target_exists = match &target {
            End::Project(..) | End::Space => true,
            End::Scratch => self.lookup_scratch(to.0, to.1).is_ok(),
            End::LeftBehind(..) | End::Vacant(..) | End::Free(_) => false,
        };
        if mode.no_replace && target_exists {
            return Err(Error::new(Kind::Exists, "the new name exists"));
        }
        if mode.exchange && !matches!((&source, &target), (End::Scratch, End::Scratch)) {
            return Err(Error::new(Kind::Invalid, "projects cannot be exchanged"));
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

    async fn end(&self, parent: Ino, name: &OsStr, process: Option<Process>) -> Result<End> {
        let Node::Directory { directory, .. } = self.node(parent)? else {
            return Ok(End::Scratch);
        };
        if let Some(Local::Vacant(vacant)) = self.tree().local(&directory, name) {
            return Ok(End::Vacant(directory, vacant.clone()));
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

    /// Gives a vacant name its project back.
    fn occupy(&self, directory: &Directory, name: &OsStr, project: &Arc<Project>) {
        let mut tree = self.tree();
        tree.take_local(directory, name);
        if project.id().is_none() {
            tree.set_local(directory, name, Local::New(project.clone()));
        }
    }

    fn make_project(&self, directory: &Directory, name: &OsStr) -> Result<Arc<Project>> {
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
        self.tree().inodes.rename_scratch(from, to, mode.exchange);
        Ok(())
    }

    /// Scratch is renamed over a project, or to where one may be: its text is saved.
    async fn save_over(
        self: &Arc<Self>,
        from: (Ino, &OsStr),
        to: (Ino, &OsStr),
        target: End,
        process: Option<Process>,
    ) -> Result<()> {
        let path = self.scratch_place(from.0, from.1)?;
        let failed = |error| scratch::failed("cannot read", &path, error);
        if !fs::symlink_metadata(&path).map_err(failed)?.is_file() {
            return Err(Error::new(Kind::NotPermitted, "a project is a plain file"));
        }
        let text = fs::read(&path).map_err(failed)?;
        let is_left_behind = matches!(target, End::LeftBehind(..));
        let project = match target {
            End::Project(_, project) | End::LeftBehind(_, project) => project,
            End::Vacant(directory, vacant) => {
                self.occupy(&directory, to.1, &vacant.project);
                vacant.project
            }
            End::Free(directory) => self.make_project(&directory, to.1)?,
            End::Space | End::Scratch => return Err(no_entry()),
        };
        self.settle_truncations(&project, Occasion::Replaced).await;
        self.engine.save(&project, process, Base::LastRead, text).await.result?;
        // From here on the renaming stands: the scratch file is the project's.
        fs::remove_file(&path).map_err(|error| scratch::failed("cannot remove", &path, error))?;
        let mut tree = self.tree();
        tree.paged.remove(&project.serial);
        let scratch = tree.inodes.scratch_at(from.0, from.1);
        if is_left_behind {
            // The project keeps its own number, and its name.
            scratch.into_iter().for_each(|ino| tree.inodes.move_scratch(ino, None));
            drop(tree);
            self.tell_names(to.0, [to.1.to_owned()]);
        } else if let Some(ino) = scratch {
            tree.inodes.become_project(ino, &project);
            // The kernel knows it as the scratch file: what was saved may read otherwise.
            self.tell(Notice::Inode(ino));
        }
        Ok(())
    }

    /// A project is renamed to scratch: a backup, or the first step of a save.
    async fn rename_away(
        self: &Arc<Self>,
        from: (Ino, &OsStr),
        to: (Ino, &OsStr),
        directory: &Directory,
        project: Arc<Project>,
    ) -> Result<()> {
        let path = self.scratch_place(to.0, to.1)?;
        let content = self.engine.read(&project).await?;
        write_scratch(&path, &content.text)
            .map_err(|error| scratch::failed("cannot write", &path, error))?;
        {
            let mut tree = self.tree();
            if let Some(ino) = tree.inodes.of_serial(project.serial) {
                tree.inodes.become_scratch(ino, to.0, to.1);
                // Its pages may be older than what was just read; nobody tells of them any more.
                self.tell(Notice::Inode(ino));
            }
        }
        self.vacate(directory, from.1, project, false);
        Ok(())
    }

    async fn rename_project(
        self: &Arc<Self>,
        from: (&Directory, &OsStr, Arc<Project>),
        to: (Ino, &OsStr),
        target: End,
        process: Option<Process>,
    ) -> Result<()> {
        let (directory, name, project) = from;
        match target {
            End::Project(_, other) if other.serial == project.serial => Ok(()),
            // The new name's project takes the text, and the old name's is archived.
            End::Project(there, other) | End::Vacant(there, Vacant { project: other, .. }) => {
                let content = self.engine.read(&project).await?;
                self.occupy(&there, to.1, &other);
                let text = content.text.to_vec();
                self.settle_truncations(&other, Occasion::Replaced).await;
                self.engine.save(&other, process, Base::LastRead, text).await.result?;
                self.vacate(directory, name, project, true);
                let parent = to.0;
                self.tell_names(parent, [to.1.to_owned()]);
                Ok(())
            }
            End::Free(there) | End::LeftBehind(there, _) => {
                self.rename_free((directory, name, project), &there, to.1).await
            }
            End::Space | End::Scratch => Err(no_entry()),
        }
    }

    /// A project gets a title of its own, or another folder.
    async fn rename_free(
        self: &Arc<Self>,
        from: (&Directory, &OsStr, Arc<Project>),
        there: &Directory,
        new_name: &OsStr,
    ) -> Result<()> {
        let (directory, name, project) = from;
        let title = new_name.to_str().and_then(names::title).ok_or_else(|| {
            Error::new(Kind::Invalid, "a project's name must be UTF-8, without �")
        })?;
        let folder = there.space().cloned().ok_or_else(|| {
            Error::new(Kind::NotPermitted, "a project must be in a workspace or folder")
        })?;
        self.engine.rename(&project, &folder, &title).await?;
        if let Some(name) = name.to_str() {
            self.engine.forget_name(directory.key(), name);
        }
        self.note_path(&project, there, new_name);
        let mut tree = self.tree();
        tree.take_local(directory, name);
        tree.set_local(there, new_name, Local::New(project));
        Ok(())
    }
}

fn write_scratch(path: &std::path::Path, text: &[u8]) -> std::io::Result<()> {
    // A link, pipe or socket there is replaced, as by any renaming, and not written through.
    if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        fs::remove_file(path)?;
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)?;
    file.write_all(text)
}
