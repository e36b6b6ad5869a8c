//! Exported spaces: all projects of a space in one answer, as trees of nodes (seen in real
//! exports). How a node's text is written there is not documented: see [`Exported::traits`].

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::bundle_fields::schema;
use crate::ids::{AgentId, ProjectId, TaskId};
use crate::model::{FieldSchema, Marker, RemoteTask, Spelled, plain_value};

/// The type of a project among the items of an export.
const PROJECT: &str = "space-bundle-project-item";

/// The longest item that is read, in bytes: what is longer is left to the listing, page by page.
const MOST_BYTES: usize = 16 << 20;

/// The fields of a node whose meaning is known.
const KNOWN: [&str; 8] =
    ["type", "id", "text", "format", "collapsed", "completed", "attributes", "children"];

/// A project as exported.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exported {
    /// Its tasks in outline order, the title node first.
    pub tasks: Vec<RemoteTask>,
    /// The custom fields that it defines.
    pub fields: FieldSchema,
    /// The values of them that its tasks have, by the ids of the fields.
    pub values: HashMap<TaskId, Vec<(String, Value)>>,
    /// Everything about its nodes that might be listed in another way than it is read here:
    /// formats, attributes, fields. What a project has that was never compared with a listing is
    /// not to be trusted.
    pub traits: BTreeSet<String>,
}

/// A space as exported.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExportedSpace {
    /// Its projects, as far as they can be read.
    pub projects: HashMap<ProjectId, Exported>,
    /// The projects that its agents know.
    pub knowledge: HashMap<AgentId, Vec<ProjectId>>,
    /// How long the export is, in bytes.
    pub bytes: usize,
    /// How long the service took to give it, if that is known.
    pub took: Option<Duration>,
}

/// An export, whose items are read one by one: in memory, JSON is many times as large.
#[derive(Deserialize)]
struct Export<'a> {
    #[serde(borrow)]
    items: HashMap<String, &'a RawValue>,
}

/// The projects of an export that can be read; `None` if it has no items. Whatever in them is not
/// as expected is left out.
pub fn projects(item: &str) -> Option<HashMap<ProjectId, Exported>> {
    let export: Export<'_> = serde_json::from_str(item).ok()?;
    let is_bounded = |item: &RawValue| item.get().len() <= MOST_BYTES;
    let items = export.items.into_iter().filter(|(_, item)| is_bounded(item));
    let projects = items.filter_map(|(key, item)| {
        let raw = item;
        let item: Value = serde_json::from_str(raw.get()).ok()?;
        let is_project = item.get("type").and_then(Value::as_str) == Some(PROJECT);
        let id = item.get("projectId").and_then(Value::as_str).unwrap_or(&key);
        let mut exported = is_project.then(|| project(item.get("root")?)).flatten()?;
        exported.fields = schema(raw);
        Some((ProjectId::new(id), exported))
    });
    Some(projects.collect())
}

/// A project by its root, whose only child is the title node.
fn project(root: &Value) -> Option<Exported> {
    let [title] = &root.get("children")?.as_array()?[..] else { return None };
    let mut exported = Exported::default();
    let mut ids: BTreeSet<&str> = BTreeSet::new();
    let mut waiting: Vec<(&Value, Option<TaskId>)> = vec![(title, None)];
    while let Some((node, parent)) = waiting.pop() {
        let id = node.get("id")?.as_str()?;
        if !ids.insert(id) {
            return None;
        }
        let children = match node.get("children") {
            None | Some(Value::Null) => &[][..],
            Some(children) => children.as_array()?,
        };
        let id = TaskId::new(id);
        // The last is pushed first: the first comes next.
        waiting.extend(children.iter().rev().map(|child| (child, Some(id.clone()))));
        note_traits(node, &mut exported.traits)?;
        let completed = match node.get("completed") {
            None | Some(Value::Null) => false,
            Some(completed) => completed.as_bool()?,
        };
        let text = text(node.get("text")?, &mut exported.traits)?;
        let values = values(node);
        if !values.is_empty() {
            exported.values.insert(id.clone(), values);
        }
        let spelled = spelled(node);
        exported.tasks.push(RemoteTask { id, text, parent, completed, spelled });
    }
    Some(exported)
}

/// How the line of a node begins. No format is seen on title nodes, and is that of a checkbox.
fn spelled(node: &Value) -> Spelled {
    match node.get("format") {
        Some(Value::Null) => Marker::Checkbox.into(),
        Some(format) => {
            Spelled(format.get("node").and_then(Value::as_str).and_then(Marker::of_format))
        }
        None => Spelled::default(),
    }
}

