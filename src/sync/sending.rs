//! Sending one operation of a script, and settling at once what an answer leaves open.

use std::{future::Future, time::Instant};

use serde_json::Value;

use super::{engine::Engine, project::Project, wording::is_markup};
use crate::{
    api::{NewTask, Priority, Resource},
    error::{Error, Kind, Result},
    ids::{ProjectId, TaskId},
    plan::{Change, Key, Op, Placement},
};

/// What one executed request told.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) ids: Vec<TaskId>,
    /// The text that the service says the task has now.
    pub(crate) believed: Option<String>,
    /// Whether a text was sent that the service may have read as markup.
    pub(crate) unverified: bool,
}

/// Who does a task, also those whom a line cannot show, and when that was told.
#[derive(Debug, Clone)]
pub(crate) struct Assigned {
    told: Instant,
    handles: Vec<String>,
}

impl Engine {
    /// Sends one operation: one request, but for what it takes to leave others' people alone.
    pub(crate) async fn send(&self, project: &Project, id: &ProjectId, op: &Op) -> Result<Outcome> {
        let wording = self.settings.wording;
        let mut outcome = Outcome::default();
        match op {
            Op::Create(items) => {
                let mut tasks = Vec::with_capacity(items.len());
                for item in items {
                    let text = one_line(&item.text);
                    outcome.unverified |= is_markup(&text);
                    tasks.push(NewTask {
                        content: wording.content(&text),
                        anchor: item.to.anchor.as_ref().map(known).transpose()?.cloned(),
                        position: item.to.position,
                    });
                }
                outcome.ids = self.backend.create_tasks(id, &tasks).await?;
                // Nobody does what was just created.
                for task in &outcome.ids {
                    self.note_assigned(project, task, Vec::new());
                }
            }
            Op::SetText { key, text } => {
                let content = wording.content(text);
                match self.backend.update_task(id, known(key)?, &content).await? {
                    Some(now) => outcome.believed = Some(now),
                    None => outcome.unverified = is_markup(text),
                }
            }
            Op::SetDone { key, done } => {
                self.backend.set_completed(id, known(key)?, *done).await?;
            }
            Op::Detail { key, change } => {
                self.send_detail(project, id, known(key)?, change).await?
            }
            Op::Move { key, to: Placement { anchor, position } } => {
                let target = anchor.as_ref().ok_or_else(unknown_task).and_then(known)?;
                self.backend.move_task(id, known(key)?, target, *position).await?;
            }
            Op::Delete { key } => self.backend.delete_task(id, known(key)?).await?,
        }
        Ok(outcome)
    }

    async fn send_detail(
        &self,
        project: &Project,
        id: &ProjectId,
        task: &TaskId,
        change: &Change,
    ) -> Result<()> {
        let backend = &self.backend;
        match change {
            Change::Date(Some(date)) => backend.set_date(id, task, date).await,
            Change::Date(None) => {
                let is_gone = async || Ok(backend.date(Priority::Save, id, task).await?.is_none());
                gone(backend.clear_date(id, task).await, is_gone).await
            }
            Change::Note(Some(note)) => {
                backend.set_note(id, task, &self.settings.wording.content(note)).await
            }
            Change::Note(None) => {
                let is_gone = async || Ok(backend.note(Priority::Save, id, task).await?.is_none());
                gone(backend.clear_note(id, task).await, is_gone).await
            }
            Change::Assign(more) => self.assign(project, id, task, more).await,
            Change::Unassign(handle) => {
                let is_gone = async || {
                    let there = backend.assignees(Priority::Save, id, task).await?;
                    Ok(!there.contains(handle))
                };
                gone(backend.unassign(id, task, handle).await, is_gone).await?;
                if let Some(assigned) = project.lock().assigned.get_mut(task) {
                    assigned.handles.retain(|known| known != handle);
                }
                Ok(())
            }
            Change::Field(field, Some(value)) => backend.set_field(id, task, field, value).await,
            Change::Field(field, None) => {
                let is_gone = async || {
                    let there = backend.field_values(Priority::Save, id, task).await?;
                    Ok(there.iter().all(|(known, value)| known != field || value.is_null()))
                };
                gone(backend.clear_field(id, task, field).await, is_gone).await
            }
        }
    }

    /// Assigns a task to more people. Whether the service puts those that are named in the place
    /// of all others is not documented, so all must be named: who they are is asked first, unless
    /// it was told less than `--max-age` ago.
    async fn assign(
        &self,
        project: &Project,
        id: &ProjectId,
        task: &TaskId,
        more: &[String],
    ) -> Result<()> {
        let is_fresh = |assigned: &&Assigned| {
            self.clock.now().saturating_duration_since(assigned.told) <= self.settings.max_age
        };
        let told = project.lock().assigned.get(task).filter(is_fresh).cloned();
        let mut all = match told {
            Some(assigned) => assigned.handles,
            None => self.backend.assignees(Priority::Save, id, task).await?,
        };
        for handle in more {
            if !all.contains(handle) {
                all.push(handle.clone());
            }
        }
        match self.backend.assign(id, task, &all).await {
            Ok(()) => {
                self.note_assigned(project, task, all);
                Ok(())
            }
            Err(error) if matches!(error.kind(), Kind::Refused | Kind::NotFound) => {
                Err(self.strangers(id, more).await.unwrap_or(error))
            }
            Err(error) => Err(error),
        }
    }

    /// Notes who does a task, all of them, as the service has just told or was told.
    pub(crate) fn note_assigned(&self, project: &Project, task: &TaskId, handles: Vec<String>) {
        let assigned = Assigned { told: self.clock.now(), handles };
        project.lock().assigned.insert(task.clone(), assigned);
    }

    /// Why people cannot be assigned, if it is that the project does not know them.
    async fn strangers(&self, id: &ProjectId, handles: &[String]) -> Option<Error> {
        let members = self.backend.resource(Priority::Save, id, Resource::Members).await.ok()?;
        let members: Vec<&str> = members
            .as_array()?
            .iter()
            .filter_map(|member| member.get("handle").and_then(Value::as_str))
            .collect();
        let stranger = handles.iter().find(|handle| !members.contains(&handle.as_str()))?;
        let known: Vec<String> = members.iter().map(|member| format!("@{member}")).collect();
        let what = format!("nobody in this project is called @{stranger}");
        let hint = format!("it has {}; write \\@{stranger} to keep it as text", known.join(", "));
        Some(Error::new(Kind::Invalid, what).hint(hint))
    }
}

/// Settles the removal of something that may have been gone already: the service refuses that
/// (400), or does not find it (404), and neither tells what is there.
async fn gone<F: Future<Output = Result<bool>>>(
    removed: Result<()>,
    is_gone: impl FnOnce() -> F,
) -> Result<()> {
    match removed {
        Err(error) if matches!(error.kind(), Kind::Refused | Kind::NotFound) => {
            if is_gone().await? { Ok(()) } else { Err(error) }
        }
        removed => removed,
    }
}

fn known(key: &Key) -> Result<&TaskId> {
    match key {
        Key::Known(id) => Ok(id),
        Key::New(_) => Err(unknown_task()),
    }
}

fn unknown_task() -> Error {
    Error::new(Kind::Protocol, "a request names a task that the service has not confirmed")
}

/// A text without line breaks, which the service takes in no request.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}
