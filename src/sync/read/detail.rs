//! Details that were asked for: dates, notes, people and fields of tasks. Four requests a task is
//! the price, so nothing here happens unasked.

use std::collections::HashMap;

use serde_json::Value;

use crate::{
    api::{Priority, RemoteDetails, TaskResource},
    error::{Kind, Result},
    ids::{ProjectId, TaskId},
    plan::{Details, Key, Known, Outline, PartialMap, TaskDetails},
    replica::state::Replica,
    sync::{
        engine::Engine, project::Project, read::cache_write, residency, transition::Transition,
    },
};

/// Asks for one detail of a task: what is known if only this is. One request.
pub(crate) async fn ask_detail(
    engine: &Engine,
    priority: Priority,
    project: &ProjectId,
    task: &TaskId,
    resource: TaskResource,
) -> Result<Details> {
    // The task itself is no detail.
    if resource == TaskResource::Task {
        return Ok(Details::default());
    }
    let fetched = match engine.backend.detail(priority, project, task, resource).await {
        // What is not found is none.
        Err(error) if error.kind() == Kind::NotFound => RemoteDetails::default(),
        fetched => fetched?,
    };
    let mut parts = TaskDetails::default();
    match resource {
        TaskResource::Task => {}
        TaskResource::Date => parts.date = Known::of(fetched.date),
        TaskResource::Note => {
            // An empty one is none: the service takes no empty notes.
            parts.note = Known::of(fetched.note.filter(|note| !note.is_empty()));
        }
        TaskResource::Assignees => {
            let known = fetched.assignees.into_iter().map(|handle| (handle, ()));
            parts.assignees = PartialMap { known: distinct(known), complete: true };
        }
        TaskResource::Fields => {
            let known = fetched.fields.into_iter().filter(|(_, value)| !is_none(value));
            parts.fields = PartialMap { known: distinct(known), complete: true };
        }
    }
    Ok(parts.into())
}

/// Installs what was told of tasks, and tells and keeps it. The caller holds `project.remote`.
pub(crate) async fn merge_details(
    engine: &Engine,
    project: &Project,
    fetched: &[(TaskId, Details)],
) {
    let mut next = Transition::begin(engine, project).await;
    merge_details_in(project, &mut next, fetched);
    next.keep_in_memory();
    write_details(engine, project);
}

/// Installs what was told of tasks in a transition of their project.
pub(crate) fn merge_details_in(
    project: &Project,
    next: &mut Replica,
    fetched: &[(TaskId, Details)],
) {
    let Some(known) = next.snapshot() else { return };
    let (mut outline, read) = (Outline::clone(&known.outline), known.read);
    let mut of_task: HashMap<&TaskId, Details> = HashMap::new();
    for (task, fetched) in fetched {
        let details = of_task.entry(task).or_default();
        *details = fetched.or(details);
    }
    for item in &mut outline.items {
        if let Key::Known(id) = &item.key
            && let Some(fetched) = of_task.get(id)
        {
            item.details = item.details.updated(fetched);
        }
    }
    let text = project.render(&outline);
    next.install(outline, text, read);
}

/// Keeps what was told of tasks.
pub(crate) fn write_details(engine: &Engine, project: &Project) {
    cache_write::write(engine, project);
    residency::note_resident(engine, project);
}

/// Whether a value says that there is none.
pub(crate) fn is_none(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

/// Each name once, the first of it.
pub(crate) fn distinct<T>(named: impl Iterator<Item = (String, T)>) -> Vec<(String, T)> {
    let mut known: Vec<(String, T)> = Vec::new();
    for (name, value) in named {
        if known.iter().all(|(other, _)| *other != name) {
            known.push((name, value));
        }
    }
    known
}
