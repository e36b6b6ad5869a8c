//! What an export tells of the agents of its space: which projects they know. No other answer does.

use std::collections::HashMap;

use serde::Deserialize;

use super::bundle::Export;
use crate::ids::{AgentId, ProjectId};

/// The type of an agent among the items of an export.
const AGENT: &str = "space-bundle-agent-item";

#[derive(Deserialize)]
struct Item {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    template: Template,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Template {
    #[serde(default)]
    add_to_knowledge_project_variables: Option<Vec<Variable>>,
}

#[derive(Deserialize)]
struct Variable {
    id: String,
}

/// The projects that each agent of an export knows. What is not as expected is left out.
pub(super) fn knowledge(export: &Export<'_>) -> HashMap<AgentId, Vec<ProjectId>> {
    let agents = export.items.iter().filter(|(_, item)| item.get().contains(AGENT));
    let known = agents.filter_map(|(id, item)| {
        let item: Item = serde_json::from_str(item.get()).ok()?;
        let known = item.template.add_to_knowledge_project_variables.unwrap_or_default();
        let projects = known.into_iter().map(|variable| ProjectId::new(variable.id)).collect();
        (item.kind == AGENT).then(|| (AgentId::new(id), projects))
    });
    known.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::knowledge;
    use crate::ids::AgentId;

    #[test]
    fn an_agent_knows_the_projects_that_its_template_names() {
        let variable = |id: &str| json!({ "id": id, "type": "agent-template-variable-input-type" });
        let agent = |known: serde_json::Value| {
            json!({ "type": "space-bundle-agent-item",
                    "template": { "addToKnowledgeProjectVariables": known } })
        };
        let item = json!({ "version": "1", "items": {
            "a": agent(json!([variable("p"), variable("q")])),
            "none": agent(json!(null)),
            "odd": agent(json!([7])),
            "p": { "type": "space-bundle-project-item", "says": "space-bundle-agent-item" },
        } });
        let item = item.to_string();
        let known = knowledge(&serde_json::from_str(&item).unwrap());
        assert_eq!(known.len(), 2);
        let ids: Vec<&str> = known[&AgentId::new("a")].iter().map(|id| id.as_str()).collect();
        assert_eq!(ids, ["p", "q"]);
        assert!(known[&AgentId::new("none")].is_empty());
    }
}
