//! A space as exported: its projects as trees of nodes, written as real exports are.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use serde::{
    Serialize, Serializer,
    ser::{SerializeMap as _, SerializeStruct as _},
};
use serde_json::{Map, Value};

use super::{
    answer::{Answer, Outcome},
    outline::{Task, Tasks},
    quirks::Exports,
    shared::Shared,
    store_details::Field,
    store_fields::{Surroundings, Values},
};
use crate::error::Result;

/// Everything that an export tells of a project.
struct Project {
    id: String,
    tasks: Arc<Tasks>,
    fields: Vec<Field>,
    values: HashMap<String, Values>,
    surroundings: Surroundings,
}

/// The export of a space. Written from what is borrowed: it may have every task of an account.
#[derive(Serialize)]
struct Export<'a> {
    version: &'static str,
    items: BTreeMap<&'a str, Item<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    project_id: &'a str,
    root: Root<'a>,
    preferences: &'a Map<String, Value>,
}

/// The root of a project, whose only child is the title node.
struct Root<'a> {
    title: Option<Node<'a>>,
    fields: &'a [Field],
    more: &'a Map<String, Value>,
}

/// A task with everything below it.
struct Node<'a> {
    task: &'a Task,
    values: Option<&'a Values>,
    children: Vec<Node<'a>>,
}

/// A text without markup, as exports have it.
struct PlainText<'a>(&'a str);

/// Fields by their ids, in their order.
struct Fields<'a>(&'a [Field]);

#[derive(Serialize)]
struct Op<'a> {
    insert: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<Attributes>,
}

#[derive(Serialize)]
struct Attributes {
    paragraph: bool,
}

/// The export of a space.
pub(super) fn export(shared: &Shared, space: &str) -> Outcome {
    if shared.quirks.exports == Exports::Refused {
        return Err(Answer::refusal(403, "no permission to export"));
    }
    let projects =
        projects(shared, space).map_err(|error| Answer::refusal(500, &error.to_string()))?;
    let items = projects.iter().map(|project| (project.id.as_str(), item(project))).collect();
    Ok(Answer::item(Export { version: "1", items }))
}

fn projects(shared: &Shared, space: &str) -> Result<Vec<Project>> {
    let store = &shared.store;
    let mut projects = Vec::new();
    for row in store.projects(space)? {
        let mut tasks = store.tasks(&row.id)?;
        if shared.quirks.exports == Exports::Different {
            for task in &mut Arc::make_mut(&mut tasks).0 {
                task.set_text(task.text.replace('*', ""));
            }
        }
        projects.push(Project {
            tasks,
            fields: store.fields(&row.id)?,
            values: store.all_values(&row.id)?,
            surroundings: store.surroundings(&row.id)?,
            id: row.id,
        });
    }
    Ok(projects)
}

fn item(project: &Project) -> Item<'_> {
    let Project { id, tasks, fields, values, surroundings } = project;
    Item {
        kind: "space-bundle-project-item",
        project_id: id,
        root: Root { title: tree(tasks, values), fields, more: &surroundings.root },
        preferences: &surroundings.preferences,
    }
}

/// The title node with everything below it, built from the last task to the first.
fn tree<'a>(tasks: &'a Tasks, values: &'a HashMap<String, Values>) -> Option<Node<'a>> {
    let depths = tasks.depths();
    // The subtrees that wait for their parent, of each depth, last first.
    let mut waiting: Vec<Vec<Node<'_>>> = Vec::new();
    for (task, &depth) in tasks.0.iter().zip(&depths).rev() {
        let mut children = waiting.get_mut(depth + 1).map(std::mem::take).unwrap_or_default();
        children.reverse();
        if waiting.len() <= depth {
            waiting.resize_with(depth + 1, Vec::new);
        }
        waiting[depth].push(Node { task, values: values.get(&task.id), children });
    }
    waiting.first_mut().and_then(Vec::pop)
}

impl Serialize for Root<'_> {
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
        let text = Op { insert: self.0, attributes: None };
        let end = Op { insert: "\n", attributes: Some(Attributes { paragraph: true }) };
        let text = Some(text).filter(|_| !self.0.is_empty());
        serializer.collect_seq(text.into_iter().chain([end]))
    }
}

impl Serialize for Node<'_> {
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
