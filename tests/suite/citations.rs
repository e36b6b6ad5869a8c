//! What the documentation names: a promise stands beside the test that keeps it, and that test is
//! there, and so is every file that a reader is sent to.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The pages, each with what stands in it between backticks.
fn quotations() -> Vec<(PathBuf, Vec<String>)> {
    let mut pages = vec![root().join("README.md"), root().join("CHANGELOG.md")];
    let mut directories = vec![root().join("src")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    pages
        .into_iter()
        .map(|page| (page.clone(), quoted(&fs::read_to_string(page).unwrap())))
        .collect()
}

/// What stands between backticks, line by line: none of what is looked for goes over a line's end.
fn quoted(page: &str) -> Vec<String> {
    page.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

/// The file of a module of this suite.
fn module(path: &[&str]) -> Option<PathBuf> {
    let place = path.iter().fold(root().join("tests/suite"), |place, name| place.join(name));
    [place.with_extension("rs"), place.join("mod.rs")].into_iter().find(|file| file.is_file())
}

/// Whether this is spelled as the path of a test: no type is in it, and it begins with a module of
/// this suite.
fn is_test(quotation: &str) -> bool {
    let is_path = quotation.chars().all(|c| c.is_ascii_lowercase() || "_:0123456789".contains(c));
    is_path && quotation.split_once("::").is_some_and(|(room, _)| module(&[room]).is_some())
}

fn is_there(test: &str) -> bool {
    let mut path: Vec<&str> = test.split("::").collect();
    let name = path.pop().unwrap_or_default();
    module(&path).is_some_and(|file| {
        let source = fs::read_to_string(file).unwrap();
        source.contains(&format!("fn {name}(")) || source.contains(&format!(" {name}:"))
    })
}

#[test]
fn every_test_that_is_named_is_there() {
    let mut count = 0;
    for (page, quotations) in quotations() {
        for test in quotations.iter().filter(|quotation| is_test(quotation)) {
            assert!(is_there(test), "{}: there is no test {test}", page.display());
            count += 1;
        }
    }
    assert!(count > 50, "the pages name {count} tests only: are they spelled otherwise?");
}

#[test]
fn every_file_that_is_named_is_there() {
    let rooms = ["src/", "tests/", "scripts/", "benches/", "fuzz/", ".ci/"];
    for (page, quotations) in quotations() {
        for file in quotations.iter().filter(|it| rooms.iter().any(|room| it.starts_with(room))) {
            let place = file.split([' ', '*']).next().unwrap_or_default();
            assert!(root().join(place).exists(), "{}: there is no {file}", page.display());
        }
    }
}
