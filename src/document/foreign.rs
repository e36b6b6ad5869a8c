//! What the Obsidian plugins Tasks and Dataview, and Obsidian itself, write on a line and Taskade
//! does not know. It is part of the text; knowing where it ends tells what stands before it.

/// What a token is to Obsidian Tasks, which reads a line from its end and stops at the first thing
/// that it does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// An emoji of Tasks, with what belongs to it.
    Tasks,
    /// `#tag`, which Tasks reads past.
    Tag,
    /// `^id` of Obsidian, which counts only as the last word of a line.
    BlockId,
    /// `[k:: v]`, `(k:: v)` and `%%comment%%`, at which Tasks stops.
    Other,
}

/// Emojis with a day behind them.
const DATED: [char; 5] = ['✅', '➕', '❌', '⏳', '⌛'];
/// Emojis that stand alone: priorities.
const ALONE: [char; 5] = ['🔺', '⏫', '🔼', '🔽', '⏬'];
/// Asks for the coloured form of the character before it.
pub(super) const VARIATION_SELECTOR: char = '\u{fe0f}';

/// The length of the token that the text begins with, and its role. Inline fields are not among
/// them: they are told from ours first.
pub(super) fn token(text: &str) -> Option<(usize, Role)> {
    let first = text.chars().next()?;
    let rest = &text[first.len_utf8()..];
    let found = |rest: &str, role| Some((text.len() - rest.len(), role));
    match first {
        '#' => {
            let after = rest.trim_start_matches(is_tag);
            (after.len() < rest.len() && ends_word(after))
                .then(|| (text.len() - after.len(), Role::Tag))
        }
        '^' => {
            let after = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '-');
            let is_id = after.len() < rest.len() && ends_word(after);
            is_id.then(|| (text.len() - after.len(), Role::BlockId))
        }
        '%' => {
            let inside = rest.strip_prefix('%')?;
            let end = inside.find(is_no_comment)?;
            found(inside[end..].strip_prefix("%%")?, Role::Other)
        }
        _ if DATED.contains(&first) => found(day(unselected(rest).trim_start())?, Role::Tasks),
        _ if ALONE.contains(&first) => found(unselected(rest), Role::Tasks),
        '🔁' => {
            let rest = unselected(rest);
            let rule = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | ',' | '!');
            let after = rest.trim_start_matches(rule);
            let said = rest[..rest.len() - after.len()].trim_end();
            (!said.is_empty()).then(|| (text.len() - rest.len() + said.len(), Role::Tasks))
        }
        '🏁' => {
            found(word(unselected(rest).trim_start(), |c| c.is_ascii_alphabetic())?, Role::Tasks)
        }
        '🆔' => found(word(unselected(rest).trim_start(), is_id)?, Role::Tasks),
        '⛔' => {
            let mut after = word(unselected(rest).trim_start(), is_id)?;
            while let Some(next) = after.trim_start().strip_prefix(',')
                && let Some(next) = word(next.trim_start(), is_id)
            {
                after = next;
            }
            found(after, Role::Tasks)
        }
        _ => None,
    }
}

/// Whether a word ends here.
pub(super) fn ends_word(rest: &str) -> bool {
    rest.chars().next().is_none_or(char::is_whitespace)
}

/// The text without the selector that it may begin with.
pub(super) fn unselected(text: &str) -> &str {
    text.strip_prefix(VARIATION_SELECTOR).unwrap_or(text)
}

/// What is behind a day.
fn day(text: &str) -> Option<&str> {
    let (day, rest) = text.split_at_checked(10)?;
    let digits =
        |range: std::ops::Range<usize>| day.as_bytes()[range].iter().all(u8::is_ascii_digit);
    let is_day = digits(0..4) && digits(5..7) && digits(8..10);
    (is_day && day.as_bytes()[4] == b'-' && day.as_bytes()[7] == b'-').then_some(rest)
}

/// What is behind a word of these characters, at least one.
fn word(text: &str, is_part: impl Fn(char) -> bool) -> Option<&str> {
    let rest = text.trim_start_matches(is_part);
    (rest.len() < text.len()).then_some(rest)
}

fn is_id(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

fn is_tag(c: char) -> bool {
    !c.is_whitespace() && !r#"#!@$%^&*(),.?":{}|<>[]\"#.contains(c)
}

/// What ends a comment, or may begin a detail: nothing that could be one is hidden in a comment.
fn is_no_comment(c: char) -> bool {
    matches!(c, '%' | '[' | ']' | '(' | ')' | '@' | '📅' | '📆' | '🗓' | '🛫')
}
