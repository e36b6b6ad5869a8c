//! Looking at directories: when a listing is asked for again, and who waits for that.

use std::{sync::Arc, time::Duration};

use super::{
    engine::{Engine, Event},
    listing::{Items, Listed, Standing, Which},
    reading::{BELIEVED, REVALIDATION_WAIT},
    served::Process,
};
use crate::{api::Priority, error::Result, ids::SpaceId};

/// What a directory is looked at for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// For what is in it now.
    At,
    /// For what is in it, by a program that walks through many: what is known is good enough.
    Along,
    /// For the way to somewhere else, on which what is known is good enough.
    Through,
    /// For a project in it that is about to be replaced: nothing less than what is in it now, as long
    /// as the service is there to tell.
    Onto,
}

impl Engine {
    /// The workspaces of the account.
    ///
    /// # Errors
    /// As [`Client::workspaces`](crate::api::Client::workspaces), and only if they were never
    /// listed.
    pub async fn workspaces(self: &Arc<Self>, look: Look) -> Result<Arc<Listed>> {
        self.ensure(&Which::Workspaces, look).await?;
        Ok(self.listings.assemble(None, false))
    }

    /// The projects of a folder, and the folders of a workspace.
    ///
    /// # Errors
    /// As the [`Client`](crate::api::Client)'s listings, and only for what was never listed.
    pub async fn space(
        self: &Arc<Self>,
        id: &SpaceId,
        is_workspace: bool,
        look: Look,
    ) -> Result<Arc<Listed>> {
        let (projects, folders) = (Which::Projects(id.clone()), Which::Folders(id.clone()));
        match (is_workspace, look) {
            (false, _) | (true, Look::Onto) => self.ensure(&projects, look).await?,
            // The way through a workspace leads to its folders.
            (true, Look::Through) => self.ensure(&folders, look).await?,
            (true, Look::At | Look::Along) => {
                let both = (self.ensure(&projects, look), self.ensure(&folders, look));
                tokio::try_join!(both.0, both.1)?;
            }
        }
        Ok(self.listings.assemble(Some(id), is_workspace))
    }

    /// How long the names in a directory may be believed; `None` is the root.
    pub fn names_believed(&self, directory: Option<&SpaceId>) -> Duration {
        let (now, max_age) = (self.clock.now(), self.settings.max_age);
        let which = directory.map_or(Which::Workspaces, |id| Which::Projects(id.clone()));
        self.listings.remaining(&which, now, max_age).max(BELIEVED)
    }

    /// What a program looks at a directory for that opens it, or looks a name up in it. Without any
    /// age to be served at, everybody looks at what is there now.
    pub fn looks(&self, process: Option<Process>, opens: Option<u64>) -> Look {
        let now = self.clock.now();
        let walks = process.is_some_and(|process| match opens {
            Some(number) => self.dir_scans.opens(process, number, now),
            None => self.dir_scans.walks(process, now),
        });
        let walks = walks || process.is_some_and(|process| self.scans.walks(process, now));
        if walks && !self.settings.max_age.is_zero() { Look::Along } else { Look::At }
    }

    /// Sees to it that a listing is known, and young or at least asked for.
    async fn ensure(self: &Arc<Self>, which: &Which, look: Look) -> Result<()> {
        let (now, max_age) = (self.clock.now(), self.settings.max_age);
        let standing = self.listings.standing(which, now, max_age);
        let priority = match (standing, look) {
            (Standing::Fresh, _) => return Ok(()),
            (Standing::Unknown, _) => return self.relist(which, Priority::Foreground).await,
            (_, Look::Along | Look::Through) if !self.listings.is_due(which, now, max_age) => {
                return Ok(());
            }
            (_, Look::Along | Look::Through) => Priority::Background,
            (Standing::Recalled | Standing::Old, Look::At | Look::Onto) => Priority::Foreground,
        };
        let (engine, asked) = (self.clone(), which.clone());
        let refresh = tokio::spawn(async move {
            if let Err(error) = engine.relist(&asked, priority).await {
                tracing::warn!(%error, "serving an older listing");
                engine.listings.note_failure(&asked, engine.clock.now());
            }
        });
        let wait = match (standing, look) {
            (Standing::Old, Look::At) => REVALIDATION_WAIT,
            (_, Look::Onto) => self.settings.read_timeout,
            _ => return Ok(()),
        };
        tokio::select! {
            _ = refresh => {}
            () = self.departure() => {}
            () = self.clock.sleep(wait) => {}
        }
        Ok(())
    }

    /// Lists the workspaces if they were never listed, by this mount or one before.
    ///
    /// # Errors
    /// As [`Client::workspaces`](crate::api::Client::workspaces).
    pub async fn first_look(&self) -> Result<()> {
        let (which, now) = (Which::Workspaces, self.clock.now());
        match self.listings.standing(&which, now, self.settings.max_age) {
            Standing::Unknown => self.relist(&which, Priority::Foreground).await,
            Standing::Recalled | Standing::Old | Standing::Fresh => Ok(()),
        }
    }

    /// Asks for a listing, unless someone else just did.
    async fn relist(&self, which: &Which, priority: Priority) -> Result<()> {
        let flight = self.listings.flight(which);
        let _flight = flight.lock().await;
        let asked = self.clock.now();
        let standing = self.listings.standing(which, asked, self.settings.max_age);
        if standing == Standing::Fresh {
            return Ok(());
        }
        let (items, directory) = match which {
            Which::Workspaces => (Items::Spaces(self.backend.workspaces(priority).await?), None),
            Which::Folders(id) => {
                (Items::Spaces(self.backend.folders(priority, id).await?), Some(id.clone()))
            }
            Which::Projects(id) => {
                (Items::Projects(self.backend.projects(priority, id).await?), Some(id.clone()))
            }
            // No listing: nobody asks for it here.
            Which::Export(_) => return Ok(()),
        };
        if self.listings.install(which, items, asked) {
            self.emit(Event::Directory(directory));
        }
        Ok(())
    }
}
