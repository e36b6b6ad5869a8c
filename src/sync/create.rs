//! Creating a project: one request for its title and tasks, a reading, and the few edits that
//! the reading shows to be missing.
//!
//! How the service reads the Markdown of a new project is not documented beyond titles and
//! bullets, so what it made is read back and believed, and only the difference is sent.

use std::{collections::HashSet, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    engine::{Engine, Event},
    intent::Intent,
    project::Project,
    relocation::Place,
    wording::project_markdown,
};
use crate::{
    api::{Priority, RemoteProject},
    error::{Error, Kind, Result},
    ids::{ProjectId, SpaceId, TaskId},
    plan::{self, Details, Key, Outline, Wanted},
};

/// A request to create a project of which it is not known what it did: what it takes to find out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Creating {
    /// The projects that the folder had before. None of them was made by the request, whatever
    /// its title, and none may be taken for it: a save would write over it.
    before: HashSet<ProjectId>,
    /// The tasks that were asked for.
    sent: Outline,
}

/// How a project came to be.
enum Origin {
    /// The service said so.
    Answered,
    /// It was found, made by an earlier request with these tasks, and others may have been at it.
    Found(Outline),
}

impl Engine {
    /// Creates the project and turns its intent into one on what was created. The caller holds
    /// `project.remote`.
    pub(crate) async fn create(self: &Arc<Self>, project: &Arc<Project>) -> Result<()> {
        let (place, id, earlier) = {
            let state = project.lock();
            (Place::remote(&state), state.id.clone(), state.creating.clone())
        };
        if let (Some(_), Some(Creating { sent, .. })) = (id, &earlier) {
            return self.take_over(project, Origin::Found(sent.clone())).await;
        }
        let (id, place, origin) = match self.created_by(&place, earlier).await? {
            Some((id, sent)) => (id, place, Origin::Found(sent)),
            None => {
                let (id, place) = self.ask_for(project).await?;
                (id, place, Origin::Answered)
            }
        };
        self.note_created(project, &id).await?;
        self.show_relocation(project);
        let Place { folder, title } = place;
        let entry = RemoteProject { id, name: title, completed: Some(false) };
        self.listings.add(&folder, entry);
        self.emit(Event::Directory(Some(folder)));
        self.take_over(project, origin).await
    }

    /// The project that an earlier request made although its answer never came, with the tasks
    /// that it asked for.
    async fn created_by(
        &self,
        place: &Place,
        earlier: Option<Creating>,
    ) -> Result<Option<(ProjectId, Outline)>> {
        let Some(Creating { before, sent }) = earlier else { return Ok(None) };
        let found = self.find_created(&place.folder, &place.title, &before).await?;
        Ok(found.map(|id| (id, sent)))
    }

    /// Asks for the project where it is shown. Its id, and where it was made.
    async fn ask_for(&self, project: &Project) -> Result<(ProjectId, Place)> {
        let (place, sent) = loop {
            let place = Place::remote(&project.lock());
            let before = self.project_ids(&place.folder).await?;
            if let Some(sent) = self.note_asking(project, &place, before).await? {
                break (place, sent);
            }
        };
        let markdown = project_markdown(&place.title, &sent);
        match self.backend.create_project(&place.folder, &markdown).await {
            Ok(id) => Ok((id, place)),
            Err(error) => {
                if error.kind().is_certain() {
                    self.note_creating(project, None).await?;
                }
                Err(error)
            }
        }
    }

    /// Notes that a project is about to be created, unless it was renamed meanwhile. The tasks to
    /// create it with.
    async fn note_asking(
        &self,
        project: &Project,
        place: &Place,
        before: HashSet<ProjectId>,
    ) -> Result<Option<Outline>> {
        let _transition = project.commit.lock().await;
        let (entry, sent) = {
            let mut state = project.lock();
            if Place::remote(&state) != *place {
                return Ok(None);
            }
            let sent = state.intent.as_ref().map(|intent| intent.target.clone());
            let sent = sent.unwrap_or_default();
            state.creating = Some(Creating { before, sent: sent.clone() });
            (self.journal_entry(&state), sent)
        };
        self.note(project, entry).await?;
        Ok(Some(sent))
    }

    async fn note_creating(&self, project: &Project, creating: Option<Creating>) -> Result<()> {
        let _transition = project.commit.lock().await;
        let entry = {
            let mut state = project.lock();
            state.creating = creating;
            self.journal_entry(&state)
        };
        self.note(project, entry).await
    }

