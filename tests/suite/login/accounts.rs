//! Who is who: more than one account, another token of the same person, and another person.

use std::{fs, os::unix::fs::MetadataExt};

use taskadefs::server::OAuthQuirks;

use super::Person;
use crate::support::mount::{attribute, said, until};

/// The directory of the account that is mounted.
fn directory(person: &Person) -> u64 {
    let path = attribute(&person.mounted.root, "user.taskade.account").unwrap();
    fs::metadata(path).unwrap().ino()
}

#[test]
fn each_account_is_one_by_itself_and_is_named_by_who_wants_it() {
    let person = Person::new();
    person.logs_in(&[]);
    let told = person.logs_in(&["--account", "work"]);
    assert!(told.contains("@me as work"), "{told}");
    person.mounts(&[]);
    let first = directory(&person);
    person.mounted.end();
    person.mounts(&["--account", "work"]);
    assert_ne!(directory(&person), first);
    person.mounted.end();
    assert_eq!(person.accounts().len(), 2);
    let told = person.fails(&["sync", "--account", "play"]);
    assert!(told.contains("run `taskadefs login --account play`"), "{told}");
    assert!(person.ok(&["logout", "--account", "work"]).contains("@me as work"));
    assert!(person.fails(&["logout", "--account", "work"]).contains("somebody is as default"));
    assert!(person.fails(&["sync", "--account", "work"]).contains("nobody is logged in as work"));
    person.mounts(&[]);
    assert_eq!(directory(&person), first);
    for usage in [&["--account", "a b"][..], &["--account", "x", "--token-file", "y"]] {
        let output = person.mount(usage);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    }
}

#[test]
fn a_token_that_is_set_counts_before_what_login_kept_but_not_before_a_name() {
    let person = Person::new();
    person.logs_in(&[]);
    let root = person.mounted.root.to_str().unwrap().to_owned();
    let state = person.state();
    for variable in ["TASKADE_TOKEN", "TASKADE_API_KEY"] {
        let mut command = person.command(&["mount", "--state-dir", state.to_str().unwrap(), &root]);
        let output = crate::support::mount::run(command.env(variable, "tskdp_wrong"));
        assert!(said(&output).contains("does not know the token"), "{}", said(&output));
    }
    let mut command = person.command(&["mount", "--account", "default", "--state-dir"]);
    command.arg(&state).arg(&root).env("TASKADE_TOKEN", "tskdp_wrong");
    let output = crate::support::mount::run(&mut command);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(person.mounted.text(), "- [ ] one\n- [ ] two\n");
}

#[test]
fn who_had_a_token_in_the_environment_goes_on_where_they_were() {
    let person = Person::new();
    person.mounted.begin();
    person.mounted.ok("cat Plan.md");
    let before = directory(&person);
    person.mounted.end();
    person.logs_in(&[]);
    person.mounts(&[]);
    assert_eq!(directory(&person), before);
    assert_eq!(person.accounts().len(), 1);
}

#[test]
fn a_new_token_of_the_same_person_is_taken_up_by_the_mount_that_runs() {
    for has_ping in [true, false] {
        let mut person = Person::at(OAuthQuirks { has_ping, ..OAuthQuirks::default() });
        person.logs_in(&[]);
        person.mounts(&[]);
        person.mounted.ok("cat Plan.md && ls");
        let before = directory(&person);
        person.mounted.change_token("tskdp_new");
        let refused = person.mounted.sh("sed -i 's/one/1/' Plan.md");
        assert!(said(&refused).contains("Permission denied"), "{}", said(&refused));
        let status = person.run(&["status"]);
        assert!(said(&status).contains("taskadefs login"), "{}", said(&status));
        assert_eq!(person.mounted.text(), "- [ ] 1\n- [ ] two\n", "nothing is lost");
        person.logs_in(&[]);
        until("the refused save", || person.mounted.tree() == "1\ntwo\n");
        person.mounted.ok("sed -i 's/two/2/' Plan.md");
        assert_eq!(person.mounted.tree(), "1\n2\n");
        person.mounted.end();
        person.mounts(&[]);
        assert_eq!(directory(&person), before);
        assert_eq!(person.accounts().len(), 1);
        person.mounted.end();
    }
}

#[test]
fn another_person_under_the_same_name_has_a_directory_of_their_own() {
    let person = Person::new();
    person.logs_in(&[]);
    person.mounts(&[]);
    let first = directory(&person);
    let store = person.mounted.server().store();
    let workspace = store.add_workspace("Team").unwrap();
    store.add_member(&workspace, "alice", "Alice").unwrap();
    let told = person.logs_in(&[]);
    assert!(told.contains("logged in: @alice (Alice)"), "{told}");
    assert!(told.contains("what waits of @me stays"), "{told}");
    person.mounted.end();
    person.mounts(&[]);
    assert_ne!(directory(&person), first);
}
