//! Programs in a mount namespace of their own.

use std::{path::Path, process::Command};

/// What such a program begins with: it has a copy of every mount there is, also of those that other tests
/// have just now, and no mount ends while somebody has a copy of it. Some may be gone by then.
const LEAVE_MOUNTS: &str = r#"
    awk -v own="$1" '$(NF - 1) == "taskadefs" && $5 != own { print $5 }' /proc/self/mountinfo |
        xargs -r umount -lic 2>/dev/null || true
    shift
    exec "$@""#;

/// Runs what is added as arguments where nobody else sees its mounts, for so many seconds at most. All
/// that it starts ends with it.
pub fn apart(seconds: &str, flags: &[&str]) -> Command {
    apart_with(Path::new(""), seconds, flags)
}

/// As [`apart`], with a copy of this mount.
pub fn apart_with(mount: &Path, seconds: &str, flags: &[&str]) -> Command {
    let mut command = Command::new("timeout");
    command.args(["-k", "5", seconds, "unshare", "--mount", "--propagation", "private"]);
    command.args(["--pid", "--fork", "--kill-child"]).args(flags);
    command.args(["bash", "-c", LEAVE_MOUNTS, "apart"]).arg(mount);
    command
}
