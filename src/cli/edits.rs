//! `add` and `done`: a task more, a task ticked, with no editor, mounted or not.

use std::{
    io::{IsTerminal, Read},
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{
    asks::Ask,
    reach::ReachedPath,
    task_arguments::{AddArgs, DoneArgs},
    terminal::{confirm_done, note, tell},
};

use crate::{
    error::{Error, Kind, Result},
    file_name::PROJECT_SUFFIX,
    printable::printable,
    vfs::TaskChoice,
};

/// Longest text that is read from standard input, in bytes.
const LONGEST: u64 = 16 << 20;

/// Adds tasks at the end of a project.
///
/// # Errors
/// As a save.
pub(crate) fn add(args: &AddArgs) -> Result<()> {
    let lines = lines(&args.text).map_err(|error| error.at(args.path.display().to_string()))?;
    let reached = ReachedPath::of(Some(&args.path), &args.account)?;
    let ask = Ask::Add { path: reached.inside.clone(), lines };
    let edited = reached.ask(&ask)?;
    let added = edited["text"].as_str().unwrap_or_default();
    for line in added.lines() {
        let path = args.path.to_string_lossy();
        confirm_done(&format!("{}: {}\n", printable(&path), printable(line)))?;
    }
    tell_waiting(&args.path, &edited);
    Ok(())
}

/// Ticks a task.
///
/// # Errors
/// If it is not clear which is meant, or as a save.
pub(crate) fn done(args: &DoneArgs) -> Result<()> {
    let (path, mut task) = parse(&args.task)?;
    if !args.text.is_empty() {
        let text = args.text.join(" ");
        task.text = Some(if has_marker(&text) { said(&text) } else { text });
    }
    if task == TaskChoice::default() {
        return Err(Error::new(Kind::Invalid, "which task is done is not said")
            .at(&args.task)
            .hint("name its line or its text: PATH:3, or PATH 'buy milk'"));
    }
    let reached = ReachedPath::of(Some(&path), &args.account)?;
    let edited = reached.ask(&Ask::Done { path: reached.inside.clone(), task })?;
    let text = printable(edited["text"].as_str().unwrap_or_default()).into_owned();
    let shown = path.display().to_string();
    if edited["unchanged"] == true {
        note(&format_args!("{shown}: it is done already: {text}"));
    } else {
        confirm_done(&format!("{}: - [x] {text}\n", printable(&shown)))?;
    }
    tell_waiting(&path, &edited);
    Ok(())
}

/// Says that Taskade has not got it yet, if so.
fn tell_waiting(path: &Path, edited: &Value) {
    if edited["waits"] != true {
        return;
    }
    let why = edited["trouble"].as_str().map(|why| format!(" ({why})")).unwrap_or_default();
    let path = path.display();
    tell(&format_args!(
        "{path}: saved on this machine, and not with Taskade yet{why}; it is sent as soon as that is \
         possible: by the mount, the next one, or `taskadefs sync`"
    ));
}

/// What is to be added: lines of the file, each with its marker.
fn lines(text: &[String]) -> Result<String> {
    let given = text.join(" ");
    let given = match given.trim() {
        "" | "-" => read_input()?,
        _ => given,
    };
    let lines: Vec<String> =
        given.lines().filter(|line| !line.trim().is_empty()).map(line).collect();
    if lines.is_empty() {
        return Err(Error::new(Kind::Invalid, "there is nothing to be added")
            .hint("give a text, or lines on standard input"));
    }
    Ok(lines.concat())
}

fn read_input() -> Result<String> {
    let input = std::io::stdin();
    if input.is_terminal() {
        note(&"a task a line, then Ctrl-D");
    }
    let mut text = String::new();
    input
        .take(LONGEST)
        .read_to_string(&mut text)
        .map_err(|error| Error::io("cannot read standard input", error))?;
    Ok(text)
}

/// A line of the file: what stands without a list's marker gets a box.
fn line(given: &str) -> String {
    let given = given.trim_end();
    let text = given.trim_start();
    let indent = &given[..given.len() - text.len()];
    if has_marker(text) { format!("{given}\n") } else { format!("{indent}- [ ] {text}\n") }
}

/// Whether a text begins as an item of a list does.
fn has_marker(text: &str) -> bool {
    ["- ", "* ", "+ "].iter().any(|marker| text.starts_with(marker))
}

/// A path and which task of it is meant: `PATH`, `PATH:LINE`, `PATH:TEXT` or, as `grep -n` prints it,
/// `PATH:LINE:- [ ] TEXT`.
fn parse(given: &str) -> Result<(PathBuf, TaskChoice)> {
    let end = given.find(&format!("{PROJECT_SUFFIX}:")).map(|at| at + PROJECT_SUFFIX.len());
    let Some(end) = end else { return Ok((given.into(), TaskChoice::default())) };
    let (path, rest) = (PathBuf::from(&given[..end]), &given[end + 1..]);
    let (first, behind) = rest.split_once(':').unwrap_or((rest, ""));
    let choice = match first.parse::<usize>() {
        Ok(0) => {
            return Err(Error::new(Kind::Invalid, "lines are counted from 1")
                .at(given)
                .hint("name it as PATH:1 or further down"));
        }
        Ok(line) => {
            // The line as it was printed says more than its text: dates, people, fields.
            TaskChoice { line: Some(line), text: Some(said(behind)).filter(|it| !it.is_empty()) }
        }
        Err(_) if rest.trim().is_empty() => TaskChoice::default(),
        Err(_) => TaskChoice { line: None, text: Some(rest.trim().to_owned()) },
    };
    Ok((path, choice))
}

/// What a task says whose line was printed.
fn said(line: &str) -> String {
    let text = line.trim().trim_start_matches(['-', '*', '+', '#']).trim_start();
    let text = ["[ ] ", "[x] ", "[X] "].iter().find_map(|it| text.strip_prefix(it)).unwrap_or(text);
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{TaskChoice, line, parse};

    #[test]
    fn what_stands_without_a_marker_gets_a_box() {
        for (given, wanted) in [
            ("buy milk", "- [ ] buy milk\n"),
            ("- buy milk ", "- buy milk\n"),
            ("- [x] done", "- [x] done\n"),
            ("# 3 of them", "- [ ] # 3 of them\n"),
            ("1. no list", "- [ ] 1. no list\n"),
            ("  below", "  - [ ] below\n"),
        ] {
            assert_eq!(line(given), wanted);
        }
    }

    #[test]
    fn a_task_is_named_by_its_line_or_its_text() {
        let parsed = |given: &str| {
            let (path, choice) = parse(given).unwrap();
            assert_eq!(path, Path::new("Acme/Inbox.md"), "{given}");
            choice
        };
        let by_line = |line, text: Option<&str>| TaskChoice {
            line: Some(line),
            text: text.map(str::to_owned),
        };
        assert_eq!(parsed("Acme/Inbox.md"), TaskChoice::default());
        assert_eq!(parsed("Acme/Inbox.md:3"), by_line(3, None));
        assert_eq!(parsed("Acme/Inbox.md:3:"), by_line(3, None));
        assert_eq!(parsed("Acme/Inbox.md:3:  - [ ] buy: milk"), by_line(3, Some("buy: milk")));
        let by_text = |text: &str| TaskChoice { line: None, text: Some(text.to_owned()) };
        assert_eq!(parsed("Acme/Inbox.md:buy: milk"), by_text("buy: milk"));
        assert!(parse("Acme/Inbox.md:0").is_err());
    }
}
