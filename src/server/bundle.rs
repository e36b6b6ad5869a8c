//! A space as exported: its projects as trees of nodes, and what else it has, written as real exports
//! are.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use serde::{
    Serialize, Serializer,
    ser::{SerializeMap as _, SerializeStruct as _},
};
use serde_json::{Map, Value, json};

use super::{
    answer::Answer,
    outline::{StoredTask, Tasks},
    quirks::Exports,
    shared::Shared,
    store::Store,
    store_agents::{Agent, Knowledge},
    store_details::Field,
    store_fields::{Surroundings, Values},
    store_templates::{KeptItem, Template},
};
use crate::error::{Error, Kind, Result};

/// Everything that an export tells of a project.
struct BundleProject {
    id: String,
    tasks: Arc<Tasks>,
    fields: Vec<Field>,
    values: HashMap<String, Values>,
    surroundings: Surroundings,
}

/// The export of a space. Written from what is borrowed: it may have every task of an account.
#[derive(Serialize)]
struct ExportBody<'a> {
    version: &'static str,
    items: BTreeMap<&'a str, BundleItem<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum BundleItem<'a> {
    Project(Item<'a>),
    Other(&'a Value),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    project_id: &'a str,
    root: BundleRoot<'a>,
    preferences: &'a Map<String, Value>,
}

/// The root of a project, whose only child is the title node.
struct BundleRoot<'a> {
    title: Option<BundleNode<'a>>,
    fields: &'a [Field],
    more: &'a Map<String, Value>,
}

/// A task with everything below it.
struct BundleNode<'a> {
    task: &'a StoredTask,
    values: Option<&'a Values>,
    children: Vec<BundleNode<'a>>,
}

/// A text without markup, as exports have it.
struct PlainText<'a>(&'a str);

/// Fields by their ids, in their order.
struct Fields<'a>(&'a [Field]);

#[derive(Serialize)]
struct BundleOp<'a> {
    insert: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<Attributes>,
}

#[derive(Serialize)]
struct Attributes {
    paragraph: bool,
}

/// The export of a space.
pub(super) fn export(shared: &Shared, space: &str) -> Result<Answer> {
    let (projects, others) = (projects(shared, space)?, others(shared, space)?);
    let mut items: BTreeMap<&str, BundleItem<'_>> = BTreeMap::new();
    for project in &projects {
        items.insert(&project.id, BundleItem::Project(item(project)));
    }
    for (id, _, other) in &others {
        items.insert(id, BundleItem::Other(other));
    }
    Ok(Answer::item(ExportBody { version: "1", items }))
}

/// The files of the archive of a space, by their paths: a directory for each sort of item.
pub(super) fn files(shared: &Shared, space: &str) -> Result<Vec<(String, Value)>> {
    let mut files = Vec::new();
    for project in projects(shared, space)? {
        let mut item = to_json(&item(&project))?;
        item.as_object_mut().into_iter().for_each(|item| {
            item.retain(|key, _| key == "root" || key == "preferences");
        });
        files.push((format!("projects/{}.json", project.id), item));
    }
    for (id, dir, mut item) in others(shared, space)? {
        if let Some(template) = item.get_mut("template") {
            item = template.take();
        }
        files.push((format!("{dir}/{id}.json"), item));
    }
    Ok(files)
}

/// The same as lists of `{id, data}`, as a `.tsk` has them that is JSON.
pub(super) fn tsk(shared: &Shared, space: &str) -> Result<Value> {
    let mut lists: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (path, data) in files(shared, space)? {
        let name = path.strip_suffix(".json").unwrap_or(&path);
        let Some((list, id)) = name.split_once('/') else { continue };
        lists.entry(list.to_owned()).or_default().push(json!({ "id": id, "data": data }));
    }
    let mut bundle = json!(lists);
    bundle["version"] = "1.1".into();
    bundle["spaceId"] = space.into();
    Ok(bundle)
}

/// What an export has of a project: `{root, preferences}` and what else there is.
pub(super) fn project_item(store: &Store, id: &str) -> Result<Value> {
    to_json(&item(&project(store, id)?))
}

fn to_json(item: &Item<'_>) -> Result<Value> {
    let failed = |error| Error::new(Kind::Storage, "a project cannot be written").because(error);
    serde_json::to_value(item).map_err(failed)
}

/// Agents, templates, flows and apps: their ids, the directories that they are in, and the items.
fn others(shared: &Shared, space: &str) -> Result<Vec<(String, &'static str, Value)>> {
    let store = &shared.store;
    let mut others = Vec::new();
    for agent in store.agents(space)? {
        let knows = store.knowledge(&agent.id, Knowledge::Project)?;
        others.push((agent.id.clone(), "agents", agent_item(agent, &knows)));
    }
    for Template { id, name, mut item } in store.templates(space)? {
        item["type"] = "space-bundle-template-item".into();
        item["name"] = name.into();
        others.push((id, "templates", item));
    }
    for KeptItem { id, item } in store.kept_items(space)? {
        let is_app = item["type"] == "space-bundle-app-item";
        others.push((id, if is_app { "apps" } else { "automations" }, item));
    }
    Ok(others)
}

