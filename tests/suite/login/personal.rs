//! A personal access token: asked for, checked, kept where nobody else reads it, used, and forgotten.

use std::{fs, process::Command};

use taskadefs::server::{Fault, OAuthQuirks, Server, ServerConfig};

use super::{Person, files_with, mode};
use crate::support::{
    mount::{PROGRAM, run, said, until},
    terminal::Terminal,
};

#[test]
fn a_token_is_checked_kept_privately_and_used() {
    let person = Person::new();
    let token = person.mounted.server().token();
    let told = person.fails(&["mount", person.mounted.root.to_str().unwrap()]);
    assert!(told.contains("run `taskadefs login`"), "{told}");
    let told = person.logs_in(&[]);
    assert!(told.contains("logged in: @me; 1 workspace"), "{told}");
    assert!(told.contains("which only you can read"), "{told}");
    assert_eq!(
        (person.statuses("/oauth2/ping"), person.statuses("/workspaces")),
        (vec![200], vec![200])
    );
    let (tokens, logins) = (person.kept(".token"), person.kept(".json"));
    assert_eq!((tokens.len(), logins.len()), (1, 1));
    assert_eq!((mode(&tokens[0]), mode(&logins[0])), (0o600, 0o600));
    assert_eq!(mode(&person.state().join("logins")), 0o700);
    assert_eq!(files_with(&person.state(), token.expose()), tokens, "it is there and nowhere else");
    person.mounts(&["--log", "trace"]);
    person.mounted.ok("cat Plan.md && sed -i 's/one/1/' Plan.md");
    assert_eq!(person.mounted.tree(), "1\ntwo\n");
    // Neither the arguments nor the environment of what runs have it, nor what it writes.
    let pid = person.mounted.pid().unwrap();
    for file in ["cmdline", "environ"] {
        let shown = fs::read(format!("/proc/{pid}/{file}")).unwrap();
        assert!(!String::from_utf8_lossy(&shown).contains(token.expose()), "{file}");
    }
    assert_eq!(files_with(&person.state(), token.expose()), tokens);
    person.mounted.end();
}

#[test]
fn what_is_no_token_of_anybody_is_not_kept() {
    let person = Person::new();
    for (typed, told) in [
        ("tskdp_wrong\n", "does not know the token"),
        ("\n", "no token was given"),
        ("", "no token was given"),
        ("two words\n", "cannot be a token"),
    ] {
        let output = person.types(typed, &[]);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(said(&output).contains(told), "{}", said(&output));
        assert!(!said(&output).contains("tskdp_wrong"), "{}", said(&output));
    }
    let faults = person.mounted.server().faults();
    faults.plan(None, "", 0, 20, Fault::Html(502));
    let token = person.mounted.server().token();
    let output = person.types(token.expose(), &[]);
    assert!(said(&output).contains("cannot be checked"), "{}", said(&output));
    assert!(person.kept("").iter().all(|path| path.extension().unwrap() == "lock"));
    // One that counts is not lost to one that does not.
    faults.clear();
    person.logs_in(&[]);
    assert_eq!(person.types("tskdp_wrong\n", &[]).status.code(), Some(1));
    person.mounts(&[]);
}

#[test]
fn where_nobody_tells_whose_it_is_the_workspaces_do() {
    let person = Person::at(OAuthQuirks { has_ping: false, ..OAuthQuirks::default() });
    let told = person.logs_in(&[]);
    assert!(told.contains("whom Taskade does not name; 1 workspace"), "{told}");
    person.mounts(&[]);
    assert_eq!(person.mounted.text(), "- [ ] one\n- [ ] two\n");
}

