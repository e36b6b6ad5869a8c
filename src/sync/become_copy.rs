//! Becoming a copy: the copy that was asked for is found, compared, and gone on with.
//!
//! From then on the project is the copy: what waits to be saved, what was refused, what programs
//! have read and what they write, its name and its history have the copy's ids. Others may change
//! the original until it is archived: what they did is done to the copy.

use std::{collections::HashMap, sync::Arc};

use super::{
    engine::{Engine, Event},
    intent::Intent,
    project::{Project, Snapshot, State},
    reidentified::Reidentified,
    relocation::{self, CopyRequest, Original, Place, Relocation},
};
use crate::{
    api::{Priority, RemoteProject, TaskResource},
    error::{Error, Kind, Result},
    ids::{ProjectId, TaskId},
    plan::{Details, Key, Listing, Outline, Title},
};

impl Engine {
    /// Asks for a copy, and notes whether it was made.
    pub(super) async fn ask_for_copy(
        &self,
        project: &Project,
        id: &ProjectId,
        to: &Place,
    ) -> Result<()> {
        match self.backend.copy_project(id, &to.folder, &to.title).await {
            Ok(copied) => {
                let made = |relocation: &mut Relocation| {
                    if let Some(copy) = relocation.copy.as_mut() {
                        (copy.is_made, copy.id) = (true, copied);
                    }
                };
                self.note_relocation(project, made).await
            }
            Err(error) => {
                if error.kind().is_certain() {
                    self.note_relocation(project, |relocation| relocation.copy = None).await?;
                }
                Err(error)
            }
        }
    }

    /// Finds the copy that was asked for, and goes on as it. If it was not made, it is asked for
    /// again.
    pub(super) async fn become_copy(
        self: &Arc<Self>,
        project: &Arc<Project>,
        id: &ProjectId,
        request: CopyRequest,
    ) -> Result<()> {
        let found = match &request.id {
            Some(copy) => {
                self.listings.show_at(copy, None);
                let listing = self.read_copy(project, copy, &request.to.title).await?;
                self.read_original(project).await?;
                Some((copy.clone(), listing))
            }
            None => {
                self.read_original(project).await?;
                self.find_copy(project, id, &request).await?
            }
        };
        let Some((copy, listing)) = found else {
            if request.is_made {
                let what = "Taskade says that it copied the project, but shows no copy";
                return Err(Error::new(Kind::Protocol, what));
            }
            return self.ask_for_copy(project, id, &request.to).await;
        };
        self.rebase(project).await?;
        let original = self.known_tasks_of(project);
        let is_refused = project.lock().is_refused();
        let keys = relocation::in_copy(&original, &request.tasks, &listing.outline);
        let is_same = relocation::same_tasks(&original, &listing.outline);
        let Some(keys) = keys.filter(|_| is_same || !is_refused) else {
            return Err(Error::new(Kind::Refused, "the copy differs from the original")
                .hint("both are kept; compare them and remove one"));
        };
        self.go_on_as(project, &request, copy, listing, keys).await
    }

    /// The tasks that a project is known to have.
    pub(super) fn known_tasks_of(&self, project: &Project) -> Outline {
        outline_of(&self.recalled(project))
    }

    /// Reads the original once more. One that is gone has left what was known of it.
    async fn read_original(&self, project: &Project) -> Result<()> {
        match self.fetch(project, Priority::Save).await {
            Err(error) if error.kind() == Kind::NotFound && project.is_known() => Ok(()),
            read => read,
        }
    }

    /// Reads a project that this one is, or may be, a copy of, or that is a copy of this one.
    pub(super) async fn read_copy(
        &self,
        project: &Project,
        copy: &ProjectId,
        title: &str,
    ) -> Result<Listing> {
        let tasks = self.backend.tasks(Priority::Save, copy).await?;
        let only_root = self.only_root(project, copy, title, &tasks, Priority::Save).await?;
        Ok(Outline::from_listing(&tasks, title, only_root))
    }

    /// Looks for a copy whose answer never came: of its title, not there before, and with the
    /// tasks that the original has, or was known to have. Anything else is somebody's.
    async fn find_copy(
        &self,
        project: &Project,
        id: &ProjectId,
        request: &CopyRequest,
    ) -> Result<Option<(ProjectId, Listing)>> {
        let CopyRequest { to, before, tasks, .. } = request;
        let listed = self.backend.projects(Priority::Save, &to.folder).await?;
        let original = self.known_tasks_of(project);
        let may_be = |entry: &&RemoteProject| {
            let is_new = !before.contains(&entry.id) && entry.id != *id;
            entry.name == to.title && entry.completed != Some(true) && is_new
        };
        for entry in listed.iter().filter(may_be) {
            let listing = self.read_copy(project, &entry.id, &to.title).await?;
            if relocation::in_copy(&original, tasks, &listing.outline).is_some() {
                return Ok(Some((entry.id.clone(), listing)));
            }
        }
        Ok(None)
    }

