//! The log of every write that was sent to the service: `history.ndjson`, a JSON object a line.
//!
//! A backend in front of the real one, so that no call can be forgotten. It never sees a token.
//! What cannot be logged is sent all the same: the log is for looking back, the journal for safety.

use std::{
    collections::HashMap,
    fs::{DirBuilder, File, OpenOptions},
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::calls_kept::prune;
use crate::{
    api::{
        Backend, BudgetStatus, Content, Exported, Gone, NewTask, Position, Priority, RemoteDetails,
        RemoteProject, RemoteSpace, RemoteTask, Resource, SetDetail, TaskResource,
    },
    clock::Clock,
    error::Result,
    ids::{ProjectId, SpaceId, TaskId},
};

/// The file, and the titles that make it readable.
#[derive(Debug)]
struct Log {
    file: Option<File>,
    titles: HashMap<ProjectId, String>,
}

/// A backend that logs its writes.
pub(crate) struct Logged {
    inner: Arc<dyn Backend>,
    clock: Arc<dyn Clock>,
    log: Mutex<Log>,
    trouble: Mutex<Option<String>>,
}

impl Logged {
    /// Logs to `history.ndjson` in a directory, which is made. Lines older than `keep` go.
    pub(crate) fn new(
        inner: Arc<dyn Backend>,
        clock: Arc<dyn Clock>,
        dir: &Path,
        keep: Duration,
    ) -> Self {
        let path = dir.join("history.ndjson");
        let opened = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .and_then(|()| prune(&path, clock.wall(), keep))
            .and_then(|()| OpenOptions::new().append(true).create(true).mode(0o600).open(&path));
        let file = opened
            .inspect_err(|error| tracing::warn!(%error, path = %path.display(), "no log of calls"))
            .ok();
        let log = Mutex::new(Log { file, titles: HashMap::new() });
        Self { inner, clock, log, trouble: Mutex::default() }
    }

    /// Tells what a project is called.
    pub(crate) fn name(&self, id: &ProjectId, title: &str) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.titles.insert(id.clone(), title.to_owned());
    }

    /// What was wrong when the service was last asked, if anything was.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn asked<T>(&self, result: Result<T>) -> Result<T> {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let now = result.as_ref().err().map(ToString::to_string);
        match (&*trouble, &now) {
            (before, Some(error)) if before.as_ref() != Some(error) => {
                tracing::warn!(%error, "the service was asked in vain");
            }
            (Some(_), None) => tracing::info!("the service answers again"),
            _ => {}
        }
        *trouble = now;
        result
    }

    /// As [`asked`](Self::asked), where a refusal says nothing of how the account stands.
    fn heard<T>(&self, result: Result<T>) -> Result<T> {
        match &result {
            Err(error) if !error.kind().is_transient() => result,
            _ => self.asked(result),
        }
    }

    /// Logs a call and what came of it.
    fn logged<T>(&self, project: Option<&ProjectId>, call: Value, result: Result<T>) -> Result<T> {
        let result = self.asked(result);
        let (outcome, reason) = match &result {
            Ok(_) => ("ok", None),
            Err(error) if !error.kind().is_certain() => ("unknown", Some(error.to_string())),
            Err(error) => ("refused", Some(error.to_string())),
        };
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let mut line = json!({
            "time": humantime::format_rfc3339_millis(self.clock.wall()).to_string(),
            "project": project.map(ProjectId::as_str),
            "title": project.and_then(|project| log.titles.get(project)),
            "outcome": outcome,
        });
        if let (Some(line), Some(call)) = (line.as_object_mut(), call.as_object()) {
            line.extend(call.iter().map(|(name, value)| (name.clone(), value.clone())));
            line.extend(reason.map(|reason| ("reason".to_owned(), reason.into())));
        }
        // One write a line: a crash tears at most the last.
        if let Some(Err(error)) =
            log.file.as_mut().map(|file| file.write_all(format!("{line}\n").as_bytes()))
        {
            tracing::warn!(%error, "a call is not in the log");
        }
        result
    }
}

#[async_trait]
impl Backend for Logged {
    async fn workspaces(&self, priority: Priority) -> Result<Vec<RemoteSpace>> {
        self.asked(self.inner.workspaces(priority).await)
    }

    async fn export(
        &self,
        priority: Priority,
        space: &SpaceId,
    ) -> Result<HashMap<ProjectId, Exported>> {
        self.heard(self.inner.export(priority, space).await)
    }

    async fn folders(&self, priority: Priority, workspace: &SpaceId) -> Result<Vec<RemoteSpace>> {
        self.asked(self.inner.folders(priority, workspace).await)
    }

    async fn projects(&self, priority: Priority, folder: &SpaceId) -> Result<Vec<RemoteProject>> {
        self.asked(self.inner.projects(priority, folder).await)
    }

