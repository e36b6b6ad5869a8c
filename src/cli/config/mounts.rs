//! Mounts that have names: which one is meant, and where it is.

use std::path::{Path, PathBuf};

use super::parse::{Config, NamedMount};

use crate::{
    cli::arguments::MountArgs,
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
