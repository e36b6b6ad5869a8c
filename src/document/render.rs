//! Lines to canonical text.

use super::{
    Line, anchor,
    characters::{self, Place},
    details, escape,
    spelling::{Markers, Spelling, spellings},
};
use crate::model::Marker;

/// How to render.
#[derive(Debug, Clone, Copy, Default)]
pub struct RenderOptions {
    /// Whether each line ends with ` ^anchor`.
    pub ids: bool,
    /// Which markers are written.
    pub markers: Markers,
}

/// The canonical text of a project: one task a line, LF at every end.
///
/// The first line must have depth 0, and no depth may exceed the one before by more than one.
/// Any depth is rendered, although [`parse()`](super::parse()) refuses lists as deep as
/// [`MAX_DEPTH`](super::MAX_DEPTH): such an outline can be read but not edited.
pub fn render(lines: &[Line], options: &RenderOptions) -> String {
    let mut out = String::with_capacity(lines.iter().map(|line| line.text.len() + 16).sum());
    if options.markers == Markers::Tasks {
        for line in lines {
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
        write(line, spelling, options, &mut out);
        above = Some((line, spelling));
    }
    out
}

/// Appends one task as `- [ ]`: its line, and the lines of its note.
pub fn render_line(line: &Line, options: &RenderOptions, out: &mut String) {
    write(line, Spelling::of_task(line.depth), options, out);
}

/// Whether an empty line is between two lines: around a paragraph, and above what CommonMark would
/// otherwise take for more of the text above.
fn is_parted(above: (&Line, Spelling), below: (&Line, Spelling), options: &RenderOptions) -> bool {
    let is_paragraph = |(_, spelling): (_, Spelling)| spelling.marker == Marker::Paragraph;
    // A marker with nothing behind it.
    let is_lone = |(line, spelling): (&Line, Spelling)| {
        matches!(spelling.marker, Marker::Bullet | Marker::Number)
            && line.text.is_empty()
            && !line.done
            && !(options.ids && line.anchor.is_some())
            && details::join(String::new(), &line.details).is_empty()
    };
    let is_inside = below.0.depth > above.0.depth && above.1.inside() > above.1.column;
    let ends_with_text = above.0.details.note.is_none() && !is_lone(above);
    is_paragraph(above) || is_paragraph(below) || (is_inside && ends_with_text && is_lone(below))
}

fn write(line: &Line, spelling: Spelling, options: &RenderOptions, out: &mut String) {
    indent(spelling.column, out);
    let encoded = characters::encode(&line.text, Place::Text);
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
    let escaped = details::escape(&escaped).into_owned();
    let mut content = details::join(escaped, &line.details);
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
    for note in line.details.note.iter().flat_map(|note| note.split('\n')) {
        indent(spelling.inside(), out);
        out.push('>');
        if !note.is_empty() {
            out.push(' ');
            out.push_str(&characters::encode(note, Place::Note));
        }
        out.push('\n');
    }
}

fn indent(columns: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', columns));
}
