//! From outlines to the tasks that may be on an agenda, each with the line that it is on.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{ProjectId, TaskId},
    model::Schedule,
    plan::{Key, Outline},
    text::codec::FileFormat,
};

/// A task that has a date, or somebody who does it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The project's file, relative to the mount.
    pub path: String,
    /// The 1-based line of the file that it begins on; `None` where the file shows another text.
    pub line: Option<usize>,
    /// Its project; `None` before that is created.
    pub project: Option<ProjectId>,
    /// Its id; `None` before it is created.
    pub task: Option<TaskId>,
    /// Its text.
    pub text: String,
    /// Whether it is done.
    pub done: bool,
    /// When it is due, if that is known.
    pub date: Option<Schedule>,
    /// Who does it, as far as that is known.
    pub assignees: Vec<String>,
    /// Its note, if that is known.
    pub note: Option<String>,
}

/// Tasks that may be on an agenda, and how much is known of all that were looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Gathered {
    /// The tasks, in no order.
    pub tasks: Vec<Task>,
    /// How many tasks are known that are not done.
    pub open: usize,
    /// Of how many of those it is known whether and when they are due.
    pub dated: usize,
}

/// A project as far as it is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownProject<'a> {
    /// Its file, relative to the mount.
    pub(crate) path: &'a str,
    pub(crate) id: Option<&'a ProjectId>,
    pub(crate) title: &'a str,
    pub(crate) outline: &'a Outline,
    /// How its file is written.
    pub(crate) format: &'a FileFormat,
    /// What its file shows, where that may be another text than that of the outline: what was refused
    /// stays as it was written.
    pub(crate) text: Option<&'a [u8]>,
}

impl Gathered {
    /// Takes in what is known of a project.
    pub(crate) fn add(&mut self, project: &KnownProject<'_>) {
        let KnownProject { outline, title, text, .. } = *project;
        let lines = project.format.line_numbers(outline, title, text);
        for (item, line) in project.outline.items.iter().zip(lines) {
            let parts = item.details.parts();
            if !item.done {
                self.open += 1;
                self.dated += usize::from(parts.date.is_known());
            }
            if parts.date.present().is_none() && parts.assignees.known.is_empty() {
                continue;
            }
            self.tasks.push(Task {
                path: project.path.to_owned(),
                line,
                project: project.id.cloned(),
                task: match &item.key {
                    Key::Known(id) => Some(id.clone()),
                    Key::New(_) => None,
                },
                text: item.text.clone(),
                done: item.done,
                date: parts.date.present().cloned(),
                assignees: parts.assignees.known.into_iter().map(|(handle, ())| handle).collect(),
                note: parts.note.present().cloned(),
            });
        }
    }
}
