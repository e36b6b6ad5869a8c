//! Mountpoints: what is mounted where, and whether one can be used.

use std::{
    ffi::OsString,
    fs,
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
};

use crate::error::{Error, Kind, Result};

/// The source that a mount of ours has in `/proc/self/mountinfo`. Its type is `fuse` where root
/// mounted it directly, and `fuse.taskadefs` where `fusermount3` did.
const SOURCE: &str = "taskadefs";

/// A path made absolute, without touching what may be a dead mount: only its parent is asked.
///
/// # Errors
/// If the parent does not exist.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf> {
    let failed =
        |error| Error::io("cannot find the mountpoint", error).at(path.display().to_string());
    let absolute = std::path::absolute(path).map_err(failed)?;
    match (absolute.parent(), absolute.file_name()) {
        (Some(parent), Some(name)) => Ok(parent.canonicalize().map_err(failed)?.join(name)),
        _ => absolute.canonicalize().map_err(failed),
    }
}

/// Whether something of ours is mounted there.
pub(crate) fn is_mounted(path: &Path) -> bool {
    let table = fs::read("/proc/self/mountinfo").unwrap_or_default();
    mounts(&table).iter().any(|mount| mount.path == path && mount.is_ours())
}

/// A line of the table of mounts.
#[derive(Debug, PartialEq, Eq)]
struct Mount {
    path: PathBuf,
    kind: String,
    source: String,
}

impl Mount {
    fn is_ours(&self) -> bool {
        self.source == SOURCE && (self.kind == "fuse" || self.kind == "fuse.taskadefs")
    }
}

/// The mounts in the format of proc_pid_mountinfo(5).
fn mounts(table: &[u8]) -> Vec<Mount> {
    let mut mounts = Vec::new();
    for line in table.split(|byte| *byte == b'\n') {
        let mut fields = line.split(|byte| *byte == b' ');
        let Some(path) = fields.nth(4) else { continue };
        // Optional fields end with a dash; type and source follow.
        let mut last = fields.skip_while(|field| *field != b"-").skip(1);
        let mut text = || String::from_utf8_lossy(last.next().unwrap_or_default()).into_owned();
        let (kind, source) = (text(), text());
        mounts.push(Mount {
            path: PathBuf::from(OsString::from_vec(unescape(path))),
            kind,
            source,
        });
    }
    mounts
}

/// Undoes the octal escapes of spaces, tabs, newlines and backslashes.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&byte, after)) = rest.split_first() {
        let octal = (byte == b'\\').then(|| after.get(..3)).flatten();
        let value = octal
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match value {
            Some(value) => {
                bytes.push(value);
                rest = after.get(3..).unwrap_or_default();
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    bytes
}

/// Checks that something can be mounted there, or says what stands in the way.
///
/// # Errors
/// With the remedy: make the directory, unmount what is stale, install fuse3.
pub(crate) fn check(path: &Path) -> Result<PathBuf> {
    let shown = path.display().to_string();
    let metadata = fs::metadata(path).map_err(|error| {
        let hint = match error.raw_os_error() {
            // A FUSE mount whose process has died answers so.
            Some(libc::ENOTCONN) => format!("a mount died there; run: taskadefs umount {shown}"),
            Some(libc::ENOENT) => format!("make it first: mkdir {shown}"),
            _ => "check the path".to_owned(),
        };
        Error::io("cannot use the mountpoint", error).at(&shown).hint(hint)
    })?;
    if !metadata.is_dir() {
        return Err(Error::new(Kind::NotDirectory, "the mountpoint is not a directory").at(shown));
    }
    let path = absolute(path)?;
    if is_mounted(&path) {
        return Err(Error::new(Kind::Exists, "something of taskadefs is mounted there already")
            .at(&shown)
            .hint(format!("unmount it first: taskadefs umount {shown}")));
    }
    if let Err(error) = fs::OpenOptions::new().read(true).write(true).open("/dev/fuse") {
        return Err(Error::io("cannot use FUSE", error)
            .at("/dev/fuse")
            .hint("load the fuse module (modprobe fuse), or give the container the device"));
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{absolute, check, mounts};

    #[test]
    fn the_table_of_mounts_is_read_with_its_escapes() {
        let table =
            b"36 35 98:0 /mnt1 /a\\040b rw,noatime master:1 - fuse.taskadefs taskadefs rw\n\
            37 35 0:5 / /proc rw - proc proc rw\nnonsense\n";
        let found = mounts(table);
        assert_eq!(found[0].path, PathBuf::from("/a b"));
        assert!(found[0].is_ours());
        assert_eq!(found[1].path, PathBuf::from("/proc"));
        assert!(!found[1].is_ours());
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn what_stands_in_the_way_is_named_with_the_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let missing = check(&dir.path().join("none")).unwrap_err().to_string();
        assert!(missing.contains("mkdir"), "{missing}");
        std::fs::write(dir.path().join("file"), "").unwrap();
        let file = check(&dir.path().join("file")).unwrap_err().to_string();
        assert!(file.contains("not a directory"), "{file}");
        assert!(absolute(&dir.path().join("none")).unwrap().ends_with("none"));
    }
}
