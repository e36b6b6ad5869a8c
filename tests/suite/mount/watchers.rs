//! Programs that watch files hear of what others changed, once, and of what programs do here from the
//! kernel alone. That costs no request, but what a program has open is looked at with nobody asking.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::MetadataExt,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use taskadefs::{
    ids::{ProjectId, SpaceId},
    server::Quirks,
};

use crate::support::{
    mount::{Mounted, PROGRAM, run, said, until},
    watching::Watch,
};

const TASKS: &str = "one\ntwo\nthree";

/// A mount whose colleague has a second project, which says when all before it was heard.
struct Office {
    mounted: Mounted,
    bell: ProjectId,
    acme: SpaceId,
}

impl Office {
    fn new(flags: &[&str]) -> Self {
        let mut made = None;
        // A look at one project tells nothing of another.
        let flags = [&["--max-age", "0", "--markers", "tasks", "--fields", "none"], flags].concat();
        let mounted = Mounted::on(Quirks::default(), TASKS, &flags, |store, workspace| {
            let bell = store.add_project(workspace, "Bell", "x").unwrap();
            made = Some((bell, workspace.clone()));
        });
        mounted.ok("cat Plan.md Bell.md");
        let (bell, acme) = made.unwrap();
        Self { mounted, bell, acme }
    }

    fn adds(&self, text: &str) {
        self.mounted.server().store().add_elsewhere(&self.mounted.project, text).unwrap();
    }

    fn sees(&self, file: &str, text: &str) {
        let sees = || self.mounted.ok(&format!("cat '{file}'")).contains(text);
        until(&format!("the sight of {text:?}"), sees);
    }

    /// What was heard until the bell has rung: what there was to be heard before it is among it.
    fn heard_before_the_bell(&self, watch: &mut Watch) -> Vec<String> {
        self.mounted.server().store().add_elsewhere(&self.bell, "ding").unwrap();
        self.sees("Bell.md", "ding");
        let mut heard = watch.hears("./Bell.md MODIFY");
        heard.pop();
        heard
    }

    fn all_is_saved(&self) {
        let status = || said(&run(Command::new(PROGRAM).arg("status").arg(&self.mounted.root)));
        until("the end of all saves", || status().contains("everything is saved"));
    }

    fn command(&self, arguments: &[&str]) {
        let mut command = Command::new(PROGRAM);
        let output = run(command.args(arguments).current_dir(self.mounted.acme()));
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    }
}

fn time(path: &Path) -> (i64, i64) {
    let stat = fs::metadata(path).unwrap();
    (stat.mtime(), stat.mtime_nsec())
}

#[test]
fn who_watches_a_file_or_its_directory_hears_that_others_changed_it() {
    let office = Office::new(&[]);
    let mut directory = Watch::inotify(&office.mounted.acme(), &["."]);
    let mut file = Watch::inotify(&office.mounted.acme(), &["Plan.md"]);
    let mut node = Watch::node(&office.mounted.acme(), &[".", "Plan.md"]);
    for round in 0..3 {
        let text = format!("theirs {round}");
        office.adds(&text);
        office.sees("Plan.md", &text);
        let shown = time(&office.mounted.file());
        assert_eq!(directory.hears("./Plan.md MODIFY"), ["./Plan.md MODIFY"]);
        assert_eq!(file.hears("Plan.md MODIFY"), ["Plan.md MODIFY"]);
        node.hears(". change Plan.md");
        node.hears("Plan.md change Plan.md");
        assert_eq!(time(&office.mounted.file()), shown, "the time is that of the change");
    }
    assert_eq!(office.heard_before_the_bell(&mut directory), [""; 0]);
    assert_eq!(file.has_heard(), [""; 0]);
    drop((directory, file, node));
    office.mounted.end();
}

