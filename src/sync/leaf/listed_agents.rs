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
        known_listings::{AgentNotes, ListingItems, ListingTable, Which},
        listings::Listings,
    },
};

impl AgentNotes {
    fn note(&mut self, space: &SpaceId, id: &AgentId, now: Option<RemoteAgent>) {
        self.count += 1;
        self.last.insert(id.clone(), (self.count, space.clone(), now));
    }

    /// What was noted of agents of a space after this much else.
    fn since(
        &self,
        space: &SpaceId,
        noted: u64,
    ) -> impl Iterator<Item = (&AgentId, &(u64, SpaceId, Option<RemoteAgent>))> {
        self.last.iter().filter(move |(_, (count, of, _))| *count > noted && of == space)
    }
}

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

    /// How much was noted of agents until now. Whoever asks for some keeps it until the answer is there:
    /// that may not have what is noted meanwhile.
    pub(crate) fn agents_noted(&self) -> u64 {
        self.lock().agent_notes.count
    }

    /// The agents of a space were listed, by who began to ask for them after this much was noted.
    pub(crate) fn install_agents(
        &self,
        space: &SpaceId,
        mut agents: Vec<RemoteAgent>,
        (asked, noted): (Instant, u64),
    ) -> Arc<Vec<RemoteAgent>> {
        {
            let known = self.lock();
            for (id, (_, _, now)) in known.agent_notes.since(space, noted) {
                agents.retain(|agent| agent.id != *id || now.is_some());
                match (agents.iter_mut().find(|agent| agent.id == *id), now) {
                    (Some(agent), Some(now)) => agent.clone_from(now),
                    (None, Some(now)) => agents.push(now.clone()),
                    (_, None) => {}
                }
            }
        }
        let agents = Arc::new(agents);
        let items = ListingItems::Agents(agents.clone());
        self.install(&Which::Agents(space.clone()), items, asked);
        agents
    }

    /// This mount has made an agent this; `None` if it is gone. That is no listing, and makes none younger.
    pub(crate) fn note_agent(&self, space: &SpaceId, id: &AgentId, now: Option<RemoteAgent>) {
        let mut known = self.lock();
        known.agent_notes.note(space, id, now.clone());
        self.set_agent(&mut known, space, id, now);
    }

    /// An agent was read by itself by who began to ask after this much was noted: `None` if it is gone.
    pub(crate) fn note_agent_read(
        &self,
        space: &SpaceId,
        id: &AgentId,
        now: Option<RemoteAgent>,
        noted: u64,
    ) {
        let mut known = self.lock();
        if known.agent_notes.since(space, noted).all(|(later, _)| later != id) {
            self.set_agent(&mut known, space, id, now);
        }
    }

    fn set_agent(
        &self,
        known: &mut ListingTable,
        space: &SpaceId,
        id: &AgentId,
        now: Option<RemoteAgent>,
    ) {
        let which = Which::Agents(space.clone());
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
        self.keep(known, &which);
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

#[cfg(test)]
mod tests {
    use super::AgentNotes;
    use crate::ids::{AgentId, SpaceId};

    #[test]
    fn what_was_noted_after_an_answer_was_asked_for_is_not_in_it() {
        let (mut notes, space) = (AgentNotes::default(), SpaceId::new("f"));
        let id = AgentId::new;
        notes.note(&space, &id("a"), None);
        let asked = notes.count;
        let later = |notes: &AgentNotes, asked| {
            let mut ids: Vec<AgentId> =
                notes.since(&space, asked).map(|(id, _)| id.clone()).collect();
            ids.sort_by(|one, two| one.as_str().cmp(two.as_str()));
            ids
        };
        assert_eq!(later(&notes, asked), []);
        notes.note(&space, &id("b"), None);
        notes.note(&SpaceId::new("g"), &id("c"), None);
        assert_eq!(later(&notes, asked), [id("b")]);
        notes.note(&space, &id("a"), None);
        assert_eq!(later(&notes, asked), [id("a"), id("b")]);
        assert_eq!(later(&notes, notes.count), []);
    }
}
