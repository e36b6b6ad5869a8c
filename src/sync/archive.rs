//! Archiving: what removing a project's file comes to. v1 cannot delete a project.

use std::sync::Arc;

use super::{
    engine::{Engine, Event},
    intent::Intent,
    project::{Project, Standing},
};
use crate::{
    error::{Kind, Result},
    ids::ProjectId,
};

impl Engine {
    /// Archives a project once its saves are through. One that was refused is history then.
    /// Journaled: a crash does not forget it.
    ///
    /// # Errors
    /// If it cannot be journaled.
    pub async fn archive(self: &Arc<Self>, project: &Arc<Project>) -> Result<()> {
        if matches!(project.standing(), Standing::Rejected(_)) {
            self.make_history(project).await?;
        }
        let transition = project.commit.lock().await;
        let entry = {
            let mut state = self.recalled(project);
            if state.id.is_none() && state.creating.is_none() && !state.working {
                // Taskade never heard of it: there is nothing to archive and nothing to create.
                return Ok(());
            }
            state.archive = true;
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
            let state = project.lock();
            if !state.archive {
                return Ok(());
            }
            state.id.clone()
        };
        let mut archived = false;
        if let Some(id) = id {
            match self.backend.complete_project(&id).await {
                Ok(()) => {
                    archived = true;
                    self.hide(&id, true).await?;
                }
                // Gone already: nothing is left to be archived.
                Err(error) if error.kind() == Kind::NotFound => {}
                Err(error) if error.kind().is_transient() => return Err(error),
                Err(error) => {
                    tracing::error!(%error, project = project.title(), "could not archive; it is back");
                    self.hide(&id, false).await?;
                }
            }
        }
        let _transition = project.commit.lock().await;
        let (row, past, changed) = {
            let mut state = self.recalled(project);
            let past = self.archival(&state).filter(|_| archived);
            let before = state.content().map(|content| content.text);
            state.archive = false;
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
