//! Mountpoints: which a path is in, and whether one can be used.

use std::{
    collections::VecDeque,
    ffi::OsString,
    fs,
    path::{Component, Path, PathBuf},
};

use super::{
    abort,
    mounts::is_mounted,
    probe::{self, ProbeResult},
};

use crate::error::{Error, Kind, Result};

/// The program that mounts and unmounts for who is not root.
pub(crate) const HELPER: &str = "fusermount3";

/// How many links a path may lead through, as for the kernel (path_resolution(7)).
const MAX_LINKS: usize = 40;

/// The path that the table of mounts has for it, without waiting for what may be a dead mount:
/// a last component that is ours is not asked.
///
/// # Errors
/// If the parent does not exist.
pub(crate) fn resolve(path: &Path) -> Result<PathBuf> {
    let failed = |error| {
        let error = Error::io("cannot find it", error).at(path.display().to_string());
        error.hint("check the path")
    };
    let absolute = std::path::absolute(path).map_err(failed)?;
    let (Some(parent), Some(name)) = (absolute.parent(), absolute.file_name()) else {
        return absolute.canonicalize().map_err(failed);
    };
    let literal = parent.canonicalize().map_err(failed)?.join(name);
    if is_mounted(&literal) {
        return Ok(literal);
    }
    // It may be a symlink, or not be there at all.
    Ok(literal.canonicalize().unwrap_or(literal))
}

/// The mount of ours that a path is in, and the path relative to it, empty for its root. The mount
/// is asked nothing, so links in it are not followed.
///
/// # Errors
/// If what is outside a mount does not exist.
pub(crate) fn mount_of(path: &Path) -> Result<Option<(PathBuf, PathBuf)>> {
    let failed = |error| {
        Error::io("cannot find it", error).at(path.display().to_string()).hint("check the path")
    };
    let absolute = std::path::absolute(path).map_err(failed)?;
    let mut ahead: VecDeque<OsString> = names(&absolute);
    let (mut at, mut mounts, mut links) = (PathBuf::from("/"), Vec::new(), 0);
    while let Some(name) = ahead.pop_front() {
        if name == ".." {
            mounts.pop_if(|root| *root == at);
            at.pop();
            continue;
        }
        let next = at.join(&name);
        if !mounts.is_empty() || is_mounted(&next) {
            mounts.extend(is_mounted(&next).then(|| next.clone()));
            at = next;
            continue;
        }
        if !fs::symlink_metadata(&next).map_err(failed)?.is_symlink() {
            at = next;
            continue;
        }
        links += 1;
        if links > MAX_LINKS {
            return Err(failed(std::io::Error::from_raw_os_error(libc::ELOOP)));
        }
        let target = fs::read_link(&next).map_err(failed)?;
        if target.is_absolute() {
            at = PathBuf::from("/");
        }
        let mut target = names(&target);
        target.append(&mut ahead);
        ahead = target;
    }
    Ok(mounts.pop().map(|root| {
        let inside = at.strip_prefix(&root).unwrap_or(Path::new("")).to_owned();
        (root, inside)
    }))
}

/// The names and `..` of a path, in order.
fn names(path: &Path) -> VecDeque<OsString> {
    let is_name =
        |part: &Component<'_>| matches!(part, Component::Normal(_) | Component::ParentDir);
    path.components().filter(is_name).map(|part| part.as_os_str().to_owned()).collect()
}

/// Checks that something can be mounted there, or says what stands in the way.
///
/// # Errors
/// With the remedy: make the directory, unmount what is there, give access to `/dev/fuse`.
pub(crate) fn check(path: &Path) -> Result<PathBuf> {
    let shown = path.display().to_string();
    let resolved = resolve(path)?;
    // Before anything touches it, which would wait for a mount that hangs.
    if is_mounted(&resolved) {
        let reason = taken(&resolved, &shown)?;
        // To abort a mount may have taken it away.
        if is_mounted(&resolved) {
            return Err(reason);
        }
    }
    let metadata = fs::metadata(path).map_err(|error| {
        let hint = match error.raw_os_error() {
            // A FUSE mount whose process has died answers so.
            Some(libc::ENOTCONN) => format!("another mount died there; run: {HELPER} -u {shown}"),
            Some(libc::ENOENT) => format!("make it first: mkdir {shown}"),
            _ => "check the path".to_owned(),
        };
        Error::io("cannot use the mountpoint", error).at(&shown).hint(hint)
    })?;
    if !metadata.is_dir() {
        return Err(Error::new(Kind::NotDirectory, "the mountpoint is not a directory")
            .at(shown)
            .hint("name a directory, best an empty one"));
    }
    if let Err(error) = fs::OpenOptions::new().read(true).write(true).open("/dev/fuse") {
        let hint = match error.raw_os_error() {
            Some(libc::EACCES) => "its mode should be 0666: sudo chmod 666 /dev/fuse",
            _ => "load the fuse module (modprobe fuse), or give the container the device",
        };
        return Err(Error::io("cannot use FUSE", error).at("/dev/fuse").hint(hint));
    }
    Ok(resolved)
}

