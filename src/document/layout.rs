//! Which line is an item, how deep, and which is more of the one above.
//!
//! People see levels by where a line begins; CommonMark asks whether it reaches the text of the item
//! above, takes a line without a marker at the left margin for more of that item, and knows no
//! `-[ ] x`. So a text is laid out first, line for line: every item and every paragraph becomes an
//! item of the marker `- `, two spaces a level, and what belongs to it stands at its text. What a
//! block is (a heading, a table, code, HTML) is then read by CommonMark's rules.

use super::{
    BLANKS, MAX_DEPTH, ParseError, blocks,
    escape::{list_marker, split_box, without_blanks},
    fields::FieldKeys,
    tokens::is_fields,
    underlines::{is_plain, is_rule, is_underline, underlined},
};
use crate::model::Marker;

/// Stands for the text of an item that has none: no text holds it.
pub(super) const NOTHING: char = '\0';

/// Why a line that is indented as code is refused.
pub(super) const CODE: &str =
    "this line is indented so far that it reads as code; indent two spaces a level";

const NO_ITEM: &str = "this item is not indented like one, and would become part of the text above; \
                       indent two spaces a level";

/// Why a list is refused that is too deep.
pub(super) fn too_deep(line: usize) -> ParseError {
    ParseError::new(line, format!("tasks nest at most {MAX_DEPTH} levels deep; indent less"))
}

/// Lays a text out whose lines end with LF and are indented with spaces. Every line stays in its
/// place. `is_known` tells of a paragraph whether a task has its text already: then the next line
/// is no more of it.
///
/// # Errors
/// The line that is no item, no text and no code.
pub(super) fn lay_out(
    text: &str,
    keys: Option<&FieldKeys>,
    is_known: &dyn Fn(&str) -> bool,
) -> Result<Laid, ParseError> {
    let lines: Vec<&str> = text.split('\n').collect();
    let mut layout = Layout {
        is_known,
        keys,
        open: Vec::new(),
        last: None,
        above: Above::Nothing,
        is_parted: true,
        is_below_item: false,
        number: 0,
        out: String::with_capacity(text.len() + 64),
        markers: Vec::new(),
        fields: Vec::new(),
    };
    let underlined = underlined(&lines);
    let mut is_heading = false;
    for (number, line) in lines.iter().enumerate() {
        if number > 0 {
            layout.out.push('\n');
        }
        layout.number = number + 1;
        let rest = line.trim_start_matches(' ');
        let indent = line.len() - rest.len();
        let is_empty = rest.trim_matches(BLANKS).is_empty();
        if is_empty {
            layout.above = Above::Nothing;
        } else if is_heading {
            layout.verbatim(rest);
        } else if layout.begins_heading(indent, rest, underlined[number]) {
            layout.close(indent);
            layout.last = Some(layout.number);
            layout.verbatim(rest);
        } else {
            layout.line(indent, rest)?;
        }
        layout.is_parted = is_empty;
        let continues = |next: &&str| is_underline(next) || is_plain(next);
        is_heading = (is_heading || layout.above == Above::Heading)
            && underlined[number]
            && lines.get(number + 1).is_some_and(continues);
    }
    Ok(Laid { text: layout.out, markers: layout.markers, fields: layout.fields })
}

/// A text that was laid out.
pub(super) struct Laid {
    /// The text.
    pub(super) text: String,
    /// For each of its items, in order, the 0-based line and what it was before: a bullet, with a
    /// box or without, a number or a paragraph; a checkbox for a bare line right below an item, which
    /// is one more of the list.
    pub(super) markers: Vec<(usize, Marker)>,
    /// The lines that are nothing but fields of tasks, in order. They are not part of any text.
    pub(super) fields: Vec<FieldsLine>,
}

/// A line of nothing but fields.
pub(super) struct FieldsLine {
    /// Its 0-based number.
    pub(super) line: usize,
    /// The 1-based number of the line that their task begins on.
    pub(super) owner: usize,
    /// What it says.
    pub(super) said: String,
}

/// What a line without a marker would continue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Above {
    Nothing,
    /// A heading that a line below it makes one.
    Heading,
    /// The text of the innermost open item.
    Text,
    /// A note of the innermost open item, or of a heading.
    Note,
}

/// An item that what comes may belong to. Columns count from 0, as they were typed.
struct Open {
    /// The 1-based line that it begins on.
    number: usize,
    indent: usize,
    /// Where its content begins, behind the marker.
    content: usize,
    /// Where its text begins, behind the box.
    text: usize,
    /// For a paragraph: its text so far.
    prose: Option<String>,
}