/// The values of custom fields that a node has.
fn values(node: &Value) -> Vec<(String, Value)> {
    let attributes = node.get("attributes").and_then(Value::as_object).into_iter().flatten();
    let is_field = |(id, value): &(&String, &Value)| id.starts_with('@') && !value.is_null();
    attributes
        .filter(is_field)
        .map(|(id, value)| (id.clone(), plain_value(value.clone())))
        .collect()
}

fn note_traits(node: &Value, traits: &mut BTreeSet<String>) -> Option<()> {
    let fields = node.as_object()?.iter().filter(|(_, value)| !value.is_null());
    traits.extend(
        fields
            .filter(|(field, _)| !KNOWN.contains(&field.as_str()))
            .map(|(field, _)| format!("field {field}")),
    );
    let word = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or("none").to_owned();
    let format = node.get("format");
    traits.insert(format!("type {}", word(node.get("type"))));
    traits.insert(format!("format {}", word(format.and_then(|format| format.get("node")))));
    traits.extend(names(node.get("attributes")).map(|name| format!("attribute {name}")));
    Some(())
}

/// The text of a node: what is inserted, without the line break that ends it.
fn text(text: &Value, traits: &mut BTreeSet<String>) -> Option<String> {
    let mut joined = String::new();
    for op in text.get("ops")?.as_array()? {
        joined.push_str(op.get("insert")?.as_str()?);
        traits.extend(names(op.get("attributes")).map(|name| format!("text {name}")));
        let other = op.as_object()?.keys().filter(|key| *key != "insert" && *key != "attributes");
        traits.extend(other.map(|name| format!("op {name}")));
    }
    if let Some(ended) = joined.strip_suffix('\n') {
        joined.truncate(ended.len());
    }
    if joined.contains('\n') {
        traits.insert("line break".to_owned());
    }
    Some(joined)
}

fn names(attributes: Option<&Value>) -> impl Iterator<Item = &String> {
    attributes.and_then(Value::as_object).into_iter().flat_map(|fields| fields.keys())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::projects;

    fn node(id: &str, text: &str, children: &serde_json::Value) -> serde_json::Value {
        let end = json!({ "insert": "\n", "attributes": { "paragraph": true } });
        json!({ "type": "text", "id": id, "text": { "ops": [{ "insert": text }, end] },
                "format": { "node": "bullet", "children": "bullet" }, "collapsed": false,
                "completed": id == "b", "children": children })
    }

    #[test]
    fn a_project_is_its_nodes_in_outline_order_and_their_traits() {
        let leaves = json!([node("b", "B", &json!([])), node("c", "C", &json!([]))]);
        let title =
            node("t", "Plan", &json!([node("a", "A", &leaves), node("d", "D", &json!([]))]));
        let project = json!({ "type": "space-bundle-project-item", "projectId": "p",
                              "root": { "type": "root", "children": [title] } });
        let item = json!({ "version": "1", "items": { "p": project, "x": { "type": "other" },
            "broken": { "type": "space-bundle-project-item", "root": { "children": [] } } } });
        let found = projects(&item.to_string()).unwrap();
        assert_eq!(found.len(), 1);
        let exported = found.values().next().unwrap();
        let shape: Vec<(&str, &str, Option<&str>, bool)> = exported
            .tasks
            .iter()
            .map(|task| {
                let parent = task.parent.as_ref().map(|parent| parent.as_str());
                (task.id.as_str(), task.text.as_str(), parent, task.completed)
            })
            .collect();
        assert_eq!(
            shape,
            [
                ("t", "Plan", None, false),
                ("a", "A", Some("t"), false),
                ("b", "B", Some("a"), true),
                ("c", "C", Some("a"), false),
                ("d", "D", Some("t"), false),
            ]
        );
        let traits: Vec<&str> = exported.traits.iter().map(String::as_str).collect();
        assert_eq!(traits, ["format bullet", "text paragraph", "type text"]);
    }

    #[test]
    fn what_is_not_as_expected_is_left_out_and_never_a_panic() {
        for root in [
            json!(null),
            json!({ "children": [1] }),
            json!({ "children": [{ "id": "a", "text": { "ops": [{ "insert": { "image": "x" } }] } }] }),
            json!({ "children": [{ "id": "a", "text": { "ops": [{ "insert": "x" }] },
                                   "completed": "maybe" }] }),
            json!({ "children": [node("a", "A", &json!([node("a", "A", &json!([]))]))] }),
        ] {
            let item =
                json!({ "items": { "p": { "type": "space-bundle-project-item", "root": root } } });
            assert!(projects(&item.to_string()).unwrap().is_empty(), "{item}");
        }
    }
}
