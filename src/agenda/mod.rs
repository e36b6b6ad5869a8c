//! The agenda: which of the tasks that are known are due when, and who does them. Pure: what day
//! it is comes from the caller, and what is not known is asked of nobody.
//!
//! ```text
//! add(project)             → tasks      what has a date or somebody who does it, with its line
//! select(tasks, now, …)    → entries    which of them are wanted, in order, and how they stand
//! line, json, calendar     ← entries    for people and grep, for scripts, for calendar programs
//! ```
//!
#![doc = include_str!("due.md")]

mod calendar;
mod entry;
mod gather;
#[cfg(test)]
mod tests;
mod when;
mod words;

pub use self::gather::{Gathered, Task};
pub(crate) use self::{
    calendar::calendar,
    entry::{AgendaEntry, Filter, select, sort},
    gather::KnownProject,
    when::{Now, parsed_day},
    words::{json, line},
};
