//! When a task is due, and how that stands now.
//!
//! A whole day is a day wherever one is: it is compared with today's date and never converted. A
//! time is a moment in its own zone, or in the local one where it names none that is known. The
//! day that a moment is on is the local one.

use jiff::{
    Timestamp, ZonedDateTime,
    civil::{Date, Time},
    tz::TimeZone,
};

use crate::model::{End, Moment, Schedule, calendar::is_date};

/// What time it is, where the agenda is read.
#[derive(Debug, Clone)]
pub(crate) struct Now(ZonedDateTime);

impl Now {
    /// It is this moment, in the zone of the agenda's reader.
    pub(crate) fn of(moment: ZonedDateTime) -> Self {
        Self(moment)
    }

    /// It is the first moment of a day. `None` if that is beyond what can be reckoned with.
    pub(crate) fn beginning(day: Date, zone: &TimeZone) -> Option<Self> {
        let midnight = day.at(0, 0, 0, 0);
        let begins = zone.to_timestamp(midnight).ok()?;
        Some(Self(ZonedDateTime::new(begins, zone.clone())))
    }

    /// The local calendar day.
    pub(crate) fn today(&self) -> Date {
        self.0.date()
    }

    /// The local time zone.
    pub(crate) fn zone(&self) -> &TimeZone {
        self.0.time_zone()
    }

    /// This moment.
    pub(crate) fn timestamp(&self) -> Timestamp {
        self.0.timestamp()
    }
}

/// How it stands with a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It was due.
    Overdue,
    /// It is due today.
    Today,
    /// It is due later.
    Upcoming,
    /// Somebody does it, and no date of it is known.
    Undated,
    /// It is done.
    Done,
}

/// A day, or a moment of one, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) date: Date,
    /// The whole day without it.
    pub(crate) time: Option<Time>,
    /// The zone that it names, if that is known.
    pub(crate) zone: Option<TimeZone>,
}

impl Point {
    /// `None` if it is no day of the calendar. What is no time of the day, or no zone that is
    /// known, is as good as not there.
    fn of(moment: &Moment, other: Option<&Moment>) -> Option<Self> {
        let date = parsed_day(&moment.date)?;
        let is_time = |time: &&str| {
            let date = moment.date.clone();
            Moment { date, time: Some((*time).to_owned()), timezone: None }.is_possible()
        };
        let time = moment.time.as_deref().filter(is_time).and_then(|time| time.parse().ok());
        let named = moment.timezone.as_deref().or_else(|| other?.timezone.as_deref());
        let zone = named.and_then(|name| TimeZone::get(name).ok());
        Some(Self { date, time, zone })
    }

    /// The moment; `None` for a whole day, or if it is beyond what can be reckoned with.
    pub(crate) fn moment(&self, local: &TimeZone) -> Option<Timestamp> {
        let zone = self.zone.as_ref().unwrap_or(local);
        zone.to_timestamp(self.date.to_datetime(self.time?)).ok()
    }

    /// The local day that it is on.
    pub(crate) fn day(&self, local: &TimeZone) -> Date {
        self.moment(local).map_or(self.date, |moment| local.to_datetime(moment).date())
    }
}

/// When a task is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct When {
    /// Where the time for it begins, if it is told.
    pub(crate) start: Option<Point>,
    /// The date, or the end of the range.
    pub(crate) due: Point,
}

impl When {
    /// `None` if it names no day of the calendar.
    pub(crate) fn of(schedule: &Schedule) -> Option<Self> {
        let end = match &schedule.end {
            Some(End::Moment(end)) => Some(end),
            Some(End::Period { .. }) | None => None,
        };
        let start = Point::of(&schedule.start, end);
        match end.and_then(|end| Point::of(end, Some(&schedule.start))) {
            Some(due) => Some(Self { start, due }),
            None => Some(Self { start: None, due: start? }),
        }
    }

    /// How it stands with a task that is not done.
    pub(crate) fn state(&self, now: &Now) -> State {
        let is_past = match self.due.moment(now.zone()) {
            Some(moment) => moment < now.timestamp(),
            None => self.due.date < now.today(),
        };
        match self.due.day(now.zone()) {
            _ if is_past => State::Overdue,
            day if day <= now.today() => State::Today,
            _ => State::Upcoming,
        }
    }
}

/// A day of the calendar, spelled `YYYY-MM-DD`.
pub(crate) fn parsed_day(text: &str) -> Option<Date> {
    text.parse().ok().filter(|_| is_date(text))
}
