//! The endpoints of v1, as `taskade-openapi-v1.json` describes them.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{
    Backend, BudgetStatus, Exported, Gone,
    http::HttpBackend,
    paging::{Next, PAGE_LIMIT, Pages},
    path::Path,
    priority::Priority,
    resource::Resource,
};
use crate::{
    error::{Error, Kind, Result},
    ids::{ProjectId, SpaceId, TaskId},
    model::{
        Content, ContentType, NewTask, Position, RemoteDetails, RemoteProject, RemoteSpace,
        RemoteTask, SetDetail, TaskResource,
    },
};

/// How often a project is listed before it is said to change too fast.
const LISTINGS: usize = 3;

#[async_trait]
impl Backend for HttpBackend {
    async fn workspaces(&self, priority: Priority) -> Result<Vec<RemoteSpace>> {
        self.get(priority, &Path::new("workspaces"), &[]).await?.spaces()
    }

    async fn folders(&self, priority: Priority, workspace: &SpaceId) -> Result<Vec<RemoteSpace>> {
        let path = Path::new("workspaces").id(workspace.as_str())?.then("folders");
        self.get(priority, &path, &[]).await?.spaces()
    }

    async fn projects(&self, priority: Priority, folder: &SpaceId) -> Result<Vec<RemoteProject>> {
        let path = Path::new("folders").id(folder.as_str())?.then("projects");
        self.get(priority, &path, &[]).await?.projects()
    }

    async fn project(&self, priority: Priority, project: &ProjectId) -> Result<RemoteProject> {
        self.get(priority, &project_path(project)?, &[]).await?.project()
    }

    async fn tasks(&self, priority: Priority, project: &ProjectId) -> Result<Vec<RemoteTask>> {
        for _ in 0..LISTINGS {
            if let Some(tasks) = self.list_tasks(priority, project).await? {
                return Ok(tasks);
            }
        }
        Err(Error::new(Kind::Protocol, "the project changes while it is read")
            .hint("it is read again later"))
    }

    async fn export(
        &self,
        priority: Priority,
        space: &SpaceId,
    ) -> Result<HashMap<ProjectId, Exported>> {
        let path = Path::new("bundles").id(space.as_str())?.then("export");
        self.get(priority, &path, &[]).await?.exported()
    }

    async fn create_project(&self, folder: &SpaceId, markdown: &str) -> Result<ProjectId> {
        let body = json!({
            "folderId": folder.as_str(),
            "contentType": ContentType::Markdown,
            "content": markdown,
        });
        let answer = self.write(Method::POST, &Path::new("projects"), Some(body)).await?;
        answer.item_id().map(ProjectId::new).ok_or_else(|| {
            Error::new(Kind::Ambiguous, "Taskade does not say which project it created")
        })
    }

    async fn complete_project(&self, project: &ProjectId) -> Result<()> {
        self.write(Method::POST, &project_path(project)?.then("complete"), None).await?;
        Ok(())
    }

    async fn restore_project(&self, project: &ProjectId) -> Result<()> {
        self.write(Method::POST, &project_path(project)?.then("restore"), None).await?;
        Ok(())
    }

    async fn copy_project(
        &self,
        project: &ProjectId,
        folder: &SpaceId,
        title: &str,
    ) -> Result<Option<ProjectId>> {
        let body = json!({ "folderId": folder.as_str(), "projectTitle": title });
        let path = project_path(project)?.then("copy");
        let answer = self.write(Method::POST, &path, Some(body)).await?;
        Ok(answer.item_id().map(ProjectId::new))
    }

    async fn create_tasks(&self, project: &ProjectId, tasks: &[NewTask]) -> Result<Vec<TaskId>> {
        let body = json!({ "tasks": tasks.iter().map(new_task).collect::<Vec<Value>>() });
        // The official document has the trailing slash.
        let path = project_path(project)?.then("tasks/");
        let answer = self.write(Method::POST, &path, Some(body)).await?;
        let ambiguous = |error: Error| Error::new(Kind::Ambiguous, error.to_string());
        let created = answer.created().map_err(ambiguous)?;
        let distinct: HashSet<&TaskId> = created.iter().collect();
        if created.len() != tasks.len() || distinct.len() != tasks.len() {
            let what = format!("Taskade names {} of {} new tasks", distinct.len(), tasks.len());
            return Err(Error::new(Kind::Ambiguous, what));
        }
        Ok(created)
    }

