//! The command line as it is typed: commands and their options.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use jiff::civil::Date;

use super::{
    account_arguments::AccountArgs,
    install_arguments::{CompletionsArgs, ManArgs},
    log::LogTo,
    login_arguments::{DoctorArgs, LoginArgs, LogoutArgs},
    options,
    plain_arguments::{ExportArgs, ImportArgs},
    space_arguments::{AgentArgs, BundleArgs, ShareArgs},
    task_arguments::{AddArgs, CatArgs, DiffArgs, DoneArgs, FindArgs, ListArgs, OpenArgs},
};

use crate::sync::PathRules;

/// What is logged unless something else is asked for.
pub(super) const USUAL_LOG: &str = "info";

/// Mount Taskade as a directory: projects are Markdown files, tasks are lines.
#[derive(Debug, Parser)]
#[command(name = "taskadefs", version = "", max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "`taskadefs help agents` says what an AI agent has to know of a mount.")]
pub(super) struct Cli {
    /// Print only what was asked for, and what is wrong: no progress, no hints, nothing where all is well
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Mount an account, or a local store, at a directory
    Mount(Box<MountArgs>),
    /// Unmount, wait until all is with Taskade, and say what is not; exits with 1 if anything is not
    #[command(visible_alias = "unmount")]
    Umount(UmountArgs),
    /// Look at all that a mount needs, and say what to do about what is wrong; exits with 1 then
    Doctor(Box<DoctorArgs>),
    /// Log in: keep a token that was checked, for every command that needs one
    Login(LoginArgs),
    /// Forget the token that was kept
    Logout(LogoutArgs),
    /// Say what is mounted where, and what waits or was refused; exits with 1 if anything was refused
    Status(StatusArgs),
    /// Try refused saves again
    Retry(RetryArgs),
    /// Give refused saves up: the file shows again what Taskade has
    Discard(DiscardArgs),
    /// Ask for the dates, people, notes and fields of tasks, and show them from then on
    Details(DetailsArgs),
    /// Send what waits, mounted or not, and say what it is; exits with 1 if anything is left
    Sync(SyncArgs),
    /// List what was done
    History(HistoryArgs),
    /// Take back what was done last: a save, or the creation, renaming or removal of a file
    Undo(UndoArgs),
    /// List what is due, overdue or assigned, of what is known: no request is made
    Agenda(AgendaArgs),
    /// Show a published agent, whoever's it is
    Agent(AgentArgs),
    /// Export a workspace or folder to one file, or import such a file
    Bundle(BundleArgs),
    /// Print the links by which others see a project, or make them
    Share(ShareArgs),
    /// Add tasks at the end of a project
    Add(AddArgs),
    /// Tick a task
    Done(DoneArgs),
    /// List tasks, a line each
    List(ListArgs),
    /// Find tasks by what they say; exits with 1 if none does
    Find(FindArgs),
    /// Print what a project says
    Cat(CatArgs),
    /// Print the address in the app, and open it where there is a desktop
    Open(OpenArgs),
    /// Say what saving a file as a project would send, a line for each request
    Diff(DiffArgs),
    /// Write projects as plain files, and only what is new or changed; exits with 1 if a file is not what
    /// Taskade has, since it was edited
    Export(Box<ExportArgs>),
    /// Send what was edited in what was exported; exits with 1 if anything of it is not sent
    Import(Box<ImportArgs>),
    /// Run a Taskade-compatible server on a local store
    Serve(ServeArgs),
    /// Print what a shell completes commands by
    Completions(CompletionsArgs),
    /// Show the manual page of a command
    Man(ManArgs),
}

