//! Details on a line: how they are written, read, and told from text.
//!
//! A text that holds something that would be read as a detail, after `k >= 0` backslashes, is
//! written with `k + 1` of them; reading takes one away from each.

use std::borrow::Cow;

use super::{
    BLANKS, LineDetails,
    characters::{self, SpellingContext},
    fields::{FieldKeys, is_field_id},
    foreign::Role,
    tokens::{DUE, DetailToken, PUNCTUATION, START, TokenKind, handle_in_front, is_handle, pieces},
};
use crate::model::calendar::{is_date, is_time, is_zone};

/// Adds the backslashes that a text needs where it looks like a detail. Inverse: the text of
/// [`split`].
pub(super) fn escape<'a>(text: &'a str, keys: Option<&FieldKeys>) -> Cow<'a, str> {
    if !may_hold_one(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut copied = 0;
    for piece in
        pieces(text, keys).iter().filter(|piece| matches!(piece.kind, TokenKind::Detail(_)))
    {
        out.push_str(&text[copied..piece.start]);
        out.push('\\');
        copied = piece.start;
    }
    if copied == 0 && out.is_empty() {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Joins an escaped text with the details, in canonical order: Obsidian Tasks reads a line from
/// its end, so what it knows of the text goes behind what it does not know, and a block id behind
/// everything. What the grammar cannot spell is left out.
pub(super) fn join(text: String, details: &LineDetails, fields: Fields<'_>) -> String {
    let (own, days) = (unknown_to_tasks(details, fields), days(details));
    if own.is_empty() && days.is_empty() {
        return text;
    }
    let (words, tasks, block) = parted(&text, fields.keys);
    let mut line = String::with_capacity(text.len() + own.len() + days.len() + 4);
    for part in [words, &own, tasks, &days, block] {
        if !line.is_empty() && !part.is_empty() {
            line.push(' ');
        }
        line.push_str(part);
    }
    line
}

/// A text in three: its words, what Tasks reads at the end of it, and a block id. One space is
/// between any two that are not empty, so that they can be parted and joined again.
fn parted<'a>(text: &'a str, keys: Option<&FieldKeys>) -> (&'a str, &'a str, &'a str) {
    let mut end = text.len();
    let mut next = text.len();
    let mut tasks = None;
    let mut block = "";
    for piece in pieces(text, keys).iter().rev() {
        let is_joined_by_space = piece.at == 0
            || text[..piece.at].strip_suffix(' ').is_some_and(|rest| !rest.ends_with(BLANKS));
        match piece.kind {
            // Punctuation behind it.
            _ if !text[piece.end..next].trim_matches(BLANKS).is_empty() => break,
            TokenKind::Foreign(Role::BlockId) if piece.end == text.len() && is_joined_by_space => {
                block = &text[piece.at..];
                end = piece.at.saturating_sub(1);
            }
            TokenKind::Foreign(Role::Tasks) if is_joined_by_space => tasks = Some(piece.at),
            TokenKind::Foreign(Role::Tasks | Role::Tag) => {}
            _ => break,
        }
        next = piece.at;
    }
    match tasks {
        Some(at) => (text[..at].strip_suffix(' ').unwrap_or_default(), &text[at..end], block),
        None => (&text[..end], "", block),
    }
}

/// How fields are written.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fields<'a> {
    /// By which names; by their ids where there are none.
    pub(super) keys: Option<&'a FieldKeys>,
    /// Each on a line of its own, and not on the task's.
    pub(super) below: bool,
}

/// The fields of a task, each as it is written.
pub(super) fn fields_of<'a>(
    details: &'a LineDetails,
    keys: Option<&'a FieldKeys>,
) -> impl Iterator<Item = String> + 'a {
    let fields = details.fields.iter().filter(move |(key, _)| is_spellable(key, keys));
    fields.map(move |(key, value)| match keys {
        Some(keys) => keys.write(key, value),
        None => format!("[{key}:: {}]", characters::encode(value, SpellingContext::Value)),
    })
}

fn is_spellable(key: &str, keys: Option<&FieldKeys>) -> bool {
    is_field_id(key) || keys.is_some_and(|keys| keys.position(key).is_some())
}

