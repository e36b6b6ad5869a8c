//! Agents, as they are read.

use serde_json::Value;

use super::{
    super::{call::Method, endpoint::Endpoint, envelope::Envelope, path::Path},
    resources::ItemPage,
};
use crate::{
    error::Result,
    ids::{AgentId, SpaceId},
    model::RemoteAgent,
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
