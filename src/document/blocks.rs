//! The text of a block, taken raw from its source lines.

use std::ops::Range;

use super::{
    BLANKS, ParseError,
    characters::{self, SpellingContext},
    escape::is_closed_heading,
    source::SourceText,
};

/// What inline events tell of the paragraph or heading that they are in.
#[derive(Default)]
pub(super) struct Wrapped {
    /// From the first event to the last; empty before the first.
    pub(super) bytes: Range<usize>,
    /// Byte offsets of the hard breaks, rising.
    breaks: Vec<usize>,
}

impl Wrapped {
    /// Takes up the range of an inline event.
    pub(super) fn take(&mut self, range: Range<usize>, is_hard_break: bool) {
        if is_hard_break {
            self.breaks.push(range.start);
        }
        if self.bytes.is_empty() {
            self.bytes = range;
        } else {
            self.bytes.end = self.bytes.end.max(range.end);
        }
    }
}

/// Why a table is refused.
pub(super) const NO_TABLE: &str = "a table cannot be a task; write a list";

/// The text of a paragraph: its lines but those of fields, joined by a space. `from` is the byte
/// offset behind the last list marker.
///
/// A table is refused, which CommonMark takes for more of the text if no empty line is before it.
pub(super) fn paragraph(
    source: &SourceText<'_>,
    lines: Range<usize>,
    from: usize,
    wrapped: &Wrapped,
    is_fields: &dyn Fn(usize) -> bool,
) -> Result<String, ParseError> {
    for line in lines.clone().skip(1) {
        let text = source.line(line, 0).trim_start_matches(BLANKS);
        if is_delimiter_row(text) && source.line(line - 1, 0).contains('|') {
            return Err(ParseError::new(line, NO_TABLE));
        }
    }
    Ok(join(source, lines.filter(|line| !is_fields(*line)), from, wrapped))
}

/// Whether a line is a heading with `#` in front.
pub(super) fn is_heading(line: &str) -> bool {
    let text = line.trim_start_matches('#');
    let level = line.len() - text.len();
    (1..=6).contains(&level) && (text.is_empty() || text.starts_with(BLANKS))
}

/// Whether a heading has `#` in front, rather than a line below.
pub(super) fn is_atx(source: &SourceText<'_>, lines: &Range<usize>, from: usize) -> bool {
    is_heading(source.line(lines.start, from).trim_matches(BLANKS))
}

/// The text of a heading, ATX or setext.
pub(super) fn heading(
    source: &SourceText<'_>,
    mut lines: Range<usize>,
    from: usize,
    wrapped: &Wrapped,
) -> String {
    let first = source.line(lines.start, from).trim_matches(BLANKS);
    if !is_atx(source, &lines, from) {
        lines.end -= 1;
        return join(source, lines, from, wrapped);
    }
    let text = first.trim_start_matches('#');
    let text = if is_closed_heading(text) { text.trim_end_matches('#') } else { text };
    text.trim_matches(BLANKS).to_owned()
}

/// The lines of a block quote without their markers, joined by LF.
pub(super) fn note(source: &SourceText<'_>, lines: Range<usize>, from: usize) -> String {
    let lines = lines.map(|line| {
        let line = source.line(line, from).trim_start_matches(BLANKS);
        // A line without a marker continues the paragraph of the one before.
        let text = line.strip_prefix('>').map(|text| text.strip_prefix(BLANKS).unwrap_or(text));
        characters::decode(text.unwrap_or(line), SpellingContext::Note)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Joins the lines of a text by a space. Their outer white space goes, and so does the
/// backslash of a hard break.
fn join(
    source: &SourceText<'_>,
    lines: impl Iterator<Item = usize>,
    from: usize,
    wrapped: &Wrapped,
) -> String {
    let mut joined = String::new();
    let mut lines = lines.peekable();
    while let Some(line) = lines.next() {
        let text = source.line(line, from).trim_matches(BLANKS);
        let is_hard_break = text.ends_with('\\') && lines.peek().is_some() && {
            let ends_at = source.start_of(line) + source.line(line, 0).len();
            wrapped.breaks.binary_search(&(ends_at - 1)).is_ok()
        };
        let text =
            if is_hard_break { text[..text.len() - 1].trim_end_matches(BLANKS) } else { text };
        if !joined.is_empty() && !text.is_empty() {
            joined.push(' ');
        }
        joined.push_str(text);
    }
    joined
}

/// Whether a line is what stands below the head of a table: `|---|:-:|`.
fn is_delimiter_row(line: &str) -> bool {
    let line = line.trim_matches(BLANKS);
    let cells = line.strip_prefix('|').unwrap_or(line);
    let cells = cells.strip_suffix('|').unwrap_or(cells);
    let is_rule = |cell: &str| {
        let cell = cell.trim_matches(BLANKS);
        let cell = cell.strip_prefix(':').unwrap_or(cell);
        let cell = cell.strip_suffix(':').unwrap_or(cell);
        !cell.is_empty() && cell.bytes().all(|byte| byte == b'-')
    };
    line.contains('|') && cells.split('|').all(is_rule)
}
