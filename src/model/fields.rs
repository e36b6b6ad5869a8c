//! The custom fields that a project defines, as its export tells them (seen in real exports).

use serde::{Deserialize, Serialize};

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
    /// The field of this id.
    pub fn find(&self, id: &str) -> Option<&FieldDefinition> {
        self.fields.iter().find(|field| field.id == id)
    }
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
