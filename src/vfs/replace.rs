//! A project renamed to the name of another one, or to one of its own.
//!
//! A text that resembles what it replaces is a new text of that project: its tasks stay, and the
//! one that was renamed is archived. A text that does not is of other tasks: then the project that
//! it is of moves with them, and the one whose name it takes is archived with its own.

use std::{ffi::OsStr, sync::Arc};

use super::{
    Vfs, commit_policy::Occasion, directory::no_entry, inode::Directory, names, rename::End,
    tree::Local, types::Ino,
};
use crate::{
    error::{Error, Kind, Result},
    sync::{Base, Process, Project},
};

impl Vfs {
    pub(super) async fn rename_project(
        self: &Arc<Self>,
        from: (&Directory, &OsStr, Arc<Project>),
        to: (Ino, &OsStr),
        target: End,
        process: Option<Process>,
    ) -> Result<()> {
        let (directory, name, project) = from;
        let (there, other) = match &target {
            End::Project(_, other) if other.serial == project.serial => return Ok(()),
            End::Project(there, other) => (there, other.clone()),
            End::Vacant(there, waiting) => (there, waiting.project.clone()),
            End::Free(there) | End::LeftBehind(there, _) => {
                return self.rename_free(Some((directory, name)), &project, there, to.1).await;
            }
            End::Space | End::Scratch => return Err(no_entry()),
        };
        let content = self.engine.read(&project).await?;
        let before = self.engine.read(&other).await?;
        if !self.engine.is_text_of(&other.title(), &before.outline, &content.text) {
            let ticket = self.displace(&target, to.1).await?;
            let moved = self.rename_free(Some((directory, name)), &project, there, to.1).await;
            return match moved {
                Ok(()) => Ok(()),
                Err(error) => {
                    self.replace_again(&target, ticket).await;
                    Err(error)
                }
            };
        }
        if let End::Vacant(_, waiting) = &target
            && self.occupy(waiting).await?.is_none()
        {
            // Its grace has just ended: the name is free.
            return self
                .rename_free(Some((directory, name)), &project, there, to.1)
                .await
                .map(drop);
        }
        let text = content.text.to_vec();
        self.settle_truncations(&other, Occasion::Replaced).await;
        self.engine.save(&other, process, Base::LastRead, text).await.result?;
        self.vacate(directory, name, &project, None).await?;
        self.tell_names(to.0, [to.1.to_owned()]);
        Ok(())
    }

    /// Takes a name from the project that has it, or had it until its grace is over. What tells its
    /// removal from others.
    ///
    /// # Errors
    /// As removing it.
    pub(super) async fn displace(self: &Arc<Self>, target: &End, name: &OsStr) -> Result<u64> {
        let ticket = match target {
            End::Project(there, other) => self.vacate(there, name, other, None).await?,
            End::Vacant(_, waiting) => waiting.ticket,
            End::Free(_) | End::LeftBehind(..) | End::Space | End::Scratch => return Ok(0),
        };
        self.hide_waiting(ticket).await?;
        Ok(ticket)
    }

    /// Nothing has taken the name after all.
    pub(super) async fn replace_again(self: &Arc<Self>, target: &End, ticket: u64) {
        if let End::Project(..) = target
            && let Some(waiting) = self.claim(ticket)
            && let Err(error) = self.take_back_and_tell(waiting).await
        {
            tracing::error!(%error, "a project whose name was to be taken is not back yet");
        }
    }

    /// A project gets a title of its own, or another folder.
    pub(super) async fn rename_free(
        self: &Arc<Self>,
        from: Option<(&Directory, &OsStr)>,
        project: &Arc<Project>,
        there: &Directory,
        new_name: &OsStr,
    ) -> Result<()> {
        let former = self.engine.former(project);
        self.rename_silently(from, project, there, new_name).await?;
        // It stands whether it is remembered or not.
        if let Err(error) = self.engine.note_renamed(former, project, None).await {
            tracing::error!(%error, "a renaming is not in the history");
        }
        Ok(())
    }

    /// As [`rename_free`](Self::rename_free), and leaves it to the caller to note it.
    pub(super) async fn rename_silently(
        self: &Arc<Self>,
        from: Option<(&Directory, &OsStr)>,
        project: &Arc<Project>,
        there: &Directory,
        new_name: &OsStr,
    ) -> Result<()> {
        let title = new_name.to_str().and_then(names::title).ok_or_else(|| {
            Error::new(Kind::Invalid, "a project's name must be UTF-8, without �")
        })?;
        let folder = there.space().cloned().ok_or_else(|| {
            Error::new(Kind::NotPermitted, "a project must be in a workspace or folder")
        })?;
        self.engine.rename(project, &folder, &title).await?;
        if let Some((directory, name)) = from
            && let Some(name) = name.to_str()
        {
            self.engine.forget_name(directory.key(), name);
        }
        self.note_path(project, there, new_name);
        let mut tree = self.tree();
        if let Some((directory, name)) = from {
            tree.take_local(directory, name);
        }
        tree.set_local(there, new_name, Local::New(project.clone()));
        Ok(())
    }
}
