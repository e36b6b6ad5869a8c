//! Listings: which workspaces, folders and projects there are.
//!
//! A listing that failed changes nothing: absence is only ever concluded from a complete,
//! successful answer.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use serde::{Deserialize, Serialize};
use tokio::sync::Mutex as AsyncMutex;

use super::{
    cache::Cache,
    engine::{Engine, Event},
    interest::Interest,
    readers::Process,
    reading::{BELIEVED, REVALIDATION_WAIT, remaining},
};
use crate::{
    api::{Priority, RemoteProject, RemoteSpace},
    error::Result,
    ids::{ProjectId, SpaceId},
};

/// How far a listing can be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It was never read.
    Unknown,
    /// An earlier mount read it, and knew nothing newer.
    Recalled,
    /// It is older than `--max-age`.
    Old,
    /// It is young enough.
    Fresh,
}

/// What a directory is looked at for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// For what is in it now.
    At,
    /// For what is in it, by a program that walks through many: what is known is good enough.
    Along,
    /// For the way to somewhere else, on which what is known is good enough.
    Through,
}

/// What is in a directory, besides scratch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listed {
    /// Workspaces of the account, or folders of a workspace without its home folder.
    pub spaces: Vec<RemoteSpace>,
    /// Projects that are not archived.
    pub projects: Vec<RemoteProject>,
}

/// Which listing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Which {
    Workspaces,
    Folders(SpaceId),
    Projects(SpaceId),
    /// Not a listing, but kept like one: whether the space can be exported.
    Export(SpaceId),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Items {
    Spaces(Vec<RemoteSpace>),
    Projects(Vec<RemoteProject>),
    /// It cannot, until then.
    Refused(SystemTime),
}

#[derive(Debug, Default)]
struct Slot {
    items: Option<Items>,
    read: Option<Instant>,
    /// Whether it is what an earlier mount knew: served at once, whatever its age.
    recalled: bool,
    interest: Interest,
    /// One request at a time: whoever comes meanwhile takes its answer.
    flight: Arc<AsyncMutex<()>>,
}

#[derive(Debug, Default)]
struct Known {
    slots: HashMap<Which, Slot>,
    archived: HashSet<ProjectId>,
    /// What was put together since the last change, by directory.
    assembled: HashMap<Option<SpaceId>, Arc<Listed>>,
}

/// The listings of one account, as last read.
#[derive(Debug)]
pub struct Listings {
    known: Mutex<Known>,
    cache: Arc<Cache>,
}

/// The workspaces that a mount knew last.
pub(super) fn cached_workspaces(cache: &Cache) -> BTreeSet<SpaceId> {
    let listings = cache.listings().into_iter();
    let workspaces = listings.filter_map(|(which, items)| {
        let which = serde_json::from_str(&which).ok()?;
        match (which, serde_json::from_str(&items).ok()?) {
            (Which::Workspaces, Items::Spaces(spaces)) => Some(spaces),
            _ => None,
        }
    });
    workspaces.flatten().map(|space| space.id).collect()
}

impl Listings {
    /// What an earlier mount knew, and the projects that are known to be archived.
    pub(crate) fn recalled(cache: Arc<Cache>, archived: Vec<ProjectId>) -> Self {
        let mut known = Known { archived: archived.into_iter().collect(), ..Known::default() };
        for (which, items) in cache.listings() {
            let parsed = (serde_json::from_str(&which), serde_json::from_str(&items));
            if let (Ok(which), Ok(items)) = parsed {
                let recalled = cache.is_complete();
                known.slots.insert(which, Slot { items: Some(items), recalled, ..Slot::default() });
            }
        }
        Self { known: Mutex::new(known), cache }
    }

    /// Adds a project that was just created, without asking for the listing again.
    pub(crate) fn add(&self, folder: &SpaceId, project: RemoteProject) {
        let mut known = self.lock();
        known.assembled.clear();
        if let Some(Slot { items: Some(Items::Projects(projects)), .. }) =
            known.slots.get_mut(&Which::Projects(folder.clone()))
            && projects.iter().all(|listed| listed.id != project.id)
        {
            projects.push(project);
        }
        self.keep(&known, &Which::Projects(folder.clone()));
    }

