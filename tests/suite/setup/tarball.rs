//! The tarball with one static file, in a system that was just installed, and `cargo install`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use crate::{
    setup::{
        fresh_root::{self, ROOT, script},
        home::need_root,
    },
    support::mount::{run, said},
};

/// The directory of a tarball and its checksums. Of the program that `scripts/test` has built; where it has
/// not, that is waited for.
fn packed(name: &str) -> PathBuf {
    // One at a time: they share the directory that pages and completions are made in.
    static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _turn = TURN.lock().unwrap();
    let out = Path::new(ROOT).join("target/static").join(name);
    let _ = fs::remove_dir_all(&out);
    let out_dir = out.to_str().unwrap();
    script(&["scripts/package", "--profile", "quick", "--out", out_dir, "tarball"]);
    out
}

fn first() -> &'static Path {
    static FIRST: OnceLock<PathBuf> = OnceLock::new();
    FIRST.get_or_init(|| packed("first"))
}

fn tarball_in(dir: &Path) -> PathBuf {
    let files = fs::read_dir(dir).unwrap().flatten().map(|file| file.path());
    files.into_iter().find(|file| file.extension().is_some_and(|it| it == "gz")).unwrap()
}

#[test]
fn it_has_its_checksum_and_the_same_sources_make_the_same() {
    let (first, second) = (first(), packed("second"));
    let mut check = Command::new("sha256sum");
    let output = run(check.args(["--strict", "--check", "SHA256SUMS"]).current_dir(first));
    assert!(output.status.success(), "{}", said(&output));
    let sums = |dir: &Path| fs::read_to_string(dir.join("SHA256SUMS")).unwrap();
    assert_eq!(sums(first), sums(&second));
}

#[test]
fn in_a_fresh_system_it_is_unpacked_mounts_and_saves() {
    need_root();
    let shared = tempfile::tempdir().unwrap();
    fs::copy(tarball_in(first()), shared.path().join("taskadefs.tar.gz")).unwrap();
    let told = fresh_root::run(shared.path(), "tarball.sh");
    assert!(told.contains("\nthat was the tarball\n"), "{told}");
}

#[test]
fn cargo_installs_the_same_program() {
    let (root, triple) = (tempfile::tempdir().unwrap(), format!("{}-unknown-linux-musl", ARCH));
    // After the tarball, and with its compiler, as what that has built need not be built twice.
    let _ = first();
    let compiler = format!("CC_{}=musl-gcc", triple.replace('-', "_"));
    let to = root.path().to_str().unwrap();
    let place = ["--root", to, "--target", &triple, "--target-dir", "target/static"];
    let how = ["--locked", "--offline", "--profile", "quick", "--path", "."];
    script(&[&["env", &*compiler, "cargo", "install", "--quiet"], &how[..], &place[..]].concat());
    let told = said(&run(Command::new(root.path().join("bin/taskadefs")).arg("--version")));
    assert!(told.starts_with(&format!("taskadefs {} (", env!("CARGO_PKG_VERSION"))), "{told}");
    let name = tarball_in(first()).file_name().unwrap().to_string_lossy().into_owned();
    assert!(name.contains(env!("CARGO_PKG_VERSION")) && name.contains(&triple), "{name}");
}

const ARCH: &str = std::env::consts::ARCH;
