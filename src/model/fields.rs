//! The custom fields that a project defines, as its export tells them (seen in real exports).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::calendar::is_date;

/// A custom field of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldDefinition {
    /// Its id, such as `@inc01`.
    pub id: String,
    /// Its name, as it was given: any text, perhaps the name of another field too. `None` where it
    /// has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What its values are.
    pub kind: FieldKind,
    /// What there is to choose from, in order; empty where it is no choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<FieldOption>,
}

/// What the values of a field are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum FieldKind {
    /// Texts.
    Text,
    /// Numbers.
    Number,
    /// One of its options, by the option's id.
    Select,
    /// Days, perhaps with a time.
    DateTime,
    /// Something else, in Taskade's word for it.
    Other(String),
}

/// A value to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldOption {
    /// Its id, which is what a task holds.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// The fields that a project defines, in its order. Empty where it defines none, and where nobody
/// has told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldSchema {
    /// The fields.
    pub fields: Vec<FieldDefinition>,
}

impl FieldSchema {
    /// Whether there are none, or nobody has told.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The field of this id.
    pub fn find(&self, id: &str) -> Option<&FieldDefinition> {
        self.fields.iter().find(|field| field.id == id)
    }
}

/// A value of a field as it is put: of an option that is picked its id, of a day or a point in time
/// without a time zone its ISO 8601 text. Exports and answers tell these two with their types. What
/// is neither is itself.
pub fn plain_value(value: Value) -> Value {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let plain = match value.get("type").and_then(Value::as_str) {
        Some("Select") => text(&value, "optionId"),
        Some("DateTime") => value.get("dateTime").and_then(|at| {
            let is_given = |key: &str| at.get(key).is_some_and(|value| !value.is_null());
            let day = text(at, "date").filter(|day| is_date(day) && !is_given("timezone"))?;
            match text(at, "time") {
                Some(time) => Some(format!("{day}T{time}")),
                None => Some(day).filter(|_| !is_given("time")),
            }
        }),
        _ => None,
    };
    plain.map_or(value, Value::String)
}

impl From<String> for FieldKind {
    fn from(kind: String) -> Self {
        match kind.as_str() {
            "string" => Self::Text,
            "number" => Self::Number,
            "Select" => Self::Select,
            "DateTime" => Self::DateTime,
            _ => Self::Other(kind),
        }
    }
}

impl From<FieldKind> for String {
    fn from(kind: FieldKind) -> Self {
        match kind {
            FieldKind::Text => "string".to_owned(),
            FieldKind::Number => "number".to_owned(),
            FieldKind::Select => "Select".to_owned(),
            FieldKind::DateTime => "DateTime".to_owned(),
            FieldKind::Other(kind) => kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::plain_value;

    #[test]
    fn a_value_with_its_type_is_what_would_be_put() {
        let at = |moment| json!({ "type": "DateTime", "dateTime": moment });
        for (told, plain) in [
            (json!({ "type": "Select", "optionId": "o1" }), json!("o1")),
            (at(json!({ "date": "2026-03-10" })), json!("2026-03-10")),
            (at(json!({ "date": "2026-03-10", "time": null })), json!("2026-03-10")),
            (at(json!({ "date": "2026-03-10", "time": "09:00" })), json!("2026-03-10T09:00")),
        ] {
            assert_eq!(plain_value(told), plain);
        }
        for other in [
            at(json!({ "date": "2026-03-10", "timezone": "UTC" })),
            at(json!({ "date": "soon" })),
            at(json!({ "date": "2026-03-10", "time": 9 })),
            json!({ "type": "Select" }),
            json!({ "type": "Rating", "stars": 3 }),
            json!("text"),
            json!(2.5),
            json!(null),
        ] {
            assert_eq!(plain_value(other.clone()), other);
        }
    }
}
