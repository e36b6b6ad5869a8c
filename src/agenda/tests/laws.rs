//! Laws that hold for any tasks.

use proptest::prelude::*;

use super::{
    super::{
        calendar::calendar,
        entry::{Filter, select},
        gather::{Gathered, KnownProject, Task},
        words,
    },
    all, now, task,
};

use crate::{
    document::Markers,
    ids::TaskId,
    model::{End, FieldDefinition, FieldKind, FieldSchema, Marker, Moment, Schedule, Spelled},
    plan::{Details, Item, Key, Known, Outline, PartialMap, TaskDetails},
    text::{
        codec::FileFormat,
        fields::{FieldPlacement, FieldView},
    },
};

/// Mostly something that can be meant, and sometimes anything.
fn any_moment() -> impl Strategy<Value = Moment> {
    let date = prop_oneof![
        4 => "20[0-3][0-9]-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9])",
        1 => "(0000|0001|9999)-(01-01|12-31)",
        1 => any::<String>(),
    ];
    let time = prop_oneof!["([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?", any::<String>()];
    let zone = prop_oneof![
        Just("Europe/London".to_owned()),
        Just("Pacific/Kiritimati".to_owned()),
        Just("../../etc/passwd".to_owned()),
        Just("/dev/zero".to_owned()),
        any::<String>(),
    ];
    (date, prop::option::of(time), prop::option::of(zone))
        .prop_map(|(date, time, timezone)| Moment { date, time, timezone })
}

fn any_schedule() -> impl Strategy<Value = Schedule> {
    let end = prop_oneof![
        any_moment().prop_map(End::Moment),
        any::<String>().prop_map(|period| End::Period { period }),
    ];
    (any_moment(), prop::option::of(end)).prop_map(|(start, end)| Schedule { start, end })
}

fn item() -> impl Strategy<Value = Item> {
    let note = prop::option::of(prop_oneof![any::<String>(), "([a-z>]{0,4}\n){0,4}"]);
    let text = prop_oneof![any::<String>(), "[a-z@\n\r📅 \\\\-]{0,12}"];
    let handle = prop::option::of("[a-z ]{0,6}");
    let fields = prop::collection::vec(("@f[0-5]", "[a-z\n:\\[\\] ]{1,8}"), 0..4);
    let parts = (0_usize..4, text, any::<bool>(), note, any_schedule(), handle, fields, spelled());
    parts.prop_map(|(depth, text, done, note, date, handle, mut fields, spelled)| {
        fields.sort();
        fields.dedup_by(|one, other| one.0 == other.0);
        let fields = fields.into_iter().map(|(id, value)| (id, value.into()));
        let details = Details::from(TaskDetails {
            date: Known::of(Some(date)),
            note: Known::of(note),
            assignees: PartialMap {
                known: handle.into_iter().map(|handle| (handle, ())).collect(),
                complete: true,
            },
            fields: PartialMap { known: fields.collect(), complete: true },
        });
        Item { key: Key::New(0), depth, text, done, details, spelled }
    })
}

fn spelled() -> impl Strategy<Value = Spelled> {
    let markers = [Marker::Bullet, Marker::Number, Marker::Paragraph, Marker::Heading(1)];
    let markers = prop::sample::select(markers.to_vec());
    let marker = prop_oneof![3 => markers, 1 => (2_u8..=6).prop_map(Marker::Heading)];
    prop::option::of(marker).prop_map(Spelled)
}

/// Every way to write a file.
fn formats() -> impl Strategy<Value = FileFormat> {
    let placements = [FieldPlacement::Line, FieldPlacement::Below, FieldPlacement::None];
    let markers = prop::sample::select(vec![Markers::Auto, Markers::Tasks]);
    let parts = (any::<bool>(), markers, prop::sample::select(placements.to_vec()));
    parts.prop_map(|(ids, markers, placement)| {
        let field = |at: u8| FieldDefinition {
            id: format!("@f{at}"),
            name: (at > 0).then(|| format!("Field {at}")),
            kind: FieldKind::Text,
            options: Vec::new(),
        };
        let fields = FieldSchema { fields: (0..6).map(field).collect() };
        let fields = FieldView::new(fields, placement).map(std::sync::Arc::new);
        FileFormat { ids, markers, fields }
    })
}

