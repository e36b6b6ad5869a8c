//! Bodies of requests about agents, as strict as the official document.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{agent_templates::TEMPLATES, answer::Answer};

/// `folderCreateAgent`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateAgent {
    pub(crate) name: String,
    pub(crate) data: Source,
}

/// What an agent is made of.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum Source {
    Data(OfData),
    Template(OfTemplate),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfData {
    pub(crate) data: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfTemplate {
    pub(crate) template: AgentTemplate,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgentTemplate {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) avatar: Option<Avatar>,
}

/// `folderAgentGenerate`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GenerateAgent {
    pub(crate) text: String,
}

/// `agentUpdate`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateAgent {
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) data: Option<Map<String, Value>>,
}

/// `agentKnowledgeProjectCreate`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct TeachProject {
    pub(crate) project_id: String,
}

/// `agentKnowledgeMediaCreate`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct TeachMedia {
    pub(crate) media_id: String,
}

/// `agentPublicUpdate`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdatePublicAgent {
    pub(crate) preferences: Map<String, Value>,
}

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
#[allow(dead_code, reason = "types are checked by being read")]
struct AgentData {
    commands: Vec<Command>,
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
#[allow(dead_code, reason = "types are checked by being read")]
struct Command {
    name: String,
    #[serde(default)]
    description: Option<String>,
    prompt: String,
    id: String,
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
#[allow(dead_code, reason = "types are checked by being read")]
struct Preferences {
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
#[allow(dead_code, reason = "types are checked by being read")]
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
#[allow(dead_code, reason = "types are checked by being read")]
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

/// What the document has of an agent, and of a command.
const OF_DATA: [&str; 7] = [
    "commands",
    "description",
    "tone",
    "avatar",
    "knowledgeEnabled",
    "language",
    "inputPlaceholder",
];
const OF_COMMAND: [&str; 5] = ["name", "description", "prompt", "id", "mode"];

/// Refuses what the document does not allow of an agent. A key that it does not know is allowed
/// where the agent has it: it came with an answer, and answers may have more.
pub(crate) fn check_data(
    data: &Map<String, Value>,
    known: &Map<String, Value>,
) -> Result<(), Answer> {
    let mut checked = data.clone();
    checked.retain(|key, _| OF_DATA.contains(&key.as_str()) || !known.contains_key(key));
    let had = known.get("commands").and_then(Value::as_array);
    let has_had = |key: &str| had.into_iter().flatten().any(|command| command.get(key).is_some());
    let commands = checked.get_mut("commands").and_then(Value::as_array_mut);
    for command in commands.into_iter().flatten().filter_map(Value::as_object_mut) {
        command.retain(|key, _| OF_COMMAND.contains(&key.as_str()) || !has_had(key));
    }
    let data = serde_json::from_value::<AgentData>(checked.into()).map_err(refused)?;
    let is_empty = |command: &Command| {
        [&command.name, &command.prompt, &command.id].iter().any(|text| text.is_empty())
    };
    match data.commands.iter().any(is_empty) {
        true => Err(Answer::bad_request("commands: name, prompt and id are not empty")),
        false => Ok(()),
    }
}

/// Refuses what the document does not allow of the preferences of a public agent.
pub(crate) fn check_preferences(preferences: &Map<String, Value>) -> Result<(), Answer> {
    let preferences = Value::Object(preferences.clone());
    serde_json::from_value::<Preferences>(preferences).map(drop).map_err(refused)
}

impl AgentTemplate {
    /// Refuses what is no template.
    pub(crate) fn check(&self) -> Result<(), Answer> {
        match TEMPLATES.contains(&self.kind.as_str()) {
            true => Ok(()),
            false => Err(Answer::bad_request("template: no such type")),
        }
    }
}

fn refused(error: serde_json::Error) -> Answer {
    Answer::bad_request(&error.to_string())
}
