//! A project as text: Markdown lines in, Markdown lines out. Pure.
//!
//! `parse(render(lines)) == lines` for every list of lines that the service can hold, and
//! `render(parse(text))` is the normal form of a text: parsing and rendering it again changes
//! nothing.

/// One task, as one line of the file (and the note lines below it).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// Levels of indentation: 0 is top level.
    pub depth: usize,
    /// Whether the box is ticked.
    pub done: bool,
    /// The text, as raw inline Markdown, without the escapes that the file needs.
    pub text: String,
    /// What else the line says of the task.
    pub details: Details,
    /// The block id that ended the line, where ids are shown and this one is known.
    pub anchor: Option<String>,
    /// The 1-based number of the source line that it began on; 0 for a line that was not parsed.
    pub number: usize,
}

/// What a line says of a task beside its text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Details {
    /// Handles without `@`, in order.
    pub assignees: Vec<String>,
    /// `(field id, value)`, in order.
    pub fields: Vec<(String, String)>,
    /// `HH:MM` at which the range starts.
    pub start_time: Option<String>,
    /// `HH:MM` at which it is due.
    pub due_time: Option<String>,
    /// IANA name of the time zone.
    pub zone: Option<String>,
    /// `YYYY-MM-DD`, the start of a range.
    pub start: Option<String>,
    /// `YYYY-MM-DD`, the date or the end of a range.
    pub due: Option<String>,
    /// The note, without `>`; lines joined by LF.
    pub note: Option<String>,
}
