//! What is asked of Taskade in several places, by name.

use serde_json::Value;

use super::{
    bundle::ExportedSpace,
    client::Client,
    endpoints::{
        CompleteProject, CopyProject, CreateFromTemplate, CreateProject, CreateTasks, DeleteTask,
        GetDetail, GetExport, GetFolders, GetProject, GetProjects, GetTaskResource,
        GetViewedProjects, GetWorkspaces, MoveTask, PutShareLink, RestoreProject, SetCompleted,
        UpdateTask,
    },
    priority::Priority,
};
use crate::{
    error::Result,
    ids::{ProjectId, SpaceId, TaskId, TemplateId},
    model::{
        NewTask, Position, RemoteDetails, RemoteProject, RemoteSpace, TaskResource, TypedText,
    },
};

/// All of it is [`read`](Self::read) or [`write`](Self::write) of the endpoint.
///
/// # Errors
/// As [`Backend::send`](super::backend::Backend::send).
impl Client {
    /// [`GetWorkspaces`].
    pub async fn workspaces(&self, priority: Priority) -> Result<Vec<RemoteSpace>> {
        self.read(priority, GetWorkspaces).await
    }

    /// [`GetFolders`].
    pub async fn folders(
        &self,
        priority: Priority,
        workspace: &SpaceId,
    ) -> Result<Vec<RemoteSpace>> {
        self.read(priority, GetFolders { workspace }).await
    }

    /// [`GetProjects`].
    pub async fn projects(
        &self,
        priority: Priority,
        folder: &SpaceId,
    ) -> Result<Vec<RemoteProject>> {
        self.read(priority, GetProjects { folder }).await
    }

    /// [`GetViewedProjects`].
    pub async fn viewed_projects(&self, priority: Priority) -> Result<Vec<RemoteProject>> {
        self.read(priority, GetViewedProjects).await
    }

    /// [`GetProject`].
    pub async fn project(&self, priority: Priority, project: &ProjectId) -> Result<RemoteProject> {
        self.read(priority, GetProject { project }).await
    }

    /// [`GetExport`].
    pub async fn export(&self, priority: Priority, space: &SpaceId) -> Result<ExportedSpace> {
        self.read(priority, GetExport { space }).await
    }

    /// [`CreateProject`].
    pub async fn create_project(&self, folder: &SpaceId, markdown: &str) -> Result<ProjectId> {
        self.write(CreateProject { folder, markdown }).await
    }

    /// [`CompleteProject`].
    pub async fn complete_project(&self, project: &ProjectId) -> Result<()> {
        self.write(CompleteProject { project }).await
    }

    /// [`RestoreProject`].
    pub async fn restore_project(&self, project: &ProjectId) -> Result<()> {
        self.write(RestoreProject { project }).await
    }

    /// [`CopyProject`].
    pub async fn copy_project(
        &self,
        project: &ProjectId,
        folder: &SpaceId,
        title: &str,
    ) -> Result<Option<ProjectId>> {
        self.write(CopyProject { project, folder, title }).await
    }

    /// [`CreateFromTemplate`].
    pub async fn create_from_template(
        &self,
        folder: &SpaceId,
        template: &TemplateId,
    ) -> Result<(Option<ProjectId>, Option<String>)> {
        self.write(CreateFromTemplate { folder, template }).await
    }

    /// [`CreateTasks`].
    pub async fn create_tasks(
        &self,
        project: &ProjectId,
        tasks: &[NewTask],
    ) -> Result<Vec<TaskId>> {
        self.write(CreateTasks { project, tasks }).await
    }

    /// [`UpdateTask`].
    pub async fn update_task(
        &self,
        project: &ProjectId,
        task: &TaskId,
        content: &TypedText,
    ) -> Result<Option<String>> {
        self.write(UpdateTask { project, task, content }).await
    }

    /// [`SetCompleted`].
    pub async fn set_completed(
        &self,
        project: &ProjectId,
        task: &TaskId,
        done: bool,
    ) -> Result<()> {
        self.write(SetCompleted { project, task, done }).await
    }

    /// [`MoveTask`].
    pub async fn move_task(
        &self,
        project: &ProjectId,
        task: &TaskId,
        target: &TaskId,
        position: Position,
    ) -> Result<()> {
        self.write(MoveTask { project, task, target, position }).await
    }

    /// [`DeleteTask`].
    pub async fn delete_task(&self, project: &ProjectId, task: &TaskId) -> Result<()> {
        self.write(DeleteTask { project, task }).await
    }

    /// [`GetDetail`].
    pub async fn detail(
        &self,
        priority: Priority,
        project: &ProjectId,
        task: &TaskId,
        resource: TaskResource,
    ) -> Result<RemoteDetails> {
        self.read(priority, GetDetail { project, task, resource }).await
    }

    /// [`GetTaskResource`].
    pub async fn task_resource(
        &self,
        priority: Priority,
        project: &ProjectId,
        task: &TaskId,
        resource: TaskResource,
    ) -> Result<Option<Value>> {
        self.read(priority, GetTaskResource { project, task, resource }).await
    }

    /// [`PutShareLink`].
    pub async fn share(&self, project: &ProjectId) -> Result<Value> {
        self.write(PutShareLink { project }).await
    }
}
