//! What is due, of what is known: gathered with no request, and told by the real program.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use icalendar::{Calendar, Component};
use serde_json::Value;
use taskadefs::{
    agenda::Task,
    error::Kind,
    ids::SpaceId,
    server::{Fault, Quirks, Store},
    sync::Settings,
};

use crate::support::{
    harness::Mount,
    mount::{Mounted, PROGRAM, attribute, on_terminal, run, said, until},
};

/// Where each task is said to be, and what it says.
fn places(tasks: &[Task]) -> Vec<(String, Option<usize>, String)> {
    let place = |task: &Task| (task.path.clone(), task.line, task.text.clone());
    let mut places: Vec<_> = tasks.iter().map(place).collect();
    places.sort();
    places
}

fn placed(expected: &[(&str, usize, &str)]) -> Vec<(String, Option<usize>, String)> {
    let owned = |(path, line, text): &(&str, usize, &str)| {
        (format!("Acme/Marketing/{path}"), Some(*line), (*text).to_owned())
    };
    expected.iter().map(owned).collect()
}

#[tokio::test(start_paused = true)]
async fn whatever_is_known_is_gathered_with_no_request_in_memory_or_not() {
    for memory in [64 << 20, 0] {
        let settings = Settings { memory, ..Settings::default() };
        let mut mount = Mount::with("a\nb\nc", settings).await;
        mount.memory.seed("f", "other", "Other", "x\ny");
        mount.memory.seed("f", "unread", "Unread", "z");
        mount.remount().await;
        for (name, text) in [
            ("Plan.md", "- [ ] a\n  > one\n- [ ] b 📅 2026-12-01\n  - [x] c @alice\n"),
            ("Other.md", "- [ ] x\n- [ ] y [due-time:: 15:30] 📅 2026-12-02\n"),
        ] {
            mount.read(name).await;
            mount.overwrite(name, text.as_bytes()).await.unwrap();
        }
        mount.vfs.rest(std::time::Duration::from_secs(60)).await;
        let both = placed(&[("Other.md", 2, "y"), ("Plan.md", 3, "b"), ("Plan.md", 4, "c")]);
        mount.memory.take_reads();
        for remounted in [false, true] {
            let gathered = mount.vfs.agenda(None).unwrap();
            assert_eq!(places(&gathered.tasks), both, "{memory} {remounted}");
            assert_eq!((gathered.open, gathered.dated), (4, 2));
            let at = |path: &str| mount.vfs.agenda(Some(Path::new(path)));
            let plan = at("Acme/Marketing/Plan.md").unwrap();
            assert_eq!(places(&plan.tasks), both[1..]);
            assert_eq!(at("Acme/Marketing").unwrap(), gathered);
            assert_eq!(at("Acme").unwrap(), gathered);
            assert_eq!(at("Acme/Marketing/Unread.md").unwrap().open, 0);
            assert_eq!(at("Acme/Market").unwrap_err().kind(), Kind::NotFound);
            assert_eq!(mount.memory.take_reads(), 0);
            mount.remount_cleanly().await;
            mount.memory.take_reads();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn saves_that_wait_and_projects_that_are_not_created_yet_are_gathered_as_the_file_has_them() {
    let mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    mount.memory.set_offline(true);
    mount
        .overwrite("Plan.md", "* a\n\n* new 📅 2026-12-01\n\n* b @bob\n".as_bytes())
        .await
        .unwrap();
    mount.create("New.md", "- [ ] x 📅 2026-12-02\n".as_bytes()).await.unwrap();
    let gathered = mount.vfs.agenda(None).unwrap();
    let expected = placed(&[("New.md", 1, "x"), ("Plan.md", 2, "new"), ("Plan.md", 3, "b")]);
    assert_eq!(places(&gathered.tasks), expected);
    let ids = gathered.tasks.iter().map(|task| (task.text.as_str(), task.task.is_some()));
    assert_eq!(
        ids.collect::<BTreeMap<_, _>>(),
        BTreeMap::from([("x", false), ("new", false), ("b", true)])
    );
    // A removed file has no tasks.
    mount.unlink("Plan.md").await.unwrap();
    let left = mount.vfs.agenda(None).unwrap();
    assert_eq!(places(&left.tasks), expected[..1]);
}

fn state_dir(mounted: &Mounted) -> PathBuf {
    mounted.dir.path().join("state")
}

fn agenda(mounted: &Mounted, dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.arg("agenda").args(arguments).current_dir(dir);
    if !arguments.contains(&"--date") {
        command.args(["--date", "2026-12-01"]);
    }
    command.env("TASKADEFS_STATE_DIR", state_dir(mounted)).env("TASKADE_HANDLE", "");
    // Zones are known also where the system has no table of them.
    command.env("TZ", "UTC").env("TZDIR", "/nonexistent");
    run(&mut command)
}

/// What it printed, and nothing on stderr.
fn told(mounted: &Mounted, arguments: &[&str]) -> String {
    let output = agenda(mounted, mounted.dir.path(), arguments);
    assert!(output.status.success() && output.stderr.is_empty(), "{}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// A mount of a plan with all sorts of dates, saved.
fn dated() -> Mounted {
    let tasks = "one\ntwo\nthree\nfour\nfive\nsix\nseven";
    let members = |store: &Store, workspace: &SpaceId| {
        for handle in ["alice", "bob"] {
            store.add_member(workspace, handle, handle).unwrap();
        }
    };
    let mounted = Mounted::on(Quirks::default(), tasks, &["--max-age", "0"], members);
    mounted.text();
    let text = "- [ ] one 📅 2026-11-30\n\
                \x20 > a note\n\
                - [ ] two @alice 📅 2026-12-01\n\
                \x20 - [ ] three [due-time:: 09:00] [zone:: Asia/Tokyo] 📅 2026-12-01\n\
                - [ ] four 🛫 2026-11-28 📅 2026-12-08\n\
                - [ ] five 📅 2026-12-09\n\
                - [x] six 📅 2026-11-29\n\
                - [ ] seven @bob\n";
    fs::write(mounted.file(), text).unwrap();
    assert_eq!(mounted.text(), text);
    assert_eq!(attribute(&mounted.file(), "user.taskade.state").as_deref(), Some("clean"));
    mounted
}

const WEEK: &str = "\
2026-11-30        overdue   Acme/Plan.md:1: one
2026-12-01        today     Acme/Plan.md:3: two @alice
2026-12-01 09:00  today     Acme/Plan.md:4: three [zone:: Asia/Tokyo]
2026-12-08        upcoming  Acme/Plan.md:5: four
";

#[test]
fn an_agenda_says_what_is_due_mounted_or_not_and_asks_taskade_for_nothing() {
    let mounted = dated();
    assert_eq!(told(&mounted, &[]), WEEK);
    // Nothing that this mount is looked at for is on its way.
    mounted.end();
    mounted.begin();
    mounted.reads();
    assert_eq!(told(&mounted, &[]), WEEK);
    assert_eq!(told(&mounted, &["--overdue"]), WEEK.lines().next().unwrap().to_owned() + "\n");
    assert_eq!(told(&mounted, &["--days", "0"]).lines().count(), 3);
    let all = told(&mounted, &["--days", "8", "--all"]);
    assert!(all.starts_with("2026-11-29        done      Acme/Plan.md:7: six\n"), "{all}");
    assert!(all.ends_with("\n2026-12-09        upcoming  Acme/Plan.md:6: five\n"), "{all}");
    let alice = "2026-12-01        today     Acme/Plan.md:3: two @alice\n";
    assert_eq!(told(&mounted, &["--assigned=alice"]), alice);
    assert_eq!(told(&mounted, &["--assigned", "--me", "@Alice"]), alice);
    let bob = told(&mounted, &["--me", "alice", "--assigned=bob"]);
    assert_eq!(bob, "-                 undated   Acme/Plan.md:8: seven @bob\n");
    let json: Value = serde_json::from_str(&told(&mounted, &["--json"])).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 4);
    let ids = mounted.ids();
    assert_eq!(json[0]["task"], ids[0]);
    assert_eq!((&json[0]["note"], &json[0]["all_day"]), (&"a note".into(), &true.into()));
    assert_eq!((&json[2]["time"], &json[2]["zone"]), (&"09:00".into(), &"Asia/Tokyo".into()));
    assert_eq!((&json[3]["start"], &json[3]["due"]), (&"2026-11-28".into(), &"2026-12-08".into()));
    // The columns that a file and its line begin behind.
    assert!(told(&mounted, &[]).lines().all(|line| line[28..].starts_with("Acme/Plan.md:")));
    let of_file = told(&mounted, &["mnt/Acme/Plan.md"]);
    assert_eq!(of_file, WEEK.replace("Acme/", "mnt/Acme/"));
    assert_eq!(mounted.reads(), [""; 0]);
    // To enter the directory asks what is in it.
    let inside = agenda(&mounted, &mounted.acme(), &["Plan.md"]);
    assert_eq!(said(&inside), WEEK.replace("Acme/", ""));
    mounted.end();
    mounted.server().log().clear();
    let files = |mounted: &Mounted| {
        let account = fs::read_dir(state_dir(mounted).join("accounts")).unwrap().next();
        let files = fs::read_dir(account.unwrap().unwrap().path()).unwrap().flatten();
        let is_ours =
            |name: &str| name.ends_with("cache.sqlite3") || name.ends_with("journal.sqlite3");
        let files = files.filter(|file| is_ours(file.file_name().to_str().unwrap()));
        files.map(|file| (file.path(), fs::read(file.path()).unwrap())).collect::<Vec<_>>()
    };
    let before = files(&mounted);
    assert_eq!(told(&mounted, &[]), WEEK);
    assert_eq!(files(&mounted), before);
    for entry in fs::read_dir(before[0].0.parent().unwrap()).unwrap().flatten() {
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{entry:?}");
    }
    let refused = agenda(&mounted, mounted.dir.path(), &["mnt"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("not in a mount"), "{}", said(&refused));
    assert_eq!(mounted.reads(), [""; 0]);
    mounted.begin();
    assert_eq!(told(&mounted, &[]), WEEK);
}

#[test]
fn what_waits_in_the_journal_of_a_mount_that_died_is_told_as_it_was_saved() {
    let mounted = Mounted::with("one\ntwo", &["--commit-wait", "0.1"]);
    mounted.text();
    mounted.server().faults().plan(Some("POST"), "", 0, 1000, Fault::Status(503, None));
    fs::write(mounted.file(), "* one\n\n* two\n\n* new 📅 2026-12-01\n").unwrap();
    // SAFETY: a signal to a process that this test started.
    unsafe { libc::kill(mounted.pid().unwrap(), libc::SIGKILL) };
    until("the death of the mount", || fs::metadata(&mounted.root).is_err());
    let dead = agenda(&mounted, mounted.dir.path(), &["mnt"]);
    assert_eq!(dead.status.code(), Some(1));
    assert!(said(&dead).contains("has died"), "{}", said(&dead));
    let expected = "2026-12-01        today     Acme/Plan.md:3: new\n";
    assert_eq!(told(&mounted, &[]), expected);
    mounted.end();
    assert_eq!(told(&mounted, &[]), expected);
}

#[test]
fn paths_are_those_that_lead_there_from_here() {
    let mounted = dated();
    let first = |dir: &Path, path: &str| {
        let output = agenda(&mounted, dir, &["--overdue", path]);
        assert!(output.status.success(), "{path}: {}", said(&output));
        let line = String::from_utf8(output.stdout).unwrap();
        let place =
            line.trim_end().strip_prefix("2026-11-30        overdue   ").unwrap().to_owned();
        let (file, rest) = place.split_once(".md:").unwrap();
        // Where an editor would jump to.
        let text = fs::read_to_string(dir.join(format!("{file}.md"))).unwrap();
        assert!(text.starts_with("- [ ] one") && rest == "1: one", "{place}");
        file.to_owned()
    };
    let out = mounted.dir.path();
    assert_eq!(first(out, "mnt"), "mnt/Acme/Plan");
    assert_eq!(first(out, "mnt/"), "mnt/Acme/Plan");
    assert_eq!(first(out, "mnt/Acme"), "mnt/Acme/Plan");
    assert_eq!(first(out, "mnt/Acme/Plan.md"), "mnt/Acme/Plan");
    assert_eq!(first(&mounted.acme(), ".."), "../Acme/Plan");
    assert_eq!(first(&mounted.acme(), "."), "./Plan");
    symlink(mounted.root.join("Acme"), out.join("link")).unwrap();
    assert_eq!(first(out, "link"), "link/Plan");
    assert_eq!(first(out, "link/../Acme/Plan.md"), "link/../Acme/Plan");
    symlink("loop", out.join("loop")).unwrap();
    for (path, reason) in [
        ("mnt/Acme/No.md", "nothing is known of it"),
        ("mnt/../state", "not in a mount"),
        ("loop", "symbolic links"),
        ("none", "No such file"),
    ] {
        let output = agenda(&mounted, out, &[path]);
        assert_eq!(output.status.code(), Some(1), "{path}");
        assert!(said(&output).contains(reason), "{path}: {}", said(&output));
    }
}

#[test]
fn a_calendar_has_an_event_for_each_date() {
    let mounted = dated();
    let text = told(&mounted, &["--ics"]);
    let calendar: Calendar = text.parse().unwrap();
    let events = calendar.components.iter().filter_map(|part| part.as_event());
    let told: Vec<(&str, &str)> = events
        .map(|event| (event.get_summary().unwrap(), event.property_value("DTSTART").unwrap()))
        .collect();
    let expected = [
        ("one", "20261130"),
        ("two", "20261201"),
        ("three", "20261201T000000Z"),
        ("four", "20261128"),
        ("five", "20261209"),
    ];
    assert_eq!(told, expected);
    assert_eq!(told.len(), text.matches("\r\nUID:").count());
    assert!(text.contains("DTSTAMP:20261201T000000Z\r\n"), "{text}");
    // It is the same for as long as nothing changes.
    assert_eq!(self::told(&mounted, &["--ics"]), text);
}

#[test]
fn an_empty_agenda_says_how_much_is_known_and_usage_errors_what_is_missing() {
    let mounted = Mounted::of("one\ntwo");
    let nothing = |arguments: &[&str]| {
        let output = agenda(&mounted, mounted.dir.path(), arguments);
        assert!(output.status.success(), "{}", said(&output));
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (stdout, stderr) = nothing(&[]);
    assert!(stdout.is_empty() && stderr.contains("0 of 0 open tasks"), "{stderr}");
    mounted.text();
    let (stdout, stderr) = nothing(&["mnt"]);
    assert!(stdout.is_empty() && stderr.contains("0 of 2 open tasks"), "{stderr}");
    assert!(stderr.contains("taskadefs details"), "{stderr}");
    assert_eq!(nothing(&["--json"]).0, "[]\n");
    assert!(nothing(&["--ics"]).0.ends_with("END:VCALENDAR\r\n"));
    for (arguments, reason) in [
        (&["--days=-1"][..], "--days"),
        (&["--days", "1", "--overdue"], "--overdue"),
        (&["--json", "--ics"], "--ics"),
        (&["--date", "2026-02-29"], "calendar"),
        (&["--date", "20261201"], "calendar"),
    ] {
        let output = agenda(&mounted, mounted.dir.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(reason), "{arguments:?}: {}", said(&output));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn whoever_looks_at_an_agenda_on_a_terminal_sees_in_red_what_is_overdue() {
    let mounted = dated();
    let state = state_dir(&mounted);
    let script = format!(
        "{PROGRAM} agenda --date 2026-12-01 --state-dir {}; NO_COLOR=1 {PROGRAM} agenda \
         --date 2026-12-01 --overdue --state-dir {0} | cat; read",
        state.display()
    );
    let shown = "\u{1b}[1;31moverdue \u{1b}[0m  Acme/Plan.md:1: one";
    on_terminal("bash", &["-c", &script], mounted.dir.path(), &[(shown, "\n")]);
}
