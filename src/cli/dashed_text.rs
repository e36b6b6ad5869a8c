//! Texts that begin with a dash, such as `- buy milk`: no option can look like that, so they need no `--`
//! before them. What may be a mistyped option is told as one.

use std::{ffi::OsString, os::unix::ffi::OsStrExt};

use clap::{Command, CommandFactory};

use super::{arguments::Cli, command_place, options};

/// The commands that take a text.
const COMMANDS: [&str; 3] = ["add", "done", "find"];

/// Marks the texts among arguments as that, so that they are taken for no option;
/// [`options::text`] and [`options::path_or_text`] take the mark away again.
pub(crate) fn marked(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let behind = command_place::behind(&arguments, 1);
    let name = arguments[..behind].last().and_then(|name| name.to_str());
    let Some(name) = name.filter(|name| COMMANDS.contains(name)) else { return arguments };
    let commands = Cli::command();
    let Some(command) = commands.find_subcommand(name) else { return arguments };
    let mut is_value = false;
    for argument in arguments.iter_mut().skip(behind) {
        if argument == "--" {
            break;
        }
        if !is_value && is_text(argument) {
            let mut text = OsString::from(options::TEXT_MARK);
            text.push(&argument);
            *argument = text;
            continue;
        }
        is_value = takes_next(command, argument);
    }
    arguments
}

/// Whether an argument cannot be an option, though it begins with a dash: `- x`, `-[ ] x`.
fn is_text(argument: &OsString) -> bool {
    matches!(argument.as_bytes(), [b'-', b' ' | b'\t' | b'\n' | b'[', ..])
}

/// Whether an argument is an option whose value is the next one.
fn takes_next(command: &Command, argument: &OsString) -> bool {
    let name = argument.to_str().and_then(|argument| argument.strip_prefix("--"));
    let has_it =
        |option: &clap::Arg| option.get_long() == name && option.get_action().takes_values();
    name.is_some() && command.get_arguments().any(has_it)
}

#[cfg(test)]
mod tests {
    use super::{Cli, marked};
    use crate::cli::arguments::Command;
    use clap::Parser;

    fn text(arguments: &[&str]) -> Result<Vec<String>, String> {
        let arguments = ["taskadefs", "add"].iter().chain(arguments).map(Into::into).collect();
        match Cli::try_parse_from(marked(arguments)) {
            Ok(Cli { command: Command::Add(args), .. }) => Ok(args.text),
            Ok(_) => unreachable!("another command"),
            Err(usage) => Err(usage.to_string()),
        }
    }

    #[test]
    fn what_no_option_can_be_is_a_text() {
        for given in ["- x", "- [ ] x", "-[ ] x", "-", "- --quiet", "-\tx"] {
            assert_eq!(text(&["a.md", given]).unwrap(), [given], "{given:?}");
        }
        assert_eq!(text(&["a.md", "b", "- c", "-q", "- d"]).unwrap(), ["b", "- c", "- d"]);
        assert_eq!(text(&["a.md", "--", "--x", "- c"]).unwrap(), ["--x", "- c"]);
        let after_an_option = ["taskadefs", "-q", "add", "a.md", "- x"].map(Into::into).to_vec();
        assert!(Cli::try_parse_from(marked(after_an_option)).is_ok());
    }

    #[test]
    fn what_may_be_a_mistyped_option_is_told_as_one() {
        for given in ["--acount", "-x", "--", "--quite x", "-5"] {
            let told = text(&["a.md", "b", given]);
            assert_eq!(told.is_err(), given != "--", "{given}: {told:?}");
        }
        let told = text(&["a.md", "--acount", "work", "- x"]).unwrap_err();
        assert!(told.contains("'--acount'") && told.contains("--account"), "{told}");
        let told = text(&["a.md", "--account", "- x"]).unwrap_err();
        assert!(!told.contains('\0'), "{told}");
    }
}
