//! The log of every write that was sent to the service: `history.ndjson`, a JSON object a line.
//!
//! A backend in front of the real one, so that no call can be forgotten. It never sees a token.
//! What cannot be logged is sent all the same: the log is for looking back, the journal for safety.

use std::{
    collections::HashMap,
    fs::{self, DirBuilder, File, OpenOptions},
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::{
    api::{
        Backend, BudgetStatus, Content, Exported, NewTask, Position, Priority, RemoteProject,
        RemoteSpace, RemoteTask,
    },
    clock::Clock,
    error::Result,
    ids::{ProjectId, SpaceId, TaskId},
};

/// A log that is longer than this loses its older half, in bytes.
const LONGEST: u64 = 16 << 20;

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
        *trouble = result.as_ref().err().map(ToString::to_string);
        result
    }

    /// Notes a call and what came of it.
    fn note<T>(&self, project: Option<&ProjectId>, call: Value, result: Result<T>) -> Result<T> {
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

/// Drops what is older than `keep`, and the older half of what is too long.
fn prune(path: &Path, now: SystemTime, keep: Duration) -> std::io::Result<()> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let oldest = now.checked_sub(keep).unwrap_or(SystemTime::UNIX_EPOCH);
    let excess = (text.len() as u64).saturating_sub(LONGEST);
    let half = if excess > 0 { text.len() / 2 } else { 0 };
    let mut start = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let time = serde_json::from_slice::<Value>(line).ok();
        let time = time.as_ref().and_then(|line| line.get("time")?.as_str());
        let time = time.and_then(|time| humantime::parse_rfc3339(time).ok());
        // A torn line tells no time: it goes with those before it.
        if start >= half && time.is_some_and(|time| time >= oldest) {
            break;
        }
        start += line.len();
    }
    if start == 0 {
        return Ok(());
    }
    let mut shorter = PathBuf::from(path);
    shorter.set_extension("ndjson.new");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&shorter)?;
    file.write_all(text.get(start..).unwrap_or_default())?;
    file.sync_all()?;
    fs::rename(shorter, path)
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
        // Whether it is refused says nothing of how the account stands.
        self.inner.export(priority, space).await
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
        self.note(id.as_ref(), call, result)
    }

    async fn complete_project(&self, project: &ProjectId) -> Result<()> {
        let result = self.inner.complete_project(project).await;
        self.note(Some(project), json!({ "call": "archive project" }), result)
    }

    async fn restore_project(&self, project: &ProjectId) -> Result<()> {
        let result = self.inner.restore_project(project).await;
        self.note(Some(project), json!({ "call": "restore project" }), result)
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
        self.note(Some(project), call, result)
    }

    async fn create_tasks(&self, project: &ProjectId, tasks: &[NewTask]) -> Result<Vec<TaskId>> {
        let result = self.inner.create_tasks(project, tasks).await;
        let texts: Vec<&str> = tasks.iter().map(|task| task.content.text.as_str()).collect();
        let ids = result.as_ref().ok();
        let call = json!({ "call": "create tasks", "texts": texts, "tasks": ids });
        self.note(Some(project), call, result)
    }

    async fn update_task(
        &self,
        project: &ProjectId,
        task: &TaskId,
        content: &Content,
    ) -> Result<Option<String>> {
        let result = self.inner.update_task(project, task, content).await;
        let call = json!({ "call": "update task", "task": task, "text": content.text });
        self.note(Some(project), call, result)
    }

    async fn set_completed(&self, project: &ProjectId, task: &TaskId, done: bool) -> Result<()> {
        let result = self.inner.set_completed(project, task, done).await;
        let call = if done { "complete task" } else { "uncomplete task" };
        self.note(Some(project), json!({ "call": call, "task": task }), result)
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
        self.note(Some(project), call, result)
    }

    async fn delete_task(&self, project: &ProjectId, task: &TaskId) -> Result<()> {
        let result = self.inner.delete_task(project, task).await;
        self.note(Some(project), json!({ "call": "delete task", "task": task }), result)
    }

    fn budget(&self) -> Option<BudgetStatus> {
        self.inner.budget()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        time::{Duration, SystemTime},
    };

    use super::prune;

    #[test]
    fn old_lines_and_torn_ones_before_them_go() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("history.ndjson");
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let line = |age: u64| {
            let time = humantime::format_rfc3339_millis(now - Duration::from_secs(age));
            format!("{{\"time\":\"{time}\"}}\n")
        };
        let kept = line(50) + &line(10) + "{\"tor";
        fs::write(&path, line(200) + "torn\n" + &kept).unwrap();
        for _ in 0..2 {
            prune(&path, now, Duration::from_secs(100)).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), kept);
        }
        prune(&dir.path().join("none"), now, Duration::ZERO).unwrap();
    }
}