/// Those at which Obsidian Tasks stops.
fn unknown_to_tasks(details: &LineDetails, fields: Fields<'_>) -> String {
    let mut line = String::new();
    for handle in details.assignees.iter().filter(|handle| is_handle(handle)) {
        push(&mut line, format_args!("@{handle}"));
    }
    if !fields.below {
        for field in fields_of(details, fields.keys) {
            push(&mut line, format_args!("{field}"));
        }
    }
    if let Some(time) = details.start_time.as_deref().filter(|time| is_time(time)) {
        push(&mut line, format_args!("[start-time:: {time}]"));
    }
    if let Some(time) = details.due_time.as_deref().filter(|time| is_time(time)) {
        push(&mut line, format_args!("[due-time:: {time}]"));
    }
    if let Some(zone) = details.zone.as_deref().filter(|zone| is_zone(zone)) {
        push(&mut line, format_args!("[zone:: {zone}]"));
    }
    line
}

/// Those that Obsidian Tasks knows.
fn days(details: &LineDetails) -> String {
    let mut line = String::new();
    if let Some(date) = details.start.as_deref().filter(|date| is_date(date)) {
        push(&mut line, format_args!("{START} {date}"));
    }
    if let Some(date) = details.due.as_deref().filter(|date| is_date(date)) {
        push(&mut line, format_args!("{DUE} {date}"));
    }
    line
}

fn push(line: &mut String, token: std::fmt::Arguments<'_>) {
    if !line.is_empty() {
        line.push(' ');
    }
    line.push_str(&token.to_string());
}

/// What a line says.
#[derive(Debug, Default)]
pub(super) struct Parts<'a> {
    /// Its words, and what Obsidian alone knows.
    pub(super) text: Cow<'a, str>,
    pub(super) details: LineDetails,
    /// What stands in the text as a detail would, not escaped and not where one is read: `@handle`,
    /// and the emoji of a day without a day.
    pub(super) strays: Vec<String>,
}

/// Parts a line, without blanks at its ends, into its text and its details.
///
/// # Errors
/// The reason, where a detail is there but is impossible or given twice.
pub(super) fn split<'a>(line: &'a str, keys: Option<&FieldKeys>) -> Result<Parts<'a>, String> {
    let mut parts = Parts { text: Cow::Borrowed(line), ..Parts::default() };
    if !may_hold_one(line) {
        return Ok(parts);
    }
    // What stands before, between and behind the details.
    let mut texts = vec![String::new()];
    let mut copied = 0;
    for piece in pieces(line, keys) {
        let TokenKind::Detail(token) = piece.kind else {
            if piece.kind == TokenKind::Word {
                find_strays(&line[piece.start..piece.end], keys, &mut parts.strays);
            }
            continue;
        };
        let is_escaped = piece.at > piece.start;
        let end = piece.at - usize::from(is_escaped);
        if let Some(text) = texts.last_mut() {
            text.push_str(&line[copied..end]);
        }
        copied = if is_escaped { piece.at } else { piece.end };
        if !is_escaped {
            parts.details.take(token)?;
            texts.push(String::new());
        }
    }
    if copied > 0 {
        if let Some(text) = texts.last_mut() {
            text.push_str(&line[copied..]);
        }
        parts.text = Cow::Owned(joined(&texts));
    }
    Ok(parts)
}

/// Joins what details have parted.
fn joined(texts: &[String]) -> String {
    let mut joined = String::new();
    for (number, text) in texts.iter().enumerate() {
        let (is_first, is_last) = (number == 0, number + 1 == texts.len());
        let trimmed = if is_first { text } else { trimmed_start(text) };
        let trimmed = if is_last { trimmed } else { trimmed_end(trimmed) };
        // A comma in a list of details is no text.
        if !is_first && !is_last && matches!(trimmed, "," | ";") {
            continue;
        }
        let is_glued = text.starts_with(PUNCTUATION);
        if !joined.is_empty() && !trimmed.is_empty() && !is_glued {
            joined.push(' ');
        }
        joined.push_str(trimmed);
    }
    joined
}

/// Without its outer blanks; other white space goes only where it stands in for them.
fn trimmed_end(text: &str) -> &str {
    let trimmed = text.trim_end_matches(BLANKS);
    if trimmed.len() < text.len() { trimmed } else { text.trim_end() }
}

