//! What is known of single agents beside the listings that they are in: when each was read by itself,
//! and since when it is what it is.

use std::{
    collections::{HashMap, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::Mutex as AsyncMutex;

use crate::{
    api::{AgentState, RemoteAgent, RemoteConvo},
    error::{Error, Kind, Result},
    ids::{AgentId, ConvoId, SpaceId},
    lock_order::Ordered,
    replica::{freshness::remaining, served::Process},
    store::agent_bases::AgentBase,
};

/// The agents of an account that were looked at.
#[derive(Debug, Default)]
pub(crate) struct Agents(Ordered<Known>);

#[derive(Debug, Default)]
struct Known {
    agents: HashMap<AgentId, KnownAgent>,
    /// The conversations of which nothing was told that was said, as they were then.
    untold: HashMap<(AgentId, ConvoId), RemoteConvo>,
    /// What programs were shown of agents, and by which file, the latest last.
    served: VecDeque<ServedAgent>,
    /// The directories of agents that nothing was written to yet: where, and what they are to be called.
    new: Vec<(SpaceId, AgentId, String)>,
    /// The agents that were made in this mount, by the ids that they had here before.
    made: HashMap<AgentId, AgentId>,
}

impl Known {
    /// The id that an agent had here first.
    fn first<'a>(&'a self, id: &'a AgentId) -> &'a AgentId {
        self.made.iter().find(|(_, made)| *made == id).map_or(id, |(new, _)| new)
    }
}

/// What a file of an agent showed to a program.
#[derive(Debug)]
struct ServedAgent {
    by: Option<Process>,
    /// By the id that it had here first.
    agent: AgentId,
    file: String,
    state: AgentState,
}

/// How many of those are remembered.
const MOST_SERVED: usize = 256;

#[derive(Debug, Default)]
struct KnownAgent {
    /// When it was read by itself.
    read: Option<Instant>,
    /// What it was when it was last looked at, and since when.
    seen: Option<(u64, SystemTime)>,
    /// One request at a time: whoever comes meanwhile takes its answer.
    flight: Arc<AsyncMutex<()>>,
}

impl Agents {
    /// With what programs have before their eyes from before this mount.
    pub(crate) fn of(bases: Vec<AgentBase>) -> Self {
        let latest = bases.len().saturating_sub(MOST_SERVED);
        let bases = bases.into_iter().skip(latest);
        let served = bases.map(|AgentBase { process, agent, file, state }| {
            let by = Some(process);
            ServedAgent { by, agent, file, state }
        });
        let served = served.collect();
        Self(Ordered::leaf(Known { served, ..Known::default() }))
    }

    /// Whether an agent was read by itself less than `max_age` ago.
    pub(crate) fn is_young(&self, id: &AgentId, now: Instant, max_age: Duration) -> bool {
        let read = self.0.lock().agents.get(id).and_then(|agent| agent.read);
        read.is_some_and(|read| !remaining(read, now, max_age).is_zero())
    }

    pub(crate) fn flight(&self, id: &AgentId) -> Arc<AsyncMutex<()>> {
        self.0.lock().agents.entry(id.clone()).or_default().flight.clone()
    }

    pub(crate) fn note_read(&self, id: &AgentId, read: Instant) {
        self.0.lock().agents.entry(id.clone()).or_default().read = Some(read);
    }

    /// Since when an agent is what it is: the `start` of the mount for one that never changed.
    pub(crate) fn modified(
        &self,
        agent: &RemoteAgent,
        start: SystemTime,
        now: SystemTime,
    ) -> SystemTime {
        let mut hasher = DefaultHasher::new();
        agent.name.hash(&mut hasher);
        serde_json::to_string(&agent.item).unwrap_or_default().hash(&mut hasher);
        let (hash, mut known) = (hasher.finish(), self.0.lock());
        let seen = &mut known.agents.entry(agent.id.clone()).or_default().seen;
        let since = match *seen {
            Some((same, since)) if same == hash => since,
            Some(_) => now,
            None => start,
        };
        *seen = Some((hash, since));
        since
    }

    /// A directory was made for an agent. The id that it has here until the service gives one.
    /// No other has that, before a remount or after it.
    ///
    /// # Errors
    /// If there are no random numbers.
    pub(crate) fn add_new(&self, space: &SpaceId, name: &str) -> Result<AgentId> {
        let random = getrandom::u64()
            .map_err(|error| Error::new(Kind::Storage, format!("no random number: {error}")))?;
        let id = AgentId::new(format!("new agent {random:016x}"));
        self.0.lock().new.push((space.clone(), id.clone(), name.to_owned()));
        Ok(id)
    }

    /// The directories in a space that nothing was written to yet, each with its name.
    pub(crate) fn new_in(&self, space: &SpaceId) -> Vec<(AgentId, String)> {
        let known = self.0.lock();
        let inside = known.new.iter().filter(|(of, ..)| of == space);
        inside.map(|(_, id, name)| (id.clone(), name.clone())).collect()
    }

    /// Whether it is a directory that nothing was written to yet.
    pub(crate) fn is_new(&self, id: &AgentId) -> bool {
        self.0.lock().new.iter().any(|(_, new, _)| new == id)
    }

    /// Gives a directory that nothing was written to another name. Whether there is one.
    pub(crate) fn rename_new(&self, id: &AgentId, name: &str) -> bool {
        let mut known = self.0.lock();
        let found = known.new.iter_mut().find(|(_, new, _)| new == id);
        found.map(|(.., known)| name.clone_into(known)).is_some()
    }

    /// Forgets a directory that nothing was written to. Whether there was one.
    pub(crate) fn remove_new(&self, id: &AgentId) -> bool {
        let mut known = self.0.lock();
        let before = known.new.len();
        known.new.retain(|(_, new, _)| new != id);
        known.new.len() < before
    }

    /// The service has made an agent that was new here.
    pub(crate) fn note_made(&self, new: &AgentId, made: &AgentId) {
        self.0.lock().made.insert(new.clone(), made.clone());
    }

    /// The id that an agent has by now.
    pub(crate) fn now(&self, id: &AgentId) -> AgentId {
        self.0.lock().made.get(id).unwrap_or(id).clone()
    }

    /// The id that an agent had here first.
    pub(crate) fn first(&self, id: &AgentId) -> AgentId {
        self.0.lock().first(id).clone()
    }

    /// A program has this before its eyes: it was shown it by this file, or wrote it there. Whether that is
    /// another one than before.
    pub(crate) fn note_served(
        &self,
        by: Option<Process>,
        (agent, file): (&AgentId, &str),
        state: AgentState,
    ) -> bool {
        let mut known = self.0.lock();
        let agent = &known.first(agent).clone();
        let is_same = |it: &ServedAgent| (it.by, &it.agent, &*it.file) == (by, agent, file);
        let before = known.served.iter().find(|it| is_same(it));
        let is_another = before.is_none_or(|before| before.state != state);
        known.served.retain(|it| !is_same(it));
        if known.served.len() >= MOST_SERVED {
            known.served.pop_front();
        }
        let file = file.to_owned();
        known.served.push_back(ServedAgent { by, agent: agent.clone(), file, state });
        is_another
    }

    /// What a program has before its eyes: what it was shown last by this file, or else what anybody was.
    pub(crate) fn served(
        &self,
        by: Option<Process>,
        (agent, file): (&AgentId, &str),
    ) -> Option<AgentState> {
        let known = self.0.lock();
        let agent = known.first(agent);
        let is_of = |it: &&ServedAgent| it.agent == *agent && it.file == file;
        let mut of_file = known.served.iter().rev().filter(is_of);
        let latest = of_file.clone().next();
        let own = of_file.find(|it| it.by.is_some() && it.by == by);
        own.or(latest).map(|it| it.state.clone())
    }

    /// Notes that nothing was told of what was said in a conversation.
    pub(crate) fn note_untold(&self, agent: &AgentId, convo: &RemoteConvo) {
        self.0.lock().untold.insert((agent.clone(), convo.id.clone()), convo.clone());
    }

    /// Whether nothing is told of what was said in a conversation, as long as it stays what it is.
    pub(crate) fn is_untold(&self, agent: &AgentId, convo: &RemoteConvo) -> bool {
        let known = self.0.lock();
        known.untold.get(&(agent.clone(), convo.id.clone())) == Some(convo)
    }
}