    async fn update_task(
        &self,
        project: &ProjectId,
        task: &TaskId,
        content: &Content,
    ) -> Result<Option<String>> {
        let body = json!({ "contentType": content.content_type, "content": content.text });
        let answer = self.write(Method::PUT, &task_path(project, task)?, Some(body)).await?;
        Ok(answer.item_text())
    }

    async fn set_completed(&self, project: &ProjectId, task: &TaskId, done: bool) -> Result<()> {
        let verb = if done { "complete" } else { "uncomplete" };
        let path = task_path(project, task)?.then(verb);
        self.write(Method::POST, &path, None).await?;
        Ok(())
    }

    async fn move_task(
        &self,
        project: &ProjectId,
        task: &TaskId,
        target: &TaskId,
        position: Position,
    ) -> Result<()> {
        let body = json!({ "target": { "taskId": target.as_str(), "position": position } });
        let path = task_path(project, task)?.then("move");
        self.write(Method::PUT, &path, Some(body)).await?;
        Ok(())
    }

    async fn delete_task(&self, project: &ProjectId, task: &TaskId) -> Result<()> {
        self.write(Method::DELETE, &task_path(project, task)?, None).await?;
        Ok(())
    }

    async fn detail(
        &self,
        priority: Priority,
        project: &ProjectId,
        task: &TaskId,
        resource: TaskResource,
    ) -> Result<RemoteDetails> {
        self.read_detail(priority, project, task, resource).await
    }

    async fn set_detail(
        &self,
        project: &ProjectId,
        task: &TaskId,
        detail: SetDetail<'_>,
    ) -> Result<()> {
        self.write_detail(project, task, detail).await
    }

    async fn resource(
        &self,
        priority: Priority,
        project: &ProjectId,
        resource: Resource,
    ) -> Result<Value> {
        self.project_resource(priority, project, resource).await
    }

    async fn task_resource(
        &self,
        priority: Priority,
        project: &ProjectId,
        task: &TaskId,
        resource: TaskResource,
    ) -> Result<Option<Value>> {
        self.read_task_resource(priority, project, task, resource).await
    }

    async fn share(&self, project: &ProjectId) -> Result<Value> {
        self.make_share_link(project).await
    }

    fn budget(&self) -> Option<BudgetStatus> {
        Some(self.budget_status())
    }

    fn outage(&self) -> Option<watch::Receiver<Option<Gone>>> {
        Some(self.gate.outage())
    }

    fn hurry(&self) {
        self.gate.hurry();
    }
}

impl HttpBackend {
    /// All pages; `None` if the project changed meanwhile so that they do not fit together.
    async fn list_tasks(
        &self,
        priority: Priority,
        project: &ProjectId,
    ) -> Result<Option<Vec<RemoteTask>>> {
        let path = project_path(project)?.then("tasks");
        let limit = PAGE_LIMIT.to_string();
        let mut pages = Pages::default();
        let mut after: Option<String> = None;
        loop {
            let mut query = vec![("limit", limit.as_str())];
            query.extend(after.as_deref().map(|after| ("after", after)));
            let answer = match self.get(priority, &path, &query).await {
                // The task that the listing was to go on after may be gone.
                Err(error)
                    if after.is_some()
                        && matches!(error.kind(), Kind::Refused | Kind::NotFound) =>
                {
                    return Ok(None);
                }
                answer => answer?,
            };
            match pages.take(answer.page()?, &self.paging)? {
                Next::After(id) => after = Some(id),
                Next::End => return Ok(Some(pages.finish())),
                Next::Anew => return Ok(None),
            }
        }
    }
}

pub(super) fn project_path(project: &ProjectId) -> Result<Path> {
    Path::new("projects").id(project.as_str())
}

pub(super) fn task_path(project: &ProjectId, task: &TaskId) -> Result<Path> {
    project_path(project)?.then("tasks").id(task.as_str())
}

/// A task to be created. Without an anchor `taskId` is left out: null is not allowed everywhere.
fn new_task(task: &NewTask) -> Value {
    let mut value = json!({
        "contentType": task.content.content_type,
        "content": task.content.text,
        "placement": task.position,
    });
    if let (Some(anchor), Some(object)) = (&task.anchor, value.as_object_mut()) {
        object.insert("taskId".to_owned(), anchor.as_str().into());
    }
    value
}
