//! A space as exported: its projects as trees of nodes, written as real exports are.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Serialize, Serializer, ser::SerializeStruct as _};
use serde_json::{Map, Value};

use super::{
    answer::{Answer, Outcome},
    outline::{Task, Tasks},
    quirks::Exports,
    shared::Shared,
};
use crate::error::Result;

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
    preferences: Map<String, Value>,
}

#[derive(Serialize)]
struct Root<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    children: [Option<Node<'a>>; 1],
}

/// A task with everything below it.
struct Node<'a> {
    task: &'a Task,
    depth: usize,
    children: Vec<Node<'a>>,
}

#[derive(Serialize)]
struct Text<'a> {
    ops: Vec<Op<'a>>,
}

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

#[derive(Serialize)]
struct Format {
    node: &'static str,
    children: &'static str,
}

/// The export of a space.
pub(super) fn export(shared: &Shared, space: &str) -> Outcome {
    if shared.quirks.exports == Exports::Refused {
        return Err(Answer::refusal(403, "no permission to export"));
    }
    let projects =
        projects(shared, space).map_err(|error| Answer::refusal(500, &error.to_string()))?;
    let items = projects.iter().map(|(id, tasks)| (id.as_str(), item(id, tasks))).collect();
    Ok(Answer::item(Export { version: "1", items }))
}

fn projects(shared: &Shared, space: &str) -> Result<Vec<(String, Arc<Tasks>)>> {
    let mut projects = Vec::new();
    for row in shared.store.projects(space)? {
        let mut tasks = shared.store.tasks(&row.id)?;
        if shared.quirks.exports == Exports::Different {
            for task in &mut Arc::make_mut(&mut tasks).0 {
                task.text = task.text.replace('*', "");
            }
        }
        projects.push((row.id, tasks));
    }
    Ok(projects)
}

fn item<'a>(id: &'a str, tasks: &'a Tasks) -> Item<'a> {
    let root = Root { kind: "root", children: [tree(tasks)] };
    Item { kind: "space-bundle-project-item", project_id: id, root, preferences: Map::new() }
}

/// The title node with everything below it, built from the last task to the first.
fn tree(tasks: &Tasks) -> Option<Node<'_>> {
    let depths = tasks.depths();
    // The subtrees that wait for their parent, of each depth, last first.
    let mut waiting: Vec<Vec<Node<'_>>> = Vec::new();
    for (task, &depth) in tasks.0.iter().zip(&depths).rev() {
        let mut children = waiting.get_mut(depth + 1).map(std::mem::take).unwrap_or_default();
        children.reverse();
        if waiting.len() <= depth {
            waiting.resize_with(depth + 1, Vec::new);
        }
        waiting[depth].push(Node { task, depth, children });
    }
    waiting.first_mut().and_then(Vec::pop)
}

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let text = Op { insert: &self.task.text, attributes: None };
        let end = Op { insert: "\n", attributes: Some(Attributes { paragraph: true }) };
        let ops = if self.task.text.is_empty() { vec![end] } else { vec![text, end] };
        let format = if self.depth == 0 { "h1" } else { "checkbox" };
        let mut node = serializer.serialize_struct("Node", 7)?;
        node.serialize_field("type", "text")?;
        node.serialize_field("id", &self.task.id)?;
        node.serialize_field("text", &Text { ops })?;
        node.serialize_field("format", &Format { node: format, children: "checkbox" })?;
        node.serialize_field("collapsed", &false)?;
        node.serialize_field("completed", &self.task.completed)?;
        node.serialize_field("children", &self.children)?;
        node.end()
    }
}
