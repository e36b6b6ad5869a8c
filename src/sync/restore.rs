//! Restoring: what it comes to that the file of a removed project is back.
//!
//! A restoration is part of the project's intent, journaled before it is promised and sent before
//! anything else of it. An archival that was not sent yet is taken back without a request.

use std::sync::Arc;

use super::{
    engine::Engine,
    intent::Intent,
    past::{Deed, Past},
    project::{Content, Project},
    removals::Removal,
    save::{self, Change},
    served::Seen,
};
use crate::{
    api::Priority,
    error::{Error, Kind, Result},
    plan::{self, Outline, Wanted},
};

/// What a restoration comes to.
enum Planned {
    /// The archival was never sent. Whether nothing of the project waits any more.
    Recalled {
        is_idle: bool,
    },
    Asked(Content, Box<Intent>),
}

impl Engine {
    /// Has an archived project restored. When this returns it is journaled; the worker is to be
    /// started. Which save it is. It undoes this deed, if it is an undo.
    ///
    /// # Errors
    /// What reading the project failed with if it was never read, or [`Kind::Storage`].
    pub(crate) async fn restore(
        self: &Arc<Self>,
        project: &Arc<Project>,
        undoes: Option<i64>,
    ) -> Result<u64> {
        let Some(id) = project.id() else {
            return Err(Error::new(Kind::NotFound, "the project was never created"));
        };
        if self.content(project).is_none() {
            let _conversation = project.remote.lock().await;
            self.fetch(project, Priority::Save).await?;
        }
        let _transition = project.commit.lock().await;
        let planned = {
            let mut state = self.recalled(project);
            let was_sent = state.archiving;
            if std::mem::take(&mut state.archive) && !was_sent {
                Planned::Recalled { is_idle: state.intent.is_none() }
            } else {
                let content = state.content();
                let content =
                    content.ok_or_else(|| Error::new(Kind::Protocol, "nothing was read"))?;
                let known = state.snapshot.as_ref().map(|known| (*known.outline).clone());
                let known = known.unwrap_or_default();
                let intent = state.intent.clone();
                let mut intent = intent.unwrap_or_else(|| Intent::new(known.clone(), known));
                (intent.restores, intent.undoes) = (true, undoes.or(intent.undoes));
                Planned::Asked(content, Box::new(intent))
            }
        };
        let generation = match planned {
            Planned::Asked(Content { outline, .. }, intent) => {
                let change = Change { intent: *intent, overridden: Vec::new() };
                let seen = Seen::Surely(outline.clone());
                self.commit(project, None, &seen, &outline, change).await?
            }
            Planned::Recalled { is_idle: true } => {
                let row = project.lock().row.take();
                self.journaled(move |journal| journal.conclude(row, None)).await?;
                0
            }
            Planned::Recalled { is_idle: false } => {
                let entry = self.journal_entry(&self.recalled(project));
                self.note(project, entry).await?;
                project.lock().generation
            }
        };
        self.forget_removals_of(&id).await?;
        self.hide(&id, false).await?;
        Ok(generation)
    }

    /// Sends what the project waits to have sent.
    pub(crate) fn go_on(self: &Arc<Self>, project: &Arc<Project>) {
        let waits = {
            let state = project.lock();
            let refused = state.saved.as_ref().is_some_and(|saved| saved.refused.is_some());
            state.intent.is_some() && !refused
        };
        if waits {
            self.start_worker(project);
        }
    }

    /// The tasks that a removed file showed, if they were known.
    ///
    /// # Errors
    /// [`Kind::Storage`] if the journal cannot be read.
    pub(crate) async fn removed_outline(&self, row: i64) -> Result<Option<Outline>> {
        self.journaled(move |journal| journal.removed_outline(row)).await
    }

    /// Restores the project if that was asked for. Whether it was. The caller holds
    /// `project.remote`.
    pub(crate) async fn restore_if_wanted(&self, project: &Project) -> Result<bool> {
        let id = {
            let state = project.lock();
            let wanted = state.intent.as_ref().is_some_and(|intent| intent.restores);
            state.id.clone().filter(|_| wanted)
        };
        let Some(id) = id else { return Ok(false) };
        match self.backend.restore_project(&id).await {
            Ok(()) => {}
            // An earlier request whose answer was lost, or somebody else, has done it.
            Err(error) if error.kind() == Kind::Refused => {
                if self.backend.project(Priority::Save, &id).await?.completed != Some(false) {
                    return Err(error);
                }
            }
            Err(error) => return Err(error),
        }
        self.hide(&id, false).await?;
        let _transition = project.commit.lock().await;
        let (entry, past) = {
            let mut state = self.recalled(project);
            let restored = self.restoration(&state);
            let intent = state.intent.as_mut();
            let undoes = intent.and_then(|intent| {
                intent.restores = false;
                intent.undoes.take()
            });
            let past = restored.map(|past| Past { undoes, ..past });
            (self.journal_entry(&state), past)
        };
        self.note(project, entry).await?;
        self.journaled(move |journal| journal.conclude(None, past.as_ref())).await?;
        Ok(true)
    }

    /// That a project was restored.
    fn restoration(&self, state: &super::project::State) -> Option<Past> {
        let known = state.snapshot.as_ref().map(|known| (*known.outline).clone());
        let known = known.unwrap_or_default();
        self.past(state, state.id.as_ref()?, Deed::Restored, known.clone(), known)
    }

    /// Whether a text is, however edited, the tasks of an outline.
    pub(crate) fn is_text_of(&self, title: &str, outline: &Outline, text: &[u8]) -> bool {
        let lines = save::parse(text, title, outline, self.settings.ids).unwrap_or_default();
        let wanted: Vec<Wanted> = lines.iter().map(save::wanted).collect();
        plan::resembles(outline, &wanted)
    }

    /// The project of a removal that is archived, and that a file of this text is again: the text
    /// is of its tasks, or it has none.
    ///
    /// # Errors
    /// What reading the project failed with if it was never read.
    pub(crate) async fn removed_as(
        self: &Arc<Self>,
        removal: &Removal,
        text: &[u8],
    ) -> Result<Option<Arc<Project>>> {
        let Some(id) = removal.project.as_ref() else { return Ok(None) };
        let project = self.project(id, &removal.folder, &removal.title);
        if !self.listings.is_archived(id) && !project.lock().archive {
            return Ok(None);
        }
        let known = match self.removed_outline(removal.row).await? {
            Some(known) => Arc::new(known),
            None => {
                let _conversation = project.remote.lock().await;
                self.fetch(&project, Priority::Foreground).await?;
                self.content(&project).map(|content| content.outline).unwrap_or_default()
            }
        };
        let is_it = known.items.is_empty() || self.is_text_of(&removal.title, &known, text);
        Ok(is_it.then_some(project))
    }
}
