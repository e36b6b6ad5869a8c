//! Bodies of requests about agents, as strict as the official document.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    agent_shapes::{AgentData, Avatar, Command, Preferences},
    agent_templates::TEMPLATES,
    answer::Answer,
};

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
