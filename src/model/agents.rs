//! Agents and the conversations with them, as the service tells them. What it tells is kept whole:
//! where an agent is written back, so are the keys that nothing here knows.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ids::{AgentId, ConvoId, MediaId, ProjectId};

/// An agent, as listings and single answers have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteAgent {
    /// Its id.
    pub id: AgentId,
    /// Its name.
    pub name: String,
    /// All that was told of it, its id and name included.
    pub item: Map<String, Value>,
}

/// A conversation with an agent, without what was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteConvo {
    /// Its id.
    pub id: ConvoId,
    /// Its title; empty if it has none.
    pub title: String,
    /// All that was told of it.
    pub item: Map<String, Value>,
}

impl RemoteAgent {
    /// The key of the system prompt in an agent's data.
    pub const PROMPT: &'static str = "description";

    /// What it is set to, without its name.
    pub fn data(&self) -> Option<&Map<String, Value>> {
        self.item.get("data")?.as_object()
    }

    /// Its system prompt; empty if it has none.
    pub fn prompt(&self) -> &str {
        self.data().and_then(|data| data.get(Self::PROMPT)?.as_str()).unwrap_or_default()
    }
}

/// What of an agent can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentState {
    /// Its name.
    pub name: String,
    /// All that it is set to.
    pub data: Map<String, Value>,
}

impl RemoteAgent {
    /// What of it can be changed.
    pub fn state(&self) -> AgentState {
        AgentState { name: self.name.clone(), data: self.data().cloned().unwrap_or_default() }
    }

    /// The same agent, changed.
    #[must_use]
    pub fn with(mut self, state: AgentState) -> Self {
        self.item.insert("name".to_owned(), state.name.clone().into());
        self.item.insert("data".to_owned(), state.data.into());
        Self { name: state.name, ..self }
    }
}

/// Something that an agent knows.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Knowledge {
    /// What is in a project.
    Project(ProjectId),
    /// What is in a file.
    Media(MediaId),
}
