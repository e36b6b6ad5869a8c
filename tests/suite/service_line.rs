//! One mount's line to a service in memory, which can be cut.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use serde_json::Value;
use taskadefs::{
    api::{
        Backend, Content, NewTask, Position, Priority, RemoteDetails, RemoteProject, RemoteSpace,
        RemoteTask, Resource, SetDetail, TaskResource,
    },
    error::Result,
    ids::{ProjectId, SpaceId, TaskId},
};

use crate::service::Memory;

/// One mount's line to the service. Once it is cut nothing that the mount still does gets
/// through, and nothing comes back: the mount has crashed.
#[derive(Debug)]
pub struct Line {
    memory: Arc<Memory>,
    cut: AtomicBool,
}

impl Line {
    /// A line to a service.
    pub fn to(memory: &Arc<Memory>) -> Arc<Self> {
        Arc::new(Self { memory: memory.clone(), cut: AtomicBool::new(false) })
    }

    /// The mount has crashed.
    pub fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }

    async fn open(&self) -> &Memory {
        if self.cut.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        &self.memory
    }
}

#[async_trait]
impl Backend for Line {
    async fn workspaces(&self, priority: Priority) -> Result<Vec<RemoteSpace>> {
        self.open().await.workspaces(priority).await
    }
    async fn folders(&self, priority: Priority, workspace: &SpaceId) -> Result<Vec<RemoteSpace>> {
        self.open().await.folders(priority, workspace).await
    }
    async fn projects(&self, priority: Priority, folder: &SpaceId) -> Result<Vec<RemoteProject>> {
        self.open().await.projects(priority, folder).await
    }
    async fn project(&self, priority: Priority, project: &ProjectId) -> Result<RemoteProject> {
        self.open().await.project(priority, project).await
    }
    async fn tasks(&self, priority: Priority, project: &ProjectId) -> Result<Vec<RemoteTask>> {
        self.open().await.tasks(priority, project).await
    }
    async fn create_project(&self, folder: &SpaceId, markdown: &str) -> Result<ProjectId> {
        self.open().await.create_project(folder, markdown).await
    }
    async fn complete_project(&self, project: &ProjectId) -> Result<()> {
        self.open().await.complete_project(project).await
    }
    async fn restore_project(&self, project: &ProjectId) -> Result<()> {
        self.open().await.restore_project(project).await
    }
    async fn copy_project(
        &self,
        project: &ProjectId,
        folder: &SpaceId,
        title: &str,
    ) -> Result<Option<ProjectId>> {
        self.open().await.copy_project(project, folder, title).await
    }
    async fn create_tasks(&self, project: &ProjectId, tasks: &[NewTask]) -> Result<Vec<TaskId>> {
        self.open().await.create_tasks(project, tasks).await
    }
    async fn update_task(
        &self,
        project: &ProjectId,
        task: &TaskId,
        content: &Content,
    ) -> Result<Option<String>> {
        self.open().await.update_task(project, task, content).await
    }
    async fn set_completed(&self, project: &ProjectId, task: &TaskId, done: bool) -> Result<()> {
        self.open().await.set_completed(project, task, done).await
    }
    async fn move_task(
        &self,
        project: &ProjectId,
        task: &TaskId,
        target: &TaskId,
        position: Position,
    ) -> Result<()> {
        self.open().await.move_task(project, task, target, position).await
    }
    async fn delete_task(&self, project: &ProjectId, task: &TaskId) -> Result<()> {
        self.open().await.delete_task(project, task).await
    }
    async fn detail(
        &self,
        priority: Priority,
        p: &ProjectId,
        t: &TaskId,
        what: TaskResource,
    ) -> Result<RemoteDetails> {
        self.open().await.detail(priority, p, t, what).await
    }
    async fn set_detail(&self, p: &ProjectId, t: &TaskId, detail: SetDetail<'_>) -> Result<()> {
        self.open().await.set_detail(p, t, detail).await
    }
    async fn resource(&self, priority: Priority, p: &ProjectId, what: Resource) -> Result<Value> {
        self.open().await.resource(priority, p, what).await
    }
    async fn task_resource(
        &self,
        priority: Priority,
        p: &ProjectId,
        t: &TaskId,
        what: TaskResource,
    ) -> Result<Option<Value>> {
        self.open().await.task_resource(priority, p, t, what).await
    }
    async fn share(&self, p: &ProjectId) -> Result<Value> {
        self.open().await.share(p).await
    }
}
