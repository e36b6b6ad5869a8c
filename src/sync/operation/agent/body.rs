//! Which agent something is wanted of, and what the journal has of what is wanted.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    api::{AgentState, Knowledge, RemoteAgent},
    error::{Error, Kind, Result},
    ids::{AgentId, SpaceId},
    plan::agents::{MergedAgent, merge},
    store::operations::{Operation, OperationKind},
};

/// An agent, and where its directory is below that of its space.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AgentAt<'a> {
    pub(crate) space: &'a SpaceId,
    pub(crate) id: &'a AgentId,
    pub(crate) path: &'a str,
}

/// What an agent is to become.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct AgentSave {
    /// What whoever wrote it had before their eyes.
    pub(crate) base: AgentState,
    /// And what they made of it.
    pub(crate) want: AgentState,
    /// Which action it undoes.
    #[serde(default)]
    pub(crate) undoes: Option<i64>,
}

impl AgentSave {
    /// That of an operation.
    ///
    /// # Errors
    /// [`Kind::Storage`] if the journal has something else.
    pub(crate) fn of(operation: &Operation) -> Result<Self> {
        serde_json::from_value(operation.body.clone()).map_err(|error| {
            Error::new(Kind::Storage, "the journal has a save of an agent that cannot be read")
                .because(error)
        })
    }

    /// Notes it in its operation.
    pub(crate) fn note(self, operation: &mut Operation) {
        operation.body = serde_json::to_value(self).unwrap_or_default();
    }

    /// What it makes of an agent that others may have changed.
    pub(crate) fn onto(&self, now: &AgentState) -> MergedAgent {
        merge(&self.base, &self.want, now)
    }

    /// With what was made of it since, by whoever had `seen` before their eyes.
    pub(crate) fn then(&self, seen: &AgentState, wanted: &AgentState) -> Self {
        Self { want: merge(seen, wanted, &self.want).state, ..self.clone() }
    }
}

/// What the journal has of an agent that is to be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct AgentCreation {
    /// The id that it has here until the service gives one.
    pub(crate) new: AgentId,
    /// What it is to be.
    pub(crate) state: AgentState,
    /// The agents that there were when it was sent.
    #[serde(default)]
    pub(crate) before: Vec<AgentId>,
    /// The agent that it is to be again.
    #[serde(default)]
    pub(crate) anew: Option<MadeAnew>,
}

/// A deleted agent that is made anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct MadeAnew {
    /// The id that it had.
    pub(crate) was: AgentId,
    /// What it knew.
    pub(crate) knowledge: Vec<Knowledge>,
    /// The action that deleted it.
    pub(crate) undoes: i64,
}

impl AgentCreation {
    /// That of an operation.
    pub(crate) fn of(operation: &Operation) -> Option<Self> {
        let is_it = operation.kind == OperationKind::CreateAgent;
        is_it.then(|| serde_json::from_value(operation.body.clone()).ok()).flatten()
    }

    /// Whether a request for it that was sent may have made this agent.
    pub(crate) fn may_have_made(&self, agent: &RemoteAgent) -> bool {
        let prompt = agent.data().and_then(|data| data.get(RemoteAgent::PROMPT));
        agent.name == self.state.name
            && prompt == self.state.data.get(RemoteAgent::PROMPT)
            && !self.before.contains(&agent.id)
    }
}

/// What is wanted of an agent as the public has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PublicWish {
    /// Whether it is to be public.
    pub(crate) is_published: bool,
    /// What it is to be set to.
    pub(crate) preferences: Option<Map<String, Value>>,
}

/// As the journal has it.
///
/// # Errors
/// [`Kind::Storage`] if it is no JSON.
pub(crate) fn to_json(body: &impl Serialize) -> Result<Value> {
    serde_json::to_value(body)
        .map_err(|error| Error::new(Kind::Storage, "it cannot be written").because(error))
}
