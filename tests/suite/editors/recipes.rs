//! The recipes of the documentation, and what the mount tells AI agents, run as they stand there.

use std::{fs, path::Path};

use serde_json::Value;

use crate::support::mount::{Mounted, PROGRAM, run, said};

const RECIPES: &str = include_str!("../../../src/vfs/recipes.md");
const README: &str = include_str!("../../../src/vfs/control_readme.md");
const TASKS: &str = "Draft the brief\n  Ask @alice\nBook the venue\nShip it";

/// What Obsidian does: opens a vault, keeps its layout, and has its plugin *Tasks* read and tick.
const OBSIDIAN: &str = include_str!("obsidian.js");

/// What stands in a page in a block of code that begins so.
fn block<'a>(page: &'a str, language: &str, nth: usize) -> &'a str {
    let fence = format!("\n```{language}\n");
    let (_, from) = page.match_indices(&fence).map(|(at, _)| page.split_at(at)).nth(nth).unwrap();
    let code = &from[fence.len()..];
    &code[..code.find("\n```").unwrap() + 1]
}

/// The line of a page that holds this.
fn line(page: &'static str, with: &str) -> &'static str {
    page.lines().find(|line| line.contains(with)).unwrap_or_else(|| panic!("nothing has {with}"))
}

/// Runs a script with the program under test at hand.
fn sh(mounted: &Mounted, script: &str) -> String {
    let bin = Path::new(PROGRAM).parent().unwrap().display();
    mounted.ok(&format!("PATH={bin}:$PATH\n{script}"))
}

fn node(mounted: &Mounted, step: &str) -> Value {
    let script = mounted.dir.path().join("obsidian.js");
    fs::write(&script, OBSIDIAN).unwrap();
    serde_json::from_str(&mounted.ok(&format!("node {} {step}", script.display()))).unwrap()
}

#[test]
fn a_mount_is_a_vault_of_obsidian() {
    let mounted = Mounted::of("one\ntwo");
    mounted.ok("echo '- [ ] Draft 🛫 2026-11-28 📅 2026-12-01' >> Plan.md");
    let ids = mounted.ids();
    mounted.writes(&ids);
    let notes = node(&mounted, "open");
    assert_eq!(notes["Plan.md"].as_str().unwrap(), mounted.text());
    assert_eq!(mounted.writes(&ids), [""; 0], "what Obsidian keeps costs nothing");
    // Its plugin reads the dates, which the query asks for.
    let due = node(&mounted, "query");
    assert!(due.as_array().unwrap().iter().any(|task| task["due"] == "2026-12-01"), "{due}");
    assert!(due.as_array().unwrap().iter().all(|task| task["text"] != "one"), "{due}");
    node(&mounted, "tick");
    let text = r#"PUT /tasks/t1 {"content":"one ✅ 2026-11-28","contentType":"text/plain"}"#;
    let mut writes = mounted.writes(&ids);
    writes.sort();
    assert_eq!(writes, ["POST /tasks/t1/complete", text]);
    // A note is made untitled and empty, and named; another one goes to Obsidian's trash.
    node(&mounted, "make");
    let ideas = mounted.acme().join("Ideas.md");
    assert_eq!(fs::read_to_string(&ideas).unwrap(), "- [ ] fly\n");
    node(&mounted, "trash");
    mounted.end();
    mounted.begin();
    assert!(!ideas.exists() && mounted.acme().join(".taskade/archive/Ideas.md").exists());
    let layout = fs::read_to_string(mounted.acme().join(".obsidian/workspace.json")).unwrap();
    assert!(layout.contains("main"), "what Obsidian keeps is there after a remount");
    mounted.end();
}

#[test]
fn the_settings_of_vs_code_stay_here() {
    let mounted = Mounted::of(TASKS);
    let settings = block(RECIPES, "json", 0);
    serde_json::from_str::<Value>(settings).unwrap();
    fs::create_dir(mounted.acme().join(".vscode")).unwrap();
    fs::write(mounted.acme().join(".vscode/settings.json"), settings).unwrap();
    assert_eq!(mounted.writes(&[]), [""; 0]);
    mounted.end();
    mounted.begin();
    let kept = fs::read_to_string(mounted.acme().join(".vscode/settings.json")).unwrap();
    assert_eq!(kept, settings);
    mounted.end();
}

#[test]
fn vim_has_what_is_due_as_a_quickfix_list() {
    let mounted = Mounted::of("one\ntwo");
    mounted.ok("sed -i 's/two/two 📅 2026-01-02/' Plan.md");
    let vimrc = mounted.dir.path().join("vimrc");
    fs::write(&vimrc, block(RECIPES, "vim", 0)).unwrap();
    for vim in ["vim -es", "nvim --headless -es"] {
        let list = mounted.dir.path().join("list");
        let item = r#"bufname(v:val.bufnr) . ":" . v:val.lnum . ":" . v:val.text"#;
        let write = format!("call writefile(map(getqflist(), '{item}'), '{}')", list.display());
        let rc = vimrc.display();
        sh(
            &mounted,
            &format!(
                r#"{vim} -N -u {rc} -i NONE -c Agenda -c "{}" -c qa!"#,
                write.replace('"', "\\\"")
            ),
        );
        let found = fs::read_to_string(&list).unwrap();
        assert!(found.contains("Plan.md:2:") && found.contains("two"), "{vim}: {found}");
        fs::remove_file(&list).unwrap();
    }
    mounted.end();
}

#[test]
fn lines_are_found_and_ticked_by_ripgrep_and_fzf() {
    let mounted = Mounted::of(TASKS);
    let ids = mounted.ids();
    assert_eq!(sh(&mounted, line(RECIPES, "@alice")).lines().count(), 1);
    // What a person would choose is chosen by a filter.
    let choose = "export FZF_DEFAULT_OPTS=--filter=";
    let found = sh(&mounted, &format!("{choose}venue\n{}", line(RECIPES, "become(")));
    assert_eq!(found, "Plan.md:3:- [ ] Book the venue\n");
    sh(&mounted, &format!("{choose}venue\n{}", line(RECIPES, "--multi")));
    assert_eq!(mounted.writes(&ids), ["POST /tasks/t3/complete"]);
    mounted.end();
}

#[test]
fn a_commit_of_what_others_did_is_one_line() {
    let mounted = Mounted::of(TASKS);
    mounted.ok("git init -q && git config user.name a && git config user.email a@b.example");
    let commit = line(RECIPES, "git diff --cached");
    sh(&mounted, commit);
    sh(&mounted, commit);
    assert_eq!(mounted.ok("git rev-list --count HEAD"), "1\n", "nothing is no commit");
    mounted.ok("echo '- [ ] more' >> Plan.md");
    sh(&mounted, commit);
    assert_eq!(mounted.ok("git rev-list --count HEAD && git status --porcelain"), "2\n");
    mounted.end();
}

#[test]
fn agents_are_told_by_the_mount_and_by_the_program_what_to_do() {
    let mounted = Mounted::of(TASKS);
    let told = fs::read_to_string(mounted.root.join(".taskade/README.md")).unwrap();
    assert_eq!(told, README);
    let help = run(std::process::Command::new(PROGRAM).args(["help", "agents"]));
    assert_eq!((help.status.code(), said(&help)), (Some(0), told));
    let commands = run(std::process::Command::new(PROGRAM).arg("--help"));
    assert!(said(&commands).contains("help agents"));
    mounted.end();
}

#[test]
fn what_agents_are_told_to_type_is_done_in_one_request_each() {
    let mounted = Mounted::with("one\ntwo\nMail Tom\nfour", &["--max-delete", "1"]);
    let ids = mounted.ids();
    mounted.ok("mv Plan.md Inbox.md");
    mounted.writes(&ids);
    let commands = block(README, "sh", 0);
    let asked = |with: &str| {
        sh(&mounted, commands.lines().find(|line| line.contains(with)).unwrap());
        mounted.writes(&mounted.ids())
    };
    assert_eq!(sh(&mounted, commands.lines().next().unwrap()).lines().count(), 4);
    assert_eq!(asked("echo").len(), 1);
    assert!(mounted.text_of("Inbox.md").ends_with("- [ ] Call Tom\n"));
    assert_eq!(asked("[x]").len(), 1);
    assert_eq!(asked("Tom/Tim").len(), 1);
    assert_eq!(asked("3m0").len(), 1);
    assert!(mounted.text_of("Inbox.md").starts_with("- [x] Mail Tim\n"));
    assert_eq!(asked("3d").len(), 1);
    assert_eq!(mounted.text_of("Inbox.md").lines().count(), 4);
    // What was refused is told by the program that wrote, and by the exit code of `status`.
    assert!(!mounted.sh("printf '```\\ncode\\n```\\n' | tee Inbox.md").status.success());
    let status = run(std::process::Command::new(PROGRAM).arg("status").arg(&mounted.root));
    assert_eq!(status.status.code(), Some(1), "{}", said(&status));
    mounted.ok("echo '- [ ] all anew' | tee Inbox.md || true");
    mounted.umount();
}
