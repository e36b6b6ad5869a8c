//! The config file: what `mount` is to do unless it is told otherwise, mounts by name, and what holds
//! at single paths of a mount.
//!
#![doc = include_str!("../config.md")]

pub(super) mod check;
mod given;
mod keys;
mod levels;
mod mounts;
mod parse;
mod problem;
mod values;

pub(super) use self::{
    levels::with_config,
    mounts::{of_name, settle, state_dirs},
    parse::Config,
};

use std::{env, path::PathBuf};

use crate::{
    error::{Error, Kind, Result},
    sync::PathRules,
};

/// The variable that names another file.
const VARIABLE: &str = "TASKADEFS_CONFIG";

/// Where the config file is, and whether somebody said so: one that nobody named may be missing.
pub(super) fn place() -> Option<(PathBuf, bool)> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(path) = set(VARIABLE) {
        return Some((path, true));
    }
    let base = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")));
    base.map(|base| (base.join("taskadefs/config.toml"), false))
}

/// What holds at single paths where nothing is mounted: what holds in every mount.
pub(super) fn path_rules() -> PathRules {
    PathRules::of(load().unwrap_or_default().paths)
}

/// Reads the config file, which may be missing.
///
/// # Errors
/// The first thing in it that is not understood, with its line.
pub(super) fn load() -> Result<Config> {
    let Some((path, is_named)) = place() else { return Ok(Config::default()) };
    let (config, problems) = parse::read(&path, is_named);
    let Some(first) = problems.first() else { return Ok(config) };
    let more = match problems.len() - 1 {
        0 => String::new(),
        1 => " (and one problem more)".to_owned(),
        count => format!(" (and {count} problems more)"),
    };
    let error = Error::new(Kind::Invalid, format!("{}{more}", first.what)).at(first.place(&path));
    Err(match &first.remedy {
        Some(remedy) => error.hint(remedy.clone()),
        None => error,
    })
}
