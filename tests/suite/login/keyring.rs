//! The system's keyring: a real one, on a bus of the test's own.

use std::process::{Command, Output};

use super::{Person, files_with};
use crate::support::mount::{PROGRAM, run, said};

/// Runs a script with a session bus and an unlocked keyring.
fn with_keyring(person: &Person, script: &str) -> Output {
    let begin = "printf 'a password' | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; ";
    let mut command = Command::new("dbus-run-session");
    command.args(["--", "bash", "-c", &format!("{begin}{script}"), PROGRAM]);
    person.at_home(&mut command);
    // The keyring of this person, in their own home.
    let home = person.mounted.dir.path();
    std::fs::create_dir_all(home.join("run")).unwrap();
    command.env("XDG_RUNTIME_DIR", home.join("run")).env("XDG_DATA_HOME", home.join("data"));
    command.env("STATE", person.state()).env("ROOT", &person.mounted.root);
    command.env("TYPED", home.join("token"));
    run(&mut command)
}

const LOOKUP: &str = "secret-tool lookup application taskadefs";

#[test]
fn a_token_is_in_the_keyring_or_in_a_file_and_never_in_both() {
    let person = Person::new();
    let token = person.mounted.server().token();
    person.logs_in(&[]);
    assert_eq!(person.kept(".token").len(), 1, "there is no keyring yet");
    std::fs::write(person.mounted.dir.path().join("token"), token.expose()).unwrap();
    let script = format!(
        r#"{LOOKUP}; echo "before: $?"; "$0" login < "$TYPED" || exit; {LOOKUP} | grep -o '"access":"[^"]*"'
        ls "$STATE/logins"; "$0" mount --state-dir "$STATE" "$ROOT" && cat "$ROOT/Acme/Plan.md"
        "$0" logout; "$0" umount "$ROOT"; {LOOKUP}; echo "after: $?""#
    );
    let output = said(&with_keyring(&person, &script));
    assert!(output.contains("before: 1"), "{output}");
    assert!(output.contains("the token is in the keyring"), "{output}");
    assert!(output.contains(&format!(r#""access":"{}""#, token.expose())), "{output}");
    assert!(!output.contains(".token\n"), "{output}");
    assert!(output.contains("- [ ] one\n- [ ] two"), "{output}");
    assert!(output.contains("logged out: @me") && output.contains("after: 1"), "{output}");
    assert!(files_with(&person.state(), token.expose()).is_empty());
}

#[test]
fn a_keyring_that_is_not_there_any_more_is_told_with_what_to_do() {
    let person = Person::new();
    let token = person.mounted.server().token();
    std::fs::write(person.mounted.dir.path().join("token"), token.expose()).unwrap();
    let output = said(&with_keyring(&person, r#""$0" login < "$TYPED""#));
    assert!(output.contains("the token is in the keyring"), "{output}");
    for failed in [said(&person.mount(&[])), person.fails(&["logout"])] {
        assert!(failed.contains("in the keyring") || failed.contains("in a keyring"), "{failed}");
    }
    // A login where there is none is as good as any other.
    person.logs_in(&[]);
    person.mounts(&[]);
    assert_eq!(person.mounted.text(), "- [ ] one\n- [ ] two\n");
}
