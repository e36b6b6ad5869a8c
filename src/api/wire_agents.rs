//! What answers about agents mean, read leniently.

use serde_json::{Map, Value, json};

use super::{
    envelope::{Envelope, protocol, scalar},
    wire::{id, text},
};
use crate::{
    error::Result,
    ids::{AgentId, ConvoId},
    model::{RemoteAgent, RemoteConvo},
};

impl Envelope {
    /// The agent; `None` if the item is null.
    pub(super) fn agent(self) -> Result<Option<RemoteAgent>> {
        self.item_or_null()?.map(agent).transpose()
    }

    /// An agent as the public has it: the item, with the address beside what it is set to.
    pub(super) fn public_agent(self) -> Result<Value> {
        let url = self.get("publicUrl");
        Ok(match self.item_or_null()? {
            Some(Value::Object(mut item)) => {
                item.extend(url.map(|url| ("publicUrl".to_owned(), url)));
                item.into()
            }
            _ => url.map_or(Value::Null, |url| json!({ "publicUrl": url })),
        })
    }

    /// What was said in a conversation.
    pub(super) fn transcript(&self) -> Option<String> {
        self.get("transcript").as_ref().and_then(scalar)
    }
}

/// An agent of a listing or of a single answer.
pub(super) fn agent(item: Value) -> Result<RemoteAgent> {
    let (id, name) = (AgentId::new(id(&item)?), text(&item, "name"));
    Ok(RemoteAgent { id, name, item: object(item)? })
}

/// A conversation of a listing.
pub(super) fn convo(item: Value) -> Result<RemoteConvo> {
    let (id, title) = (ConvoId::new(id(&item)?), text(&item, "title"));
    Ok(RemoteConvo { id, title, item: object(item)? })
}

fn object(item: Value) -> Result<Map<String, Value>> {
    match item {
        Value::Object(item) => Ok(item),
        _ => Err(protocol("the answer has an item that is no object")),
    }
}

/// Reads an answer as everything that this file can.
#[cfg(fuzzing)]
pub(super) fn read_any(read: impl Fn() -> Result<Envelope>) {
    let _ = (read().map(Envelope::agent), read().map(Envelope::public_agent));
    let _ = read().map(|answer| answer.transcript());
    let items = |answer: Envelope| answer.listed().unwrap_or_default();
    let _ = read().map(|answer| items(answer).into_iter().map(agent).collect::<Vec<_>>());
    let _ = read().map(|answer| items(answer).into_iter().map(convo).collect::<Vec<_>>());
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Envelope;
    use crate::{error::Kind, model::RemoteAgent};

    fn read(body: &Value) -> Envelope {
        Envelope::read(body.to_string().as_bytes(), None).unwrap()
    }

    #[test]
    fn an_agent_is_kept_whole_and_what_it_lacks_is_empty() {
        let item = json!({ "id": "a", "name": "Scout", "space_id": "w", "new": [1],
                           "data": { "commands": [], "description": "Look.", "llm": {} } });
        let agent = read(&json!({ "item": item })).agent().unwrap().unwrap();
        assert_eq!(
            (agent.id.as_str(), agent.name.as_str(), agent.prompt()),
            ("a", "Scout", "Look.")
        );
        assert_eq!(Value::from(agent.item), item);
        let bare = |item: Value| read(&json!({ "item": item })).agent().unwrap();
        assert_eq!(bare(json!({ "id": 7, "data": null })).unwrap().prompt(), "");
        assert_eq!(bare(Value::Null), None);
        let error = read(&json!({ "item": { "name": "no id" } })).agent().unwrap_err();
        assert_eq!(error.kind(), Kind::Protocol);
        assert_eq!(RemoteAgent::PROMPT, "description");
    }

    #[test]
    fn a_public_agent_has_its_address_beside_what_it_is_set_to() {
        let url = "https://x/a/p";
        let answer = json!({ "item": { "id": "p", "preferences": {} }, "publicUrl": url });
        let told = read(&answer).public_agent().unwrap();
        assert_eq!(told, json!({ "id": "p", "preferences": {}, "publicUrl": url }));
        assert_eq!(read(&json!({ "item": null })).public_agent().unwrap(), Value::Null);
    }

    #[test]
    fn a_transcript_is_a_text_or_nothing() {
        let told = |body: &Value| read(body).transcript();
        assert_eq!(told(&json!({ "item": {}, "transcript": "# Hi" })).as_deref(), Some("# Hi"));
        assert_eq!(told(&json!({ "item": {} })), None);
        assert_eq!(told(&json!({ "item": {}, "transcript": [{}] })), None);
    }
}
