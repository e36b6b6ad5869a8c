//! The names that a project's fields go by on a line, and how a name and a value are spelled
//! between brackets.
//!
//! A bracket, a backslash and the first colon of `::` get a backslash; what a line cannot hold is
//! spelled as in a text. A text gets a backslash in front of whatever looks like a field, and that
//! one must not make a field of what stands before it: `[a [b:: c]` is written `[a \[b:: c]`, so a
//! field of the name `a [b` is not (its bracket is `&#91;`). For the same reason a name with escapes
//! in it counts only as it is written here, and a value with an escaped bracket holds no `::` behind.

use std::{borrow::Cow, collections::HashMap};

use super::{
    BLANKS,
    characters::{SpellingContext, spelling},
};
use crate::model::FieldSchema;

/// What stands for a line feed.
const NEWLINE: char = '⏎';

/// Bytes of the longest key that is taken for that of a field although there is none of it.
const LONGEST_UNKNOWN: usize = 80;

/// How many names a message tells.
const MOST_TOLD: usize = 20;

/// The names of a project's fields: each its own, and none that means something else.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldKeys {
    labels: Vec<String>,
    by_label: HashMap<String, usize>,
    /// As they are written.
    written: Vec<String>,
    by_written: HashMap<String, usize>,
    /// Bytes of the longest key that is looked for.
    longest: usize,
    by_id: HashMap<String, usize>,
    /// By their lower case; `None` where several have it.
    by_lower: HashMap<String, Option<usize>>,
}

impl FieldKeys {
    /// The names of these fields: the name that a field was given, its id where it has none, and the
    /// id behind a name that is another field's already or that is a detail's.
    pub fn of(schema: &FieldSchema) -> Self {
        let mut keys = Self::default();
        for field in &schema.fields {
            let name = field.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
            let mut label = name.unwrap_or(field.id.trim()).to_owned();
            // Another field's id is no name for this one.
            let is_others = |label: &str| {
                let is_id = is_field_id(label) || schema.find(label).is_some();
                KEYS.contains(&label) || (is_id && label != field.id)
            };
            while label.is_empty() || is_others(&label) || keys.by_label.contains_key(&label) {
                label = format!("{label} ~{}", field.id).trim().to_owned();
            }
            keys.push(&field.id, label);
        }
        keys.written = keys.labels.iter().map(|label| keys.encode_key(label)).collect();
        let written = keys.written.iter().cloned().zip(0..);
        keys.by_written = written.collect();
        let spelled = keys.written.iter().chain(keys.by_id.keys()).map(String::len);
        keys.longest = spelled.max().unwrap_or(0).max(LONGEST_UNKNOWN);
        keys
    }

    fn push(&mut self, id: &str, label: String) {
        let at = self.labels.len();
        self.by_id.entry(id.to_owned()).or_insert(at);
        let lower = self.by_lower.entry(label.to_lowercase());
        lower.and_modify(|found| *found = None).or_insert(Some(at));
        self.by_label.insert(label.clone(), at);
        self.labels.push(label);
    }

    /// What a field is called on a line.
    pub fn label(&self, id: &str) -> Option<&str> {
        self.by_id.get(id).map(|at| self.labels[*at].as_str())
    }

    /// Where among the fields the one is that is called so.
    pub fn position(&self, label: &str) -> Option<usize> {
        self.by_label.get(label).copied()
    }

    /// What a field is called here whose key is written so. One with escapes counts only as it is
    /// written here.
    pub(super) fn exactly(&self, key: &str) -> Option<&str> {
        self.by_written.get(key).map(|at| self.labels[*at].as_str())
    }

    /// The field that somebody means by a key that is no name as it stands: by its id, or by its
    /// name in other letters.
    pub(super) fn resembling(&self, key: &str) -> Option<&str> {
        let by_lower = || self.by_lower.get(&key.to_lowercase()).copied().flatten();
        self.by_id.get(key).copied().or_else(by_lower).map(|at| self.labels[at].as_str())
    }

    /// A field as it stands on a line.
    pub(super) fn write(&self, label: &str, value: &str) -> String {
        let key = self.position(label).map_or(label, |at| &self.written[at]);
        format!("[{key}:: {}]", encode_value(value, self))
    }

    fn encode_key(&self, label: &str) -> String {
        let encoded = encode(label, &|behind| {
            self.by_label.contains_key(behind.trim()) || !behind.contains(['[', ']', '\\'])
        });
        match encoded.strip_suffix(':') {
            Some(rest) => format!("{rest}\\:"),
            None => encoded,
        }
    }

    /// Why a field that is called so is none.
    pub fn no_field(&self, key: &str) -> String {
        no_field(key, self.labels.iter().map(String::as_str))
    }

    /// The name that a text begins with behind a bracket, as one does that was to be a field.
    pub(super) fn begun(&self, inside: &str) -> Option<&str> {
        let (key, _) = inside.split_once([':', ']', '[', '\n'])?;
        let key = key.trim();
        match self.by_label.get_key_value(key) {
            Some((label, _)) => Some(label),
            None => self.by_lower.get(&key.to_lowercase())?.map(|at| self.labels[at].as_str()),
        }
    }
}

/// Why a field that is called so is none in a project that has these.
pub fn no_field<'a>(key: &str, labels: impl ExactSizeIterator<Item = &'a str>) -> String {
    let count = labels.len();
    let some: Vec<_> = labels.take(MOST_TOLD).map(|label| format!("`{label}`")).collect();
    let there = match count - some.len() {
        _ if count == 0 => "none; write".to_owned(),
        0 => format!("{}; write one of these, or", some.join(", ")),
        more => format!("{} and {more} more; write one of these, or", some.join(", ")),
    };
    format!("`{key}` is no field of this project, which has {there} `\\[` to make it text")
}

