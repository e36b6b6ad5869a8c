//! What the values of a project's fields look like on a line, and what is meant by one that somebody
//! typed. Pure.
//!
//! Where the project's fields are known they go by their names, an option by its name, a point in
//! time by its day, and what cannot be a value of its field is refused. Where they are not, a field
//! goes by its id and its value as it is.

use std::collections::HashSet;

use serde_json::{Number, Value};

use crate::{
    document::{FieldKeys, LineDetails},
    model::{FieldDefinition, FieldKind, FieldOption, FieldSchema, calendar::is_date},
    plan::PartialMap,
    text::checks::UNREADABLE,
};

/// Most fields of a project that stand on the lines of its tasks.
const MOST_ON_LINE: usize = 4;

/// How many options a message tells.
const MOST_TOLD: usize = 20;

/// Where the fields of a task stand (`--fields`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FieldPlacement {
    /// On the task's line in a project of up to four, below it in one of more.
    #[default]
    Auto,
    /// On the task's line.
    Line,
    /// Each on a line of its own below it.
    Below,
    /// Nowhere, unless somebody asked for it; and by their ids.
    None,
}

/// How the fields of a project are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldView {
    schema: FieldSchema,
    keys: FieldKeys,
    below: bool,
}

impl FieldView {
    /// The view of these fields; `None` where there are none or none is to be shown.
    pub fn new(schema: FieldSchema, placement: FieldPlacement) -> Option<Self> {
        let below = match placement {
            FieldPlacement::Auto => schema.fields.len() > MOST_ON_LINE,
            FieldPlacement::Line => false,
            FieldPlacement::Below => true,
            FieldPlacement::None => return None,
        };
        let keys = FieldKeys::of(&schema);
        (!schema.fields.is_empty()).then_some(Self { schema, keys, below })
    }

    /// What the fields are called.
    pub fn keys(&self) -> &FieldKeys {
        &self.keys
    }

    /// Whether each field has a line of its own.
    pub fn is_below(&self) -> bool {
        self.below
    }

    /// The fields, in the project's order.
    pub fn schema(&self) -> &FieldSchema {
        &self.schema
    }

    /// A value as it is shown; `None` where there is nothing to show.
    pub fn shown(&self, id: &str, value: &Value) -> Option<String> {
        let field = self.schema.find(id);
        let shown = match (field.map(|field| &field.kind), value) {
            (Some(FieldKind::Select), Value::String(option)) => {
                let options = field.map_or(&[][..], |field| &field.options);
                let at = options.iter().position(|known| known.id == *option);
                at.map_or_else(|| option.clone(), |at| labels(options)[at].clone())
            }
            (Some(FieldKind::DateTime), Value::String(text)) => day(text).to_owned(),
            (_, Value::Object(object)) => {
                object.get("dateTime")?.get("date")?.as_str().filter(|day| is_date(day))?.to_owned()
            }
            (_, Value::String(text)) => text.clone(),
            (_, Value::Number(_) | Value::Bool(_)) => value.to_string(),
            (_, Value::Null | Value::Array(_)) => return None,
        };
        Some(shown).filter(|shown| !shown.is_empty())
    }

    /// The id of the field that goes by this name.
    fn id<'a>(&'a self, key: &'a str) -> &'a str {
        let at = self.keys.position(key);
        at.and_then(|at| self.schema.fields.get(at)).map_or(key, |field| &field.id)
    }

    /// The value that a text stands for.
    fn meant(&self, id: &str, text: &str, known: Option<&Value>) -> Result<Value, String> {
        let name = self.keys.label(id).unwrap_or(id);
        let Some(field) = self.schema.find(id) else {
            return match known {
                Some(_) => value(id, text, known),
                None => Err(self.keys.no_field(id)),
            };
        };
        if text.contains(char::REPLACEMENT_CHARACTER) {
            return Err(UNREADABLE.to_owned());
        }
        if text.is_empty() {
            return Err(format!("`{name}` has no value; write one, or delete the brackets"));
        }
        match &field.kind {
            FieldKind::Text => Ok(Value::from(text)),
            FieldKind::Number => number(text)
                .map(Value::Number)
                .ok_or_else(|| format!("`{name}` takes {}, and `{text}` is none", taken(field))),
            FieldKind::Select => option(field, text).map(Value::from).ok_or_else(|| {
                let there = listed(&field.options);
                format!("`{text}` is no option of `{name}`, which has {there}; write one of these")
            }),
            FieldKind::DateTime if is_date(day(text)) => Ok(Value::from(text)),
            FieldKind::DateTime => {
                Err(format!("`{name}` takes {}, and `{text}` is none", taken(field)))
            }
            FieldKind::Other(_) => value(name, text, known),
        }
    }
}

/// What a line shows of the fields of a task, in the project's order where that is known.
pub(crate) fn to_line(
    fields: &PartialMap<Value>,
    view: Option<&FieldView>,
) -> Vec<(String, String)> {
    let Some(view) = view else {
        return fields.known.iter().map(|(id, value)| (id.clone(), spelled(value))).collect();
    };
    let place = |id: &str| view.keys.label(id).and_then(|label| view.keys.position(label));
    let mut known: Vec<&(String, Value)> = fields.known.iter().collect();
    known.sort_by_key(|(id, _)| place(id).unwrap_or(usize::MAX));
    let shown = known.into_iter().filter_map(|(id, value)| {
        let key = view.keys.label(id).unwrap_or(id);
        Some((key.to_owned(), view.shown(id, value)?))
    });
    shown.collect()
}

/// Why a line cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unfit {
    /// The reason.
    pub(crate) reason: String,
    /// Which of the fields of the line it is about, if it is about one.
    pub(crate) field: Option<usize>,
}

