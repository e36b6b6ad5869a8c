//! Values of options, and how they are read.

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use clap::{
    ValueEnum,
    builder::{OsStringValueParser, StringValueParser, TypedValueParser},
};
use jiff::civil::Date;

use crate::{
    api::{DEFAULT_API_URL, TaskResource},
    document::Markers,
    sync::{ContentTypeChoice, FieldPlacement},
};

/// `--content-type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ContentTypeArg {
    /// Plain, but Markdown where a text has characters that Markdown gives a meaning
    #[default]
    Auto,
    /// Always text/plain
    Plain,
    /// Always text/markdown
    Markdown,
}

impl From<ContentTypeArg> for ContentTypeChoice {
    fn from(choice: ContentTypeArg) -> Self {
        match choice {
            ContentTypeArg::Auto => ContentTypeChoice::Auto,
            ContentTypeArg::Plain => ContentTypeChoice::Plain,
            ContentTypeArg::Markdown => ContentTypeChoice::Markdown,
        }
    }
}

/// `--markers`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum MarkersArg {
    /// Each line's own: bullets, numbers, headings and paragraphs as Taskade has them
    #[default]
    Auto,
    /// `- [ ]` everywhere
    Tasks,
}

impl From<MarkersArg> for Markers {
    fn from(choice: MarkersArg) -> Self {
        match choice {
            MarkersArg::Auto => Markers::Auto,
            MarkersArg::Tasks => Markers::Tasks,
        }
    }
}

/// `--fields`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum FieldsArg {
    /// On the task's line in a project of up to four fields, below it in one of more
    #[default]
    Auto,
    /// On the task's line
    Line,
    /// Each on a line of its own below the task
    Below,
    /// Only those that were asked for or set here, by their ids
    None,
}

impl From<FieldsArg> for FieldPlacement {
    fn from(choice: FieldsArg) -> Self {
        match choice {
            FieldsArg::Auto => FieldPlacement::Auto,
            FieldsArg::Line => FieldPlacement::Line,
            FieldsArg::Below => FieldPlacement::Below,
            FieldsArg::None => FieldPlacement::None,
        }
    }
}

/// The URL of the API, without a slash at its end. A variable that is set to nothing is as good as not set.
pub(crate) fn api_url(given: &str) -> &str {
    let given = given.trim_end_matches('/');
    if given.is_empty() { DEFAULT_API_URL } else { given }
}

/// Reads the name of an account, which is a word in messages and commands.
pub(crate) fn account(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    match !text.is_empty() && text.chars().all(is_plain) && !text.starts_with('-') {
        true => Ok(text.to_owned()),
        false => Err("letters, digits and -_.@ only".to_owned()),
    }
}

/// Reads seconds, which may have a fraction.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "not a length of time".to_owned())
}

/// Reads days, which may have a fraction.
pub(crate) fn days(text: &str) -> Result<Duration, String> {
    let days: f64 = text.parse().map_err(|_| "not a number of days".to_owned())?;
    Duration::try_from_secs_f64(days * 86_400.0).map_err(|_| "not a length of time".to_owned())
}

/// Kinds of details.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Resources(pub(crate) Vec<TaskResource>);

/// Reads kinds of details, separated by `,` or `+`. Lists of options are split at commas.
pub(crate) fn details(text: &str) -> Result<Resources, String> {
    let mut resources = BTreeSet::new();
    for name in text.split([',', '+']).map(str::trim).filter(|name| !name.is_empty()) {
        match name {
            "dates" => drop(resources.insert(TaskResource::Date)),
            "assignees" | "people" => drop(resources.insert(TaskResource::Assignees)),
            "notes" => drop(resources.insert(TaskResource::Note)),
            "fields" => drop(resources.insert(TaskResource::Fields)),
            "all" => resources.extend(TaskResource::DETAILS),
            _ => return Err("not one of dates, assignees, notes, fields and all".to_owned()),
        }
    }
    Ok(Resources(resources.into_iter().collect()))
}

/// Reads a path, which may be empty: a variable that is set to nothing is as good as not set.
pub(crate) fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// What stands before a text that begins with a dash, so that it is taken for no option: what no argument
/// of a program can hold.
pub(crate) const TEXT_MARK: &str = "\0";

/// Reads a text, which may be marked as one.
pub(crate) fn text() -> impl TypedValueParser<Value = String> {
    StringValueParser::new()
        .map(|text| text.strip_prefix(TEXT_MARK).map(str::to_owned).unwrap_or(text))
}

/// Reads a path, in whose place there may be a text that is marked as one.
pub(crate) fn path_or_text() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(|given| {
        let text = given.to_str().and_then(|given| given.strip_prefix(TEXT_MARK));
        text.map(PathBuf::from).unwrap_or_else(|| given.into())
    })
}

/// Reads a user, by number or by name.
pub(crate) fn user(text: &str) -> Result<u32, String> {
    numbered_in("/etc/passwd", text).ok_or_else(|| "no user of this machine".to_owned())
}

/// Reads a group, by number or by name.
pub(crate) fn group(text: &str) -> Result<u32, String> {
    numbered_in("/etc/group", text).ok_or_else(|| "no group of this machine".to_owned())
}

/// A number, or the one that a table such as passwd(5) has for a name.
fn numbered_in(table: &str, text: &str) -> Option<u32> {
    text.parse().ok().or_else(|| {
        let table = std::fs::read_to_string(table).ok()?;
        let mut lines = table.lines().map(|line| line.split(':'));
        lines.find_map(|mut line| {
            line.next().filter(|name| *name == text).and(line.nth(1)?.parse().ok())
        })
    })
}

/// Reads a day of the calendar.
pub(crate) fn day(text: &str) -> Result<Date, String> {
    crate::agenda::parsed_day(text)
        .ok_or_else(|| "not a day of the calendar as YYYY-MM-DD".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{details, seconds};
    use crate::api::TaskResource;

    #[test]
    fn kinds_of_details_are_separated_by_commas_or_in_lists_by_plus() {
        let both = vec![TaskResource::Date, TaskResource::Note];
        for text in ["dates,notes", "notes+dates", " dates , notes,dates"] {
            assert_eq!(details(text).unwrap().0, both, "{text}");
        }
        assert_eq!(details("all,dates").unwrap().0, TaskResource::DETAILS);
        assert_eq!(details("").unwrap().0, []);
        assert!(details("dates,due").is_err());
    }

    #[test]
    fn seconds_may_have_a_fraction_but_no_sign() {
        assert_eq!(seconds("0.25").unwrap().as_millis(), 250);
        assert!(seconds("-1").is_err() && seconds("x").is_err() && seconds("NaN").is_err());
    }
}
