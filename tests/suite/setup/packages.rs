//! The Debian package in a system that was just installed: a new user's first hour, and an upgrade with
//! saves that wait.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use taskadefs::server::{Server, ServerConfig};
use tokio::runtime::Runtime;

use crate::{setup::home::need_root, support::mount::said};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// How long a script in the system may take, in seconds.
const TIMEOUT: &str = "180";

/// A version before, and one after.
const VERSIONS: [&str; 2] = ["0.0.1-1", "0.0.2-1"];

/// Runs a script of the project, which must succeed. The last line that it printed.
fn script(arguments: &[&str]) -> String {
    let mut command = Command::new("timeout");
    let output =
        command.args(["-k", "5", "540"]).args(arguments).current_dir(ROOT).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or_default().to_owned()
}

/// The packages of both versions, of the program that the tests are of, and the system they go to.
fn made() -> &'static (PathBuf, Vec<PathBuf>) {
    static MADE: OnceLock<(PathBuf, Vec<PathBuf>)> = OnceLock::new();
    MADE.get_or_init(|| {
        let out = Path::new(env!("CARGO_BIN_EXE_taskadefs")).with_file_name("packages");
        let _ = fs::remove_dir_all(&out);
        let package = |version: &&str| {
            let out = out.join(version);
            script(&[
                "scripts/package",
                "--no-build",
                "--profile",
                "dev",
                "--version",
                version,
                "--out",
                out.to_str().unwrap(),
                "deb",
            ]);
            let files = fs::read_dir(out).unwrap().flatten().map(|file| file.path());
            files.into_iter().find(|file| file.extension().is_some_and(|it| it == "deb")).unwrap()
        };
        let packages = VERSIONS.iter().map(package).collect();
        (PathBuf::from(script(&["scripts/fresh-root"])), packages)
    })
}

/// Runs a script in the fresh system, whose `/shared` is this directory and has the packages as
/// `old.deb` and `new.deb`. All that it starts and mounts ends with it.
fn in_fresh_root(shared: &Path, name: &str) -> String {
    let (system, packages) = made();
    for (package, name) in packages.iter().zip(["old.deb", "new.deb"]) {
        fs::copy(package, shared.join(name)).unwrap();
    }
    fs::copy(Path::new(ROOT).join("tests/suite/setup").join(name), shared.join("script")).unwrap();
    let layer = tempfile::tempdir().unwrap();
    let mounts = "set -euo pipefail
        mount -t tmpfs tmpfs \"$2\" && mkdir \"$2\"/{upper,work,root}
        mount -t overlay overlay -o \"lowerdir=$1,upperdir=$2/upper,workdir=$2/work\" \"$2/root\"
        mount --rbind /dev \"$2/root/dev\" && mount -t proc proc \"$2/root/proc\"
        mknod -m 666 \"$2/fuse\" c 10 229 && mount --bind \"$2/fuse\" \"$2/root/dev/fuse\"
        mkdir \"$2/root/shared\" && mount --bind \"$3\" \"$2/root/shared\"
        exec chroot \"$2/root\" /bin/bash /shared/script";
    let mut command = Command::new("timeout");
    command.args(["-k", "5", TIMEOUT, "unshare", "--mount", "--propagation", "private"]);
    command.args(["--pid", "--fork", "--kill-child", "bash", "-c", mounts, "bash"]);
    command.arg(system).arg(layer.path()).arg(shared);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C.UTF-8");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}

#[test]
fn a_first_hour_from_the_package_to_the_upgrade() {
    need_root();
    let shared = tempfile::tempdir().unwrap();
    let told = in_fresh_root(shared.path(), "first_hour.sh");
    assert!(told.contains("\nthat was the first hour\n"), "{told}");
}

#[test]
fn an_upgrade_goes_on_with_what_waits_in_a_journal_of_the_version_before() {
    need_root();
    let shared = tempfile::tempdir().unwrap();
    let runtime = Runtime::new().unwrap();
    let config = ServerConfig::new(shared.path().join("store"));
    let server = runtime.block_on(Server::start(config)).unwrap();
    let workspace = server.store().add_workspace("Acme").unwrap();
    let text = "- [ ] buy bread\n- [ ] call Ann\n";
    let project = server.store().add_project(&workspace, "Moved", text).unwrap();
    let tasks = server.store().task_ids(&project).unwrap();
    // A save of a third task, whose request may have been sent when its mount was killed.
    let journal = include_str!("../../journals/2-last.sql")
        .replace("JHwa1arKOzRsAYmL", workspace.as_str())
        .replace("eHmhF0LCYg0gQaxG", project.as_str())
        .replace("7cff82d0-4da0-4caa-899c-566e089d91ff", tasks[0].as_str())
        .replace("61ca3291-67cf-4c34-964d-b896e93af905", tasks[1].as_str());
    let at = shared.path().join("journal");
    rusqlite::Connection::open(at).unwrap().execute_batch(&journal).unwrap();
    fs::write(shared.path().join("url"), server.url()).unwrap();
    let told = in_fresh_root(shared.path(), "upgrade.sh");
    let tree = server.store().tree(&project).unwrap();
    assert_eq!(tree.matches("three").count(), 1, "{tree}\n{told}");
    assert!(tree.contains("buy bread") && tree.contains("call Ann"), "{tree}");
    runtime.block_on(server.shutdown());
}