#[test]
fn a_token_goes_nowhere_but_to_the_api() {
    let person = Person::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let other = runtime.block_on(Server::start(ServerConfig::new(dir.path()))).unwrap();
    let faults = person.mounted.server().faults();
    let elsewhere = other.url().replace("/api/v1", "/oauth2/ping");
    faults.plan(None, "/oauth2/ping", 0, 1, Fault::Redirect(elsewhere));
    faults.plan(None, "/workspaces", 0, 9, Fault::Redirect(format!("{}/workspaces", other.url())));
    let token = person.mounted.server().token();
    let output = person.types(token.expose(), &[]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(other.log().requests().is_empty());
    let output = person.types(token.expose(), &["--api-url", "http://taskade.example/api/v1"]);
    assert!(said(&output).contains("https"), "{}", said(&output));
}

#[test]
fn a_terminal_shows_nothing_of_what_is_pasted_and_is_as_it_was_afterwards() {
    let person = Person::new();
    let token = person.mounted.server().token();
    let script = format!(
        "trap : INT; stty -a > before; export TASKADE_API_URL={} TASKADEFS_STATE_DIR={} DBUS_SESSION_BUS_ADDRESS=; \
         {PROGRAM} login; echo \"first ends with $?\"; stty -a > between; \
         {PROGRAM} login; echo \"second ends with $?\"; stty -a > after",
        person.url(),
        person.state().display(),
    );
    let dir = tempfile::tempdir().unwrap();
    let terminal = Terminal::run(dir.path(), &script);
    terminal.shows("Token (nothing is shown").types("tskdp_").press(&["C-c"]);
    terminal.shows("nothing was kept").shows("first ends with 130");
    terminal.until("asked again", |screen| screen.matches("Token (nothing").count() == 2);
    terminal.enters(token.expose()).shows("logged in: @me").shows("second ends with 0");
    terminal.ends();
    assert!(!terminal.screen().contains("tskdp_"), "{}", terminal.screen());
    let stty = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
    assert_eq!(stty("before"), stty("between"));
    assert_eq!(stty("before"), stty("after"));
    assert!(stty("after").contains(" echo "), "{}", stty("after"));
}

#[test]
fn logging_out_forgets_the_token_and_keeps_all_else() {
    let person = Person::new();
    assert!(person.fails(&["logout"]).contains("nobody is logged in"));
    person.logs_in(&[]);
    let told = person.ok(&["logout"]);
    assert!(told.contains("logged out: @me") && !told.contains("mounted"), "{told}");
    assert_eq!(person.kept(".token").len(), 0);
    let token = person.mounted.server().token();
    assert!(files_with(&person.state(), token.expose()).is_empty());
    assert!(said(&person.mount(&[])).contains("taskadefs login"));
    // With a mount, and a save that waits.
    person.logs_in(&[]);
    person.mounts(&["--commit-wait", "0"]);
    person.mounted.ok("cat Plan.md");
    let faults = person.mounted.server().faults();
    faults.plan(None, "", 0, 1_000_000, Fault::DropBefore);
    person.mounted.sh("sed -i 's/one/1/' Plan.md");
    let told = person.ok(&["logout"]);
    let root = person.mounted.root.to_str().unwrap();
    assert!(told.contains(&format!("{root} is still mounted")), "{told}");
    assert!(told.contains("1 change of theirs stay in the journal"), "{told}");
    faults.clear();
    person.mounted.end();
    assert_eq!(person.mounted.tree(), "1\ntwo\n", "the mount has gone on with what it had");
}

#[test]
fn what_waited_when_somebody_logged_out_is_sent_once_they_are_back() {
    let person = Person::new();
    person.logs_in(&[]);
    person.mounts(&["--commit-wait", "0"]);
    person.mounted.ok("cat Plan.md");
    let faults = person.mounted.server().faults();
    faults.plan(None, "", 0, 1_000_000, Fault::DropBefore);
    person.mounted.sh("sed -i 's/one/1/' Plan.md");
    let output = run(Command::new(PROGRAM).arg("umount").arg(&person.mounted.root));
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(person.ok(&["logout"]).contains("1 change of theirs"), "it is told");
    faults.clear();
    assert!(person.fails(&["sync"]).contains("taskadefs login"));
    person.logs_in(&[]);
    assert!(person.ok(&["sync"]).contains("everything is saved"));
    assert_eq!(person.mounted.tree(), "1\ntwo\n");
}

#[test]
fn an_agenda_knows_who_logged_in_or_whose_token_it_is() {
    let person = Person::with(OAuthQuirks::default(), |store, workspace| {
        store.add_member(workspace, "me", "Me").unwrap();
    });
    let root = person.mounted.root.to_str().unwrap().to_owned();
    let list = |arguments: &[&str]| {
        person.ok(&[&["agenda", "--assigned", "--date", "2026-12-01"], arguments].concat())
    };
    // With a token of the environment the mount asks, and only once.
    person.mounted.begin();
    person.mounted.ok("cat Plan.md; sed -i 's/one$/one @me/' Plan.md");
    person.mounted.server().log().clear();
    assert!(list(&[&root]).contains("one @me"));
    assert!(list(&[]).contains("one @me") && !list(&[]).contains("two"));
    assert_eq!(person.statuses("/oauth2/ping"), [200]);
    assert!(person.ok(&["agenda", "--me", "bob", "--assigned"]).contains("nothing to show"));
    person.mounted.end();
    assert!(list(&[]).contains("one @me"), "it is known without a mount");
}

#[test]
fn what_was_refused_for_want_of_a_token_goes_on_once_somebody_logs_in() {
    let person = Person::new();
    person.logs_in(&[]);
    person.mounts(&[]);
    let (file, faults) = (person.mounted.file(), person.mounted.server().faults());
    person.mounted.ok("cat Plan.md");
    faults.plan(None, "", 0, 1_000_000, Fault::Status(401, None));
    let refused = person.mounted.sh("sed -i 's/one/1/' Plan.md");
    assert!(said(&refused).contains("Permission denied"), "{}", said(&refused));
    person.mounted.sh("echo '- [ ] new' > New.md");
    let told = said(&person.run(&["status"]));
    assert_eq!(told.matches("rejected\t").count(), 2, "{told}");
    // That the same token counts again is no news that a mount goes by: nobody may have looked into it.
    faults.clear();
    person.mounted.ok("ls");
    assert_eq!(person.mounted.tree(), "one\ntwo\n");
    let told = person.logs_in(&[]);
    assert!(told.contains("2 changes that were refused go on now"), "{told}");
    until("both saves", || {
        let created = person.mounted.server().store().find_projects("New").unwrap();
        person.mounted.tree() == "1\ntwo\n" && created.len() == 1
    });
    until("nothing that is refused", || person.ok(&["status"]).contains("everything is saved"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "- [ ] 1\n- [ ] two\n");
    // Where nothing is to go on with, nothing is said of it.
    assert!(!person.logs_in(&[]).contains("go on"));
}

#[test]
fn who_wants_it_quiet_hears_nothing_where_all_is_well() {
    let person = Person::new();
    assert_eq!(person.logs_in(&["--quiet"]), "");
    let output = person.mount(&["-q"]);
    assert_eq!((output.status.code(), &*said(&output)), (Some(0), ""));
    assert!(person.ok(&["status", "-q"]).contains("everything is saved"), "it was asked for");
    assert!(person.ok(&["doctor", "-q"]).contains("opens 1 workspace"));
    assert_eq!(person.ok(&["logout", "-q"]), "");
    assert!(person.fails(&["logout", "-q"]).contains("nobody is logged in"), "that is wrong");
    person.mounted.end();
}
