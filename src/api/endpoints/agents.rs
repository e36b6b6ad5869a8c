//! Agents: what they are, and changing that.

use serde_json::{Map, Value, json};

use super::{
    super::{
        backend::AuditEntry, call::Method, endpoint::Endpoint, envelope::Envelope, path::Path,
    },
    resources::ItemPage,
};
use crate::{
    error::{Error, Kind, Result},
    ids::{AgentId, SpaceId},
    model::{AgentState, RemoteAgent},
};

/// A page of the agents of a folder.
#[derive(Debug, Clone, Copy)]
pub struct GetAgents<'a> {
    /// The folder.
    pub folder: &'a SpaceId,
    /// Which page, from 1 on.
    pub page: usize,
}

impl GetAgents<'_> {
    /// How many agents a page has where nobody says: no most is documented, and a server that gives
    /// fewer than it was asked for looks as if there were no more.
    pub(crate) const LIMIT: usize = 20;
}

impl Endpoint for GetAgents<'_> {
    type Answer = ItemPage;
    const METHOD: Method = Method::Get;
    const IS_TELLING: bool = false;

    fn path(&self) -> Result<Path> {
        Path::new("folders/{folder}/agents", [self.folder.as_str()])
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        vec![("limit", Self::LIMIT.to_string()), ("page", self.page.to_string())]
    }

    fn read(&self, answer: Envelope) -> Result<ItemPage> {
        ItemPage::of(answer)
    }
}

/// One agent; `None` if there is none with this id.
#[derive(Debug, Clone, Copy)]
pub struct GetAgent<'a> {
    /// The agent.
    pub agent: &'a AgentId,
}

impl Endpoint for GetAgent<'_> {
    type Answer = Option<RemoteAgent>;
    const METHOD: Method = Method::Get;
    const IS_TELLING: bool = false;

    fn path(&self) -> Result<Path> {
        Path::new("agents/{agent}", [self.agent.as_str()])
    }

    fn read(&self, answer: Envelope) -> Result<Option<RemoteAgent>> {
        answer.agent()
    }

    fn absent(&self) -> Option<Option<RemoteAgent>> {
        Some(None)
    }
}

/// An agent as the public has it, with its address; null if it was never published.
#[derive(Debug, Clone, Copy)]
pub struct GetPublicAgentOf<'a> {
    /// The agent.
    pub agent: &'a AgentId,
}

impl Endpoint for GetPublicAgentOf<'_> {
    type Answer = Value;
    const METHOD: Method = Method::Get;
    const IS_TELLING: bool = false;

    fn path(&self) -> Result<Path> {
        Path::new("agents/{agent}/public-agent", [self.agent.as_str()])
    }

    fn read(&self, answer: Envelope) -> Result<Value> {
        answer.public_agent()
    }

    fn absent(&self) -> Option<Value> {
        Some(Value::Null)
    }
}

/// Changes an agent. What the service says that it is then; `None` if it does not say.
#[derive(Debug, Clone, Copy)]
pub struct UpdateAgent<'a> {
    /// The agent.
    pub agent: &'a AgentId,
    /// Its name, if that changes.
    pub name: Option<&'a str>,
    /// All that it is set to, if any of that changes: it is not documented whether what is sent is
    /// merged into what there is, or takes its place.
    pub data: Option<&'a Map<String, Value>>,
}

impl Endpoint for UpdateAgent<'_> {
    type Answer = Option<RemoteAgent>;
    const METHOD: Method = Method::Patch;
    const IS_TELLING: bool = false;

    fn path(&self) -> Result<Path> {
        Path::new("agents/{agent}", [self.agent.as_str()])
    }

    fn body(&self) -> Result<Option<Value>> {
        let mut body = Map::new();
        body.extend(self.name.map(|name| ("name".to_owned(), name.into())));
        body.extend(self.data.map(|data| ("data".to_owned(), data.clone().into())));
        Ok(Some(body.into()))
    }

    fn read(&self, answer: Envelope) -> Result<Option<RemoteAgent>> {
        Ok(answer.agent().ok().flatten())
    }

    fn entry(&self, _: Option<&Option<RemoteAgent>>) -> Option<AuditEntry> {
        let fields = json!({ "call": "change agent", "agent": self.agent.as_str(),
                             "name": self.name, "data": self.data });
        Some(AuditEntry { project: None, fields })
    }
}