#[test]
fn what_programs_do_here_is_heard_from_the_kernel_alone() {
    let office = Office::new(&[]);
    let mut watch = Watch::inotify(&office.mounted.acme(), &["."]);
    office.mounted.ok("echo '* own' >> Plan.md");
    let close = "./Plan.md CLOSE_WRITE,CLOSE";
    assert_eq!(watch.hears(close), ["./Plan.md MODIFY", close]);
    assert_eq!(office.heard_before_the_bell(&mut watch), [""; 0]);
    office.mounted.ok("printf -- '- [ ] a\\n- [ ] b\\n' > New.md");
    assert_eq!(office.heard_before_the_bell(&mut watch).first().unwrap(), "./New.md CREATE");
    until("the making of the project", || {
        !office.mounted.server().store().find_projects("New").unwrap().is_empty()
    });
    office.mounted.ok("ls; cat New.md");
    assert_eq!(office.heard_before_the_bell(&mut watch), [""; 0]);
    office.mounted.ok("mv New.md Newer.md");
    let moved = ["./New.md MOVED_FROM", "./Newer.md MOVED_TO"];
    assert_eq!(office.heard_before_the_bell(&mut watch), moved);
    office.mounted.ok("rm Newer.md; ls");
    until("the archival", || {
        let found = office.mounted.server().store().find_projects("Newer").unwrap();
        found.iter().all(|(_, archived)| *archived)
    });
    office.mounted.ok("ls");
    assert_eq!(office.heard_before_the_bell(&mut watch), ["./Newer.md DELETE"]);
    drop(watch);
    office.mounted.end();
}

#[test]
fn names_that_others_made_changed_and_took_away_are_heard() {
    let office = Office::new(&[]);
    let store = office.mounted.server().store();
    // What was asked for a moment before says nothing of what was made since.
    let lists = |names: &str| until(names, || office.mounted.ok("ls") == names);
    let mut watch = Watch::inotify(&office.mounted.acme(), &["."]);
    let gone = store.add_project(&office.acme, "Gone", "x").unwrap();
    lists("Bell.md\nGone.md\nPlan.md\n");
    watch.hears("./Gone.md CREATE");
    office.mounted.ok("cat Gone.md");
    let mut file = Watch::inotify(&office.mounted.acme(), &["Gone.md"]);
    let mut node = Watch::node(&office.mounted.acme(), &["."]);
    let new = store.add_project(&office.acme, "New", "one\ntwo").unwrap();
    store.add_folder(&office.acme, "Sales").unwrap();
    office.mounted.server().log().clear();
    lists("Bell.md\nGone.md\nNew.md\nPlan.md\nSales\n");
    let mut made = watch.hears_of(2);
    made.sort();
    assert_eq!(made, ["./New.md CREATE", "./Sales CREATE,ISDIR"]);
    node.hears(". rename New.md");
    let asked = office.mounted.reads();
    let is_read = |path: &String| path.contains(new.as_str()) && path.contains("/tasks");
    assert!(!asked.iter().any(is_read), "{asked:?}");
    assert_eq!(office.mounted.ok("cat New.md"), "- [ ] one\n- [ ] two\n");
    assert_eq!(office.mounted.ok("ls Sales; wc -c < New.md"), "20\n");
    assert_eq!(office.heard_before_the_bell(&mut watch), [""; 0]);
    store.rename_elsewhere(&new, "Newer").unwrap();
    lists("Bell.md\nGone.md\nNewer.md\nPlan.md\nSales\n");
    let moved = ["./New.md MOVED_FROM", "./Newer.md MOVED_TO"];
    assert_eq!(watch.hears(moved[1]), moved);
    assert_eq!(office.mounted.ok("cat Newer.md"), "- [ ] one\n- [ ] two\n");
    store.archive_elsewhere(&gone).unwrap();
    lists("Bell.md\nNewer.md\nPlan.md\nSales\n");
    assert_eq!(watch.hears("./Gone.md DELETE"), ["./Gone.md DELETE"]);
    file.hears("Gone.md DELETE_SELF");
    drop((watch, file, node));
    office.mounted.end();
}

