//! Giving a project another title or folder, which v1 of the API has no call for.
//!
//! The title node is tried first, and only what `GET /projects/{id}` then says is believed.
//! Where that changes nothing, and for another folder, the project is copied under the new title
//! and the old one archived; nothing is archived unless the copy is seen to be whole.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
};

use super::{
    engine::{Engine, Event},
    intent::Intent,
    project::Project,
    save::Change,
    served::Seen,
};
use crate::{
    api::{Priority, RemoteProject, TaskResource},
    error::{Error, Kind, Result},
    ids::{ProjectId, SpaceId, TaskId},
    plan::{Details, Key, Outline},
};

impl Engine {
    /// Renames or moves a project. The project that has the new name: the same one, or a copy.
    ///
    /// # Errors
    /// What Taskade refused it with; then nothing has changed but, at worst, a copy was made.
    pub async fn rename(
        self: &Arc<Self>,
        project: &Arc<Project>,
        folder: &SpaceId,
        title: &str,
    ) -> Result<Arc<Project>> {
        let _conversation = project.remote.lock().await;
        let Some(id) = project.id() else {
            return self.rename_unborn(project, folder, title).await;
        };
        if *folder == project.folder() && self.retitle(project, &id, title).await? {
            title.clone_into(&mut project.lock().title);
            self.listings.retitle(&id, title);
            self.emit(Event::Directory(Some(folder.clone())));
            return Ok(project.clone());
        }
        let copy = self.copy(project, &id, folder, title).await?;
        self.backend.complete_project(&id).await?;
        self.hide(&id, true).await?;
        Ok(copy)
    }

    async fn rename_unborn(
        &self,
        project: &Arc<Project>,
        folder: &SpaceId,
        title: &str,
    ) -> Result<Arc<Project>> {
        let _transition = project.commit.lock().await;
        let entry = {
            let mut state = project.lock();
            if state.creating.is_some() {
                return Err(Error::new(Kind::Os(libc::EBUSY), "the project is being created")
                    .hint("rename it once it is"));
            }
            title.clone_into(&mut state.title);
            state.folder = folder.clone();
            self.journal_entry(&state)
        };
        self.note(project, entry).await?;
        Ok(project.clone())
    }

