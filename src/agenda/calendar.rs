//! An agenda for calendar programs, as iCalendar (RFC 5545).
//!
//! Tasks are written as events: most calendar programs show no `VTODO`, or in another place than
//! the calendar. A whole day stays a day. A time in a zone that is known is written in UTC, which
//! needs no definition of the zone; one that names none floats, and is local wherever it is read.

use icalendar::{Calendar, Component, Event, EventLike, Property};
use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};

use super::{
    entry::AgendaEntry,
    when::{Now, Point, State, When},
};

use crate::{
    ids::{ProjectId, TaskId},
    printable::steers,
};

/// Who wrote it.
const PRODUCT: &str = concat!("-//taskadefs//taskadefs ", env!("CARGO_PKG_VERSION"), "//EN");

/// What the calendar is called.
const NAME: &str = "Taskade";

/// The years that four digits can spell.
const YEARS: std::ops::RangeInclusive<i16> = 0..=9999;

/// The longest line in bytes, without its end (RFC 5545, 3.1).
const LONGEST: usize = 75;

/// The entries that have a date and an id, as the text of an iCalendar file. The id of an event
/// is made of those of its project and task, so that reading the file again changes events and
/// adds none.
pub(crate) fn calendar(entries: &[AgendaEntry], now: &Now) -> String {
    let mut calendar = Calendar::empty();
    for property in [("VERSION", "2.0"), ("PRODID", PRODUCT), ("CALSCALE", "GREGORIAN")] {
        calendar.append_property(property);
    }
    calendar.name(NAME);
    let stamp = utc(now.timestamp()).unwrap_or_else(|| "19700101T000000Z".to_owned());
    for entry in entries {
        let ids = entry.task.project.as_ref().zip(entry.task.task.as_ref());
        if let (Some(when), Some(ids)) = (&entry.when, ids) {
            calendar.push(event(entry, when, ids, &stamp, now.zone()));
        }
    }
    folded(&calendar.to_string())
}

fn event(
    entry: &AgendaEntry,
    when: &When,
    (project, task): (&ProjectId, &TaskId),
    stamp: &str,
    local: &TimeZone,
) -> Event {
    let mut event = Event::new();
    let mark = if entry.state == State::Done { "✓ " } else { "" };
    event
        .uid(&clean(&format!("{task}.{project}@taskadefs")))
        .add_property("DTSTAMP", stamp)
        .summary(&clean(&format!("{mark}{}", entry.task.text)))
        .location(&clean(&entry.task.path))
        // What is due takes nobody's time.
        .add_property("TRANSP", "TRANSPARENT");
    let people: Vec<String> =
        entry.task.assignees.iter().map(|handle| format!("@{handle}")).collect();
    let mut words: Vec<String> = entry.task.note.iter().cloned().collect();
    words.extend((!people.is_empty()).then(|| people.join(" ")));
    if !words.is_empty() {
        event.description(&clean(&words.join("\n\n")));
    }
    for property in span(when, local) {
        event.append_property(property);
    }
    event.done()
}

/// From when to when.
fn span(When { start, due }: &When, local: &TimeZone) -> Vec<Property> {
    let first = start.as_ref().unwrap_or(due);
    if first.time.is_none() || due.time.is_none() {
        return days(first.date.min(due.date), first.date.max(due.date));
    }
    let is_floating = first.zone.is_none() && due.zone.is_none();
    let in_utc = |point: &Point| utc(point.moment(local)?);
    let moments = (!is_floating).then(|| in_utc(first).zip(in_utc(due))).flatten();
    let (begins, ends) = moments.unwrap_or_else(|| (floating(first), floating(due)));
    let lasts = ends > begins;
    let mut properties = vec![Property::new("DTSTART", begins)];
    // A deadline is an event of no length, which has no end.
    properties.extend(lasts.then(|| Property::new("DTEND", ends)));
    properties
}

/// All of these days. The end of an event is the first day that it is not on.
fn days(first: Date, last: Date) -> Vec<Property> {
    let day = |key: &str, day: Date| {
        Property::new(key, spelled(day)).add_parameter("VALUE", "DATE").done()
    };
    let after = last.tomorrow().ok();
    let mut properties = vec![day("DTSTART", first)];
    properties.extend(after.map(|after| day("DTEND", after)));
    properties
}

fn utc(moment: Timestamp) -> Option<String> {
    let moment = TimeZone::UTC.to_datetime(moment);
    YEARS.contains(&moment.year()).then(|| format!("{}Z", time(moment)))
}

fn floating(point: &Point) -> String {
    time(point.date.to_datetime(point.time.unwrap_or_default()))
}

fn time(moment: DateTime) -> String {
    let (hour, minute, second) = (moment.hour(), moment.minute(), moment.second());
    format!("{}T{hour:02}{minute:02}{second:02}", spelled(moment.date()))
}

fn spelled(day: Date) -> String {
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

/// With every line folded where it must be. The library lets the last part of a line have one byte
/// more than others may.
fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for line in text.replace("\r\n ", "").split_terminator("\r\n") {
        let (mut rest, mut room) = (line, LONGEST);
        while rest.len() > room {
            let (part, more) = rest.split_at(rest.floor_char_boundary(room));
            folded.push_str(part);
            folded.push_str("\r\n ");
            (rest, room) = (more, LONGEST - 1);
        }
        folded.push_str(rest);
        folded.push_str("\r\n");
    }
    folded
}

/// Without the control characters that no text of a calendar may hold (RFC 5545, 3.3.11), and
/// without whatever else a terminal obeys.
fn clean(text: &str) -> String {
    text.replace("\r\n", "\n").chars().filter(|c| !steers(*c) || *c == '\n').collect()
}
