//! Conversations with agents. v1 tells of them all but what was said.

use serde_json::{Value, json};

use super::{
    super::{call::Method, endpoint::Endpoint, envelope::Envelope, path::Path},
    resources::ItemPage,
};
use crate::{
    error::Result,
    ids::{AgentId, ConvoId},
};

/// A page of the conversations with an agent.
#[derive(Debug, Clone, Copy)]
pub struct GetConvos<'a> {
    /// The agent.
    pub agent: &'a AgentId,
    /// Which page, from 1 on.
    pub page: usize,
}

impl GetConvos<'_> {
    /// As [`GetAgents::LIMIT`](super::GetAgents).
    pub(crate) const LIMIT: usize = 20;
}

impl Endpoint for GetConvos<'_> {
    type Answer = ItemPage;
    const METHOD: Method = Method::Get;
    const IS_TELLING: bool = false;

    fn path(&self) -> Result<Path> {
        // The document has the slash.
        Path::new("agents/{agent}/convos/", [self.agent.as_str()])
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        vec![("limit", Self::LIMIT.to_string()), ("page", self.page.to_string())]
    }

    fn read(&self, answer: Envelope) -> Result<ItemPage> {
        ItemPage::of(answer)
    }
}

/// What is known of one conversation, as the service says it.
#[derive(Debug, Clone, Copy)]
pub struct GetConvo<'a> {
    /// With whom.
    pub agent: &'a AgentId,
    /// Which.
    pub convo: &'a ConvoId,
}

impl Endpoint for GetConvo<'_> {
    type Answer = Value;
    const METHOD: Method = Method::Get;
    const IS_TELLING: bool = false;

    fn path(&self) -> Result<Path> {
        Path::new("agents/{agent}/convos/{convo}", [self.agent.as_str(), self.convo.as_str()])
    }

    fn read(&self, answer: Envelope) -> Result<Value> {
        Ok(answer.item_or_null()?.unwrap_or_default())
    }
}

/// What was said in a conversation, as Markdown; `None` if the answer has nothing of it. v2 alone
/// tells, whose documents are not those of v1: there is no more to be read from its answer.
#[derive(Debug, Clone, Copy)]
pub struct GetTranscript<'a> {
    /// With whom.
    pub agent: &'a AgentId,
    /// Which conversation.
    pub convo: &'a ConvoId,
}

impl Endpoint for GetTranscript<'_> {
    type Answer = Option<String>;
    const METHOD: Method = Method::Query;
    const IS_TELLING: bool = false;

    fn path(&self) -> Result<Path> {
        Ok(Path::of_v2("getConversation"))
    }

    fn body(&self) -> Result<Option<Value>> {
        let (agent, convo) = (self.agent.as_str(), self.convo.as_str());
        Ok(Some(json!({ "agentId": agent, "convoId": convo, "includeTranscript": true })))
    }

    fn read(&self, answer: Envelope) -> Result<Option<String>> {
        Ok(answer.transcript())
    }
}
