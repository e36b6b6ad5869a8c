//! What scripts ask for: what the service says of a project or a task beside its text, as it says
//! it. It is asked for each time, but for a project's fields, and changes no file.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    api::{Priority, Resource, TaskResource},
    error::{Error, Kind, Result},
    ids::{ProjectId, TaskId},
    plan::{Key, Outline},
    sync::{
        engine::Engine,
        project::Project,
        read::{export, fetch, look, open},
        residency,
    },
    text::table,
};

/// What the service says of a project.
///
/// # Errors
/// As [`Client::resource`](crate::api::Client::resource).
pub(crate) async fn resource(
    engine: &Engine,
    project: &ProjectId,
    resource: Resource,
) -> Result<Value> {
    engine.backend.resource(Priority::Foreground, project, resource).await
}

/// What a project's fields are: as its space's export tells them, with their names and options, or
/// else as the service says, which knows no names. What either told less than `--max-age` ago is not
/// asked for again.
///
/// # Errors
/// As [`read`](crate::sync::read::open::read) and [`resource`].
pub(crate) async fn fields(engine: &Arc<Engine>, project: &Arc<Project>) -> Result<Value> {
    if !engine.settings.hides_fields() {
        tasks_known(engine, project).await?;
        let known = project.fields();
        if !known.is_empty() {
            return Ok(table::schema(&known));
        }
    }
    let (asked, max_age) = (engine.clock.now(), engine.max_age_of(project));
    let told = project.lock().names.told_lately(asked, max_age);
    let mut found = match told {
        Some(told) => told,
        None => {
            let found = resource(engine, &created(project)?, Resource::Fields).await?;
            project.lock().names.note_listed(asked, found.clone());
            found
        }
    };
    for field in found.as_array_mut().into_iter().flatten() {
        let kind = field["data"]["type"].clone();
        field
            .as_object_mut()
            .into_iter()
            .for_each(|field| drop(field.insert("type".into(), kind.clone())));
    }
    Ok(found)
}

/// The tasks of a project as a table, as its file shows them.
///
/// # Errors
/// As [`read`](crate::sync::read::open::read).
pub(crate) async fn table(engine: &Arc<Engine>, project: &Arc<Project>) -> Result<Vec<u8>> {
    let content = open::read(engine, project).await?;
    table::table(&content.outline, project.format().fields.as_deref())
}

/// What the service says of a task; null if it has nothing of that kind.
///
/// # Errors
/// [`Kind::NotFound`] if there is no such task, and otherwise as
/// [`Client::task_resource`](crate::api::Client::task_resource).
pub(crate) async fn task_resource(
    engine: &Engine,
    project: &Project,
    task: &TaskId,
    resource: TaskResource,
) -> Result<Value> {
    let id = created(project)?;
    let found = engine.backend.task_resource(Priority::Foreground, &id, task, resource).await?;
    if let Some(found) = found {
        return Ok(found);
    }
    // A date that is not set is answered as a task that is gone is: what was read lately tells
    // them apart.
    let tasks = tasks_read_lately(engine, project).await?;
    let is_there = tasks.find(&Key::Known(task.clone())).is_some();
    if is_there && resource != TaskResource::Task {
        return Ok(Value::Null);
    }
    Err(Error::new(Kind::NotFound, "the project has no such task"))
}

/// Makes a project readable for whoever has its link. What the service says of the link.
///
/// # Errors
/// As [`Client::share`](crate::api::Client::share).
pub(crate) async fn share(engine: &Engine, project: &ProjectId) -> Result<Value> {
    engine.backend.share(project).await
}

/// The tasks that Taskade was last known to have; asked for only if that is not known at all.
///
/// # Errors
/// As [`read`](crate::sync::read::open::read).
pub(crate) async fn tasks_known(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
) -> Result<Arc<Outline>> {
    residency::leave_kernel_thread(project).await;
    residency::ensure(engine, project).await;
    if let Some(known) = snapshot(engine, project) {
        return Ok(known);
    }
    tokio::task::yield_now().await;
    if !export::read_by_export(engine, project).await {
        look::read(engine, project, Priority::Foreground).await?;
    }
    snapshot(engine, project).ok_or_else(|| Error::new(Kind::Protocol, "nothing was read"))
}

/// The tasks that Taskade has, as far as whoever opens the file is told.
///
/// # Errors
/// As [`read`](crate::sync::read::open::read).
pub(crate) async fn tasks_now(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
) -> Result<Arc<Outline>> {
    residency::ensure(engine, project).await;
    if snapshot(engine, project).is_some() {
        open::read(engine, project).await?;
    }
    tasks_known(engine, project).await
}

/// The tasks that Taskade has, by a reading that is younger than `--max-age`.
pub(crate) async fn tasks_read_lately(engine: &Engine, project: &Project) -> Result<Arc<Outline>> {
    residency::leave_kernel_thread(project).await;
    fetch::refresh(engine, project, Priority::Foreground).await?;
    snapshot(engine, project).ok_or_else(|| Error::new(Kind::Protocol, "nothing was read"))
}

pub(crate) fn snapshot(engine: &Engine, project: &Project) -> Option<Arc<Outline>> {
    residency::resident(engine, project).snapshot().map(|known| known.outline.clone())
}

/// The id of a project that Taskade has.
pub(crate) fn created(project: &Project) -> Result<ProjectId> {
    project.id().ok_or_else(|| Error::new(Kind::NotFound, "the project is not created yet"))
}
