//! Lines to canonical text.

use super::{
    Line, anchor,
    characters::{self, SpellingContext},
    details::{self, Fields},
    escape,
    fields::FieldKeys,
    spelling::{Markers, Spelling, spellings},
};
use crate::model::Marker;

/// How to render.
#[derive(Debug, Clone, Copy, Default)]
pub struct RenderOptions<'a> {
    /// Whether each line ends with ` ^anchor`.
    pub ids: bool,
    /// Which markers are written.
    pub markers: Markers,
    /// What the fields of the project are called; without, they go by their ids.
    pub fields: Option<&'a FieldKeys>,
    /// Whether each field has a line of its own below its task, and not its place on the task's.
    pub below: bool,
}

impl<'a> RenderOptions<'a> {
    fn inline(&self) -> Fields<'a> {
        Fields { keys: self.fields, below: self.below }
    }
}

/// The canonical text of a project: one task a line, LF at every end.
///
/// The first line must have depth 0, and no depth may exceed the one before by more than one.
/// Any depth is rendered, although [`parse()`](super::parse()) refuses lists as deep as
/// [`MAX_DEPTH`](super::MAX_DEPTH): such an outline can be read but not edited.
pub fn render(lines: &[Line], options: &RenderOptions<'_>) -> String {
    render_each(lines, options, |_| {})
}

/// As [`render`], and the 1-based number of the line of the text that each task begins on.
pub fn render_numbered(lines: &[Line], options: &RenderOptions<'_>) -> (String, Vec<usize>) {
    let mut numbers = Vec::with_capacity(lines.len());
    let (mut number, mut counted) = (1, 0);
    let text = render_each(lines, options, |above| {
        number += above[counted..].bytes().filter(|byte| *byte == b'\n').count();
        counted = above.len();
        numbers.push(number);
    });
    (text, numbers)
}

/// Renders, and gives `begin` what is above each task.
fn render_each(lines: &[Line], options: &RenderOptions<'_>, mut begin: impl FnMut(&str)) -> String {
    let mut out = String::with_capacity(lines.iter().map(|line| line.text.len() + 16).sum());
    if options.markers == Markers::Tasks {
        for line in lines {
            begin(&out);
            render_line(line, options, &mut out);
        }
        return out;
    }
    let mut above: Option<(&Line, Spelling)> = None;
    for (line, spelling) in lines.iter().zip(spellings(lines)) {
        if let Some((above, spelled)) = above
            && is_parted((above, spelled), (line, spelling), options)
        {
            out.push('\n');
        }
        begin(&out);
        write(line, spelling, options, &mut out);
        above = Some((line, spelling));
    }
    out
}

/// Appends one task as `- [ ]`: its line, and those of its fields and its note.
pub fn render_line(line: &Line, options: &RenderOptions<'_>, out: &mut String) {
    write(line, Spelling::of_task(line.depth), options, out);
}

/// Whether an empty line is between two lines: around a paragraph, and above what CommonMark would
/// otherwise take for more of the text above.
fn is_parted(
    above: (&Line, Spelling),
    below: (&Line, Spelling),
    options: &RenderOptions<'_>,
) -> bool {
    let is_paragraph = |(_, spelling): (_, Spelling)| spelling.marker == Marker::Paragraph;
    // A marker with nothing behind it.
    let is_lone = |(line, spelling): (&Line, Spelling)| {
        matches!(spelling.marker, Marker::Bullet | Marker::Number)
            && line.text.is_empty()
            && !line.done
            && !(options.ids && line.anchor.is_some())
            && details::join(String::new(), &line.details, options.inline()).is_empty()
    };
    let has_fields_below =
        options.below && details::fields_of(&above.0.details, options.fields).next().is_some();
    let is_item = above.1.inside() > above.1.column;
    let ends_with_text =
        above.0.details.note.is_none() && (has_fields_below || (is_item && !is_lone(above)));
    let is_first_below = below.0.depth > above.0.depth;
    is_paragraph(above)
        || is_paragraph(below)
        || (is_first_below && ends_with_text && is_lone(below))
}

fn write(line: &Line, spelling: Spelling, options: &RenderOptions<'_>, out: &mut String) {
    write_text(line, spelling, options, out);
    if options.below {
        for field in details::fields_of(&line.details, options.fields) {
            indent(spelling.inside(), out);
            out.push_str(&field);
            out.push('\n');
        }
    }
    for note in line.details.note.iter().flat_map(|note| note.split('\n')) {
        indent(spelling.inside(), out);
        out.push('>');
        if !note.is_empty() {
            out.push(' ');
            out.push_str(&characters::encode(note, SpellingContext::Note));
        }
        out.push('\n');
    }
}

fn write_text(line: &Line, spelling: Spelling, options: &RenderOptions<'_>, out: &mut String) {
    indent(spelling.column, out);
    let encoded = characters::encode(&line.text, SpellingContext::Text);
    // Obsidian's own sort of box is the only one that its line has.
    let has_status = escape::has_status(&encoded);
    match spelling.marker {
        Marker::Checkbox | Marker::Bullet => out.push('-'),
        Marker::Number => {
            out.push_str(&spelling.number.to_string());
            out.push('.');
        }
        Marker::Heading(level) => out.extend(std::iter::repeat_n('#', level.into())),
        Marker::Paragraph => {}
    }
    if line.done {
        out.push_str(" [x]");
    } else if spelling.marker == Marker::Checkbox && !has_status {
        out.push_str(" [ ]");
    }
    let is_boxed = line.done || has_status || spelling.marker == Marker::Checkbox;
    let escaped = escape::escape(&encoded, escape::Where::of(spelling.marker, is_boxed));
    let escaped = details::escape(&escaped, options.fields).into_owned();
    let mut content = details::join(escaped, &line.details, options.inline());
    if options.ids {
        anchor::append(&mut content, line.anchor.as_deref());
    }
    if !content.is_empty() {
        if spelling.marker != Marker::Paragraph {
            out.push(' ');
        }
        out.push_str(&content);
    }
    if matches!(spelling.marker, Marker::Heading(_)) && escape::is_closed_heading(&content) {
        out.push_str(" #");
    }
    out.push('\n');
}

fn indent(columns: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', columns));
}
