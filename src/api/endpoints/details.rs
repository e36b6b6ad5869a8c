//! What a task has beside its text.

use serde_json::{Value, json};

use super::{
    super::{
        backend::AuditEntry, call::Method, endpoint::Endpoint, envelope::Envelope, path::Path,
    },
    tasks::TASK,
};
use crate::{
    error::{Error, Kind, Result},
    ids::{ProjectId, TaskId},
    model::{End, RemoteDetails, Schedule, TaskResource, TypedText},
};

const DATE: &str = "projects/{project}/tasks/{task}/date";
const NOTE: &str = "projects/{project}/tasks/{task}/note";
const ASSIGNEES: &str = "projects/{project}/tasks/{task}/assignees";
const ASSIGNEE: &str = "projects/{project}/tasks/{task}/assignees/{handle}";
const FIELDS: &str = "projects/{project}/tasks/{task}/fields";
const FIELD: &str = "projects/{project}/tasks/{task}/fields/{field}";

/// What a task has of one kind beside its text. Of the other kinds nothing is told, and nothing at
/// all of [`TaskResource::Task`].
#[derive(Debug, Clone, Copy)]
pub struct GetDetail<'a> {
    /// The task's project.
    pub project: &'a ProjectId,
    /// The task.
    pub task: &'a TaskId,
    /// Of which kind.
    pub resource: TaskResource,
}

impl Endpoint for GetDetail<'_> {
    type Answer = RemoteDetails;
    const METHOD: Method = Method::Get;
    const IS_TELLING: bool = false;

    fn path(&self) -> Result<Path> {
        about(self.project, self.task, self.resource)
    }

    fn read(&self, answer: Envelope) -> Result<RemoteDetails> {
        let mut details = RemoteDetails::default();
        match self.resource {
            TaskResource::Task => {}
            TaskResource::Date => details.date = answer.schedule()?,
            TaskResource::Note => details.note = answer.note()?,
            TaskResource::Assignees => details.assignees = answer.handles()?,
            TaskResource::Fields => details.fields = answer.field_values()?,
        }
        Ok(details)
    }

    fn absent(&self) -> Option<RemoteDetails> {
        may_be_absent(self.resource).then(RemoteDetails::default)
    }
}

/// What the service answers about a task, as it is: the value of `item` or `items`; `None` if it
/// has none.
#[derive(Debug, Clone, Copy)]
pub struct GetTaskResource<'a> {
    /// The task's project.
    pub project: &'a ProjectId,
    /// The task.
    pub task: &'a TaskId,
    /// What about it.
    pub resource: TaskResource,
}

impl Endpoint for GetTaskResource<'_> {
    type Answer = Option<Value>;
    const METHOD: Method = Method::Get;
    const IS_TELLING: bool = false;

    fn path(&self) -> Result<Path> {
        about(self.project, self.task, self.resource)
    }

    fn read(&self, answer: Envelope) -> Result<Option<Value>> {
        match self.resource {
            TaskResource::Task | TaskResource::Date | TaskResource::Note => answer.item_or_null(),
            TaskResource::Assignees | TaskResource::Fields => Ok(Some(answer.listed()?.into())),
        }
    }

    fn absent(&self) -> Option<Option<Value>> {
        may_be_absent(self.resource).then_some(None)
    }
}

fn about(project: &ProjectId, task: &TaskId, resource: TaskResource) -> Result<Path> {
    let template = match resource {
        TaskResource::Task => TASK,
        TaskResource::Date => DATE,
        TaskResource::Note => NOTE,
        TaskResource::Assignees => ASSIGNEES,
        TaskResource::Fields => FIELDS,
    };
    Path::new(template, [project.as_str(), task.as_str()])
}

/// Whether a 404 means that it is not set.
fn may_be_absent(resource: TaskResource) -> bool {
    matches!(resource, TaskResource::Date | TaskResource::Note)
}

