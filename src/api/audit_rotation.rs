//! How much of the log of calls is kept: what is recent, and not more than fits.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use serde_json::Value;

use crate::clock::parse_rfc3339;

/// A log that is longer than this loses its older half, in bytes.
const LONGEST: u64 = 16 << 20;

/// Drops what is older than `keep`, and the older half of what is too long.
pub(super) fn prune(path: &Path, now: SystemTime, keep: Duration) -> std::io::Result<()> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let oldest = now.checked_sub(keep).unwrap_or(SystemTime::UNIX_EPOCH);
    let excess = (text.len() as u64).saturating_sub(LONGEST);
    let half = if excess > 0 { text.len() / 2 } else { 0 };
    let mut start = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let time = serde_json::from_slice::<Value>(line).ok();
        let time = time.as_ref().and_then(|line| line.get("time")?.as_str());
        let time = time.and_then(parse_rfc3339);
        // A torn line tells no time: it goes with those before it.
        if start >= half && time.is_some_and(|time| time >= oldest) {
            break;
        }
        start += line.len();
    }
    if start == 0 {
        return Ok(());
    }
    let mut shorter = PathBuf::from(path);
    shorter.set_extension("ndjson.new");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&shorter)?;
    file.write_all(text.get(start..).unwrap_or_default())?;
    file.sync_all()?;
    fs::rename(shorter, path)
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        time::{Duration, SystemTime},
    };

    use super::prune;

    #[test]
    fn old_lines_and_torn_ones_before_them_go() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("history.ndjson");
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let line = |age: u64| {
            let time = crate::clock::rfc3339_millis(now - Duration::from_secs(age));
            format!("{{\"time\":\"{time}\"}}\n")
        };
        let kept = line(50) + &line(10) + "{\"tor";
        fs::write(&path, line(200) + "torn\n" + &kept).unwrap();
        for _ in 0..2 {
            prune(&path, now, Duration::from_secs(100)).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), kept);
        }
        prune(&dir.path().join("none"), now, Duration::ZERO).unwrap();
    }
}