/// An agent as exports have it: a template, which names the projects that it knows.
fn agent_item(agent: Agent, knows: &[String]) -> Value {
    let mut template = agent.data;
    template.insert("version".to_owned(), "1".into());
    template.insert("name".to_owned(), agent.name.into());
    let known = |id: &String| json!({ "id": id, "type": "agent-template-variable-input-type" });
    let known: Vec<Value> = knows.iter().map(known).collect();
    template.insert("addToKnowledgeProjectVariables".to_owned(), known.into());
    if let Some(public) = agent.public {
        template.insert("publicPreferences".to_owned(), public.preferences.into());
    }
    json!({ "type": "space-bundle-agent-item", "template": template })
}

fn projects(shared: &Shared, space: &str) -> Result<Vec<BundleProject>> {
    let mut projects = Vec::new();
    let is_left_out = |name: &str| shared.quirks.left_out.iter().any(|it| name.starts_with(it));
    for row in shared.store.projects(space)? {
        if is_left_out(&row.name) {
            continue;
        }
        let mut project = project(&shared.store, &row.id)?;
        if shared.quirks.exports == Exports::Different {
            for task in &mut Arc::make_mut(&mut project.tasks).0 {
                task.set_text(task.text.replace('*', ""));
            }
        }
        projects.push(project);
    }
    Ok(projects)
}

fn project(store: &Store, id: &str) -> Result<BundleProject> {
    Ok(BundleProject {
        tasks: store.tasks(id)?,
        fields: store.fields(id)?,
        values: store.all_values(id)?,
        surroundings: store.surroundings(id)?,
        id: id.to_owned(),
    })
}

fn item(project: &BundleProject) -> Item<'_> {
    let BundleProject { id, tasks, fields, values, surroundings } = project;
    Item {
        kind: "space-bundle-project-item",
        project_id: id,
        root: BundleRoot { title: tree(tasks, values), fields, more: &surroundings.root },
        preferences: &surroundings.preferences,
    }
}

/// The title node with everything below it, built from the last task to the first.
fn tree<'a>(tasks: &'a Tasks, values: &'a HashMap<String, Values>) -> Option<BundleNode<'a>> {
    let depths = tasks.depths();
    // The subtrees that wait for their parent, of each depth, last first.
    let mut waiting: Vec<Vec<BundleNode<'_>>> = Vec::new();
    for (task, &depth) in tasks.0.iter().zip(&depths).rev() {
        let mut children = waiting.get_mut(depth + 1).map(std::mem::take).unwrap_or_default();
        children.reverse();
        if waiting.len() <= depth {
            waiting.resize_with(depth + 1, Vec::new);
        }
        waiting[depth].push(BundleNode { task, values: values.get(&task.id), children });
    }
    waiting.first_mut().and_then(Vec::pop)
}

impl Serialize for BundleRoot<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut root = serializer.serialize_map(None)?;
        root.serialize_entry("type", "root")?;
        root.serialize_entry("children", &[&self.title])?;
        for (key, value) in self.more {
            root.serialize_entry(key, value)?;
        }
        if !self.fields.is_empty() {
            root.serialize_entry("fields", &Fields(self.fields))?;
        }
        root.end()
    }
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|field| (&field.id, &field.data)))
    }
}

impl Serialize for PlainText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let text = BundleOp { insert: self.0, attributes: None };
        let end = BundleOp { insert: "\n", attributes: Some(Attributes { paragraph: true }) };
        let text = Some(text).filter(|_| !self.0.is_empty());
        serializer.collect_seq(text.into_iter().chain([end]))
    }
}

impl Serialize for BundleNode<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let Self { task, values, children } = self;
        let mut node = serializer.serialize_struct("Node", 7 + usize::from(values.is_some()))?;
        node.serialize_field("type", "text")?;
        node.serialize_field("id", &task.id)?;
        match &task.shape.ops {
            Some(ops) => node.serialize_field("text", &BTreeMap::from([("ops", &**ops)]))?,
            None => {
                let ops = PlainText(&task.text);
                node.serialize_field("text", &BTreeMap::from([("ops", ops)]))?;
            }
        }
        node.serialize_field("format", &task.shape.format)?;
        node.serialize_field("collapsed", &task.shape.collapsed)?;
        node.serialize_field("completed", &task.completed)?;
        match values {
            Some(values) => node.serialize_field("attributes", values)?,
            None => node.skip_field("attributes")?,
        }
        node.serialize_field("children", children)?;
        node.end()
    }
}