    async fn project(&self, priority: Priority, project: &ProjectId) -> Result<RemoteProject> {
        self.asked(self.inner.project(priority, project).await)
    }

    async fn tasks(&self, priority: Priority, project: &ProjectId) -> Result<Vec<RemoteTask>> {
        self.asked(self.inner.tasks(priority, project).await)
    }

    async fn create_project(&self, folder: &SpaceId, markdown: &str) -> Result<ProjectId> {
        let result = self.inner.create_project(folder, markdown).await;
        let call = json!({ "call": "create project", "folder": folder, "text": markdown });
        let id = result.as_ref().ok().cloned();
        self.logged(id.as_ref(), call, result)
    }

    async fn complete_project(&self, project: &ProjectId) -> Result<()> {
        let result = self.inner.complete_project(project).await;
        self.logged(Some(project), json!({ "call": "archive project" }), result)
    }

    async fn restore_project(&self, project: &ProjectId) -> Result<()> {
        let result = self.inner.restore_project(project).await;
        self.logged(Some(project), json!({ "call": "restore project" }), result)
    }

    async fn copy_project(
        &self,
        project: &ProjectId,
        folder: &SpaceId,
        title: &str,
    ) -> Result<Option<ProjectId>> {
        let result = self.inner.copy_project(project, folder, title).await;
        let copy = result.as_ref().ok().cloned().flatten();
        let call = json!({ "call": "copy project", "folder": folder, "text": title, "copy": copy });
        self.logged(Some(project), call, result)
    }

    async fn create_tasks(&self, project: &ProjectId, tasks: &[NewTask]) -> Result<Vec<TaskId>> {
        let result = self.inner.create_tasks(project, tasks).await;
        let texts: Vec<&str> = tasks.iter().map(|task| task.content.text.as_str()).collect();
        let ids = result.as_ref().ok();
        let call = json!({ "call": "create tasks", "texts": texts, "tasks": ids });
        self.logged(Some(project), call, result)
    }

    async fn update_task(
        &self,
        project: &ProjectId,
        task: &TaskId,
        content: &Content,
    ) -> Result<Option<String>> {
        let result = self.inner.update_task(project, task, content).await;
        let call = json!({ "call": "update task", "task": task, "text": content.text });
        self.logged(Some(project), call, result)
    }

    async fn set_completed(&self, project: &ProjectId, task: &TaskId, done: bool) -> Result<()> {
        let result = self.inner.set_completed(project, task, done).await;
        let call = if done { "complete task" } else { "uncomplete task" };
        self.logged(Some(project), json!({ "call": call, "task": task }), result)
    }

    async fn move_task(
        &self,
        project: &ProjectId,
        task: &TaskId,
        target: &TaskId,
        position: Position,
    ) -> Result<()> {
        let result = self.inner.move_task(project, task, target, position).await;
        let call =
            json!({ "call": "move task", "task": task, "target": target, "position": position });
        self.logged(Some(project), call, result)
    }

    async fn delete_task(&self, project: &ProjectId, task: &TaskId) -> Result<()> {
        let result = self.inner.delete_task(project, task).await;
        self.logged(Some(project), json!({ "call": "delete task", "task": task }), result)
    }

    async fn detail(
        &self,
        priority: Priority,
        project: &ProjectId,
        task: &TaskId,
        resource: TaskResource,
    ) -> Result<RemoteDetails> {
        self.heard(self.inner.detail(priority, project, task, resource).await)
    }

    async fn set_detail(
        &self,
        project: &ProjectId,
        task: &TaskId,
        detail: SetDetail<'_>,
    ) -> Result<()> {
        let result = self.inner.set_detail(project, task, detail).await;
        self.logged(Some(project), detail_call(task, detail), result)
    }

    async fn resource(
        &self,
        priority: Priority,
        project: &ProjectId,
        resource: Resource,
    ) -> Result<Value> {
        self.heard(self.inner.resource(priority, project, resource).await)
    }

    async fn task_resource(
        &self,
        priority: Priority,
        project: &ProjectId,
        task: &TaskId,
        resource: TaskResource,
    ) -> Result<Option<Value>> {
        self.heard(self.inner.task_resource(priority, project, task, resource).await)
    }

    async fn share(&self, project: &ProjectId) -> Result<Value> {
        let result = self.inner.share(project).await;
        self.logged(Some(project), json!({ "call": "share project" }), result)
    }

    fn budget(&self) -> Option<BudgetStatus> {
        self.inner.budget()
    }

    fn outage(&self) -> Option<watch::Receiver<Option<Gone>>> {
        self.inner.outage()
    }

    fn hurry(&self) {
        self.inner.hurry();
    }
}

