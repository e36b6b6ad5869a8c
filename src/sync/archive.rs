//! Archiving: what removing a project's file comes to. v1 cannot delete a project.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    engine::{Engine, Event},
    intent::Intent,
    project::{Project, Standing},
    removals::Removal,
};
use crate::{
    error::{Kind, Result},
    ids::ProjectId,
};

/// How a project's file went.
#[derive(Debug)]
pub(crate) struct Removing<'a> {
    pub(crate) name: &'a str,
    /// Whether it was in a workspace's home folder.
    pub(crate) is_workspace: bool,
    /// Where its text went below scratch, if it was renamed.
    pub(crate) copy: Option<PathBuf>,
    /// The row of the first of those that are removed together.
    pub(crate) burst: Option<i64>,
}

impl Engine {
    /// Journals that a project's file was removed: from then on the project is archived once its
    /// grace is over, whatever becomes of this process. The row of the removal; `None` if there is
    /// nothing to be archived.
    ///
    /// # Errors
    /// If it cannot be journaled.
    pub(crate) async fn note_removal(
        &self,
        project: &Project,
        removing: Removing<'_>,
    ) -> Result<Option<i64>> {
        let (mut removal, outline) = {
            let state = self.recalled(project);
            if state.id.is_none() && state.row.is_none() {
                return Ok(None);
            }
            let removal = Removal {
                row: 0,
                time: self.clock.wall(),
                burst: removing.burst.unwrap_or_default(),
                project: state.id.clone(),
                folder: state.folder.clone(),
                is_workspace: removing.is_workspace,
                title: state.title.clone(),
                name: removing.name.to_owned(),
                copy: removing.copy,
                archived: false,
            };
            (removal, state.content().map(|content| content.outline))
        };
        let noted = removal.clone();
        let row =
            self.journaled(move |journal| journal.put_removal(&noted, outline.as_deref())).await?;
        removal.row = row;
        self.removals.lock().push(removal);
        Ok(Some(row))
    }

    /// The row of the first of the removals that were made together with this one.
    pub(crate) fn burst_of(&self, row: i64) -> i64 {
        let removals = self.removals.lock();
        let removal = removals.iter().find(|removal| removal.row == row);
        removal.map(|removal| removal.burst).filter(|burst| *burst != 0).unwrap_or(row)
    }

    /// Forgets a removal: the file is back.
    ///
    /// # Errors
    /// If the journal cannot note it.
    pub(crate) async fn forget_removal(&self, row: i64) -> Result<()> {
        self.journaled(move |journal| journal.forget_removal(row)).await?;
        self.removals.lock().retain(|removal| removal.row != row);
        Ok(())
    }

    /// As [`forget_removal`](Self::forget_removal), of all removals of a project.
    pub(crate) async fn forget_removals_of(&self, id: &ProjectId) -> Result<()> {
        let rows: Vec<i64> = {
            let removals = self.removals.lock();
            let of_it = removals.iter().filter(|removal| removal.project.as_ref() == Some(id));
            of_it.map(|removal| removal.row).collect()
        };
        for row in rows {
            self.forget_removal(row).await?;
        }
        Ok(())
    }

    /// The grace of a removal is over: the project is archived. What never got an id has nothing to
    /// come back as.
    ///
    /// # Errors
    /// If it cannot be journaled.
    pub(crate) async fn conclude_removal(
        self: &Arc<Self>,
        project: &Arc<Project>,
        row: Option<i64>,
    ) -> Result<()> {
        self.archive(project).await?;
        let Some(row) = row else { return Ok(()) };
        if project.id().is_none() {
            return self.forget_removal(row).await;
        }
        self.journaled(move |journal| journal.note_archived(row)).await?;
        let mut removals = self.removals.lock();
        let settled = removals.iter_mut().find(|removal| removal.row == row);
        settled.into_iter().for_each(|removal| removal.archived = true);
        Ok(())
    }

