//! Texts that look like the start of a block, and the backslash that keeps them texts.
//!
//! A text that looks like structure after `k >= 0` backslashes is written with `k + 1`, and
//! read by taking one away. No other text is touched, and no other backslash.

use std::borrow::Cow;

use pulldown_cmark::{Event, Parser, Tag};

use super::BLANKS;

/// Adds the backslash where the text needs one. Inverse: [`unescape`].
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    match delimiter(text) {
        None => Cow::Borrowed(text),
        Some(point) => {
            let (before, after) = text.split_at(point.at);
            Cow::Owned(format!("{before}\\{after}"))
        }
    }
}

/// Takes away the backslash that [`escape`] added.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    match delimiter(text) {
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

fn delimiter(text: &str) -> Option<Delimiter> {
    let bare = text.trim_start_matches('\\');
    if is_structural(bare) {
        return Some(Delimiter { at: 0, backslashes: text.len() - bare.len() });
    }
    // A number is no punctuation, so the backslash goes behind it: `1\. x`.
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (_, behind) = text.split_at(digits);
    let bare = behind.trim_start_matches('\\');
    let rest = bare.strip_prefix(['.', ')'])?;
    let is_ordered = (1..=9).contains(&digits) && ends_word(rest);
    is_ordered.then_some(Delimiter { at: digits, backslashes: behind.len() - bare.len() })
}

fn is_structural(text: &str) -> bool {
    match text.as_bytes() {
        [b'>' | b'|', ..] => true,
        [b'#', ..] => {
            let rest = text.trim_start_matches('#');
            text.len() - rest.len() <= 6 && ends_word(rest)
        }
        [b'+', ..] => ends_word(&text[1..]),
        [b'*' | b'-', ..] => ends_word(&text[1..]) || is_rule_or_underline(text),
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

/// Whether a text ticks a box, and what stands behind it; `None` where it has no box.
pub(super) fn split_box(text: &str) -> Option<(bool, &str)> {
    let (done, rest) = match text.as_bytes() {
        [b'[', b' ', b']', ..] => (false, &text[3..]),
        [b'[', b'x' | b'X', b']', ..] => (true, &text[3..]),
        _ => return None,
    };
    ends_word(rest).then(|| (done, rest.trim_start_matches(BLANKS)))
}

fn ends_word(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(BLANKS)
}

/// Whether it is a thematic break such as `* * *`, or the line below a setext heading.
fn is_rule_or_underline(text: &str) -> bool {
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
