//! The lines of a text that was saved.

use crate::model::TaskId;

/// A line as it was saved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Levels below the title; one that is too deep is read as one more than the line before.
    pub depth: usize,
    /// Its text.
    pub text: String,
    /// Whether it is done.
    pub done: bool,
    /// The id that the line carries, where ids are shown.
    pub anchor: Option<TaskId>,
}