/// Says when a task is due, in the place of whatever was said before.
#[derive(Debug, Clone, Copy)]
pub struct PutDate<'a> {
    /// The task's project.
    pub project: &'a ProjectId,
    /// The task.
    pub task: &'a TaskId,
    /// When it is due.
    pub date: &'a Schedule,
}

impl Endpoint for PutDate<'_> {
    type Answer = ();
    const METHOD: Method = Method::Put;

    fn path(&self) -> Result<Path> {
        Path::new(DATE, [self.project.as_str(), self.task.as_str()])
    }

    fn body(&self) -> Result<Option<Value>> {
        if matches!(self.date.end, Some(End::Period { .. })) {
            return Err(Error::new(Kind::Invalid, "Taskade takes no end after some time")
                .hint("give the day on which it ends"));
        }
        // What is not there is left out: null is not allowed everywhere.
        serde_json::to_value(self.date)
            .map(Some)
            .map_err(|error| Error::new(Kind::Invalid, "the date cannot be written").because(error))
    }

    fn read(&self, _: Envelope) -> Result<()> {
        Ok(())
    }

    fn entry(&self, _: Option<&()>) -> Option<AuditEntry> {
        let (task, date) = (self.task, self.date);
        Some(AuditEntry::of(
            self.project,
            json!({ "call": "set date", "task": task, "date": date }),
        ))
    }
}

/// Takes away when a task is due. Refused where that was never said.
#[derive(Debug, Clone, Copy)]
pub struct DeleteDate<'a> {
    /// The task's project.
    pub project: &'a ProjectId,
    /// The task.
    pub task: &'a TaskId,
}

impl Endpoint for DeleteDate<'_> {
    type Answer = ();
    const METHOD: Method = Method::Delete;

    fn path(&self) -> Result<Path> {
        Path::new(DATE, [self.project.as_str(), self.task.as_str()])
    }

    fn read(&self, _: Envelope) -> Result<()> {
        Ok(())
    }

    fn entry(&self, _: Option<&()>) -> Option<AuditEntry> {
        Some(AuditEntry::of(self.project, json!({ "call": "clear date", "task": self.task })))
    }
}

/// Gives a task a note: one line, not empty.
#[derive(Debug, Clone, Copy)]
pub struct PutNote<'a> {
    /// The task's project.
    pub project: &'a ProjectId,
    /// The task.
    pub task: &'a TaskId,
    /// Its note from now on.
    pub note: &'a TypedText,
}

impl Endpoint for PutNote<'_> {
    type Answer = ();
    const METHOD: Method = Method::Put;

    fn path(&self) -> Result<Path> {
        Path::new(NOTE, [self.project.as_str(), self.task.as_str()])
    }

    fn body(&self) -> Result<Option<Value>> {
        Ok(Some(json!({ "type": self.note.content_type, "value": self.note.text })))
    }

    fn read(&self, _: Envelope) -> Result<()> {
        Ok(())
    }

    fn entry(&self, _: Option<&()>) -> Option<AuditEntry> {
        let (task, text) = (self.task, &self.note.text);
        Some(AuditEntry::of(
            self.project,
            json!({ "call": "set note", "task": task, "text": text }),
        ))
    }
}

/// Takes the note of a task away.
#[derive(Debug, Clone, Copy)]
pub struct DeleteNote<'a> {
    /// The task's project.
    pub project: &'a ProjectId,
    /// The task.
    pub task: &'a TaskId,
}

impl Endpoint for DeleteNote<'_> {
    type Answer = ();
    const METHOD: Method = Method::Delete;

    fn path(&self) -> Result<Path> {
        Path::new(NOTE, [self.project.as_str(), self.task.as_str()])
    }

    fn read(&self, _: Envelope) -> Result<()> {
        Ok(())
    }

    fn entry(&self, _: Option<&()>) -> Option<AuditEntry> {
        Some(AuditEntry::of(self.project, json!({ "call": "clear note", "task": self.task })))
    }
}

