//! The command line: what the user typed, and the exit code.

mod abort;
mod account;
mod adopt;
mod agenda;
mod apart;
mod background;
mod commands;
mod control;
mod details;
mod environment;
mod holders;
mod log;
mod mount;
mod mountpoint;
mod opened;
mod options;
mod patience;
mod probe;
mod serve;
mod status;
mod terminal;
mod unmount;

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use clap::{Args, CommandFactory, Parser, Subcommand};

use self::agenda::AgendaArgs;
use crate::{api::DEFAULT_API_URL, error::Result};

/// Mount Taskade as a directory: projects are Markdown files, tasks are lines.
#[derive(Debug, Parser)]
#[command(name = "taskadefs", version, max_term_width = 100, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Mount an account, or a local store, at a directory
    Mount(Box<MountArgs>),
    /// Unmount, and wait for saves that are on their way
    #[command(visible_alias = "unmount")]
    Umount(UmountArgs),
    /// Say what is mounted where, and which saves wait or were refused; exits with 1 if one was
    Status(StatusArgs),
    /// Try refused saves again
    Retry(RetryArgs),
    /// Give refused saves up: the file shows again what Taskade has
    Discard(DiscardArgs),
    /// Ask for the dates, people, notes and fields of tasks, and show them from then on
    Details(DetailsArgs),
    /// Finish the saves that wait, mounted or not
    Sync(SyncArgs),
    /// List what was done
    History(HistoryArgs),
    /// Take back what was done last: a save, or the creation, renaming or removal of a file
    Undo(UndoArgs),
    /// List what is due, overdue or assigned, of what is known: no request is made
    Agenda(AgendaArgs),
    /// Run a Taskade-compatible server on a local store
    Serve(ServeArgs),
}

/// Options of `mount`.
#[derive(Debug, Clone, Args)]
#[command(args_override_self = true)]
pub(crate) struct MountArgs {
    /// Where to mount
    mountpoint: PathBuf,
    #[command(flatten)]
    account: AccountArgs,
    /// Stay in the foreground
    #[arg(short, long)]
    foreground: bool,
    /// Refuse every change
    #[arg(long)]
    read_only: bool,
    /// Serve what was read less than this long ago without asking again
    #[arg(long, value_name = "SECS", default_value = "30", value_parser = options::seconds)]
    max_age: std::time::Duration,
    /// How long a save waits for Taskade's verdict
    #[arg(long, value_name = "SECS", default_value = "5", value_parser = options::seconds)]
    commit_wait: std::time::Duration,
    /// How long a program waits for a service that says nothing at all, before its read fails
    #[arg(long, value_name = "SECS", default_value = "10", value_parser = options::seconds)]
    read_timeout: std::time::Duration,
    /// Refuse a save that deletes more tasks than this and more than half of the project
    #[arg(long, value_name = "N", default_value_t = 20)]
    max_delete: usize,
    /// Refuse to remove more projects than this at once, and take the removals before back
    #[arg(long, value_name = "N", default_value_t = 10)]
    max_archive: usize,
    /// How long it is remembered what was done, to be looked at and undone
    #[arg(long, value_name = "DAYS", default_value = "30", value_parser = options::days)]
    keep_history: std::time::Duration,
    /// Ask ahead for details of the tasks of opened projects, with spare requests: dates, assignees,
    /// notes, fields or all, separated by commas, or by + in a list of -o
    #[arg(long, value_name = "LIST", default_value = "", hide_default_value = true, value_parser = options::details)]
    details: options::Resources,
    /// End every line with the block id of its task
    #[arg(long)]
    ids: bool,
    /// How texts are sent
    #[arg(long, value_enum, default_value_t)]
    content_type: options::ContentTypeArg,
    /// Let other users in
    #[arg(long)]
    allow_other: bool,
    /// Mount also where nothing is known yet and the service does not answer: for boot scripts, where
    /// the network comes later
    #[arg(long)]
    no_check: bool,
    /// Options as in fstab: the long ones above without dashes, separated by commas
    #[arg(short, value_name = "OPTS")]
    o: Vec<String>,
    /// What to log, such as `debug` or `taskadefs::api=trace`
    #[arg(long, value_name = "FILTER", default_value = "info")]
    log: String,
    /// Where the background process reports that it is ready
    #[arg(long, hide = true)]
    ready_fd: Option<i32>,
}

/// Which account, and where what is known of it is kept.
#[derive(Debug, Clone, Args)]
pub(crate) struct AccountArgs {
    /// The API to talk to: https, or http on this machine
    #[arg(long, value_name = "URL", env = "TASKADE_API_URL", hide_env_values = true, default_value = DEFAULT_API_URL)]
    api_url: String,
    /// Read the token from this file, instead of TASKADE_TOKEN or TASKADE_API_KEY
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Mount a local store, served by an embedded server; needs no account
    #[arg(long, value_name = "DIR", conflicts_with = "token_file")]
    local: Option<PathBuf>,
    /// Append every API call that a local store gets to this file, one JSON object a line
    #[arg(long, value_name = "FILE", requires = "local")]
    log_requests: Option<PathBuf>,
    /// Where saves that wait, local files and the log are kept [default: the XDG state directory]
    #[arg(long, value_name = "DIR", env = "TASKADEFS_STATE_DIR", value_parser = options::path())]
    state_dir: Option<PathBuf>,
}

impl AccountArgs {
    /// The URL of the API, without a slash at its end. A variable that is set to nothing is as
    /// good as not set.
    fn api_url(&self) -> &str {
        let given = self.api_url.trim_end_matches('/');
        if given.is_empty() { DEFAULT_API_URL } else { given }
    }
}

