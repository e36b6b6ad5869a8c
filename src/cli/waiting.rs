//! Telling what waits to get to Taskade: while somebody waits for it, and of what is left then.

use std::{collections::HashSet, path::Path};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use super::{presentation, status::age, terminal::note};

use crate::{clock::duration_in_words, printable::printable};

/// What becomes of what did not get through.
pub(super) const REMEDY: &str = "in the journal; the next mount or `taskadefs sync` sends it";

/// A change that is not with Taskade yet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct SaveChange {
    path: String,
    /// `changed`, `removed` or `restored`.
    what: &'static str,
    /// Since when, in RFC 3339.
    since: String,
}

impl SaveChange {
    /// The file, relative to the mount.
    pub(super) fn path(&self) -> &Path {
        Path::new(&self.path)
    }

    /// In words, with its age.
    pub(super) fn in_words(&self) -> String {
        let age = age(&self.since).map(|age| format!(" {} ago", duration_in_words(age)));
        format!("{}, {}{}", printable(&self.path), self.what, age.unwrap_or_default())
    }
}

/// Tells each change that is left.
pub(super) fn tell_each(left: &[SaveChange], mut tell: impl FnMut(String)) {
    for change in left {
        tell(format!("not with Taskade: {}", change.in_words()));
    }
}

/// The changes that wait, of what `status` tells. What was refused does not wait.
pub(super) fn pending(status: &Value) -> Vec<SaveChange> {
    let saves = status["saves"].as_array().into_iter().flatten();
    let waits = saves.filter(|save| save["state"] == "pending");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let change = |save: &Value| SaveChange {
        path: text(&save["path"]),
        what: match save["kind"].as_str() {
            Some("removal" | "deletion") => "removed",
            Some("upload") => "to be uploaded",
            Some("restoration") => "restored",
            _ => "changed",
        },
        since: text(&save["since"]),
    };
    waits.map(change).collect()
}

/// Tells what did not get to Taskade.
pub(super) fn tell_left(status: &Value, mut tell: impl FnMut(String)) {
    let pending = pending(status);
    tell_each(&pending, &mut tell);
    match pending.len() {
        0 => {}
        count => tell(format!("{} did not get to Taskade; {REMEDY}", counted(count))),
    }
}

/// So many changes, in words.
pub(super) fn counted(count: usize) -> String {
    if count == 1 { "1 change".to_owned() } else { format!("{count} changes") }
}

/// What is shown on stderr meanwhile: a line for each change, and on a terminal one that says how
/// far it is.
pub(super) struct Watch {
    bar: ProgressBar,
    reported: HashSet<SaveChange>,
}

impl Watch {
    pub(super) fn new() -> Self {
        let bar = presentation::bar(None);
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            bar.set_style(style);
        }
        Self { bar, reported: HashSet::new() }
    }

    /// Shows what waits now.
    pub(super) fn show(&mut self, status: &Value) {
        let pending = pending(status);
        for change in &pending {
            if self.reported.insert(change.clone()) {
                let words = change.in_words();
                self.bar.suspend(|| note(&format_args!("waiting for {words}")));
            }
        }
        if let Some(message) = message(&pending, status) {
            self.bar.set_message(message);
            self.bar.tick();
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// How far it is; `None` if nothing waits.
fn message(pending: &[SaveChange], status: &Value) -> Option<String> {
    let first = pending.first()?;
    let mut message = format!("waiting for {}: {}", counted(pending.len()), first.in_words());
    if pending.len() > 1 {
        message.push_str(", …");
    }
    if let Some(trouble) = status["trouble"].as_str() {
        message.push_str(&format!(" ({})", printable(trouble)));
    }
    Some(message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{message, pending};

    #[test]
    fn what_waits_is_told_with_its_age_and_what_was_refused_is_not() {
        let since = std::time::SystemTime::now() - std::time::Duration::from_secs(7325);
        let since = crate::clock::rfc3339(since);
        let save = |path: &str, state: &str, kind: &str| json!({ "path": path, "state": state, "kind": kind, "since": since });
        let status = json!({
            "saves": [
                save("Acme/a\u{1b}.md", "pending", "save"),
                save("Acme/b.md", "pending", "removal"),
                save("Acme/c.md", "rejected", "save"),
            ],
            "trouble": "no\nway",
        });
        let words: Vec<String> = pending(&status).iter().map(|it| it.in_words()).collect();
        assert_eq!(words, ["Acme/a\\x1b.md, changed 2h 2m ago", "Acme/b.md, removed 2h 2m ago"]);
        assert_eq!(
            message(&pending(&status), &status).unwrap(),
            "waiting for 2 changes: Acme/a\\x1b.md, changed 2h 2m ago, … (no\\nway)"
        );
        assert_eq!(message(&[], &status), None);
    }
}
