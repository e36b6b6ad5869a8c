//! Listings: which workspaces, folders and projects there are.
//!
//! A listing that failed changes nothing: absence is only ever concluded from a complete,
//! successful answer.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::Mutex as AsyncMutex;

use crate::{
    api::{RemoteProject, RemoteSpace},
    ids::{ProjectId, SpaceId},
    lock_order::{Ordered, OrderedGuard},
    replica::{freshness::remaining, relocation::Location},
    store::{cache::Cache, cache_age::Aged},
    sync::leaf::known_listings::{Agreement, Listed, ListingItems, ListingTable, Slot, Which},
};

/// How far a listing can be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListingStanding {
    /// It was never read.
    Unknown,
    /// An earlier mount read it, and knew nothing newer.
    FromCache,
    /// It is older than `--max-age`.
    Old,
    /// It is young enough, but it was an earlier mount that read it: enough to look, and not to decide
    /// where something goes.
    FreshFromCache,
    /// It is young enough.
    Fresh,
}

/// The listings of one account, as last read.
#[derive(Debug)]
pub struct Listings {
    known: Ordered<ListingTable>,
    cache: Arc<Cache>,
}

/// The workspaces that a mount knew last.
pub(crate) fn cached_workspaces(cache: &Cache) -> BTreeSet<SpaceId> {
    let listings = cache.listings().into_iter();
    let workspaces = listings.filter_map(|(which, items)| {
        let which = serde_json::from_str(&which).ok()?;
        match (which, serde_json::from_str(&items).ok()?) {
            (Which::Workspaces, ListingItems::Spaces(spaces)) => Some(spaces),
            _ => None,
        }
    });
    workspaces.flatten().map(|space| space.id).collect()
}

impl Listings {
    /// What an earlier mount knew, and the projects that are known to be archived.
    pub(crate) fn from_cache(cache: Arc<Cache>, archived: Vec<ProjectId>) -> Self {
        let mut known =
            ListingTable { archived: archived.into_iter().collect(), ..ListingTable::default() };
        for (which, items) in cache.listings() {
            let aged = Aged::listing(&which);
            let parsed = (serde_json::from_str(&which), serde_json::from_str(&items));
            if let (Ok(which), Ok(items)) = parsed {
                let (from_cache, read) = (cache.is_complete(), cache.read_time(&aged));
                let slot = Slot { items: Some(items), read, from_cache, ..Slot::default() };
                known.slots.insert(which, slot);
            }
        }
        Self { known: Ordered::leaf(known), cache }
    }

    /// Adds a project that was just created, without asking for the listing again.
    pub(crate) fn add(&self, folder: &SpaceId, project: RemoteProject) {
        let mut known = self.lock();
        known.assembled.clear();
        known.left.remove(&project.id);
        if let Some(Slot { items: Some(ListingItems::Projects(projects)), .. }) =
            known.slots.get_mut(&Which::Projects(folder.clone()))
            && projects.iter().all(|listed| listed.id != project.id)
        {
            projects.push(project);
        }
        self.keep(&known, &Which::Projects(folder.clone()));
    }

    /// Adds a workspace, or a folder to one, that was just made, without asking again.
    pub(crate) fn add_space(&self, workspace: Option<&SpaceId>, space: RemoteSpace) {
        let which = workspace.map_or(Which::Workspaces, |id| Which::Folders(id.clone()));
        let mut known = self.lock();
        known.assembled.clear();
        if let Some(Slot { items: Some(ListingItems::Spaces(spaces)), .. }) =
            known.slots.get_mut(&which)
            && spaces.iter().all(|listed| listed.id != space.id)
        {
            spaces.push(space);
        }
        self.keep(&known, &which);
    }

    /// Gives a project its new title, without asking for the listing again.
    pub(crate) fn retitle(&self, id: &ProjectId, title: &str) {
        self.change(id, |project| title.clone_into(&mut project.name));
    }

