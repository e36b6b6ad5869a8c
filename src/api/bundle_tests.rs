//! An export is read where it stands as it is read by way of general JSON values: the reference, which
//! is slow and plain.

use std::collections::{BTreeSet, HashMap};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    any_json::any_json,
    bundle::{Exported, projects},
};
use crate::{
    ids::{ProjectId, TaskId},
    model::{Marker, RemoteTask, Spelled, plain_value},
};

/// The fields of a node whose meaning is known.
const KNOWN: [&str; 8] =
    ["type", "id", "text", "format", "collapsed", "completed", "attributes", "children"];

/// The projects of an export, without the fields that they define.
fn reference(item: &Value) -> HashMap<ProjectId, Exported> {
    let items = item["items"].as_object().unwrap();
    let projects = items.iter().filter_map(|(key, item)| {
        let is_project =
            item.get("type").and_then(Value::as_str) == Some("space-bundle-project-item");
        let id = item.get("projectId").and_then(Value::as_str).unwrap_or(key);
        let exported = is_project.then(|| project(item.get("root")?)).flatten()?;
        Some((ProjectId::new(id), exported))
    });
    projects.collect()
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

/// Anything that may stand in a node.
fn anything() -> BoxedStrategy<Value> {
    any_json("(id|type|text|ops|insert|attributes|node|children|completed|@f|x)", "(a|b|\\PC{0,3})")
        .boxed()
}

/// What belongs there, or, now and then, anything.
fn mostly(value: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Value> {
    prop_oneof![24 => value, 1 => anything()].boxed()
}

/// An object of these members, each of which may be missing.
fn object(members: Vec<(&'static str, u32, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let member = |(name, percent, value): (&'static str, u32, BoxedStrategy<Value>)| {
        let odds = f64::from(percent) / 100.0;
        prop::option::weighted(odds, value).prop_map(move |value| Some((name.to_owned(), value?)))
    };
    let members: Vec<_> = members.into_iter().map(member).collect();
    members.prop_map(|members| members.into_iter().flatten().collect()).boxed()
}

fn op() -> BoxedStrategy<Value> {
    let text = mostly("(\\PC{0,4}|a\n|\n|\\\\\"é😀)".prop_map(Value::from));
    let attributes = prop::collection::btree_map("(bold|link|\\PC)", anything(), 0..3);
    let attributes = mostly(attributes.prop_map(|all| all.into_iter().collect()));
    object(vec![("insert", 99, text), ("attributes", 20, attributes), ("x", 2, anything())])
}

fn list(element: BoxedStrategy<Value>, most: usize) -> BoxedStrategy<Value> {
    mostly(prop::collection::vec(element, 0..=most).prop_map(Value::from))
}

fn node(below: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let word = |words: &'static str| mostly(words.prop_map(Value::from));
    let format = object(vec![("node", 90, word("(bullet|h1|odd)")), ("children", 50, anything())]);
    let fields = prop::collection::btree_map("(@[ab]|color|\\PC)", anything(), 0..3);
    object(vec![
        ("type", 95, word("(text|other)")),
        ("id", 99, word("[a-z0-9]{6}|a")),
        ("text", 99, object(vec![("ops", 99, list(op(), 3)), ("x", 5, anything())])),
        ("format", 80, prop_oneof![4 => mostly(format), 1 => Just(Value::Null)].boxed()),
        ("completed", 60, mostly(any::<bool>().prop_map(Value::from).boxed())),
        ("collapsed", 60, anything()),
        ("attributes", 30, mostly(fields.prop_map(|all| all.into_iter().collect()))),
        ("new", 3, anything()),
        ("children", 80, below),
    ])
}

fn tree() -> BoxedStrategy<Value> {
    let leaf = node(Just(json!([])).boxed());
    leaf.prop_recursive(4, 24, 3, |inner| node(list(inner.boxed(), 3))).boxed()
}

fn item() -> BoxedStrategy<Value> {
    let kind = mostly(Just(json!("space-bundle-project-item")));
    let children = prop_oneof![20 => tree().prop_map(|node| json!([node])), 1 => list(tree(), 2)];
    let root = object(vec![("children", 99, mostly(children)), ("fields", 20, anything())]);
    let id = mostly("[pq]".prop_map(Value::from));
    object(vec![("type", 99, kind), ("projectId", 50, id), ("root", 99, mostly(root))])
}

proptest! {
    #[test]
    fn an_export_is_read_as_by_way_of_general_values(item in mostly(item())) {
        let export = json!({ "version": "1", "items": { "k": item } }).to_string();
        let mut found = projects(&export).unwrap();
        found.values_mut().for_each(|project| project.fields = Default::default());
        // Not every number that is written is read as the same.
        prop_assert_eq!(found, reference(&serde_json::from_str(&export).unwrap()));
    }
}

/// As the property above says of most of what it makes, it says of something.
#[test]
fn most_of_what_is_made_can_be_read() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let read = (0..200).filter(|_| {
        let item = item().new_tree(&mut runner).unwrap().current();
        !reference(&json!({ "items": { "k": item } })).is_empty()
    });
    assert!(read.count() > 60);
}
