//! What somebody does to the lines of a project, by what they say.

use crate::plan::{Item, Key, Wanted};

/// What somebody does to the lines, by what they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Deed {
    Add(&'static str),
    Delete(&'static str),
    /// Adds a word to a line.
    Change(&'static str, &'static str),
}

/// Who does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Who {
    Program(usize),
    App,
}

/// What was done, and what its doer had before its eyes of that line.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Done {
    pub(super) who: Who,
    pub(super) deed: Deed,
    pub(super) seen: Option<String>,
}

pub(super) fn item(key: Key, text: &str) -> Item {
    let (text, details, spelled) = (text.to_owned(), Default::default(), Default::default());
    Item { key, depth: 0, text, done: false, details, spelled }
}

/// Whether a text is that line, changed or not.
pub(super) fn is_line(text: &str, line: &str) -> bool {
    text.split(' ').next() == line.split(' ').next()
}

/// A line, in a program's buffer or in the app.
pub(super) trait Text {
    fn text(&mut self) -> &mut String;
}

impl Text for Wanted {
    fn text(&mut self) -> &mut String {
        &mut self.text
    }
}

impl Text for Item {
    fn text(&mut self) -> &mut String {
        &mut self.text
    }
}

/// Does a deed to lines, of which `new` makes one. What the line said, if it was one of them.
pub(super) fn change<L: Text>(
    lines: &mut Vec<L>,
    deed: Deed,
    new: impl Fn(&str) -> L,
) -> Option<String> {
    let (Deed::Add(line) | Deed::Delete(line) | Deed::Change(line, _)) = deed;
    let at = lines.iter_mut().position(|there| is_line(there.text(), line));
    match (deed, at) {
        (Deed::Add(text), _) => {
            lines.push(new(text));
            None
        }
        (Deed::Delete(_), Some(at)) => Some(lines.remove(at).text().clone()),
        (Deed::Change(_, word), Some(at)) => {
            let text = lines[at].text();
            let changed = format!("{text} {word}");
            Some(std::mem::replace(text, changed))
        }
        (_, None) => None,
    }
}
