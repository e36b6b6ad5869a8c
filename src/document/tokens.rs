//! The tail of a line, token by token: which words of it are details.
//!
//! A day behind its emoji and an inline field with one of our keys are details wherever they
//! stand. `@handle` is also how people write of somebody or something, so it is a detail only
//! where nothing but tokens follows it, up to the end of the line or to one of those.
//!
//! What is a token is told without regard to the backslashes in front of it, so that a backslash
//! can be added to each and taken away again.

use std::borrow::Cow;

use super::{
    BLANKS,
    characters::{self, SpellingContext},
    fields::{self, FieldKeys, KEYS, bracketed, is_field_id},
    foreign::{self, Role, ends_word, unselected},
};
use crate::model::calendar::{is_date, is_time};

pub(super) const DUE: char = '📅';
pub(super) const START: char = '🛫';
/// Read as [`DUE`], never written.
const DUE_LOOKALIKES: [char; 2] = ['📆', '🗓'];
/// What may follow a detail without a blank, as in a sentence.
pub(super) const PUNCTUATION: [char; 8] = ['.', ',', ';', ':', '!', '?', ')', '…'];

/// A detail, not yet checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DetailToken<'a> {
    Assignee(&'a str),
    /// The value of a field, by what the field is called or its id.
    Field {
        key: &'a str,
        value: Cow<'a, str>,
    },
    StartTime(&'a str),
    DueTime(&'a str),
    Zone(&'a str),
    /// A day, and the time that stands behind it.
    Start(&'a str, Option<&'a str>),
    Due(&'a str, Option<&'a str>),
    /// Surely meant for a detail, and none: why, and what would be right.
    Wrong(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TokenKind<'a> {
    Detail(DetailToken<'a>),
    Foreign(Role),
    Word,
}

/// A part of a line. What is between two parts is white space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub(super) kind: TokenKind<'a>,
    /// Where it begins, with the backslashes in front of it.
    pub(super) start: usize,
    /// Where it begins, without them.
    pub(super) at: usize,
    pub(super) end: usize,
}

/// The parts of a line, in order. Words that follow each other may be one part or several.
pub(super) fn pieces<'a>(line: &'a str, keys: Option<&'a FieldKeys>) -> Vec<Piece<'a>> {
    let mut pieces: Vec<Piece<'a>> = Vec::new();
    let mut start = 0;
    // Whether a word may begin here.
    let mut fresh = true;
    while let Some(next) = line[start..].chars().next() {
        let rest = line[start..].trim_start_matches('\\');
        let at = line.len() - rest.len();
        let found = detail(rest, keys)
            .or_else(|| if fresh { person(rest, keys) } else { None })
            .map(|(length, token)| (length, TokenKind::Detail(token)))
            .or_else(|| {
                let token = foreign_token(rest).filter(|_| fresh && start == at);
                token.map(|(length, role)| (length, TokenKind::Foreign(role)))
            });
        if let Some((length, kind)) = found {
            let end = at + length;
            pieces.push(Piece { kind, start, at, end });
            // Punctuation behind it is no word.
            let closed = line[end..].trim_start_matches(PUNCTUATION);
            start = if ends_word(closed) { line.len() - closed.len() } else { end };
            fresh = true;
        } else if next.is_whitespace() {
            start += next.len_utf8();
            fresh = true;
        } else {
            let end = at + rest.chars().next().filter(|_| at == start).map_or(0, char::len_utf8);
            match pieces.last_mut() {
                Some(Piece { kind: TokenKind::Word, end: last, .. }) => *last = end,
                _ => pieces.push(Piece { kind: TokenKind::Word, start, at, end }),
            }
            start = end;
            fresh = false;
        }
    }
    leave_prose(&mut pieces);
    pieces
}

/// Makes words of the handles in a sentence. One with a backslash in front stays a token, so that
/// the backslash goes: whoever wrote it meant a text.
fn leave_prose(pieces: &mut [Piece<'_>]) {
    let mut only_tokens = true;
    for piece in pieces.iter_mut().rev() {
        match piece.kind {
            TokenKind::Word => only_tokens = false,
            TokenKind::Foreign(_) => {}
            TokenKind::Detail(DetailToken::Assignee(_))
                if only_tokens || piece.at > piece.start => {}
            TokenKind::Detail(DetailToken::Assignee(_)) => piece.kind = TokenKind::Word,
            TokenKind::Detail(_) => only_tokens = true,
        }
    }
}

/// Whether a line is nothing but details, and one of them a field.
pub(super) fn is_fields(line: &str, keys: Option<&FieldKeys>) -> bool {
    let is_field = |piece: &Piece<'_>| match piece.kind {
        TokenKind::Detail(DetailToken::Field { .. }) => true,
        TokenKind::Detail(DetailToken::Wrong(_)) => keys.is_some(),
        _ => false,
    };
    let is_detail =
        |piece: &Piece<'_>| matches!(piece.kind, TokenKind::Detail(_)) && piece.at == piece.start;
    let pieces = if line.starts_with(['[', '(']) { pieces(line, keys) } else { Vec::new() };
    pieces.iter().any(is_field) && pieces.iter().all(is_detail)
}

/// The detail that the text begins with, whatever stands before it, and its length.
fn detail<'a>(text: &'a str, keys: Option<&'a FieldKeys>) -> Option<(usize, DetailToken<'a>)> {
    let first = text.chars().next()?;
    match (first, keys) {
        ('[', Some(keys)) => named_field(text, keys).or_else(|| misspelled_field(text, Some(keys))),
        ('[' | '(', _) => inline_field(text)
            .and_then(|(length, key, value)| {
                let named = keys.and_then(|keys| keys.position(key).map(|_| key));
                let token = match named {
                    Some(key) => Some(DetailToken::Field { key, value: decoded(value) }),
                    None => known_key(key, value),
                };
                token.map(|token| (length, token))
            })
            .or_else(|| misspelled_field(text, keys)),
        (START | DUE, _) => day(text, first),
        _ if DUE_LOOKALIKES.contains(&first) => day(text, first),
        _ => None,
    }
}

fn foreign_token(text: &str) -> Option<(usize, Role)> {
    match text.as_bytes().first()? {
        b'[' | b'(' => inline_field(text).map(|(length, ..)| (length, Role::Other)),
        _ => foreign::token(text),
    }
}

/// A field by one of the names that a project has for its own, or a detail by one of our keys.
///
/// What has the form of a field and the name of none is one that was mistyped, or one of another
/// program: it is refused where somebody types it, since what it replaces would be deleted.
fn named_field<'a>(text: &'a str, keys: &'a FieldKeys) -> Option<(usize, DetailToken<'a>)> {
    let (length, key, value) = fields::inline(text, keys)?;
    let field =
        |key: &'a str| Some((length, DetailToken::Field { key, value: fields::decode(value) }));
    if let Some(label) = keys.exactly(key) {
        return field(label);
    }
    if key.contains(['\\', '&', '[', ']']) {
        return None;
    }
    if is_field_id(key) {
        return field(keys.label(key).unwrap_or(key));
    }
    if let Some(token) = known_key(key, value) {
        return Some((length, token));
    }
    if let Some(label) = keys.resembling(key) {
        return field(label);
    }
    // What follows may get a backslash yet.
    let is_link = text[length..].trim_start_matches('\\').starts_with(['(', '[', ']', ':']);
    let is_spaced = text[1..].split_once("::").is_some_and(|(_, rest)| rest.starts_with(BLANKS));
    let is_meant = key.starts_with(char::is_alphabetic) && is_spaced && !value.is_empty();
    let is_foreign = is_link || OBSIDIAN_KEYS.contains(&key) || !is_meant;
    (!is_foreign).then(|| (length, DetailToken::Wrong(keys.no_field(key))))
}

/// `@handle`, if a word ends behind it and what punctuation follows it.
fn person<'a>(text: &'a str, keys: Option<&'a FieldKeys>) -> Option<(usize, DetailToken<'a>)> {
    let rest = text.strip_prefix('@')?;
    let handle = handle_in_front(rest)?;
    let closed = rest[handle.len()..].trim_start_matches(PUNCTUATION);
    let ends = ends_word(closed) || detail(closed.trim_start_matches('\\'), keys).is_some();
    ends.then_some((1 + handle.len(), DetailToken::Assignee(handle)))
}

/// The longest handle that the text begins with.
pub(super) fn handle_in_front(text: &str) -> Option<&str> {
    let behind = text.trim_start_matches(is_handle_part);
    let handle = text[..text.len() - behind.len()].trim_end_matches('.');
    is_handle(handle).then_some(handle)
}

/// Whether it can be a person's name here: a word with a letter in it, so that no price is one.
pub(super) fn is_handle(text: &str) -> bool {
    text.starts_with(char::is_alphanumeric)
        && !text.ends_with('.')
        && text.chars().all(is_handle_part)
        && text.contains(char::is_alphabetic)
}

fn is_handle_part(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '\u{300}'..='\u{36f}')
}

