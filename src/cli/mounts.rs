//! The kernel's table of mounts: which of them are ours.

use std::{
    ffi::OsString,
    fs,
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
};

/// The source that a mount of ours has in `/proc/self/mountinfo`. Its type is `fuse` where root
/// mounted it directly, and `fuse.taskadefs` where `fusermount3` did.
const SOURCE: &str = "taskadefs";

/// Whether something of ours is mounted there.
pub(crate) fn is_mounted(path: &Path) -> bool {
    let table = fs::read("/proc/self/mountinfo").unwrap_or_default();
    mounts(&table).iter().any(|mount| mount.path == path && mount.is_ours())
}

/// The number that the kernel's connection of a mount of ours has: the minor number of its device.
pub(crate) fn connection(path: &Path) -> Option<u32> {
    let table = fs::read("/proc/self/mountinfo").unwrap_or_default();
    let mounts = mounts(&table);
    // The last one is on top.
    let mount = mounts.iter().rev().find(|mount| mount.path == path && mount.is_ours())?;
    mount.minor
}

/// Whether a mount of ours with this connection is in a table.
pub(crate) fn has_connection(table: &[u8], connection: u32) -> bool {
    mounts(table).iter().any(|mount| mount.minor == Some(connection) && mount.is_ours())
}

/// A line of the table of mounts.
#[derive(Debug, PartialEq, Eq)]
struct MountedAt {
    minor: Option<u32>,
    path: PathBuf,
    kind: String,
    source: String,
}

impl MountedAt {
    fn is_ours(&self) -> bool {
        self.source == SOURCE && (self.kind == "fuse" || self.kind == "fuse.taskadefs")
    }
}

/// The mounts in the format of proc_pid_mountinfo(5).
fn mounts(table: &[u8]) -> Vec<MountedAt> {
    let mut mounts = Vec::new();
    for line in table.split(|byte| *byte == b'\n') {
        let mut fields = line.split(|byte| *byte == b' ');
        let Some(device) = fields.nth(2) else { continue };
        let device = String::from_utf8_lossy(device);
        let minor = device.split_once(':').and_then(|(_, minor)| minor.parse().ok());
        let Some(path) = fields.nth(1) else { continue };
        // Optional fields end with a dash; type and source follow.
        let mut last = fields.skip_while(|field| *field != b"-").skip(1);
        let mut text = || String::from_utf8_lossy(last.next().unwrap_or_default()).into_owned();
        let (kind, source) = (text(), text());
        mounts.push(MountedAt {
            minor,
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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{has_connection, mounts};

    #[test]
    fn the_table_of_mounts_is_read_with_its_escapes() {
        let table =
            b"36 35 98:0 /mnt1 /a\\040b rw,noatime master:1 - fuse.taskadefs taskadefs rw\n\
            37 35 0:5 / /proc rw - proc proc rw\nnonsense\n";
        let found = mounts(table);
        assert_eq!(found[0].path, PathBuf::from("/a b"));
        assert!(found[0].is_ours());
        assert_eq!((found[0].minor, found[1].minor), (Some(0), Some(5)));
        assert_eq!(found[1].path, PathBuf::from("/proc"));
        assert!(!found[1].is_ours());
        assert_eq!(found.len(), 2);
        let has = [0, 5].map(|number| has_connection(table, number));
        assert_eq!(has, [true, false]);
    }
}
