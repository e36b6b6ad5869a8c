//! What the dependencies ask of those who build the program.

use std::{fs, process::Command};

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What cargo knows of every package that is built for this system.
fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--offline", "--format-version", "1"])
        .args(["--filter-platform", &format!("{}-unknown-linux-gnu", std::env::consts::ARCH)])
        .current_dir(ROOT)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    serde_json::from_value(metadata["packages"].take()).unwrap()
}

/// The numbers of a version such as `1.95`, which is also `1.95.0`.
fn version(spelled: &str) -> Vec<u32> {
    let mut numbers: Vec<u32> = spelled.split('.').map(|number| number.parse().unwrap()).collect();
    numbers.resize(3, 0);
    numbers
}

#[test]
fn no_dependency_needs_a_newer_compiler_than_is_promised() {
    let promised = env!("CARGO_PKG_RUST_VERSION");
    let newer: Vec<String> = packages()
        .iter()
        .filter_map(|package| {
            let needed = package["rust_version"].as_str()?;
            (version(needed) > version(promised))
                .then(|| format!("{} needs {needed}", package["id"]))
        })
        .collect();
    assert!(newer.is_empty(), "Cargo.toml promises {promised}: {newer:#?}");
}

#[test]
fn the_first_page_names_the_compiler_that_is_promised() {
    let readme = fs::read_to_string(format!("{ROOT}/README.md")).unwrap();
    let promise = format!("Rust {} or later", env!("CARGO_PKG_RUST_VERSION"));
    assert!(readme.contains(&promise), "README.md: {promise}");
}
