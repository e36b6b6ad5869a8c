//! What somebody meant by a line where the line alone does not say it, but what it was edited from
//! does. Pure.
//!
//! A save never takes away a detail whose very token is still on the line: it is read, or the save
//! is refused.

use std::collections::HashSet;

use crate::{
    document::{Line, LineDetails},
    plan::{Details, Outline},
    text::{
        details::{to_line, to_line_by_ids},
        fields::FieldView,
    },
};

/// The people that the project's lines show.
pub(crate) fn people(base: &Outline) -> HashSet<String> {
    let people = base.items.iter().filter(|item| !item.details.is_unknown());
    people.flat_map(|item| to_line_by_ids(&item.details).assignees).collect()
}

/// What a line says of a task of this text and these details before: its text and its details.
/// `known` are the people of the project that were seen.
///
/// # Errors
/// The reason, where a detail is gone whose token is still there.
pub(crate) fn meant(
    before: Option<&str>,
    details: &Details,
    line: &Line,
    known: &HashSet<String>,
    view: Option<&FieldView>,
) -> Result<(String, LineDetails), String> {
    let (mut text, mut says) = (line.text.clone(), line.details.clone());
    for handle in &mut says.assignees {
        if let Some(known) = known_as(handle, known) {
            *handle = known;
        }
    }
    let (Some(before), false) = (before, line.strays.is_empty()) else { return Ok((text, says)) };
    let was = to_line(details, view);
    let is_new = |token: &str| {
        let now = line.strays.iter().filter(|stray| stray.eq_ignore_ascii_case(token)).count();
        now > mentions(before, token)
    };
    let gone = |says: &LineDetails| -> Vec<String> {
        let people = was.assignees.iter().filter(|handle| !says.assignees.contains(handle));
        people.filter(|handle| is_new(&format!("@{handle}"))).cloned().collect()
    };
    let people = gone(&says);
    // Words typed behind the line as it was served.
    if let Some(rest) = behind(before, &people, &text) {
        text = match before {
            "" => rest.to_owned(),
            _ => format!("{before} {rest}"),
        };
        says.assignees.splice(..0, people.clone());
    } else if let Some(handle) = people.first() {
        return Err(format!(
            "`@{handle}` stands in the middle of the text; write it at the end of the line, or \
             `\\@{handle}` to keep it as text alone"
        ));
    }
    let has_field = |says: &LineDetails, id: &str| says.fields.iter().any(|(known, _)| known == id);
    let is_left = |id: &String| is_new(id) || is_new(&format!("[{id}"));
    let field = was.fields.iter().find(|(id, _)| !has_field(&says, id) && is_left(id));
    if let Some((id, value)) = field {
        return Err(format!(
            "`{id}` is no field where it stands; write `[{id}:: {value}]`, or `\\{id}` to keep it \
             as text alone"
        ));
    }
    for (emoji, was, is) in [("🛫", &was.start, &says.start), ("📅", &was.due, &says.due)] {
        if let (Some(day), None) = (was, is)
            && is_new(emoji)
        {
            return Err(format!(
                "`{emoji}` has no day behind it; write `{emoji} {day}`, or delete it to take the \
                 day away"
            ));
        }
    }
    Ok((text, says))
}

/// The one known person whom a handle differs from in nothing but upper and lower case.
pub(crate) fn known_as(handle: &str, known: &HashSet<String>) -> Option<String> {
    if known.contains(handle) {
        return None;
    }
    let mut like = known.iter().filter(|known| known.to_lowercase() == handle.to_lowercase());
    like.next().filter(|_| like.next().is_none()).cloned()
}

/// How often a text has this token.
pub(crate) fn mentions(text: &str, token: &str) -> usize {
    text.to_lowercase().matches(&token.to_lowercase()).count()
}

/// The words behind a line that had this text and these people.
pub(crate) fn behind<'a>(before: &str, people: &[String], text: &'a str) -> Option<&'a str> {
    let mut rest = text.strip_prefix(before)?;
    let mut left: Vec<&String> = people.iter().collect();
    while !left.is_empty() {
        let word = rest.trim_start().split(char::is_whitespace).next()?;
        let at = left.iter().position(|handle| word.strip_prefix('@') == Some(handle.as_str()))?;
        left.remove(at);
        rest = &rest.trim_start()[word.len()..];
    }
    (!people.is_empty()).then_some(rest.trim())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::meant;
    use crate::document::LineDetails;
    use crate::document::ParseOptions;
    use crate::document::parse;
    use crate::plan::Details;
    use crate::text::details::apply_line_by_ids;

    fn says(before: &str, typed: &str) -> Result<(String, LineDetails), String> {
        let read = |text: &str| {
            parse(format!("- [ ] {text}\n").as_bytes(), &ParseOptions::default()).unwrap().remove(0)
        };
        let was = read(before);
        let details = apply_line_by_ids(&Details::none(), &was.details).unwrap();
        let known: HashSet<String> = was.details.assignees.iter().cloned().collect();
        meant(Some(&was.text), &details, &read(typed), &known, None)
    }

    #[test]
    fn words_typed_behind_people_are_more_of_the_text() {
        for (before, typed, text) in [
            ("a @bob", "a @bob call him", "a call him"),
            ("a @bob @alice", "a @bob @alice call", "a call"),
            ("@bob", "@bob call", "call"),
            ("ask @bob now @bob", "ask @bob now @bob please", "ask @bob now please"),
        ] {
            let (read, says) = says(before, typed).unwrap();
            assert_eq!(read, text, "{typed}");
            assert!(says.assignees.contains(&"bob".to_owned()), "{typed}");
        }
    }

    #[test]
    fn a_token_that_is_still_there_is_read_or_refused() {
        for (before, typed, reason) in [
            ("a @bob", "ask @bob to a", "`@bob` stands in the middle"),
            ("a @bob", "a @bob's", "`@bob` stands in the middle"),
            ("a [@f1:: 5]", "a @f1: 5 b", "write `[@f1:: 5]`"),
            ("a 📅 2026-12-01", "a 📅 tomorrow", "write `📅 2026-12-01`"),
            ("a 🛫 2026-11-28 📅 2026-12-01", "a 🛫 📅 2026-12-01", "write `🛫 2026-11-28`"),
        ] {
            let error = says(before, typed).unwrap_err();
            assert!(error.contains(reason), "{typed}: {error}");
        }
    }

    #[test]
    fn what_is_really_taken_away_is_taken_away() {
        for (before, typed) in [
            ("ask @bob now @bob", "ask @bob now"),
            ("a @bob", "a \\@bob"),
            ("a @bob", "a"),
            ("a 📅 2026-12-01", "a \\📅 2026-12-01"),
            ("see 📅 there 📅 2026-12-01", "see 📅 there"),
        ] {
            let (_, says) = says(before, typed).unwrap();
            assert_eq!(says, LineDetails::default(), "{typed}");
        }
    }

    #[test]
    fn a_known_person_is_known_in_any_case() {
        let (_, says) = says("a @bob", "b @Bob").unwrap();
        assert_eq!(says.assignees, ["bob"]);
    }
}
