//! What an export has changed, in words: for who runs it, and for the commit that it makes.

use std::path::{Path, PathBuf};

use crate::{
    plan::Outline,
    printable::printable,
    sync::write::history_entry::{changes, counted as counted_changes},
};

/// How many changes of a project a commit tells one by one.
const MOST_TOLD: usize = 50;

/// What an export has changed. Paths are relative to the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Changed {
    Added {
        path: PathBuf,
        after: Outline,
    },
    Edited {
        path: PathBuf,
        before: Option<Outline>,
        after: Outline,
    },
    Renamed {
        from: PathBuf,
        path: PathBuf,
    },
    Removed {
        path: PathBuf,
        before: Option<Outline>,
    },
    /// It says what Taskade has, and the repository does not know it yet: it was imported, or an export was
    /// broken off.
    Uncommitted {
        path: PathBuf,
    },
}

impl Changed {
    pub(super) fn path(&self) -> &Path {
        match self {
            Changed::Added { path, .. }
            | Changed::Edited { path, .. }
            | Changed::Renamed { path, .. }
            | Changed::Removed { path, .. }
            | Changed::Uncommitted { path } => path,
        }
    }

    /// What happened, in a few words.
    fn summary(&self) -> String {
        match self {
            Changed::Added { .. } => "created".to_owned(),
            Changed::Removed { .. } => "completed or gone".to_owned(),
            Changed::Uncommitted { .. } => "edited here, and with Taskade".to_owned(),
            Changed::Renamed { from, .. } => format!("renamed from {}", from.display()),
            Changed::Edited { .. } => match counted_changes(&self.lines()) {
                nothing if nothing.is_empty() => "written otherwise".to_owned(),
                counted => counted,
            },
        }
    }

    /// A line for each change of a task.
    fn lines(&self) -> Vec<String> {
        match self {
            Changed::Edited { before: Some(before), after, .. } => changes(before, after, None),
            _ => Vec::new(),
        }
    }
}

/// The paths that a commit is of: those that are there, and those that are not any more.
pub(super) fn paths(changed: &[Changed]) -> Vec<PathBuf> {
    let of = |it: &Changed| {
        let from = match it {
            Changed::Renamed { from, .. } => Some(from.clone()),
            _ => None,
        };
        from.into_iter().chain([it.path().to_owned()])
    };
    let mut paths: Vec<PathBuf> = changed.iter().flat_map(of).collect();
    paths.sort();
    paths.dedup();
    paths
}

/// What was done, as the message of a commit: by project, each change in a line. `None` if nothing was.
pub(super) fn message(changed: &[Changed]) -> Option<String> {
    let subject = match changed {
        [] => return None,
        [one] => format!("{}: {}", one.path().display(), one.summary()),
        _ => counted(changed, 0),
    };
    let mut message = format!("{}\n", printable(&subject));
    for it in changed {
        let (path, summary) = (it.path().display().to_string(), it.summary());
        message.push_str(&format!("\n{}: {}\n", printable(&path), printable(&summary)));
        let lines = it.lines();
        for line in lines.iter().take(MOST_TOLD) {
            message.push_str(&format!("  {}\n", printable(line)));
        }
        if lines.len() > MOST_TOLD {
            message.push_str(&format!("  and {} more\n", lines.len() - MOST_TOLD));
        }
    }
    Some(message)
}

/// How many files are new, changed, renamed, gone, and as they were.
pub(super) fn counted(changed: &[Changed], unchanged: usize) -> String {
    let count = |is_it: fn(&Changed) -> bool| changed.iter().filter(|it| is_it(it)).count();
    let counts = [
        (count(|it| matches!(it, Changed::Added { .. })), "created"),
        (count(|it| matches!(it, Changed::Edited { .. })), "changed"),
        (count(|it| matches!(it, Changed::Renamed { .. })), "renamed"),
        (count(|it| matches!(it, Changed::Removed { .. })), "gone"),
        (count(|it| matches!(it, Changed::Uncommitted { .. })), "edited here"),
        (unchanged, "unchanged"),
    ];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, what)| format!("{count} {what}")).collect();
    if counts.is_empty() { "nothing to export".to_owned() } else { counts.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::{Changed, message, paths};
    use crate::{
        ids::TaskId,
        plan::{Details, Item, Key, Outline},
    };

    fn outline(tasks: &[(&str, &str, bool)]) -> Outline {
        let item = |&(id, text, done): &(&str, &str, bool)| Item {
            key: Key::Known(TaskId::new(id)),
            depth: 0,
            text: text.to_owned(),
            done,
            details: Details::default(),
            spelled: Default::default(),
        };
        Outline { items: tasks.iter().map(item).collect() }
    }

    #[test]
    fn a_commit_says_what_was_done_by_project() {
        let before = Some(outline(&[("1", "one", false), ("2", "two", false)]));
        let after = outline(&[("1", "one", true), ("2", "two", false), ("3", "three", false)]);
        let edited = Changed::Edited { path: "Acme/Plan.md".into(), before, after };
        assert_eq!(
            message(std::slice::from_ref(&edited)).unwrap(),
            "Acme/Plan.md: 1 added, 1 ticked\n\nAcme/Plan.md: 1 added, 1 ticked\n  x one\n  + three\n"
        );
        let renamed = Changed::Renamed { from: "a.md".into(), path: "b.md".into() };
        let both = [edited, renamed];
        let words = message(&both).unwrap();
        assert!(words.starts_with("1 changed, 1 renamed\n"), "{words}");
        assert!(words.contains("\nb.md: renamed from a.md\n"), "{words}");
        let named: Vec<String> =
            paths(&both).iter().map(|path| path.display().to_string()).collect();
        assert_eq!(named, ["Acme/Plan.md", "a.md", "b.md"]);
        assert_eq!(message(&[]), None);
    }
}
