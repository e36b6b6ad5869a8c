//! The details of tasks in a Taskade in memory.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use taskadefs::{
    api::{Moment, RemoteDetails, Resource, Schedule, SetDetail, TaskResource},
    error::{Error, Kind, Result},
    ids::{ProjectId, TaskId},
};

use crate::service::{Memory, gone};

/// Who is a member of every project.
pub const MEMBERS: [&str; 3] = ["alice", "bob", "carol"];
/// The fields of every project.
pub const FIELDS: [&str; 3] = ["@inc01", "@f", "@hidden"];

/// What a task has beside its text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Details {
    pub date: Option<Schedule>,
    pub note: Option<String>,
    pub assignees: Vec<String>,
    pub fields: BTreeMap<String, Value>,
}

impl Details {
    fn set(&mut self, detail: SetDetail<'_>, assigning_replaces: bool) -> Result<()> {
        let none = |why| Error::new(Kind::Refused, why);
        match detail {
            SetDetail::Date(Some(date)) => self.date = Some(date.clone()),
            SetDetail::Date(None) => drop(self.date.take().ok_or_else(|| none("no date"))?),
            SetDetail::Note(Some(note)) => self.note = Some(note.text.clone()),
            SetDetail::Note(None) => drop(self.note.take().ok_or_else(gone)?),
            SetDetail::Assign(handles) => {
                if !handles.iter().all(|handle| MEMBERS.contains(&handle.as_str())) {
                    return Err(none("no such member"));
                }
                if assigning_replaces {
                    self.assignees.clear();
                }
                for handle in handles {
                    if !self.assignees.contains(handle) {
                        self.assignees.push(handle.clone());
                    }
                }
            }
            SetDetail::Unassign(handle) => {
                let at = self.assignees.iter().position(|known| known == handle);
                self.assignees.remove(at.ok_or_else(|| none("not theirs"))?);
            }
            SetDetail::Field(field, Some(value)) => {
                self.fields.insert(field.to_owned(), value.clone());
            }
            SetDetail::Field(field, None) => drop(self.fields.remove(field).ok_or_else(gone)?),
        }
        Ok(())
    }
}

/// A write as the log has it.
fn in_words(t: &TaskId, detail: SetDetail<'_>) -> String {
    match detail {
        SetDetail::Date(Some(date)) => format!("PUT {t}/date {}", json!(date)),
        SetDetail::Date(None) => format!("DELETE {t}/date"),
        SetDetail::Note(Some(note)) => format!("PUT {t}/note {:?}", note.text),
        SetDetail::Note(None) => format!("DELETE {t}/note"),
        SetDetail::Assign(handles) => format!("PUT {t}/assignees {}", handles.join(" ")),
        SetDetail::Unassign(handle) => format!("DELETE {t}/assignees/{handle}"),
        SetDetail::Field(field, Some(value)) => format!("PUT {t}/fields/{field} {value}"),
        SetDetail::Field(field, None) => format!("DELETE {t}/fields/{field}"),
    }
}

/// A whole day.
pub fn day(date: &str) -> Schedule {
    Schedule { start: Moment { date: date.to_owned(), ..Moment::default() }, end: None }
}

fn link(project: &ProjectId) -> Value {
    json!({ "viewUrl": format!("https://taskade.invalid/{project}") })
}

impl Memory {
    /// Somebody else changes what a task has beside its text.
    pub fn detail_elsewhere(&self, project: &str, task: &str, change: impl FnOnce(&mut Details)) {
        let mut state = self.lock();
        change(state.details.entry((project.into(), task.into())).or_default());
    }

    /// What a task has beside its text.
    pub fn details(&self, project: &str, task: &str) -> Details {
        self.lock().details.get(&(project.into(), task.into())).cloned().unwrap_or_default()
    }

    /// Whether assigning puts those that are named in the place of all others.
    pub fn set_assigning_replaces(&self, replaces: bool) {
        self.lock().assigning_replaces = replaces;
    }

    fn look<T>(
        &self,
        project: &ProjectId,
        task: &TaskId,
        look: impl FnOnce(&Details) -> T,
    ) -> Result<T> {
        self.read(|state| {
            Memory::has(state, project, task)?;
            let key = (project.to_string(), task.to_string());
            Ok(look(state.details.get(&key).unwrap_or(&Details::default())))
        })
    }

    pub(crate) fn detail_here(
        &self,
        p: &ProjectId,
        t: &TaskId,
        what: TaskResource,
    ) -> Result<RemoteDetails> {
        self.look(p, t, |details| {
            let Details { date, note, assignees, fields } = details.clone();
            let mut told = RemoteDetails::default();
            match what {
                TaskResource::Task => {}
                TaskResource::Date => told.date = date,
                TaskResource::Note => told.note = note,
                TaskResource::Assignees => told.assignees = assignees,
                TaskResource::Fields => told.fields = fields.into_iter().collect(),
            }
            told
        })
    }

    pub(crate) fn set_detail_here(
        &self,
        p: &ProjectId,
        t: &TaskId,
        detail: SetDetail<'_>,
    ) -> Result<()> {
        let replaces = self.lock().assigning_replaces;
        self.write(in_words(t, detail), |state| {
            Memory::has(state, p, t)?;
            let key = (p.to_string(), t.to_string());
            state.details.entry(key).or_default().set(detail, replaces)
        })
    }

    pub(crate) fn resource_here(&self, p: &ProjectId, what: Resource) -> Result<Value> {
        self.read(|state| {
            if !state.has_project(p) {
                return Err(gone());
            }
            Ok(match what {
                Resource::Members => MEMBERS.map(|handle| json!({ "handle": handle })).into(),
                Resource::Fields => {
                    let field = |id| json!({ "id": id, "data": { "type": "number" } });
                    FIELDS.map(field).into()
                }
                Resource::Blocks => json!([]),
                Resource::ShareLink if state.shared.contains(p.as_str()) => link(p),
                Resource::ShareLink => Value::Null,
            })
        })
    }

    pub(crate) fn task_resource_here(
        &self,
        p: &ProjectId,
        t: &TaskId,
        what: TaskResource,
    ) -> Result<Option<Value>> {
        let told = self.look(p, t, |details| match what {
            TaskResource::Task => Some(json!({ "id": t })),
            TaskResource::Date => details.date.as_ref().map(|date| json!(date)),
            TaskResource::Note => details.note.as_ref().map(|note| json!({ "value": note })),
            TaskResource::Assignees => {
                Some(details.assignees.iter().map(|handle| json!({ "handle": handle })).collect())
            }
            TaskResource::Fields => {
                let fields = details.fields.iter();
                Some(fields.map(|(id, value)| json!({ "fieldId": id, "value": value })).collect())
            }
        });
        match (what, told) {
            // The client cannot tell a task that is gone from a date that is not set.
            (TaskResource::Date | TaskResource::Note, Err(error))
                if error.kind() == Kind::NotFound =>
            {
                Ok(None)
            }
            (_, told) => told,
        }
    }

    pub(crate) fn share_here(&self, p: &ProjectId) -> Result<Value> {
        self.write(format!("PUT {p}/shareLink"), |state| {
            if !state.has_project(p) {
                return Err(gone());
            }
            state.shared.insert(p.to_string());
            Ok(link(p))
        })
    }
}