    /// Tries the title node. Whether the project has the new title now.
    async fn retitle(&self, project: &Project, id: &ProjectId, title: &str) -> Result<bool> {
        if self.titles_are_fixed.load(Ordering::Relaxed) {
            return Ok(false);
        }
        if self.recalled(project).snapshot.is_none() {
            self.fetch(project, Priority::Save).await?;
        }
        let node = self.recalled(project).snapshot.as_ref().and_then(|known| known.title.clone());
        let Some(node) = node else { return Ok(false) };
        let content = self.settings.wording.content(title);
        match self.backend.update_task(id, &node, &content).await {
            Ok(_) => {
                let now = self.backend.project(Priority::Save, id).await?;
                let changed = now.name == title;
                if !changed {
                    self.titles_are_fixed.store(true, Ordering::Relaxed);
                }
                Ok(changed)
            }
            Err(error) if matches!(error.kind(), Kind::Refused | Kind::NotFound) => {
                self.titles_are_fixed.store(true, Ordering::Relaxed);
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    async fn copy(
        self: &Arc<Self>,
        project: &Project,
        id: &ProjectId,
        folder: &SpaceId,
        title: &str,
    ) -> Result<Arc<Project>> {
        self.fetch(project, Priority::Save).await?;
        let before = self.project_ids(folder).await?;
        let copied = match self.backend.copy_project(id, folder, title).await? {
            Some(copied) => copied,
            None => self.find_created(folder, title, &before).await?.ok_or_else(|| {
                Error::new(Kind::Protocol, "Taskade says that it copied, but shows no copy")
            })?,
        };
        let copy = self.project(&copied, folder, title);
        self.fetch(&copy, Priority::Save).await?;
        let (original, copied_text) = (self.outline(project), self.outline(&copy));
        if !same_tasks(&original, &copied_text) {
            return Err(Error::new(Kind::Protocol, "the copy differs from the original")
                .hint("both are kept; compare them and remove one"));
        }
        self.copy_details(&original, &copy, &copied).await?;
        let listed = RemoteProject { id: copied, name: title.to_owned(), completed: Some(false) };
        self.listings.add(folder, listed);
        self.emit(Event::Directory(Some(folder.clone())));
        Ok(copy)
    }

    /// Has a copy know, and have, what is known of the original's tasks beside their texts. Whether
    /// Taskade's copies have it is not documented: one detail is looked at, and if it is missing,
    /// all that are known are set. `original` and the copy have the same tasks.
    async fn copy_details(
        self: &Arc<Self>,
        original: &Outline,
        copy: &Arc<Project>,
        id: &ProjectId,
    ) -> Result<()> {
        let copied = self.outline(copy);
        let known: Vec<(TaskId, Details)> = (original.items.iter().zip(&copied.items))
            .filter(|(item, _)| !item.details.is_unknown())
            .filter_map(|(item, new)| match &new.key {
                Key::Known(task) => Some((task.clone(), item.details.clone())),
                Key::New(_) => None,
            })
            .collect();
        let sample = known.iter().find_map(|(task, details)| {
            let any = TaskResource::DETAILS.into_iter().find(|any| details.has_any(*any))?;
            Some((task, any))
        });
        if let Some((task, resource)) = sample {
            let told = self.ask_detail(Priority::Save, id, task, resource).await?;
            if !told.has_any(resource) {
                return self.set_details(copy, &copied, known).await;
            }
        }
        self.learn(copy, &known);
        Ok(())
    }

    /// Saves what is known of tasks that have nothing yet.
    async fn set_details(
        self: &Arc<Self>,
        copy: &Arc<Project>,
        copied: &Outline,
        known: Vec<(TaskId, Details)>,
    ) -> Result<()> {
        let mut base = copied.clone();
        base.items.iter_mut().for_each(|item| item.details = Details::none());
        let mut wanted = base.clone();
        for (task, details) in known {
            let key = Key::Known(task);
            let item = wanted.items.iter_mut().find(|item| item.key == key);
            item.into_iter()
                .for_each(|item| item.details = item.details.with(&details.in_one_line()));
        }
        let seen = Seen::Surely(Arc::new(base.clone()));
        let intent = Intent::new(base, wanted.clone());
        let change = Change { intent, overridden: Vec::new() };
        {
            let _transition = copy.commit.lock().await;
            self.commit(copy, None, &seen, &Arc::new(wanted), change).await?;
        }
        self.start_worker(copy);
        Ok(())
    }

    /// An outline of a project with the ids that its tasks have in a copy of it. What the copy does
    /// not have keeps its own.
    pub(crate) fn outline_in_copy(
        &self,
        outline: &Outline,
        original: &Project,
        copy: &Project,
    ) -> Arc<Outline> {
        let (original, copied) = (self.outline(original), self.outline(copy));
        let of_both = original.items.iter().zip(&copied.items);
        let keys: HashMap<&Key, &Key> = of_both.map(|(old, new)| (&old.key, &new.key)).collect();
        let mut outline = outline.clone();
        for item in &mut outline.items {
            if let Some(key) = keys.get(&item.key) {
                item.key = Key::clone(key);
            }
        }
        Arc::new(outline)
    }

    fn outline(&self, project: &Project) -> Arc<Outline> {
        let state = self.recalled(project);
        state.snapshot.as_ref().map(|known| known.outline.clone()).unwrap_or_default()
    }
}

/// Whether two outlines hold the same tasks, whatever their ids.
fn same_tasks(a: &Outline, b: &Outline) -> bool {
    let content = |outline: &Outline| -> Vec<(usize, String, bool)> {
        outline.items.iter().map(|item| (item.depth, item.text.clone(), item.done)).collect()
    };
    content(a) == content(b)
}