    /// Gives a project its new title, without asking for the listing again.
    pub(crate) fn retitle(&self, id: &ProjectId, title: &str) {
        self.change(id, |project| title.clone_into(&mut project.name));
    }

    /// Notes a project as archived or not: an answer may not say.
    pub(crate) fn set_archived(&self, id: &ProjectId, archived: bool) {
        self.change(id, |project| project.completed = Some(archived));
        let mut known = self.lock();
        if archived {
            known.archived.insert(id.clone());
        } else {
            known.archived.remove(id);
        }
    }

    fn change(&self, id: &ProjectId, change: impl Fn(&mut RemoteProject)) {
        let mut known = self.lock();
        known.assembled.clear();
        let mut changed = Vec::new();
        for (which, slot) in &mut known.slots {
            if let Some(Items::Projects(projects)) = &mut slot.items {
                for project in projects.iter_mut().filter(|project| project.id == *id) {
                    change(project);
                    changed.push(which.clone());
                }
            }
        }
        for which in changed {
            self.keep(&known, &which);
        }
    }

    /// The projects that a folder was last seen to have, archived ones included; `None` if it was
    /// never listed.
    fn project_ids(&self, folder: &SpaceId) -> Option<HashSet<ProjectId>> {
        match self.lock().items(&Which::Projects(folder.clone())) {
            Some(Items::Projects(projects)) => {
                Some(projects.iter().map(|project| project.id.clone()).collect())
            }
            _ => None,
        }
    }

    /// The projects that a folder was last seen to have, without archived ones.
    pub(super) fn projects_in(&self, folder: &SpaceId) -> Vec<RemoteProject> {
        let known = self.lock();
        match known.items(&Which::Projects(folder.clone())) {
            Some(Items::Projects(projects)) => {
                projects.iter().filter(|project| !known.is_archived(project)).cloned().collect()
            }
            _ => Vec::new(),
        }
    }

    /// Until when a space is not to be exported, since that was refused.
    pub(super) fn export_refused(&self, space: &SpaceId) -> Option<SystemTime> {
        match self.lock().items(&Which::Export(space.clone())) {
            Some(Items::Refused(until)) => Some(*until),
            _ => None,
        }
    }

    /// Remembers that a space cannot be exported, also for the next mount.
    pub(super) fn refuse_export(&self, space: &SpaceId, until: SystemTime) {
        let which = Which::Export(space.clone());
        let mut known = self.lock();
        known.slots.entry(which.clone()).or_default().items = Some(Items::Refused(until));
        self.keep(&known, &which);
    }

    /// What is known of a directory, put together; the same `Arc` until something changes.
    pub(crate) fn assemble(&self, directory: Option<&SpaceId>, is_workspace: bool) -> Arc<Listed> {
        let mut known = self.lock();
        let key = directory.cloned();
        if let Some(listed) = known.assembled.get(&key) {
            return listed.clone();
        }
        let mut listed = Listed::default();
        let spaces = match directory {
            None => Some(Which::Workspaces),
            Some(id) => is_workspace.then(|| Which::Folders(id.clone())),
        };
        if let Some(Items::Spaces(spaces)) = spaces.and_then(|which| known.items(&which)) {
            // The home folder has the id of the workspace: it is the workspace's directory.
            listed.spaces =
                spaces.iter().filter(|space| Some(&space.id) != directory).cloned().collect();
        }
        if let Some(id) = directory
            && let Some(Items::Projects(projects)) = known.items(&Which::Projects(id.clone()))
        {
            listed.projects =
                projects.iter().filter(|project| !known.is_archived(project)).cloned().collect();
        }
        let listed = Arc::new(listed);
        known.assembled.insert(key, listed.clone());
        listed
    }

