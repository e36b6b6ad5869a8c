//! What shells and `man` are told of the command line: completions and manual pages.

use std::{
    fs,
    io::{IsTerminal, Write},
    path::Path,
    process::{Command as Process, Stdio},
};

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use super::{
    arguments::Cli,
    install_arguments::{CompletionsArgs, ManArgs, ShellArg},
    terminal, version,
};

use crate::error::{Error, Kind, Result};

/// The day of a page whose commit nobody told.
const NO_DAY: &str = "1970-01-01";

/// The name that it completes, and whose pages they are.
const NAME: &str = "taskadefs";

/// Prints the completions of a shell.
///
/// # Errors
/// If nobody reads them.
pub(super) fn completions(args: &CompletionsArgs) -> Result<()> {
    let shell = match args.shell {
        ShellArg::Bash => Shell::Bash,
        ShellArg::Zsh => Shell::Zsh,
        ShellArg::Fish => Shell::Fish,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut shown(&Cli::command()), NAME, &mut script);
    terminal::say_as_is(&String::from_utf8_lossy(&script))
}

/// Shows a manual page, or writes all of them to a directory.
///
/// # Errors
/// If there is no such command, or a page cannot be written.
pub(super) fn man(args: &ManArgs) -> Result<()> {
    let mut root = shown(&Cli::command()).version(version::words()).disable_help_subcommand(true);
    root.build();
    if let Some(dir) = &args.dir {
        fs::create_dir_all(dir)
            .and_then(|()| write_pages(&root, dir))
            .map_err(|error| Error::io("cannot write the pages", error).at(shown_path(dir)))?;
        return Ok(());
    }
    let mut command = &root;
    for name in &args.command {
        command = command.find_subcommand(name).ok_or_else(|| {
            let what = format!("there is no command `{}`", args.command.join(" "));
            Error::new(Kind::NotFound, what).hint("`taskadefs help` lists them")
        })?;
    }
    show(&page(command).map_err(|error| Error::io("cannot write the page", error))?)
}

fn shown_path(path: &Path) -> String {
    path.display().to_string()
}

/// The page of a command and those of all that are below it.
fn write_pages(command: &Command, dir: &Path) -> std::io::Result<()> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    fs::write(dir.join(format!("{name}.1")), page(command)?)?;
    command.get_subcommands().try_for_each(|below| write_pages(below, dir))
}

/// A manual page, of the day of its commit: the same sources make the same page.
fn page(command: &Command) -> std::io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let day = version::words().rsplit([' ', '(', ')']).find(|word| word.split('-').count() == 3);
    let title = command.get_display_name().unwrap_or(command.get_name()).to_uppercase();
    let man = Man::new(command.clone()).title(title).section("1").date(day.unwrap_or(NO_DAY));
    man.source(format!("taskadefs {}", env!("CARGO_PKG_VERSION")))
        .manual("Taskade as files")
        .render(&mut page)?;
    Ok(without_empty_breaks(&String::from_utf8_lossy(&page)).into_bytes())
}

/// A page whose lines are not broken where there is a paragraph anyway, which `mandoc` warns of.
fn without_empty_breaks(page: &str) -> String {
    let lines: Vec<&str> = page.lines().collect();
    let is_paragraph = |at: usize| lines.get(at).is_some_and(|line| matches!(*line, "" | ".sp"));
    let kept = lines.iter().enumerate().filter(|(at, line)| {
        **line != ".br" || !(is_paragraph(at + 1) || at.checked_sub(1).is_some_and(is_paragraph))
    });
    kept.map(|(_, line)| format!("{line}\n")).collect()
}

/// Shows a page: by `man` on a terminal, else as it is.
fn show(page: &[u8]) -> Result<()> {
    if std::io::stdout().is_terminal()
        && let Ok(mut man) = Process::new("man").args(["-l", "-"]).stdin(Stdio::piped()).spawn()
    {
        // Whoever has seen enough leaves before the end.
        let _ = man.stdin.take().map(|mut page_end| page_end.write_all(page));
        let _ = man.wait();
        return Ok(());
    }
    terminal::say_as_is(&String::from_utf8_lossy(page))
}

/// The command without what is hidden, which completions would offer all the same.
fn shown(command: &Command) -> Command {
    let mut copy = Command::new(command.get_name().to_owned())
        .subcommand_required(command.is_subcommand_required_set())
        .visible_aliases(command.get_visible_aliases().map(str::to_owned).collect::<Vec<_>>())
        .args(command.get_arguments().filter(|argument| !argument.is_hide_set()).cloned())
        .subcommands(command.get_subcommands().filter(|below| !below.is_hide_set()).map(shown));
    if let Some(about) = command.get_about() {
        copy = copy.about(about.clone());
    }
    if let Some(about) = command.get_long_about() {
        copy = copy.long_about(about.clone());
    }
    copy
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::{Cli, page, shown};

    #[test]
    fn nothing_hidden_is_shown_and_all_else_is() {
        let (all, shown) = (Cli::command(), shown(&Cli::command()));
        let mount = |of: &clap::Command| {
            let mount = of.find_subcommand("mount").unwrap();
            mount.get_arguments().map(|argument| argument.get_id().to_string()).collect::<Vec<_>>()
        };
        let left_out: Vec<String> =
            mount(&all).into_iter().filter(|id| !mount(&shown).contains(id)).collect();
        assert_eq!(left_out, ["ready_fd"]);
    }

    #[test]
    fn a_page_is_the_same_whenever_it_is_made() {
        let once = page(&shown(&Cli::command())).unwrap();
        assert_eq!(once, page(&shown(&Cli::command())).unwrap());
        let text = String::from_utf8(once).unwrap();
        assert!(text.contains("TH TASKADEFS 1"), "{text}");
    }
}
