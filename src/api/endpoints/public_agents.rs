//! Agents as the public has them. Publishing cannot be taken back.

use serde_json::{Map, Value, json};

use super::super::{
    backend::AuditEntry, call::Method, endpoint::Endpoint, envelope::Envelope, path::Path,
};
use crate::{error::Result, ids::AgentId};

/// Makes an agent one that everybody can use who has its address.
#[derive(Debug, Clone, Copy)]
pub struct PublishAgent<'a> {
    /// The agent.
    pub agent: &'a AgentId,
}

impl Endpoint for PublishAgent<'_> {
    type Answer = ();
    const METHOD: Method = Method::Put;
    const IS_TELLING: bool = false;

    fn path(&self) -> Result<Path> {
        Path::new("agents/{agent}/publicAccess", [self.agent.as_str()])
    }

    fn body(&self) -> Result<Option<Value>> {
        Ok(Some(json!({})))
    }

    fn read(&self, _: Envelope) -> Result<()> {
        Ok(())
    }

    fn entry(&self, _: Option<&()>) -> Option<AuditEntry> {
        let fields = json!({ "call": "publish agent", "agent": self.agent.as_str() });
        Some(AuditEntry { project: None, fields })
    }
}

/// Changes what a published agent is set to for the public.
#[derive(Debug, Clone, Copy)]
pub struct UpdatePublicAgent<'a> {
    /// The agent.
    pub agent: &'a AgentId,
    /// What it is set to.
    pub preferences: &'a Map<String, Value>,
}

impl Endpoint for UpdatePublicAgent<'_> {
    type Answer = ();
    const METHOD: Method = Method::Patch;
    const IS_TELLING: bool = false;

    fn path(&self) -> Result<Path> {
        Path::new("agents/{agent}/public-agent", [self.agent.as_str()])
    }

    fn body(&self) -> Result<Option<Value>> {
        Ok(Some(json!({ "preferences": self.preferences })))
    }

    fn read(&self, _: Envelope) -> Result<()> {
        Ok(())
    }

    fn entry(&self, _: Option<&()>) -> Option<AuditEntry> {
        let (agent, preferences) = (self.agent.as_str(), self.preferences);
        let call = "change public agent";
        let fields = json!({ "call": call, "agent": agent, "preferences": preferences });
        Some(AuditEntry { project: None, fields })
    }
}

/// A published agent, by the id that its address has: whoever's it is.
#[derive(Debug, Clone, Copy)]
pub struct GetPublicAgent<'a> {
    /// That id.
    pub public: &'a str,
}

impl Endpoint for GetPublicAgent<'_> {
    type Answer = Value;
    const METHOD: Method = Method::Get;
    const IS_TELLING: bool = false;

    fn path(&self) -> Result<Path> {
        Path::new("public-agents/{public}", [self.public])
    }

    fn read(&self, answer: Envelope) -> Result<Value> {
        answer.public_agent()
    }
}
