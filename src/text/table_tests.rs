//! Tables: that nothing is lost in one, and that nothing in one is a formula.

use std::collections::HashSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    fields::{FieldPlacement, FieldView},
    table::{schema, table},
};
use crate::{
    ids::TaskId,
    model::{End, FieldDefinition, FieldKind, FieldOption, FieldSchema, Moment, Schedule},
    plan::{Details, Item, Key, Known, Outline, PartialMap, TaskDetails},
};

fn item(id: &str, depth: usize, text: &str, parts: TaskDetails) -> Item {
    Item {
        key: Key::Known(TaskId::new(id)),
        depth,
        text: text.to_owned(),
        done: depth > 0,
        details: Details::from(parts),
        spelled: Default::default(),
    }
}

fn values(known: Vec<(String, Value)>) -> TaskDetails {
    TaskDetails { fields: PartialMap { known, complete: true }, ..TaskDetails::default() }
}

fn field(
    id: &str,
    name: Option<&str>,
    kind: FieldKind,
    options: &[(&str, &str)],
) -> FieldDefinition {
    let option =
        |(id, name): &(&str, &str)| FieldOption { id: (*id).to_owned(), name: (*name).to_owned() };
    let options = options.iter().map(option).collect();
    FieldDefinition { id: id.to_owned(), name: name.map(str::to_owned), kind, options }
}

/// The rows of a table, the first of which are the names.
fn read(table: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(table);
    let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect());
    rows.collect()
}

/// A cell without what makes it safe, as the page for scripts tells it.
fn text(cell: &str) -> String {
    let inside = cell.trim_start_matches([' ', '\'']);
    let is_marked = cell.starts_with('\'')
        && inside.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if is_marked { cell[1..].to_owned() } else { cell.to_owned() }
}

#[test]
fn a_row_has_what_is_known_of_a_task() {
    let schema = FieldSchema {
        fields: vec![
            field("@s", Some("State"), FieldKind::Select, &[("o", "🟡 Open"), ("p", "=1+1")]),
            field("@n", Some("due"), FieldKind::Number, &[]),
            field("@o", Some("Owner"), FieldKind::Text, &[]),
            field("@p", Some("Owner"), FieldKind::Text, &[]),
            field("@d", None, FieldKind::DateTime, &[]),
        ],
    };
    let view = FieldView::new(schema, FieldPlacement::Auto).unwrap();
    let known = [
        ("@s", json!("o")),
        ("@n", json!(-2.5)),
        ("@o", json!("Ann, \"A\"\nB")),
        ("@p", json!("+49 30")),
        ("@d", json!("2026-03-10T09:00")),
        ("@x", json!(["a"])),
    ];
    let mut parts = values(known.map(|(id, value)| (id.to_owned(), value)).into());
    let at = |date: &str, time: Option<&str>| Moment {
        date: date.to_owned(),
        time: time.map(str::to_owned),
        timezone: time.map(|_| "Europe/London".to_owned()),
    };
    let (start, end) = (at("2026-11-28", None), Some(End::Moment(at("2026-12-01", Some("09:00")))));
    parts.date = Known::Present(Schedule { start, end });
    parts.note = Known::Present("- a".to_owned());
    let people = ["alice", "bob"].map(|handle| (handle.to_owned(), ()));
    parts.assignees = PartialMap { known: people.into(), complete: true };
    let due = Schedule { start: at("2026-12-24", None), end: None };
    let other = TaskDetails { date: Known::Present(due), ..TaskDetails::default() };
    let items = vec![item("t1", 0, "@alice =1", parts), item("t2", 1, "b", other)];
    let written = table(&Outline { items }, Some(&view)).unwrap();
    let rows = read(&written);
    assert_eq!(
        rows,
        [
            vec![
                "id",
                "parent",
                "depth",
                "done",
                "text",
                "State",
                "due ~@n",
                "Owner",
                "Owner ~@p",
                "'@d",
                "'@x",
                "start",
                "due",
                "people",
                "note",
            ],
            vec![
                "t1",
                "",
                "0",
                "false",
                "'@alice =1",
                "🟡 Open",
                "-2.5",
                "Ann, \"A\"\nB",
                "'+49 30",
                "2026-03-10T09:00",
                "[\"a\"]",
                "2026-11-28",
                "2026-12-01T09:00[Europe/London]",
                "alice bob",
                "'- a",
            ],
            vec!["t2", "t1", "1", "true", "b", "", "", "", "", "", "", "", "2026-12-24", "", "",],
        ]
    );
    assert!(written.ends_with(b"\r\n"));
    assert_eq!(read(&table(&Outline::default(), None).unwrap()).len(), 1);
}

