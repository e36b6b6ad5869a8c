//! The commands about saves, and about what is past: `retry`, `discard`, `history`, `undo`.

use std::{io::IsTerminal, path::PathBuf};

use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

use super::{
    arguments::{DiscardArgs, HistoryArgs, RetryArgs, UndoArgs},
    asks::Ask,
    mounted_path::{mounted_path, path_or_only_mount},
    terminal::{confirm, confirm_done, each, note, say, say_json},
};

use crate::{
    error::{Error, Kind, Result},
    printable::printable,
};

/// Tries refused saves again.
///
/// # Errors
/// What they were refused with.
pub(crate) fn retry(args: &RetryArgs) -> Result<()> {
    let allow_delete = args.allow_delete;
    settle(&args.paths, allow_delete, |path| Ask::Retry { path, allow_delete })
}

/// Gives refused saves up.
///
/// # Errors
/// If there is none.
pub(crate) fn discard(args: &DiscardArgs) -> Result<()> {
    settle(&args.paths, true, |path| Ask::Discard { path })
}

/// Asks for each path; `any` if the root of a mount may be one.
fn settle(paths: &[PathBuf], any: bool, ask: impl Fn(PathBuf) -> Ask) -> Result<()> {
    each(paths, |path| {
        let place = mounted_path(path)?;
        let inside = place.inside.clone().or_else(|| any.then(PathBuf::new)).ok_or_else(|| {
            Error::new(Kind::Invalid, "it is a mount, of which no save was refused")
                .at(path.display().to_string())
                .hint("name the file of a project in it: `taskadefs status` lists what was refused")
        })?;
        place.ask(&ask(inside)).map(drop)
    })
}

/// Lists what was done.
///
/// # Errors
/// If the mount does not answer.
pub(crate) fn history(args: &HistoryArgs) -> Result<()> {
    let mounted_path = path_or_only_mount(args.path.as_deref(), args.state_dir.as_deref())?;
    let ask = Ask::History { path: mounted_path.inside.clone(), most: args.number };
    let past = mounted_path.ask(&ask)?;
    if args.json {
        return say_json(&past);
    }
    if past.as_array().is_none_or(Vec::is_empty) {
        let path =
            args.path.as_ref().map_or_else(String::new, |path| format!("{}: ", path.display()));
        note(&format_args!("{path}nothing was done yet; what is on its way: taskadefs status"));
    }
    for entry in past.as_array().into_iter().flatten() {
        let mut words = entry_in_words(entry);
        let changes = entry["changes"].as_array().filter(|_| args.long);
        for change in changes.into_iter().flatten().filter_map(Value::as_str) {
            words.push_str(&format!("    {}\n", printable(change)));
        }
        say(&words)?;
    }
    Ok(())
}

fn entry_in_words(entry: &Value) -> String {
    let text = |name: &str| printable(entry[name].as_str().unwrap_or_default());
    let is = |name: &str| entry[name].as_bool() == Some(true);
    let mark = match () {
        () if is("waits") => " (waits)",
        () if is("undone") => " (undone)",
        () if is("is_undo") => " (an undo)",
        () => "",
    };
    format!("{}  {}: {}{mark}\n", local(&text("time")), text("path"), text("summary"))
}

/// A moment as it is where the user is; as it was given if it is none.
fn local(time: &str) -> String {
    let zoned = time.parse::<Timestamp>().map(|time| time.to_zoned_datetime(TimeZone::system()));
    zoned.map_or_else(|_| time.to_owned(), |zoned| zoned.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

/// Undoes what was done last.
///
/// # Errors
/// If there is nothing, or as a save.
pub(crate) fn undo(args: &UndoArgs) -> Result<()> {
    let mounted_path = path_or_only_mount(args.path.as_deref(), args.state_dir.as_deref())?;
    let is_named = args.path.as_deref().is_some_and(|path| !path.is_dir());
    let is_asked = !args.yes && !is_named && std::io::stdin().is_terminal();
    let row = match is_asked {
        true => match confirmed(
            &mounted_path.ask(&Ask::Undoable { path: mounted_path.inside.clone() })?,
        )? {
            Some(row) => Some(row),
            None => return confirm_done("nothing was taken back\n"),
        },
        false => None,
    };
    let undone = mounted_path.ask(&Ask::Undo { path: mounted_path.inside.clone(), row })?;
    for entry in undone.as_array().into_iter().flatten() {
        confirm_done(&format!("undone: {}", entry_in_words(entry)))?;
    }
    Ok(())
}

/// Shows what would be taken back and asks. What tells it from others, if the answer is yes.
fn confirmed(last: &Value) -> Result<Option<i64>> {
    let entries = last.as_array().cloned().unwrap_or_default();
    for entry in &entries {
        say(&entry_in_words(entry))?;
    }
    let is_yes = confirm("Take it back?")?;
    Ok(entries.first().and_then(|entry| entry["row"].as_i64()).filter(|_| is_yes))
}
