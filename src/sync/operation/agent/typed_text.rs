//! What a program wrote of which an operation was made, and what the journal has of what cannot be made
//! one. Pure.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    api::{AgentState, RemoteAgent},
    store::operations::{Operation, OperationKind},
    sync::operation::agent::body::{AgentCreation, AgentSave, PublicWish},
    text::prompt::prompt_text,
};

/// What the journal has of a text that was refused here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TypedText {
    /// The name of the file that it was written to.
    pub(crate) file: String,
    pub(crate) text: Vec<u8>,
    /// What the agent was called.
    pub(crate) name: String,
    /// Whether Taskade did not have it yet.
    pub(crate) is_of_new: bool,
    /// Whether readers get what they got before.
    pub(crate) is_set_aside: bool,
    /// What whoever wrote it had before their eyes.
    #[serde(default)]
    pub(crate) seen: Option<AgentState>,
}

impl TypedText {
    /// That of an operation.
    pub(crate) fn of(operation: &Operation) -> Option<Self> {
        let is_it = operation.kind == OperationKind::TypedAgent;
        is_it.then(|| serde_json::from_value(operation.body.clone()).ok()).flatten()
    }
}

/// The text that a program wrote of which an operation was made.
pub(crate) fn text_of(operation: &Operation) -> Option<Vec<u8>> {
    let state = match operation.kind {
        OperationKind::TypedAgent => return TypedText::of(operation).map(|typed| typed.text),
        OperationKind::PublishAgent => {
            let wish: PublicWish = serde_json::from_value(operation.body.clone()).ok()?;
            let PublicWish { is_published, preferences } = wish;
            let text = json!({ "enabled": is_published, "preferences": preferences });
            return serde_json::to_vec_pretty(&text).ok();
        }
        OperationKind::GenerateAgent => {
            return operation.body["text"].as_str().map(|text| text.as_bytes().to_vec());
        }
        OperationKind::SaveAgent => AgentSave::of(operation).ok()?.want,
        OperationKind::CreateAgent => AgentCreation::of(operation)?.wanted().clone(),
        _ => return None,
    };
    match operation.path.rsplit('/').next()? {
        "prompt.md" => {
            let prompt = state.data.get(RemoteAgent::PROMPT).and_then(Value::as_str);
            Some(prompt_text(prompt.unwrap_or_default()).into_bytes())
        }
        "agent.json" => {
            let AgentState { name, data } = state;
            serde_json::to_vec_pretty(&json!({ "name": name, "data": data })).ok()
        }
        // It has another name, which no file holds.
        _ => None,
    }
}
