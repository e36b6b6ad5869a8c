//! What an agenda promises.

mod calendars;
mod examples;
mod laws;

use jiff::tz::TimeZone;

use super::{
    entry::{AgendaEntry, Filter, select},
    gather::Task,
    when::{Now, parsed_day},
};

use crate::{
    ids::{ProjectId, TaskId},
    model::{End, Moment, Schedule},
};

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

/// A local time, such as `2026-12-01 15:30` in `Europe/London`.
fn now(moment: &str, local: &str) -> Now {
    let moment: jiff::civil::DateTime = moment.parse().unwrap();
    Now::of(zone(local).to_zoned_datetime(moment).unwrap())
}

/// The beginning of a day in UTC.
fn on(day: &str) -> Now {
    Now::beginning(parsed_day(day).unwrap(), &TimeZone::UTC).unwrap()
}

/// `2026-12-01`, `2026-12-01 15:30` or `2026-12-01 15:30 Europe/London`.
fn moment(text: &str) -> Moment {
    let mut words = text.split(' ').map(str::to_owned);
    let date = words.next().unwrap_or_default();
    Moment { date, time: words.next(), timezone: words.next() }
}

/// Due then.
fn due(text: &str) -> Schedule {
    Schedule { start: moment(text), end: None }
}

fn range(start: &str, end: &str) -> Schedule {
    Schedule { start: moment(start), end: Some(End::Moment(moment(end))) }
}

/// A task of the file `a.md`, in line 1 and with an id of its own.
fn task(text: &str, date: Option<Schedule>) -> Task {
    Task {
        path: "a.md".to_owned(),
        line: Some(1),
        project: Some(ProjectId::new("p")),
        task: Some(TaskId::new(text)),
        text: text.to_owned(),
        done: false,
        date,
        assignees: Vec::new(),
        note: None,
    }
}

fn all(tasks: Vec<Task>, now: &Now) -> Vec<AgendaEntry> {
    select(tasks, now, &Filter { all: true, ..Filter::default() })
}
