//! The commands that need no mount: tasks added, ticked, listed and found, files printed, and folders kept
//! as plain files. Each is the real program against a real server, with a mount and without.

mod plain_files;
mod plain_folders;
mod tasks;

use std::{
    path::PathBuf,
    process::{Command, Output},
};

use taskadefs::{
    ids::SpaceId,
    server::{Quirks, Store},
};

use crate::support::mount::{Mounted, PROGRAM, run, said};

/// An account that nothing has mounted, with the workspace `Acme` and its project `Plan`.
pub(super) struct Account(pub(super) Mounted);

impl Account {
    pub(super) fn of(tasks: &str) -> Self {
        Self::with(tasks, |_, _| {})
    }

    /// With what `seed` adds to the workspace.
    pub(super) fn with(tasks: &str, seed: impl FnOnce(&Store, &SpaceId)) -> Self {
        Self::at(Quirks::default(), tasks, seed)
    }

    /// At a service that is like this.
    pub(super) fn at(quirks: Quirks, tasks: &str, seed: impl FnOnce(&Store, &SpaceId)) -> Self {
        let mounted = Mounted::on(quirks, tasks, &[], seed);
        mounted.end();
        mounted.server().log().clear();
        // What the mount knew is not known here.
        std::fs::remove_dir_all(mounted.dir.path().join("state")).unwrap();
        Self(mounted)
    }

    /// Where commands run.
    pub(super) fn dir(&self) -> PathBuf {
        self.0.dir.path().to_owned()
    }

    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).current_dir(self.dir());
        command.env("TASKADEFS_STATE_DIR", self.dir().join("state"));
        command.env("TASKADE_API_URL", self.0.server().url());
        command.env("TASKADE_TOKEN", self.0.server().token().expose());
        command.env("HOME", self.dir());
        command
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Output {
        run(&mut self.command(arguments))
    }

    /// Runs a command that must succeed, and say nothing on stderr. What it printed.
    pub(super) fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that must fail with 1. What it said.
    pub(super) fn fails(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", said(&output));
        String::from_utf8(output.stderr).unwrap()
    }

    /// The requests so far, as `METHOD path`, and forgets them.
    pub(super) fn requests(&self) -> Vec<String> {
        let log = self.0.server().log();
        let all = log.requests().into_iter().map(|it| format!("{} {}", it.method, it.path));
        let all = all.collect();
        log.clear();
        all
    }

    /// The requests so far that change something, and forgets all.
    pub(super) fn writes(&self) -> Vec<String> {
        let is_write = |request: &String| !request.starts_with("GET ");
        self.requests().into_iter().filter(is_write).collect()
    }
}
