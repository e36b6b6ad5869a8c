//! Sending one operation of a script, and settling at once what an answer leaves open.

use std::collections::HashMap;

use crate::{
    api::{NewTask, Priority, RemoteDetails, SetDetail, TaskResource},
    error::{Error, Kind, Result},
    ids::{ProjectId, TaskId},
    plan::{Change, Key, Op, Placement},
    replica::{assigned::Assigned, sending::SendOutcome},
    sync::{engine::Engine, project::Project, read::assigned, upload::names},
    text::content_type::is_markup,
};

/// Sends one operation: one request, but for what it takes to leave others' people alone.
pub(crate) async fn send(
    engine: &Engine,
    project: &Project,
    id: &ProjectId,
    op: &Op,
) -> Result<SendOutcome> {
    let content_type = engine.settings.content_type;
    let mut outcome = SendOutcome::default();
    match op {
        Op::Create(items) => {
            let mut tasks = Vec::with_capacity(items.len());
            for item in items {
                let text = one_line(&item.text);
                outcome.unverified |= is_markup(&text);
                tasks.push(NewTask {
                    content: content_type.content(&text),
                    anchor: item.to.anchor.as_ref().map(known).transpose()?.cloned(),
                    position: item.to.position,
                });
            }
            outcome.ids = engine.backend.create_tasks(id, &tasks).await?;
            // Nobody does what was just created.
            for task in &outcome.ids {
                assigned::note_assigned(engine, project, task, Vec::new());
            }
        }
        Op::SetText { key, text } => {
            let content = content_type.content(text);
            match engine.backend.update_task(id, known(key)?, &content).await? {
                Some(now) => outcome.accepted_text = Some(now),
                None => outcome.unverified = is_markup(text),
            }
        }
        Op::SetDone { key, done } => {
            engine.backend.set_completed(id, known(key)?, *done).await?;
        }
        Op::Detail { key, change } => send_detail(engine, project, id, known(key)?, change).await?,
        Op::Move { key, to: Placement { anchor, position } } => {
            let target = anchor.as_ref().ok_or_else(unknown_task).and_then(known)?;
            engine.backend.move_task(id, known(key)?, target, *position).await?;
        }
        Op::Delete { key } => engine.backend.delete_task(id, known(key)?).await?,
    }
    Ok(outcome)
}

pub(crate) async fn send_detail(
    engine: &Engine,
    project: &Project,
    id: &ProjectId,
    task: &TaskId,
    change: &Change,
) -> Result<()> {
    let content;
    let detail = match change {
        Change::Date(date) => SetDetail::Date(date.as_ref()),
        Change::Note(note) => {
            content = note.as_ref().map(|note| engine.settings.content_type.content(note));
            SetDetail::Note(content.as_ref())
        }
        Change::Assign(more) => return assign(engine, project, id, task, more).await,
        Change::Unassign(handle) => SetDetail::Unassign(handle),
        Change::Field(field, value) => SetDetail::Field(field, value.as_ref()),
    };
    match engine.backend.set_detail(id, task, detail).await {
        // What is to be taken away may have been gone already: the service refuses that (400),
        // or does not find it (404), and neither tells what is there.
        Err(error)
            if takes_away(change) && matches!(error.kind(), Kind::Refused | Kind::NotFound) =>
        {
            let resource = change.resource();
            let there = engine.backend.detail(Priority::Save, id, task, resource).await?;
            if !is_gone(change, &there) {
                return Err(error);
            }
        }
        Err(error) if matches!(error.kind(), Kind::Refused | Kind::NotFound) => {
            let Change::Field(field, Some(value)) = change else { return Err(error) };
            return Err(names::not_taken(engine, project, id, (field, value), &error)
                .await
                .unwrap_or(error));
        }
        sent => sent?,
    }
    if let Change::Unassign(handle) = change {
        project.lock().note_unassigned(task, handle);
    }
    Ok(())
}

/// Assigns a task to more people. Whether the service puts those that are named in the place
/// of all others is not documented, so all must be named: who they are is asked first, unless
/// it was told less than `--max-age` ago.
pub(crate) async fn assign(
    engine: &Engine,
    project: &Project,
    id: &ProjectId,
    task: &TaskId,
    more: &[String],
) -> Result<()> {
    let max_age = engine.max_age_of(project);
    let is_fresh = |assigned: &&Assigned| {
        engine.clock.now().saturating_duration_since(assigned.read) <= max_age
    };
    let read = project.lock().assigned(task).filter(is_fresh).cloned();
    let mut all = match read {
        Some(assigned) => assigned.handles,
        None => {
            let resource = TaskResource::Assignees;
            engine.backend.detail(Priority::Save, id, task, resource).await?.assignees
        }
    };
    for handle in more {
        if !all.contains(handle) {
            all.push(handle.clone());
        }
    }
    match engine.backend.set_detail(id, task, SetDetail::Assign(&all)).await {
        Ok(()) => {
            assigned::note_assigned(engine, project, task, all);
            Ok(())
        }
        Err(error) if matches!(error.kind(), Kind::Refused | Kind::NotFound) => {
            Err(names::strangers(engine, project, id, more).await.unwrap_or(error))
        }
        Err(error) => Err(error),
    }
}

/// Whether a change takes something away.
pub(crate) fn takes_away(change: &Change) -> bool {
    use Change::{Date, Field, Note, Unassign};
    matches!(change, Date(None) | Note(None) | Unassign(_) | Field(_, None))
}

/// Whether what a change takes away is not there.
pub(crate) fn is_gone(change: &Change, there: &RemoteDetails) -> bool {
    match change {
        Change::Date(_) => there.date.is_none(),
        Change::Note(_) => there.note.is_none(),
        Change::Assign(_) => false,
        Change::Unassign(handle) => !there.assignees.contains(handle),
        Change::Field(field, _) => {
            there.fields.iter().all(|(known, value)| known != field || value.is_null())
        }
    }
}

pub(crate) fn known(key: &Key) -> Result<&TaskId> {
    match key {
        Key::Known(id) => Ok(id),
        Key::New(_) => Err(unknown_task()),
    }
}

pub(crate) fn unknown_task() -> Error {
    Error::new(Kind::Protocol, "a request names a task that the service has not confirmed")
}

/// A text without line breaks, which the service takes in no request.
pub(crate) fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// Whether no listing shows that the request was executed.
pub(crate) fn is_unseen(op: &Op) -> bool {
    matches!(op, Op::Create(_) | Op::Detail { .. })
}

/// Replaces the numbers of tasks created by earlier requests of the same script.
pub(crate) fn with_ids(mut op: Op, created: &HashMap<Key, TaskId>) -> Op {
    let rename = |key: &mut Key| {
        if let Some(id) = created.get(key) {
            *key = Key::Known(id.clone());
        }
    };
    match &mut op {
        Op::Create(items) => {
            items.iter_mut().filter_map(|item| item.to.anchor.as_mut()).for_each(rename)
        }
        Op::SetText { key, .. }
        | Op::SetDone { key, .. }
        | Op::Detail { key, .. }
        | Op::Delete { key } => rename(key),
        Op::Move { key, to } => {
            rename(key);
            to.anchor.iter_mut().for_each(rename);
        }
    }
    op
}
