//! A Debian system that was just installed, in which a script runs as root: with a layer of its own, and
//! a directory that it shares with the test.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use crate::support::{apart::apart, mount::said};

/// The project.
pub(super) const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// How long a script in the system may take, in seconds.
const TIMEOUT: &str = "180";

/// Runs a script of the project, or a program in its directory, which must succeed. The last line that it
/// printed.
pub(super) fn script(arguments: &[&str]) -> String {
    let mut command = Command::new("timeout");
    let output =
        command.args(["-k", "5", "540"]).args(arguments).current_dir(ROOT).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or_default().to_owned()
}

fn system() -> &'static Path {
    static SYSTEM: OnceLock<PathBuf> = OnceLock::new();
    SYSTEM.get_or_init(|| PathBuf::from(script(&["scripts/fresh-root"])))
}

/// Runs a script that is beside this file in the system, whose `/shared` is this directory. All that it
/// starts and mounts ends with it. What it said.
pub(super) fn run(shared: &Path, name: &str) -> String {
    fs::copy(Path::new(ROOT).join("tests/suite/setup").join(name), shared.join("script")).unwrap();
    let layer = tempfile::tempdir().unwrap();
    let mounts = "set -euo pipefail
        mount -t tmpfs tmpfs \"$2\" && mkdir \"$2\"/{upper,work,root}
        mount -t overlay overlay -o \"lowerdir=$1,upperdir=$2/upper,workdir=$2/work\" \"$2/root\"
        mount --rbind /dev \"$2/root/dev\" && mount -t proc proc \"$2/root/proc\"
        mknod -m 666 \"$2/fuse\" c 10 229 && mount --bind \"$2/fuse\" \"$2/root/dev/fuse\"
        mkdir \"$2/root/shared\" && mount --bind \"$3\" \"$2/root/shared\"
        exec chroot \"$2/root\" /bin/bash /shared/script";
    let mut command = apart(TIMEOUT, &[]);
    command.args(["bash", "-c", mounts, "bash"]);
    command.arg(system()).arg(layer.path()).arg(shared);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C.UTF-8");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}