fn outline() -> impl Strategy<Value = Outline> {
    prop::collection::vec(item(), 0..12).prop_map(|mut items| {
        let mut deepest = 0;
        for (number, item) in items.iter_mut().enumerate() {
            item.key = Key::Known(TaskId::new(number.to_string()));
            item.depth = item.depth.min(deepest);
            deepest = item.depth + 1;
        }
        Outline { items }
    })
}

proptest! {
    #[test]
    fn every_task_is_on_its_line_of_the_file(outline in outline(), format in formats()) {
        let text = format.render(&outline);
        let (id, title) = (None, "a");
        let lines = |text: Option<&str>| {
            let (outline, format, text) = (&outline, &format, text.map(str::as_bytes));
            let mut gathered = Gathered::default();
            gathered.add(&KnownProject { path: "a.md", id, title, outline, format, text });
            gathered.tasks.into_iter().map(|task| task.line).collect::<Vec<_>>()
        };
        let read = format.parse(text.as_bytes(), title, &outline).unwrap();
        let numbers: Vec<_> = read.iter().map(|line| Some(line.number)).collect();
        prop_assert_eq!(lines(None), &numbers[..], "{}", text);
        prop_assert_eq!(lines(Some(&text)), &numbers[..], "{}", text);
        // And where it is no text of these tasks as they are written.
        let below = format!("\n\n{text}");
        let below: Vec<_> = lines(Some(&below)).into_iter().map(|it| it.map(|at| at - 2)).collect();
        prop_assert_eq!(below, &numbers[..], "{}", text);
    }

    #[test]
    fn nothing_panics_and_a_line_is_a_line(
        dates in prop::collection::vec((any_schedule(), any::<String>(), any::<bool>()), 0..6),
        days in prop::option::of(any::<u32>()),
        local in prop_oneof![Just("UTC"), Just("America/St_Johns"), Just("Pacific/Kiritimati")],
    ) {
        let tasks: Vec<Task> = dates
            .into_iter()
            .map(|(date, text, done)| Task { done, ..task(&text, Some(date)) })
            .collect();
        for moment in ["2026-12-01 12:00", "0001-01-01 00:00", "9999-12-30 00:00"] {
            let now = now(moment, local);
            let filter = Filter { days, all: true, ..Filter::default() };
            let entries = select(tasks.clone(), &now, &filter);
            for entry in &entries {
                let line = words::line(entry, &entry.task.path, false);
                prop_assert!(line.chars().all(|c| !crate::printable::steers(c)), "{line:?}");
                words::json(entry);
            }
            let events = calendar(&entries, &now).matches("\r\nBEGIN:VEVENT\r\n").count();
            prop_assert_eq!(events, entries.len());
        }
    }

    #[test]
    fn the_order_does_not_depend_on_that_of_the_tasks(
        dates in prop::collection::vec(prop::option::of(any_schedule()), 0..12),
        turned in any::<prop::sample::Index>(),
    ) {
        let now = now("2026-12-01 12:00", "Europe/London");
        let mut tasks: Vec<Task> = dates
            .into_iter()
            .enumerate()
            .map(|(n, date)| Task { line: Some(n / 2), ..task(&n.to_string(), date) })
            .collect();
        let sorted = all(tasks.clone(), &now);
        if !tasks.is_empty() {
            let middle = turned.index(tasks.len());
            tasks.rotate_left(middle);
        }
        tasks.reverse();
        prop_assert_eq!(all(tasks, &now), sorted);
    }
}