    /// Scratch was renamed, or removed with `None`: so were the copies of removed files in it. What
    /// was at the new place is gone.
    ///
    /// # Errors
    /// If the journal cannot note it.
    pub(crate) fn move_copies(&self, from: &Path, to: Option<&Path>) -> Result<()> {
        for removal in self.removals.lock().iter_mut() {
            let Some(copy) = &removal.copy else { continue };
            let moved = match (copy.strip_prefix(from), to) {
                // Joining nothing would add a slash.
                (Ok(below), Some(to)) if below.as_os_str().is_empty() => Some(to.to_owned()),
                (Ok(below), Some(to)) => Some(to.join(below)),
                (Ok(_), None) => None,
                (Err(_), Some(to)) if copy.starts_with(to) => None,
                (Err(_), _) => continue,
            };
            self.journal.note_copy(removal.row, moved.as_deref())?;
            removal.copy = moved;
        }
        Ok(())
    }

    /// Archives a project once its saves are through. One that was refused is history then.
    /// Journaled: a crash does not forget it.
    ///
    /// # Errors
    /// If it cannot be journaled.
    pub async fn archive(self: &Arc<Self>, project: &Arc<Project>) -> Result<()> {
        if matches!(project.standing(), Standing::Rejected(_)) {
            self.make_history(project).await?;
        }
        self.settle_unmoved(project).await?;
        let transition = project.commit.lock().await;
        let entry = {
            let mut state = self.recalled(project);
            if state.id.is_none() && state.creating.is_none() && !state.working {
                // Taskade never heard of it: there is nothing to archive and nothing to create.
                return Ok(());
            }
            (state.archive, state.archiving) = (true, false);
            let at = state.snapshot.as_ref().map(|known| (*known.outline).clone());
            let at = at.unwrap_or_default();
            let intent = state.intent.clone().unwrap_or_else(|| Intent::new(at.clone(), at));
            let content = state.content();
            let (text, outline) =
                content.map(|content| (content.text, content.outline)).unwrap_or_default();
            super::save::entry(&state, &text, &outline, &intent)
        };
        if let Some(id) = project.id() {
            self.hide(&id, true).await?;
        }
        self.note(project, Some(entry)).await?;
        drop(transition);
        self.start_worker(project);
        Ok(())
    }

    /// Archives the project if that was asked for. The caller holds `project.remote`.
    pub(crate) async fn archive_if_wanted(&self, project: &Project) -> Result<()> {
        let id = {
            let mut state = project.lock();
            if !state.archive {
                return Ok(());
            }
            // As one with the look: whoever restores the project from here on has to ask for it.
            state.archiving = true;
            state.id.clone()
        };
        let mut archived = false;
        if let Some(id) = id {
            match self.backend.complete_project(&id).await {
                Ok(()) => archived = true,
                // Gone already: nothing is left to be archived.
                Err(error) if error.kind() == Kind::NotFound => {}
                Err(error) if error.kind().is_transient() => {
                    if matches!(error.kind(), Kind::RateLimited | Kind::Unreachable) {
                        project.lock().archiving = false;
                    }
                    return Err(error);
                }
                Err(error) => {
                    tracing::error!(%error, project = project.title(), "could not archive; it is back");
                    self.forget_removals_of(&id).await?;
                    self.hide(&id, false).await?;
                }
            }
        }
        let _transition = project.commit.lock().await;
        let (row, past, changed) = {
            let mut state = self.recalled(project);
            if !state.archive {
                // It is to be restored by now, which the worker goes on with.
                return Ok(());
            }
            let past = self.archival(&state).filter(|_| archived);
            let before = state.content().map(|content| content.text);
            (state.archive, state.archiving) = (false, false);
            state.saved = None;
            state.intent = None;
            let changed = state.settle_version(before, self.clock.wall());
            (state.row.take(), past, changed)
        };
        self.changed(project, changed);
        self.journaled(move |journal| journal.conclude(row, past.as_ref())).await
    }

    /// Hides a project from listings, or shows it again, across remounts.
    pub(crate) async fn hide(&self, id: &ProjectId, hidden: bool) -> Result<()> {
        self.listings.set_archived(id, hidden);
        if let Some(project) = self.known(id) {
            self.emit(Event::Directory(Some(project.folder())));
        }
        let id = id.clone();
        self.journaled(move |journal| journal.set_archived(&id, hidden)).await
    }
}