/// Options of `mount`.
#[derive(Debug, Clone, Args)]
#[command(args_override_self = true)]
pub(super) struct MountArgs {
    /// Where to mount, or the name of a mount of the config file
    pub(super) mountpoint: PathBuf,
    /// What the config file says of single paths
    #[arg(skip)]
    pub(super) paths: PathRules,
    #[command(flatten)]
    pub(super) account: AccountArgs,
    /// Stay in the foreground
    #[arg(short, long)]
    pub(super) foreground: bool,
    /// Refuse every change
    #[arg(long)]
    pub(super) read_only: bool,
    /// Serve what was read less than this long ago without asking again
    #[arg(long, value_name = "SECS", default_value = "30", value_parser = options::seconds)]
    pub(super) max_age: std::time::Duration,
    /// How long a save waits for Taskade's verdict
    #[arg(long, value_name = "SECS", default_value = "5", value_parser = options::seconds)]
    pub(super) commit_wait: std::time::Duration,
    /// How long a program waits for a service that says nothing at all, before its read fails
    #[arg(long, value_name = "SECS", default_value = "10", value_parser = options::seconds)]
    pub(super) read_timeout: std::time::Duration,
    /// Refuse a save that deletes more tasks than this and more than half of the project
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(super) max_delete: usize,
    /// Refuse to remove more projects than this at once, and take the removals before back
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(super) max_archive: usize,
    /// How long it is remembered what was done, to be looked at and undone
    #[arg(long, value_name = "DAYS", default_value = "30", value_parser = options::days)]
    pub(super) keep_history: std::time::Duration,
    /// Ask ahead for details of the tasks of opened projects, with spare requests: dates, assignees,
    /// notes, fields or all, separated by commas, or by + in a list of -o
    #[arg(long, value_name = "LIST", default_value = "", hide_default_value = true, value_parser = options::details)]
    pub(super) details: options::Resources,
    /// End every line with the block id of its task
    #[arg(long)]
    pub(super) ids: bool,
    /// Which markers lines begin with
    #[arg(long, value_enum, default_value_t)]
    pub(super) markers: options::MarkersArg,
    /// Where the fields of tasks stand that exports tell
    #[arg(long, value_enum, default_value_t)]
    pub(super) fields: options::FieldsArg,
    /// How texts are sent
    #[arg(long, value_enum, default_value_t)]
    pub(super) content_type: options::ContentTypeArg,
    /// Let other users in
    #[arg(long)]
    pub(super) allow_other: bool,
    /// Show everything as this user's, by number or name: for root, who mounts for somebody else
    #[arg(long, value_name = "USER", value_parser = options::user)]
    pub(super) uid: Option<u32>,
    /// Show everything as this group's
    #[arg(long, value_name = "GROUP", value_parser = options::group)]
    pub(super) gid: Option<u32>,
    /// Leave programs that watch files without word of what others changed, and ask for nothing
    /// that no program looks at
    #[arg(long)]
    pub(super) no_notify: bool,
    /// Mount also where nothing is known yet and the service does not answer: for boot scripts, where
    /// the network comes later
    #[arg(long)]
    pub(super) no_check: bool,
    /// Options as in fstab: the long ones above without dashes, separated by commas
    #[arg(short, value_name = "OPTS")]
    pub(super) o: Vec<String>,
    /// What to log, such as `debug` or `taskadefs::api=trace`
    #[arg(long, value_name = "FILTER", default_value = USUAL_LOG)]
    pub(super) log: String,
    /// Where to log to: stderr, journald, or a file, which is rotated. In the background stderr is the log
    /// in the state directory
    #[arg(long, value_name = "WHERE", default_value = "stderr", value_parser = LogTo::read)]
    pub(super) log_to: LogTo,
    /// Where the background process reports that it is ready
    #[arg(long, hide = true)]
    pub(super) ready_fd: Option<i32>,
}

/// Options of `status`.
#[derive(Debug, Clone, Args)]
pub(super) struct StatusArgs {
    /// A mount, or a path in one [default: all of the state directory]
    pub(super) mountpoint: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Show it again and again, until Ctrl-C: in place on a terminal, else what is new
    #[arg(short, long)]
    pub(super) watch: bool,
    /// Where the state is kept [default: the XDG state directory]
    #[arg(long, value_name = "DIR", env = "TASKADEFS_STATE_DIR", value_parser = options::path())]
    pub(super) state_dir: Option<PathBuf>,
}

/// Options of `retry`.
#[derive(Debug, Args)]
pub(super) struct RetryArgs {
    /// Files of projects whose save was refused, or directories of files whose removal was
    #[arg(required = true)]
    pub(super) paths: Vec<PathBuf>,
    /// However many tasks it deletes, or files it removes
    #[arg(long)]
    pub(super) allow_delete: bool,
}

/// Options of `details`.
#[derive(Debug, Args)]
pub(super) struct DetailsArgs {
    /// Files of projects, or directories
    #[arg(required = true)]
    pub(super) paths: Vec<PathBuf>,
    /// Which: dates, assignees, notes, fields or all, separated by commas
    #[arg(long, value_name = "LIST", default_value = "all", value_parser = options::details)]
    pub(super) only: options::Resources,
    /// Also what is known already
    #[arg(long)]
    pub(super) refresh: bool,
}

/// Options of `discard`.
#[derive(Debug, Args)]
pub(super) struct DiscardArgs {
    /// Files of projects whose save was refused, or directories of files whose removal was
    #[arg(required = true)]
    pub(super) paths: Vec<PathBuf>,
}

/// Options of `sync`.
#[derive(Debug, Args)]
pub(super) struct SyncArgs {
    #[command(flatten)]
    pub(super) account: AccountArgs,
    /// How long to wait
    #[arg(long, value_name = "SECS", default_value = "60", value_parser = options::seconds)]
    pub(super) timeout: std::time::Duration,
}

