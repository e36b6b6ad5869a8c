//! The envelope of every answer, read leniently: fields may be missing or new, items may be null,
//! but a listing without its items is an error and never an empty one.

use std::{collections::HashMap, fmt, time::Duration};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use crate::error::{Error, Kind, Result};

/// Most items of one answer. In memory an item is many times as large as the shortest on the wire.
const MOST_ITEMS: usize = 100_000;

/// The envelope of every answer. An answer with a success status but without a body is an empty
/// one. Its fields are read where they are asked for: the item of an export is as large as a space.
/// A field that is null is there.
#[derive(Debug, Default)]
pub struct Envelope {
    item: Option<Box<RawValue>>,
    items: Option<Box<RawValue>>,
    /// The others that mean something.
    fields: HashMap<String, Box<RawValue>>,
    /// How long the service took, if that is known; not for how long the request waited here.
    took: Option<Duration>,
}

/// The fields of an envelope that mean something, beside the item and the items.
const FIELDS: [&str; 8] =
    ["ok", "code", "message", "featureId", "hasMore", "nextCursor", "publicUrl", "transcript"];

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EnvelopeVisitor)
    }
}

struct EnvelopeVisitor;

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = Envelope;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope, A::Error> {
        let mut envelope = Envelope::default();
        while let Some(field) = map.next_key::<String>()? {
            match field.as_str() {
                "item" => envelope.item = Some(map.next_value()?),
                "items" => envelope.items = Some(map.next_value()?),
                known if FIELDS.contains(&known) => {
                    envelope.fields.insert(field, map.next_value()?);
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(envelope)
    }
}

/// Reads an array item by item, which are counted: `None` for what is no array.
struct Items;

impl<'de> DeserializeSeed<'de> for Items {
    type Value = Vec<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Value>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items {
    type Value = Vec<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Value>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            if items.len() == MOST_ITEMS {
                return Err(A::Error::custom(format!("it has over {MOST_ITEMS} items")));
            }
            items.push(item);
        }
        Ok(items)
    }
}

impl Envelope {
    /// The same, of a service that took so long.
    pub(super) fn that_took(self, took: Duration) -> Self {
        Self { took: Some(took), ..self }
    }

    /// How long the service took, if that is known.
    pub(super) fn took(&self) -> Option<Duration> {
        self.took
    }

    /// Whether the service did what it was asked, where it says.
    pub(super) fn ok(&self) -> Option<bool> {
        self.get("ok").as_ref().and_then(flag)
    }

    /// Whether it has an item or items, if only null.
    pub(super) fn has_content(&self) -> bool {
        self.item.is_some() || self.items.is_some()
    }

    /// The item as it was written.
    pub(super) fn raw_item(&self) -> Option<&str> {
        self.item.as_ref().map(|item| item.get())
    }

    /// The items that are not null, and how many the service sent, null ones included.
    pub(super) fn counted(self) -> Result<(Vec<Value>, usize)> {
        let items = self.items.filter(|items| items.get().starts_with('['));
        let items = items.ok_or_else(|| protocol("the answer has no items"))?;
        let mut reader = serde_json::Deserializer::from_str(items.get());
        let mut items = Items.deserialize(&mut reader).map_err(unreadable)?;
        let sent = items.len();
        items.retain(|item| !item.is_null());
        Ok((items, sent))
    }

    /// The items that are not null.
    pub(super) fn listed(self) -> Result<Vec<Value>> {
        self.counted().map(|(items, _)| items)
    }

    /// A field that is there and not null.
    pub(super) fn get(&self, field: &str) -> Option<Value> {
        let value: Value = serde_json::from_str(self.fields.get(field)?.get()).ok()?;
        (!value.is_null()).then_some(value)
    }

    /// The item; `None` if it is null.
    pub(super) fn item_or_null(&self) -> Result<Option<Value>> {
        let item = self.item.as_ref().ok_or_else(|| protocol("the answer has no item"))?;
        let item: Value = serde_json::from_str(item.get()).map_err(unreadable)?;
        Ok((!item.is_null()).then_some(item))
    }

    /// The item, if there is one and it is not null.
    pub(super) fn item(&self) -> Option<Value> {
        let item: Value = serde_json::from_str(self.item.as_ref()?.get()).ok()?;
        (!item.is_null()).then_some(item)
    }
}

/// A text, or a number where a text belongs.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A truth value, also one that is spelled as a number or a text.
pub(super) fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => number.as_f64().map(|number| number != 0.0),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

pub(super) fn unreadable(error: serde_json::Error) -> Error {
    Error::new(Kind::Protocol, "Taskade's answer cannot be read").because(error)
}

pub(super) fn protocol(what: &str) -> Error {
    Error::new(Kind::Protocol, what)
}

#[cfg(test)]
mod tests {
    use super::{Envelope, MOST_ITEMS};

    #[test]
    fn an_answer_has_no_more_items_than_can_be_held() {
        let read = |count: usize| {
            let body = format!(r#"{{"items":[{}{{}}]}}"#, "{},".repeat(count - 1));
            serde_json::from_str::<Envelope>(&body).unwrap().listed()
        };
        assert_eq!(read(MOST_ITEMS).unwrap().len(), MOST_ITEMS);
        let error = read(MOST_ITEMS + 1).unwrap_err();
        assert!(error.to_string().contains("over 100000 items"), "{error}");
    }
}