    /// Notes the id, and goes on knowing what was sent until what was made of it is known.
    async fn note_created(&self, project: &Arc<Project>, id: &ProjectId) -> Result<()> {
        let _transition = project.commit.lock().await;
        self.adopt(project, id);
        let entry = {
            let mut state = project.lock();
            if let Some(snapshot) = state.snapshot.as_mut() {
                snapshot.read = None;
            }
            self.journal_entry(&state)
        };
        self.identify_refused(project).await;
        self.note(project, entry).await
    }

    /// Reads what the service made of the request and aligns the intent with it.
    async fn take_over(&self, project: &Arc<Project>, origin: Origin) -> Result<()> {
        self.fetch(project, Priority::Save).await?;
        let _transition = project.commit.lock().await;
        let entry = {
            let mut state = project.lock();
            let read = state.snapshot.as_ref().map(|snapshot| snapshot.outline.clone());
            let read = read.ok_or_else(|| Error::new(Kind::Protocol, "nothing was read"))?;
            state.creating = None;
            let first_new = state.reserve(read.items.len());
            let Some(intent) = state.intent.as_mut() else { return Ok(()) };
            let (taken, ids) = match origin {
                Origin::Answered => made(&intent.target, &read),
                Origin::Found(sent) => found(&sent, &intent.target, &read, first_new),
            };
            let (moved, held) = (std::mem::take(&mut intent.moved), intent.held);
            let brought = std::mem::take(&mut intent.brought);
            let relocation = intent.relocation.take();
            let before = Outline::default();
            *intent = Intent { before, creates: true, moved, brought, held, relocation, ..taken };
            intent.note_ids(&ids);
            for (number, id) in &ids {
                state.note_created(*number, id);
            }
            self.log_names(&mut state);
            self.journal_entry(&state)
        };
        self.note(project, entry).await
    }

    /// The projects that a folder has, archived ones included, as far as it was ever listed; it is
    /// listed if it never was.
    pub(crate) async fn project_ids(&self, folder: &SpaceId) -> Result<HashSet<ProjectId>> {
        if let Some(ids) = self.listings.project_ids(folder) {
            return Ok(ids);
        }
        let listed = self.backend.projects(Priority::Save, folder).await?;
        Ok(listed.into_iter().map(|project| project.id).collect())
    }

    /// Looks for a project that a request made whose answer never came: one of its title that is
    /// not among those from before the request, and that nobody has archived.
    pub(crate) async fn find_created(
        &self,
        folder: &SpaceId,
        title: &str,
        before: &HashSet<ProjectId>,
    ) -> Result<Option<ProjectId>> {
        let listed = self.backend.projects(Priority::Save, folder).await?;
        let is_it = |entry: &RemoteProject| {
            entry.name == title && entry.completed != Some(true) && !before.contains(&entry.id)
        };
        Ok(listed.into_iter().find(is_it).map(|entry| entry.id))
    }
}

/// The intent on a project that nobody but this request has touched: whatever else the service
/// put there is not wanted.
fn made(wanted: &Outline, read: &Outline) -> (Intent, Vec<(u32, TaskId)>) {
    let (adopted, ids) = adopt(wanted, read);
    (Intent::new(without_details(read), adopted), ids)
}

/// The intent on a project that was found: what is there beyond what was sent is somebody's.
fn found(
    sent: &Outline,
    wanted: &Outline,
    read: &Outline,
    first_new: u32,
) -> (Intent, Vec<(u32, TaskId)>) {
    let (adopted, ids) = adopt(sent, read);
    // The request made the tasks alone.
    let base = without_details(&adopted.existing());
    let mut target = wanted.clone();
    for (number, id) in &ids {
        for item in target.items.iter_mut().filter(|item| item.key == Key::New(*number)) {
            item.key = Key::Known(id.clone());
        }
    }
    let mut intent = Intent::new(base, target);
    intent.rebase(read.clone(), first_new);
    (intent, ids)
}

/// The tasks as they are just after they were created.
fn without_details(created: &Outline) -> Outline {
    let mut created = created.clone();
    created.items.iter_mut().for_each(|item| item.details = Details::none());
    created
}

/// Gives the tasks of `wanted` the ids of the tasks that the service made for them.
fn adopt(wanted: &Outline, made: &Outline) -> (Outline, Vec<(u32, TaskId)>) {
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
