//! The source text of a parse: how its bytes become lines, and which line an offset is in.

use std::{borrow::Cow, ops::Range};

use super::{BLANKS, MAX_DEPTH, ParseError, escape::list_marker};

/// A text that ends its lines with LF and indents with spaces, and where its lines start.
pub(super) struct SourceText<'a> {
    text: &'a str,
    /// Byte offsets, the first 0, strictly rising.
    starts: Vec<usize>,
}

impl<'a> SourceText<'a> {
    /// Indexes a text that [`normalize`] has been over.
    pub(super) fn new(text: &'a str) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(ends).collect() }
    }

    /// The 0-based line that holds this byte offset.
    pub(super) fn line_at(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// The 0-based lines that these bytes touch, at least one.
    pub(super) fn lines_in(&self, bytes: &Range<usize>) -> Range<usize> {
        let first = self.line_at(bytes.start);
        let last = self.line_at(bytes.end.saturating_sub(1));
        first..last.max(first) + 1
    }

    /// The number of lines; text that ends with LF has an empty last one.
    pub(super) fn line_count(&self) -> usize {
        self.starts.len()
    }

    /// Where this 0-based line starts.
    pub(super) fn start_of(&self, line: usize) -> usize {
        self.starts.get(line).copied().unwrap_or(self.text.len())
    }

    /// A 0-based line without its LF, from this byte offset on if that is inside it.
    pub(super) fn line(&self, line: usize, from: usize) -> &'a str {
        let end = self.start_of(line + 1);
        let start = from.clamp(self.start_of(line), end);
        let text = self.text.get(start..end).unwrap_or_default();
        text.strip_suffix('\n').unwrap_or(text)
    }

    /// The byte offset behind the list marker that stands at this offset, white space skipped.
    pub(super) fn behind_marker(&self, offset: usize) -> usize {
        let rest = self.text.get(offset..).unwrap_or_default();
        let marker = rest.trim_start_matches(' ');
        let number = marker.bytes().take_while(u8::is_ascii_digit).count();
        offset + rest.len() - marker.len() + number + 1
    }
}

/// The text of a file, or the line that no text can have.
pub(super) fn read(bytes: &[u8]) -> Result<&str, ParseError> {
    let line_of = |offset: usize| 1 + line_ends(bytes.get(..offset).unwrap_or_default());
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let reason = "this is not valid UTF-8; save the file as UTF-8";
        ParseError::new(line_of(error.valid_up_to()), reason)
    })?;
    match text.find('\0') {
        Some(at) => {
            Err(ParseError::new(line_of(at), "a NUL byte cannot be part of a text; delete it"))
        }
        None => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
    }
}

/// The number of line ends: LF, CR or both.
fn line_ends(bytes: &[u8]) -> usize {
    let feeds = bytes.iter().filter(|byte| **byte == b'\n').count();
    let returns = bytes.iter().filter(|byte| **byte == b'\r').count();
    let pairs = bytes.windows(2).filter(|pair| *pair == b"\r\n").count();
    feeds + returns - pairs
}

/// Ends lines with LF, and turns the tabs that indent, in front of a line or behind its list
/// markers, into spaces: only then are offsets in columns offsets in bytes.
pub(super) fn normalize(text: &str) -> Cow<'_, str> {
    if !text.contains(['\t', '\r']) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\n', '\r']) {
        let (line, end) = rest.split_at(at);
        push_untabbed(line, &mut out);
        out.push('\n');
        rest = end.strip_prefix("\r\n").unwrap_or(&end[1..]);
    }
    push_untabbed(rest, &mut out);
    Cow::Owned(out)
}

fn push_untabbed(line: &str, out: &mut String) {
    let (markers, text) = line.split_at(indentation_of(line));
    let line_start = out.len();
    for c in markers.chars() {
        if c == '\t' {
            let column = out.len() - line_start;
            out.extend(std::iter::repeat_n(' ', 4 - column % 4));
        } else {
            out.push(c);
        }
    }
    out.push_str(text);
}

/// The length of the indentation and the list markers in front of a line's text.
fn indentation_of(line: &str) -> usize {
    let mut rest = line.trim_start_matches(BLANKS);
    while let Some(length) = list_marker(rest) {
        rest = rest[length..].trim_start_matches(BLANKS);
    }
    line.len() - rest.len()
}

/// The length of what may be indentation and list markers in front of a line's text, and of
/// whatever other characters are asked for.
fn markers_of(line: &str, other: impl Fn(char) -> bool) -> usize {
    let text = line.trim_start_matches(|c: char| {
        matches!(c, ' ' | '\t' | '-' | '+' | '*' | '.' | ')') || c.is_ascii_digit() || other(c)
    });
    line.len() - text.len()
}

/// The same text, byte for byte in the same places, for a Markdown parser to read blocks from.
///
/// It has no link reference definitions, which the parser would swallow. What is quoted is inert:
/// a note is taken as it is, and a list in it is not to change what comes after it. And it has no
/// list or quote markers beyond the column that [`MAX_DEPTH`] levels can reach, because the parser
/// takes time in proportion to how deep a line is nested, for every line that continues it.
pub(super) fn shadow(text: &str) -> Cow<'_, str> {
    let is_deep = |line: &str| line.len() > MAX_INDENT && markers_in_front(line) > MAX_INDENT;
    let mut shadow = Cow::Borrowed(text);
    if text.contains("]:") {
        shadow = Cow::Owned(text.replace("]:", "],"));
    }
    if shadow.contains('>') {
        let quiet: Vec<Cow<'_, str>> = shadow.split_inclusive('\n').map(without_quoted).collect();
        shadow = Cow::Owned(quiet.concat());
    }
    if shadow.split('\n').any(is_deep) {
        let mut flat = String::with_capacity(shadow.len());
        for line in shadow.split_inclusive('\n') {
            let (near, rest) = line.split_at(markers_in_front(line).min(MAX_INDENT));
            let (far, rest) = rest.split_at(markers_in_front(rest));
            flat.push_str(near);
            flat.extend(far.chars().map(|c| if c == ' ' || c == '\t' { c } else { INERT }));
            flat.push_str(rest);
        }
        shadow = Cow::Owned(flat);
    }
    shadow
}

/// The line with [`INERT`] characters for what is quoted in it.
fn without_quoted(line: &str) -> Cow<'_, str> {
    let front = markers_in_front(line);
    let Some(at) = line[..front].find('>') else { return Cow::Borrowed(line) };
    let (marker, quoted) = line.split_at(at + 1);
    let inert = quoted.chars().flat_map(|c| {
        let is_kept = c.is_ascii_whitespace();
        std::iter::repeat_n(if is_kept { c } else { INERT }, c.len_utf8())
    });
    Cow::Owned(marker.chars().chain(inert).collect())
}

/// More columns than the list markers of [`MAX_DEPTH`] levels can take up: a marker, the
/// spaces before it and those behind it are at most 17.
const MAX_INDENT: usize = 20 * MAX_DEPTH;

/// An ASCII character that begins no block.
const INERT: char = 'x';

fn markers_in_front(line: &str) -> usize {
    markers_of(line, |c| c == '>')
}
