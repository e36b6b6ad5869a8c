//! An agenda for people and for scripts.

use jiff::civil::Time;
use serde_json::{Value, json as value};

use super::{
    entry::AgendaEntry,
    when::{Point, State},
};

use crate::printable::printable;

const RED: &str = "\x1b[1;31m";
const YELLOW: &str = "\x1b[33m";
const PLAIN: &str = "\x1b[0m";

impl State {
    /// The word that it goes by.
    pub(super) fn word(self) -> &'static str {
        match self {
            State::Overdue => "overdue",
            State::Today => "today",
            State::Upcoming => "upcoming",
            State::Undated => "undated",
            State::Done => "done",
        }
    }
}

/// An entry as one line, without its end: when it is due, how it stands, and where the task is,
/// with at least two spaces between, and then its text and who does it. `path` is what its file
/// goes by.
pub(crate) fn line(entry: &AgendaEntry, path: &str, is_coloured: bool) -> String {
    let word = entry.state.word();
    let colour = match entry.state {
        _ if !is_coloured => None,
        State::Overdue => Some(RED),
        State::Today => Some(YELLOW),
        State::Upcoming | State::Undated | State::Done => None,
    };
    let padded = format!("{word:<8}");
    let state = colour.map_or(padded.clone(), |colour| format!("{colour}{padded}{PLAIN}"));
    let due = entry.when.as_ref().map_or_else(|| "-".to_owned(), |when| due(&when.due));
    // Without a line of its own it is somewhere in the file.
    let number = entry.task.line.unwrap_or(1);
    let (path, text) = (one_line(path), one_line(&entry.task.text));
    let mut line = format!("{due:<16}  {state}  {path}:{number}: {text}");
    for handle in &entry.task.assignees {
        line.push_str(&format!(" @{}", one_line(handle)));
    }
    if let Some(zone) = zone(entry) {
        line.push_str(&format!(" [zone:: {zone}]"));
    }
    line
}

/// An entry for scripts.
pub(crate) fn json(entry: &AgendaEntry) -> Value {
    let task = &entry.task;
    let start = entry.when.as_ref().and_then(|when| when.start.as_ref());
    let due = entry.when.as_ref().map(|when| &when.due);
    let day = |point: Option<&Point>| point.map(|point| point.date.to_string());
    let time = |point: Option<&Point>| point.and_then(|point| point.time).map(minutes);
    value!({
        "path": task.path,
        "line": task.line,
        "project": task.project,
        "task": task.task,
        "text": task.text,
        "done": task.done,
        "state": entry.state.word(),
        "start": day(start),
        "start_time": time(start),
        "due": day(due),
        "time": time(due),
        "zone": zone(entry),
        "all_day": due.map(|due| due.time.is_none()),
        "assignees": task.assignees,
        "note": task.note,
    })
}

fn due(due: &Point) -> String {
    match due.time {
        Some(time) => format!("{} {}", due.date, minutes(time)),
        None => due.date.to_string(),
    }
}

/// `HH:MM`.
fn minutes(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

/// The zone that the time is in, if it names one that is known.
fn zone(entry: &AgendaEntry) -> Option<String> {
    let due = &entry.when.as_ref()?.due;
    due.time?;
    due.zone.as_ref()?.iana_name().map(str::to_owned)
}

/// Without anything that breaks a line, or that a terminal obeys.
fn one_line(text: &str) -> String {
    printable(&text.replace('\n', "⏎")).into_owned()
}
