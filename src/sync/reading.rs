//! Reading projects: what is young enough is served as it is, what is older is asked for with a
//! bounded wait, what was never read is waited for.

use std::{sync::Arc, time::Duration};

use super::{
    engine::Engine,
    project::{Content, Project},
};
use crate::{
    api::Priority,
    error::{Error, Kind, Result},
    plan::Outline,
};

/// How long a reader waits for the revalidation of what it could be served at once.
pub(crate) const REVALIDATION_WAIT: Duration = Duration::from_millis(500);

/// How long after it was opened a project is taken to be in somebody's editor.
const WATCHED: Duration = Duration::from_secs(600);

impl Engine {
    /// What a program that opens the project gets.
    ///
    /// # Errors
    /// As [`Backend::tasks`](crate::api::Backend::tasks), and only if the project was never read.
    pub async fn read(self: &Arc<Self>, project: &Arc<Project>) -> Result<Content> {
        let now = self.clock.now();
        let (content, settled) = {
            let state = project.lock();
            let settled = !state.shows_remote() || state.is_fresh(now, self.settings.max_age);
            (state.content(), settled)
        };
        match content {
            Some(content) if settled => Ok(content),
            Some(stale) => {
                self.revalidate(project).await;
                Ok(project.content().unwrap_or(stale))
            }
            None => {
                self.refresh(project, Priority::Foreground).await?;
                project.content().ok_or_else(|| Error::new(Kind::Protocol, "nothing was read"))
            }
        }
    }

    /// What a program that only looks at the project's size and time gets: the project is read
    /// if it never was. If it is old and somebody opened it lately, it is asked for again, and
    /// nobody waits for that.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn glance(self: &Arc<Self>, project: &Arc<Project>) -> Result<()> {
        let now = self.clock.now();
        let watched = {
            let state = project.lock();
            if state.content().is_none() {
                None
            } else {
                let lately = |opened| now.saturating_duration_since(opened) <= WATCHED;
                let settled = !state.shows_remote() || state.is_fresh(now, self.settings.max_age);
                Some(!settled && state.opened.is_some_and(lately))
            }
        };
        match watched {
            None => self.read(project).await.map(drop),
            Some(false) => Ok(()),
            Some(true) => {
                let (engine, asked) = (self.clone(), project.clone());
                tokio::spawn(async move {
                    if let Err(error) = engine.refresh(&asked, Priority::Background).await {
                        tracing::debug!(%error, project = asked.title(), "not refreshed");
                    }
                });
                Ok(())
            }
        }
    }

    /// Asks for a newer state, and waits for it, but not for long. A failure leaves what is
    /// known as it is.
    async fn revalidate(self: &Arc<Self>, project: &Arc<Project>) {
        let (engine, asked) = (self.clone(), project.clone());
        let refresh = tokio::spawn(async move {
            if let Err(error) = engine.refresh(&asked, Priority::Foreground).await {
                tracing::warn!(%error, project = asked.title(), "serving what was read before");
            }
        });
        tokio::select! {
            _ = refresh => {}
            () = self.clock.sleep(REVALIDATION_WAIT) => {}
        }
    }

    /// Reads the project from the service, unless someone else just did.
    pub(crate) async fn refresh(&self, project: &Project, priority: Priority) -> Result<()> {
        let _conversation = project.remote.lock().await;
        if project.lock().is_fresh(self.clock.now(), self.settings.max_age) {
            return Ok(());
        }
        self.fetch(project, priority).await
    }

    /// Reads the project from the service. The caller holds `project.remote`.
    pub(crate) async fn fetch(&self, project: &Project, priority: Priority) -> Result<()> {
        let (id, title) = {
            let state = project.lock();
            (state.id.clone(), state.title.clone())
        };
        let id = id.ok_or_else(|| Error::new(Kind::NotFound, "the project is not created yet"))?;
        let asked = self.clock.now();
        let tasks = self
            .backend
            .tasks(priority, &id)
            .await
            .map_err(|error| error.at(format!("{title}.md")))?;
        let listing = Outline::from_listing(&tasks, &title);
        let changed = project.install(listing.outline, Some(asked), self.clock.wall());
        if let Some(snapshot) = project.lock().snapshot.as_mut() {
            snapshot.title = listing.title.map(|node| node.id);
        }
        self.changed(project, changed);
        Ok(())
    }
}
