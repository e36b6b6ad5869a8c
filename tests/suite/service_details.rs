//! The details of tasks in a Taskade in memory.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use taskadefs::{
    api::{Content, Moment, Resource, Schedule, TaskResource},
    error::{Error, Kind, Result},
    ids::{ProjectId, TaskId},
};

use crate::service::{Memory, gone};

/// Who is a member of every project.
pub const MEMBERS: [&str; 3] = ["alice", "bob", "carol"];

/// What a task has beside its text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Details {
    pub date: Option<Schedule>,
    pub note: Option<String>,
    pub assignees: Vec<String>,
    pub fields: BTreeMap<String, Value>,
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

    fn change<T>(
        &self,
        what: String,
        project: &ProjectId,
        task: &TaskId,
        change: impl FnOnce(&mut Details) -> Result<T>,
    ) -> Result<T> {
        self.write(what, |state| {
            Memory::has(state, project, task)?;
            let key = (project.to_string(), task.to_string());
            change(state.details.entry(key).or_default())
        })
    }

    pub(crate) fn date_here(&self, p: &ProjectId, t: &TaskId) -> Result<Option<Schedule>> {
        self.look(p, t, |details| details.date.clone())
    }

    pub(crate) fn set_date_here(&self, p: &ProjectId, t: &TaskId, date: &Schedule) -> Result<()> {
        let what = format!("PUT {t}/date {}", json!(date));
        self.change(what, p, t, |details| {
            details.date = Some(date.clone());
            Ok(())
        })
    }

    pub(crate) fn clear_date_here(&self, p: &ProjectId, t: &TaskId) -> Result<()> {
        self.change(format!("DELETE {t}/date"), p, t, |details| {
            details.date.take().map(drop).ok_or_else(|| Error::new(Kind::Refused, "no date"))
        })
    }

    pub(crate) fn note_here(&self, p: &ProjectId, t: &TaskId) -> Result<Option<String>> {
        self.look(p, t, |details| details.note.clone())
    }

    pub(crate) fn set_note_here(&self, p: &ProjectId, t: &TaskId, note: &Content) -> Result<()> {
        self.change(format!("PUT {t}/note {:?}", note.text), p, t, |details| {
            details.note = Some(note.text.clone());
            Ok(())
        })
    }

    pub(crate) fn clear_note_here(&self, p: &ProjectId, t: &TaskId) -> Result<()> {
        self.change(format!("DELETE {t}/note"), p, t, |details| {
            details.note.take().map(drop).ok_or_else(gone)
        })
    }

    pub(crate) fn assignees_here(&self, p: &ProjectId, t: &TaskId) -> Result<Vec<String>> {
        self.look(p, t, |details| details.assignees.clone())
    }

    pub(crate) fn assign_here(&self, p: &ProjectId, t: &TaskId, handles: &[String]) -> Result<()> {
        let replaces = self.lock().assigning_replaces;
        self.change(format!("PUT {t}/assignees {}", handles.join(" ")), p, t, |details| {
            if !handles.iter().all(|handle| MEMBERS.contains(&handle.as_str())) {
                return Err(Error::new(Kind::Refused, "no such member"));
            }
            if replaces {
                details.assignees.clear();
            }
            for handle in handles {
                if !details.assignees.contains(handle) {
                    details.assignees.push(handle.clone());
                }
            }
            Ok(())
        })
    }

    pub(crate) fn unassign_here(&self, p: &ProjectId, t: &TaskId, handle: &str) -> Result<()> {
        self.change(format!("DELETE {t}/assignees/{handle}"), p, t, |details| {
            let at = details.assignees.iter().position(|known| known == handle);
            let at = at.ok_or_else(|| Error::new(Kind::Refused, "not theirs"))?;
            details.assignees.remove(at);
            Ok(())
        })
    }

    pub(crate) fn field_values_here(
        &self,
        p: &ProjectId,
        t: &TaskId,
    ) -> Result<Vec<(String, Value)>> {
        self.look(p, t, |details| details.fields.clone().into_iter().collect())
    }

    pub(crate) fn set_field_here(
        &self,
        p: &ProjectId,
        t: &TaskId,
        field: &str,
        value: &Value,
    ) -> Result<()> {
        self.change(format!("PUT {t}/fields/{field} {value}"), p, t, |details| {
            details.fields.insert(field.to_owned(), value.clone());
            Ok(())
        })
    }

    pub(crate) fn clear_field_here(&self, p: &ProjectId, t: &TaskId, field: &str) -> Result<()> {
        self.change(format!("DELETE {t}/fields/{field}"), p, t, |details| {
            details.fields.remove(field).map(drop).ok_or_else(gone)
        })
    }

    pub(crate) fn resource_here(&self, p: &ProjectId, what: Resource) -> Result<Value> {
        self.read(|state| {
            if !state.has_project(p) {
                return Err(gone());
            }
            Ok(match what {
                Resource::Members => MEMBERS.map(|handle| json!({ "handle": handle })).into(),
                Resource::Fields => json!([{ "id": "@inc01", "data": { "type": "number" } }]),
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
