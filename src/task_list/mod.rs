//! The tasks of many projects as a list: which of them are wanted, and how they are told. Pure.
//!
//! ```text
//! tasks(project)        → tasks      each with the line that it is on
//! filter.wants(task)    → whether    open, done, with a date, somebody's, with a field, with a text
//! line                  ← task       for people and grep; scripts get the task as JSON
//! ```

mod filter;
mod task;
mod words;

pub use self::{filter::TaskFilter, task::ListedTask};
pub(crate) use self::{
    task::{ListedProject, tasks},
    words::line,
};
