//! What scripts ask for: what the service says of a project or a task beside its text, as it says
//! it. It is asked for each time and nothing of it is kept: a script's reading changes no file.

use std::sync::Arc;

use serde_json::Value;

use super::{engine::Engine, project::Project};
use crate::{
    api::{Priority, Resource, TaskResource},
    error::{Error, Kind, Result},
    ids::{ProjectId, TaskId},
    plan::{Key, Outline},
};

impl Engine {
    /// What the service says of a project.
    ///
    /// # Errors
    /// As [`Client::resource`](crate::api::Client::resource).
    pub(crate) async fn resource(&self, project: &ProjectId, resource: Resource) -> Result<Value> {
        self.backend.resource(Priority::Foreground, project, resource).await
    }

    /// What the service says of a task; null if it has nothing of that kind.
    ///
    /// # Errors
    /// [`Kind::NotFound`] if there is no such task, and otherwise as
    /// [`Client::task_resource`](crate::api::Client::task_resource).
    pub(crate) async fn task_resource(
        &self,
        project: &Project,
        task: &TaskId,
        resource: TaskResource,
    ) -> Result<Value> {
        let id = created(project)?;
        let told = self.backend.task_resource(Priority::Foreground, &id, task, resource).await?;
        if let Some(told) = told {
            return Ok(told);
        }
        // A date that is not set is answered as a task that is gone is: what was read lately tells
        // them apart.
        let tasks = self.tasks_read_lately(project).await?;
        let is_there = tasks.find(&Key::Known(task.clone())).is_some();
        if is_there && resource != TaskResource::Task {
            return Ok(Value::Null);
        }
        Err(Error::new(Kind::NotFound, "the project has no such task"))
    }

    /// Makes a project readable for whoever has its link.
    ///
    /// # Errors
    /// As [`Client::share`](crate::api::Client::share).
    pub(crate) async fn share(&self, project: &ProjectId) -> Result<()> {
        self.backend.share(project).await.map(drop)
    }

    /// The tasks that Taskade was last known to have; asked for only if that is not known at all.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(crate) async fn tasks_known(
        self: &Arc<Self>,
        project: &Arc<Project>,
    ) -> Result<Arc<Outline>> {
        if let Some(known) = self.snapshot(project) {
            return Ok(known);
        }
        if !self.hydrate(project).await {
            self.refresh(project, Priority::Foreground).await?;
        }
        self.snapshot(project).ok_or_else(|| Error::new(Kind::Protocol, "nothing was read"))
    }

    /// The tasks that Taskade has, as far as whoever opens the file is told.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(crate) async fn tasks_now(
        self: &Arc<Self>,
        project: &Arc<Project>,
    ) -> Result<Arc<Outline>> {
        if self.snapshot(project).is_some() {
            self.read(project).await?;
        }
        self.tasks_known(project).await
    }

    /// The tasks that Taskade has, by a reading that is younger than `--max-age`.
    async fn tasks_read_lately(&self, project: &Project) -> Result<Arc<Outline>> {
        self.refresh(project, Priority::Foreground).await?;
        self.snapshot(project).ok_or_else(|| Error::new(Kind::Protocol, "nothing was read"))
    }

    fn snapshot(&self, project: &Project) -> Option<Arc<Outline>> {
        self.recalled(project).snapshot.as_ref().map(|known| known.outline.clone())
    }
}

/// The id of a project that Taskade has.
fn created(project: &Project) -> Result<ProjectId> {
    project.id().ok_or_else(|| Error::new(Kind::NotFound, "the project is not created yet"))
}
