//! What commands say when something is wrong, where colours are, and what is left of it with `--quiet`.

use std::{
    path::Path,
    process::{Command, Output},
};

use crate::support::mount::{Mounted, PROGRAM, on_terminal, run, said};

fn told(mounted: &Mounted, arguments: &[&str]) -> Output {
    let dir = mounted.dir.path();
    let mut command = Command::new(PROGRAM);
    command.args(arguments).current_dir(dir).env("HOME", dir).env("TERM", "xterm");
    command.env("TASKADEFS_STATE_DIR", dir.join("state"));
    command.env_remove("TASKADE_TOKEN").env_remove("TASKADE_API_KEY");
    run(&mut command)
}

/// A command, with `PATH` where a path stands, that path below the mount's parent, why, and what to do.
type Mistake = (&'static [&'static str], &'static str, &'static str, &'static str);

const NO_FILE: &str = "no such file or directory";
const CHECK: &str = "check the path";

const MISTAKES: [Mistake; 22] = [
    (&["cat", "PATH"], "mnt/Acme/none.md", NO_FILE, CHECK),
    (&["cat", "PATH"], "mnt/Acme", "a directory", "name a file"),
    (&["add", "PATH", "x"], "mnt/Acme/none.md", NO_FILE, CHECK),
    (&["done", "PATH", "none"], "mnt/Acme/Plan.md", "no task says", "taskadefs list"),
    (&["list", "PATH"], "mnt/None", "Taskade has nothing there", "end with .md"),
    (&["find", "none", "--path", "PATH"], "mnt/Acme", "no task says", "taskadefs list"),
    (&["open", "PATH"], "mnt/Acme/none.md", "Taskade has nothing there", CHECK),
    (&["diff", "PATH"], "mnt/Acme/none.md", NO_FILE, CHECK),
    (&["details", "PATH"], "mnt/Acme/none.md", NO_FILE, CHECK),
    (&["retry", "PATH"], "mnt/Acme/Plan.md", "was refused", "taskadefs status"),
    (&["retry", "PATH"], "mnt", "it is a mount", "name the file"),
    (&["discard", "PATH"], "mnt/Acme/none.md", NO_FILE, CHECK),
    (&["discard", "PATH"], "out/a.md", "not in a mount", "taskadefs status"),
    (&["undo", "PATH"], "mnt/Acme/Plan.md", "nothing to undo", "taskadefs history"),
    (&["history", "PATH"], "none/a.md", "No such file", CHECK),
    (&["share", "PATH"], "mnt/Acme", "it is no project", "name the file"),
    (&["agenda", "PATH"], "out", "not in a mount", "without a path"),
    (&["bundle", "export", "PATH", "a.zip"], "mnt/None", "no folder of this name", CHECK),
    (&["bundle", "import", "mnt/Acme", "PATH"], "none.zip", "No such file", CHECK),
    (&["import", "PATH"], "none", "no such directory", "exported to"),
    (&["export", "PATH"], "mnt/out", "in a mount", "local disk"),
    (&["umount", "PATH"], "out", "nothing of taskadefs is mounted", "taskadefs status"),
];

#[test]
fn each_mistake_is_told_with_the_path_as_it_was_typed_why_and_what_to_do() {
    let mounted = Mounted::of("one");
    std::fs::create_dir(mounted.dir.path().join("out")).unwrap();
    for (arguments, path, why, remedy) in MISTAKES {
        let absolute = mounted.dir.path().join(path).display().to_string();
        for typed in [path, &absolute] {
            let arguments: Vec<&str> =
                arguments.iter().map(|it| if *it == "PATH" { typed } else { *it }).collect();
            let loud = told(&mounted, &arguments);
            let words = String::from_utf8_lossy(&loud.stderr).into_owned();
            assert_eq!(loud.status.code(), Some(1), "{arguments:?}: {words}");
            assert!(words.starts_with(&format!("taskadefs: {typed}: ")), "{arguments:?}: {words}");
            let at = words.find(why).unwrap_or_else(|| panic!("{arguments:?}: {words}"));
            assert!(words[at..].contains(remedy), "{arguments:?}: {words}");
            assert!(loud.stdout.is_empty() && !words.contains('\u{1b}'), "{arguments:?}: {words}");
            assert_eq!(words.lines().count(), 1, "{words}");
        }
    }
    let both = told(&mounted, &["-q", "cat", "mnt/Acme/a.md", "mnt/Acme/Plan.md", "mnt/b.md"]);
    assert_eq!(String::from_utf8_lossy(&both.stdout), "- [ ] one\n");
    let words = String::from_utf8_lossy(&both.stderr);
    assert!(words.contains("mnt/Acme/a.md: ") && words.contains("mnt/b.md: "), "{words}");
    mounted.end();
}

#[test]
fn who_wants_it_quiet_is_told_what_was_asked_for_and_nothing_else() {
    let mounted = Mounted::of("one");
    for (arguments, wanted) in [
        (&["-q", "history", "mnt"][..], ""),
        (&["add", "-q", "mnt/Acme/Plan.md", "two"], ""),
        (&["done", "mnt/Acme/Plan.md", "two", "--quiet"], ""),
        (&["done", "mnt/Acme/Plan.md", "two", "--quiet"], ""),
        (&["cat", "-q", "mnt/Acme/Plan.md"], "- [ ] one\n- [x] two\n"),
        (&["diff", "-q", "mnt/Acme/Plan.md", "same.md"], ""),
        (&["share", "-q", "mnt/Acme/Plan.md"], ""),
        (&["details", "-q", "mnt/Acme/Plan.md"], ""),
        (&["bundle", "-q", "export", "mnt/Acme", "a.json"], ""),
        (&["agenda", "-q", "mnt"], ""),
        (&["undo", "-q", "mnt/Acme/Plan.md"], ""),
        (&["sync", "-q"], ""),
        (&["umount", "-q", "mnt"], ""),
    ] {
        if arguments[0] == "diff" {
            std::fs::write(mounted.dir.path().join("same.md"), "- [ ] one\n- [x] two\n").unwrap();
        }
        let output = told(&mounted, arguments);
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        assert_eq!(String::from_utf8_lossy(&output.stdout), wanted, "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}

#[test]
fn colours_are_on_terminals_only_and_not_for_who_wants_none() {
    let dir = tempfile::tempdir().unwrap();
    let doctor = format!("{PROGRAM} doctor --local store --state-dir state");
    let shows = |environment: &str, wanted: &str| {
        let script = format!("{environment} {doctor}; read");
        on_terminal("bash", &["-c", &script], dir.path(), &[(wanted, "\n")]);
    };
    shows("", "\u{1b}[32mok   \u{1b}[0m version");
    shows("NO_COLOR=1", "ok    version");
    shows("TERM=dumb", "ok    version");
    let output = run(Command::new("bash").args(["-c", &doctor]).current_dir(dir.path()));
    assert!(!said(&output).contains('\u{1b}') && said(&output).contains("ok    version"));
}

#[test]
fn no_message_sends_anybody_to_the_log_for_the_reason() {
    fn look(dir: &Path) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                look(&path);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                for words in
                    ["log says what", "the log says more", "see the log", "look at the log"]
                {
                    assert!(!text.contains(words), "{}: {words}", path.display());
                }
            }
        }
    }
    look(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
}
