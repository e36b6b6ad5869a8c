//! Which marker a line gets, and how far in it stands.
//!
//! Markdown cannot say every format everywhere. A heading holds all that follows it up to the next
//! one of its level or above, so it can stand only below headings above its level, and before
//! nothing but such headings; a paragraph holds nothing, and in a list it would be more of the item.
//! What cannot stand where it is gets a bullet. Whether a heading can depends on what its later
//! siblings became, so they are decided from the last one backwards.

use super::{
    Line,
    characters::{self, SpellingContext},
    escape::has_status,
};
use crate::model::Marker;

/// Which markers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Markers {
    /// Each line's own, where Markdown can say it.
    #[default]
    Auto,
    /// `- [ ] ` everywhere, two spaces a level.
    Tasks,
}

/// How a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Spelling {
    /// The marker that shows.
    pub(super) marker: Marker,
    /// The column that it stands in, from 0.
    pub(super) column: usize,
    /// Its number among its neighbours, from 1; 0 for what is not numbered.
    pub(super) number: usize,
}

impl Spelling {
    /// The spelling where every line is a task.
    pub(super) fn of_task(depth: usize) -> Self {
        Self { column: 2 * depth, ..Self::default() }
    }

    /// The column that what belongs to the line stands in: its note, and what is below it.
    pub(super) fn inside(self) -> usize {
        match self.marker {
            Marker::Paragraph | Marker::Heading(_) => self.column,
            Marker::Checkbox | Marker::Bullet => self.column + 2,
            Marker::Number => self.column + self.number.max(1).ilog10() as usize + 3,
        }
    }
}

/// The marker that each line shows in a text that has each line's own: what is done shows a box, and
/// what Markdown cannot say a bullet.
pub fn shown_markers(lines: &[Line]) -> Vec<Marker> {
    spellings(lines).into_iter().map(|spelling| spelling.marker).collect()
}

/// How each line is written. No depth may exceed the one before by more than one.
pub(super) fn spellings(lines: &[Line]) -> Vec<Spelling> {
    let next = next_siblings(lines);
    let mut spellings = vec![Spelling::default(); lines.len()];
    let mut group = Vec::new();
    // A parent comes before its children, so how it is written is known by then.
    for parent in std::iter::once(None).chain((0..lines.len()).map(Some)) {
        let first = parent.map_or(0, |parent| parent + 1);
        let depth = parent.map_or(0, |parent| lines[parent].depth + 1);
        group.clear();
        let is_child = lines.get(first).is_some_and(|line| line.depth >= depth);
        group.extend(std::iter::successors(is_child.then_some(first), |&at| next[at]));
        let level = match parent.map(|parent| spellings[parent].marker) {
            None => Some(0),
            Some(Marker::Heading(level)) => Some(level),
            Some(_) => None,
        };
        let column = parent.map_or(0, |parent| spellings[parent].inside());
        spell_siblings(lines, &group, level, column, &mut spellings);
    }
    spellings
}

/// Decides on siblings. `level` is that of the heading that they are below, 0 for none, and `None`
/// in a list.
fn spell_siblings(
    lines: &[Line],
    group: &[usize],
    level: Option<u8>,
    column: usize,
    spellings: &mut [Spelling],
) {
    // The deepest of the later siblings, if all of them are headings.
    let mut later = Some(0);
    for &at in group.iter().rev() {
        let marker = match lines[at].marker {
            Marker::Heading(own) => {
                let own = own.clamp(1, 6);
                let can_stand = level.is_some_and(|level| own > level)
                    && later.is_some_and(|later| later <= own);
                if can_stand { Marker::Heading(own) } else { Marker::Bullet }
            }
            Marker::Paragraph if level.is_none() || !can_be_paragraph(lines, at) => Marker::Bullet,
            other => other,
        };
        let is_boxed = || {
            lines[at].done
                || has_status(&characters::encode(&lines[at].text, SpellingContext::Text))
        };
        let marker = if marker == Marker::Bullet && is_boxed() { Marker::Checkbox } else { marker };
        later = match marker {
            Marker::Heading(own) => later.map(|later| later.max(own)),
            _ => None,
        };
        spellings[at] = Spelling { marker, column, number: 0 };
    }
    let mut number = 0;
    for &at in group {
        number = if spellings[at].marker == Marker::Number { number + 1 } else { 0 };
        spellings[at].number = number;
    }
}

/// Whether a bare line can say it.
fn can_be_paragraph(lines: &[Line], at: usize) -> bool {
    let line = &lines[at];
    let holds = lines.get(at + 1).is_some_and(|next| next.depth > line.depth);
    // A byte order mark that a text begins with would be taken for that of the file.
    !line.done && !line.text.is_empty() && !line.text.starts_with('\u{feff}') && !holds
}

/// The next sibling of each line.
fn next_siblings(lines: &[Line]) -> Vec<Option<usize>> {
    let mut next = vec![None; lines.len()];
    let mut open: Vec<usize> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        while let Some(&last) = open.last().filter(|&&last| lines[last].depth >= line.depth) {
            next[last] = (lines[last].depth == line.depth).then_some(at);
            open.pop();
        }
        open.push(at);
    }
    next
}