/// Options of `history`.
#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    /// A project's file, also one that is gone, or a directory [default: the only mount]
    pub(super) path: Option<PathBuf>,
    /// Every change in a line of its own
    #[arg(long)]
    pub(super) long: bool,
    /// As JSON
    #[arg(long)]
    pub(super) json: bool,
    /// How many, newest first
    #[arg(short, value_name = "N", default_value_t = 20)]
    pub(super) number: usize,
    /// Where the state is kept [default: the XDG state directory]
    #[arg(long, value_name = "DIR", env = "TASKADEFS_STATE_DIR", value_parser = options::path())]
    pub(super) state_dir: Option<PathBuf>,
}

/// Options of `undo`.
#[derive(Debug, Args)]
pub(super) struct UndoArgs {
    /// A project's file, also one that is gone, or a directory [default: the only mount]
    pub(super) path: Option<PathBuf>,
    /// Do not ask. Without a terminal nothing is asked either
    #[arg(short, long)]
    pub(super) yes: bool,
    /// Where the state is kept [default: the XDG state directory]
    #[arg(long, value_name = "DIR", env = "TASKADEFS_STATE_DIR", value_parser = options::path())]
    pub(super) state_dir: Option<PathBuf>,
}

/// Options of `umount`.
#[derive(Debug, Args)]
pub(super) struct UmountArgs {
    /// Where it is mounted, or the name of a mount of the config file
    pub(super) mountpoint: PathBuf,
    /// Take it out of the tree also while files on it are open, and do not wait
    #[arg(long)]
    pub(super) lazy: bool,
    /// Where the state of a mount is kept whose process has died [default: the XDG state directory]
    #[arg(long, value_name = "DIR", env = "TASKADEFS_STATE_DIR", value_parser = options::path())]
    pub(super) state_dir: Option<PathBuf>,
}

/// Options of `serve`.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Where the store is, or is made
    #[arg(long, value_name = "DIR")]
    pub(super) local: PathBuf,
    /// Where to listen; only this machine can reach it
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(super) listen: std::net::SocketAddr,
    /// Append every API call to this file, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub(super) log_requests: Option<PathBuf>,
    /// Make a workspace, or with WORKSPACE/FOLDER also a folder in it, unless it is there
    #[arg(long, value_name = "PATH")]
    pub(super) make: Vec<String>,
    /// Install the bundle that this directory holds, projects as exports have them first of all, in a
    /// workspace of the directory's name. It only creates: again, it makes all of it again
    #[arg(long, value_name = "DIR")]
    pub(super) import: Vec<PathBuf>,
    /// How long a token from OAuth counts
    #[arg(long, value_name = "SECS", default_value = "3600", value_parser = options::seconds)]
    pub(super) token_lifetime: std::time::Duration,
}

/// Options of `agenda`.
#[derive(Debug, Args)]
pub(super) struct AgendaArgs {
    /// A project's file, a folder or a workspace [default: all mounts, else all caches on disk]
    pub(super) path: Option<PathBuf>,
    /// What is due within N days, 0 being today [default: 7; all with --ics]
    #[arg(long, value_name = "N", conflicts_with = "overdue")]
    pub(super) days: Option<u32>,
    /// Only what is overdue
    #[arg(long)]
    pub(super) overdue: bool,
    /// Only what somebody does, also without a date [default: --me, else whoever the account is of]
    #[arg(long, value_name = "HANDLE", num_args = 0..=1, require_equals = true)]
    pub(super) assigned: Option<Option<String>>,
    /// Your handle, where it is not whoever the account is of
    #[arg(long, value_name = "HANDLE", env = "TASKADE_HANDLE")]
    pub(super) me: Option<String>,
    /// Also what is done
    #[arg(long)]
    pub(super) all: bool,
    /// As JSON
    #[arg(long, conflicts_with = "ics")]
    pub(super) json: bool,
    /// As an iCalendar file, for calendar programs
    #[arg(long)]
    pub(super) ics: bool,
    /// As at the beginning of this day
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = options::day)]
    pub(super) date: Option<Date>,
    /// Where the state is kept [default: the XDG state directory]
    #[arg(long, value_name = "DIR", env = "TASKADEFS_STATE_DIR", value_parser = options::path())]
    pub(super) state_dir: Option<PathBuf>,
}

impl AgendaArgs {
    /// Whose tasks are wanted, if only theirs are and it was said whose. What is empty is as good as not
    /// given.
    pub(super) fn handle(&self) -> Option<String> {
        let given = self.assigned.as_ref()?.as_deref().into_iter().chain(self.me.as_deref());
        let mut handles = given.map(|handle| handle.trim_start_matches('@'));
        handles.find(|handle| !handle.is_empty()).map(str::to_owned)
    }
}
