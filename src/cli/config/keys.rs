//! Which keys there are: the long options of `mount`, as the command line has them.

use clap::{Arg, ArgAction, Command, CommandFactory};

use crate::cli::arguments::Cli;

/// Where a mount is, which is no option.
pub(super) const MOUNTPOINT: &str = "mountpoint";

/// The keys of `[[paths]]` beside `path`.
pub(super) const OF_PATHS: [&str; 3] = ["details", "max-age", "read-only"];

/// What somebody may take for the key of a token.
pub(super) const TOKENS: [&str; 5] = ["token", "taskade-token", "api-key", "api-token", "password"];

/// What a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Switch,
    Number,
    List,
    Path,
    Text,
}

/// The options of `mount` that a config file may have.
pub(super) struct Keys(Command);

impl Keys {
    pub(super) fn of_mount() -> Self {
        let mut commands = Cli::command();
        let mount = commands.find_subcommand_mut("mount").map(std::mem::take);
        Self(mount.unwrap_or_default())
    }

    /// The command that they are options of.
    pub(super) fn command(&self) -> &Command {
        &self.0
    }

    pub(super) fn names(&self) -> Vec<&str> {
        let options = self.0.get_arguments().filter(|option| !option.is_hide_set());
        options.filter_map(Arg::get_long).collect()
    }

    pub(super) fn find(&self, name: &str) -> Option<&Arg> {
        let mut options = self.0.get_arguments().filter(|option| !option.is_hide_set());
        options.find(|option| option.get_long() == Some(name))
    }

    /// Whether two options exclude each other.
    pub(super) fn conflict(&self, one: &str, other: &str) -> bool {
        let excludes = |one: &str, other: &str| {
            let conflicts = self.find(one).map(|one| self.0.get_arg_conflicts_with(one));
            conflicts.unwrap_or_default().iter().any(|it| it.get_long() == Some(other))
        };
        excludes(one, other) || excludes(other, one)
    }
}

/// What an option takes, by the name of its value.
pub(super) fn kind(option: &Arg) -> Kind {
    if !matches!(option.get_action(), ArgAction::Set | ArgAction::Append) {
        return Kind::Switch;
    }
    match option.get_value_names().and_then(|names| names.first()).map(|name| name.as_str()) {
        Some("SECS" | "DAYS" | "N") => Kind::Number,
        Some("LIST") => Kind::List,
        Some("FILE" | "DIR") => Kind::Path,
        _ => Kind::Text,
    }
}
