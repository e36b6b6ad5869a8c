//! Creating a project: one request for its title and tasks, a reading, and the few edits that
//! the reading shows to be missing.
//!
//! How the service reads the Markdown of a new project is not documented beyond titles and
//! bullets, so what it made is read back and believed, and only the difference is sent.

use std::sync::Arc;

use super::{
    engine::{Engine, Event},
    intent::Intent,
    project::Project,
    wording::project_markdown,
};
use crate::{
    api::{Priority, RemoteProject},
    error::{Error, Kind, Result},
    ids::ProjectId,
    plan::{self, Key, Outline, Wanted},
};

impl Engine {
    /// Creates the project and turns its intent into one on what was created. The caller holds
    /// `project.remote`.
    pub(crate) async fn create(self: &Arc<Self>, project: &Arc<Project>) -> Result<()> {
        let (folder, title, was_sent, markdown) = {
            let state = project.lock();
            let target = state.intent.as_ref().map(|intent| &intent.target);
            let markdown = target.map(|target| project_markdown(&state.title, target));
            (
                state.folder.clone(),
                state.title.clone(),
                state.creating,
                markdown.unwrap_or_default(),
            )
        };
        // An earlier request may have been executed although its answer never came.
        let found = if was_sent { self.find_created(&folder, &title).await? } else { None };
        let id = match found {
            Some(id) => id,
            None => {
                self.note_creating(project, true).await?;
                match self.backend.create_project(&folder, &markdown).await {
                    Ok(id) => id,
                    Err(error) => {
                        if error.kind().is_certain() {
                            self.note_creating(project, false).await?;
                        }
                        return Err(error);
                    }
                }
            }
        };
        self.note_created(project, &id).await?;
        let entry = RemoteProject { id, name: title, completed: Some(false) };
        self.listings.add(&folder, entry);
        self.emit(Event::Directory(Some(folder)));
        self.take_over(project).await
    }

    async fn note_creating(&self, project: &Project, creating: bool) -> Result<()> {
        let _transition = project.commit.lock().await;
        let entry = {
            let mut state = project.lock();
            state.creating = creating;
            self.journal_entry(&state)
        };
        self.note(project, entry).await
    }

    async fn note_created(&self, project: &Arc<Project>, id: &ProjectId) -> Result<()> {
        let _transition = project.commit.lock().await;
        self.adopt(project, id);
        let entry = {
            let mut state = project.lock();
            state.creating = false;
            if let Some(snapshot) = state.snapshot.as_mut() {
                snapshot.read = None;
            }
            self.journal_entry(&state)
        };
        self.note(project, entry).await
    }

    /// Reads what the service made of the request and aligns the intent with it.
    async fn take_over(&self, project: &Arc<Project>) -> Result<()> {
        self.fetch(project, Priority::Save).await?;
        let _transition = project.commit.lock().await;
        let entry = {
            let mut state = project.lock();
            let read = state.snapshot.as_ref().map(|snapshot| snapshot.outline.clone());
            let read = read.ok_or_else(|| Error::new(Kind::Protocol, "nothing was read"))?;
            let Some(intent) = state.intent.as_mut() else { return Ok(()) };
            let (adopted, ids) = adopt(&intent.target, &read);
            *intent = Intent::new((*read).clone(), adopted);
            for (number, id) in &ids {
                state.note_created(*number, id);
            }
            self.journal_entry(&state)
        };
        self.note(project, entry).await
    }
}

/// Gives the tasks of `wanted` the ids of the tasks that the service made for them.
fn adopt(wanted: &Outline, made: &Outline) -> (Outline, Vec<(u32, crate::ids::TaskId)>) {
    let lines: Vec<Wanted> = wanted
        .items
        .iter()
        .map(|item| Wanted {
            depth: item.depth,
            text: item.text.clone(),
            done: item.done,
            anchor: None,
        })
        .collect();
    let aligned = plan::align(made, &lines, 0);
    let mut adopted = wanted.clone();
    let mut ids = Vec::new();
    for (item, found) in adopted.items.iter_mut().zip(aligned.items) {
        if let (Key::New(number), Key::Known(id)) = (&item.key, &found.key) {
            ids.push((*number, id.clone()));
            item.key = found.key;
        }
    }
    (adopted, ids)
}
