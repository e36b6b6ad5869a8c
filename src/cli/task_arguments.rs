//! The command line as it is typed, of the commands about tasks that need no editor, and no mount.

use std::path::PathBuf;

use clap::Args;

use super::{account_arguments::AccountArgs, options};

/// Options of `add`.
#[derive(Debug, Args)]
pub(super) struct AddArgs {
    /// A project's file: in a mount, or as below a mount's root, such as Acme/Inbox.md
    #[arg(value_parser = options::path_or_text())]
    pub(super) path: PathBuf,
    /// What the task says, as a line of the file; without it, or as `-`, a line of standard input each
    #[arg(value_name = "TEXT", value_parser = options::text())]
    pub(super) text: Vec<String>,
    #[command(flatten)]
    pub(super) account: AccountArgs,
}

/// Options of `done`.
#[derive(Debug, Args)]
pub(super) struct DoneArgs {
    /// A project's file, and the line or the text of a task, as `grep -n` prints them: Acme/Inbox.md:3,
    /// or Acme/Inbox.md:milk
    #[arg(value_name = "PATH:LINE|TEXT", value_parser = options::text())]
    pub(super) task: String,
    /// The text of the task, or a part of it, if it is not said with the path
    #[arg(value_name = "TEXT", value_parser = options::text())]
    pub(super) text: Vec<String>,
    #[command(flatten)]
    pub(super) account: AccountArgs,
}

/// Options of `list`.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// A project's file, a folder or a workspace, in a mount or as below a mount's root [default: the current directory in a mount, else all]
    pub(super) path: Option<PathBuf>,
    /// Only what is not done
    #[arg(long, conflicts_with = "done")]
    pub(super) open: bool,
    /// Only what is done
    #[arg(long)]
    pub(super) done: bool,
    /// Only what has a date, as far as dates are known: see `details`
    #[arg(long)]
    pub(super) due: bool,
    /// Only what you do, as far as it is known who does what: see `details`
    #[arg(long)]
    pub(super) mine: bool,
    /// Your handle [default: whose the account is]
    #[arg(long, value_name = "HANDLE", env = "TASKADE_HANDLE")]
    pub(super) me: Option<String>,
    /// Only what has this value in this field, as its line shows them
    #[arg(long, value_name = "NAME=VALUE", value_parser = field)]
    pub(super) field: Vec<(String, String)>,
    /// As JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) account: AccountArgs,
}

/// Options of `find`.
#[derive(Debug, Args)]
pub(super) struct FindArgs {
    /// What a task says, in its text, its note or a field; capitals do not matter
    #[arg(required = true, value_parser = options::text())]
    pub(super) text: Vec<String>,
    /// Only in a project, a folder or a workspace
    #[arg(long, value_name = "PATH")]
    pub(super) path: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) account: AccountArgs,
}

/// Options of `cat`.
#[derive(Debug, Args)]
pub(super) struct CatArgs {
    /// Projects' files: in a mount, or as below a mount's root
    #[arg(required = true)]
    pub(super) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) account: AccountArgs,
}

/// Options of `open`.
#[derive(Debug, Args)]
pub(super) struct OpenArgs {
    /// A project's file, a folder or a workspace, in a mount or as below a mount's root
    pub(super) path: PathBuf,
    /// Print the address, and open nothing
    #[arg(short, long)]
    pub(super) print: bool,
    #[command(flatten)]
    pub(super) account: AccountArgs,
}

/// Options of `diff`.
#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// A project's file: in a mount, or as below a mount's root
    pub(super) path: PathBuf,
    /// What is to be saved as it; `-` is standard input [default: what waits or was refused]
    pub(super) file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) account: AccountArgs,
}

fn field(given: &str) -> Result<(String, String), String> {
    let (name, value) = given.split_once('=').ok_or("as NAME=VALUE")?;
    if name.trim().is_empty() {
        return Err("the field has no name".to_owned());
    }
    Ok((name.to_owned(), value.to_owned()))
}
