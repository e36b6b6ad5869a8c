//! The system's keyring: a real one, on a bus of the test's own.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdout, Command, Output, Stdio},
};

use taskadefs::server::OAuthQuirks;

use super::{
    Person,
    browser::{Waiting, browse},
    files_with,
};
use crate::support::mount::{PROGRAM, run, said, until};

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

const PASSWORD: &str = "a password";

/// A bus that begins no service by itself.
const BUS: &str = r#"<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>
    <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
    <allow own="*"/></policy></busconfig>"#;

/// A session bus with a keyring, for as long as this lives.
struct Session {
    daemons: Vec<Child>,
    /// The bus ends with it.
    _told: BufReader<ChildStdout>,
}

impl Session {
    /// Of a person, whose programs find it from now on.
    fn begin(person: &Person) -> Self {
        let config = person.mounted.dir.path().join("bus.conf");
        std::fs::write(&config, BUS).unwrap();
        let mut bus = Command::new("dbus-daemon");
        bus.arg("--config-file").arg(config).args(["--nofork", "--print-address=1"]);
        bus.stdout(Stdio::piped());
        Self::at_home(person, &mut bus);
        let mut bus = bus.spawn().unwrap();
        let mut told = BufReader::new(bus.stdout.take().unwrap());
        let mut address = String::new();
        told.read_line(&mut address).unwrap();
        person.bus.set(address.trim().to_owned()).unwrap();
        let mut session = Self { daemons: vec![bus], _told: told };
        session.unlocks(person);
        session
    }

    fn at_home(person: &Person, command: &mut Command) {
        person.at_home(command);
        let home = person.mounted.dir.path();
        std::fs::create_dir_all(home.join("run")).unwrap();
        command.env("XDG_RUNTIME_DIR", home.join("run")).env("XDG_DATA_HOME", home.join("data"));
    }

    /// A keyring that is open takes the place of the one that there is.
    fn unlocks(&mut self, person: &Person) {
        if self.daemons.len() > 1 {
            end(&mut self.daemons.remove(1));
        }
        let mut keyring = Command::new("gnome-keyring-daemon");
        keyring.args(["--foreground", "--unlock", "--components=secrets"]);
        Self::at_home(person, &mut keyring);
        keyring.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut keyring = keyring.spawn().unwrap();
        keyring.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
        self.daemons.push(keyring);
        until("an open keyring", || {
            Self::asks(person, &["Get", LOCKED[0], LOCKED[1]]).contains("false")
        });
    }

    fn locks(person: &Person) {
        Self::asks(person, &["Lock"]);
        assert!(Self::asks(person, &["Get", LOCKED[0], LOCKED[1]]).contains("true"));
    }

    /// Calls a method of the keyring, or of its collection that secrets go to.
    fn asks(person: &Person, what: &[&str]) -> String {
        const COLLECTION: &str = "/org/freedesktop/secrets/collection/login";
        let (object, method, arguments) = match what {
            ["Lock"] => {
                let all = format!("array:objpath:{COLLECTION}");
                ("/org/freedesktop/secrets", "org.freedesktop.Secret.Service.Lock", vec![all])
            }
            _ => {
                let arguments = what[1..].iter().map(|it| format!("string:{it}")).collect();
                (COLLECTION, "org.freedesktop.DBus.Properties.Get", arguments)
            }
        };
        let mut ask = Command::new("dbus-send");
        ask.args(["--session", "--print-reply", "--dest=org.freedesktop.secrets", object, method]);
        Self::at_home(person, ask.args(arguments));
        said(&run(&mut ask))
    }
}

const LOCKED: [&str; 2] = ["org.freedesktop.Secret.Collection", "Locked"];

impl Drop for Session {
    fn drop(&mut self) {
        self.daemons.iter_mut().rev().for_each(end);
    }
}

fn end(daemon: &mut Child) {
    let _ = daemon.kill();
    let _ = daemon.wait();
}

#[test]
fn a_renewed_token_that_a_locked_keyring_does_not_take_is_told_and_kept_once_it_is_open() {
    let person = Person::at(OAuthQuirks { tells_lifetime: false, ..OAuthQuirks::default() });
    let mut session = Session::begin(&person);
    let waiting = Waiting::begin(&person, &["--no-browser"], None);
    assert_eq!(browse(&waiting.page), 200);
    let (status, told) = waiting.ends();
    assert!(status == Some(0) && told.contains("the token is in the keyring"), "{told}");
    person.mounts(&[]);
    person.mounted.ok("cat Plan.md");
    assert!(!person.ok(&["status"]).contains("login:"));
    Session::locks(&person);
    person.mounted.server().revoke(false);
    until("a renewed token", || {
        person.mounted.sh("cat Plan.md");
        person.ok(&["status"]).contains("login: ")
    });
    let told = person.ok(&["status"]);
    assert!(told.contains("the renewed token is kept by this mount alone"), "{told}");
    assert!(told.contains("unlock the keyring before you unmount"), "{told}");
    person.mounted.ok("sed -i 's/one/1/' Plan.md");
    assert_eq!(person.mounted.tree(), "1\ntwo\n", "it counts all the same");
    session.unlocks(&person);
    until("a kept token", || {
        person.mounted.ok("cat Plan.md");
        !person.ok(&["status"]).contains("login: ")
    });
    person.mounted.end();
    person.mounts(&[]);
    person.mounted.ok("sed -i 's/two/2/' Plan.md");
    assert_eq!(person.mounted.tree(), "1\n2\n");
    person.mounted.end();
}
