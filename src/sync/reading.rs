//! Reading projects: what is young enough is served as it is, what is older is asked for with a
//! bounded wait, what was never read is waited for.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant, SystemTime},
};

use super::{
    cache::{CachedProject, Reading},
    engine::Engine,
    project::{Content, Project, Snapshot, State},
    relocation::Place,
    served::Process,
};
use crate::{
    api::{Priority, RemoteTask},
    error::{Error, Kind, Result},
    ids::ProjectId,
    plan::{Key, Listing, OnlyRoot, Outline},
};

/// How long a reader waits for the revalidation of what it could be served at once.
pub(crate) const REVALIDATION_WAIT: Duration = Duration::from_millis(500);

/// How long the kernel may believe names and attributes that do not age: every change that does not
/// come through it is told to it.
pub const BELIEVED: Duration = Duration::from_secs(1);

/// How long after it was opened a project is taken to be in somebody's editor.
const WATCHED: Duration = Duration::from_secs(600);

impl Engine {
    /// What a program that opens the project gets, if it may be one that walks through many.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn read_for(
        self: &Arc<Self>,
        project: &Arc<Project>,
        process: Option<Process>,
    ) -> Result<Content> {
        let now = self.clock.now();
        if let Some(process) = process {
            self.transfers.opens(process, project.serial, now);
        }
        let walks = process.is_some_and(|process| self.scans.opens(process, project.serial, now));
        // Without any age to be served at, everybody looks.
        if walks
            && !self.settings.max_age.is_zero()
            && let Some(content) = self.content(project)
        {
            if project.lock().is_due(now, self.settings.max_age) {
                self.refresh_aside(project);
            }
            return Ok(content);
        }
        self.serve(project, process).await
    }

    /// What a program that opens the project gets.
    ///
    /// # Errors
    /// As [`Client::tasks`](crate::api::Client::tasks), and only if the project was never read.
    pub async fn read(self: &Arc<Self>, project: &Arc<Project>) -> Result<Content> {
        self.serve(project, None).await
    }

    /// As [`read`](Self::read), for a program that may go on to others.
    async fn serve(
        self: &Arc<Self>,
        project: &Arc<Project>,
        process: Option<Process>,
    ) -> Result<Content> {
        let now = self.clock.now();
        let (content, settled, recalled) = {
            let mut state = self.recalled(project);
            let settled = !state.shows_remote() || state.is_fresh(now, self.settings.max_age);
            (state.lend_content(), settled, state.recalled)
        };
        match content {
            Some(content) if settled => Ok(content),
            Some(content) if recalled => {
                self.refresh_aside(project);
                Ok(content)
            }
            Some(stale) => {
                self.revalidate(project).await;
                Ok(self.content(project).unwrap_or(stale))
            }
            None => {
                if !self.hydrate(project).await {
                    self.read_ahead(project, process);
                    self.refresh(project, Priority::Foreground).await?;
                }
                self.content(project).ok_or_else(|| Error::new(Kind::Protocol, "nothing was read"))
            }
        }
    }

    /// What a program that only looks at the project's size and time gets: the project is read
    /// if it never was. If it is [due](State::is_due) and somebody opened it lately, it is asked
    /// for again, and nobody waits for that.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn glance(
        self: &Arc<Self>,
        project: &Arc<Project>,
        process: Option<Process>,
    ) -> Result<()> {
        if !project.is_known() {
            self.recall(project);
        }
        let now = self.clock.now();
        let watched = {
            let state = project.lock();
            if !state.is_known() {
                None
            } else {
                let lately = |opened| now.saturating_duration_since(opened) <= WATCHED;
                Some(state.opened.is_some_and(lately) && state.is_due(now, self.settings.max_age))
            }
        };
        match watched {
            None => self.serve(project, process).await.map(drop),
            Some(false) => Ok(()),
            Some(true) => {
                self.refresh_aside(project);
                Ok(())
            }
        }
    }

    /// How long what a reader gets is sure to stay as it is, unless the kernel is told: until
    /// opening it asks again, however late a look would.
    pub fn believed(&self, project: &Project) -> Duration {
        let now = self.clock.now();
        let state = project.lock();
        if !state.shows_remote() {
            return BELIEVED;
        }
        state.read().map_or(Duration::ZERO, |read| remaining(read, now, self.settings.max_age))
    }

    /// Takes over what an earlier mount knew of a project, if this one knows nothing yet, or what
    /// was let go of to save memory.
    pub(crate) fn recall(&self, project: &Project) {
        // Locked all along: whatever the cache gives is not to be changed and let go of meanwhile.
        let mut state = project.lock();
        let Some(id) = state.id.clone().filter(|_| state.snapshot.is_none()) else { return };
        let cached = self.cache.project(&id).map(|cached| {
            let Reading { outline, title } = cached.reading;
            let text = project.render(&outline);
            // Not trusted before it is read again: a crash may have kept something newer out of it.
            (Snapshot { outline, text, title, read: None }, cached.modified)
        });
        if let Some(evicted) = state.evicted.take() {
            self.take_back(project, &mut state, evicted, cached.map(|(snapshot, _)| snapshot));
        } else if let Some((snapshot, modified)) = cached {
            self.take_over_cached(&id, &mut state, snapshot, modified);
        }
        drop(state);
        self.note_resident(project);
    }

    fn take_over_cached(
        &self,
        id: &ProjectId,
        state: &mut State,
        snapshot: Snapshot,
        modified: SystemTime,
    ) {
        let before = state.content().map(|content| content.text);
        let mut snapshot = snapshot;
        if !self.cache.is_complete() {
            // That there was nothing may have changed since: a crash kept it out of the cache.
            let mut outline = Outline::clone(&snapshot.outline);
            outline.items.iter_mut().for_each(|item| item.details = item.details.present());
            snapshot.outline = Arc::new(outline);
        }
        let outline = snapshot.outline.clone();
        state.snapshot = Some(snapshot);
        state.recalled = self.cache.is_complete();
        state.uncertain = !state.recalled;
        state.modified = modified;
        let served = self.cache.served(id);
        if let Some(served) = served.filter(|_| state.saved.is_none() && state.refused.is_none()) {
            let same = served == *outline;
            state.bases.recall(if same { outline } else { Arc::new(served) });
        }
        state.settle_version(before, modified);
    }

    /// Notes what a program was served, so that its save is compared with that, also if it comes
    /// after a remount.
    pub fn note_served(&self, project: &Project, content: &Content) {
        // Tasks without an id are known by their numbers in this mount only. Until they have one
        // the journal has the save that made them.
        let is_noted = project.lock().served == Some(content.version);
        if is_noted || !is_lasting(&content.outline) {
            return;
        }
        let id = {
            let mut state = project.lock();
            state.served = Some(content.version);
            state.id.clone()
        };
        if let Some(id) = id {
            self.cache.keep_served(&id, &content.outline);
        }
    }

    /// Sets the time of last change of a project, as a program asks. It stays until the content
    /// changes.
    pub fn set_modified(&self, project: &Project, time: SystemTime) {
        self.recall(project);
        project.set_modified(time, self.clock.wall());
        self.keep(project);
    }

    /// Keeps what is known of a project for the next mount.
    pub(crate) fn keep(&self, project: &Project) {
        let kept = {
            let state = project.lock();
            let reading = state.snapshot.as_ref().map(|known| Reading {
                outline: known.outline.clone(),
                title: known.title.clone(),
            });
            let reading = reading.filter(|reading| is_lasting(&reading.outline));
            state
                .id
                .clone()
                .zip(reading)
                .map(|(id, reading)| (id, CachedProject { modified: state.modified, reading }))
        };
        if let Some((id, kept)) = kept {
            self.cache.keep_project(&id, kept);
        }
    }

    /// Asks for a newer state, and waits for it, but not for long. A failure leaves what is
    /// known as it is.
    async fn revalidate(self: &Arc<Self>, project: &Arc<Project>) {
        // A request that waits for the next window would keep a save from the project until then,
        // which may use what is left of this one.
        if self.budget().is_some_and(|budget| budget.is_kept) {
            return;
        }
        if self.gone().is_some() {
            self.backend.hurry();
            self.refresh_aside(project);
            return;
        }
        let (engine, asked) = (self.clone(), project.clone());
        let refresh = tokio::spawn(async move {
            if let Err(error) = engine.refresh(&asked, Priority::Foreground).await {
                tracing::warn!(%error, project = asked.title(), "serving what was read before");
            }
        });
        tokio::select! {
            _ = refresh => {}
            () = self.departure() => {}
            () = self.clock.sleep(REVALIDATION_WAIT) => {}
        }
    }

    /// Reads the project from the service, unless someone else just did.
    pub(crate) async fn refresh(&self, project: &Project, priority: Priority) -> Result<()> {
        let _conversation = match project.remote.try_lock() {
            Ok(conversation) => conversation,
            // A save, or another reader, is at it: not worth waiting for while nothing gets through.
            Err(_) => tokio::select! {
                biased;
                conversation = project.remote.lock() => conversation,
                () = self.departure() => {
                    self.backend.hurry();
                    return self.unreachable().map_or(Ok(()), Err);
                }
            },
        };
        if project.lock().is_fresh(self.clock.now(), self.settings.max_age) {
            return Ok(());
        }
        self.fetch(project, priority).await
    }

    /// What the only root of a listing is: see [`OnlyRoot`]. The service is asked for the name
    /// that the project has now if nothing that is known tells.
    pub(super) async fn only_root(
        &self,
        project: &Project,
        id: &ProjectId,
        title: &str,
        tasks: &[RemoteTask],
        priority: Priority,
    ) -> Result<OnlyRoot> {
        let Some(first) = tasks.first() else { return Ok(OnlyRoot::IsTitle) };
        if !OnlyRoot::matters(tasks, title) {
            let is_told = first.parent.is_none() && first.text == title && tasks.len() > 1;
            let below = |task: &RemoteTask| task.parent.as_ref() == Some(&first.id);
            if is_told && tasks.iter().any(below) {
                self.note_titles_listed().await;
            }
            return Ok(OnlyRoot::IsTitle);
        }
        let known = self.recalled(project).snapshot.as_ref().and_then(|known| known.title.clone());
        if known.as_ref() == Some(&first.id) || self.titles_are_listed.load(Ordering::Relaxed) {
            return Ok(OnlyRoot::IsTitle);
        }
        let now = self.backend.project(priority, id).await?.name;
        let is_title = !OnlyRoot::matters(tasks, &now);
        Ok(if is_title { OnlyRoot::IsTitle } else { OnlyRoot::IsTask })
    }

    /// Reads the project from the service. The caller holds `project.remote`.
    pub(crate) async fn fetch(&self, project: &Project, priority: Priority) -> Result<()> {
        let (id, title) = {
            let state = project.lock();
            (state.id.clone(), Place::remote(&state).title)
        };
        let id = id.ok_or_else(|| Error::new(Kind::NotFound, "the project is not created yet"))?;
        let asked = self.clock.now();
        let tasks = self
            .backend
            .tasks(priority, &id)
            .await
            .map_err(|error| error.at(format!("{title}.md")))?;
        let only_root = self.only_root(project, &id, &title, &tasks, priority).await?;
        self.take_in(project, Outline::from_listing(&tasks, &title, only_root), asked);
        Ok(())
    }

    /// Installs what was read of a project, which was asked for then, and tells and keeps it. The
    /// caller holds `project.remote`.
    pub(super) fn take_in(&self, project: &Project, listing: Listing, asked: Instant) {
        // What is there is compared with what comes, and knows what no listing tells.
        let before = self.recalled(project).snapshot.as_ref().map(|known| known.outline.clone());
        let mut outline = listing.outline;
        before.iter().for_each(|known| outline.inherit(known));
        let changed = project.install(outline, Some(asked), self.clock.wall());
        {
            let mut state = project.lock();
            let after = state.snapshot.as_ref().map(|known| &known.outline);
            if let (Some(before), Some(after)) = (before, after) {
                let is_new = before != *after;
                state.interest.note_answer(is_new);
            }
            state.recalled = false;
            if let Some(after) = state.snapshot.as_ref().map(|known| known.outline.clone()) {
                state.normalised.read(&after);
                self.log_names(&mut state);
            }
            if let Some(snapshot) = state.snapshot.as_mut() {
                snapshot.title = listing.title.map(|node| node.id);
            }
        }
        self.keep(project);
        self.note_resident(project);
        self.changed(project, changed);
    }
}

/// For how long what was read then is still younger than `max_age`.
pub(super) fn remaining(read: Instant, now: Instant, max_age: Duration) -> Duration {
    max_age.saturating_sub(now.saturating_duration_since(read))
}

/// Whether every task has an id, which the next mount knows it by.
fn is_lasting(outline: &Outline) -> bool {
    outline.items.iter().all(|item| matches!(item.key, Key::Known(_)))
}
