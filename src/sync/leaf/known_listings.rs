//! What is known of listings, and what of it is shown: not what is archived, and what is on its way to
//! another place there.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::{Instant, SystemTime},
};

use serde::{Deserialize, Serialize};
use tokio::sync::Mutex as AsyncMutex;

use crate::{
    api::{
        Knowledge, RemoteAgent, RemoteConvo, RemoteMedia, RemoteProject, RemoteSpace,
        RemoteTemplate,
    },
    ids::{AgentId, MediaId, ProjectId, SpaceId},
    replica::{freshness::Interest, relocation::Location},
};

/// What is in a directory, besides scratch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listed {
    /// Workspaces of the account, or folders of a workspace without its home folder.
    pub spaces: Vec<RemoteSpace>,
    /// Projects that are not archived.
    pub projects: Vec<RemoteProject>,
    /// Whether both were listed.
    pub is_whole: bool,
}

/// Which listing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Which {
    Workspaces,
    Folders(SpaceId),
    Projects(SpaceId),
    Medias(SpaceId),
    /// The templates of a folder.
    Templates(SpaceId),
    /// The projects that were viewed last, wherever they are.
    Viewed,
    Agents(SpaceId),
    Convos(AgentId),
    /// Not a listing, but kept like one: whether the space can be exported.
    Export(SpaceId),
    /// As well: what its exports were found to be.
    Agreement(SpaceId),
    /// As well: what an agent knows, as far as exports and what was done here tell.
    Knowledge(AgentId),
}

impl Which {
    /// The space or agent that is asked about; `None` for what is of the whole account.
    pub(crate) fn subject(&self) -> Option<&str> {
        match self {
            Which::Workspaces | Which::Viewed => None,
            Which::Folders(id)
            | Which::Projects(id)
            | Which::Medias(id)
            | Which::Templates(id)
            | Which::Agents(id)
            | Which::Export(id)
            | Which::Agreement(id) => Some(id.as_str()),
            Which::Convos(id) | Which::Knowledge(id) => Some(id.as_str()),
        }
    }
}

/// What the exports of a space were found to be when one was compared with a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Agreement {
    /// When they said the same.
    pub(crate) since: SystemTime,
    /// The traits of the projects that were compared.
    pub(crate) verified: BTreeSet<String>,
    /// Whether it was slow or large.
    pub(crate) is_heavy: bool,
    /// The projects of the space that it left out.
    pub(crate) left_out: BTreeSet<ProjectId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ListingItems {
    Spaces(Vec<RemoteSpace>),
    Projects(Vec<RemoteProject>),
    Medias(Vec<RemoteMedia>),
    Templates(Vec<RemoteTemplate>),
    /// The one that was viewed last first. Of their names and states listings of folders tell.
    Viewed(Vec<ProjectId>),
    Agents(Arc<Vec<RemoteAgent>>),
    Convos(Arc<Vec<RemoteConvo>>),
    /// It cannot, until then.
    Refused(SystemTime),
    Agreement(Agreement),
    Knowledge(BTreeSet<Knowledge>),
}

#[derive(Debug, Default)]
pub(crate) struct Slot {
    pub(crate) items: Option<ListingItems>,
    pub(crate) read: Option<Instant>,
    /// Whether it is what an earlier mount knew: served at once, whatever its age.
    pub(crate) from_cache: bool,
    pub(crate) interest: Interest,
    /// One request at a time: whoever comes meanwhile takes its answer.
    pub(crate) flight: Arc<AsyncMutex<()>>,
}

#[derive(Debug, Default)]
pub(crate) struct ListingTable {
    pub(crate) slots: HashMap<Which, Slot>,
    pub(crate) archived: HashSet<ProjectId>,
    /// Where projects are shown that Taskade lists elsewhere, if it lists them: those on their way
    /// to another place, and, nowhere, those that they were copied from.
    pub(crate) shown_at: HashMap<ProjectId, Option<Location>>,
    /// The projects that were listed before this mount, and not any more when it first looked.
    pub(crate) left: HashSet<ProjectId>,
    /// The media that were deleted here, which a listing on its way may still have.
    pub(crate) gone: HashSet<MediaId>,
    /// What this mount has made of agents, which an answer on its way may not have.
    pub(crate) agent_notes: AgentNotes,
    /// What was put together since the last change, by directory.
    pub(crate) assembled: HashMap<Option<SpaceId>, Arc<Listed>>,
}

