//! Tokens that end: renewed before they do and when they are refused, once, whoever needs it.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use taskadefs::server::{Fault, OAuthQuirks};

use super::{
    Person,
    browser::{Waiting, browse, logged_in},
};
use crate::support::mount::{PROGRAM, said, until};

const TOKEN: &str = "/oauth2/token";

/// What was asked of the API was answered 401 so often.
fn refusals(person: &Person) -> usize {
    let requests = person.mounted.server().log().requests().into_iter();
    requests.filter(|it| it.status == 401).count()
}

/// How often a token was given.
fn given(person: &Person) -> usize {
    person.statuses(TOKEN).len()
}

#[test]
fn a_token_is_renewed_before_it_ends_while_a_mount_runs() {
    let lifetime = Duration::from_secs(3);
    let person = logged_in(OAuthQuirks { lifetime, ..OAuthQuirks::default() });
    person.mounts(&[]);
    until("two renewals", || {
        person.mounted.ok("cat Plan.md");
        given(&person) >= 3
    });
    person.mounted.ok("sed -i 's/one/1/' Plan.md");
    assert_eq!(person.mounted.tree(), "1\ntwo\n");
    assert_eq!(refusals(&person), 0, "none was used to its end");
    // What was renewed was kept: the next mount goes on with it.
    person.mounted.end();
    person.mounts(&[]);
    assert_eq!(person.statuses(TOKEN), vec![200; given(&person)]);
}

#[test]
fn a_token_that_is_refused_is_renewed_and_what_was_refused_is_sent_again() {
    for rotates in [true, false] {
        let person =
            logged_in(OAuthQuirks { rotates, tells_lifetime: false, ..OAuthQuirks::default() });
        person.mounts(&[]);
        person.mounted.ok("cat Plan.md");
        for round in 0..2 {
            person.mounted.server().revoke(false);
            person.mounted.server().log().clear();
            person.mounted.ok(&format!("sed -i 's/$/{round}/' Plan.md"));
            let requests = person.mounted.server().log().requests();
            // Whatever was under way was refused once, and all of it was sent again.
            let renewed = requests.iter().position(|it| it.path == TOKEN).unwrap();
            assert!(requests[..renewed].iter().any(|it| it.status == 401), "{requests:#?}");
            let writes = requests.iter().filter(|it| it.method == "PUT");
            assert_eq!(writes.filter(|it| it.status == 200).count(), 2, "{requests:#?}");
            assert_eq!(person.statuses(TOKEN), [200]);
        }
        assert_eq!(person.mounted.tree(), "one01\ntwo01\n");
        person.mounted.end();
    }
}

#[test]
fn one_process_renews_and_the_others_take_what_it_got() {
    let person = logged_in(OAuthQuirks::default());
    person.mounted.server().revoke(false);
    person.mounted.server().log().clear();
    let begin = || -> Child {
        let mut command = Command::new("timeout");
        command.args(["-k", "5", "60", PROGRAM, "agent", "show", "none"]);
        person.at_home(&mut command);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let others: Vec<Child> = (0..6).map(|_| begin()).collect();
    for other in others {
        let output = other.wait_with_output().unwrap();
        // It has found that there is no such agent.
        assert!(said(&output).contains("404"), "{}", said(&output));
    }
    assert_eq!(
        person.statuses(TOKEN),
        [200],
        "one, though a second use of what it used is refused"
    );
}

#[test]
fn a_login_that_is_not_renewed_any_more_is_told_and_nothing_is_lost() {
    let person = logged_in(OAuthQuirks::default());
    person.mounts(&[]);
    person.mounted.ok("cat Plan.md");
    person.mounted.server().revoke(true);
    person.mounted.server().log().clear();
    let refused = person.mounted.sh("sed -i 's/one/1/' Plan.md");
    assert!(said(&refused).contains("Permission denied"), "{}", said(&refused));
    assert_eq!(person.mounted.text(), "- [ ] 1\n- [ ] two\n");
    let told = said(&person.run(&["status"]));
    assert!(told.contains("does not renew") && told.contains("run `taskadefs login`"), "{told}");
    let log = std::fs::read_to_string(person.state().join("log")).unwrap();
    assert!(log.contains("run `taskadefs login`"), "{log}");
    // It is known, and not asked again and again.
    person.mounted.sh("cat Plan.md; ls; cat Plan.md; ls");
    assert_eq!(person.statuses(TOKEN), [400]);
    let waiting = Waiting::begin(&person, &["--no-browser"], None);
    browse(&waiting.page);
    let (code, told) = waiting.ends();
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("what was refused before goes on now"), "{told}");
    until("the refused save", || person.mounted.tree() == "1\ntwo\n");
    until("nothing that is refused", || person.ok(&["status"]).contains("everything is saved"));
}

#[test]
fn a_service_that_is_gone_refuses_nothing() {
    let lifetime = Duration::from_secs(1);
    let person = logged_in(OAuthQuirks { lifetime, ..OAuthQuirks::default() });
    person.mounts(&["--commit-wait", "0"]);
    person.mounted.ok("cat Plan.md");
    let faults = person.mounted.server().faults();
    faults.plan(None, "", 0, 1_000_000, Fault::Html(503));
    until("a renewal that fails", || {
        person.mounted.sh("cat Plan.md");
        person.statuses(TOKEN).contains(&503)
    });
    person.mounted.ok("sed -i 's/one/1/' Plan.md");
    let told = said(&person.run(&["status"]));
    assert!(told.contains("pending\tAcme/Plan.md") && !told.contains("rejected"), "{told}");
    faults.clear();
    until("the save", || person.mounted.tree() == "1\ntwo\n");
}
