//! Files that only their owner reads, replaced as a whole.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Puts a file that only its owner reads in the place of another, whole and on disk or not at all.
///
/// # Errors
/// If it cannot be written or renamed.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    // One that a crash left: made anew, so that its mode is this one.
    let _ = fs::remove_file(&new);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(bytes).and_then(|()| file.sync_all())?;
    fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::replace;

    #[test]
    fn what_a_crash_left_is_made_anew_and_is_private_all_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let (path, left) = (dir.path().join("a.token"), dir.path().join("a.new"));
        fs::write(&left, "half").unwrap();
        fs::set_permissions(&left, fs::Permissions::from_mode(0o666)).unwrap();
        replace(&path, b"whole").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "whole");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!left.exists());
        assert!(replace(&dir.path().join("none/a"), b"x").is_err());
    }
}