/// Why nothing can be mounted where something of ours is mounted already. One that hangs since its
/// process was killed and cannot end is aborted, which frees the programs that wait for it.
fn taken(path: &Path, shown: &str) -> Result<Error> {
    let unmount = format!("unmount it first: taskadefs umount {shown}");
    let dead = |unmount| {
        Error::io("a mount died there", std::io::Error::from_raw_os_error(libc::ENOTCONN))
            .at(shown)
            .hint(unmount)
    };
    Ok(match probe::ask(path)? {
        ProbeResult::ServedBy(_) | ProbeResult::Closed => {
            Error::new(Kind::Exists, "something of taskadefs is mounted there already")
                .at(shown)
                .hint(unmount)
        }
        ProbeResult::Dead => dead(unmount),
        ProbeResult::Silent => match abort::stale_mount(path) {
            Ok(true) => dead(unmount),
            Ok(false) => silent(shown),
            Err(error) => abort::failed(error).at(shown),
        },
    })
}

/// A mount that does not answer.
pub(crate) fn silent(shown: &str) -> Error {
    Error::new(Kind::Protocol, "the mount there does not answer").at(shown).hint(format!(
        "taskadefs umount --lazy {shown} takes it away; what was saved is in the journal, and the \
         next mount goes on with it"
    ))
}

/// Tells the user that files which are at the mountpoint are out of reach while it is mounted.
pub(crate) fn warn_of_hidden_files(path: &Path) {
    if hides_files(path) {
        super::terminal::note(&format_args!(
            "{}: not empty; what it holds is hidden until you unmount",
            path.display()
        ));
    }
}

fn hides_files(path: &Path) -> bool {
    fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some())
}

/// Why mounting failed, where more is known than the error tells.
pub(crate) fn explain(error: Error) -> Error {
    let is_root = rustix::process::geteuid().is_root();
    if error.to_string().contains("user_allow_other") {
        return Error::new(Kind::NotPermitted, "only root may let other users in")
            .hint("add the line user_allow_other to /etc/fuse.conf, or leave --allow-other away");
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = |mut dir: PathBuf| {
        dir.push(HELPER);
        dir.exists()
    };
    if !is_root && !std::env::split_paths(&path).any(is_there) {
        return Error::new(Kind::NotFound, "fusermount3, which mounts for users, is not in PATH")
            .hint("install fuse3: sudo apt-get install fuse3");
    }
    error
}

#[cfg(test)]
mod tests {
    use super::{check, hides_files, resolve};

    #[test]
    fn what_stands_in_the_way_is_named_with_the_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let missing = check(&dir.path().join("none")).unwrap_err().to_string();
        assert!(missing.contains("mkdir"), "{missing}");
        std::fs::write(dir.path().join("file"), "").unwrap();
        let file = check(&dir.path().join("file")).unwrap_err().to_string();
        assert!(file.contains("not a directory"), "{file}");
        assert!(resolve(&dir.path().join("none")).unwrap().ends_with("none"));
        assert!(resolve(&dir.path().join("none/none")).is_err());
    }

    #[test]
    fn a_mountpoint_is_known_by_its_real_path() {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().canonicalize().unwrap().join("real");
        std::fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink("real", dir.path().join("link")).unwrap();
        assert_eq!(resolve(&dir.path().join("link")).unwrap(), real);
        assert!(!hides_files(&real));
        std::fs::write(real.join("file"), "").unwrap();
        assert!(hides_files(&real));
    }
}