/// What this mount has made of agents, and in which order.
#[derive(Debug, Default)]
pub(crate) struct AgentNotes {
    /// How much has been noted so far.
    pub(crate) count: u64,
    /// What was noted last of each, after how much else. Of none if it is gone.
    pub(crate) last: HashMap<AgentId, (u64, SpaceId, Option<RemoteAgent>)>,
}

impl ListingTable {
    /// The projects that are shown in a folder, of which these are listed.
    pub(crate) fn shown_in(
        &self,
        folder: &SpaceId,
        listed: &[RemoteProject],
    ) -> Vec<RemoteProject> {
        let mut shown: Vec<RemoteProject> = Vec::with_capacity(listed.len());
        for project in listed.iter().filter(|project| !self.is_archived(project)) {
            match self.shown_at.get(&project.id) {
                None => shown.push(project.clone()),
                Some(Some(place)) if place.folder == *folder => {
                    shown.push(RemoteProject { name: place.title.clone(), ..project.clone() });
                }
                Some(_) => {}
            }
        }
        let is_listed = |id: &ProjectId| listed.iter().any(|project| project.id == *id);
        let mut more: Vec<RemoteProject> = self
            .shown_at
            .iter()
            .filter_map(|(id, place)| {
                let place = place.as_ref().filter(|it| it.folder == *folder && !is_listed(id))?;
                let (id, name) = (id.clone(), place.title.clone());
                Some(RemoteProject { id, name, completed: Some(false) })
            })
            .filter(|project| !self.archived.contains(&project.id))
            .collect();
        more.sort_by(|one, other| one.id.cmp(&other.id));
        shown.extend(more);
        shown
    }

    pub(crate) fn is_archived(&self, project: &RemoteProject) -> bool {
        project.completed.unwrap_or_else(|| self.archived.contains(&project.id))
    }

    /// A listing has come: if it is the first one of this mount, what of the one before it is not there
    /// has left.
    pub(crate) fn note_left(&mut self, which: &Which, items: &ListingItems) {
        let (Which::Projects(folder), ListingItems::Projects(now)) = (which, items) else { return };
        let is_first = self.slots.get(which).is_some_and(|slot| slot.from_cache);
        if !is_first && self.left.is_empty() {
            return;
        }
        let ids = |projects: &[RemoteProject]| -> HashSet<ProjectId> {
            self.shown_in(folder, projects).iter().map(|project| project.id.clone()).collect()
        };
        let there = ids(now);
        let before = match self.slots.get(which) {
            Some(Slot {
                items: Some(ListingItems::Projects(before)), from_cache: true, ..
            }) => ids(before),
            _ => HashSet::new(),
        };
        self.left.retain(|id| !there.contains(id));
        self.left.extend(before.difference(&there).cloned());
    }

    /// The traits of all projects that were listed just as they were exported.
    pub(crate) fn verified(&self) -> BTreeSet<String> {
        let verified = self.slots.values().filter_map(|slot| match &slot.items {
            Some(ListingItems::Agreement(agreement)) => Some(agreement.verified.iter().cloned()),
            _ => None,
        });
        verified.flatten().collect()
    }

    /// When an export of the account was last found to say what listings say: the spaces that were
    /// never compared rest upon that. `None` if none was compared, or one differs as far as is known.
    pub(crate) fn account_agrees_since(&self) -> Option<SystemTime> {
        let agreements = self.slots.values().filter_map(|slot| match &slot.items {
            Some(ListingItems::Agreement(agreement)) => Some(agreement.since),
            _ => None,
        });
        let since: Vec<SystemTime> = agreements.collect();
        let all_agree = since.iter().all(|since| *since > SystemTime::UNIX_EPOCH);
        since.into_iter().max().filter(|_| all_agree)
    }

    pub(crate) fn items(&self, which: &Which) -> Option<&ListingItems> {
        self.slots.get(which)?.items.as_ref()
    }
}
