//! Texts that look like the start of a block, and the backslash that keeps them texts.
//!
//! A text that looks like structure after `k >= 0` backslashes is written with `k + 1`, and
//! read by taking one away. No other text is touched, and no other backslash.

use std::borrow::Cow;

use pulldown_cmark::{Event, Parser, Tag};

use super::{
    BLANKS,
    characters::{SpellingContext, spelling},
    foreign::ends_word,
};
use crate::model::Marker;

/// Where a text stands, which decides what it could be mistaken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    /// Behind a box.
    Boxed,
    /// In a heading, where a box may be.
    Heading,
    /// Behind the marker of an item, or at the start of a line: where a box may be, and where
    /// CommonMark may read a definition of a link, which shows nothing.
    Bare,
}

impl Where {
    /// Where the text of a line with this marker stands.
    pub(super) fn of(marker: Marker, is_boxed: bool) -> Self {
        match marker {
            _ if is_boxed => Self::Boxed,
            Marker::Heading(_) => Self::Heading,
            _ => Self::Bare,
        }
    }
}

/// Adds the backslash where the text needs one. Inverse: [`unescape`].
pub(super) fn escape(text: &str, place: Where) -> Cow<'_, str> {
    match delimiter(text, place) {
        None => Cow::Borrowed(text),
        Some(point) => {
            let (before, after) = text.split_at(point.at);
            Cow::Owned(format!("{before}\\{after}"))
        }
    }
}

/// Takes away the backslash that [`escape`] added.
pub(super) fn unescape(text: &str, place: Where) -> Cow<'_, str> {
    match delimiter(text, place) {
        Some(Delimiter { at, backslashes: 1.. }) => {
            let (before, after) = text.split_at(at);
            Cow::Owned(format!("{before}{}", &after[1..]))
        }
        _ => Cow::Borrowed(text),
    }
}

/// The delimiter that makes a text look like structure.
struct Delimiter {
    /// The byte offset of the first backslash in front of it, or of itself.
    at: usize,
    /// How many backslashes stand in front of it.
    backslashes: usize,
}

fn delimiter(text: &str, place: Where) -> Option<Delimiter> {
    let bare = text.trim_start_matches('\\');
    // What follows a box decides whether it is one, and may get a backslash of its own yet.
    let is_box = |text: &str| place != Where::Boxed && begins_like_box(text);
    let is_definition = place == Where::Bare && bare.starts_with('[') && bare.contains("]:");
    let is_item = bare.strip_prefix(['-', '*', '+']).is_some_and(is_box);
    if is_box(bare) || is_item || is_definition || is_structural(bare) {
        return Some(Delimiter { at: 0, backslashes: text.len() - bare.len() });
    }
    // A number is no punctuation, so the backslash goes behind it: `1\. x`.
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (_, behind) = text.split_at(digits);
    let bare = behind.trim_start_matches('\\');
    let rest = bare.strip_prefix(['.', ')'])?;
    let is_item = ends_word(rest) || split_box(rest).is_some() || is_box(rest);
    let is_ordered = (1..=9).contains(&digits) && is_item;
    is_ordered.then_some(Delimiter { at: digits, backslashes: behind.len() - bare.len() })
}

fn is_structural(text: &str) -> bool {
    match text.as_bytes() {
        [b'>' | b'|', ..] => true,
        [b'#', ..] => {
            let rest = text.trim_start_matches('#');
            text.len() - rest.len() <= 6 && (rest.is_empty() || rest.starts_with(BLANKS))
        }
        [b'+', ..] => list_marker(text).is_some(),
        [b'*' | b'-', ..] => list_marker(text).is_some() || is_rule_or_underline(text),
        [b'_' | b'=', ..] => is_rule_or_underline(text),
        [b'[', ..] => split_box(text).is_some(),
        [b'`', ..] => text.starts_with("```"),
        [b'~', ..] => text.starts_with("~~~"),
        [b'<', ..] => {
            matches!(Parser::new(text).next(), Some(Event::Start(Tag::HtmlBlock)))
        }
        _ => false,
    }
}

