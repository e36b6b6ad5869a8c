//! The endpoints of v1 about the details of tasks and about what belongs to a project beside its
//! tasks, as `taskade-openapi-v1.json` describes them.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    endpoints::{project_path, task_path},
    http::HttpBackend,
    paging::Bounded,
    path::Path,
    priority::Priority,
    resource::Resource,
    wire::Envelope,
};
use crate::{
    error::{Error, Kind, Result},
    ids::{ProjectId, TaskId},
    model::{Content, End, RemoteDetails, Schedule, SetDetail, TaskResource},
};

/// How many members or blocks a page is to have. The document knows no most; this is its default
/// for blocks.
const PAGE: usize = 100;

impl HttpBackend {
    /// One detail of a task.
    pub(super) async fn read_detail(
        &self,
        priority: Priority,
        project: &ProjectId,
        task: &TaskId,
        resource: TaskResource,
    ) -> Result<RemoteDetails> {
        let mut told = RemoteDetails::default();
        let Some(answer) = self.about_task(priority, project, task, resource).await? else {
            return Ok(told);
        };
        match resource {
            TaskResource::Task => {}
            TaskResource::Date => told.date = answer.schedule()?,
            TaskResource::Note => told.note = answer.note()?,
            TaskResource::Assignees => told.assignees = answer.handles()?,
            TaskResource::Fields => told.fields = answer.field_values()?,
        }
        Ok(told)
    }

    /// What belongs to a task, as it is told.
    pub(super) async fn read_task_resource(
        &self,
        priority: Priority,
        project: &ProjectId,
        task: &TaskId,
        resource: TaskResource,
    ) -> Result<Option<Value>> {
        let Some(answer) = self.about_task(priority, project, task, resource).await? else {
            return Ok(None);
        };
        match resource {
            TaskResource::Task | TaskResource::Date | TaskResource::Note => answer.item_or_null(),
            TaskResource::Assignees | TaskResource::Fields => Ok(Some(answer.listed()?.into())),
        }
    }

    /// The answer about a task; `None` for a date or a note that is not set, which is a 404.
    async fn about_task(
        &self,
        priority: Priority,
        project: &ProjectId,
        task: &TaskId,
        resource: TaskResource,
    ) -> Result<Option<Envelope>> {
        let path = task_path(project, task)?;
        let path = match resource {
            TaskResource::Task => path,
            TaskResource::Date => path.then("date"),
            TaskResource::Note => path.then("note"),
            TaskResource::Assignees => path.then("assignees"),
            TaskResource::Fields => path.then("fields"),
        };
        match (self.get(priority, &path, &[]).await, resource) {
            (Err(error), TaskResource::Date | TaskResource::Note)
                if error.kind() == Kind::NotFound =>
            {
                Ok(None)
            }
            (answer, _) => answer.map(Some),
        }
    }

    /// Puts a detail of a task, or deletes it.
    pub(super) async fn write_detail(
        &self,
        project: &ProjectId,
        task: &TaskId,
        detail: SetDetail<'_>,
    ) -> Result<()> {
        let path = task_path(project, task)?;
        let (path, body) = match detail {
            SetDetail::Date(date) => (path.then("date"), date.map(date_body).transpose()?),
            SetDetail::Note(note) => {
                let body =
                    |note: &Content| json!({ "type": note.content_type, "value": note.text });
                (path.then("note"), note.map(body))
            }
            SetDetail::Assign(handles) => {
                (path.then("assignees"), Some(json!({ "handles": handles })))
            }
            SetDetail::Unassign(handle) => (path.then("assignees").id(handle)?, None),
            SetDetail::Field(field, value) => {
                (path.then("fields").id(field)?, value.map(|value| json!({ "value": value })))
            }
        };
        let method = if body.is_some() { Method::PUT } else { Method::DELETE };
        self.write(method, &path, body).await.map(drop)
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
            if !members.take("members", self.get(priority, path, &query).await?)? {
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
            let goes_on = blocks.take("blocks", self.get(priority, path, &query).await?)?;
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

fn date_body(date: &Schedule) -> Result<Value> {
    if matches!(date.end, Some(End::Period { .. })) {
        return Err(Error::new(Kind::Invalid, "Taskade takes no end after some time")
            .hint("give the day on which it ends"));
    }
    // What is not there is left out: null is not allowed everywhere.
    serde_json::to_value(date)
        .map_err(|error| Error::new(Kind::Invalid, "the date cannot be written").because(error))
}

/// The items of a listing so far, each once.
#[derive(Debug, Default)]
struct Listing {
    items: Vec<Value>,
    seen: HashSet<String>,
    taken: Bounded,
}

impl Listing {
    /// Takes a page in. Whether there may be another: one that is shorter than asked for is the
    /// last, and one that brings nothing new.
    fn take(&mut self, what: &str, page: Envelope) -> Result<bool> {
        let before = self.items.len();
        let (items, sent) = page.counted()?;
        let written: Vec<String> = items.iter().map(Value::to_string).collect();
        self.taken.count(what, sent, written.iter().map(String::len).sum())?;
        let new = items
            .into_iter()
            .zip(written)
            .filter_map(|(item, written)| self.seen.insert(written).then_some(item));
        self.items.extend(new);
        Ok(sent >= PAGE && self.items.len() > before)
    }
}