struct Layout<'a> {
    is_known: &'a dyn Fn(&str) -> bool,
    keys: Option<&'a FieldKeys>,
    open: Vec<Open>,
    /// The 1-based line that the last task or heading begins on.
    last: Option<usize>,
    above: Above,
    /// Whether nothing, or an empty line, is above.
    is_parted: bool,
    /// Whether the last task has a marker of an item, or is a bare line right below one that has.
    is_below_item: bool,
    /// The 1-based line that is laid out.
    number: usize,
    out: String,
    markers: Vec<(usize, Marker)>,
    fields: Vec<FieldsLine>,
}

impl Layout<'_> {
    fn line(&mut self, indent: usize, rest: &str) -> Result<(), ParseError> {
        let continues = self.continues(indent);
        if let Some(owner) = self.owner(indent, rest) {
            self.fields(owner, indent, rest);
        } else if rest.starts_with('>') {
            self.note(indent, rest);
        } else if continues && is_underline(rest) {
            self.push_indent();
            self.out.push_str(rest);
        } else if is_rule(rest) {
            self.close(indent);
            self.verbatim(rest);
        } else if let Some(marker) = self.marker(indent, rest, continues) {
            self.item(indent, rest, marker)?;
        } else if blocks::is_heading(rest) && !(continues && self.is_deep(indent)) {
            self.close(indent);
            self.close_paragraphs();
            self.last = Some(self.number);
            self.verbatim(rest);
        } else if continues && !self.is_complete() {
            self.more(indent, rest);
        } else if self.above == Above::Note && self.reaches(indent) {
            self.push_indent();
            self.out.push_str(rest);
        } else {
            self.paragraph(indent, rest)?;
        }
        Ok(())
    }

    /// The line of the task whose fields a line says, if it says nothing else: the one that it is
    /// inside of, or the last one.
    fn owner(&self, indent: usize, rest: &str) -> Option<usize> {
        if !is_fields(rest.trim_end_matches(BLANKS), self.keys) {
            return None;
        }
        let is_around = |open: &&Open| {
            indent >= open.indent + 2 || (open.prose.is_some() && self.continues(indent))
        };
        self.open.iter().rev().find(is_around).map(|open| open.number).or(self.last)
    }

    fn fields(&mut self, owner: usize, indent: usize, rest: &str) {
        let said = rest.trim_end_matches(BLANKS).to_owned();
        self.fields.push(FieldsLine { line: self.number - 1, owner, said });
        if self.continues(indent) {
            // More of the text follows, perhaps.
            self.push_indent();
            self.out.push_str(rest);
        } else {
            self.above = Above::Nothing;
        }
    }

    /// Whether a line of this indentation is inside of the innermost open item.
    fn reaches(&self, indent: usize) -> bool {
        self.open.last().is_some_and(|open| indent >= open.indent + 2)
    }

    /// Whether a line of this indentation would be more of the text above if it has no marker.
    fn continues(&self, indent: usize) -> bool {
        let is_prose = |open: &Open| open.prose.is_some() && indent >= open.indent;
        self.above == Above::Text
            && (self.reaches(indent) || self.open.last().is_some_and(is_prose))
    }

    /// Whether a line of this indentation is too far in to be the start of a block.
    fn is_deep(&self, indent: usize) -> bool {
        self.open.last().is_some_and(|open| indent >= open.content + 4)
    }

    /// Whether the paragraph above is a task already.
    fn is_complete(&self) -> bool {
        let prose = self.open.last().and_then(|open| open.prose.as_deref());
        prose.is_some_and(|text| (self.is_known)(text))
    }

    /// Whether a heading begins here that an underline below makes one.
    fn begins_heading(&self, indent: usize, rest: &str, is_underlined: bool) -> bool {
        let limit = self.open.iter().rev().find(|open| indent >= open.indent + 2);
        is_underlined
            && matches!(self.above, Above::Nothing | Above::Heading)
            && is_plain(rest)
            && indent < limit.map_or(4, |open| open.text + 4)
    }

    /// The length of the marker of an item; 0 for a box alone.
    fn marker(&self, indent: usize, rest: &str, continues: bool) -> Option<usize> {
        let Some(length) = list_marker(rest) else {
            return split_box(rest).is_some().then_some(0);
        };
        // A number that wraps to the start of a line is no marker.
        let number = rest.get(..length - 1).filter(|digits| !digits.is_empty());
        let wraps = match number {
            Some(number) if continues && self.reaches(indent) => number.len() > 2,
            Some(number) if continues => number != "1",
            _ => false,
        };
        (!wraps).then_some(length)
    }

    fn item(
        &mut self,
        mut indent: usize,
        mut rest: &str,
        mut marker: usize,
    ) -> Result<(), ParseError> {
        self.close(indent);
        if self.open.last().is_some_and(|open| indent >= open.text + 4) {
            let is_code = self.above == Above::Nothing;
            return Err(ParseError::new(self.number, if is_code { CODE } else { NO_ITEM }));
        }
        self.push_indent();
        loop {
            if self.open.len() >= MAX_DEPTH {
                return Err(too_deep(self.number));
            }
            let is_number = rest.starts_with(|c: char| c.is_ascii_digit());
            self.push_marker(if is_number { Marker::Number } else { Marker::Bullet });
            self.is_below_item = true;
            self.last = Some(self.number);
            let behind = &rest[marker..];
            let content = without_blanks(behind);
            let gap = behind.chars().count() - content.chars().count();
            let column = if marker == 0 { indent + 2 } else { indent + marker + gap.max(1) };
            let boxed = split_box(content).map(|(_, text)| content.len() - text.len());
            self.open.push(Open {
                number: self.number,
                indent,
                content: column,
                text: column + boxed.unwrap_or(0),
                prose: None,
            });
            if boxed.is_none()
                && !is_rule(content)
                && let Some(next) = list_marker(content)
            {
                (indent, rest, marker) = (column, content, next);
                continue;
            }
            if content.is_empty() {
                self.out.push(NOTHING);
            }
            self.out.push_str(content);
            self.above = match content {
                _ if content.starts_with('>') => Above::Note,
                _ if blocks::is_heading(content) => Above::Nothing,
                _ => Above::Text,
            };
            return Ok(());
        }
    }

    /// A note belongs where it is indented to; at the left margin, to the last task.
    fn note(&mut self, indent: usize, rest: &str) {
        if self.open.first().is_some_and(|open| indent >= open.indent + 2) {
            self.close(indent);
        }
        self.push_indent();
        self.out.push_str(rest);
        self.above = Above::Note;
    }

    /// More of the text above.
    fn more(&mut self, indent: usize, rest: &str) {
        self.push_indent();
        if self.is_deep(indent) {
            self.out.push_str("    ");
        }
        self.out.push_str(rest);
        if let Some(prose) = self.open.last_mut().and_then(|open| open.prose.as_mut()) {
            prose.push(' ');
            prose.push_str(rest.trim_matches(BLANKS));
        }
    }

    /// Begins an item that was one of this marker.
    fn push_marker(&mut self, marker: Marker) {
        self.out.push_str("- ");
        self.markers.push((self.number - 1, marker));
    }

    fn paragraph(&mut self, indent: usize, rest: &str) -> Result<(), ParseError> {
        self.close(indent);
        self.close_paragraphs();
        if indent >= self.open.last().map_or(4, |open| open.text + 4) {
            return Err(ParseError::new(self.number, CODE));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(too_deep(self.number));
        }
        self.push_indent();
        self.is_below_item &= !self.is_parted;
        self.push_marker(if self.is_below_item { Marker::Checkbox } else { Marker::Paragraph });
        self.last = Some(self.number);
        self.out.push_str(rest);
        let prose = Some(rest.trim_matches(BLANKS).to_owned());
        let (number, content, text) = (self.number, indent, indent + 2);
        self.open.push(Open { number, indent, content, text, prose });
        self.above = Above::Text;
        Ok(())
    }

    /// Closes the items that a line of this indentation is not inside of.
    fn close(&mut self, indent: usize) {
        while self.open.last().is_some_and(|open| indent < open.indent + 2) {
            self.open.pop();
        }
    }

    /// Closes the paragraphs that only items are below.
    fn close_paragraphs(&mut self) {
        while self.open.last().is_some_and(|open| open.prose.is_some()) {
            self.open.pop();
        }
    }

    /// A line for CommonMark to read.
    fn verbatim(&mut self, rest: &str) {
        self.is_below_item = false;
        self.push_indent();
        self.out.push_str(rest);
        self.above = Above::Heading;
    }

    fn push_indent(&mut self) {
        self.out.extend(std::iter::repeat_n("  ", self.open.len()));
    }
}
