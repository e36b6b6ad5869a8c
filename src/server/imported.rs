//! A project of a bundle, read as it is to be stored. Pure.

use std::{collections::HashSet, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, MapAccess, Visitor},
};
use serde_json::{Map, Value};

use super::{
    node::{Format, NodeShape, Op, is_plain, plain},
    outline::{StoredTask, Tasks},
    store_details::Field,
    store_fields::{Surroundings, Values},
};

/// A project that is to be added with everything that its export tells of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Imported {
    pub(crate) name: String,
    pub(crate) tasks: Tasks,
    pub(crate) fields: Vec<Field>,
    /// By the ids of tasks.
    pub(crate) values: Vec<(String, Values)>,
    pub(crate) surroundings: Surroundings,
}

/// What an export has of a project.
#[derive(Deserialize)]
struct ImportedItem {
    root: ImportedRoot,
    #[serde(default)]
    preferences: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
struct ImportedRoot {
    children: Vec<ImportedNode>,
    #[serde(default)]
    fields: Option<Pairs<Value>>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

#[derive(Deserialize)]
struct ImportedNode {
    id: String,
    text: Text,
    #[serde(default)]
    format: Option<Format>,
    #[serde(default)]
    collapsed: Option<bool>,
    #[serde(default)]
    completed: Option<bool>,
    #[serde(default)]
    attributes: Option<Values>,
    #[serde(default)]
    children: Option<Vec<ImportedNode>>,
}

#[derive(Deserialize)]
struct Text {
    ops: Vec<Op>,
}

/// The entries of an object in their order.
pub(crate) struct Pairs<T>(pub(crate) Vec<(String, T)>);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MapEntries<T>(PhantomData<T>);

        impl<'de, T: DeserializeOwned> Visitor<'de> for MapEntries<T> {
            type Value = Pairs<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<T>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(MapEntries(PhantomData))
    }
}

impl Imported {
    /// Reads a project as an export has it, `{root, preferences}`.
    ///
    /// # Errors
    /// Why this is none.
    pub(crate) fn read(item: &[u8]) -> Result<Self, String> {
        let item: ImportedItem = serde_json::from_slice(item).map_err(|error| error.to_string())?;
        Self::of(item)
    }

    /// The same, of what was read as JSON before, where fields have the order of their ids.
    ///
    /// # Errors
    /// Why this is none.
    pub(crate) fn of_value(item: Value) -> Result<Self, String> {
        Self::of(serde_json::from_value(item).map_err(|error| error.to_string())?)
    }

    fn of(item: ImportedItem) -> Result<Self, String> {
        let ImportedRoot { children, fields, mut more } = item.root;
        more.remove("type");
        let count = children.len();
        let Ok([title]) = <[ImportedNode; 1]>::try_from(children) else {
            return Err(format!("the root has {count} children, and not one, the title"));
        };
        let (tasks, values) = outline(title)?;
        let name = tasks.0.first().map(|title| title.text.clone()).unwrap_or_default();
        let fields = fields.map(|fields| fields.0).unwrap_or_default();
        let fields = fields.into_iter().map(|(id, data)| Field { id, data }).collect();
        let preferences = item.preferences.unwrap_or_default();
        Ok(Self {
            name,
            tasks,
            fields,
            values,
            surroundings: Surroundings { root: more, preferences },
        })
    }
}

/// The tasks in outline order, and their values. Every id is there once.
fn outline(title: ImportedNode) -> Result<(Tasks, Vec<(String, Values)>), String> {
    let (mut tasks, mut values) = (Vec::new(), Vec::new());
    let mut ids: HashSet<String> = HashSet::new();
    // The last is pushed first: the first comes next.
    let mut waiting: Vec<(ImportedNode, Option<String>)> = vec![(title, None)];
    while let Some((node, parent)) = waiting.pop() {
        let ImportedNode { id, text, format, collapsed, completed, attributes, children } = node;
        if !ids.insert(id.clone()) {
            return Err(format!("two nodes have the id {id}"));
        }
        let below = children.into_iter().flatten().rev();
        waiting.extend(below.map(|child| (child, Some(id.clone()))));
        if let Some(attributes) = attributes.filter(|attributes| !attributes.is_empty()) {
            values.push((id.clone(), attributes));
        }
        let ops = text.ops;
        let text = plain(&ops);
        let ops = Some(ops).filter(|ops| !is_plain(ops));
        tasks.push(StoredTask {
            id,
            parent,
            text,
            completed: completed.unwrap_or_default(),
            shape: NodeShape {
                format: format.map(Into::into),
                collapsed: collapsed.unwrap_or_default(),
                ops: ops.map(Into::into),
            },
        });
    }
    Ok((Tasks(tasks), values))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Imported;

    fn node(id: &str, text: &str, children: Value) -> Value {
        let end = json!({ "insert": "\n", "attributes": { "paragraph": true } });
        json!({ "type": "text", "id": id, "text": { "ops": [{ "insert": text }, end] },
                "format": null, "collapsed": false, "completed": id == "b", "children": children })
    }

    #[test]
    fn a_project_is_read_in_outline_order_with_its_fields_in_theirs() {
        let mut title =
            node("t", "Plan", json!([node("a", "A", json!([])), node("b", "B", json!([]))]));
        title["children"][0]["attributes"] = json!({ "@z": 1 });
        title["children"][0]["children"] = json!([node("c", "C", Value::Null)]);
        let item = format!(
            r#"{{"root":{{"type":"root","children":[{title}],"fields":{{"@z":{{}},"@a":{{}}}},"views":[1]}}}}"#
        );
        let read = Imported::read(item.as_bytes()).unwrap();
        let ids: Vec<&str> = read.tasks.0.iter().map(|task| task.id.as_str()).collect();
        assert_eq!((read.name.as_str(), ids), ("Plan", vec!["t", "a", "c", "b"]));
        assert_eq!(read.tasks.0[2].parent.as_deref(), Some("a"));
        assert!(read.tasks.0[3].completed && read.tasks.0[1].shape.ops.is_none());
        assert_eq!(read.fields.iter().map(|f| f.id.as_str()).collect::<Vec<_>>(), ["@z", "@a"]);
        assert_eq!(read.values.len(), 1);
        assert_eq!(
            json!(read.surroundings),
            json!({ "root": { "views": [1] }, "preferences": {} })
        );
    }

    #[test]
    fn what_is_no_project_says_why() {
        let twice = node("t", "T", json!([node("t", "T", json!([]))]));
        for (item, why) in [
            (json!(1), "invalid type"),
            (json!({}), "missing field `root`"),
            (json!({ "root": { "children": [] } }), "0 children"),
            (json!({ "root": { "children": [{ "id": "a" }] } }), "missing field `text`"),
            (json!({ "root": { "children": [twice] } }), "two nodes have the id t"),
        ] {
            let error = Imported::read(item.to_string().as_bytes()).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
