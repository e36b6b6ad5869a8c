//! The tasks of a project as a table (RFC 4180), for spreadsheets and for scripts. Pure.
//!
//! A spreadsheet may take a cell that begins with `=`, `+`, `-` or `@` for a formula, and texts come
//! from anybody: such a text gets an apostrophe in front, behind which nothing is ever calculated.
//! Numbers of fields are left alone. So that a script can take it off again, a text that begins with
//! apostrophes and then one of these gets one more: see [`safe`].

use std::borrow::Cow;

use serde_json::Value;

use crate::{
    error::{Error, Kind, Result},
    model::{End, FieldKind, FieldSchema, Moment},
    plan::{Item, Key, Outline, TaskDetails},
    text::fields::{FieldView, spelled},
};

/// The columns before those of the fields, and behind them.
const BEFORE: [&str; 5] = ["id", "parent", "depth", "done", "text"];
const BEHIND: [&str; 4] = ["start", "due", "people", "note"];

/// A column of a field.
struct Column {
    id: String,
    name: String,
    kind: Option<FieldKind>,
}

/// The table of an outline: a row a task, in order, below the names of the columns. What is not known
/// is empty.
///
/// # Errors
/// Never for what fits in memory.
pub(crate) fn table(outline: &Outline, view: Option<&FieldView>) -> Result<Vec<u8>> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let failed =
        |error: csv::Error| Error::new(Kind::Storage, "the table cannot be written").because(error);
    let columns = columns(outline, view);
    let names = columns.iter().map(|column| column.name.as_str());
    let header = BEFORE.into_iter().chain(names).chain(BEHIND).map(safe);
    writer.write_record(header.map(|name| name.into_owned())).map_err(failed)?;
    let parents = outline.parents();
    for (item, parent) in outline.items.iter().zip(parents) {
        writer.write_record(row(item, parent, &columns, view)).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| {
        Error::new(Kind::Storage, "the table cannot be written").because(error.into_error())
    })
}

fn row(
    item: &Item,
    parent: Option<&Key>,
    columns: &[Column],
    view: Option<&FieldView>,
) -> Vec<String> {
    let id = |key: &Key| match key {
        Key::Known(id) => safe(id.as_str()).into_owned(),
        Key::New(_) => String::new(),
    };
    let parts = item.details.parts();
    let (start, due) = days(&parts);
    let people: Vec<&str> =
        parts.assignees.known.iter().map(|(handle, ())| handle.as_str()).collect();
    let mut row = vec![
        id(&item.key),
        parent.map(id).unwrap_or_default(),
        item.depth.to_string(),
        item.done.to_string(),
        safe(&item.text).into_owned(),
    ];
    row.extend(columns.iter().map(|column| {
        let value = parts.fields.get(&column.id);
        value.map(|value| cell(column, value, view)).unwrap_or_default()
    }));
    let note = parts.note.present().map(String::as_str).unwrap_or_default();
    let rest = [start, due, people.join(" "), note.to_owned()];
    row.extend(rest.iter().map(|text| safe(text).into_owned()));
    row
}

/// The fields that the project defines, and others that tasks have, each under a name of its own.
fn columns(outline: &Outline, view: Option<&FieldView>) -> Vec<Column> {
    let schema = view.map_or(&[][..], |view| &view.schema().fields);
    let mut columns: Vec<Column> = Vec::new();
    let mut add = |id: &str, kind: Option<FieldKind>| {
        if columns.iter().any(|column| column.id == id) {
            return;
        }
        let mut name = view.and_then(|view| view.keys().label(id)).unwrap_or(id).to_owned();
        let is_taken = |name: &str| {
            let others = columns.iter().map(|column| column.name.as_str());
            BEFORE.into_iter().chain(BEHIND).chain(others).any(|other| other == name)
        };
        while name.is_empty() || is_taken(&name) {
            name = format!("{name} ~{id}").trim_start().to_owned();
        }
        columns.push(Column { id: id.to_owned(), name, kind });
    };
    for field in schema {
        add(&field.id, Some(field.kind.clone()));
    }
    for item in &outline.items {
        item.details.parts().fields.known.iter().for_each(|(id, _)| add(id, None));
    }
    columns
}

/// A value: an option by its name, a number as it is, a day or a point in time as ISO 8601 has it.
fn cell(column: &Column, value: &Value, view: Option<&FieldView>) -> String {
    match (value, &column.kind) {
        (Value::Null, _) => String::new(),
        (Value::Number(number), _) => number.to_string(),
        (Value::String(moment), Some(FieldKind::DateTime)) => safe(moment).into_owned(),
        _ => {
            let shown = view.and_then(|view| view.shown(&column.id, value));
            safe(&shown.unwrap_or_else(|| spelled(value))).into_owned()
        }
    }
}

/// When a task begins, where it takes several days, and when it is due.
fn days(parts: &TaskDetails) -> (String, String) {
    let Some(schedule) = parts.date.present() else { return Default::default() };
    let start = iso(&schedule.start);
    match &schedule.end {
        None => (String::new(), start),
        Some(End::Moment(end)) => (start, iso(end)),
        Some(End::Period { period }) => (start, period.clone()),
    }
}

/// A day, perhaps a time of it, and the zone that it is in (RFC 9557).
fn iso(moment: &Moment) -> String {
    let time = moment.time.as_ref().map(|time| format!("T{time}")).unwrap_or_default();
    let zone = moment.timezone.as_ref().map(|zone| format!("[{zone}]")).unwrap_or_default();
    format!("{}{time}{zone}", moment.date)
}

/// A text as a cell that no spreadsheet calculates: one that begins, behind spaces and apostrophes,
/// with what may begin a formula has an apostrophe more in front. NUL, which many readers of tables
/// refuse, is its picture.
fn safe(text: &str) -> Cow<'_, str> {
    let text = match text.contains('\0') {
        true => Cow::Owned(text.replace('\0', "␀")),
        false => Cow::Borrowed(text),
    };
    match is_risky(&text) {
        true => Cow::Owned(format!("'{text}")),
        false => text,
    }
}

fn is_risky(text: &str) -> bool {
    // As spreadsheets of East Asia read them, too.
    let begins = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    text.trim_start_matches([' ', '\'']).starts_with(begins)
}

/// What a project's fields are, as JSON: in its order, with their ids, names and types, and what there
/// is to choose from.
pub(crate) fn schema(schema: &FieldSchema) -> Value {
    let fields = schema.fields.iter().map(|field| {
        let mut told = serde_json::Map::new();
        told.insert("id".to_owned(), field.id.clone().into());
        told.insert("name".to_owned(), field.name.clone().into());
        told.insert("type".to_owned(), String::from(field.kind.clone()).into());
        if !field.options.is_empty() {
            let options = field.options.iter();
            let options =
                options.map(|option| serde_json::json!({ "id": option.id, "name": option.name }));
            told.insert("options".to_owned(), options.collect());
        }
        Value::Object(told)
    });
    fields.collect()
}
