//! `agenda`: what is due, of what is known. No request is made for it.

use std::{
    env,
    io::IsTerminal,
    path::{Path, PathBuf},
};

use clap::{Args, error::ErrorKind};
use jiff::{ZonedDateTime, civil::Date, tz::TimeZone};
use serde_json::Value;

use super::{
    account,
    commands::{self, PATIENCE},
    control::{self, Ask},
    mountpoint, options,
    terminal::{self, say_as_is, say_json},
};
use crate::{
    agenda::{self, Entry, Filter, Gathered, Now},
    error::{Error, Kind, Result},
    vfs,
};

/// How many days ahead an agenda looks if it is not told.
const DAYS: u32 = 7;

/// Options of `agenda`.
#[derive(Debug, Args)]
pub(crate) struct AgendaArgs {
    /// A project's file, a folder or a workspace [default: all mounts, else all caches on disk]
    path: Option<PathBuf>,
    /// What is due within N days, 0 being today [default: 7; all with --ics]
    #[arg(long, value_name = "N", conflicts_with = "overdue")]
    days: Option<u32>,
    /// Only what is overdue
    #[arg(long)]
    overdue: bool,
    /// Only what somebody does, also without a date [default: --me]
    #[arg(long, value_name = "HANDLE", num_args = 0..=1, require_equals = true)]
    assigned: Option<Option<String>>,
    /// Your handle, which Taskade's API does not tell
    #[arg(long, value_name = "HANDLE", env = "TASKADE_HANDLE")]
    me: Option<String>,
    /// Also what is done
    #[arg(long)]
    all: bool,
    /// As JSON
    #[arg(long, conflicts_with = "ics")]
    json: bool,
    /// As an iCalendar file, for calendar programs
    #[arg(long)]
    ics: bool,
    /// As at the beginning of this day
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    date: Option<Date>,
    /// Where the state is kept [default: the XDG state directory]
    #[arg(long, value_name = "DIR", env = "TASKADEFS_STATE_DIR", value_parser = options::path())]
    state_dir: Option<PathBuf>,
}

fn day(text: &str) -> Result<Date, String> {
    agenda::parsed_day(text).ok_or_else(|| "not a day of the calendar as YYYY-MM-DD".to_owned())
}

impl AgendaArgs {
    /// What is wrong with the arguments together.
    pub(super) fn usage_error(&self) -> Option<(ErrorKind, &'static str)> {
        let is_nobody = self.assigned.is_some() && self.handle().is_none();
        is_nobody.then_some((
            ErrorKind::MissingRequiredArgument,
            "--assigned needs to know who you are, which Taskade's API does not tell: \
             give --assigned=HANDLE or --me HANDLE, or set TASKADE_HANDLE",
        ))
    }

    /// Whose tasks are wanted, if only theirs are. What is empty is as good as not given.
    fn handle(&self) -> Option<String> {
        let given = self.assigned.as_ref()?.as_deref().into_iter().chain(self.me.as_deref());
        let mut handles = given.map(|handle| handle.trim_start_matches('@'));
        handles.find(|handle| !handle.is_empty()).map(str::to_owned)
    }

    fn filter(&self) -> Filter {
        let days = match self.days {
            // A calendar program chooses its own days.
            None if self.ics => None,
            None => Some(DAYS),
            days => days,
        };
        Filter { all: self.all, overdue: self.overdue, days, assigned: self.handle() }
    }

    fn now(&self) -> Result<Now> {
        let Some(date) = self.date else { return Ok(Now::of(ZonedDateTime::now())) };
        Now::beginning(date, &TimeZone::system())
            .ok_or_else(|| Error::new(Kind::Invalid, format!("{date} cannot be reckoned with")))
    }
}

/// Tells what is due.
///
/// # Errors
/// If a mount does not answer, or nothing is known of the path.
pub(crate) fn agenda(args: &AgendaArgs) -> Result<()> {
    let now = args.now()?;
    let (gathered, inside) = match &args.path {
        Some(path) => at(path)?,
        None => (everywhere(args.state_dir.as_deref())?, PathBuf::new()),
    };
    let (open, dated) = (gathered.open, gathered.dated);
    let entries = agenda::select(gathered.tasks, &now, &args.filter());
    if entries.is_empty() {
        terminal::tell(&nothing(open, dated));
    }
    if args.json {
        let entries: Vec<Value> = entries.iter().map(agenda::json).collect();
        return say_json(&Value::from(entries));
    }
    if args.ics {
        return say_as_is(&agenda::calendar(&entries, &now));
    }
    let no_colour = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let is_coloured = !no_colour && std::io::stdout().is_terminal();
    let line = |entry: &Entry| {
        let path = shown(&entry.task.path, args.path.as_deref(), &inside);
        agenda::line(entry, &path, is_coloured) + "\n"
    };
    say_as_is(&entries.iter().map(line).collect::<String>())
}

/// What is known at and below a path in a mount, and that path relative to the mount.
fn at(path: &Path) -> Result<(Gathered, PathBuf)> {
    let Some((root, inside)) = mountpoint::mount_of(path)? else {
        return Err(commands::not_in_a_mount(path)
            .hint("without a path, what is known of accounts that are not mounted counts"));
    };
    let account = commands::account_of(&root, path)?;
    let is_root = inside.as_os_str().is_empty();
    let asked = Ask::Agenda { path: (!is_root).then(|| inside.clone()) };
    Ok((gathered(commands::answered(&account, &asked)?)?, inside))
}

/// What every mount of the state directory knows; if there is none, what is on disk.
fn everywhere(state_dir: Option<&Path>) -> Result<Gathered> {
    let accounts = commands::accounts(&account::state_dir(state_dir)?)?;
    let (mut mounted, mut all) = (false, Gathered::default());
    for account in &accounts {
        if let Some(value) = control::ask(account, &Ask::Agenda { path: None }, PATIENCE)? {
            mounted = true;
            all.join(gathered(value)?);
        }
    }
    if !mounted {
        for account in &accounts {
            all.join(vfs::asleep(account)?);
        }
    }
    Ok(all)
}

fn gathered(value: Value) -> Result<Gathered> {
    serde_json::from_value(value)
        .map_err(|error| Error::new(Kind::Protocol, "the mount's answer").because(error))
}

/// A file as `grep` shows it: below the path that was given, so that it is found from here.
fn shown(path: &str, given: Option<&Path>, inside: &Path) -> String {
    let below = given.and_then(|given| {
        let rest = Path::new(path).strip_prefix(inside).ok()?;
        let is_it = rest.as_os_str().is_empty();
        Some(if is_it { given.to_owned() } else { given.join(rest) })
    });
    below.map_or_else(|| path.to_owned(), |below| below.to_string_lossy().into_owned())
}

fn nothing(open: usize, dated: usize) -> String {
    format!(
        "nothing to show; the dates of {dated} of {open} open tasks are known, and \
         `taskadefs details PATH` asks Taskade for more"
    )
}
