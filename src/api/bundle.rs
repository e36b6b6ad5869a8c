//! Exported spaces: all projects of a space in one answer, as trees of nodes (seen in real
//! exports). How a node's text is written there is not documented: see [`Exported::traits`].

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    time::Duration,
};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::bundle_fields::schema;
use super::bundle_node::{ExportedNode, NodeFormat, TextPiece, object, word};
use crate::ids::{AgentId, ProjectId, TaskId};
use crate::model::{FieldSchema, Marker, RemoteTask, Spelled, plain_value};

/// The type of a project among the items of an export.
const PROJECT: &str = "space-bundle-project-item";

/// The longest item that is read, in bytes: what is longer is left to the listing, page by page.
const MOST_BYTES: usize = 16 << 20;

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

/// An export, whose items are read one by one.
#[derive(Deserialize)]
pub(super) struct Export<'a> {
    #[serde(borrow)]
    pub(super) items: HashMap<Cow<'a, str>, &'a RawValue>,
}

/// An item that may be a project.
#[derive(Deserialize)]
struct ExportedItem<'a> {
    #[serde(borrow, rename = "type")]
    kind: &'a RawValue,
    #[serde(borrow, default, rename = "projectId")]
    project: Option<&'a RawValue>,
    #[serde(borrow)]
    root: &'a RawValue,
}

/// The root of a project, whose only child is the title node.
#[derive(Deserialize)]
struct Root<'a> {
    #[serde(borrow)]
    children: [ExportedNode<'a>; 1],
    #[serde(borrow, default)]
    fields: Option<&'a RawValue>,
}

/// The projects of an export that can be read; `None` if it has no items. Whatever in them is not
/// as expected is left out.
pub fn projects(item: &str) -> Option<HashMap<ProjectId, Exported>> {
    serde_json::from_str(item).ok().map(|export| projects_of(&export))
}

/// The projects among its items.
pub(super) fn projects_of(export: &Export<'_>) -> HashMap<ProjectId, Exported> {
    let items = export.items.iter().filter(|(_, item)| item.get().len() <= MOST_BYTES);
    let projects = items.filter_map(|(key, raw)| {
        let ExportedItem { kind, project: id, root } = object(raw)?;
        word(kind).filter(|kind| kind == PROJECT)?;
        let Root { children: [title], fields } = object(root)?;
        let mut exported = project(title)?;
        exported.fields = fields.map(schema).unwrap_or_default();
        let id = id.and_then(word);
        Some((ProjectId::new(id.as_ref().unwrap_or(key)), exported))
    });
    projects.collect()
}

/// A project by its title node; `None` if two of its nodes have one id.
fn project(title: ExportedNode<'_>) -> Option<Exported> {
    let mut exported = Exported::default();
    let (mut ids, mut traits) = (HashSet::new(), BTreeSet::new());
    let mut waiting: Vec<(ExportedNode<'_>, Option<TaskId>)> = vec![(title, None)];
    while let Some((mut node, parent)) = waiting.pop() {
        let id = TaskId::new(&*node.id);
        if !ids.insert(id.clone()) {
            return None;
        }
        // The last is pushed first: the first comes next.
        let children = std::mem::take(&mut node.children).into_iter().rev();
        waiting.extend(children.map(|child| (child, Some(id.clone()))));
        let (completed, spelled) = (node.completed, spelled(&node.format));
        let values = values(&mut node.attributes);
        if !values.is_empty() {
            exported.values.insert(id.clone(), values);
        }
        let text = text(&node.text);
        if text.contains('\n') {
            traits.insert(("line", Cow::Borrowed("break")));
        }
        note_traits(node, &mut traits);
        exported.tasks.push(RemoteTask { id, text, parent, completed, spelled });
    }
    exported.traits = traits.into_iter().map(|(kind, name)| format!("{kind} {name}")).collect();
    Some(exported)
}

/// Of what kind a trait is, and its name.
type Trait<'a> = (&'static str, Cow<'a, str>);

/// How the line of a node begins. No format is seen on title nodes, and is that of a checkbox.
fn spelled(format: &NodeFormat<'_>) -> Spelled {
    match format {
        NodeFormat::Null => Marker::Checkbox.into(),
        NodeFormat::Given(word) => Spelled(word.as_deref().and_then(Marker::of_format)),
        NodeFormat::Absent => Spelled::default(),
    }
}

/// The values of custom fields that a node has, by their ids; they are taken.
fn values(attributes: &mut BTreeMap<Cow<'_, str>, Value>) -> Vec<(String, Value)> {
    let fields =
        attributes.iter_mut().filter(|(id, value)| id.starts_with('@') && !value.is_null());
    fields.map(|(id, value)| (id.clone().into_owned(), plain_value(value.take()))).collect()
}

fn note_traits<'a>(node: ExportedNode<'a>, traits: &mut BTreeSet<Trait<'a>>) {
    let none = Cow::Borrowed("none");
    traits.extend(node.others.into_iter().map(|field| ("field", field)));
    traits.insert(("type", node.kind.unwrap_or(none.clone())));
    let format = if let NodeFormat::Given(word) = node.format { word } else { None };
    traits.insert(("format", format.unwrap_or(none)));
    traits.extend(node.attributes.into_keys().map(|name| ("attribute", name)));
    for op in node.text {
        traits.extend(op.attributes.into_iter().map(|name| ("text", name)));
        traits.extend(op.others.into_iter().map(|name| ("op", name)));
    }
}

/// The text of a node: what is inserted, without the line break that ends it.
fn text(ops: &[TextPiece<'_>]) -> String {
    let mut joined: String = ops.iter().map(|op| &*op.insert).collect();
    if let Some(ended) = joined.strip_suffix('\n') {
        joined.truncate(ended.len());
    }
    joined
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
