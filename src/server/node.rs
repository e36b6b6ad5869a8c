//! What a task is beside its text and its state, in the words of exports.

use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The format of a node and of what is added below it: `text`, `bullet`, `number`, `checkbox`, `h1`,
/// `h2`, or a word that is not known yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Format {
    pub(crate) node: String,
    #[serde(default)]
    pub(crate) children: Option<String>,
}

/// A part of a rich text: what is inserted, a text or something embedded, and how it looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Op {
    pub(crate) insert: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) attributes: Option<Map<String, Value>>,
}

/// How a node is shown. What is shared is never changed, so that a project is cheap to copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NodeShape {
    /// `None` is what exports say of most titles.
    pub(crate) format: Option<Arc<Format>>,
    pub(crate) collapsed: bool,
    /// The text with its markup, where it has any.
    pub(crate) ops: Option<Arc<Vec<Op>>>,
}

static CHECKBOX: LazyLock<Arc<Format>> = LazyLock::new(|| Arc::new(Format::of("checkbox")));

impl Format {
    /// The format that a node gets by itself; what is added below a heading is text.
    pub(crate) fn of(node: &str) -> Self {
        let children = if node.starts_with('h') { "text" } else { node };
        Self { node: node.to_owned(), children: Some(children.to_owned()) }
    }
}

impl Default for NodeShape {
    /// What a task is that the API makes, whose writes know no formats.
    fn default() -> Self {
        Self { format: Some(Arc::clone(&CHECKBOX)), collapsed: false, ops: None }
    }
}

impl NodeShape {
    pub(crate) fn of(node: &str) -> Self {
        match node {
            "checkbox" => Self::default(),
            _ => Self { format: Some(Arc::new(Format::of(node))), collapsed: false, ops: None },
        }
    }

    /// What a title is.
    pub(crate) fn title() -> Self {
        Self { format: None, collapsed: false, ops: None }
    }
}

/// The plain text of a rich one, without the line break that ends it.
pub(crate) fn plain(ops: &[Op]) -> String {
    let mut text: String = ops.iter().filter_map(|op| op.insert.as_str()).collect();
    if text.ends_with('\n') {
        text.pop();
    }
    text
}

/// Whether these are what [`plain`] makes of them and nothing else: a text and the end of a paragraph.
pub(crate) fn is_plain(ops: &[Op]) -> bool {
    let [text @ .., Op { insert, attributes: Some(end) }] = ops else { return false };
    let ends = insert == "\n" && end.len() == 1 && end.get("paragraph") == Some(&Value::Bool(true));
    ends && match text {
        [] => true,
        [Op { insert: Value::String(text), attributes: None }] => !text.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::{Op, is_plain, plain};

    #[test]
    fn markup_is_whatever_a_plain_text_does_not_say() {
        let end = json!({ "insert": "\n", "attributes": { "paragraph": true } });
        for (ops, text, is) in [
            (json!([{ "insert": "a" }, end]), "a", true),
            (json!([end]), "", true),
            (json!([{ "insert": "a\nb" }, end]), "a\nb", true),
            (json!([{ "insert": "" }, end]), "", false),
            (json!([{ "insert": "a", "attributes": {} }, end]), "a", false),
            (
                json!([{ "insert": "a" }, { "insert": "b", "attributes": { "bold": true } }, end]),
                "ab",
                false,
            ),
            (json!([{ "insert": { "image": "x" } }, end]), "", false),
            (json!([{ "insert": "a\n" }]), "a", false),
            (json!([]), "", false),
        ] {
            let ops: Vec<Op> = from_value(ops).unwrap();
            assert_eq!((plain(&ops).as_str(), is_plain(&ops)), (text, is), "{ops:?}");
        }
    }
}
