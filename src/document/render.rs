//! Lines to canonical text.

use super::{
    Line, anchor,
    characters::{self, Place},
    details, escape,
};

/// How to render.
#[derive(Debug, Clone, Copy, Default)]
pub struct RenderOptions {
    /// Whether each line ends with ` ^anchor`.
    pub ids: bool,
}

/// The canonical text of a project: one task a line, two spaces a level, LF at every end.
///
/// The first line must have depth 0, and no depth may exceed the one before by more than one.
/// Any depth is rendered, although [`parse()`](super::parse()) refuses lists as deep as
/// [`MAX_DEPTH`](super::MAX_DEPTH): such an outline can be read but not edited.
pub fn render(lines: &[Line], options: &RenderOptions) -> String {
    let mut out = String::with_capacity(lines.iter().map(|line| line.text.len() + 16).sum());
    for line in lines {
        render_line(line, options, &mut out);
    }
    out
}

/// Appends one task: its line, and the lines of its note.
pub fn render_line(line: &Line, options: &RenderOptions, out: &mut String) {
    indent(line.depth, out);
    out.push_str(match line.done {
        true => "- [x]",
        // Obsidian's own sort of box is the only one that its line has.
        false if escape::has_status(&line.text) => "-",
        false => "- [ ]",
    });
    let encoded = characters::encode(&line.text, Place::Text);
    let escaped = escape::escape(&encoded);
    let escaped = details::escape(&escaped).into_owned();
    let mut content = details::join(escaped, &line.details);
    if options.ids {
        anchor::append(&mut content, line.anchor.as_deref());
    }
    if !content.is_empty() {
        out.push(' ');
        out.push_str(&content);
    }
    out.push('\n');
    for note in line.details.note.iter().flat_map(|note| note.split('\n')) {
        indent(line.depth + 1, out);
        out.push('>');
        if !note.is_empty() {
            out.push(' ');
            out.push_str(&characters::encode(note, Place::Note));
        }
        out.push('\n');
    }
}

fn indent(depth: usize, out: &mut String) {
    out.extend(std::iter::repeat_n("  ", depth));
}
