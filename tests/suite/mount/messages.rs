//! What commands say when something is wrong, where colours are, and what is left of it with `--quiet`.

use std::{
    path::Path,
    process::{Command, Output},
};

use taskadefs::server::Fault;

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

/// What is told where the service is like this: `PATH` names the project, as in [`MISTAKES`].
fn told_with(fault: Fault, cases: &[(&[&str], &str, &str)]) {
    let mounted = Mounted::with("one", &["--max-age", "0", "--commit-wait", "5"]);
    mounted.ok("cat Plan.md");
    mounted.server().faults().plan(None, "", 0, 1_000_000, fault);
    for (arguments, why, remedy) in cases {
        let typed = "mnt/Acme/Plan.md";
        let arguments: Vec<&str> =
            arguments.iter().map(|it| if *it == "PATH" { typed } else { *it }).collect();
        let output = told(&mounted, &arguments);
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", said(&output));
        assert!(words.starts_with(&format!("taskadefs: {typed}: ")), "{arguments:?}: {words}");
        let at = words.find(why).unwrap_or_else(|| panic!("{arguments:?}: {words}"));
        assert!(words[at..].contains(remedy), "{arguments:?}: {words}");
    }
}

#[test]
fn what_the_service_refuses_is_told_with_its_reason_and_what_to_do() {
    told_with(
        Fault::Status(401, None),
        &[
            (&["add", "PATH", "x"], "answered 401", "taskadefs login"),
            (&["share", "PATH"], "answered 401", "taskadefs login"),
        ],
    );
    told_with(
        Fault::Status(403, None),
        &[
            (&["add", "PATH", "x"], "answered 403", "ask for the right"),
            (&["share", "PATH"], "answered 403", "whoever may edit"),
        ],
    );
    told_with(
        Fault::Status(402, None),
        &[(&["add", "PATH", "x"], "answered 402", "the plan of this workspace")],
    );
    told_with(Fault::Html(302), &[(&["share", "PATH"], "not Taskade", "sign in to the network")]);
}

#[test]
fn while_the_service_is_gone_that_is_told_and_what_was_asked_for_waits() {
    let mut mounted = Mounted::with("one", &["--max-age", "0"]);
    mounted.ok("cat Plan.md");
    mounted.stop_server();
    let output = told(&mounted, &["share", "mnt/Acme/Plan.md"]);
    let words = said(&output);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(
        words.starts_with("taskadefs: mnt/Acme/Plan.md: ")
            && words.contains("Taskade cannot be reached"),
        "{words}"
    );
    assert!(words.contains("; try again later, and see what `taskadefs doctor` says"), "{words}");
    let output = told(&mounted, &["add", "mnt/Acme/Plan.md", "x"]);
    let words = said(&output);
    assert!(output.status.success() && words.contains("mnt/Acme/Plan.md: "), "{words}");
    assert!(words.contains("saved on this machine, and not with Taskade yet"), "{words}");
}

#[test]
fn what_a_read_only_mount_does_not_do_is_told() {
    let mounted = Mounted::with("one", &["--read-only"]);
    for arguments in [
        &["add", "mnt/Acme/Plan.md", "x"][..],
        &["done", "mnt/Acme/Plan.md:1"],
        &["retry", "mnt/Acme/Plan.md"],
        &["undo", "mnt/Acme/Plan.md"],
        &["share", "mnt/Acme/Plan.md", "--create"],
    ] {
        let output = told(&mounted, arguments);
        let wanted =
            "taskadefs: mnt/Acme/Plan.md: the mount is read-only; mount without --read-only\n";
        assert_eq!((output.status.code(), &*said(&output)), (Some(1), wanted), "{arguments:?}");
    }
    mounted.end();
}

#[test]
fn what_is_mistyped_is_told_with_what_there_is() {
    let mounted = Mounted::of("one");
    for (arguments, wanted) in [
        (&["mount", "--markers", "boxes", "mnt"][..], "[possible values: auto, tasks]"),
        (&["mount", "--max-age", "soon", "mnt"], "invalid value 'soon' for '--max-age <SECS>'"),
        (&["list", "--fild", "a=b"], "a similar argument exists: '--field'"),
        (&["lst"], "a similar subcommand exists: 'list'"),
        (&["add"], "<PATH>"),
    ] {
        let output = told(&mounted, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(wanted), "{arguments:?}: {}", said(&output));
        assert!(output.stdout.is_empty(), "{arguments:?}: {}", said(&output));
    }
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
        (
            &["list", "-q", "mnt/Acme"],
            "mnt/Acme/Plan.md:1:- [ ] one\nmnt/Acme/Plan.md:2:- [x] two\n",
        ),
        (&["find", "-q", "two"], "Acme/Plan.md:2:- [x] two\n"),
        (&["export", "-q", "out", "--space", "mnt/Acme"], ""),
        (&["import", "-q", "out"], ""),
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
