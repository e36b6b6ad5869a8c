//! What the program prints: the one place where words reach a terminal. What came from outside
//! may be in them, and steers nothing.

use std::io::{ErrorKind, Write};

use serde_json::Value;

use super::{presentation, remedies};

use crate::{
    error::{Error, Result},
    printable::{printable, printable_json, printable_lines},
};

/// Prints lines. Their ends and tabs are the program's; pieces from outside go through
/// [`printable`] before they are put into lines, so that none makes a line of its own.
pub(crate) fn say(lines: &str) -> Result<()> {
    print(&printable_lines(lines))
}

/// Says that something was done. Who wants it quiet knows that by the exit code.
pub(crate) fn confirm_done(lines: &str) -> Result<()> {
    if presentation::is_quiet() { Ok(()) } else { say(lines) }
}

/// Prints what may hold colours or the line ends of a format: whoever made it has made each piece
/// of it harmless.
pub(crate) fn say_as_is(lines: &str) -> Result<()> {
    print(lines)
}

/// Prints JSON.
pub(crate) fn say_json(value: &Value) -> Result<()> {
    print(&printable_json(&format!("{value:#}\n")))
}

/// Tells the user on stderr, in one line. If that is gone, nobody is to be told.
pub(crate) fn tell(what: &dyn std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "taskadefs: {}", printable(&what.to_string()));
}

/// Tells of a failure, and what to do about it.
pub(crate) fn tell_error(error: Error) {
    tell(&remedies::complete(error));
}

/// Does the same about several things: one that fails does not keep the others from it.
///
/// # Errors
/// The last failure; those before it are told.
pub(crate) fn each<T>(things: &[T], mut act: impl FnMut(&T) -> Result<()>) -> Result<()> {
    let mut failed = None;
    for thing in things {
        if let Err(error) = act(thing)
            && let Some(before) = failed.replace(error)
        {
            tell_error(before);
        }
    }
    failed.map_or(Ok(()), Err)
}

/// As [`tell`], what is good to know and nothing is wrong with: progress, hints, that there is nothing.
pub(crate) fn note(what: &dyn std::fmt::Display) {
    if !presentation::is_quiet() {
        tell(what);
    }
}

/// Tells of wrong usage, which quotes what was given; a request for help is answered as it is.
pub(crate) fn tell_usage(usage: &clap::Error) {
    // Nothing is left to be said if the terminal is gone.
    let _ = match usage.use_stderr() {
        true => {
            let words = printable_lines(&usage.render().to_string()).into_owned();
            std::io::stderr().write_all(words.as_bytes())
        }
        false => usage.print(),
    };
}

/// Asks on the terminal. Whether the answer is yes.
pub(crate) fn confirm(question: &str) -> Result<bool> {
    let mut terminal = std::io::stdout();
    let asked = write!(terminal, "{} [y/N] ", printable(question)).and_then(|()| terminal.flush());
    let mut answer = String::new();
    asked
        .and_then(|()| std::io::stdin().read_line(&mut answer))
        .map_err(|error| Error::io("cannot ask", error))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// Writes to stdout. Whoever has read enough is not to be told.
fn print(words: &str) -> Result<()> {
    match std::io::stdout().write_all(words.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::io("cannot write to the terminal", error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