/// The length of an inline field `[key:: value]` or `(key:: value)`, its key and value. Neither
/// holds a bracket of its own.
fn inline_field(text: &str) -> Option<(usize, &str, &str)> {
    let (length, inside) = bracketed(text)?;
    let (key, value) = inside.split_once("::")?;
    let key = key.trim();
    (!key.is_empty()).then_some((length, key, value.trim_matches(BLANKS)))
}

/// What the Obsidian plugin Tasks writes between brackets.
const OBSIDIAN_KEYS: [&str; 9] = [
    "created",
    "scheduled",
    "completion",
    "cancelled",
    "priority",
    "repeat",
    "id",
    "dependsOn",
    "onCompletion",
];

fn decoded(value: &str) -> Cow<'_, str> {
    characters::decode(value, SpellingContext::Value)
}

fn known_key<'a>(key: &'a str, value: &'a str) -> Option<DetailToken<'a>> {
    if is_field_id(key) {
        return Some(DetailToken::Field { key, value: decoded(value) });
    }
    let known = KEYS.iter().find(|known| known.eq_ignore_ascii_case(key))?;
    Some(match *known {
        "start-time" => DetailToken::StartTime(value),
        "due-time" => DetailToken::DueTime(value),
        "zone" => DetailToken::Zone(value),
        "start" => DetailToken::Start(value, None),
        _ => DetailToken::Due(value, None),
    })
}

