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
    document::{self, Line, RenderOptions},
    ids::TaskId,
    model::{End, Moment, Schedule},
    plan::{Details, Item, Key, Known, Outline, PartialMap, TaskDetails},
    sync::to_line_by_ids,
};

/// Mostly something that can be meant, and sometimes anything.
fn told_moment() -> impl Strategy<Value = Moment> {
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

fn told_date() -> impl Strategy<Value = Schedule> {
    let end = prop_oneof![
        told_moment().prop_map(End::Moment),
        any::<String>().prop_map(|period| End::Period { period }),
    ];
    (told_moment(), prop::option::of(end)).prop_map(|(start, end)| Schedule { start, end })
}

fn item() -> impl Strategy<Value = Item> {
    let note = prop::option::of(prop_oneof![any::<String>(), "([a-z>]{0,4}\n){0,4}"]);
    let text = prop_oneof![any::<String>(), "[a-z@\n\r📅 \\\\-]{0,12}"];
    (0_usize..4, text, any::<bool>(), note, told_date(), prop::option::of("[a-z ]{0,6}")).prop_map(
        |(depth, text, done, note, date, handle)| {
            let details = Details::from(TaskDetails {
                date: Known::of(Some(date)),
                note: Known::of(note),
                assignees: PartialMap {
                    known: handle.into_iter().map(|handle| (handle, ())).collect(),
                    complete: true,
                },
                ..TaskDetails::default()
            });
            Item { key: Key::New(0), depth, text, done, details, spelled: Default::default() }
        },
    )
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

/// As a project's file shows it.
fn line(item: &Item) -> Line {
    Line {
        depth: item.depth,
        done: item.done,
        text: item.text.clone(),
        details: to_line_by_ids(&item.details),
        ..Line::default()
    }
}

proptest! {
    #[test]
    fn every_task_is_on_its_line_of_the_file(outline in outline()) {
        let lines: Vec<Line> = outline.items.iter().map(line).collect();
        let text = document::render(&lines, &RenderOptions::default());
        let mut gathered = Gathered::default();
        let (id, title) = (None, "a");
        gathered.add(&KnownProject { path: "a.md", id, title, outline: &outline, text: None });
        prop_assert_eq!(gathered.tasks.len(), outline.items.len());
        let in_file: Vec<&str> = text.split('\n').collect();
        for (task, line) in gathered.tasks.iter().zip(&lines) {
            let mut alone = String::new();
            document::render_line(line, &RenderOptions::default(), &mut alone);
            prop_assert_eq!(alone.split('\n').next(), in_file.get(task.line.unwrap() - 1).copied());
        }
        // And the same where it has to be read.
        let mut read = Gathered::default();
        let text = Some(text.as_bytes());
        read.add(&KnownProject { path: "a.md", id, title, outline: &outline, text });
        for (task, read) in gathered.tasks.iter().zip(&read.tasks) {
            prop_assert!(read.line.is_none() || read.line == task.line);
        }
    }

    #[test]
    fn nothing_panics_and_a_line_is_a_line(
        dates in prop::collection::vec((told_date(), any::<String>(), any::<bool>()), 0..6),
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
        dates in prop::collection::vec(prop::option::of(told_date()), 0..12),
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
