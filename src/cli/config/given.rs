//! Which options were given where they count for more than in the config file.

use clap::{Arg, ArgMatches, parser::ValueSource};

use super::keys::Keys;

/// What was given.
pub(super) struct Given<'a> {
    matches: &'a ArgMatches,
}

impl<'a> Given<'a> {
    /// By these arguments of a command.
    pub(super) fn by(matches: &'a ArgMatches) -> Self {
        Self { matches }
    }

    /// Whether an option was typed, or its variable is set to something.
    pub(super) fn has(&self, option: &Arg) -> bool {
        let id = option.get_id().as_str();
        if self.matches.try_contains_id(id).is_err() {
            return false;
        }
        match self.matches.value_source(id) {
            Some(ValueSource::CommandLine) => true,
            // A variable that is set to nothing is as good as not set.
            Some(ValueSource::EnvVariable) => {
                let values = self.matches.get_raw(id).into_iter().flatten();
                values.into_iter().any(|value| !value.is_empty())
            }
            _ => false,
        }
    }

    /// Whether the command has an option of this name at all.
    pub(super) fn knows(&self, option: &Arg) -> bool {
        self.matches.try_contains_id(option.get_id().as_str()).is_ok()
    }

    /// Whether something was given that excludes an option.
    pub(super) fn excludes(&self, keys: &Keys, name: &str) -> bool {
        let given = keys
            .names()
            .into_iter()
            .filter(|other| keys.find(other).is_some_and(|it| self.has(it)));
        given.into_iter().any(|other| keys.conflict(other, name))
    }
}
