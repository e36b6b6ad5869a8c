//! Scratch that comes to a project's name, and scratch that a project goes to.
//!
//! Scratch renamed over a project is a save of it. The copy of a removed project that comes out of
//! scratch again, under its own name or another, is that project; so is a new file that has the
//! name and the tasks of one that was removed. Anything else of a free name is a new project.

use std::{
    ffi::{OsStr, OsString},
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use super::{
    Notice, Vfs,
    commit_policy::Occasion,
    directory::no_entry,
    handle::{Handle, Writer},
    inode::Directory,
    rename::End,
    scratch,
    tree::Local,
    types::Ino,
};
use crate::{
    error::{Error, Kind, Result},
    plan::Outline,
    sync::{Base, Process, Project, Removal},
};

impl Vfs {
    /// Scratch is renamed to a project's name.
    pub(super) async fn save_over(
        self: &Arc<Self>,
        from: (Ino, &OsStr),
        to: (Ino, &OsStr),
        target: End,
        process: Option<Process>,
    ) -> Result<()> {
        let path = self.scratch_place(from.0, from.1)?;
        let failed = |error| scratch::failed("cannot read", &path, error);
        let metadata = fs::symlink_metadata(&path).map_err(failed)?;
        if !metadata.is_file() {
            return Err(Error::new(Kind::NotPermitted, "a project is a plain file"));
        }
        let text = fs::read(&path).map_err(failed)?;
        let is_left_behind = matches!(target, End::LeftBehind(..));
        let removal =
            self.below_scratch(&path).and_then(|copy| self.engine.removals.of_copy(&copy));
        let project = match self.is_that_of(removal, &target, &text).await? {
            Some((removal, outline)) => {
                self.bring_back(&removal, outline, (&target, to.1), process, text).await?
            }
            None => self.save_to(target, to.1, process, text).await?,
        };
        if let Ok(time) = metadata.modified() {
            self.engine.set_modified(&project, time);
        }
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

    async fn save_to(
        self: &Arc<Self>,
        target: End,
        name: &OsStr,
        process: Option<Process>,
        text: Vec<u8>,
    ) -> Result<Arc<Project>> {
        let free = match target {
            End::Project(_, project) | End::LeftBehind(_, project) => Err(project),
            End::Vacant(directory, waiting) => match self.occupy(&waiting).await? {
                Some(project) => Err(project),
                None => Ok(directory),
            },
            End::Free(directory) => Ok(directory),
            End::Space | End::Scratch => return Err(no_entry()),
        };
        let project = match free {
            Err(project) => project,
            Ok(directory) => match self.restored_as(&directory, name, &text).await? {
                Some(project) => project,
                None => self.make_project(&directory, name)?,
            },
        };
        self.settle_truncations(&project, Occasion::Replaced).await;
        let saved = self.engine.save(&project, process, Base::LastRead, text).await;
        // A restoration is sent whatever becomes of the text.
        self.engine.go_on(&project);
        saved.result.map(|()| project)
    }

    /// The removal whose copy this text is, if it is that project that is to have the name; with the
    /// tasks that were copied, if they are known.
    async fn is_that_of(
        self: &Arc<Self>,
        removal: Option<Removal>,
        target: &End,
        text: &[u8],
    ) -> Result<Option<(Removal, Option<Arc<Outline>>)>> {
        let Some(removal) = removal else { return Ok(None) };
        let outline = self.engine.removed_outline(removal.row).await?.map(Arc::new);
        let is_of = |outline: &Outline| self.engine.is_text_of(&removal.title, outline, text);
        let is_known = outline.as_ref().is_none_or(|known| known.items.is_empty() || is_of(known));
        let is_it = match target {
            End::Vacant(_, waiting) if waiting.row == Some(removal.row) => true,
            End::Free(_) => is_known,
            End::Vacant(_, waiting) => is_known && !self.resembles(&waiting.project, text).await?,
            End::Project(_, other) => is_known && !self.resembles(other, text).await?,
            End::LeftBehind(..) | End::Space | End::Scratch => false,
        };
        Ok(is_it.then_some((removal, outline)))
    }

    async fn resembles(self: &Arc<Self>, project: &Arc<Project>, text: &[u8]) -> Result<bool> {
        let content = self.engine.read(project).await?;
        Ok(self.engine.is_text_of(&project.title(), &content.outline, text))
    }

    /// A removed project is back under this name, with this text.
    async fn bring_back(
        self: &Arc<Self>,
        removal: &Removal,
        outline: Option<Arc<Outline>>,
        (target, name): (&End, &OsStr),
        process: Option<Process>,
        text: Vec<u8>,
    ) -> Result<Arc<Project>> {
        let there = match target {
            End::Project(there, _) | End::Vacant(there, _) | End::Free(there) => there,
            End::LeftBehind(..) | End::Space | End::Scratch => return Err(no_entry()),
        };
        let is_own = there.space() == Some(&removal.folder) && name == OsStr::new(&removal.name);
        let ticket = {
            let tree = self.tree();
            let waits = tree.waiting.iter().find(|waiting| waiting.row == Some(removal.row));
            waits.map(|waiting| waiting.ticket)
        };
        let waiting = ticket.and_then(|ticket| self.claim(ticket));
        let project = match (&waiting, &removal.project) {
            (Some(waiting), _) => waiting.project.clone(),
            (None, Some(id)) => self.engine.project(id, &removal.folder, &removal.title),
            (None, None) => return Err(no_entry()),
        };
        // What it had when it was removed is what the copy was edited from.
        let base = outline.map_or(Base::LastRead, Base::Exactly);
        match waiting {
            Some(waiting) if is_own => {
                self.take_back(waiting).await?;
                self.save_if_other(&project, process, base, text).await?;
                Ok(project)
            }
            Some(waiting) => {
                let saved = self.save_if_other(&project, process, base, text).await;
                let moved = match saved {
                    Ok(()) => self.take_name(target, &project, there, name).await,
                    Err(error) => Err(error),
                };
                match moved {
                    Ok(()) => self.take_back(waiting).await,
                    Err(error) => {
                        self.wait_on(waiting);
                        Err(error)
                    }
                }
            }
            None => {
                let restored = self.engine.restore(&project, None).await?;
                let saved = self.save_if_other(&project, process, base, text).await;
                self.engine.go_on(&project);
                let former = OsString::from(&removal.name);
                let former = (self.directory_of(removal), former);
                if is_own || saved.is_err() {
                    self.tree().set_local(&former.0, &former.1, Local::New(project.clone()));
                    return saved.map(|()| project);
                }
                self.engine.verdict(&project, restored).await?;
                self.take_name(target, &project, there, name).await.map(|()| project)
            }
        }
    }

    fn directory_of(&self, removal: &Removal) -> Directory {
        match removal.is_workspace {
            true => Directory::Workspace(removal.folder.clone()),
            false => Directory::Folder(removal.folder.clone()),
        }
    }

    /// Gives a project that has no file a name, which another one may have.
    async fn take_name(
        self: &Arc<Self>,
        target: &End,
        project: &Arc<Project>,
        there: &Directory,
        name: &OsStr,
    ) -> Result<()> {
        let ticket = self.displace(target, name).await?;
        match self.rename_free(None, project, there, name).await {
            Ok(()) => Ok(()),
            Err(error) => {
                self.replace_again(target, ticket).await;
                Err(error)
            }
        }
    }

    async fn save_if_other(
        self: &Arc<Self>,
        project: &Arc<Project>,
        process: Option<Process>,
        base: Base,
        text: Vec<u8>,
    ) -> Result<()> {
        self.settle_truncations(project, Occasion::Replaced).await;
        if self.engine.content(project).is_some_and(|content| *content.text == *text) {
            return Ok(());
        }
        self.engine.save(project, process, base, text).await.result
    }

    /// The project that a new file of this name and text is again, restored; `None` if it is new.
    /// Its worker is to be started.
    async fn restored_as(
        self: &Arc<Self>,
        directory: &Directory,
        name: &OsStr,
        text: &[u8],
    ) -> Result<Option<Arc<Project>>> {
        let (Some(folder), Some(shown)) = (directory.space(), name.to_str()) else {
            return Ok(None);
        };
        for removal in self.engine.removals.named(folder, shown) {
            let waits = self.tree().waiting.iter().any(|it| it.row == Some(removal.row));
            if waits {
                continue;
            }
            match self.engine.removed_as(&removal, text).await {
                Ok(Some(project)) => {
                    self.engine.restore(&project, None).await?;
                    self.tree().set_local(directory, name, Local::New(project.clone()));
                    return Ok(Some(project));
                }
                Ok(None) => {}
                Err(error) => tracing::info!(%error, "a removed project is not compared"),
            }
        }
        Ok(None)
    }

    /// The project that a new file is that is about to be saved for the first time, if it was
    /// removed and is back. From then on it is the file's.
    pub(super) async fn returned(
        self: &Arc<Self>,
        writer: &Writer,
        text: &[u8],
    ) -> Result<Option<Arc<Project>>> {
        let new = writer.target().clone();
        if new.id().is_some() || !new.is_unborn() || !new.is_blank() || text.is_empty() {
            return Ok(None);
        }
        let place = {
            let tree = self.tree();
            tree.locals.iter().find_map(|(directory, locals)| {
                let is_it = |local: &Local| {
                    matches!(local, Local::New(project) if project.serial == new.serial)
                };
                let (name, _) = locals.iter().find(|(_, local)| is_it(local))?;
                Some((directory.clone(), name.clone()))
            })
        };
        let Some((directory, name)) = place else { return Ok(None) };
        let Some(project) = self.restored_as(&directory, &name, text).await? else {
            return Ok(None);
        };
        let mut tree = self.tree();
        for handle in tree.writers(new.serial) {
            if let Handle::Writer(writer) = &*handle {
                writer.go_to(&project);
            }
        }
        if let Some(ino) = tree.inodes.of_serial(new.serial) {
            tree.inodes.become_project(ino, &project);
            self.tell(Notice::Inode(ino));
        }
        Ok(Some(project))
    }

    /// A project is renamed to scratch: a backup, the first step of a save, or a removal that leaves
    /// a copy.
    pub(super) async fn rename_away(
        self: &Arc<Self>,
        from: (Ino, &OsStr),
        to: (Ino, &OsStr),
        directory: &Directory,
        project: Arc<Project>,
    ) -> Result<()> {
        let path = self.scratch_place(to.0, to.1)?;
        let content = self.engine.read(&project).await?;
        self.moved_scratch(&path, None);
        let copy = self.below_scratch(&path);
        let ticket = self.vacate(directory, from.1, &project, copy).await?;
        if let Err(error) = write_scratch(&path, &content.text, project.modified()) {
            if let Some(waiting) = self.claim(ticket) {
                self.take_back(waiting).await?;
            }
            return Err(scratch::failed("cannot write", &path, error));
        }
        let mut tree = self.tree();
        if let Some(ino) = tree.inodes.of_serial(project.serial) {
            tree.inodes.become_scratch(ino, to.0, to.1);
            // Its pages may be older than what was just read; nobody tells of them any more.
            self.tell(Notice::Inode(ino));
        }
        Ok(())
    }

    /// Scratch was renamed, or removed with `None`; the copies of removed projects go along.
    pub(crate) fn moved_scratch(&self, from: &Path, to: Option<&Path>) {
        let Some(from) = self.below_scratch(from) else { return };
        let to = to.and_then(|to| self.below_scratch(to));
        if let Err(error) = self.engine.move_copies(&from, to.as_deref()) {
            tracing::error!(%error, "it is not known where the copy of a removed project is");
        }
    }

    fn below_scratch(&self, path: &Path) -> Option<PathBuf> {
        path.strip_prefix(&self.scratch).ok().map(Path::to_owned)
    }
}

fn write_scratch(path: &Path, text: &[u8], modified: SystemTime) -> std::io::Result<()> {
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
    file.write_all(text)?;
    file.set_modified(modified)
}
