//! The characters that a line cannot hold as they are, and how they are spelled instead.
//!
//! LF is `⏎`. Another control character, a Unicode line separator, and the outermost space or
//! tab of a text (which editors strip) are numeric character references such as `&#32;`.
//! A text that literally holds such a spelling gets a backslash in front of it.
//!
//! To tell the two apart after any number of backslashes, those directly in front of a
//! spelling are doubled: `2k` of them and the spelling mean `k` and the character, `2k + 1`
//! mean `k` and the spelling itself. Every other backslash is left alone.

use std::borrow::Cow;

/// The sign for a line feed.
const NEWLINE: char = '⏎';

/// What a string is part of, which decides what it cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SpellingContext {
    /// The text of a task.
    Text,
    /// One line of a note: its leading white space is safe behind `> `.
    Note,
    /// The value of a field, between brackets.
    Value,
}

/// Spells what the place cannot hold. Inverse: [`decode`].
pub(super) fn encode(text: &str, place: SpellingContext) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    for (at, found) in text.match_indices(|c| is_spelled(c, place) || matches!(c, '&' | NEWLINE)) {
        let end = at + found.len();
        let Some(character) = found.chars().next() else { continue };
        let is_outermost = end == text.len() || (at == 0 && place != SpellingContext::Note);
        let is_blank = matches!(character, ' ' | '\t');
        let is_replaced = is_spelled(character, place) && (!is_blank || is_outermost);
        if !is_replaced && spelling(&text[at..], place).is_none() {
            continue;
        }
        out.push_str(&text[copied..at]);
        let doubled = backslashes_before(text, at);
        out.extend(std::iter::repeat_n('\\', doubled));
        copied = if is_replaced {
            push_spelling(&mut out, character);
            end
        } else {
            out.push('\\');
            at
        };
    }
    finish(text, copied, out)
}

/// Reads the spellings back. Total: a text that [`encode`] never writes is read leniently.
pub(super) fn decode(text: &str, place: SpellingContext) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    for (at, _) in text.match_indices(['&', NEWLINE]) {
        let Some((character, length)) = spelling(&text[at..], place) else { continue };
        let backslashes = backslashes_before(text, at);
        if backslashes == 0 {
            out.push_str(&text[copied..at]);
            out.push(character);
            copied = at + length;
        } else {
            // Half of the backslashes go, and of an odd number the one that protects.
            out.push_str(&text[copied..at - backslashes.div_ceil(2)]);
            copied = at;
            if backslashes.is_multiple_of(2) {
                out.push(character);
                copied = at + length;
            }
        }
    }
    finish(text, copied, out)
}

/// How many backslashes stand directly in front of this byte offset.
pub(super) fn backslashes_before(text: &str, at: usize) -> usize {
    text[..at].bytes().rev().take_while(|byte| *byte == b'\\').count()
}

fn finish(text: &str, copied: usize, mut out: String) -> Cow<'_, str> {
    if copied == 0 && out.is_empty() {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Whether the character has a spelling; a space or tab is written so only at the ends.
fn is_spelled(character: char, place: SpellingContext) -> bool {
    match character {
        ' ' | '\u{2028}' | '\u{2029}' => true,
        '[' | ']' => place == SpellingContext::Value,
        _ => character.is_control(),
    }
}

fn push_spelling(out: &mut String, character: char) {
    if character == '\n' {
        out.push(NEWLINE);
    } else {
        out.push_str("&#");
        out.push_str(&u32::from(character).to_string());
        out.push(';');
    }
}

/// The character whose spelling the text begins with, and the spelling's length in bytes.
pub(super) fn spelling(text: &str, place: SpellingContext) -> Option<(char, usize)> {
    if text.starts_with(NEWLINE) {
        return Some(('\n', NEWLINE.len_utf8()));
    }
    let digits = text.strip_prefix("&#")?;
    let length = digits.bytes().take(7).take_while(u8::is_ascii_digit).count();
    let (digits, rest) = digits.split_at(length);
    let is_shortest = digits == "0" || !digits.starts_with('0');
    if !rest.starts_with(';') || !is_shortest {
        return None;
    }
    let character = char::from_u32(digits.parse().ok()?)?;
    let is_ours = character != '\n' && is_spelled(character, place);
    is_ours.then_some((character, "&#;".len() + length))
}
