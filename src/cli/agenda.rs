//! `agenda`: what is due, of what is known. No request is made for it.

use std::{
    env,
    io::IsTerminal,
    path::{Path, PathBuf},
};

use jiff::{ZonedDateTime, tz::TimeZone};
use serde_json::Value;

use super::{
    account,
    arguments::AgendaArgs,
    asks::{self, Ask},
    mounted_path::{self, ANSWER_TIMEOUT},
    mountpoint,
    terminal::{self, say_as_is, say_json},
};

use crate::{
    agenda::{self, AgendaEntry, Filter, Gathered, Now},
    error::{Error, Kind, Result},
    vfs,
};

/// How many days ahead an agenda looks if it is not told.
const DAYS: u32 = 7;

impl AgendaArgs {
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
    let line = |entry: &AgendaEntry| {
        let path = shown(&entry.task.path, args.path.as_deref(), &inside);
        agenda::line(entry, &path, is_coloured) + "\n"
    };
    say_as_is(&entries.iter().map(line).collect::<String>())
}

/// What is known at and below a path in a mount, and that path relative to the mount.
fn at(path: &Path) -> Result<(Gathered, PathBuf)> {
    let Some((root, inside)) = mountpoint::mount_of(path)? else {
        return Err(mounted_path::not_in_a_mount(path)
            .hint("without a path, what is known of accounts that are not mounted counts"));
    };
    let account = mounted_path::account_of(&root, path)?;
    let is_root = inside.as_os_str().is_empty();
    let asked = Ask::Agenda { path: (!is_root).then(|| inside.clone()) };
    Ok((gathered(mounted_path::answered(&account, &asked)?)?, inside))
}

/// What every mount of the state directory knows; if there is none, what is on disk.
fn everywhere(state_dir: Option<&Path>) -> Result<Gathered> {
    let accounts = mounted_path::accounts(&account::state_dir(state_dir)?)?;
    let (mut mounted, mut all) = (false, Gathered::default());
    for account in &accounts {
        if let Some(value) = asks::ask(account, &Ask::Agenda { path: None }, ANSWER_TIMEOUT)? {
            mounted = true;
            all.join(gathered(value)?);
        }
    }
    if !mounted {
        for account in &accounts {
            all.join(vfs::offline_agenda(account)?);
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