/// As [`trimmed_end`], in front.
fn trimmed_start(text: &str) -> &str {
    let trimmed = text.trim_start_matches(BLANKS);
    if trimmed.len() < text.len() { trimmed } else { text.trim_start() }
}

/// Whether it is worth a look.
fn may_hold_one(text: &str) -> bool {
    // The first bytes of `📅`, `🛫` and their like, and of every foreign emoji that could end
    // behind one of ours: none of those is a detail.
    text.bytes().any(|byte| matches!(byte, b'@' | b'[' | b'(' | 0xf0))
}

/// Adds what in these words looks like a person, like a day without one, or like the start of a
/// field.
fn find_strays(words: &str, keys: Option<&FieldKeys>, strays: &mut Vec<String>) {
    let mut before = ' ';
    for (at, c) in words.char_indices() {
        let rest = &words[at + c.len_utf8()..];
        if c == '@' && before != '\\' && !before.is_alphanumeric() {
            strays.extend(handle_in_front(rest).map(|handle| format!("@{handle}")));
        }
        if c == '[' && before != '\\' {
            let begun = keys.and_then(|keys| keys.begun(rest));
            strays.extend(begun.map(|label| format!("[{label}")));
        }
        if matches!(c, DUE | START) && before != '\\' {
            strays.push(c.to_string());
        }
        before = c;
    }
}

impl LineDetails {
    /// Those that a line can spell: what is left is exactly what is read back.
    pub fn spellable(mut self, keys: Option<&FieldKeys>) -> Self {
        self.assignees.retain(|handle| is_handle(handle));
        self.fields.retain(|(key, _)| is_spellable(key, keys));
        for (slot, is_possible) in [
            (&mut self.start_time, is_time as fn(&str) -> bool),
            (&mut self.due_time, is_time),
            (&mut self.zone, is_zone),
            (&mut self.start, is_date),
            (&mut self.due, is_date),
        ] {
            slot.take_if(|value| !is_possible(value));
        }
        self
    }

    /// Takes up what a line of nothing but details says.
    pub(super) fn say(&mut self, line: &str, keys: Option<&FieldKeys>) -> Result<(), String> {
        for piece in pieces(line, keys) {
            if let TokenKind::Detail(token) = piece.kind {
                self.take(token)?;
            }
        }
        Ok(())
    }

    /// Takes up a token. They come in order.
    fn take(&mut self, token: DetailToken<'_>) -> Result<(), String> {
        match token {
            DetailToken::Assignee(handle) => self.assignees.push(handle.to_owned()),
            DetailToken::Field { key, value } => {
                self.fields.push((key.to_owned(), value.into_owned()))
            }
            DetailToken::StartTime(time) => {
                set(&mut self.start_time, "start time", time, is_time(time), TIME)?;
            }
            DetailToken::DueTime(time) => {
                set(&mut self.due_time, "due time", time, is_time(time), TIME)?;
            }
            DetailToken::Zone(zone) => set(&mut self.zone, "time zone", zone, is_zone(zone), ZONE)?,
            DetailToken::Start(date, time) => {
                set(&mut self.start, "start date", date, is_date(date), DATE)?;
                if let Some(time) = time {
                    set(&mut self.start_time, "start time", time, is_time(time), TIME)?;
                }
            }
            DetailToken::Due(date, time) => {
                set(&mut self.due, "due date", date, is_date(date), DATE)?;
                if let Some(time) = time {
                    set(&mut self.due_time, "due time", time, is_time(time), TIME)?;
                }
            }
            DetailToken::Wrong(reason) => return Err(reason),
        }
        Ok(())
    }
}

const DATE: &str = "write a day of the calendar as YYYY-MM-DD, such as 2026-03-09";
const TIME: &str = "write a time of the day as HH:MM, such as 09:30";
const ZONE: &str = "write a time zone as Area/City, such as Europe/London";

fn set(
    slot: &mut Option<String>,
    name: &str,
    value: &str,
    is_possible: bool,
    remedy: &str,
) -> Result<(), String> {
    if !is_possible {
        return Err(format!("`{value}` is no {name}; {remedy}"));
    }
    match slot.replace(value.to_owned()) {
        Some(before) if before != value => Err(format!(
            "a task has one {name}, and this line gives two, `{before}` and `{value}`; keep one"
        )),
        _ => Ok(()),
    }
}
