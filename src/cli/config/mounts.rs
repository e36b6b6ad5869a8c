//! Mounts that have names: which one is meant, and where it is.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use super::{
    parse::{Config, NamedMount, Options},
    values::Value,
};

use crate::{
    cli::{account, arguments::MountArgs},
    error::{Error, Kind, Result},
    sync::PathRules,
};

/// The mount that is meant: by its name, which has no slash, else by where it is.
pub(super) fn chosen<'a>(config: &'a Config, path: &Path) -> Option<(&'a str, &'a NamedMount)> {
    let name = path.to_str().filter(|name| !name.contains('/'));
    let named = name.and_then(|name| config.mounts.get_key_value(name));
    let at = std::path::absolute(path).ok();
    let by_place =
        || config.mounts.iter().find(|(_, mount)| Some(&mount.mountpoint) == at.as_ref());
    named.or_else(by_place).map(|(name, mount)| (name.as_str(), mount))
}

/// The state directories that are meant where no mount is named: the one that was typed or is set, or else
/// the usual one, and those of the mounts that have their own.
///
/// # Errors
/// If there is no place for state.
pub(crate) fn state_dirs(config: &Config, asked: Option<&Path>) -> Result<Vec<PathBuf>> {
    let of = |options: &Options| match options.get("state-dir") {
        Some(Value::Text(dir)) => Some(PathBuf::from(dir)),
        _ => None,
    };
    let mut dirs = vec![account::state_dir(asked)?];
    let asked = asked.filter(|dir| !dir.as_os_str().is_empty());
    if asked.is_none() || asked == of(&config.options).as_deref() {
        dirs.extend(config.mounts.values().filter_map(|mount| of(&mount.options)));
        let mut seen = HashSet::new();
        dirs.retain(|dir| seen.insert(dir.clone()));
    }
    Ok(dirs)
}

/// Where the mount of this name is, or the path itself.
pub(crate) fn of_name(config: &Config, path: &Path) -> PathBuf {
    chosen(config, path).map_or_else(|| path.to_owned(), |(_, mount)| mount.mountpoint.clone())
}

/// Completes the arguments of `mount` by what no option says: where the mount of a name is, and what
/// holds at single paths.
///
/// # Errors
/// If what is to be mounted is neither a directory nor a mount of the config file, which has some.
pub(crate) fn settle(config: &Config, args: &mut MountArgs) -> Result<()> {
    let mount = chosen(config, &args.mountpoint);
    let mut rules = config.paths.clone();
    match mount {
        Some((_, mount)) => {
            args.mountpoint.clone_from(&mount.mountpoint);
            rules.extend(mount.paths.iter().cloned());
        }
        None => check_is_no_name(config, &args.mountpoint)?,
    }
    args.paths = PathRules::of(rules);
    Ok(())
}

fn check_is_no_name(config: &Config, path: &Path) -> Result<()> {
    let shown = path.display().to_string();
    // A directory that does not answer is there all the same.
    let is_missing =
        || path.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
    if shown.contains('/') || config.mounts.is_empty() || !is_missing() {
        return Ok(());
    }
    let names: Vec<&str> = config.mounts.keys().map(String::as_str).collect();
    let what = "neither a directory nor a mount of the config file";
    Err(Error::new(Kind::NotFound, what).at(shown).hint(format!("it has {}", names.join(", "))))
}
