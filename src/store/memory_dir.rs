//! Directories whose files are in memory: what is written there waits for no disk, outlives a mount
//! that is killed, and is gone once the machine starts again.

use std::{
    ffi::OsString,
    fs::{self, DirBuilder},
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt, MetadataExt, symlink},
    path::{Path, PathBuf},
};

/// Whether what is written in a directory stays in memory.
pub(crate) fn is_in_memory(dir: &Path) -> bool {
    rustix::fs::statfs(dir).is_ok_and(|found| found.f_type == libc::TMPFS_MAGIC)
}

/// The link in a directory in memory to the one that it belongs to.
const OF: &str = "of";

/// The directory in memory that belongs to one on disk, below a place that all users share. `None` if
/// there is none that is this user's alone, and in memory. Those of directories that are gone go.
pub(crate) fn beside(dir: &Path, shared: &Path) -> Option<PathBuf> {
    let user = rustix::process::geteuid().as_raw();
    let own = shared.join(format!("taskadefs-{user}"));
    let beside = own_directory(&own, user).and_then(|is_own| {
        let dir = fs::canonicalize(dir)?;
        let beside = own.join(name_of(&dir)?);
        // A directory that is gone may have had the same number.
        if is_own && fs::read_link(beside.join(OF)).is_ok_and(|of| of != dir) {
            fs::remove_dir_all(&beside)?;
        }
        if !is_own || !own_directory(&beside, user)? {
            return Ok(None);
        }
        match symlink(&dir, beside.join(OF)) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => Ok(Some(beside)),
        }
    });
    let beside = beside.ok().flatten().filter(|beside| is_in_memory(beside))?;
    sweep(&own);
    Some(beside)
}

fn name_of(dir: &Path) -> io::Result<OsString> {
    let found = fs::metadata(dir)?;
    Ok(format!("{:x}-{:x}", found.dev(), found.ino()).into())
}

/// Removes what belongs to nothing any more: its mount was killed, and its directory is gone.
fn sweep(own: &Path) {
    for entry in fs::read_dir(own).into_iter().flatten().flatten() {
        let Ok(of) = fs::read_link(entry.path().join(OF)) else { continue };
        if name_of(&of).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            // It is in nobody's way, and another mount may be at it.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Makes a directory that nobody else can look into. Whether it is one: somebody else may have made it,
/// or a link to elsewhere.
fn own_directory(path: &Path, user: u32) -> io::Result<bool> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let found = fs::symlink_metadata(path)?;
    Ok(found.is_dir() && found.uid() == user && found.mode() & 0o077 == 0)
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::{PermissionsExt, symlink},
        path::Path,
    };

    use super::{OF, beside, is_in_memory};

    #[test]
    fn a_directory_in_memory_is_ones_own_or_none() {
        let shared = tempfile::tempdir_in("/dev/shm").unwrap();
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let found = beside(one.path(), shared.path()).unwrap();
        assert!(is_in_memory(&found));
        assert_eq!(fs::metadata(&found).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(beside(one.path(), shared.path()), Some(found.clone()), "the same again");
        let of_other = beside(other.path(), shared.path()).unwrap();
        assert_ne!(of_other, found);
        drop(other);
        assert_eq!(beside(one.path(), shared.path()), Some(found.clone()));
        assert!(!of_other.exists(), "its directory is gone");
        // Of one that had its number.
        fs::write(found.join("earlier"), "").unwrap();
        fs::remove_file(found.join(OF)).unwrap();
        symlink("/no/such/place", found.join(OF)).unwrap();
        assert_eq!(beside(one.path(), shared.path()), Some(found.clone()));
        assert!(!found.join("earlier").exists());
        // Others could read in it.
        fs::set_permissions(found.parent().unwrap(), Permissions::from_mode(0o750)).unwrap();
        assert_eq!(beside(one.path(), shared.path()), None);
        // It leads elsewhere.
        let user = found.parent().unwrap();
        fs::rename(user, shared.path().join("moved")).unwrap();
        symlink(shared.path().join("moved"), user).unwrap();
        assert_eq!(beside(one.path(), shared.path()), None);
        assert_eq!(beside(one.path(), Path::new("/proc/no/such/place")), None);
    }
}