/// Says who does a task. Whether these take the place of all others or are added to them is not
/// documented: name all who are to stay.
#[derive(Debug, Clone, Copy)]
pub struct PutAssignees<'a> {
    /// The task's project.
    pub project: &'a ProjectId,
    /// The task.
    pub task: &'a TaskId,
    /// Who, by handle.
    pub handles: &'a [String],
}

impl Endpoint for PutAssignees<'_> {
    type Answer = ();
    const METHOD: Method = Method::Put;

    fn path(&self) -> Result<Path> {
        Path::new(ASSIGNEES, [self.project.as_str(), self.task.as_str()])
    }

    fn body(&self) -> Result<Option<Value>> {
        Ok(Some(json!({ "handles": self.handles })))
    }

    fn read(&self, _: Envelope) -> Result<()> {
        Ok(())
    }

    fn entry(&self, _: Option<&()>) -> Option<AuditEntry> {
        let (task, handles) = (self.task, self.handles);
        let fields = json!({ "call": "assign task", "task": task, "handles": handles });
        Some(AuditEntry::of(self.project, fields))
    }
}

/// Says who does a task no more. Refused where it is not theirs.
#[derive(Debug, Clone, Copy)]
pub struct DeleteAssignee<'a> {
    /// The task's project.
    pub project: &'a ProjectId,
    /// The task.
    pub task: &'a TaskId,
    /// Who, by handle.
    pub handle: &'a str,
}

impl Endpoint for DeleteAssignee<'_> {
    type Answer = ();
    const METHOD: Method = Method::Delete;

    fn path(&self) -> Result<Path> {
        Path::new(ASSIGNEE, [self.project.as_str(), self.task.as_str(), self.handle])
    }

    fn read(&self, _: Envelope) -> Result<()> {
        Ok(())
    }

    fn entry(&self, _: Option<&()>) -> Option<AuditEntry> {
        let (task, handles) = (self.task, [self.handle]);
        let fields = json!({ "call": "unassign task", "task": task, "handles": handles });
        Some(AuditEntry::of(self.project, fields))
    }
}

/// Gives a custom field of a task a value: a number, or a string that is not empty.
#[derive(Debug, Clone, Copy)]
pub struct PutField<'a> {
    /// The task's project.
    pub project: &'a ProjectId,
    /// The task.
    pub task: &'a TaskId,
    /// The field, by its id.
    pub field: &'a str,
    /// Its value from now on.
    pub value: &'a Value,
}

impl Endpoint for PutField<'_> {
    type Answer = ();
    const METHOD: Method = Method::Put;

    fn path(&self) -> Result<Path> {
        Path::new(FIELD, [self.project.as_str(), self.task.as_str(), self.field])
    }

    fn body(&self) -> Result<Option<Value>> {
        Ok(Some(json!({ "value": self.value })))
    }

    fn read(&self, _: Envelope) -> Result<()> {
        Ok(())
    }

    fn entry(&self, _: Option<&()>) -> Option<AuditEntry> {
        let Self { project, task, field, value } = self;
        let fields = json!({ "call": "set field", "task": task, "field": field, "value": value });
        Some(AuditEntry::of(project, fields))
    }
}

/// Takes the value of a custom field of a task away.
#[derive(Debug, Clone, Copy)]
pub struct DeleteField<'a> {
    /// The task's project.
    pub project: &'a ProjectId,
    /// The task.
    pub task: &'a TaskId,
    /// The field, by its id.
    pub field: &'a str,
}

impl Endpoint for DeleteField<'_> {
    type Answer = ();
    const METHOD: Method = Method::Delete;

    fn path(&self) -> Result<Path> {
        Path::new(FIELD, [self.project.as_str(), self.task.as_str(), self.field])
    }

    fn read(&self, _: Envelope) -> Result<()> {
        Ok(())
    }

    fn entry(&self, _: Option<&()>) -> Option<AuditEntry> {
        let (task, field) = (self.task, self.field);
        Some(AuditEntry::of(
            self.project,
            json!({ "call": "clear field", "task": task, "field": field }),
        ))
    }
}