    /// The project is its copy from now on, durably: with its saves, its refused text, its name,
    /// its history, and with what programs have before their eyes.
    async fn go_on_as(
        self: &Arc<Self>,
        project: &Arc<Project>,
        request: &CopyRequest,
        copy: ProjectId,
        listing: Listing,
        keys: HashMap<Key, Key>,
    ) -> Result<()> {
        let lacking = self.lacking(project, &copy, &keys).await?;
        let transition = project.commit.lock().await;
        let (former, mut entry, renamed, outline) = {
            let mut state = self.recalled(project);
            let (Some(former), Some(intent)) = (state.id.clone(), state.intent.clone()) else {
                return Ok(());
            };
            let original = outline_of(&state);
            let is_whole = relocation::same_tasks(&original, &listing.outline);
            let mut outline = listing.outline;
            outline.inherit(&relocation::renamed(&original, &keys));
            for item in outline.items.iter_mut().filter(|_| !lacking.is_empty()) {
                item.details = item.details.in_one_line();
            }
            let first_new = state.reserve(intent.target.items.len());
            let (mut intent, renamed) = relocation::on_copy(&intent, &keys, &outline, first_new);
            if let Some(relocation) = intent.relocation.as_mut() {
                let (id, title) = (former.clone(), relocation.from.title.clone());
                let mut keys = keys.clone();
                keys.extend(renamed.iter().cloned());
                let keys = keys.into_iter().collect();
                let left = Original { id, title, tasks: original, keys, is_whole, is_fresh: true };
                relocation.originals.push(left);
                relocation.from = request.to.clone();
                relocation.copy = None;
                relocation.details = lacking;
            }
            (former, self.standing_entry(&state, &intent), renamed, outline)
        };
        let keys: HashMap<Key, Key> = renamed.iter().cloned().collect();
        entry.outline = relocation::renamed(&entry.outline, &keys);
        entry.project = Some(copy.clone());
        let intent = entry.intent.clone();
        let change = Reidentified {
            from: former.clone(),
            to: copy.clone(),
            folder: request.to.folder.clone(),
            keys,
        };
        // Before the journal names the copy: a mount that is killed in between has them by both.
        self.log_bases_of_copy(project, &copy, &renamed);
        let row = self.journaled(move |journal| journal.reidentify(&entry, &change)).await?;
        self.install_copy(project, &copy, intent, renamed, (outline, listing.title));
        project.lock().row = Some(row);
        self.identified_anew(project, &former, &copy);
        drop(transition);
        self.identify_refused(project).await;
        self.listings.show_as_listed(&copy);
        self.show_relocation(project);
        let Place { folder, title } = &request.to;
        let listed = RemoteProject { id: copy, name: title.clone(), completed: Some(false) };
        self.listings.add(folder, listed);
        self.emit(Event::Directory(Some(folder.clone())));
        Ok(())
    }

    /// What is known of the original's tasks beside their texts, by the copy's, if the copy has it
    /// not. Whether Taskade's copies have it is not documented: one detail is looked at.
    async fn lacking(
        &self,
        project: &Project,
        copy: &ProjectId,
        keys: &HashMap<Key, Key>,
    ) -> Result<Vec<(TaskId, Details)>> {
        let known: Vec<(TaskId, Details)> = self
            .known_tasks_of(project)
            .items
            .iter()
            .filter(|item| !item.details.is_unknown())
            .filter_map(|item| match keys.get(&item.key) {
                Some(Key::Known(task)) => Some((task.clone(), item.details.in_one_line())),
                _ => None,
            })
            .collect();
        let sample = known.iter().find_map(|(task, details)| {
            let any = TaskResource::DETAILS.into_iter().find(|any| details.has_any(*any))?;
            Some((task, any))
        });
        let Some((task, resource)) = sample else { return Ok(Vec::new()) };
        let told = self.ask_detail(Priority::Save, copy, task, resource).await?;
        Ok(if told.has_any(resource) { Vec::new() } else { known })
    }

    /// Takes over, in memory, that the project is a copy of what it was.
    fn install_copy(
        &self,
        project: &Project,
        copy: &ProjectId,
        intent: Intent,
        renamed: Vec<(Key, Key)>,
        (outline, title): (Outline, Option<Title>),
    ) {
        let (text, read) = (project.render(&outline), Some(self.clock.now()));
        let mut state = self.recalled(project);
        let before = state.content().map(|content| content.text);
        for (from, to) in renamed {
            state.note_alias(from, to);
        }
        state.id = Some(copy.clone());
        state.intent = Some(intent);
        let (outline, title) = (Arc::new(outline), title.map(|node| node.id));
        state.snapshot = Some(Snapshot { outline, text, title, read });
        state.assigned.clear();
        state.touched.clear();
        state.served = None;
        let changed = state.settle_version(before, self.clock.wall());
        drop(state);
        self.changed(project, changed);
    }
}

fn outline_of(state: &State) -> Outline {
    state.snapshot.as_ref().map(|known| (*known.outline).clone()).unwrap_or_default()
}