#[test]
fn what_a_command_changes_is_heard() {
    let office = Office::new(&[]);
    let mut watch = Watch::inotify(&office.mounted.acme(), &["."]);
    office.mounted.ok("echo '- [ ] own' >> Plan.md");
    watch.hears("./Plan.md CLOSE_WRITE,CLOSE");
    office.all_is_saved();
    office.command(&["undo", "--yes", "Plan.md"]);
    assert_eq!(watch.hears("./Plan.md MODIFY"), ["./Plan.md MODIFY"]);
    // The shell does not say that this is refused.
    office.mounted.sh("printf '| a |\\n|---|\\n' > Plan.md");
    watch.hears("./Plan.md CLOSE_WRITE,CLOSE");
    office.command(&["discard", "Plan.md"]);
    watch.hears("./Plan.md MODIFY");
    assert_eq!(office.heard_before_the_bell(&mut watch), [""; 0]);
    drop(watch);
    office.mounted.end();
}

/// What others did, as far as the mount hears of it without any look from a program, with and without
/// word of it: as many requests, and silence.
#[test]
fn it_costs_no_request_and_can_be_turned_off() {
    let asked = [&["--max-age", "30"][..], &["--max-age", "30", "--no-notify"]].map(|flags| {
        let office = Office::new(flags);
        let is_told = !flags.contains(&"--no-notify");
        let mut watch = Watch::inotify(&office.mounted.acme(), &["."]);
        office.mounted.ok("echo '- [ ] own' >> Plan.md");
        office.all_is_saved();
        office.mounted.ok("rm Bell.md");
        watch.hears("./Bell.md DELETE");
        office.mounted.server().log().clear();
        office.command(&["undo", "--yes", "Bell.md"]);
        office.command(&["undo", "--yes", "Plan.md"]);
        if is_told {
            let heard = watch.hears("./Plan.md MODIFY");
            assert_eq!(heard, ["./Bell.md CREATE", "./Plan.md MODIFY"]);
        }
        // The kernel tells of this itself.
        fs::write(office.mounted.acme().join(".rest"), "x").unwrap();
        assert_eq!(watch.hears("./.rest CREATE"), ["./.rest CREATE"], "{flags:?}");
        let requests = office.mounted.server().log().requests().into_iter();
        let is_id = |part: &&str| part.len() < 16;
        let path = |path: String| path.split('/').filter(is_id).collect::<Vec<_>>().join("/");
        let asked = requests.map(|it| format!("{} {}", it.method, path(it.path)));
        let asked: Vec<String> = asked.collect();
        drop(watch);
        office.mounted.end();
        asked
    });
    assert_eq!(asked[0], asked[1]);
    assert!(!asked[0].is_empty());
}

#[test]
fn what_a_program_has_open_is_heard_of_with_nobody_looking() {
    let flags = ["--max-age", "30"];
    let mounted = Mounted::on(Quirks::default(), TASKS, &flags, |_, _| {});
    let opens = "import sys; open('Plan.md').read(); print('open', flush=True); sys.stdin.read()";
    let mut editor = Command::new("python3");
    editor.args(["-c", opens]).current_dir(mounted.acme());
    let mut editor = editor.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut told = String::new();
    BufReader::new(editor.stdout.take().unwrap()).read_line(&mut told).unwrap();
    assert_eq!(told, "open\n");
    let mut file = Watch::inotify(&mounted.acme(), &["Plan.md"]);
    // A minute, on a machine that is busy.
    mounted.server().store().add_elsewhere(&mounted.project, "theirs").unwrap();
    file.hears_within(Duration::from_secs(75), "Plan.md MODIFY");
    mounted.server().log().clear();
    assert_eq!(mounted.text(), "- [ ] one\n- [ ] two\n- [ ] three\n- [ ] theirs\n");
    assert_eq!(mounted.reads(), [""; 0], "it was read when it was told");
    drop((editor.stdin.take(), file));
    editor.wait().unwrap();
    mounted.end();
}