    /// How far a listing can be served.
    fn standing(&self, which: &Which, now: Instant, max_age: Duration) -> Standing {
        let known = self.lock();
        let Some(slot) = known.slots.get(which).filter(|slot| slot.items.is_some()) else {
            return Standing::Unknown;
        };
        match slot.read {
            Some(read) if now.saturating_duration_since(read) <= max_age => Standing::Fresh,
            _ if slot.recalled => Standing::Recalled,
            _ => Standing::Old,
        }
    }

    /// For how long a listing is younger than `max_age`.
    fn remaining(&self, which: &Which, now: Instant, max_age: Duration) -> Duration {
        let read = self.lock().slots.get(which).and_then(|slot| slot.read);
        read.map_or(Duration::ZERO, |read| remaining(read, now, max_age))
    }

    /// Whether a listing is worth a request that nobody waits for.
    fn is_due(&self, which: &Which, now: Instant, max_age: Duration) -> bool {
        let known = self.lock();
        known.slots.get(which).is_some_and(|slot| slot.interest.is_due(slot.read, now, max_age))
    }

    fn note_failure(&self, which: &Which, now: Instant) {
        self.lock().slots.entry(which.clone()).or_default().interest.note_failure(now);
    }

    fn flight(&self, which: &Which) -> Arc<AsyncMutex<()>> {
        self.lock().slots.entry(which.clone()).or_default().flight.clone()
    }

    /// Installs an answer. Whether it differs from what was known.
    fn install(&self, which: &Which, items: Items, read: Instant) -> bool {
        let mut known = self.lock();
        let slot = known.slots.entry(which.clone()).or_default();
        slot.read = Some(read);
        slot.recalled = false;
        let first = slot.items.is_none();
        let is_new = slot.items.as_ref() != Some(&items);
        if !first {
            slot.interest.note_answer(is_new);
        }
        if !is_new {
            return false;
        }
        slot.items = Some(items);
        known.assembled.clear();
        self.keep(&known, which);
        !first
    }

    /// Keeps a listing for the next mount.
    fn keep(&self, known: &Known, which: &Which) {
        let Some(items) = known.items(which) else { return };
        if let (Ok(which), Ok(items)) = (serde_json::to_string(which), serde_json::to_string(items))
        {
            self.cache.keep_listing(which, items);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn is_archived(&self, project: &RemoteProject) -> bool {
        project.completed.unwrap_or_else(|| self.archived.contains(&project.id))
    }

    fn items(&self, which: &Which) -> Option<&Items> {
        self.slots.get(which)?.items.as_ref()
    }
}

impl Engine {
    /// The workspaces of the account.
    ///
    /// # Errors
    /// As [`Backend::workspaces`](crate::api::Backend::workspaces), and only if they were never
    /// listed.
    pub async fn workspaces(self: &Arc<Self>, look: Look) -> Result<Arc<Listed>> {
        self.ensure(&Which::Workspaces, look).await?;
        Ok(self.listings.assemble(None, false))
    }

    /// The projects of a folder, and the folders of a workspace.
    ///
    /// # Errors
    /// As the [`Backend`](crate::api::Backend)'s listings, and only for what was never listed.
    pub async fn space(
        self: &Arc<Self>,
        id: &SpaceId,
        is_workspace: bool,
        look: Look,
    ) -> Result<Arc<Listed>> {
        let (projects, folders) = (Which::Projects(id.clone()), Which::Folders(id.clone()));
        match (is_workspace, look) {
            (false, _) => self.ensure(&projects, look).await?,
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
            (Standing::Recalled | Standing::Old, Look::At) => Priority::Foreground,
        };
        let (engine, asked) = (self.clone(), which.clone());
        let refresh = tokio::spawn(async move {
            if let Err(error) = engine.relist(&asked, priority).await {
                tracing::warn!(%error, "serving an older listing");
                engine.listings.note_failure(&asked, engine.clock.now());
            }
        });
        if (standing, look) == (Standing::Old, Look::At) {
            tokio::select! {
                _ = refresh => {}
                () = self.clock.sleep(REVALIDATION_WAIT) => {}
            }
        }
        Ok(())
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
