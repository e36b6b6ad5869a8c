//! Logging in and out, as a person does it: with the program itself, against the embedded server.

mod accounts;
mod browser;
mod keyring;
mod mine;
mod personal;
mod renewal;
mod seeing;

use std::{
    cell::OnceCell,
    fs,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use taskadefs::{
    ids::SpaceId,
    server::{OAuthQuirks, Quirks, Store},
};

use crate::support::mount::{Mounted, PROGRAM, run, said};

/// What is set of whoever runs the tests, and is not to count.
const FOREIGN: [&str; 10] = [
    "TASKADE_TOKEN",
    "TASKADE_API_KEY",
    "TASKADE_HANDLE",
    "XDG_STATE_HOME",
    "XDG_CONFIG_HOME",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    // No keyring, unless a test has one.
    "DBUS_SESSION_BUS_ADDRESS",
    "XDG_RUNTIME_DIR",
    "http_proxy",
];

/// Somebody with a home of their own, at a service where nothing of theirs is mounted.
struct Person {
    mounted: Mounted,
    /// The address of the session's bus, if there is one.
    bus: OnceCell<String>,
}

impl Person {
    fn new() -> Self {
        Self::at(OAuthQuirks::default())
    }

    fn at(oauth: OAuthQuirks) -> Self {
        Self::with(oauth, |_, _| {})
    }

    /// At a service to which `seed` adds before.
    fn with(oauth: OAuthQuirks, seed: impl FnOnce(&Store, &SpaceId)) -> Self {
        let quirks = Quirks { oauth, ..Quirks::default() };
        let mounted = Mounted::on(quirks, "one\ntwo", &["--max-age", "0"], seed);
        mounted.end();
        // Nothing is there of the mount that the harness begins with.
        fs::remove_dir_all(mounted.dir.path().join("state")).unwrap();
        mounted.server().log().clear();
        Self { mounted, bus: OnceCell::new() }
    }

    fn state(&self) -> PathBuf {
        self.mounted.dir.path().join("state")
    }

    fn url(&self) -> String {
        self.mounted.server().url()
    }

    /// The program with these arguments.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments);
        self.at_home(&mut command);
        command
    }

    /// Has a program run as this person's.
    fn at_home(&self, command: &mut Command) {
        for name in FOREIGN {
            command.env(name, "");
        }
        command.env("HOME", self.mounted.dir.path()).env("TASKADE_API_URL", self.url());
        command.env("TASKADEFS_STATE_DIR", self.state());
        if let Some(bus) = self.bus.get() {
            command.env("DBUS_SESSION_BUS_ADDRESS", bus);
        }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        run(&mut self.command(arguments))
    }

    /// Runs a command that must succeed. What it said.
    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        said(&output)
    }

    /// Runs a command that must fail. What it said.
    fn fails(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", said(&output));
        said(&output)
    }

    /// `login` with this on its standard input.
    fn types(&self, line: &str, arguments: &[&str]) -> Output {
        let path = self.mounted.dir.path().join("typed");
        let _ = fs::remove_file(&path);
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(&path).unwrap();
        std::io::Write::write_all(&mut file, line.as_bytes()).unwrap();
        let mut command = Command::new("bash");
        command.args(["-c", r#"exec "$0" login "${@:2}" < "$1""#, PROGRAM]).arg(&path);
        command.args(arguments);
        self.at_home(&mut command);
        run(&mut command)
    }

    /// Logs in with the token that counts. What was said.
    fn logs_in(&self, arguments: &[&str]) -> String {
        let token = self.mounted.server().token();
        let output = self.types(&format!("{}\n", token.expose()), arguments);
        assert!(output.status.success(), "{}", said(&output));
        said(&output)
    }

    /// `mount`, with the state directory among its arguments: by that the harness finds it.
    fn mount(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(&["mount", "--max-age", "0", "--state-dir"]);
        run(command.arg(self.state()).args(arguments).arg(&self.mounted.root))
    }

    fn mounts(&self, arguments: &[&str]) {
        let output = self.mount(arguments);
        assert!(output.status.success(), "{}", said(&output));
    }

    /// The directories of accounts that there are.
    fn accounts(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.state().join("accounts")).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// The files of logins that end like this.
    fn kept(&self, ending: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.state().join("logins")).into_iter().flatten();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.filter(|path| path.to_str().unwrap().ends_with(ending)).collect()
    }

    /// How often each of these was asked, and what was answered.
    fn statuses(&self, path: &str) -> Vec<u16> {
        let requests = self.mounted.server().log().requests().into_iter();
        requests.filter(|it| it.path == path).map(|it| it.status).collect()
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// All files below a directory that hold this.
fn files_with(dir: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(files_with(&path, text));
        } else if kind.is_file() {
            let bytes = fs::read(&path).unwrap_or_default();
            found.extend(bytes.windows(text.len()).any(|it| it == text.as_bytes()).then_some(path));
        }
    }
    found
}
