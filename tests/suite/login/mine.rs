//! `list --mine`: the tasks of whoever has logged in, and nobody else's.

use taskadefs::{ids::TaskId, server::OAuthQuirks};

use super::Person;
use crate::support::mount::said;

/// Alice, at a service where Bob is, too.
fn alice() -> Person {
    Person::with(OAuthQuirks::default(), |store, acme| {
        store.add_member(acme, "alice", "Alice Adams").unwrap();
        store.add_member(acme, "bob", "Bob").unwrap();
    })
}

#[test]
fn what_whoever_is_logged_in_does_is_listed_and_what_others_do_is_not() {
    let person = alice();
    assert!(person.logs_in(&[]).contains("@alice (Alice Adams)"));
    for line in ["- [ ] hers @alice", "- [ ] both @bob @alice", "- [ ] his @bob"] {
        person.ok(&["add", "-q", "Acme/Plan.md", line]);
    }
    // What says her name is nobody's until it is given to her.
    person.ok(&["add", "-q", "Acme/Plan.md", "call Alice Adams, or alice"]);
    let mine = person.run(&["list", "--mine", "--open"]);
    let hers = "Acme/Plan.md:3:- [ ] hers @alice\nAcme/Plan.md:4:- [ ] both @bob @alice\n";
    assert_eq!(String::from_utf8_lossy(&mine.stdout), hers, "{}", said(&mine));
    let told = String::from_utf8_lossy(&mine.stderr);
    assert!(told.contains("who does it is known of 4 of 6 open tasks"), "{told}");
    for (me, wanted) in
        [("@Alice", hers), ("bob", "4:- [ ] both @bob @alice\nAcme/Plan.md:5:- [ ] his @bob")]
    {
        let listed = said(&person.run(&["list", "--mine", "--me", me]));
        assert!(listed.contains(wanted), "{me}: {listed}");
    }
    person.ok(&["done", "Acme/Plan.md:3"]);
    let open = said(&person.run(&["list", "--mine", "--open"]));
    assert!(!open.contains("hers") && open.contains("both"), "{open}");
}

#[test]
fn what_was_given_to_them_in_the_app_is_theirs_once_it_is_known() {
    let person = alice();
    person.logs_in(&[]);
    person.mounts(&["--max-age", "0"]);
    let (store, ids) = (person.mounted.server().store().clone(), person.mounted.ids());
    for (id, handle) in ids.iter().zip(["alice", "bob"]) {
        let task = TaskId::new(id);
        store.assign_elsewhere(&person.mounted.project, &task, &[handle]).unwrap();
    }
    person.ok(&["details", "--only", "assignees", person.mounted.file().to_str().unwrap()]);
    assert_eq!(person.ok(&["list", "--mine"]), "Acme/Plan.md:1:- [ ] one @alice\n");
}
