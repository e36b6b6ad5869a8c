//! Looking back at what was done below the mount, and taking it back.
//!
//! What was done last is what is taken back, and nothing else: where that cannot be, it is said.
//! What was removed together is taken back together.

use std::{ffi::OsStr, path::Path, sync::Arc, time::SystemTime};

use super::{
    Vfs,
    directory::Found,
    inode::{Directory, Node},
    types::Ino,
};
use crate::{
    error::{Error, Kind, Result},
    ids::SpaceId,
    sync::{Deed, Former, HistoryEntry, Past, Project, Removal, Scope, Standing},
};

/// What was done last.
enum Last {
    /// Files were removed, and Taskade has not archived their projects yet.
    Removed(Vec<Removal>),
    /// Something that Taskade has.
    Done(Vec<Past>),
}

impl Vfs {
    /// What was done, newest first: at most `most`, of one project or below a directory, or of all.
    ///
    /// # Errors
    /// [`Kind::Invalid`] if the inode is neither, [`Kind::Storage`] if the journal cannot be read.
    pub async fn history(&self, ino: Option<Ino>, most: usize) -> Result<Vec<HistoryEntry>> {
        let scope = match ino {
            Some(ino) => self.scope_at(ino)?,
            None => Scope::All,
        };
        self.engine.history(scope, most).await
    }

    /// As [`history`](Self::history), at and below a path relative to the mount, whether anything
    /// is there now or not.
    ///
    /// # Errors
    /// As [`history`](Self::history).
    pub async fn history_at(&self, path: Option<&Path>, most: usize) -> Result<Vec<HistoryEntry>> {
        self.engine.history(self.scope_of(path).await, most).await
    }

    /// Takes back what was done last of one project or below a directory, or of all. What it was.
    ///
    /// # Errors
    /// [`Kind::NotFound`] if there is nothing, EBUSY if it cannot be taken back yet, and otherwise
    /// as a save.
    pub async fn undo(self: &Arc<Self>, ino: Option<Ino>) -> Result<HistoryEntry> {
        let scope = match ino {
            Some(ino) => self.scope_at(ino)?,
            None => Scope::All,
        };
        let undone = self.undo_in(&scope, None).await?;
        undone.into_iter().next().ok_or_else(nothing)
    }

    /// What [`undo_at`](Self::undo_at) would take back: one deed, or what was removed together.
    ///
    /// # Errors
    /// As [`undo`](Self::undo), before anything is done.
    pub async fn undoable_at(&self, path: Option<&Path>) -> Result<Vec<HistoryEntry>> {
        let scope = self.scope_of(path).await;
        self.last(&scope).await.map(|last| self.in_words(&last))
    }

    /// Takes back what was done last at and below a path relative to the mount, whether anything is
    /// there now or not. With `expected` only if that is still the last. What it was.
    ///
    /// # Errors
    /// As [`undo`](Self::undo).
    pub async fn undo_at(
        self: &Arc<Self>,
        path: Option<&Path>,
        expected: Option<i64>,
    ) -> Result<Vec<HistoryEntry>> {
        let scope = self.scope_of(path).await;
        self.undo_in(&scope, expected).await
    }

    async fn undo_in(
        self: &Arc<Self>,
        scope: &Scope,
        expected: Option<i64>,
    ) -> Result<Vec<HistoryEntry>> {
        self.check_writable()?;
        let last = self.last(scope).await?;
        let words = self.in_words(&last);
        if expected.is_some_and(|row| words.first().is_none_or(|entry| entry.row != row)) {
            return Err(Error::new(Kind::Os(libc::EBUSY), "something else was done meanwhile")
                .hint("look at it again"));
        }
        match last {
            Last::Removed(removals) => {
                for removal in removals {
                    self.put_back(&removal).await?;
                }
            }
            Last::Done(deeds) => {
                for deed in deeds {
                    let shown = self.engine.deed_path(&deed);
                    self.take_deed_back(&deed).await.map_err(|error| error.at(shown))?;
                }
            }
        }
        Ok(words)
    }

    /// What was done last, if it can be taken back.
    async fn last(&self, scope: &Scope) -> Result<Last> {
        let removals = self.engine.unsent_removals(scope);
        let deeds = self.engine.undoable(scope.clone()).await?;
        let (removed, done) = (removals.last().map(|it| it.time), deeds.first().map(|it| it.time));
        let pending = self.newest_pending(scope);
        if let Some((since, path)) = pending
            && removed.is_none_or(|removed| seconds(removed) < seconds(since))
            && done.is_none_or(|done| seconds(done) <= seconds(since))
        {
            let what = "the last thing that was done, a save, is still on its way";
            return Err(Error::new(Kind::Os(libc::EBUSY), what).at(path).hint(
                "take it back when it is through, or name the file whose last save you mean",
            ));
        }
        match (removals.last(), deeds.first()) {
            (Some(newest), _) if done.is_none_or(|done| done <= newest.time) => {
                let burst = burst_of(newest);
                let group = removals.iter().filter(|removal| burst_of(removal) == burst);
                Ok(Last::Removed(group.cloned().collect()))
            }
            (_, Some(_)) => Ok(Last::Done(deeds)),
            (_, None) => Err(nothing()),
        }
    }

