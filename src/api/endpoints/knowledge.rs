//! What agents know.

use serde_json::{Value, json};

use super::super::{
    backend::AuditEntry, call::Method, endpoint::Endpoint, envelope::Envelope, path::Path,
};
use crate::{error::Result, ids::AgentId, model::Knowledge};

/// Has an agent know something.
#[derive(Debug, Clone, Copy)]
pub struct AddKnowledge<'a> {
    /// The agent.
    pub agent: &'a AgentId,
    /// What.
    pub knowledge: &'a Knowledge,
}

impl Endpoint for AddKnowledge<'_> {
    type Answer = ();
    const METHOD: Method = Method::Post;
    const IS_TELLING: bool = false;

    fn path(&self) -> Result<Path> {
        let template = match self.knowledge {
            Knowledge::Project(_) => "agents/{agent}/knowledge/project",
            Knowledge::Media(_) => "agents/{agent}/knowledge/media",
        };
        Path::new(template, [self.agent.as_str()])
    }

    fn body(&self) -> Result<Option<Value>> {
        Ok(Some(match self.knowledge {
            Knowledge::Project(id) => json!({ "projectId": id }),
            Knowledge::Media(id) => json!({ "mediaId": id }),
        }))
    }

    fn read(&self, _: Envelope) -> Result<()> {
        Ok(())
    }

    fn entry(&self, _: Option<&()>) -> Option<AuditEntry> {
        let (agent, knowledge) = (self.agent.as_str(), self.knowledge);
        let fields = json!({ "call": "add knowledge", "agent": agent, "knowledge": knowledge });
        Some(AuditEntry { project: None, fields })
    }
}

/// Has an agent know something no longer. What it does not know is no failure.
#[derive(Debug, Clone, Copy)]
pub struct RemoveKnowledge<'a> {
    /// The agent.
    pub agent: &'a AgentId,
    /// What.
    pub knowledge: &'a Knowledge,
}

impl Endpoint for RemoveKnowledge<'_> {
    type Answer = ();
    const METHOD: Method = Method::Delete;
    const IS_TELLING: bool = false;

    fn path(&self) -> Result<Path> {
        let (template, id) = match self.knowledge {
            Knowledge::Project(id) => ("agents/{agent}/knowledge/project/{project}", id.as_str()),
            Knowledge::Media(id) => ("agents/{agent}/knowledge/media/{media}", id.as_str()),
        };
        Path::new(template, [self.agent.as_str(), id])
    }

    fn read(&self, _: Envelope) -> Result<()> {
        Ok(())
    }

    fn absent(&self) -> Option<()> {
        Some(())
    }

    fn entry(&self, _: Option<&()>) -> Option<AuditEntry> {
        let (agent, knowledge) = (self.agent.as_str(), self.knowledge);
        let fields = json!({ "call": "remove knowledge", "agent": agent, "knowledge": knowledge });
        Some(AuditEntry { project: None, fields })
    }
}