fn encode_value(value: &str, keys: &FieldKeys) -> String {
    encode(value, &|behind| {
        !behind.contains(['[', ']']) && misspelled(&format!("[{behind}]"), Some(keys)).is_some()
    })
}

/// Spells a name or a value. Inverse: [`decode`]. `is_mistakable` tells what must not stand behind a
/// backslash and an opening bracket.
fn encode(text: &str, is_mistakable: &dyn Fn(&str) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let rest = &text[at + c.len_utf8()..];
        let is_outermost = at == 0 || rest.is_empty();
        match c {
            '\n' => out.push(NEWLINE),
            '[' if is_mistakable(rest) => push_spelling(&mut out, c),
            '\\' | '[' | ']' | NEWLINE => out.extend(['\\', c]),
            ':' if rest.starts_with(':') => out.push_str("\\:"),
            '&' if spelling(&text[at..], SpellingContext::Value).is_some() => out.push_str("\\&"),
            ' ' | '\t' if !is_outermost => out.push(c),
            ' ' | '\u{2028}' | '\u{2029}' => push_spelling(&mut out, c),
            _ if c.is_control() => push_spelling(&mut out, c),
            _ => out.push(c),
        }
    }
    out
}

fn push_spelling(out: &mut String, c: char) {
    out.push_str(&format!("&#{};", u32::from(c)));
}

/// Reads a value. A backslash in front of anything else is itself.
pub(super) fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains(['\\', '&', NEWLINE]) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let escaped = rest.strip_prefix('\\').and_then(|rest| rest.chars().next());
        let is_escapable = |c: &char| matches!(c, '\\' | '[' | ']' | ':' | '&' | &NEWLINE);
        if let Some(escaped) = escaped.filter(is_escapable) {
            out.push(escaped);
            rest = &rest[1 + escaped.len_utf8()..];
        } else if let Some((spelled, length)) = spelling(rest, SpellingContext::Value) {
            out.push(spelled);
            rest = &rest[length..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    Cow::Owned(out)
}

/// The length of `[key:: value]` that the text begins with, its key and its value, neither of them
/// read yet.
pub(super) fn inline<'a>(text: &'a str, keys: &FieldKeys) -> Option<(usize, &'a str, &'a str)> {
    let inside = text.strip_prefix('[')?;
    let near = &inside[..inside.floor_char_boundary(keys.longest + 4)];
    let colons = unescaped(near, |rest| rest.starts_with("::") || rest.starts_with(['[', ']']))?;
    let value = inside[colons..].strip_prefix("::")?;
    let mut holds_bracket = false;
    let end = unescaped(value, |rest| {
        holds_bracket |= rest.starts_with("\\[");
        rest.starts_with(['[', ']']) || (holds_bracket && rest.starts_with("::"))
    })?;
    let (key, behind) = (inside[..colons].trim(), &value[end..]);
    let mut brackets = value[..end].match_indices("\\[");
    let is_misspelled = |(at, _)| misspelled(&value[at + 1..], Some(keys)).is_some();
    if key.is_empty() || !behind.starts_with(']') || brackets.any(is_misspelled) {
        return None;
    }
    Some((1 + colons + 2 + end + 1, key, value[..end].trim_matches(BLANKS)))
}

/// Where the first thing is that no backslash stands in front of.
fn unescaped(text: &str, mut is_it: impl FnMut(&str) -> bool) -> Option<usize> {
    let mut is_escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let found = !is_escaped && is_it(&text[at..]);
        is_escaped = c == '\\' && !is_escaped;
        found.then_some(at)
    })
}

/// `[due: 2026-12-01]`, with one colon, where what follows is no prose: its length, key and value.
pub(super) fn misspelled<'a>(
    text: &'a str,
    keys: Option<&FieldKeys>,
) -> Option<(usize, &'a str, &'a str)> {
    let (length, inside) = bracketed(text)?;
    if keys.is_some() && inside.contains('\\') {
        return None;
    }
    let (key, value) = inside.split_once(':').filter(|(_, value)| !value.starts_with(':'))?;
    let (key, value) = (key.trim(), value.trim());
    let is_named =
        |keys: &FieldKeys| keys.position(key).is_some() || keys.resembling(key).is_some();
    let is_meant = is_field_id(key)
        || keys.is_some_and(is_named)
        || (KEYS.iter().any(|known| known.eq_ignore_ascii_case(key))
            && value.starts_with(|c: char| c.is_ascii_digit()));
    is_meant.then_some((length, key, value))
}

/// What is between the brackets that the text begins with, none inside, and the length of both.
pub(super) fn bracketed(text: &str) -> Option<(usize, &str)> {
    let (inside, close) = match text.as_bytes().first()? {
        b'[' => (&text[1..], ']'),
        b'(' => (&text[1..], ')'),
        _ => return None,
    };
    let ends = |c: char| matches!(c, '[' | ']') || (close == ')' && matches!(c, '(' | ')'));
    let end = inside.find(ends)?;
    inside[end..].starts_with(close).then(|| (end + 2, &inside[..end]))
}

/// The keys of details, as we write them.
pub(super) const KEYS: [&str; 5] = ["start-time", "due-time", "zone", "start", "due"];

pub(super) fn is_field_id(text: &str) -> bool {
    text.strip_prefix('@').is_some_and(|id| {
        !id.is_empty()
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    })
}
