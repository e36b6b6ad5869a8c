//! What Taskade knows of a task beside its text: schedule, note, people and fields.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{calendar, tasks::TypedText};

/// When a task is due, as Taskade keeps it: days and times as they were written, in no time zone
/// but the one that is named. Nothing here is ever converted, so a day stays that day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// The day, or the first one.
    pub start: Moment,
    /// The last one, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<End>,
}

/// A day, perhaps a time of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Moment {
    /// `YYYY-MM-DD`.
    pub date: String,
    /// `HH:MM` or `HH:MM:SS`; the whole day without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// The IANA name of its time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

impl Moment {
    /// Whether the day is one of the calendar, and the time, if there is one, is spelled as the
    /// service spells times: `HH:MM`, or `HH:MM:SS`.
    pub(crate) fn is_possible(&self) -> bool {
        calendar::is_date(&self.date) && self.time.as_deref().is_none_or(is_time)
    }
}

/// The pattern of `time` in the official document.
fn is_time(text: &str) -> bool {
    let parts: Vec<&[u8]> = text.as_bytes().split(|byte| *byte == b':').collect();
    let below = |part: &[u8], end: u8| match part {
        [tens, ones] if tens.is_ascii_digit() && ones.is_ascii_digit() => {
            (tens - b'0') * 10 + (ones - b'0') < end
        }
        _ => false,
    };
    match parts[..] {
        [hours, ref rest @ ..] if matches!(rest.len(), 1 | 2) => {
            below(hours, 24) && rest.iter().all(|part| below(part, 60))
        }
        _ => false,
    }
}

/// How a schedule ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum End {
    /// On a day.
    Moment(Moment),
    /// After some time, in a spelling that is not documented. Answers may have it, requests not.
    Period {
        /// The spelling.
        period: String,
    },
}

/// Which of a task's resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TaskResource {
    /// The task itself.
    Task,
    /// When it is due.
    Date,
    /// Its note.
    Note,
    /// Who does it.
    Assignees,
    /// The values of its custom fields.
    Fields,
}

impl TaskResource {
    /// Everything that a task may have beside its text, which only these tell.
    pub const DETAILS: [Self; 4] = [Self::Date, Self::Note, Self::Assignees, Self::Fields];
}

/// What a task has beside its text, as far as it was asked for: the rest is empty, which says
/// nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RemoteDetails {
    /// When it is due, if that was ever said.
    pub date: Option<Schedule>,
    /// Its note, if it has one.
    pub note: Option<String>,
    /// The handles of who does it.
    pub assignees: Vec<String>,
    /// The values of its custom fields, by the ids of the fields.
    pub fields: Vec<(String, Value)>,
}

/// Something that a task is to have beside its text; `None` takes it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetDetail<'a> {
    /// When it is due, in the place of whatever was said before. To take away what was never said
    /// is [`Kind::Refused`](crate::error::Kind::Refused).
    Date(Option<&'a Schedule>),
    /// Its note: one line, not empty.
    Note(Option<&'a TypedText>),
    /// Who does it, by handle. Whether these take the place of all others or are added to them is
    /// not documented: name all who are to stay.
    Assign(&'a [String]),
    /// Who does it no more. [`Kind::Refused`](crate::error::Kind::Refused) where it is not theirs.
    Unassign(&'a str),
    /// The value of a custom field, by its id: a number, or a string that is not empty.
    Field(&'a str, Option<&'a Value>),
}

#[cfg(test)]
mod tests {
    use super::Moment;

    #[test]
    fn a_moment_is_a_day_of_the_calendar_and_a_time_of_the_day() {
        let is_possible = |date: &str, time: Option<&str>| {
            let (date, time) = (date.to_owned(), time.map(str::to_owned));
            Moment { date, time, timezone: None }.is_possible()
        };
        for date in ["2026-12-31", "2024-02-29", "0001-01-01"] {
            assert!(is_possible(date, None), "{date}");
        }
        for date in
            ["", "2026-02-29", "2026-13-01", "2026-1-1", "2026-12-01T00:00:00Z", "٢٠٢٦-٠١-٠١"]
        {
            assert!(!is_possible(date, None), "{date}");
        }
        for time in ["00:00", "23:59", "15:30:45"] {
            assert!(is_possible("2026-12-31", Some(time)), "{time}");
        }
        for time in
            ["", "9:00", "24:00", "12:60", "12:00:60", "12", "12:00:00:00", "12:00 ", "+1:00"]
        {
            assert!(!is_possible("2026-12-31", Some(time)), "{time}");
        }
    }
}
