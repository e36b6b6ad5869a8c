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

    /// With what was made of it since, by whoever had `seen` before their eyes; and which keys of what it
    /// was to become are overridden by that.
    pub(crate) fn then(&self, seen: &AgentState, wanted: &AgentState) -> (Self, Vec<String>) {
        let MergedAgent { state, overridden } = merge(seen, wanted, &self.want);
        (Self { want: state, ..self.clone() }, overridden)
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
    /// What programs have made of it since it was sent: it is to become that once it is made.
    #[serde(default)]
    pub(crate) then: Option<AgentState>,
    /// What it is at the service: from then on nobody makes it again.
    #[serde(default)]
    pub(crate) made: Option<AgentId>,
    /// Whether what programs make of it from now on is a save of what it is at the service.
    #[serde(default)]
    pub(crate) is_closed: bool,
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

    /// An agent that is to be made, and was not asked for yet.
    pub(crate) fn new(new: AgentId, state: AgentState, anew: Option<MadeAnew>) -> Self {
        let (before, then, made) = (Vec::new(), None, None);
        Self { new, state, before, anew, then, made, is_closed: false }
    }

    /// Notes it in its operation.
    pub(crate) fn note(self, operation: &mut Operation) {
        operation.body = serde_json::to_value(self).unwrap_or_default();
    }

    /// What it is to be in the end.
    pub(crate) fn wanted(&self) -> &AgentState {
        self.then.as_ref().unwrap_or(&self.state)
    }

    /// What the service has made, with what is to be saved to it.
    pub(crate) fn onto(&self, made: RemoteAgent) -> RemoteAgent {
        match self.then.as_ref().filter(|_| !self.is_closed) {
            Some(then) => {
                let merged = merge(&self.state, then, &made.state()).state;
                made.with(merged)
            }
            None => made,
        }
    }

    /// With what was made of it by whoever had `seen` before their eyes; and which keys of what it was to
    /// be are overridden by that. What is on its way is sent as it is.
    pub(crate) fn amended(
        self,
        seen: &AgentState,
        wanted: &AgentState,
        is_on_its_way: bool,
    ) -> (Self, Vec<String>) {
        let MergedAgent { state, overridden } = merge(seen, wanted, self.wanted());
        let amended = match is_on_its_way {
            true => Self { then: Some(state), ..self },
            false => Self { state, then: None, ..self },
        };
        (amended, overridden)
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
