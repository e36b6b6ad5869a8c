//! The command line as it is typed, of the commands that packages are made with.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Options of `completions`.
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// For which shell
    #[arg(value_enum)]
    pub(super) shell: ShellArg,
}

/// A shell that completes commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ShellArg {
    /// To be sourced, or kept in ~/.local/share/bash-completion/completions/taskadefs
    Bash,
    /// To be kept as _taskadefs in a directory of $fpath
    Zsh,
    /// To be kept in ~/.config/fish/completions/taskadefs.fish
    Fish,
}

/// Options of `man`.
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Of which command, such as `mount` or `bundle export` [default: of them all]
    #[arg(value_name = "COMMAND", conflicts_with = "dir")]
    pub(super) command: Vec<String>,
    /// Write all pages to this directory instead, which packages install as man1
    #[arg(long, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
}