    /// Shows a project at a place, or nowhere, whatever is listed.
    pub(crate) fn show_at(&self, id: &ProjectId, place: Option<Location>) {
        let mut known = self.lock();
        known.assembled.clear();
        known.shown_at.insert(id.clone(), place);
    }

    /// Shows a project where it is listed.
    pub(crate) fn show_as_listed(&self, id: &ProjectId) {
        let mut known = self.lock();
        known.assembled.clear();
        known.shown_at.remove(id);
    }

    /// Notes a project as archived or not: an answer may not say.
    pub(crate) fn set_archived(&self, id: &ProjectId, archived: bool) {
        self.change(id, |project| project.completed = Some(archived));
        let mut known = self.lock();
        if archived {
            known.archived.insert(id.clone());
        } else {
            known.archived.remove(id);
            known.left.remove(id);
        }
    }

    /// The workspace and the folder that lead to a folder, each with the space that it is listed
    /// in; nothing if that is not known.
    pub(crate) fn way_to(&self, folder: &SpaceId) -> Vec<(Option<SpaceId>, RemoteSpace)> {
        let known = self.lock();
        let spaces = |which: &Which| match known.items(which) {
            Some(ListingItems::Spaces(spaces)) => spaces.clone(),
            _ => Vec::new(),
        };
        for workspace in spaces(&Which::Workspaces) {
            if workspace.id == *folder {
                return vec![(None, workspace)];
            }
            let folders = spaces(&Which::Folders(workspace.id.clone()));
            if let Some(inner) = folders.into_iter().find(|inner| inner.id == *folder) {
                let outer = workspace.id.clone();
                return vec![(None, workspace), (Some(outer), inner)];
            }
        }
        Vec::new()
    }

    /// The spaces of the workspace that a space is in, itself first, as far as they were listed; and
    /// which of them it is.
    pub(crate) fn beside(&self, space: &SpaceId) -> Option<(Vec<SpaceId>, usize)> {
        let way = self.way_to(space);
        let workspace = way.first().map(|(_, workspace)| workspace.id.clone())?;
        let known = self.lock();
        let Some(ListingItems::Spaces(folders)) = known.items(&Which::Folders(workspace.clone()))
        else {
            return None;
        };
        let folders = folders.iter().map(|folder| folder.id.clone());
        let spaces: Vec<SpaceId> = std::iter::once(workspace).chain(folders).collect();
        let at = spaces.iter().position(|it| it == space)?;
        Some((spaces, at))
    }

    /// Whether a project is known to be archived.
    pub(crate) fn is_archived(&self, id: &ProjectId) -> bool {
        let known = self.lock();
        let listed = known.slots.values().find_map(|slot| match &slot.items {
            Some(ListingItems::Projects(projects)) => {
                projects.iter().find(|project| project.id == *id)
            }
            _ => None,
        });
        listed.map_or(known.archived.contains(id), |project| known.is_archived(project))
    }

