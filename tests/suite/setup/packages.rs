//! The Debian package in a system that was just installed: a new user's first hour, and an upgrade with
//! saves that wait.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use taskadefs::server::{Server, ServerConfig};
use tokio::runtime::Runtime;

use crate::setup::{
    fresh_root::{self, script},
    home::need_root,
};

/// A version before, and one after.
const VERSIONS: [&str; 2] = ["0.0.1-1", "0.0.2-1"];

/// The packages of both versions, of the program that the tests are of.
fn made() -> &'static [PathBuf] {
    static MADE: OnceLock<Vec<PathBuf>> = OnceLock::new();
    MADE.get_or_init(|| {
        let out = Path::new(env!("CARGO_BIN_EXE_taskadefs")).with_file_name("packages");
        let _ = fs::remove_dir_all(&out);
        let package = |version: &&str| {
            let out = out.join(version);
            let out_dir = out.to_str().unwrap();
            let how = ["--no-build", "--profile", "dev", "--version", version, "--out", out_dir];
            script(&[&["scripts/package"], &how[..], &["deb"]].concat());
            let files = fs::read_dir(out).unwrap().flatten().map(|file| file.path());
            files.into_iter().find(|file| file.extension().is_some_and(|it| it == "deb")).unwrap()
        };
        VERSIONS.iter().map(package).collect()
    })
}

/// Runs a script in the fresh system, which has the packages as `old.deb` and `new.deb`.
fn in_fresh_root(shared: &Path, name: &str) -> String {
    for (package, name) in made().iter().zip(["old.deb", "new.deb"]) {
        fs::copy(package, shared.join(name)).unwrap();
    }
    fresh_root::run(shared, name)
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