/// `[due: 2026-12-01]`, with one colon, where what follows is no prose.
fn misspelled_field<'a>(
    text: &'a str,
    keys: Option<&FieldKeys>,
) -> Option<(usize, DetailToken<'a>)> {
    let (length, key, value) = fields::misspelled(text, keys)?;
    let reason = format!("`{}` is no field; write `[{key}:: {value}]`", &text[..length]);
    Some((length, DetailToken::Wrong(reason)))
}

/// An emoji and what looks like a day, possible or not, and the time behind it.
fn day(text: &str, emoji: char) -> Option<(usize, DetailToken<'_>)> {
    let behind = unselected(&text[emoji.len_utf8()..]).trim_start();
    let rest =
        behind.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '/' | '.'));
    let written = behind[..behind.len() - rest.len()].trim_end_matches(['-', '/', '.']);
    let day_end = text.len() - behind.len() + written.len();
    let rest = &text[day_end..];
    let numbers = written.split(['-', '/', '.']);
    let is_day = match numbers.clone().count() {
        1 => written.len() == 8,
        2 => numbers.clone().next().is_some_and(|year| year.len() == 4),
        count => count == 3,
    };
    if !is_day || numbers.clone().any(str::is_empty) {
        return None;
    }
    let wrong = |length: usize, remedy: String| {
        let reason = format!("`{}` is no {}; {remedy}", &text[..length], name_of(emoji));
        Some((length, DetailToken::Wrong(reason)))
    };
    if !is_date(written) {
        return wrong(day_end, remedy_of(emoji, written));
    }
    let token = |length, time| {
        let token = if emoji == START { DetailToken::Start } else { DetailToken::Due };
        Some((length, token(written, time)))
    };
    let gap = rest.strip_prefix('T').unwrap_or(rest.trim_start());
    let word = gap.split(char::is_whitespace).next().unwrap_or_default();
    let length = text.len() - gap.len() + word.len();
    if gap.len() < rest.len() && begins_like_time(word) {
        let time = word.trim_end_matches(PUNCTUATION);
        let key = if emoji == START { "start-time" } else { "due-time" };
        return if is_time(time) {
            token(text.len() - gap.len() + time.len(), Some(time))
        } else {
            wrong(length, format!("write the time as `[{key}:: 09:30]` before the `{emoji}`"))
        };
    }
    if rest.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
        let word = rest.split(char::is_whitespace).next().unwrap_or_default();
        return wrong(day_end + word.len(), format!("write `{emoji} {written}` and then a space"));
    }
    token(day_end, None)
}

fn begins_like_time(word: &str) -> bool {
    word.split_once(':').is_some_and(|(hour, minute)| {
        (1..=2).contains(&hour.len())
            && hour.bytes().all(|byte| byte.is_ascii_digit())
            && minute.bytes().take(2).filter(u8::is_ascii_digit).count() == 2
    })
}

pub(super) fn name_of(emoji: char) -> &'static str {
    if emoji == START { "start date" } else { "due date" }
}

/// How a day would be right.
fn remedy_of(emoji: char, written: &str) -> String {
    let numbers: Vec<&str> = written.split(['-', '/', '.']).collect();
    let padded = match numbers.as_slice() {
        [year, month, day] if year.len() == 4 => format!("{year}-{month:0>2}-{day:0>2}"),
        [day] if day.len() == 8 => format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]),
        _ => String::new(),
    };
    if is_date(&padded) {
        format!("write `{emoji} {padded}`")
    } else {
        format!("write a day of the calendar as YYYY-MM-DD, such as `{emoji} 2026-03-09`")
    }
}