/// Whether a text begins with what would be a box before something else.
fn begins_like_box(text: &str) -> bool {
    let Some(inside) = text.strip_prefix('[') else { return false };
    let is_mark = |c: char| matches!(c, ' ' | 'x' | 'X') || is_wide_space(c);
    inside.strip_prefix(is_mark).unwrap_or(inside).starts_with(']')
}

/// Whether a text ticks a box, and what stands behind it; `None` where it has no box.
///
/// A box may be empty (`[]`), hold another sort of space, and touch the text behind it, unless
/// that would make a link of it.
pub(super) fn split_box(text: &str) -> Option<(bool, &str)> {
    let inside = text.strip_prefix('[')?;
    let behind = inside.trim_start_matches(|c| matches!(c, ' ' | 'x' | 'X') || is_wide_space(c));
    let (mark, rest) = (&inside[..inside.len() - behind.len()], behind.strip_prefix(']')?);
    if mark.chars().count() > 1 {
        return None;
    }
    let done = matches!(mark, "x" | "X");
    let touches = match mark {
        "" => false,
        _ if done => rest.starts_with(char::is_alphanumeric),
        _ => !rest.starts_with(['(', '[', ':']),
    };
    (touches || ends_word(rest)).then(|| (done, without_blanks(rest)))
}

/// Whether a text, as it stands on its line, begins with one of the boxes that Obsidian has beside
/// ours, such as `[-]`.
pub(super) fn has_status(encoded: &str) -> bool {
    let mut inside = encoded.strip_prefix('[').unwrap_or_default().chars();
    let is_mark = |c: char| !c.is_whitespace() && !c.is_control() && !"xX[]\\".contains(c);
    let is_space =
        |text| spelling(text, SpellingContext::Text).is_some_and(|(c, _)| c.is_whitespace());
    inside.next().is_some_and(is_mark)
        && inside.as_str().strip_prefix(']').is_some_and(|rest| ends_word(rest) || is_space(rest))
}

/// What is behind the blanks in front of a text, or, where there are none, behind the other white
/// space that somebody typed for one.
pub(super) fn without_blanks(text: &str) -> &str {
    let trimmed = text.trim_start_matches(BLANKS);
    if trimmed.len() < text.len() { trimmed } else { text.trim_start() }
}

/// A space that is no blank.
fn is_wide_space(c: char) -> bool {
    c.is_whitespace() && !c.is_ascii()
}

/// Whether the text of a heading ends with what would be taken for its end mark.
pub(super) fn is_closed_heading(text: &str) -> bool {
    let rest = text.trim_end_matches('#');
    rest.len() < text.len() && (rest.is_empty() || rest.ends_with(BLANKS))
}

/// The length of a list marker that the text begins with: its bullet, or its number with the dot.
/// Behind it is white space, a box or nothing.
pub(super) fn list_marker(text: &str) -> Option<usize> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let length = match text.as_bytes().get(digits)? {
        b'-' | b'*' | b'+' if digits == 0 => 1,
        b'.' | b')' if (1..=9).contains(&digits) => digits + 1,
        _ => return None,
    };
    let rest = &text[length..];
    (ends_word(rest) || split_box(rest).is_some()).then_some(length)
}

/// Whether it is a thematic break such as `* * *`, or the line below a setext heading.
pub(super) fn is_rule_or_underline(text: &str) -> bool {
    let consists_of = |mark: char| text.chars().all(|c| c == mark || BLANKS.contains(&c));
    let marks = text.chars().filter(|c| !BLANKS.contains(c)).count();
    let is_one_run = !text.trim_end_matches(BLANKS).contains(BLANKS);
    match text.chars().next() {
        Some(mark @ ('*' | '_')) => consists_of(mark) && marks >= 3,
        Some('-') => consists_of('-') && (marks >= 3 || is_one_run),
        Some('=') => consists_of('=') && is_one_run,
        _ => false,
    }
}
