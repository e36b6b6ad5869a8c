//! Directories that must not be in one another: what the mount keeps on the disk must not lead
//! through the mount, whose process would wait for itself, for good.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::{account, account_arguments::AccountArgs};

use crate::error::{Error, Kind, Result};

/// Checks that the mountpoint, the state directory, a local store and its log are apart.
///
/// # Errors
/// [`Kind::Invalid`] with the two that are not.
pub(crate) fn check(mountpoint: &Path, args: &AccountArgs) -> Result<()> {
    let state = account::state_dir(args.state_dir.as_deref())?;
    let state = ("the state directory", Some(state.as_path()));
    let store = ("the store", args.local.as_deref());
    let log = ("the log of requests", args.log_requests.as_deref());
    let mount = ("the mountpoint", Some(mountpoint));
    let pairs = [
        (state, mount),
        (mount, state),
        (store, mount),
        (mount, store),
        (log, mount),
        (store, state),
        (state, store),
    ];
    for ((inner, at), (outer, above)) in pairs {
        let (Some(at), Some(above)) = (at, above) else { continue };
        if is_within(at, above) {
            return Err(Error::new(
                Kind::Invalid,
                format!("{inner} ({}) is in {outer} ({})", at.display(), above.display()),
            )
            .hint("choose places that are not in one another: a mount that needs itself hangs"));
        }
    }
    Ok(())
}

/// Checks that a log is not in the mount that writes it.
///
/// # Errors
/// [`Kind::Invalid`] if it is.
pub(crate) fn check_log(mountpoint: &Path, log: &Path) -> Result<()> {
    match is_within(log, mountpoint) {
        false => Ok(()),
        true => Err(Error::new(Kind::Invalid, "the log is in the mountpoint")
            .at(log.display().to_string())
            .hint("choose another place: a mount that needs itself hangs")),
    }
}

/// Whether a path is at or below another, by whatever links and bind mounts. Neither need be there.
fn is_within(path: &Path, above: &Path) -> bool {
    let (path, above) = (real(path), real(above));
    if path.starts_with(&above) {
        return true;
    }
    // The same directory by another path, as through a bind mount.
    let identity = |path: &Path| fs::metadata(path).map(|found| (found.dev(), found.ino())).ok();
    let Some(there) = identity(&above) else { return false };
    path.ancestors().any(|ancestor| identity(ancestor) == Some(there))
}

/// A path without links, as far as it is there.
fn real(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut missing = Vec::new();
    for ancestor in absolute.ancestors() {
        if let Ok(mut real) = ancestor.canonicalize() {
            real.extend(missing.iter().rev());
            return real;
        }
        missing.extend(ancestor.file_name());
    }
    absolute
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::is_within;

    #[test]
    fn a_path_is_within_another_by_whatever_way() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir_all(at("a/b")).unwrap();
        fs::create_dir(at("ab")).unwrap();
        symlink("a/b", at("link")).unwrap();
        symlink("../ab", at("a/up")).unwrap();
        for (path, above, expected) in [
            ("a", "a", true),
            ("a/b", "a", true),
            ("a", "a/b", false),
            ("ab", "a", false),
            ("link", "a", true),
            ("link/new/deeper", "a", true),
            ("a/none", "a", true),
            ("a/up", "a", false),
            ("a/up/new", "ab", true),
            ("none/x", "none", true),
        ] {
            assert_eq!(is_within(&at(path), &at(above)), expected, "{path} in {above}");
        }
    }
}
