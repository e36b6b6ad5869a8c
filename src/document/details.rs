//! Details at the end of a line: how they are written, read, and told from text.
//!
//! Only what ends a line is a detail. A text that ends with something that would be read as
//! one, after `k >= 0` backslashes, is written with `k + 1` of them; reading takes one away
//! and looks no further, so what stands before needs no escape.

use std::borrow::Cow;

use super::{
    BLANKS, Details,
    calendar::{is_date, is_time, is_zone},
    characters::{self, Place, backslashes_before},
};

const DUE: char = '📅';
const START: char = '🛫';
/// Read as [`DUE`], never written.
const DUE_LOOKALIKES: [char; 2] = ['📆', '🗓'];
/// Asks for the coloured form of the character before it.
const VARIATION_SELECTOR: char = '\u{fe0f}';

/// Adds the backslash that a text needs if it ends like a detail. Inverse: the text of
/// [`split`].
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    match last_token(text) {
        None => Cow::Borrowed(text),
        Some((at, _)) => Cow::Owned(format!("{}\\{}", &text[..at], &text[at..])),
    }
}

/// Appends the details to an escaped text, in canonical order. What the grammar cannot spell
/// is left out.
pub(super) fn append(line: &mut String, details: &Details) {
    let mut push = |token: std::fmt::Arguments<'_>| {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&token.to_string());
    };
    for handle in details.assignees.iter().filter(|handle| is_handle(handle)) {
        push(format_args!("@{handle}"));
    }
    for (id, value) in details.fields.iter().filter(|(id, _)| is_field_id(id)) {
        push(format_args!("[{id}:: {}]", characters::encode(value, Place::Value)));
    }
    if let Some(time) = details.start_time.as_deref().filter(|time| is_time(time)) {
        push(format_args!("[start-time:: {time}]"));
    }
    if let Some(time) = details.due_time.as_deref().filter(|time| is_time(time)) {
        push(format_args!("[due-time:: {time}]"));
    }
    if let Some(zone) = details.zone.as_deref().filter(|zone| is_zone(zone)) {
        push(format_args!("[zone:: {zone}]"));
    }
    if let Some(date) = details.start.as_deref().filter(|date| is_date(date)) {
        push(format_args!("{START} {date}"));
    }
    if let Some(date) = details.due.as_deref().filter(|date| is_date(date)) {
        push(format_args!("{DUE} {date}"));
    }
}

/// Parts a line, without white space at its end, from the details that end it.
///
/// # Errors
/// The reason, where a detail is there but is impossible or given twice.
pub(super) fn split(line: &str) -> Result<(Cow<'_, str>, Details), String> {
    let mut details = Details::default();
    let mut rest = line;
    let text = loop {
        let Some((at, token)) = last_token(rest) else { break Cow::Borrowed(rest) };
        if backslashes_before(rest, at) > 0 {
            break Cow::Owned(format!("{}{}", &rest[..at - 1], &rest[at..]));
        }
        details.take(token)?;
        rest = rest[..at].trim_end_matches(BLANKS);
    };
    details.assignees.reverse();
    details.fields.reverse();
    Ok((text, details))
}

/// What ends a line, not yet checked.
#[derive(Debug, Clone, Copy)]
enum Token<'a> {
    Assignee(&'a str),
    Field { id: &'a str, value: &'a str },
    StartTime(&'a str),
    DueTime(&'a str),
    Zone(&'a str),
    Start(&'a str),
    Due(&'a str),
}

/// The token that ends the text, and where it begins, behind any backslashes.
fn last_token(text: &str) -> Option<(usize, Token<'_>)> {
    match text.bytes().next_back()? {
        b']' => last_bracket(text),
        b'0'..=b'9' => last_date(text).or_else(|| last_handle(text)),
        _ => last_handle(text),
    }
}

fn last_handle(text: &str) -> Option<(usize, Token<'_>)> {
    let word = text.rsplit(BLANKS).next()?;
    let handle = word.trim_start_matches('\\').strip_prefix('@')?;
    is_handle(handle).then(|| (text.len() - handle.len() - 1, Token::Assignee(handle)))
}

/// `[key:: value]` of a known key. Values hold no brackets, so the last `[` is the opening one.
fn last_bracket(text: &str) -> Option<(usize, Token<'_>)> {
    let inside = text.strip_suffix(']')?;
    let at = inside.rfind(['[', ']'])?;
    let (key, value) = inside[at..].strip_prefix('[')?.split_once("::")?;
    let value = value.trim_matches(BLANKS);
    let token = match key {
        "start-time" => Token::StartTime(value),
        "due-time" => Token::DueTime(value),
        "zone" => Token::Zone(value),
        "start" => Token::Start(value),
        "due" => Token::Due(value),
        id if is_field_id(id) => Token::Field { id, value },
        _ => return None,
    };
    Some((at, token))
}

/// An emoji and what looks like a date, padded or not, possible or not.
fn last_date(text: &str) -> Option<(usize, Token<'_>)> {
    let before = text.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-');
    let date = &text[before.len()..];
    let numbers = || date.split('-');
    if numbers().count() != 3 || numbers().any(str::is_empty) {
        return None;
    }
    let before = before.trim_end_matches(BLANKS);
    let before = before.strip_suffix(VARIATION_SELECTOR).unwrap_or(before);
    let (at, emoji) = before.char_indices().next_back()?;
    match emoji {
        START => Some((at, Token::Start(date))),
        _ if emoji == DUE || DUE_LOOKALIKES.contains(&emoji) => Some((at, Token::Due(date))),
        _ => None,
    }
}

impl Details {
    /// Those that a line can spell: what is left is exactly what is read back.
    pub fn spellable(mut self) -> Self {
        self.assignees.retain(|handle| is_handle(handle));
        self.fields.retain(|(id, _)| is_field_id(id));
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

    /// Takes up a token. They come last first.
    fn take(&mut self, token: Token<'_>) -> Result<(), String> {
        match token {
            Token::Assignee(handle) => self.assignees.push(handle.to_owned()),
            Token::Field { id, value } => {
                let value = characters::decode(value, Place::Value).into_owned();
                self.fields.push((id.to_owned(), value));
            }
            Token::StartTime(time) => {
                set(&mut self.start_time, "start time", time, is_time(time), TIME)?;
            }
            Token::DueTime(time) => {
                set(&mut self.due_time, "due time", time, is_time(time), TIME)?;
            }
            Token::Zone(zone) => set(&mut self.zone, "time zone", zone, is_zone(zone), ZONE)?,
            Token::Start(date) => set(&mut self.start, "start date", date, is_date(date), DATE)?,
            Token::Due(date) => set(&mut self.due, "due date", date, is_date(date), DATE)?,
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
        None => Ok(()),
        Some(_) => Err(format!("a task has one {name}, and this line gives two; keep one")),
    }
}

fn is_handle(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn is_field_id(text: &str) -> bool {
    text.strip_prefix('@').is_some_and(|id| {
        !id.is_empty()
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    })
}
