//! The details of tasks in a Taskade in memory.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use taskadefs::{
    api::{Call, Method, Moment, RemoteTask, Schedule},
    error::{Error, Kind, Result},
    ids::TaskId,
};

use crate::support::service::{
    Memory, State, TITLE,
    calls::{TASK, item, items, sent, text},
    gone, index,
    nodes::{typed, untyped},
};

/// Who is a member of every project.
pub const MEMBERS: [&str; 3] = ["alice", "bob", "carol"];
/// The fields of every project, if it is not given others.
pub const FIELDS: [&str; 4] = ["@inc01", "@inc02", "@f", "@hidden"];

/// What a task has beside its text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Details {
    pub date: Option<Schedule>,
    pub note: Option<String>,
    pub assignees: Vec<String>,
    pub fields: BTreeMap<String, Value>,
}

/// A write to a detail as the log has it; `None` if it is none, or has nothing with it.
pub(crate) fn words_of_detail(call: &Call) -> Option<String> {
    let (body, ids) = (call.body.as_ref()?, call.path.ids());
    let detail = call.path.template().strip_prefix(TASK)?;
    let task = ids.get(1)?;
    Some(match detail {
        "/date" => format!("PUT {task}/date {body}"),
        "/note" => format!("PUT {task}/note {:?}", text(call, "/value")),
        "/assignees" => format!("PUT {task}/assignees {}", handles(call).join(" ")),
        "/fields/{field}" => format!("PUT {task}/fields/{} {}", ids[2], sent(call, "/value")),
        _ => return None,
    })
}

fn handles(call: &Call) -> Vec<&str> {
    let handles = sent(call, "/handles").as_array().unwrap();
    handles.iter().map(|handle| handle.as_str().unwrap()).collect()
}

/// A whole day.
pub fn day(date: &str) -> Schedule {
    Schedule { start: Moment { date: date.to_owned(), ..Moment::default() }, end: None }
}

fn is_title(task: &TaskId) -> bool {
    task.as_str() == TITLE
}

fn link(project: &str) -> Value {
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
}

impl State {
    /// Does what is asked about a detail of a task, or about what belongs to a project.
    pub(crate) fn execute_detail(&mut self, call: &Call, ids: &[&str]) -> Result<Value> {
        match (call.path.template().strip_prefix(TASK), ids) {
            (Some(detail), [project, task, rest @ ..]) => {
                index(&self.project(project)?.tasks, &TaskId::new(*task))?;
                let key = ((*project).to_owned(), (*task).to_owned());
                let replaces = self.assigning_replaces;
                let fields = &self.projects[*project].fields;
                let details = self.details.entry(key).or_default();
                match (call.method, detail) {
                    (Method::Get, "") => Ok(item(json!({ "id": task }))),
                    (Method::Get, _) => details.get(detail),
                    (Method::Put, "/fields/{field}") => {
                        details.set_field(fields, rest[0], sent(call, "/value"))
                    }
                    (Method::Put, _) => details.put(detail, call, replaces),
                    _ => details.delete(detail, rest),
                }
            }
            (None, [project]) => self.execute_resource(call, project),
            _ => Err(gone()),
        }
    }

    fn execute_resource(&mut self, call: &Call, project: &str) -> Result<Value> {
        self.project(project)?;
        Ok(match (call.method, call.path.template()) {
            (Method::Get, "projects/{project}/members") => {
                items(MEMBERS.map(|handle| json!({ "handle": handle })))
            }
            (Method::Get, "projects/{project}/fields") => {
                let fields = &self.project(project)?.fields;
                items(fields.iter().map(|(id, data)| json!({ "id": id, "data": data })))
            }
            (Method::Get, "projects/{project}/blocks") => {
                let is_top = |task: &&RemoteTask| task.parent.as_ref().is_some_and(is_title);
                let top = self.project(project)?.tasks.iter().filter(is_top);
                let block = |task: &RemoteTask| json!({ "id": task.id, "text": task.text });
                items(top.map(block))
            }
            (Method::Get, "projects/{project}/shareLink") => {
                item(self.shared.contains(project).then(|| link(project)))
            }
            (Method::Put, "projects/{project}/shareLink") => {
                self.shared.insert(project.to_owned());
                item(link(project))
            }
            _ => return Err(gone()),
        })
    }
}

impl Details {
    fn get(&self, detail: &str) -> Result<Value> {
        Ok(match detail {
            "/date" => item(json!(self.date.as_ref().ok_or_else(gone)?)),
            "/note" => item(json!({ "value": self.note.as_ref().ok_or_else(gone)? })),
            "/assignees" => items(self.assignees.iter().map(|name| json!({ "handle": name }))),
            "/fields" => {
                let value = |(id, value)| json!({ "fieldId": id, "value": untyped(value) });
                items(self.fields.iter().map(value))
            }
            _ => return Err(gone()),
        })
    }

    fn put(&mut self, detail: &str, call: &Call, replaces: bool) -> Result<Value> {
        match detail {
            "/date" => {
                let date = call.body.clone().unwrap_or_default();
                self.date = Some(serde_json::from_value(date).unwrap());
            }
            "/note" => {
                let note = text(call, "/value");
                if note.is_empty() || note.contains(['\r', '\n']) {
                    return Err(Error::new(Kind::Refused, "one line, not empty"));
                }
                self.note = Some(note.to_owned());
            }
            "/assignees" => self.assign(&handles(call), replaces)?,
            _ => return Err(gone()),
        }
        Ok(item(Value::Null))
    }

    fn set_field(&mut self, fields: &[(String, Value)], id: &str, value: &Value) -> Result<Value> {
        let (_, field) = fields.iter().find(|(known, _)| known == id).ok_or_else(gone)?;
        self.fields.insert(id.to_owned(), typed(field, value)?);
        Ok(item(Value::Null))
    }

    fn assign(&mut self, handles: &[&str], replaces: bool) -> Result<()> {
        if !handles.iter().all(|handle| MEMBERS.contains(handle)) {
            return Err(Error::new(Kind::Refused, "no such member"));
        }
        if replaces {
            self.assignees.clear();
        }
        for handle in handles {
            if !self.assignees.iter().any(|known| known == handle) {
                self.assignees.push((*handle).to_owned());
            }
        }
        Ok(())
    }

    fn delete(&mut self, detail: &str, rest: &[&str]) -> Result<Value> {
        let none = |why| Error::new(Kind::Refused, why);
        match (detail, rest) {
            ("/date", _) => drop(self.date.take().ok_or_else(|| none("no date"))?),
            ("/note", _) => drop(self.note.take().ok_or_else(gone)?),
            ("/assignees/{handle}", [handle]) => {
                let at = self.assignees.iter().position(|known| known == handle);
                self.assignees.remove(at.ok_or_else(|| none("not theirs"))?);
            }
            ("/fields/{field}", [field]) => drop(self.fields.remove(*field).ok_or_else(gone)?),
            _ => return Err(gone()),
        }
        Ok(item(Value::Null))
    }
}
