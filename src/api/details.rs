//! What Taskade knows of a task beside its text, as it crosses the service seam.

use serde::{Deserialize, Serialize};

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

/// Which of a project's resources beside its tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    /// Who may see it: every page of them.
    Members,
    /// Its custom fields.
    Fields,
    /// Its top-level blocks.
    Blocks,
    /// Its share link.
    ShareLink,
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