    /// Since when the newest save waits that is not with Taskade, and its path.
    fn newest_pending(&self, scope: &Scope) -> Option<(SystemTime, String)> {
        let waits = |project: &Arc<Project>| {
            if project.standing() != Standing::Pending {
                return None;
            }
            let path = self.path_of(project);
            let is_meant = scope.has(project.id().as_ref(), &path);
            is_meant.then(|| (project.unsettled_since(), path))
        };
        self.engine.unsettled().iter().filter_map(waits).max()
    }

    fn in_words(&self, last: &Last) -> Vec<HistoryEntry> {
        match last {
            Last::Removed(removals) => {
                removals.iter().map(|removal| self.engine.removal_in_words(removal)).collect()
            }
            Last::Done(deeds) => deeds.iter().map(|deed| self.engine.deed_in_words(deed)).collect(),
        }
    }

    /// A removal that Taskade may not have heard of is taken back.
    async fn put_back(self: &Arc<Self>, removal: &Removal) -> Result<()> {
        let ticket = {
            let tree = self.tree();
            let waits = tree.waiting.iter().find(|waiting| waiting.row == Some(removal.row));
            waits.map(|waiting| waiting.ticket)
        };
        if let Some(waiting) = ticket.and_then(|ticket| self.claim(ticket)) {
            return self.take_back_and_tell(waiting).await;
        }
        let Some(id) = &removal.project else { return Err(nothing()) };
        let project = self.engine.project(id, &removal.folder, &removal.title);
        self.engine.restore(&project, None).await?;
        self.engine.go_on(&project);
        Ok(())
    }

    async fn take_deed_back(self: &Arc<Self>, deed: &Past) -> Result<()> {
        match (&deed.deed, &deed.former) {
            (Deed::Renamed, Some(former)) => self.rename_back(deed, former).await?,
            _ => self.engine.undo(deed).await?,
        }
        if let Some(project) = self.engine.known(&deed.project) {
            // What shows it from now on is the listing.
            self.drop_new(&project);
        }
        Ok(())
    }

    /// A project gets the name back that it had before.
    async fn rename_back(self: &Arc<Self>, deed: &Past, former: &Former) -> Result<()> {
        let make = || self.engine.project(&deed.project, &deed.folder, &deed.title);
        let project = self.engine.known(&deed.project).unwrap_or_else(make);
        if self.engine.is_archived(&deed.project) {
            return Err(Error::new(Kind::Os(libc::EBUSY), "it was removed since"));
        }
        let name = Path::new(&former.path).file_name().unwrap_or(OsStr::new(&former.title));
        let there = self.directory_with(&former.folder);
        if !matches!(self.find(&there, name).await?, Found::Nothing) {
            return Err(Error::new(Kind::Exists, "its former name is taken")
                .at(former.path.clone())
                .hint("rename that one first"));
        }
        let before = self.engine.former(&project);
        let now = self.directory_with(&deed.folder);
        let current = Path::new(&deed.path).file_name().map(OsStr::to_owned);
        let from = current.as_deref().map(|name| (&now, name));
        self.rename_silently(from, &project, &there, name).await?;
        self.engine.note_renamed(before, &project, Some(deed.row)).await?;
        for (directory, name) in [(&now, current.as_deref()), (&there, Some(name))] {
            let parent = self.tree().known_directory(directory);
            if let (Some(parent), Some(name)) = (parent, name) {
                self.tell_names(parent, [name.to_owned()]);
            }
        }
        Ok(())
    }

    fn directory_with(&self, folder: &SpaceId) -> Directory {
        match self.engine.is_workspace(folder) {
            true => Directory::Workspace(folder.clone()),
            false => Directory::Folder(folder.clone()),
        }
    }

    fn scope_at(&self, ino: Ino) -> Result<Scope> {
        match self.node(ino)? {
            Node::Project(project) => project
                .id()
                .map(Scope::Project)
                .ok_or_else(|| Error::new(Kind::NotFound, "it is not created yet")),
            _ => Err(Error::new(Kind::Invalid, "not a project")),
        }
    }

    /// What a path stands for: the project that is there, else whatever was there or below it.
    async fn scope_of(&self, path: Option<&Path>) -> Scope {
        let Some(path) = path.filter(|path| !path.as_os_str().is_empty()) else {
            return Scope::All;
        };
        let below = Scope::Below(path.to_string_lossy().into_owned());
        let Ok(ino) = self.resolve(path).await else { return below };
        let project = self.project_of(ino).and_then(|project| project.id());
        self.forget(ino, 1);
        project.map_or(below, Scope::Project)
    }
}

fn burst_of(removal: &Removal) -> i64 {
    if removal.burst == 0 { removal.row } else { removal.burst }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn nothing() -> Error {
    Error::new(Kind::NotFound, "there is nothing to undo")
}
