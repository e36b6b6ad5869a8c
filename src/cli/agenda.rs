//! `agenda`: what is due, of what is known. No request is made for it.

use std::path::{Path, PathBuf};

use jiff::{ZonedDateTime, tz::TimeZone};
use serde_json::Value;

use super::{
    account,
    arguments::AgendaArgs,
    asks::{self, Ask},
    mounted_path::{self, ANSWER_TIMEOUT},
    mountpoint, presentation,
    terminal::{self, say_as_is, say_json},
};

use crate::{
    agenda::{self, AgendaEntry, Filter, Gathered, Now},
    error::{Error, Kind, Result},
    vfs,
};

/// How many days ahead an agenda looks if it is not told.
const DAYS: u32 = 7;

/// What is known of an account, whose directory is this.
type OfAccount = (PathBuf, Gathered);

/// Who an account is of: noted, or else asked for once by its mount.
fn owner(account: &Path) -> Result<String> {
    let told = match account::owner_of(account) {
        Some(known) => Some(known),
        None => asks::ask(account, &Ask::Owner {}, ANSWER_TIMEOUT)?
            .and_then(|told| told.as_str().map(str::to_owned)),
    };
    told.ok_or_else(|| {
        Error::new(Kind::NotFound, "it is not known who you are").hint(
            "give --assigned=HANDLE or --me HANDLE, set TASKADE_HANDLE, or run `taskadefs login`",
        )
    })
}

impl AgendaArgs {
    fn filter(&self, assigned: Option<String>) -> Filter {
        let days = match self.days {
            // A calendar program chooses its own days.
            None if self.ics => None,
            None => Some(DAYS),
            days => days,
        };
        Filter { all: self.all, overdue: self.overdue, days, assigned }
    }

    /// Whose tasks of an account are wanted, if only theirs are.
    fn wanted_of(&self, account: &Path) -> Result<Option<String>> {
        match self.handle() {
            None if self.assigned.is_some() => owner(account).map(Some),
            handle => Ok(handle),
        }
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
    let (all, inside) = match &args.path {
        Some(path) => at(path)?,
        None => (everywhere(args.state_dir.as_deref())?, PathBuf::new()),
    };
    let (mut entries, mut open, mut dated) = (Vec::new(), 0, 0);
    let (mut is_known, mut unknown) = (false, None);
    for (account, gathered) in all {
        let wanted = match args.wanted_of(&account) {
            Ok(wanted) => wanted,
            Err(error) => {
                unknown = Some(error.at(account.display().to_string()));
                continue;
            }
        };
        is_known = true;
        (open, dated) = (open + gathered.open, dated + gathered.dated);
        let filter = args.filter(wanted);
        entries.extend(agenda::select(gathered.tasks, &now, &filter));
    }
    match unknown {
        Some(error) if is_known => terminal::tell(&format!("left out: {error}")),
        Some(error) => return Err(error),
        None => {}
    }
    agenda::sort(&mut entries, &now);
    if entries.is_empty() {
        terminal::note(&nothing(open, dated));
    }
    if args.json {
        let entries: Vec<Value> = entries.iter().map(agenda::json).collect();
        return say_json(&Value::from(entries));
    }
    if args.ics {
        return say_as_is(&agenda::calendar(&entries, &now));
    }
    let is_coloured = presentation::has_colours(&std::io::stdout());
    let line = |entry: &AgendaEntry| {
        let path = shown(&entry.task.path, args.path.as_deref(), &inside);
        agenda::line(entry, &path, is_coloured) + "\n"
    };
    say_as_is(&entries.iter().map(line).collect::<String>())
}

/// What is known at and below a path in a mount, and that path relative to the mount.
fn at(path: &Path) -> Result<(Vec<OfAccount>, PathBuf)> {
    let Some((root, inside)) = mountpoint::mount_of(path)? else {
        return Err(mounted_path::not_in_a_mount(path)
            .hint("without a path, what is known of accounts that are not mounted counts"));
    };
    let account = mounted_path::account_of(&root, path)?;
    let is_root = inside.as_os_str().is_empty();
    let asked = Ask::Agenda { path: (!is_root).then(|| inside.clone()) };
    let answer = asks::ask(&account, &asked, ANSWER_TIMEOUT)
        .and_then(|answer| answer.ok_or_else(asks::gone))
        .map_err(|error| mounted_path::as_named(error, path, Some(&inside)))?;
    let gathered = asks::understood(answer)?;
    Ok((vec![(account, gathered)], inside))
}

/// What every mount of the state directory knows; if there is none, what is on disk.
fn everywhere(state_dir: Option<&Path>) -> Result<Vec<OfAccount>> {
    let accounts = mounted_path::accounts(&mounted_path::state_dirs(state_dir)?)?;
    let mut all = Vec::new();
    for account in &accounts {
        if let Some(value) = asks::ask(account, &Ask::Agenda { path: None }, ANSWER_TIMEOUT)? {
            all.push((account.clone(), asks::understood(value)?));
        }
    }
    if all.is_empty() {
        for account in accounts {
            let gathered = vfs::offline_agenda(&account)?;
            all.push((account, gathered));
        }
    }
    Ok(all)
}

/// A file as `grep` shows it: below the path that was given, so that it is found from here.
fn shown(path: &str, given: Option<&Path>, inside: &Path) -> String {
    given.map_or_else(|| path.to_owned(), |given| mounted_path::shown(path, given, inside))
}

fn nothing(open: usize, dated: usize) -> String {
    format!(
        "nothing to show; the dates of {dated} of {open} open tasks are known, and \
         `taskadefs details PATH` asks Taskade for more"
    )
}