#[test]
fn fields_are_told_with_their_names_and_options() {
    let fields = vec![
        field("@s", Some("State"), FieldKind::Select, &[("o", "Open")]),
        field("@r", None, FieldKind::Other("Rating".to_owned()), &[]),
    ];
    assert_eq!(
        schema(&FieldSchema { fields }),
        json!([
            { "id": "@s", "name": "State", "type": "Select",
              "options": [{ "id": "o", "name": "Open" }] },
            { "id": "@r", "name": null, "type": "Rating" },
        ])
    );
}

fn texts() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        prop::sample::select(vec![
            "=", "+", "-", "@", "\t", "\r", "\n", "'", " ", "\"", ",", ";", "＝", "a", "1", "␀",
            "\r\n",
        ])
        .prop_map(str::to_owned),
        "[^\0]",
    ];
    prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

fn field_values() -> impl Strategy<Value = Value> {
    prop_oneof![
        texts().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        Just(Value::Null)
    ]
}

proptest! {
    /// What was written is read again, whatever it is; every column has a name of its own; and no
    /// cell begins as a formula does, unless it is the number of a field.
    #[test]
    fn nothing_is_lost_and_nothing_is_a_formula(
        names in prop::collection::vec(prop::option::of(texts()), 0..5),
        tasks in prop::collection::vec(
            (texts(), texts(), prop::collection::vec((0_usize..7, field_values()), 0..5)), 0..6,
        ),
    ) {
        let ids: Vec<String> = (0..7).map(|number| format!("@f{number}")).collect();
        let fields = names.iter().zip(&ids);
        let fields = fields.map(|(name, id)| field(id, name.as_deref(), FieldKind::Text, &[]));
        let schema = FieldSchema { fields: fields.collect() };
        let view = FieldView::new(schema, FieldPlacement::Auto);
        let items: Vec<Item> = tasks.iter().enumerate().map(|(number, (text, note, fields))| {
            let mut known: Vec<(String, Value)> = Vec::new();
            for (at, value) in fields {
                if known.iter().all(|(id, _)| *id != ids[*at]) {
                    known.push((ids[*at].clone(), value.clone()));
                }
            }
            let note = Known::of(Some(note.clone()).filter(|note| !note.is_empty()));
            item(&format!("t{number}"), 0, text, TaskDetails { note, ..values(known) })
        }).collect();
        let outline = Outline { items };
        let rows = read(&table(&outline, view.as_ref()).unwrap());
        prop_assert_eq!(rows.len(), 1 + outline.items.len());
        let columns: HashSet<&String> = rows[0].iter().collect();
        prop_assert_eq!(columns.len(), rows[0].len());
        let number = |cell: &str| cell.parse::<f64>().is_ok();
        let formula = ['=', '+', '-', '@', '\t', '\r', '\n'];
        for cell in rows.iter().flatten() {
            prop_assert!(!cell.trim_start_matches(' ').starts_with(formula) || number(cell), "{cell:?}");
        }
        for (row, item) in rows[1..].iter().zip(&outline.items) {
            prop_assert_eq!(&text(&row[4]), &item.text);
            let parts = item.details.parts();
            let note = parts.note.present().cloned().unwrap_or_default();
            prop_assert_eq!(text(row.last().unwrap()), note);
            let told: HashSet<String> = row[5..row.len() - 4].iter().map(|cell| text(cell)).collect();
            for (_, value) in &parts.fields.known {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                prop_assert!(value == "null" || told.contains(&value), "{value:?} in {told:?}");
            }
        }
    }
}
