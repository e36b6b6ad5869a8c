//! The service seam: what taskadefs asks of Taskade, as one trait.
//!
//! [`Backend`] is implemented by the HTTP client and by wrappers that inject faults. It deals
//! in typed values; paging, retries, the request budget and the wire format stay below it.
//!
//! The contract on errors: a write that fails with a kind for which
//! [`Kind::is_certain`](crate::error::Kind::is_certain) holds has changed nothing; any other
//! failure of a write must be settled by reading. A listing is complete or it is an error: no
//! implementation may return the part that it has got.

mod answer;
#[cfg(test)]
mod any_json;
mod budget;
mod bundle;
mod connections;
mod endpoints;
mod endpoints_details;
mod gate;
mod headers;
mod http;
mod outage;
mod paging;
mod path;
mod priority;
mod queue;
mod readable;
mod resource;
mod wire;
mod wire_details;

use std::collections::HashMap;

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::watch;

pub use self::bundle::Exported;
/// The projects of an export, by their ids: for the benchmark of real exports.
#[doc(hidden)]
pub use self::bundle::projects as read_export;
pub use self::{
    gate::BudgetStatus,
    http::{DEFAULT_API_URL, FOREGROUND_SILENCE, HttpBackend, check_url},
    outage::Gone,
    priority::Priority,
    resource::Resource,
};
pub use crate::model::{
    Content, ContentType, End, MAX_BATCH, MAX_CONTENT_CHARS, Moment, NewTask, Position,
    RemoteDetails, RemoteProject, RemoteSpace, RemoteTask, Schedule, SetDetail, TaskResource,
};
use crate::{
    error::{Error, Kind, Result},
    ids::{ProjectId, SpaceId, TaskId},
};

/// Reads a body as every answer that there is: for the fuzzer, which is to find no panic.
#[cfg(fuzzing)]
pub fn read_any_answer(body: &[u8]) {
    wire::read_any(body);
}

/// The Taskade service.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// All workspaces of the account.
    async fn workspaces(&self, priority: Priority) -> Result<Vec<RemoteSpace>>;

    /// All folders of a workspace, its home folder (whose id is the workspace's) included
    /// where the service lists it.
    async fn folders(&self, priority: Priority, workspace: &SpaceId) -> Result<Vec<RemoteSpace>>;

    /// All projects of a folder, completed (archived) ones included.
    async fn projects(&self, priority: Priority, folder: &SpaceId) -> Result<Vec<RemoteProject>>;

    /// One project's name and state.
    async fn project(&self, priority: Priority, project: &ProjectId) -> Result<RemoteProject>;

    /// All tasks of a project in outline order, every page of them, the title node included.
    async fn tasks(&self, priority: Priority, project: &ProjectId) -> Result<Vec<RemoteTask>>;

    /// The projects of a space in one answer, as far as they can be read: the space is asked as
    /// the document has it, whether it is a workspace or a folder.
    async fn export(
        &self,
        priority: Priority,
        space: &SpaceId,
    ) -> Result<HashMap<ProjectId, Exported>> {
        let _ = (priority, space);
        Err(Error::new(Kind::Unsupported, "nothing is exported here"))
    }

    /// Creates a project from Markdown whose first line is its title.
    async fn create_project(&self, folder: &SpaceId, markdown: &str) -> Result<ProjectId>;

    /// Archives a project.
    async fn complete_project(&self, project: &ProjectId) -> Result<()>;

    /// Brings an archived project back.
    async fn restore_project(&self, project: &ProjectId) -> Result<()>;

    /// Copies a project into a folder under a new title. The new project's id, if it came.
    async fn copy_project(
        &self,
        project: &ProjectId,
        folder: &SpaceId,
        title: &str,
    ) -> Result<Option<ProjectId>>;

    /// Creates 1 to [`MAX_BATCH`] tasks, applied in order. The new ids in request order.
    async fn create_tasks(&self, project: &ProjectId, tasks: &[NewTask]) -> Result<Vec<TaskId>>;

    /// Replaces the text of a task. The text that the service says it has now, where it says.
    async fn update_task(
        &self,
        project: &ProjectId,
        task: &TaskId,
        content: &Content,
    ) -> Result<Option<String>>;

    /// Completes or un-completes a task. The service answers 400 where nothing would change.
    async fn set_completed(&self, project: &ProjectId, task: &TaskId, done: bool) -> Result<()>;

    /// Moves a task with its subtree next to or into `target`.
    async fn move_task(
        &self,
        project: &ProjectId,
        task: &TaskId,
        target: &TaskId,
        position: Position,
    ) -> Result<()>;

    /// Deletes a task with its subtree.
    async fn delete_task(&self, project: &ProjectId, task: &TaskId) -> Result<()>;

    /// What a task has of one kind beside its text. Of the other kinds nothing is told, and nothing
    /// at all of [`TaskResource::Task`].
    async fn detail(
        &self,
        priority: Priority,
        project: &ProjectId,
        task: &TaskId,
        resource: TaskResource,
    ) -> Result<RemoteDetails> {
        let _ = (priority, project, task, resource);
        Err(without_details())
    }

    /// Writes something that a task has beside its text, or takes it away.
    async fn set_detail(
        &self,
        project: &ProjectId,
        task: &TaskId,
        detail: SetDetail<'_>,
    ) -> Result<()> {
        let _ = (project, task, detail);
        Err(without_details())
    }

    /// What the service answers about a project, as it is: the value of `item` or `items`.
    async fn resource(
        &self,
        priority: Priority,
        project: &ProjectId,
        resource: Resource,
    ) -> Result<Value> {
        let _ = (priority, project, resource);
        Err(without_details())
    }

    /// What the service answers about a task, as it is: the value of `item` or `items`; `None` if
    /// it has none.
    async fn task_resource(
        &self,
        priority: Priority,
        project: &ProjectId,
        task: &TaskId,
        resource: TaskResource,
    ) -> Result<Option<Value>> {
        let _ = (priority, project, task, resource);
        Err(without_details())
    }

    /// Makes a project readable for whoever has its link. What the service says of the link.
    async fn share(&self, project: &ProjectId) -> Result<Value> {
        let _ = project;
        Err(without_details())
    }

    /// What is known of the request budget, if there is one.
    fn budget(&self) -> Option<BudgetStatus> {
        None
    }

    /// Since when the service is gone, if it is, and whenever that changes; `None` where nobody
    /// tells.
    fn outage(&self) -> Option<watch::Receiver<Option<Gone>>> {
        None
    }

    /// Somebody looks at what the service may have anew: if it is gone, whether it is back is to be
    /// found out soon.
    fn hurry(&self) {}
}

/// Making workspaces and folders, where the service is one's own: v1 of the API cannot.
pub trait MakeSpaces: Send + Sync {
    /// Makes a workspace.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn make_workspace(&self, name: &str) -> Result<SpaceId>;

    /// Makes a folder in a workspace.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn make_folder(&self, workspace: &SpaceId, name: &str) -> Result<SpaceId>;
}

fn without_details() -> Error {
    Error::new(Kind::Unsupported, "no details are kept here")
}
