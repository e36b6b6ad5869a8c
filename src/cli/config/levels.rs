//! What of the config file a command is to go by: what is typed counts for more, then the environment,
//! the mount's table, and what stands above all tables.

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf};

use clap::ArgMatches;

use super::{
    super::{
        command_place,
        environment::{self, TOKENS},
    },
    given::Given,
    keys::Keys,
    mounts::chosen,
    parse::{Config, Options},
    values::Value,
};

/// The options that other commands than `mount` have in common with it.
const OF_ACCOUNTS: [&str; 6] =
    ["account", "api-url", "token-file", "local", "log-requests", "state-dir"];

/// The options that say which token counts, unless one is in the environment.
const OF_TOKENS: [&str; 2] = ["token-file", "account"];

/// Commands that make what others use, or have options of other meanings.
const APART: [&str; 3] = ["serve", "completions", "man"];

/// Commands that say for which login and which state they are.
const OF_LOGINS: [&str; 2] = ["login", "logout"];

/// Puts what the config file says in front of the arguments of a command, where they do not say
/// otherwise.
pub(crate) fn with_config(
    arguments: Vec<OsString>,
    matches: &ArgMatches,
    config: &Config,
) -> Vec<OsString> {
    let Some((command, mut deepest)) = matches.subcommand() else { return arguments };
    if APART.contains(&command) {
        return arguments;
    }
    let mut words = 1;
    while let Some((_, below)) = deepest.subcommand() {
        (deepest, words) = (below, words + 1);
    }
    let mut levels = Vec::new();
    if command == "mount"
        && let Some(path) = deepest.get_one::<PathBuf>("mountpoint")
    {
        levels.extend(chosen(config, path).map(|(_, mount)| &mount.options));
    }
    levels.push(&config.options);
    let (keys, given) = (Keys::of_mount(), Given::by(deepest));
    // What is in the environment counts for more.
    let has_token = environment::has(&TOKENS);
    let applies = |name: &str| match command {
        _ if has_token && OF_TOKENS.contains(&name) => false,
        "mount" => true,
        _ if OF_LOGINS.contains(&command) => name == "api-url",
        _ => OF_ACCOUNTS.contains(&name),
    };
    let options = merged(&keys, &given, &levels, applies);
    let flags = options.into_iter().filter_map(|(name, value)| match value {
        Value::Switch(is_on) => is_on.then(|| format!("--{name}").into()),
        Value::Text(text) => Some(format!("--{name}={text}").into()),
    });
    let (mut arguments, flags) = (arguments, flags.collect::<Vec<OsString>>());
    let behind = command_place::behind(&arguments, words);
    arguments.splice(behind..behind, flags);
    arguments
}

/// What counts of levels, the nearest first, that is not given already, nor excluded by what is.
fn merged(
    keys: &Keys,
    given: &Given<'_>,
    levels: &[&Options],
    applies: impl Fn(&str) -> bool,
) -> Options {
    let mut merged: Options = BTreeMap::new();
    for level in levels {
        let nearer: Vec<String> = merged.keys().cloned().collect();
        for (name, value) in level.iter().filter(|(name, _)| applies(name)) {
            let Some(option) = keys.find(name) else { continue };
            let is_excluded = nearer.iter().any(|other| keys.conflict(other, name));
            if !given.knows(option)
                || given.has(option)
                || given.excludes(keys, name)
                || is_excluded
            {
                continue;
            }
            merged.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    // Of a local store only: where none is mounted it is about nothing.
    let has_store =
        merged.contains_key("local") || keys.find("local").is_some_and(|it| given.has(it));
    if !has_store {
        merged.remove("log-requests");
    }
    merged
}
