//! What the official document allows of an agent and of its public preferences: types are checked by
//! being read, and most of what was read is not asked for again.

#![allow(dead_code, reason = "types are checked by being read")]

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An avatar: an emoji.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Avatar {
    #[serde(rename = "type")]
    kind: Emoji,
    data: AvatarValue,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Emoji {
    Emoji,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct AvatarValue {
    value: String,
}

/// `SpaceAgent.data`. What is read is what is refused if it is otherwise.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct AgentData {
    pub(crate) commands: Vec<Command>,
    #[serde(default)]
    description: Given<String>,
    #[serde(default)]
    tone: Given<Tone>,
    #[serde(default)]
    avatar: Given<Avatar>,
    #[serde(default)]
    knowledge_enabled: Given<bool>,
    #[serde(default)]
    language: Given<String>,
    #[serde(default)]
    input_placeholder: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Command {
    pub(crate) name: String,
    #[serde(default)]
    description: Option<String>,
    pub(crate) prompt: String,
    pub(crate) id: String,
    #[serde(default)]
    mode: Given<Mode>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    Default,
    PlanAndExecuteV1,
    PlanAndExecuteV2,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Tone {
    Authoritative,
    Clinical,
    Cold,
    Confident,
    Cynical,
    Emotional,
    Empathetic,
    Formal,
    Friendly,
    Humourous,
    Informal,
    Ironic,
    Optimistic,
    Pessimistic,
    Playful,
    Sarcastic,
    Serious,
    Sympathetic,
    Tentative,
    Warm,
    Creative,
    Inspiring,
    Casual,
}

/// The preferences of a public agent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Preferences {
    #[serde(default)]
    mode: Given<PublicMode>,
    #[serde(default)]
    can_copy_knowledge: Given<bool>,
    #[serde(default)]
    hide_branding: Given<bool>,
    #[serde(default)]
    theme: Given<Theme>,
    #[serde(default)]
    auto_end_chats: Given<bool>,
    #[serde(default)]
    meta: Given<Meta>,
    #[serde(default)]
    color: Given<String>,
    #[serde(default)]
    launcher_icon: Option<Map<String, Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PublicMode {
    Template,
    Chatbot,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Theme {
    Light,
    Dark,
    Auto,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Meta {
    #[serde(default)]
    title: Given<String>,
    #[serde(default)]
    description: Given<String>,
    #[serde(default)]
    image: Option<Map<String, Value>>,
}

/// What may be left out, but not be null.
#[derive(Debug)]
struct Given<T>(Option<T>);

impl<T> Default for Given<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(|given| Self(Some(given)))
    }
}
