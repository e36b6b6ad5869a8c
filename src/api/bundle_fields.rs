//! The custom fields that an exported project defines, in its order (seen in real exports), read
//! leniently: what is not as expected is left out.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::model::{FieldDefinition, FieldKind, FieldOption, FieldSchema};

/// Most fields of a project, and most options of a field, that are read.
const MOST: usize = 10_000;

#[derive(Deserialize)]
struct Field<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow, default, rename = "displayName")]
    display_name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    title: Option<&'a RawValue>,
    #[serde(borrow, default)]
    options: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow, default)]
    name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    rank: Option<&'a RawValue>,
}

/// The fields that the root of an exported project defines, by what stands there for them.
pub(super) fn schema(fields: &RawValue) -> FieldSchema {
    let fields = ordered(fields).into_iter().filter_map(|(id, raw)| definition(id, raw));
    FieldSchema { fields: fields.collect() }
}

fn definition(id: String, raw: &RawValue) -> Option<FieldDefinition> {
    let field: Field<'_> = serde_json::from_str(raw.get()).ok()?;
    let name = field.display_name.and_then(text).or_else(|| field.title.and_then(text));
    let options = field.options.map(options).unwrap_or_default();
    Some(FieldDefinition { id, name, kind: FieldKind::from(field.kind), options })
}

/// The options by their rank, a number as text; those without one last.
fn options(raw: &RawValue) -> Vec<FieldOption> {
    let mut ranked: Vec<(f64, FieldOption)> = ordered(raw)
        .into_iter()
        .filter_map(|(id, raw)| {
            let choice: Choice<'_> = serde_json::from_str(raw.get()).ok()?;
            let rank = choice.rank.and_then(|rank| rank.get().trim_matches('"').parse().ok());
            let name = choice.name.and_then(text).unwrap_or_default();
            Some((rank.unwrap_or(f64::INFINITY), FieldOption { id, name }))
        })
        .collect();
    ranked.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    ranked.into_iter().map(|(_, option)| option).collect()
}

/// A text that is not empty.
fn text(raw: &RawValue) -> Option<String> {
    let text: Option<String> = serde_json::from_str(raw.get()).ok();
    text.filter(|text| !text.is_empty())
}

/// The members of an object, in order; none of anything else.
fn ordered(raw: &RawValue) -> Vec<(String, &RawValue)> {
    let members: Option<Members<'_>> = serde_json::from_str(raw.get()).ok();
    members.map(|members| members.0).unwrap_or_default()
}

struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor(PhantomData))
    }
}

struct MembersVisitor<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for MembersVisitor<'a> {
    type Value = Members<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Members<'a>, M::Error> {
        let mut members: Vec<(String, &'a RawValue)> = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, &'de RawValue>()? {
            if members.len() < MOST {
                members.push((key, value));
            }
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::schema;
    use crate::model::{FieldDefinition, FieldKind, FieldOption};

    fn fields(json: &str) -> Vec<FieldDefinition> {
        schema(&RawValue::from_string(json.to_owned()).unwrap()).fields
    }

    #[test]
    fn fields_are_read_in_the_order_of_the_project() {
        let found = fields(
            r#"{ "@z": { "type": "Select", "displayName": "State", "options": {
                     "b": { "id": "b", "name": "B", "rank": "10" }, "a": { "name": "A", "rank": "9" },
                     "c": {}, "d": null } },
                 "@a": { "type": "number", "title": "Level", "format": { "type": "decimal" } },
                 "@m": { "type": "Rating", "displayName": null } }"#,
        );
        let option =
            |id: &str, name: &str| FieldOption { id: id.to_owned(), name: name.to_owned() };
        let field = |id: &str, name: Option<&str>, kind| FieldDefinition {
            id: id.to_owned(),
            name: name.map(str::to_owned),
            kind,
            options: Vec::new(),
        };
        let options = vec![option("a", "A"), option("b", "B"), option("c", "")];
        let state = FieldDefinition { options, ..field("@z", Some("State"), FieldKind::Select) };
        let level = field("@a", Some("Level"), FieldKind::Number);
        assert_eq!(found, [state, level, field("@m", None, FieldKind::Other("Rating".into()))]);
    }

    #[test]
    fn what_is_no_field_is_left_out() {
        for none in ["null", "[]", "{}", "7", r#"{ "@a": null, "@b": {}, "@c": { "type": 1 } }"#] {
            assert_eq!(fields(none), [], "{none}");
        }
        let odd = r#"{ "@a": { "type": "Select", "displayName": 7, "options": [1] } }"#;
        assert_eq!(fields(odd).len(), 1);
    }
}