/// The writing of a detail as the log has it.
fn detail_call(task: &TaskId, detail: SetDetail<'_>) -> Value {
    match detail {
        SetDetail::Date(Some(date)) => json!({ "call": "set date", "task": task, "date": date }),
        SetDetail::Date(None) => json!({ "call": "clear date", "task": task }),
        SetDetail::Note(Some(note)) => {
            json!({ "call": "set note", "task": task, "text": note.text })
        }
        SetDetail::Note(None) => json!({ "call": "clear note", "task": task }),
        SetDetail::Assign(handles) => {
            json!({ "call": "assign task", "task": task, "handles": handles })
        }
        SetDetail::Unassign(handle) => {
            json!({ "call": "unassign task", "task": task, "handles": [handle] })
        }
        SetDetail::Field(field, Some(value)) => {
            json!({ "call": "set field", "task": task, "field": field, "value": value })
        }
        SetDetail::Field(field, None) => {
            json!({ "call": "clear field", "task": task, "field": field })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::Arc, time::Duration};

    use serde_json::{Value, json};

    use super::Logged;
    use crate::{
        api::{
            Backend, Content, ContentType, HttpBackend, Moment, Priority, Resource, Schedule,
            SetDetail, TaskResource,
        },
        clock::SystemClock,
        server::{Running, Server, ServerConfig},
    };

    const READ: Priority = Priority::Foreground;

    /// A server on the sample, and a backend in front of it that logs to the same directory.
    async fn sample(dir: &std::path::Path) -> (Running, Logged) {
        let config = ServerConfig { sample: true, ..ServerConfig::new(dir) };
        let running = Server::start(config).await.unwrap();
        let clock = Arc::new(SystemClock);
        let http = HttpBackend::new(&running.url(), Some(&running.token()), clock.clone());
        let keep = Duration::from_secs(3600);
        let logged = Logged::new(Arc::new(http.unwrap()), clock, dir, keep);
        (running, logged)
    }

    #[tokio::test]
    async fn every_write_of_details_is_in_the_log_and_what_is_read_comes_through() {
        let dir = tempfile::tempdir().unwrap();
        let (running, logged) = sample(dir.path()).await;
        let (project, _) = running.store().find_projects("Books").unwrap().remove(0);
        let task = running.store().task_ids(&project).unwrap().remove(0);
        let (p, t) = (&project, &task);
        logged.name(p, "Books");
        let start = Moment { date: "2026-12-01".to_owned(), ..Moment::default() };
        let date = Schedule { start, end: None };
        let note = Content { content_type: ContentType::Plain, text: "n".to_owned() };
        let (handles, value) = (["bob".to_owned()], json!(2));
        let write = async |details: &[SetDetail<'_>]| {
            for detail in details {
                logged.set_detail(p, t, *detail).await.unwrap();
            }
        };
        write(&[
            SetDetail::Date(Some(&date)),
            SetDetail::Note(Some(&note)),
            SetDetail::Assign(&handles),
            SetDetail::Field("@inc01", Some(&value)),
        ])
        .await;
        let link = logged.share(p).await.unwrap();
        let told = async |of| logged.detail(READ, p, t, of).await.unwrap();
        assert_eq!(told(TaskResource::Date).await.date, Some(date));
        assert_eq!(told(TaskResource::Note).await.note.as_deref(), Some("n"));
        assert_eq!(told(TaskResource::Assignees).await.assignees, handles);
        assert_eq!(told(TaskResource::Fields).await.fields, [("@inc01".to_owned(), value)]);
        assert_eq!(logged.resource(READ, p, Resource::ShareLink).await.unwrap(), link);
        let told = logged.task_resource(READ, p, t, TaskResource::Note).await.unwrap();
        assert_eq!(told.unwrap()["value"], "n");
        write(&[
            SetDetail::Note(None),
            SetDetail::Field("@inc01", None),
            SetDetail::Unassign("bob"),
            SetDetail::Date(None),
        ])
        .await;
        assert!(logged.set_detail(p, t, SetDetail::Date(None)).await.is_err());
        let log = fs::read_to_string(dir.path().join("history.ndjson")).unwrap();
        let told: Vec<(String, Value)> = log
            .lines()
            .map(|line| {
                let line: Value = serde_json::from_str(line).unwrap();
                assert_eq!(line["title"], "Books");
                let what = ["date", "text", "handles", "value"];
                let what = what.iter().find_map(|key| line.get(*key)).cloned();
                let call = format!("{} {}", line["call"], line["outcome"]).replace('"', "");
                (call, what.unwrap_or_default())
            })
            .collect();
        let wanted = [
            ("set date ok", json!({ "start": { "date": "2026-12-01" } })),
            ("set note ok", json!("n")),
            ("assign task ok", json!(["bob"])),
            ("set field ok", json!(2)),
            ("share project ok", Value::Null),
            ("clear note ok", Value::Null),
            ("clear field ok", Value::Null),
            ("unassign task ok", json!(["bob"])),
            ("clear date ok", Value::Null),
            ("clear date refused", Value::Null),
        ];
        assert_eq!(told, wanted.map(|(call, what)| (call.to_owned(), what)));
    }
}
