//! A node of an exported project, read where it stands: a space has as many as it has tasks, and a
//! general JSON value of each is many times as large. What is not known is passed over but for its name;
//! where anything stands that is no node, reading fails.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

/// A node, with all that is below it.
#[derive(Default)]
pub(super) struct ExportedNode<'a> {
    pub(super) id: Cow<'a, str>,
    pub(super) kind: Option<Cow<'a, str>>,
    pub(super) completed: bool,
    pub(super) text: Vec<TextPiece<'a>>,
    pub(super) format: NodeFormat<'a>,
    /// None also where no object stands.
    pub(super) attributes: BTreeMap<Cow<'a, str>, Value>,
    pub(super) children: Vec<ExportedNode<'a>>,
    /// The names of what else it has that is not null.
    pub(super) others: Vec<Cow<'a, str>>,
}

/// The format of a node.
#[derive(Default)]
pub(super) enum NodeFormat<'a> {
    #[default]
    Absent,
    Null,
    /// Anything else: how the node itself is shown, if that is there.
    Given(Option<Cow<'a, str>>),
}

/// A piece of a node's text.
#[derive(Default)]
pub(super) struct TextPiece<'a> {
    pub(super) insert: Cow<'a, str>,
    /// The names of its attributes, and of what else it has.
    pub(super) attributes: Vec<Cow<'a, str>>,
    pub(super) others: Vec<Cow<'a, str>>,
}

/// A string, which is borrowed unless it holds an escape.
#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Word<'a>(#[serde(borrow)] Cow<'a, str>);

/// The string that stands there.
pub(super) fn word(raw: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str(raw.get()).ok().map(|Word(word)| word)
}

/// What stands there as an object of this kind.
pub(super) fn object<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    // Of a list a structure would be read by its order.
    serde_json::from_str(raw.get()).ok().filter(|_| raw.get().starts_with('{'))
}

fn is_null(raw: &RawValue) -> bool {
    raw.get() == "null"
}

impl<'a> NodeFormat<'a> {
    fn of(raw: &'a RawValue) -> Self {
        #[derive(Deserialize)]
        struct Formats<'a> {
            #[serde(borrow)]
            node: &'a RawValue,
        }
        match is_null(raw) {
            true => Self::Null,
            false => Self::Given(object(raw).and_then(|Formats { node }| word(node))),
        }
    }
}

/// The pieces of a text.
///
/// # Errors
/// If it is none.
fn ops<'a, E: Error>(raw: &'a RawValue) -> Result<Vec<TextPiece<'a>>, E> {
    #[derive(Deserialize)]
    struct Text<'a> {
        #[serde(borrow)]
        ops: Vec<TextPiece<'a>>,
    }
    object(raw).map(|Text { ops }| ops).ok_or_else(|| E::missing_field("ops"))
}

impl<'de: 'a, 'a> Deserialize<'de> for ExportedNode<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = ExportedNode<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a node")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<ExportedNode<'de>, M::Error> {
        let (mut node, mut id, mut text) = (ExportedNode::default(), None, None);
        while let Some(Word(key)) = map.next_key()? {
            match &*key {
                "id" => id = word(map.next_value()?),
                "type" => node.kind = word(map.next_value()?),
                "completed" => node.completed = map.next_value::<Option<bool>>()?.unwrap_or(false),
                "text" => text = Some(ops(map.next_value()?)?),
                "format" => node.format = NodeFormat::of(map.next_value()?),
                "attributes" => {
                    let attributes: Option<BTreeMap<Word<'de>, Value>> = object(map.next_value()?);
                    let attributes = attributes.into_iter().flatten();
                    node.attributes = attributes.map(|(Word(name), value)| (name, value)).collect();
                }
                "children" => node.children = map.next_value::<Option<_>>()?.unwrap_or_default(),
                "collapsed" => drop(map.next_value::<&RawValue>()?),
                _ if is_null(map.next_value()?) => {}
                _ => node.others.push(key),
            }
        }
        node.id = id.ok_or_else(|| M::Error::missing_field("id"))?;
        node.text = text.ok_or_else(|| M::Error::missing_field("text"))?;
        Ok(node)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for TextPiece<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PieceVisitor)
    }
}

struct PieceVisitor;

impl<'de> Visitor<'de> for PieceVisitor {
    type Value = TextPiece<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a piece of a text")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<TextPiece<'de>, M::Error> {
        let (mut piece, mut insert) = (TextPiece::default(), None);
        while let Some(Word(key)) = map.next_key()? {
            match &*key {
                "insert" => insert = word(map.next_value()?),
                "attributes" => {
                    let members: Option<BTreeMap<Word<'de>, &RawValue>> = object(map.next_value()?);
                    let members = members.into_iter().flatten();
                    piece.attributes = members.map(|(Word(name), _)| name).collect();
                }
                _ => {
                    map.next_value::<&RawValue>()?;
                    piece.others.push(key);
                }
            }
        }
        piece.insert = insert.ok_or_else(|| M::Error::missing_field("insert"))?;
        Ok(piece)
    }
}