    fn change(&self, id: &ProjectId, change: impl Fn(&mut RemoteProject)) {
        let mut known = self.lock();
        known.assembled.clear();
        let mut changed = Vec::new();
        for (which, slot) in &mut known.slots {
            if let Some(ListingItems::Projects(projects)) = &mut slot.items {
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
    pub(crate) fn project_ids(&self, folder: &SpaceId) -> Option<HashSet<ProjectId>> {
        match self.lock().items(&Which::Projects(folder.clone())) {
            Some(ListingItems::Projects(projects)) => {
                Some(projects.iter().map(|project| project.id.clone()).collect())
            }
            _ => None,
        }
    }

    /// The projects that a folder was last seen to have, without archived ones.
    pub(crate) fn projects_in(&self, folder: &SpaceId) -> Vec<RemoteProject> {
        let known = self.lock();
        match known.items(&Which::Projects(folder.clone())) {
            Some(ListingItems::Projects(projects)) => {
                projects.iter().filter(|project| !known.is_archived(project)).cloned().collect()
            }
            _ => Vec::new(),
        }
    }

    /// What a workspace or folder is called, with its workspace before it; empty if it is not known.
    pub(crate) fn names_of(&self, space: &SpaceId) -> Vec<String> {
        let known = self.lock();
        let spaces = |which: &Which| match known.items(which) {
            Some(ListingItems::Spaces(spaces)) => spaces.as_slice(),
            _ => &[],
        };
        let workspaces = spaces(&Which::Workspaces);
        if let Some(workspace) = workspaces.iter().find(|it| it.id == *space) {
            return vec![workspace.name.clone()];
        }
        let within = workspaces.iter().find_map(|workspace| {
            let folders = spaces(&Which::Folders(workspace.id.clone()));
            let folder = folders.iter().find(|folder| folder.id == *space)?;
            Some(vec![workspace.name.clone(), folder.name.clone()])
        });
        within.unwrap_or_default()
    }

    /// Until when a space is not to be exported, since that was refused.
    pub(crate) fn export_refused(&self, space: &SpaceId) -> Option<SystemTime> {
        match self.lock().items(&Which::Export(space.clone())) {
            Some(ListingItems::Refused(until)) => Some(*until),
            _ => None,
        }
    }

    /// Remembers that a space cannot be exported, also for the next mount.
    pub(crate) fn refuse_export(&self, space: &SpaceId, until: SystemTime) {
        let which = Which::Export(space.clone());
        let mut known = self.lock();
        known.slots.entry(which.clone()).or_default().items = Some(ListingItems::Refused(until));
        self.keep(&known, &which);
    }

    /// What the exports of a space were found to be, if one was ever found to say what listings say.
    pub(crate) fn agreement(&self, space: &SpaceId) -> Option<Agreement> {
        match self.lock().items(&Which::Agreement(space.clone())) {
            Some(ListingItems::Agreement(agreement)) => Some(agreement.clone()),
            _ => None,
        }
    }

    /// The traits of all projects that were listed just as they were exported, in whichever space.
    pub(crate) fn verified(&self) -> BTreeSet<String> {
        self.lock().verified()
    }

    /// See [`ListingTable::account_agrees_since`].
    pub(crate) fn account_agrees_since(&self) -> Option<SystemTime> {
        self.lock().account_agrees_since()
    }

    /// Remembers what the exports of a space were found to be, also for the next mount.
    pub(crate) fn note_agreement(&self, space: &SpaceId, agreement: Agreement) {
        let which = Which::Agreement(space.clone());
        let items = Some(ListingItems::Agreement(agreement));
        let mut known = self.lock();
        let slot = known.slots.entry(which.clone()).or_default();
        if slot.items != items {
            slot.items = items;
            self.keep(&known, &which);
        }
    }

    /// The folder in which a project was last seen, and its title.
    pub(crate) fn place_of(&self, id: &ProjectId) -> Option<(SpaceId, String)> {
        let known = self.lock();
        known.slots.iter().find_map(|(which, slot)| match (which, &slot.items) {
            (Which::Projects(folder), Some(ListingItems::Projects(projects))) => {
                let project = projects.iter().find(|project| project.id == *id)?;
                Some((folder.clone(), project.name.clone()))
            }
            _ => None,
        })
    }

    /// Whether a project was listed before this mount, and not any more when this mount first looked.
    pub(crate) fn has_left(&self, id: &ProjectId) -> bool {
        self.lock().left.contains(id)
    }

    /// What is known of a directory, put together; the same `Arc` until something changes.
    pub(crate) fn assemble(&self, directory: Option<&SpaceId>, is_workspace: bool) -> Arc<Listed> {
        let mut known = self.lock();
        let key = directory.cloned();
        if let Some(listed) = known.assembled.get(&key) {
            return listed.clone();
        }
        let mut listed = Listed { is_whole: true, ..Listed::default() };
        let spaces = match directory {
            None => Some(Which::Workspaces),
            Some(id) => is_workspace.then(|| Which::Folders(id.clone())),
        };
        let projects = directory.map(|id| Which::Projects(id.clone()));
        for which in spaces.iter().chain(&projects) {
            listed.is_whole &= known.items(which).is_some();
        }
        if let Some(ListingItems::Spaces(spaces)) = spaces.and_then(|which| known.items(&which)) {
            // The home folder has the id of the workspace: it is the workspace's directory.
            listed.spaces =
                spaces.iter().filter(|space| Some(&space.id) != directory).cloned().collect();
        }
        if let Some(id) = directory
            && let Some(ListingItems::Projects(projects)) =
                projects.and_then(|which| known.items(&which))
        {
            listed.projects = known.shown_in(id, projects);
        }
        let listed = Arc::new(listed);
        known.assembled.insert(key, listed.clone());
        listed
    }

    /// How far a listing can be served.
    pub(crate) fn standing(
        &self,
        which: &Which,
        now: Instant,
        max_age: Duration,
    ) -> ListingStanding {
        let known = self.lock();
        let Some(slot) = known.slots.get(which).filter(|slot| slot.items.is_some()) else {
            return ListingStanding::Unknown;
        };
        match slot.read {
            Some(read) if now.saturating_duration_since(read) <= max_age => match slot.from_cache {
                true => ListingStanding::FreshFromCache,
                false => ListingStanding::Fresh,
            },
            _ if slot.from_cache => ListingStanding::FromCache,
            _ => ListingStanding::Old,
        }
    }

    /// For how long a listing is younger than `max_age`.
    pub(crate) fn remaining(&self, which: &Which, now: Instant, max_age: Duration) -> Duration {
        let read = self.lock().slots.get(which).and_then(|slot| slot.read);
        read.map_or(Duration::ZERO, |read| remaining(read, now, max_age))
    }

    /// Whether a listing is worth a request that nobody waits for.
    pub(crate) fn is_due(&self, which: &Which, now: Instant, max_age: Duration) -> bool {
        let known = self.lock();
        known.slots.get(which).is_some_and(|slot| slot.interest.is_due(slot.read, now, max_age))
    }

    pub(crate) fn note_failure(&self, which: &Which, now: Instant) {
        self.lock().slots.entry(which.clone()).or_default().interest.note_failure(now);
    }

    /// When each listing was read that is to be trusted.
    pub(crate) fn read_times(&self) -> Vec<(Aged, Instant)> {
        let known = self.lock();
        let slots = known.slots.iter().filter(|(_, slot)| slot.items.is_some());
        let read = slots.filter_map(|(which, slot)| {
            let which = serde_json::to_string(which).ok()?;
            Some((Aged::listing(&which), slot.read?))
        });
        read.collect()
    }

    pub(crate) fn flight(&self, which: &Which) -> Arc<AsyncMutex<()>> {
        self.lock().slots.entry(which.clone()).or_default().flight.clone()
    }

    /// Installs an answer. Whether it differs from what was known.
    pub(crate) fn install(&self, which: &Which, items: ListingItems, read: Instant) -> bool {
        let mut known = self.lock();
        known.note_left(which, &items);
        let slot = known.slots.entry(which.clone()).or_default();
        slot.read = Some(read);
        slot.from_cache = false;
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
    pub(in crate::sync::leaf) fn keep(&self, known: &ListingTable, which: &Which) {
        let Some(items) = known.items(which) else { return };
        if let (Ok(which), Ok(items)) = (serde_json::to_string(which), serde_json::to_string(items))
        {
            self.cache.keep_listing(which, items);
        }
    }

    pub(in crate::sync::leaf) fn lock(&self) -> OrderedGuard<'_, ListingTable> {
        self.known.lock()
    }
}
