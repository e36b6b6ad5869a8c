//! Something that was done, in words.

use std::{
    collections::{HashMap, HashSet},
    time::SystemTime,
};

use crate::{
    ids::ProjectId,
    plan::{self, Item, Key, Op, Outline},
    store::history::{Action, ActionKind},
    text::{details::in_words as task_in_words, fields::FieldView},
};

/// Something that was done, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// When Taskade had all of it, or when what it tells of happened.
    pub time: SystemTime,
    /// The project; an empty id if it was not created.
    pub project: ProjectId,
    /// Its title.
    pub title: String,
    /// Its path then, relative to the mount.
    pub path: String,
    /// What was done: `2 added, 1 deleted`; or that a text was refused, or overrode another.
    pub summary: String,
    /// A line for each change: `+ text`, `- text`, `~ old → new`, `x text`, `o text`, `> text`.
    pub changes: Vec<String>,
    /// Whether it undoes an earlier one.
    pub is_undo: bool,
    /// Whether it was undone.
    pub undone: bool,
    /// Whether Taskade has not heard of it yet.
    pub waits: bool,
    /// Tells it from others.
    pub row: i64,
}

/// What was done to a project whose fields are shown so; its path is the one that was noted.
pub(crate) fn in_words(action: &Action, fields: Option<&FieldView>) -> HistoryEntry {
    let changes = changes(&action.before, &action.after, fields);
    let summary = match action.kind {
        ActionKind::Saved => counted(&changes),
        ActionKind::Created => match &action.former {
            None => "created".to_owned(),
            Some(made_from) if made_from.project.as_str().is_empty() => {
                format!("created from {}", made_from.path)
            }
            Some(original) => format!("copied from {}", original.path),
        },
        ActionKind::Archived => "archived".to_owned(),
        ActionKind::Restored => "restored".to_owned(),
        ActionKind::Renamed => {
            let from = action.former.as_ref().map_or("", |former| former.path.as_str());
            let same = action.former.as_ref().is_some_and(|former| former.folder == action.folder);
            format!("{} from {from}", if same { "renamed" } else { "moved" })
        }
    };
    HistoryEntry {
        time: action.time,
        project: action.project.clone(),
        title: action.title.clone(),
        path: action.path.clone(),
        summary,
        changes,
        is_undo: action.undoes.is_some(),
        undone: action.undone,
        waits: false,
        row: action.row,
    }
}

/// How many changes there are of each kind.
pub(crate) fn counted(changes: &[String]) -> String {
    let count = |mark: &str| changes.iter().filter(|change| change.starts_with(mark)).count();
    let kinds = [
        ("+ ", "added"),
        ("- ", "deleted"),
        ("~ ", "edited"),
        ("x ", "ticked"),
        ("o ", "unticked"),
        ("> ", "moved"),
    ];
    let counts = kinds.into_iter().map(|(mark, word)| (count(mark), word));
    let counts: Vec<String> =
        counts.filter(|(count, _)| *count > 0).map(|(n, word)| format!("{n} {word}")).collect();
    counts.join(", ")
}

/// A line for each change from one outline to another, whose fields are shown so.
pub(crate) fn changes(
    before: &Outline,
    after: &Outline,
    fields: Option<&FieldView>,
) -> Vec<String> {
    let words = |item: &Item| task_in_words(item, fields);
    let old: HashMap<&Key, &Item> = before.items.iter().map(|item| (&item.key, item)).collect();
    let new: HashSet<&Key> = after.items.iter().map(|item| &item.key).collect();
    let mut changes: Vec<String> = Vec::new();
    let gone = before.items.iter().filter(|item| !new.contains(&item.key));
    changes.extend(gone.map(|item| format!("- {}", words(item))));
    for item in &after.items {
        let Some(was) = old.get(&item.key) else {
            changes.push(format!("+ {}", words(item)));
            continue;
        };
        let (old, new) = (words(was), words(item));
        if old != new {
            changes.push(format!("~ {old} → {new}"));
        }
        if was.done != item.done {
            changes.push(format!("{} {}", if item.done { 'x' } else { 'o' }, item.text));
        }
    }
    for op in plan::script(before, after) {
        if let Op::Move { key, .. } = op
            && let Some(item) = after.find(&key)
        {
            changes.push(format!("> {}", item.text));
        }
    }
    changes
}
