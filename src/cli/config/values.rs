//! A value of the config file: of the right type, and one that the command line would take.

use std::{env, error::Error as _, path::PathBuf};

use clap::{
    Arg, Command,
    error::{ContextKind, ContextValue, ErrorKind},
};
use toml::de::DeValue;

use super::keys::{Kind, kind};

use crate::api::check_url;

/// The value of an option, as the command line has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Switch(bool),
    Text(String),
}

/// Reads the value of an option.
///
/// # Errors
/// What is wrong with it, in words that follow its name.
pub(super) fn read(command: &Command, option: &Arg, value: &DeValue<'_>) -> Result<Value, String> {
    let text = match (kind(option), value) {
        (Kind::Switch, DeValue::Boolean(is_on)) => return Ok(Value::Switch(*is_on)),
        (Kind::Switch, _) => return Err(wrong("true or false", value)),
        (Kind::Number, DeValue::Integer(number)) => number.to_string(),
        (Kind::Number, DeValue::Float(number)) => number.to_string(),
        (Kind::Number, _) => return Err(wrong("a number", value)),
        (Kind::List, DeValue::Array(items)) => list(items)?,
        (Kind::Path, DeValue::String(path)) => absolute(path)?.display().to_string(),
        (Kind::List | Kind::Text, DeValue::String(text)) => text.to_string(),
        (Kind::List, _) => return Err(wrong("text or a list of texts", value)),
        (Kind::Path | Kind::Text, _) => return Err(wrong("text in quotes", value)),
    };
    check(command, option, &text)?;
    Ok(Value::Text(text))
}

fn wrong(wanted: &str, value: &DeValue<'_>) -> String {
    format!("takes {wanted}, and this is {}", type_of(value))
}

fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn list(items: &toml::de::DeArray<'_>) -> Result<String, String> {
    let texts = items.iter().map(|item| match item.get_ref() {
        DeValue::String(text) => Ok(text.as_ref()),
        other => Err(wrong("a list of texts", other)),
    });
    Ok(texts.collect::<Result<Vec<_>, _>>()?.join(","))
}

/// A path that is the same wherever it is read from: `~/` is the home directory.
///
/// # Errors
/// If it is relative, or there is no home directory.
pub(super) fn absolute(path: &str) -> Result<PathBuf, String> {
    let home = || env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    let is_home = path == "~" || path.starts_with("~/");
    let path = match is_home {
        true => {
            let below = path.trim_start_matches('~').trim_start_matches('/');
            home().ok_or("begins with ~, and HOME is not set")?.join(below)
        }
        false => PathBuf::from(path),
    };
    match path.is_absolute() {
        true => Ok(path),
        false => Err("must be a whole path: one that begins with / or ~/".to_owned()),
    }
}

/// Whether the command line would take it, which is asked for that.
fn check(command: &Command, option: &Arg, text: &str) -> Result<(), String> {
    let name = option.get_long().unwrap_or_default();
    if name == "api-url" && !text.is_empty() {
        return check_url(text).map(drop).map_err(|error| format!("is no address to use: {error}"));
    }
    let arguments = ["mount".to_owned(), format!("--{name}={text}"), "/".to_owned()];
    let Err(error) = command.clone().try_get_matches_from(arguments) else { return Ok(()) };
    if !matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation) {
        // What it goes with is not known here.
        return Ok(());
    }
    let why = match (error.get(ContextKind::ValidValue), error.source()) {
        (Some(ContextValue::Strings(valid)), _) => format!("there are {}", valid.join(", ")),
        (_, Some(source)) => source.to_string(),
        (_, None) => "it is no value of that option".to_owned(),
    };
    Err(format!("cannot be `{text}`: {why}"))
}
