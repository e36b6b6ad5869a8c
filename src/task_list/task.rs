//! From outlines to the tasks of a list.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{ProjectId, TaskId},
    plan::{Key, Outline},
    text::{codec::FileFormat, details::to_line},
};

/// A task of a list, with what is known of it. What is `None` or empty is not there, or not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedTask {
    /// The project's file, relative to the mount.
    pub path: String,
    /// The 1-based line of the file that it begins on; `None` where the file shows another text.
    pub line: Option<usize>,
    /// Its project; `None` before that is created.
    pub project: Option<ProjectId>,
    /// Its id; `None` before it is created.
    pub id: Option<TaskId>,
    /// How many tasks it is below.
    pub depth: usize,
    /// Whether it is done.
    pub done: bool,
    /// Its text.
    pub text: String,
    /// The day on which the time for it begins, `YYYY-MM-DD`.
    pub start: Option<String>,
    /// The time of that day, `HH:MM`.
    pub start_time: Option<String>,
    /// The day on which it is due, `YYYY-MM-DD`.
    pub due: Option<String>,
    /// The time of that day, `HH:MM`.
    pub time: Option<String>,
    /// The IANA name of the times' zone.
    pub zone: Option<String>,
    /// The handles of who does it.
    pub assignees: Vec<String>,
    /// Its fields and their values, as its line shows them.
    pub fields: Vec<(String, String)>,
    /// Its note.
    pub note: Option<String>,
}

/// A project that is listed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ListedProject<'a> {
    /// Its file, relative to the mount.
    pub(crate) path: &'a str,
    pub(crate) id: Option<&'a ProjectId>,
    pub(crate) title: &'a str,
    pub(crate) outline: &'a Outline,
    /// How its file is written.
    pub(crate) format: &'a FileFormat,
    /// What its file shows.
    pub(crate) text: &'a [u8],
}

/// The tasks of a project, in the order of its file.
pub(crate) fn tasks<'a>(project: ListedProject<'a>) -> impl Iterator<Item = ListedTask> + 'a {
    let ListedProject { path, id, title, outline, format, text } = project;
    let lines = format.line_numbers(outline, title, Some(text));
    outline.items.iter().zip(lines).map(move |(item, line)| {
        let details = to_line(&item.details, format.fields.as_deref());
        ListedTask {
            path: path.to_owned(),
            line,
            project: id.cloned(),
            id: match &item.key {
                Key::Known(id) => Some(id.clone()),
                Key::New(_) => None,
            },
            depth: item.depth,
            done: item.done,
            text: item.text.clone(),
            start: details.start,
            start_time: details.start_time,
            due: details.due,
            time: details.due_time,
            zone: details.zone,
            assignees: details.assignees,
            fields: details.fields,
            note: details.note,
        }
    })
}
