//! The endpoints of v1 about the details of tasks and about what belongs to a project beside its
//! tasks, as `taskade-openapi-v1.json` describes them.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    details::{End, Resource, Schedule, TaskResource},
    endpoints::{project_path, task_path},
    http::HttpBackend,
    path::Path,
    types::{Content, Priority},
    wire::Envelope,
};
use crate::{
    error::{Error, Kind, Result},
    ids::{ProjectId, TaskId},
};

/// How many members or blocks a page is to have. The document knows no most; this is its default
/// for blocks.
const PAGE: usize = 100;

/// One task, for what belongs to it.
pub(super) struct Details<'a> {
    backend: &'a HttpBackend,
    path: Path,
}

impl HttpBackend {
    /// What belongs to a task.
    ///
    /// # Errors
    /// [`Kind::Invalid`] if an id cannot be a part of a path.
    pub(super) fn details(&self, project: &ProjectId, task: &TaskId) -> Result<Details<'_>> {
        let path = task_path(project, task)?;
        Ok(Details { backend: self, path })
    }

    /// What belongs to a project.
    pub(super) async fn project_resource(
        &self,
        priority: Priority,
        project: &ProjectId,
        resource: Resource,
    ) -> Result<Value> {
        let path = project_path(project)?;
        match resource {
            Resource::Members => self.members(priority, &path.then("members")).await,
            Resource::Blocks => self.blocks(priority, &path.then("blocks")).await,
            Resource::Fields => {
                let answer = self.get(priority, &path.then("fields"), &[]).await?;
                answer.listed().map(Value::from)
            }
            Resource::ShareLink => {
                let answer = self.get(priority, &path.then("shareLink"), &[]).await?;
                Ok(answer.item_or_null()?.unwrap_or_default())
            }
        }
    }

    /// All pages of members, by number.
    async fn members(&self, priority: Priority, path: &Path) -> Result<Value> {
        let mut members = Listing::default();
        for page in 1_usize.. {
            let (limit, page) = (PAGE.to_string(), page.to_string());
            let query = [("limit", limit.as_str()), ("page", page.as_str())];
            if !members.take(self.get(priority, path, &query).await?)? {
                break;
            }
        }
        Ok(members.items.into())
    }

    /// All pages of blocks, by the last block of the one before.
    async fn blocks(&self, priority: Priority, path: &Path) -> Result<Value> {
        let (mut blocks, limit) = (Listing::default(), PAGE.to_string());
        let mut after: Option<String> = None;
        loop {
            let mut query = vec![("limit", limit.as_str())];
            query.extend(after.as_deref().map(|after| ("after", after)));
            let goes_on = blocks.take(self.get(priority, path, &query).await?)?;
            let last = blocks.items.last().and_then(|block| block.get("id")?.as_str());
            match last.filter(|_| goes_on) {
                Some(last) => after = Some(last.to_owned()),
                None => return Ok(blocks.items.into()),
            }
        }
    }

    /// Makes a share link. What the service says of it.
    pub(super) async fn make_share_link(&self, project: &ProjectId) -> Result<Value> {
        let path = project_path(project)?.then("shareLink");
        let answer = self.write(Method::PUT, &path, None).await?;
        let link = answer.item_or_null().ok().flatten();
        link.ok_or_else(|| Error::new(Kind::Ambiguous, "Taskade does not say which link it made"))
    }
}