/// Options of `status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// A mount, or a path in one [default: all of the state directory]
    mountpoint: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    json: bool,
    /// Where the state is kept [default: the XDG state directory]
    #[arg(long, value_name = "DIR", env = "TASKADEFS_STATE_DIR", value_parser = options::path())]
    state_dir: Option<PathBuf>,
}

/// Options of `retry`.
#[derive(Debug, Args)]
pub(crate) struct RetryArgs {
    /// Files of projects whose save was refused, or directories of files whose removal was
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// However many tasks it deletes, or files it removes
    #[arg(long)]
    allow_delete: bool,
}

/// Options of `details`.
#[derive(Debug, Args)]
pub(crate) struct DetailsArgs {
    /// Files of projects, or directories
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Which: dates, assignees, notes, fields or all, separated by commas
    #[arg(long, value_name = "LIST", default_value = "all", value_parser = options::details)]
    only: options::Resources,
    /// Also what is known already
    #[arg(long)]
    refresh: bool,
}

/// Options of `discard`.
#[derive(Debug, Args)]
pub(crate) struct DiscardArgs {
    /// Files of projects whose save was refused, or directories of files whose removal was
    #[arg(required = true)]
    paths: Vec<PathBuf>,
}

/// Options of `sync`.
#[derive(Debug, Args)]
pub(crate) struct SyncArgs {
    #[command(flatten)]
    account: AccountArgs,
    /// How long to wait
    #[arg(long, value_name = "SECS", default_value = "60", value_parser = options::seconds)]
    timeout: std::time::Duration,
}

/// Options of `history`.
#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    /// A project's file, also one that is gone, or a directory [default: the only mount]
    path: Option<PathBuf>,
    /// Every change in a line of its own
    #[arg(long)]
    long: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
    /// How many, newest first
    #[arg(short, value_name = "N", default_value_t = 20)]
    number: usize,
    /// Where the state is kept [default: the XDG state directory]
    #[arg(long, value_name = "DIR", env = "TASKADEFS_STATE_DIR", value_parser = options::path())]
    state_dir: Option<PathBuf>,
}

/// Options of `undo`.
#[derive(Debug, Args)]
pub(crate) struct UndoArgs {
    /// A project's file, also one that is gone, or a directory [default: the only mount]
    path: Option<PathBuf>,
    /// Do not ask. Without a terminal nothing is asked either
    #[arg(short, long)]
    yes: bool,
    /// Where the state is kept [default: the XDG state directory]
    #[arg(long, value_name = "DIR", env = "TASKADEFS_STATE_DIR", value_parser = options::path())]
    state_dir: Option<PathBuf>,
}

/// Options of `umount`.
#[derive(Debug, Args)]
pub(crate) struct UmountArgs {
    /// Where it is mounted
    mountpoint: PathBuf,
    /// Take it out of the tree also while files on it are open, and do not wait
    #[arg(long)]
    lazy: bool,
}

/// Options of `serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Where the store is, or is made
    #[arg(long, value_name = "DIR")]
    local: PathBuf,
    /// Where to listen; only this machine can reach it
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: std::net::SocketAddr,
    /// Append every API call to this file, one JSON object a line
    #[arg(long, value_name = "FILE")]
    log_requests: Option<PathBuf>,
    /// Make a workspace, or with WORKSPACE/FOLDER also a folder in it, unless it is there
    #[arg(long, value_name = "PATH")]
    make: Vec<String>,
}

/// Runs the program. 0 done, 1 failed or something was refused, 2 usage.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let [_, command, mountpoint] = &arguments[..]
        && command == probe::COMMAND
    {
        return ended(probe::answer(mountpoint.as_ref()).map(|()| ExitCode::SUCCESS));
    }
    let arguments = options::from_mount_helper(arguments);
    let cli = match parse(&arguments) {
        Ok(cli) => cli,
        Err(usage) => {
            terminal::tell_usage(&usage);
            return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2));
        }
    };
    ended(dispatch(cli.command, arguments))
}

fn ended(result: Result<ExitCode>) -> ExitCode {
    result.unwrap_or_else(|error| {
        terminal::tell(&error);
        ExitCode::FAILURE
    })
}

/// Parses the arguments; lists of `-o` are read as the flags that they stand for.
fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let cli = Cli::try_parse_from(arguments)?;
    match &cli.command {
        Command::Mount(args) if !args.o.is_empty() => {
            Cli::try_parse_from(options::with_flags(arguments.to_vec(), options::flags(&args.o)))
        }
        Command::Agenda(args) => match args.usage_error() {
            Some((kind, words)) => Err(Cli::command().error(kind, words)),
            None => Ok(cli),
        },
        _ => Ok(cli),
    }
}

fn dispatch(command: Command, arguments: Vec<OsString>) -> Result<ExitCode> {
    match command {
        Command::Mount(args) if args.foreground => mount::foreground(&args),
        Command::Mount(args) => background::start(&args, arguments),
        Command::Umount(args) => unmount::unmount(&args),
        Command::Status(args) => return status::status(&args),
        Command::Retry(args) => commands::retry(&args),
        Command::Details(args) => details::details(&args),
        Command::Discard(args) => commands::discard(&args),
        Command::Sync(args) => commands::sync(&args),
        Command::History(args) => commands::history(&args),
        Command::Undo(args) => commands::undo(&args),
        Command::Agenda(args) => agenda::agenda(&args),
        Command::Serve(args) => serve::serve(&args),
    }
    .map(|()| ExitCode::SUCCESS)
}
