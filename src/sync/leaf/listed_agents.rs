//! Agents and conversations among the listings: what was listed, and what of it was read again by
//! itself.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    api::{Knowledge, RemoteAgent, RemoteConvo},
    ids::{AgentId, ProjectId, SpaceId},
    sync::leaf::{
        known_listings::{ListingItems, Which},
        listings::Listings,
    },
};

impl Listings {
    /// The agents of a space, as far as they were ever listed.
    pub(crate) fn agents(&self, space: &SpaceId) -> Option<Arc<Vec<RemoteAgent>>> {
        match self.lock().items(&Which::Agents(space.clone())) {
            Some(ListingItems::Agents(agents)) => Some(agents.clone()),
            _ => None,
        }
    }

    /// An agent of a space as it was read last.
    pub(crate) fn agent(&self, space: &SpaceId, id: &AgentId) -> Option<RemoteAgent> {
        self.agents(space)?.iter().find(|agent| agent.id == *id).cloned()
    }

    /// An agent was read by itself: `None` if it is gone. That is no listing, and makes none younger.
    pub(crate) fn note_agent(&self, space: &SpaceId, id: &AgentId, now: Option<RemoteAgent>) {
        let which = Which::Agents(space.clone());
        let mut known = self.lock();
        let slot = known.slots.get_mut(&which);
        let Some(ListingItems::Agents(agents)) = slot.and_then(|slot| slot.items.as_mut()) else {
            return;
        };
        let at = agents.iter().position(|agent| agent.id == *id);
        match (at, now) {
            (Some(at), Some(now)) if agents.get(at) == Some(&now) => return,
            (Some(at), Some(now)) => {
                if let Some(agent) = Arc::make_mut(agents).get_mut(at) {
                    *agent = now;
                }
            }
            (Some(at), None) => drop(Arc::make_mut(agents).remove(at)),
            (None, Some(now)) => Arc::make_mut(agents).push(now),
            (None, None) => return,
        }
        self.keep(&known, &which);
    }

    /// The conversations with an agent, as far as they were ever listed.
    pub(crate) fn convos(&self, agent: &AgentId) -> Option<Arc<Vec<RemoteConvo>>> {
        match self.lock().items(&Which::Convos(agent.clone())) {
            Some(ListingItems::Convos(convos)) => Some(convos.clone()),
            _ => None,
        }
    }

    /// What an agent is known to know.
    pub(crate) fn knowledge(&self, agent: &AgentId) -> BTreeSet<Knowledge> {
        match self.lock().items(&Which::Knowledge(agent.clone())) {
            Some(ListingItems::Knowledge(known)) => known.clone(),
            _ => BTreeSet::new(),
        }
    }

    /// An agent was exported, which tells the projects that it knows, and nothing else.
    pub(crate) fn note_exported_knowledge(&self, agent: &AgentId, projects: &[ProjectId]) {
        self.change_knowledge(agent, |known| {
            known.retain(|it| !matches!(it, Knowledge::Project(_)));
            known.extend(projects.iter().cloned().map(Knowledge::Project));
        });
    }

    /// Remembers what an agent knows, also for the next mount.
    pub(crate) fn change_knowledge(
        &self,
        agent: &AgentId,
        change: impl FnOnce(&mut BTreeSet<Knowledge>),
    ) {
        let which = Which::Knowledge(agent.clone());
        let mut known = self.knowledge(agent);
        change(&mut known);
        let items = Some(ListingItems::Knowledge(known));
        let mut table = self.lock();
        let slot = table.slots.entry(which.clone()).or_default();
        if slot.items != items {
            slot.items = items;
            self.keep(&table, &which);
        }
    }

    /// Whether a listing, of this mount or the one before, is younger than `max_age`.
    pub(crate) fn is_young(&self, which: &Which, now: Instant, max_age: Duration) -> bool {
        !self.remaining(which, now, max_age).is_zero()
    }
}