impl Details<'_> {
    pub(super) async fn date(self, priority: Priority) -> Result<Option<Schedule>> {
        let answer = self.backend.get(priority, &self.path.then("date"), &[]).await;
        found(answer)?.map_or(Ok(None), |answer| answer.schedule())
    }

    pub(super) async fn set_date(self, date: &Schedule) -> Result<()> {
        if matches!(date.end, Some(End::Period { .. })) {
            return Err(Error::new(Kind::Invalid, "Taskade takes no end after some time")
                .hint("give the day on which it ends"));
        }
        // What is not there is left out: null is not allowed everywhere.
        let body = serde_json::to_value(date).map_err(|error| {
            Error::new(Kind::Invalid, "the date cannot be written").because(error)
        })?;
        self.write(Method::PUT, "date", Some(body)).await
    }

    pub(super) async fn clear_date(self) -> Result<()> {
        self.write(Method::DELETE, "date", None).await
    }

    pub(super) async fn note(self, priority: Priority) -> Result<Option<String>> {
        let answer = self.backend.get(priority, &self.path.then("note"), &[]).await;
        found(answer)?.map_or(Ok(None), |answer| answer.note())
    }

    pub(super) async fn set_note(self, note: &Content) -> Result<()> {
        let body = json!({ "type": note.content_type, "value": note.text });
        self.write(Method::PUT, "note", Some(body)).await
    }

    pub(super) async fn clear_note(self) -> Result<()> {
        self.write(Method::DELETE, "note", None).await
    }

    pub(super) async fn assignees(self, priority: Priority) -> Result<Vec<String>> {
        self.backend.get(priority, &self.path.then("assignees"), &[]).await?.handles()
    }

    pub(super) async fn assign(self, handles: &[String]) -> Result<()> {
        self.write(Method::PUT, "assignees", Some(json!({ "handles": handles }))).await
    }

    pub(super) async fn unassign(self, handle: &str) -> Result<()> {
        let path = self.path.then("assignees").id(handle)?;
        self.backend.write(Method::DELETE, &path, None).await.map(drop)
    }

    pub(super) async fn field_values(self, priority: Priority) -> Result<Vec<(String, Value)>> {
        self.backend.get(priority, &self.path.then("fields"), &[]).await?.field_values()
    }

    pub(super) async fn set_field(self, field: &str, value: &Value) -> Result<()> {
        let path = self.path.then("fields").id(field)?;
        let body = json!({ "value": value });
        self.backend.write(Method::PUT, &path, Some(body)).await.map(drop)
    }

    pub(super) async fn clear_field(self, field: &str) -> Result<()> {
        let path = self.path.then("fields").id(field)?;
        self.backend.write(Method::DELETE, &path, None).await.map(drop)
    }

    pub(super) async fn resource(
        self,
        priority: Priority,
        resource: TaskResource,
    ) -> Result<Option<Value>> {
        let part = match resource {
            TaskResource::Task => None,
            TaskResource::Date => Some("date"),
            TaskResource::Note => Some("note"),
            TaskResource::Assignees => Some("assignees"),
            TaskResource::Fields => Some("fields"),
        };
        let path = part.into_iter().fold(self.path, Path::then);
        let answer = self.backend.get(priority, &path, &[]).await;
        match resource {
            TaskResource::Task => answer?.item_or_null(),
            TaskResource::Date | TaskResource::Note => {
                found(answer)?.map_or(Ok(None), |answer| answer.item_or_null())
            }
            TaskResource::Assignees | TaskResource::Fields => Ok(Some(answer?.listed()?.into())),
        }
    }

    async fn write(self, method: Method, part: &'static str, body: Option<Value>) -> Result<()> {
        self.backend.write(method, &self.path.then(part), body).await.map(drop)
    }
}

/// A date or a note that is not set is answered with 404.
fn found<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.kind() == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The items of a listing so far, each once.
#[derive(Debug, Default)]
struct Listing {
    items: Vec<Value>,
    seen: HashSet<String>,
}

impl Listing {
    /// Takes a page in. Whether there may be another: one that is shorter than asked for is the
    /// last, and one that brings nothing new.
    fn take(&mut self, page: Envelope) -> Result<bool> {
        let (sent, before) = (page.sent(), self.items.len());
        let new = page.listed()?.into_iter().filter(|item| self.seen.insert(item.to_string()));
        self.items.extend(new);
        Ok(sent >= PAGE && self.items.len() > before)
    }
}