/// Deletes an agent. One that is gone already is deleted.
#[derive(Debug, Clone, Copy)]
pub struct DeleteAgent<'a> {
    /// The agent.
    pub agent: &'a AgentId,
}

impl Endpoint for DeleteAgent<'_> {
    type Answer = ();
    const METHOD: Method = Method::Delete;
    const IS_TELLING: bool = false;

    fn path(&self) -> Result<Path> {
        Path::new("agents/{agent}", [self.agent.as_str()])
    }

    fn read(&self, _: Envelope) -> Result<()> {
        Ok(())
    }

    fn absent(&self) -> Option<()> {
        Some(())
    }

    fn entry(&self, _: Option<&()>) -> Option<AuditEntry> {
        let fields = json!({ "call": "delete agent", "agent": self.agent.as_str() });
        Some(AuditEntry { project: None, fields })
    }
}

/// Creates an agent. It, as the service says it.
#[derive(Debug, Clone, Copy)]
pub struct CreateAgent<'a> {
    /// Where.
    pub folder: &'a SpaceId,
    /// What it is to be.
    pub state: &'a AgentState,
}

impl Endpoint for CreateAgent<'_> {
    type Answer = RemoteAgent;
    const METHOD: Method = Method::Post;
    const IS_TELLING: bool = false;

    fn path(&self) -> Result<Path> {
        Path::new("folders/{folder}/agents", [self.folder.as_str()])
    }

    fn body(&self) -> Result<Option<Value>> {
        let AgentState { name, data } = self.state;
        Ok(Some(json!({ "name": name, "data": { "type": "data", "data": data } })))
    }

    fn read(&self, answer: Envelope) -> Result<RemoteAgent> {
        made(answer)
    }

    fn entry(&self, made: Option<&RemoteAgent>) -> Option<AuditEntry> {
        let AgentState { name, data } = self.state;
        let agent = made.map(|agent| agent.id.as_str());
        let fields = json!({ "call": "create agent", "folder": self.folder, "agent": agent,
                             "name": name, "data": data });
        Some(AuditEntry { project: None, fields })
    }
}

/// Has the service make an agent of a description, which uses up AI credits.
#[derive(Debug, Clone, Copy)]
pub struct GenerateAgent<'a> {
    /// Where.
    pub folder: &'a SpaceId,
    /// What it is to do, in words.
    pub text: &'a str,
}

impl Endpoint for GenerateAgent<'_> {
    type Answer = RemoteAgent;
    const METHOD: Method = Method::Post;
    const IS_TELLING: bool = false;

    fn path(&self) -> Result<Path> {
        Path::new("folders/{folder}/agent-generate", [self.folder.as_str()])
    }

    fn body(&self) -> Result<Option<Value>> {
        Ok(Some(json!({ "text": self.text })))
    }

    fn read(&self, answer: Envelope) -> Result<RemoteAgent> {
        made(answer)
    }

    fn entry(&self, made: Option<&RemoteAgent>) -> Option<AuditEntry> {
        let agent = made.map(|agent| agent.id.as_str());
        let fields = json!({ "call": "generate agent", "folder": self.folder, "agent": agent,
                             "text": self.text });
        Some(AuditEntry { project: None, fields })
    }
}

fn made(answer: Envelope) -> Result<RemoteAgent> {
    let made = answer.agent().ok().flatten();
    made.ok_or_else(|| Error::new(Kind::Ambiguous, "Taskade does not say which agent it made"))
}
