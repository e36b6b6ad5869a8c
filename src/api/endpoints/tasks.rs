//! The tasks of a project.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::super::{
    backend::AuditEntry, call::Method, endpoint::Endpoint, envelope::Envelope, path::Path,
    wire::Page,
};
use crate::{
    error::{Error, Kind, Result},
    ids::{ProjectId, TaskId},
    model::{NewTask, Position, TypedText},
};

/// The path of a task.
pub(super) const TASK: &str = "projects/{project}/tasks/{task}";

/// A page of a project's tasks in outline order, the title node included.
#[derive(Debug, Clone, Copy)]
pub struct GetTasks<'a> {
    /// The project.
    pub project: &'a ProjectId,
    /// The task that the page begins after; the first page without.
    pub after: Option<&'a str>,
}

impl Endpoint for GetTasks<'_> {
    type Answer = Page;
    const METHOD: Method = Method::Get;

    fn path(&self) -> Result<Path> {
        Path::new("projects/{project}/tasks", [self.project.as_str()])
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        let mut query = vec![("limit", Page::LIMIT.to_string())];
        query.extend(self.after.map(|after| ("after", after.to_owned())));
        query
    }

    fn read(&self, answer: Envelope) -> Result<Page> {
        answer.page()
    }
}

/// Creates 1 to [`MAX_BATCH`](crate::model::MAX_BATCH) tasks, applied in order. The new ids in
/// request order.
#[derive(Debug, Clone, Copy)]
pub struct CreateTasks<'a> {
    /// In which project.
    pub project: &'a ProjectId,
    /// The tasks.
    pub tasks: &'a [NewTask],
}

impl Endpoint for CreateTasks<'_> {
    type Answer = Vec<TaskId>;
    const METHOD: Method = Method::Post;

    fn path(&self) -> Result<Path> {
        // The official document has the trailing slash.
        Path::new("projects/{project}/tasks/", [self.project.as_str()])
    }

    fn body(&self) -> Result<Option<Value>> {
        Ok(Some(json!({ "tasks": self.tasks.iter().map(new_task).collect::<Vec<Value>>() })))
    }

    fn read(&self, answer: Envelope) -> Result<Vec<TaskId>> {
        let ambiguous = |error: Error| Error::new(Kind::Ambiguous, error.to_string());
        let created = answer.created().map_err(ambiguous)?;
        let distinct: HashSet<&TaskId> = created.iter().collect();
        let wanted = self.tasks.len();
        if created.len() != wanted || distinct.len() != wanted {
            let what = format!("Taskade names {} of {wanted} new tasks", distinct.len());
            return Err(Error::new(Kind::Ambiguous, what));
        }
        Ok(created)
    }

    fn entry(&self, ids: Option<&Vec<TaskId>>) -> Option<AuditEntry> {
        let texts: Vec<&str> = self.tasks.iter().map(|task| task.content.text.as_str()).collect();
        let fields = json!({ "call": "create tasks", "texts": texts, "tasks": ids });
        Some(AuditEntry::of(self.project, fields))
    }
}

/// A task to be created. Without an anchor `taskId` is left out: null is not allowed everywhere.
fn new_task(task: &NewTask) -> Value {
    let mut value = json!({
        "contentType": task.content.content_type,
        "content": task.content.text,
        "placement": task.position,
    });
    if let (Some(anchor), Some(object)) = (&task.anchor, value.as_object_mut()) {
        object.insert("taskId".to_owned(), anchor.as_str().into());
    }
    value
}

/// Replaces the text of a task. The text that the service says it has now, where it says.
#[derive(Debug, Clone, Copy)]
pub struct UpdateTask<'a> {
    /// The task's project.
    pub project: &'a ProjectId,
    /// The task.
    pub task: &'a TaskId,
    /// Its text from now on.
    pub content: &'a TypedText,
}

impl Endpoint for UpdateTask<'_> {
    type Answer = Option<String>;
    const METHOD: Method = Method::Put;

    fn path(&self) -> Result<Path> {
        Path::new(TASK, [self.project.as_str(), self.task.as_str()])
    }

    fn body(&self) -> Result<Option<Value>> {
        let TypedText { content_type, text } = self.content;
        Ok(Some(json!({ "contentType": content_type, "content": text })))
    }

    fn read(&self, answer: Envelope) -> Result<Option<String>> {
        Ok(answer.item_text())
    }

    fn entry(&self, _: Option<&Option<String>>) -> Option<AuditEntry> {
        let (task, text) = (self.task, &self.content.text);
        Some(AuditEntry::of(
            self.project,
            json!({ "call": "update task", "task": task, "text": text }),
        ))
    }
}

/// Completes or un-completes a task. The service answers 400 where nothing would change.
#[derive(Debug, Clone, Copy)]
pub struct SetCompleted<'a> {
    /// The task's project.
    pub project: &'a ProjectId,
    /// The task.
    pub task: &'a TaskId,
    /// Whether it is to be done.
    pub done: bool,
}

impl Endpoint for SetCompleted<'_> {
    type Answer = ();
    const METHOD: Method = Method::Post;

    fn path(&self) -> Result<Path> {
        let template = match self.done {
            true => "projects/{project}/tasks/{task}/complete",
            false => "projects/{project}/tasks/{task}/uncomplete",
        };
        Path::new(template, [self.project.as_str(), self.task.as_str()])
    }

    fn read(&self, _: Envelope) -> Result<()> {
        Ok(())
    }

    fn entry(&self, _: Option<&()>) -> Option<AuditEntry> {
        let call = if self.done { "complete task" } else { "uncomplete task" };
        Some(AuditEntry::of(self.project, json!({ "call": call, "task": self.task })))
    }
}

/// Moves a task with its subtree next to or into another.
#[derive(Debug, Clone, Copy)]
pub struct MoveTask<'a> {
    /// The task's project.
    pub project: &'a ProjectId,
    /// The task.
    pub task: &'a TaskId,
    /// The other.
    pub target: &'a TaskId,
    /// Where, relative to the other.
    pub position: Position,
}

impl Endpoint for MoveTask<'_> {
    type Answer = ();
    const METHOD: Method = Method::Put;

    fn path(&self) -> Result<Path> {
        let template = "projects/{project}/tasks/{task}/move";
        Path::new(template, [self.project.as_str(), self.task.as_str()])
    }

    fn body(&self) -> Result<Option<Value>> {
        let (target, position) = (self.target.as_str(), self.position);
        Ok(Some(json!({ "target": { "taskId": target, "position": position } })))
    }

    fn read(&self, _: Envelope) -> Result<()> {
        Ok(())
    }

    fn entry(&self, _: Option<&()>) -> Option<AuditEntry> {
        let Self { project, task, target, position } = self;
        let fields =
            json!({ "call": "move task", "task": task, "target": target, "position": position });
        Some(AuditEntry::of(project, fields))
    }
}

/// Deletes a task with its subtree.
#[derive(Debug, Clone, Copy)]
pub struct DeleteTask<'a> {
    /// The task's project.
    pub project: &'a ProjectId,
    /// The task.
    pub task: &'a TaskId,
}

impl Endpoint for DeleteTask<'_> {
    type Answer = ();
    const METHOD: Method = Method::Delete;

    fn path(&self) -> Result<Path> {
        Path::new(TASK, [self.project.as_str(), self.task.as_str()])
    }

    fn read(&self, _: Envelope) -> Result<()> {
        Ok(())
    }

    fn entry(&self, _: Option<&()>) -> Option<AuditEntry> {
        Some(AuditEntry::of(self.project, json!({ "call": "delete task", "task": self.task })))
    }
}