impl From<String> for Unfit {
    fn from(reason: String) -> Self {
        Self { reason, field: None }
    }
}

/// What is known of the fields of a task from now on, whose line showed `before` and says `line`.
///
/// # Errors
/// The reason, where the line says what no field can have.
pub(crate) fn apply_line(
    mut fields: PartialMap<Value>,
    before: &LineDetails,
    line: &LineDetails,
    view: Option<&FieldView>,
) -> Result<PartialMap<Value>, Unfit> {
    let id = |key: &str| view.map_or(key, |view| view.id(key)).to_owned();
    let mut said: Vec<(String, Value)> = Vec::new();
    for (at, (key, text)) in line.fields.iter().enumerate() {
        let unfit = |reason: String| Unfit { reason, field: Some(at) };
        let id = id(key);
        if said.iter().any(|(known, _)| *known == id) {
            let reason =
                format!("a task has one value of {key}, and this line gives two; keep one");
            return Err(unfit(reason));
        }
        let known = fields.get(&id);
        let shown = |value: &Value| match view {
            Some(view) => view.shown(&id, value),
            None => Some(spelled(value)),
        };
        let value = match (known, view) {
            (Some(value), _) if shown(value).as_ref() == Some(text) => value.clone(),
            (known, Some(view)) => view.meant(&id, text, known).map_err(unfit)?,
            (known, None) => value(&id, text, known).map_err(unfit)?,
        };
        said.push((id, value));
    }
    let touched: HashSet<String> =
        before.fields.iter().chain(&line.fields).map(|(key, _)| id(key)).collect();
    fields.known.retain(|(id, _)| !touched.contains(id));
    said.append(&mut fields.known);
    fields.known = said;
    Ok(fields)
}

/// A value as it is shown where nothing is known of its field: a string as it is, anything else as
/// JSON.
pub(crate) fn spelled(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The value that a text stands for where nothing is known of its field: a number if it looks like
/// one, unless the field has held a string.
fn value(name: &str, text: &str, known: Option<&Value>) -> Result<Value, String> {
    match known {
        Some(Value::Array(_) | Value::Object(_) | Value::Bool(_)) => {
            return Err(format!("{name} holds something that can only be changed in the app"));
        }
        Some(Value::String(_)) | Some(Value::Number(_) | Value::Null) | None => {}
    }
    if text.contains(char::REPLACEMENT_CHARACTER) {
        return Err(UNREADABLE.to_owned());
    }
    if text.is_empty() {
        return Err(format!("{name} has no value; write one, or delete the brackets"));
    }
    let number: Option<Number> = text.parse().ok();
    let number = number.filter(|number| number.to_string() == text);
    Ok(match (number, known) {
        (Some(number), None | Some(Value::Number(_) | Value::Null)) => Value::Number(number),
        _ => Value::String(text.to_owned()),
    })
}

/// The number that somebody wrote.
fn number(text: &str) -> Option<Number> {
    let text = text.trim();
    let of_float = || text.parse::<f64>().ok().and_then(Number::from_f64);
    text.parse::<i64>().map(Number::from).ok().or_else(of_float)
}

/// The day of a day or of a point in time, if it begins with one.
pub(super) fn day(text: &str) -> &str {
    let split = text
        .split_at_checked(10)
        .filter(|(day, rest)| is_date(day) && (rest.is_empty() || rest.starts_with(['T', ' '])));
    split.map_or(text, |(day, _)| day)
}

/// The id of the option that a text names: exactly, or without regard to case and to what stands in
/// front of its first letter, where only one has it so.
fn option(field: &FieldDefinition, text: &str) -> Option<String> {
    let labels = labels(&field.options);
    let by_label = labels.iter().position(|label| label == text);
    let by_id = || field.options.iter().position(|option| option.id == text);
    let by_letters = || {
        let meant = letters(text);
        let mut like = (0..labels.len()).filter(|at| letters(&labels[*at]) == meant);
        like.next().filter(|_| !meant.is_empty() && like.next().is_none())
    };
    let at = by_label.or_else(by_id).or_else(by_letters)?;
    Some(field.options[at].id.clone())
}

fn letters(name: &str) -> String {
    name.trim().trim_start_matches(|c: char| !c.is_alphanumeric()).to_lowercase()
}

/// What the options are called: each by its name, and with its id behind one that another has too.
fn labels(options: &[FieldOption]) -> Vec<String> {
    let mut seen = HashSet::new();
    let label = |option: &FieldOption| {
        let mut label = if option.name.is_empty() { &option.id } else { &option.name }.clone();
        while !seen.insert(label.clone()) {
            label = format!("{label} ~{}", option.id);
        }
        label
    };
    options.iter().map(label).collect()
}

/// What a field takes, in words.
pub(crate) fn taken(field: &FieldDefinition) -> String {
    match &field.kind {
        FieldKind::Text => "a text".to_owned(),
        FieldKind::Number => "a number such as 2.5".to_owned(),
        FieldKind::Select if field.options.is_empty() => "one of its options".to_owned(),
        FieldKind::Select => format!("one of {}", listed(&field.options)),
        FieldKind::DateTime => "a day as YYYY-MM-DD, such as 2026-03-09".to_owned(),
        FieldKind::Other(kind) => format!("a value of the type `{kind}`"),
    }
}

fn listed(options: &[FieldOption]) -> String {
    let labels = labels(options);
    let some: Vec<_> = labels.iter().take(MOST_TOLD).map(|label| format!("`{label}`")).collect();
    match labels.len() - some.len() {
        0 if some.is_empty() => "none".to_owned(),
        0 => some.join(", "),
        more => format!("{} and {more} more", some.join(", ")),
    }
}
