//! Completions and manual pages: shells take them, and readers of pages find nothing to warn of.

use std::{fs, process::Command};

use crate::{
    setup::home::Home,
    support::{
        mount::{run, said},
        terminal::Terminal,
    },
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
fn fish_completes_commands_options_and_their_values() {
    let home = Home::with("");
    let script = home.ok(&["completions", "fish"]);
    assert!(!script.contains("ready-fd"));
    fs::write(home.path("taskadefs.fish"), script).unwrap();
    let offered = |words: &str| -> Vec<String> {
        let script = format!("source taskadefs.fish; complete -C '{words}'");
        let mut fish = Command::new("fish");
        fish.args(["--no-config", "-c", &script]).env("HOME", home.path(""));
        let output = run(fish.current_dir(home.path("")));
        assert!(output.status.success() && output.stderr.is_empty(), "{}", said(&output));
        // What each is about stands behind a tab.
        let first = |line: &str| line.split('\t').next().unwrap_or_default().to_owned();
        said(&output).lines().map(first).filter(|word| !word.is_empty()).collect()
    };
    assert_eq!(offered("taskadefs unm"), ["unmount"]);
    assert_eq!(offered("taskadefs -q unm"), ["unmount"]);
    assert_eq!(offered("taskadefs mount --max-a"), ["--max-age", "--max-archive"]);
    assert_eq!(offered("taskadefs mount --markers "), ["auto", "tasks"]);
    assert_eq!(offered("taskadefs bundle exp"), ["export"]);
    assert!(offered("taskadefs mount --ready").is_empty(), "what is hidden is not offered");
}

#[test]
fn zsh_completes_commands_options_and_their_values() {
    let home = Home::with("");
    let script = home.ok(&["completions", "zsh"]);
    assert!(script.starts_with("#compdef taskadefs") && !script.contains("ready-fd"));
    fs::write(home.path("_taskadefs"), script).unwrap();
    let shell = Terminal::run(&home.path(""), "zsh -f -i");
    shell.enters("PS1='> '; fpath=($PWD $fpath); autoload -U compinit");
    shell.enters("compinit -u -d $PWD/dump && echo completes'' now").shows("completes now");
    for (typed, wanted) in [
        ("taskadefs unm", "taskadefs unmount"),
        ("taskadefs mount --max-arch", "taskadefs mount --max-archive"),
        ("taskadefs mount --markers t", "taskadefs mount --markers tasks"),
        ("taskadefs bundle exp", "taskadefs bundle export"),
    ] {
        shell.types(typed).press(&["Tab"]).shows(wanted).press(&["C-u"]).hides(wanted);
    }
    shell.enters("exit").ends();
}

#[test]
fn a_shell_that_nobody_knows_is_named() {
    let home = Home::with("");
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
