//! Completions and manual pages: shells take them, and readers of pages find nothing to warn of.

use std::{fs, process::Command};

use crate::{
    setup::home::Home,
    support::mount::{run, said},
};

/// What bash offers behind these words, the last of which is being typed.
fn offered(home: &Home, words: &str) -> Vec<String> {
    let script = format!(
        "source taskadefs.bash
        COMP_WORDS=({words}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)) COMP_LINE='{words}' COMP_POINT=${{#COMP_LINE}}
        [[ ${{COMP_WORDS[COMP_CWORD]}} == _ ]] && COMP_WORDS[COMP_CWORD]=
        eval \"$(complete -p taskadefs | sed 's/.*-F \\([^ ]*\\).*/\\1/') taskadefs \\\"${{COMP_WORDS[COMP_CWORD]}}\\\" \\\"${{COMP_WORDS[COMP_CWORD - 1]}}\\\"\"
        printf '%s\\n' \"${{COMPREPLY[@]}}\""
    );
    let mut bash = Command::new("bash");
    let output = run(bash.args(["--norc", "-c", &script]).current_dir(home.path("")));
    assert!(output.status.success() && output.stderr.is_empty(), "{}", said(&output));
    said(&output).lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_options_and_their_values() {
    let home = Home::with("");
    fs::write(home.path("taskadefs.bash"), home.ok(&["completions", "bash"])).unwrap();
    assert_eq!(offered(&home, "taskadefs unm"), ["unmount"]);
    assert_eq!(offered(&home, "taskadefs mount --max-a"), ["--max-age", "--max-archive"]);
    assert_eq!(offered(&home, "taskadefs mount --markers _"), ["auto", "tasks"]);
    assert_eq!(offered(&home, "taskadefs bundle exp"), ["export"]);
    assert_eq!(offered(&home, "taskadefs mount --ready"), [""], "what is hidden is not offered");
}

#[test]
fn zsh_and_fish_get_scripts_of_their_own() {
    let home = Home::with("");
    let zsh = home.ok(&["completions", "zsh"]);
    assert!(zsh.starts_with("#compdef taskadefs") && !zsh.contains("ready-fd"));
    let fish = home.ok(&["completions", "fish"]);
    assert!(fish.contains("complete -c taskadefs") && !fish.contains("ready-fd"));
    assert_eq!(home.run(&["completions", "tcsh"]).status.code(), Some(2));
}

#[test]
fn every_command_has_a_page_and_none_has_anything_to_warn_of() {
    let home = Home::with("");
    home.ok(&["man", "--dir", home.path("man1").to_str().unwrap()]);
    let pages: Vec<_> = fs::read_dir(home.path("man1")).unwrap().flatten().collect();
    let has = |name: &str| pages.iter().any(|page| page.file_name() == name);
    assert!(has("taskadefs.1") && has("taskadefs-mount.1") && has("taskadefs-bundle-export.1"));
    let mut lint = Command::new("mandoc");
    lint.args(["-T", "lint", "-W", "warning"]).args(pages.iter().map(fs::DirEntry::path));
    let output = run(&mut lint);
    assert!(output.status.success() && said(&output).is_empty(), "{}", said(&output));
    let mount = home.ok(&["man", "mount"]);
    assert_eq!(mount, fs::read_to_string(home.path("man1/taskadefs-mount.1")).unwrap());
    assert!(mount.contains("max\\-age") && !mount.contains("ready"), "{mount}");
    let output = home.run(&["man", "mont"]);
    assert!(said(&output).contains("there is no command `mont`"), "{}", said(&output));
}

#[test]
fn the_version_tells_its_commit_and_the_day_of_that() {
    let home = Home::with("");
    let version = home.ok(&["--version"]);
    let mut git = Command::new("git");
    git.args(["-C", env!("CARGO_MANIFEST_DIR"), "log", "-1", "--format=%H %cs"]);
    let output = run(&mut git);
    let built = format!("taskadefs {}", env!("CARGO_PKG_VERSION"));
    assert!(version.starts_with(&built), "{version}");
    if output.status.success() {
        let said = said(&output);
        let (commit, day) = said.trim().split_once(' ').unwrap();
        assert_eq!(version, format!("{built} ({} {day})\n", &commit[..10]));
    }
}
