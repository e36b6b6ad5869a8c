//! What the sessions share: a project, a colleague who works on it in the app meanwhile, and
//! somebody who looks at what the service and the mount have.
//!
//! A session is what a person does with one program for a while: several saves, reloads, remote
//! changes between them, saves that are refused, and what the screen says of all that. How many
//! requests each save makes is counted elsewhere.

mod emacs;
mod nano_and_micro;
mod pairs;
mod remounts;
mod vim;
mod watching;
mod without_terminal;

use std::{
    process::Command,
    time::{Duration, Instant},
};

use taskadefs::{ids::TaskId, server::Quirks};

use crate::support::mount::{Mounted, PROGRAM, run, said, until};

/// Within this after its save, what a program reads is what it wrote.
const GRACE: Duration = Duration::from_secs(2);

/// More than `--max-delete` tasks, whose texts have nothing in common.
pub const TASKS: [&str; 26] = [
    "alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett",
    "kilo", "lima", "mike", "november", "oscar", "papa", "quebec", "romeo", "sierra", "tango",
    "uniform", "victor", "whiskey", "xray", "yankee", "zulu",
];

/// A mounted project of [`TASKS`] that somebody else works on too.
pub struct Desk(pub Mounted);

impl Desk {
    pub fn new() -> Self {
        Self::on(Quirks::default(), &["--max-age", "0"])
    }

    pub fn on(quirks: Quirks, flags: &[&str]) -> Self {
        Self(Mounted::on(quirks, &TASKS.join("\n"), flags, |_, _| {}))
    }

    /// A colleague adds a task at the end, in the app.
    pub fn colleague_adds(&self, text: &str) {
        self.0.server().store().add_elsewhere(&self.0.project, text).unwrap();
    }

    /// A colleague changes a task's text, in the app.
    pub fn colleague_changes(&self, text: &str, to: &str) {
        let task = self.task(text);
        self.0.server().store().edit_elsewhere(&self.0.project, &task, to).unwrap();
    }

    /// The task that has this text, at the service.
    pub fn task(&self, text: &str) -> TaskId {
        let tree = self.0.tree();
        let at = tree.lines().position(|line| line.trim_start() == text);
        let at = at.unwrap_or_else(|| panic!("no task {text:?} in\n{tree}"));
        self.0.server().store().task_ids(&self.0.project).unwrap()[at].clone()
    }

    /// Another program looks at the project until it sees this text there.
    pub fn others_see(&self, text: &str) {
        until(&format!("the sight of {text:?}"), || self.0.ok("cat Plan.md").contains(text));
    }

    /// Waits until the tasks at the service are [`TASKS`] with these changes: the text of a task
    /// and what became of it, nothing if it is gone. Tasks with new texts stand at the end.
    pub fn holds(&self, changes: &[(&str, &str)]) {
        let mut wanted: Vec<&str> = TASKS.to_vec();
        for (text, became) in changes {
            match wanted.iter().position(|task| task == text) {
                Some(at) if became.is_empty() => drop(wanted.remove(at)),
                Some(at) => wanted[at] = became,
                None => wanted.push(became),
            }
        }
        let wanted: String = wanted.iter().map(|task| format!("{task}\n")).collect();
        let mut tree = String::new();
        let end = Instant::now() + Duration::from_secs(30);
        while tree != wanted {
            tree = self.0.tree();
            assert!(Instant::now() < end, "wanted:\n{wanted}\nis:\n{tree}");
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    /// A save of this session was refused: `taskadefs status` names the project and this reason,
    /// the text is kept with `part` in it, and nothing was sent.
    pub fn was_refused(&self, reason: &str, part: &str) {
        let status = self.status();
        assert!(status.contains("rejected\tAcme/Plan.md"), "{status}");
        assert!(status.contains(reason), "{status}");
        let kept = self.0.ok("find ../.taskade/rejected -name '*Plan.md' -exec cat {} +");
        assert!(kept.contains(part), "{kept}");
        self.sent_nothing();
    }

    /// Nothing is refused and nothing waits.
    pub fn all_is_saved(&self) {
        until("the last save", || self.status().contains("everything is saved"));
    }

    pub fn sent_nothing(&self) {
        assert_eq!(self.0.writes(&[]), [""; 0], "a refused save sends nothing");
    }

    pub fn status(&self) -> String {
        said(&run(Command::new(PROGRAM).arg("status").arg(&self.0.root)))
    }
}

/// A person pauses for longer than the grace: what a program reads from then on is a reload. The
/// only thing that tells a reload from the reading that follows a save is the time between. A machine
/// that is busy comes to its end somewhat later.
pub fn a_person_pauses() {
    let end = Instant::now() + GRACE + Duration::from_millis(500);
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        std::thread::park_timeout(left);
    }
}
