//! iCalendar files, by example and for anything.

use icalendar::{Calendar, CalendarComponent, Component, DatePerhapsTime, Event};
use proptest::prelude::*;

use super::{
    super::{calendar::calendar, gather::Task},
    all, due, now, range, task,
};

use crate::{
    ids::{ProjectId, TaskId},
    model::Schedule,
    printable::steers,
};

/// The calendar of these tasks, in Berlin.
fn written(tasks: Vec<Task>) -> String {
    let now = now("2026-11-30 12:00", "Europe/Berlin");
    calendar(&all(tasks, &now), &now)
}

/// The lines of the only event that tell its times, unfolded.
fn times(date: Schedule) -> Vec<String> {
    let text = written(vec![task("a", Some(date))]);
    let lines =
        text.lines().filter(|line| line.starts_with("DTSTART") || line.starts_with("DTEND"));
    let mut lines: Vec<String> = lines.map(str::to_owned).collect();
    lines.sort();
    lines.reverse();
    lines
}

#[test]
fn a_whole_day_stays_a_day_and_ends_with_the_next() {
    assert_eq!(
        times(due("2026-12-31")),
        ["DTSTART;VALUE=DATE:20261231", "DTEND;VALUE=DATE:20270101"]
    );
    let expected = ["DTSTART;VALUE=DATE:20261128", "DTEND;VALUE=DATE:20261202"];
    assert_eq!(times(range("2026-11-28", "2026-12-01")), expected);
    assert_eq!(times(range("2026-12-01", "2026-11-28")), expected);
    assert_eq!(times(range("2026-11-28 09:00", "2026-12-01")), expected);
    let mut zoned = due("2026-12-01");
    zoned.start.timezone = Some("Asia/Tokyo".to_owned());
    assert_eq!(times(zoned), times(due("2026-12-01")));
    assert_eq!(times(due("9999-12-31")), ["DTSTART;VALUE=DATE:99991231"]);
}

#[test]
fn a_time_is_in_utc_if_it_has_a_zone_and_floats_otherwise() {
    assert_eq!(times(due("2026-12-01 15:30")), ["DTSTART:20261201T153000"]);
    assert_eq!(times(due("2026-12-01 15:30 Asia/Tokyo")), ["DTSTART:20261201T063000Z"]);
    assert_eq!(times(due("2026-12-01 15:30 No/Such_Zone")), ["DTSTART:20261201T153000"]);
    assert_eq!(
        times(range("2026-12-01 09:00", "2026-12-01 17:00")),
        ["DTSTART:20261201T090000", "DTEND:20261201T170000"]
    );
    assert_eq!(
        times(range("2026-12-01 09:00 Asia/Tokyo", "2026-12-01 17:00 Europe/London")),
        ["DTSTART:20261201T000000Z", "DTEND:20261201T170000Z"]
    );
    // Both ends are of one kind.
    assert_eq!(
        times(range("2026-12-01 09:00 No/Such_Zone", "2026-12-01 17:00 Europe/London")),
        ["DTSTART:20261201T080000Z", "DTEND:20261201T170000Z"]
    );
    assert_eq!(times(range("2026-12-01 17:00", "2026-12-01 09:00")), ["DTSTART:20261201T170000"]);
}

#[test]
fn an_event_is_the_same_each_time_and_says_who_and_where() {
    let mut sample = task("a", Some(due("2026-12-01")));
    sample.path = "Acme/Plan, B.md".to_owned();
    sample.assignees = vec!["alice".to_owned(), "bob".to_owned()];
    sample.note = Some("first; second\nthird".to_owned());
    let text = written(vec![sample.clone()]);
    let expected = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        concat!("PRODID:-//taskadefs//taskadefs ", env!("CARGO_PKG_VERSION"), "//EN"),
        "CALSCALE:GREGORIAN",
        "NAME:Taskade",
        "X-WR-CALNAME:Taskade",
        "BEGIN:VEVENT",
        r"DESCRIPTION:first\; second\nthird\n\n@alice @bob",
        "DTEND;VALUE=DATE:20261202",
        "DTSTAMP:20261130T110000Z",
        "DTSTART;VALUE=DATE:20261201",
        r"LOCATION:Acme/Plan\, B.md",
        "SUMMARY:a",
        "TRANSP:TRANSPARENT",
        "UID:a.p@taskadefs",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ];
    assert_eq!(text.split("\r\n").collect::<Vec<_>>(), expected);
    let done = written(vec![Task { done: true, ..sample.clone() }]);
    assert!(done.contains("SUMMARY:✓ a\r\n"), "{done}");
    let unsaved = written(vec![Task { task: None, ..sample }]);
    assert!(!unsaved.contains("VEVENT"), "{unsaved}");
}

fn events(text: &str) -> Vec<Event> {
    let calendar: Calendar = text.parse().unwrap();
    let events = calendar.components.into_iter().filter_map(|component| match component {
        CalendarComponent::Event(event) => Some(event),
        _ => None,
    });
    events.collect()
}

/// As a calendar shows it: without what no calendar can hold.
fn kept(text: &str) -> String {
    text.replace("\r\n", "\n").chars().filter(|c| !steers(*c) || *c == '\n').collect()
}

proptest! {
    #[test]
    fn whatever_is_written_is_read_back(
        sample in prop::collection::vec(
            (any::<String>(), prop::option::of(any::<String>()), "[\\PC]{0,80}", 0_i64..40_000),
            0..6,
        ),
        hostile in "(\\\\|;|,|:|\"|\r|\n|\r\n|BEGIN:VEVENT|END:VCALENDAR| |\t|é|☃){0,60}",
    ) {
        let first = jiff::civil::date(1990, 1, 1);
        let tasks: Vec<Task> = sample
            .iter()
            .enumerate()
            .map(|(n, (text, note, path, days))| {
                let day = first.checked_add(jiff::Span::new().days(*days)).unwrap();
                Task {
                    text: format!("{hostile}{text}"),
                    note: note.clone(),
                    path: path.clone(),
                    project: Some(ProjectId::new(&hostile)),
                    task: Some(TaskId::new(format!("{n}{text}"))),
                    ..task("", Some(due(&day.to_string())))
                }
            })
            .collect();
        let now = now("2026-11-30 12:00", "Europe/Berlin");
        let entries = all(tasks, &now);
        let text = calendar(&entries, &now);
        for line in text.split("\r\n") {
            prop_assert!(line.len() <= 75, "{line:?}");
            prop_assert!(!line.contains(['\r', '\n']), "{line:?}");
        }
        prop_assert!(text.ends_with("END:VCALENDAR\r\n"));
        let events = events(&text);
        prop_assert_eq!(events.len(), entries.len());
        for (event, entry) in events.iter().zip(&entries) {
            let starts = match event.get_start() {
                Some(DatePerhapsTime::Date(day)) => day.to_string(),
                other => format!("{other:?}"),
            };
            prop_assert_eq!(&starts, &entry.task.date.as_ref().unwrap().start.date);
            prop_assert_eq!(event.get_summary().unwrap_or_default(), kept(&entry.task.text));
        }
    }
}
