//! A project as text: Markdown lines in, Markdown lines out. Pure.
//!
//! `parse(render(lines)) == lines` for every list of lines that the service can hold, and
//! `render(parse(text))` is the normal form of a text: parsing and rendering it again changes
//! nothing.
//!
//! A line is written in layers, each an injective function of any string, and read by
//! undoing them in reverse. So no layer needs to know what the others do:
//!
//! ```text
//! text → characters   what a line cannot hold (LF, control characters, outer white space)
//!      → escape       what looks like the start of a block: `# x`, `1. x`, `[ ] x`
//!      → details      what looks like a detail: `@x`, `📅 2026-12-01`
//!      → anchor       what looks like a block id at the end (`--ids` only)
//!      → `- [ ] …`
//! ```
//!
#![doc = include_str!("format.md")]

mod anchor;
mod blocks;

mod characters;
mod details;
mod escape;
mod fields;
mod foreign;
mod layout;
mod parse;
mod parse_error;
mod render;
mod source;
mod spelling;
#[cfg(test)]
pub(crate) mod tests;
mod tokens;
mod underlines;

pub use self::{
    fields::{FieldKeys, no_field},
    parse::{ParseOptions, parse},
    parse_error::ParseError,
    render::{RenderOptions, render, render_line, render_numbered},
    spelling::{Markers, shown_markers},
};

/// The number of levels that a text may have: depths from 0 to one less. It bounds what a
/// hostile text costs to read; the service has no such limit.
pub const MAX_DEPTH: usize = 100;

/// The white space that may stand around a text, and that editors strip.
const BLANKS: [char; 2] = [' ', '\t'];

use crate::model::Marker;

/// One task, as one line of the file (and the note lines below it).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// Levels of indentation: 0 is top level.
    pub depth: usize,
    /// How it begins, or is to begin where Markdown can say so.
    pub marker: Marker,
    /// Whether the box is ticked.
    pub done: bool,
    /// The text, as raw inline Markdown, without the escapes that the file needs.
    pub text: String,
    /// What else the line says of the task.
    pub details: LineDetails,
    /// The block id that ended the line, where ids are shown and this one is known.
    pub anchor: Option<String>,
    /// The 1-based number of the source line that it began on; 0 for a line that was not parsed.
    pub number: usize,
    /// The 1-based numbers of the lines below it that its last fields stood on, one for each of these.
    pub field_lines: Vec<usize>,
    /// What of the source line was read as text although it looks like a detail: `@handle` in a
    /// sentence, the emoji of a day without a day, and the start of a field, as `[Name`. Empty for a
    /// line that was not parsed.
    pub strays: Vec<String>,
}

impl Line {
    /// The 1-based number of the source line that one of its fields stands on.
    pub fn field_number(&self, at: usize) -> usize {
        let on_line = self.details.fields.len().saturating_sub(self.field_lines.len());
        let below = at.checked_sub(on_line).and_then(|at| self.field_lines.get(at));
        below.copied().unwrap_or(self.number)
    }
}

/// What a line says of a task beside its text.
///
/// A value that the grammar of a line cannot spell (a handle with a space, an impossible
/// date) is left out when it is rendered, and refused when it is parsed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LineDetails {
    /// Handles without `@`, in order: letters and digits, at least one of them a letter, and
    /// `._-` behind the first; no `.` at the end.
    pub assignees: Vec<String>,
    /// `(field, value)`, in order: the field by what it is called, or by its id, which begins with
    /// `@`. A value is any string.
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
