//! The log of every write that was sent to the service: `history.ndjson`, a JSON object a line.
//!
//! A backend in front of the real one, so that no write can be forgotten. It never sees a token.
//! What cannot be logged is sent all the same: the log is for looking back, the journal for safety.

use std::{
    collections::HashMap,
    fs::{self, DirBuilder, File, OpenOptions},
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{
    audit_rotation::prune,
    backend::{AuditEntry, Backend, Request},
    ledger::BudgetStatus,
    outage::Gone,
};
use crate::{
    clock::{Clock, parse_rfc3339, rfc3339_millis},
    error::Result,
    ids::ProjectId,
    lock_order::Ordered,
};

/// The file, and the titles that make it readable.
#[derive(Debug)]
struct Log {
    file: Option<File>,
    titles: HashMap<ProjectId, String>,
}

/// A backend whose writes are logged.
pub(crate) struct Audited {
    inner: Arc<dyn Backend>,
    clock: Arc<dyn Clock>,
    path: PathBuf,
    log: Ordered<Log>,
}

impl Audited {
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
        let log = Ordered::leaf(Log { file, titles: HashMap::new() });
        Self { inner, clock, path, log }
    }

    /// Tells what a project is called.
    pub(crate) fn name(&self, id: &ProjectId, title: &str) {
        let mut log = self.log.lock();
        log.titles.insert(id.clone(), title.to_owned());
    }

    /// When something was called since then, as far as that is in the log. Blocks.
    pub(crate) fn times_of(&self, call: &str, since: SystemTime) -> Vec<SystemTime> {
        let text = fs::read(&self.path).unwrap_or_default();
        let mut times = Vec::new();
        // The newest are at the end.
        for line in text.rsplit(|byte| *byte == b'\n') {
            let Ok(line) = serde_json::from_slice::<Value>(line) else { continue };
            let Some(time) = line["time"].as_str().and_then(parse_rfc3339) else { continue };
            if time < since {
                break;
            }
            times.extend((line["call"] == call).then_some(time));
        }
        times
    }

    /// Logs a write and what came of it.
    fn add(&self, entry: AuditEntry, result: &Result<()>) {
        let (outcome, reason) = match result {
            Ok(()) => ("ok", None),
            Err(error) if !error.kind().is_certain() => ("unknown", Some(error.to_string())),
            Err(error) => ("refused", Some(error.to_string())),
        };
        let AuditEntry { project, fields } = entry;
        let mut log = self.log.lock();
        let mut line = json!({
            "time": rfc3339_millis(self.clock.wall()),
            "project": project.as_ref().map(ProjectId::as_str),
            "title": project.as_ref().and_then(|project| log.titles.get(project)),
            "outcome": outcome,
        });
        if let (Some(line), Some(fields)) = (line.as_object_mut(), fields.as_object()) {
            line.extend(fields.iter().map(|(name, value)| (name.clone(), value.clone())));
            line.extend(reason.map(|reason| ("reason".to_owned(), reason.into())));
        }
        // One write a line: a crash tears at most the last.
        if let Some(Err(error)) =
            log.file.as_mut().map(|file| file.write_all(format!("{line}\n").as_bytes()))
        {
            tracing::warn!(%error, "a call is not in the log");
        }
    }
}

#[async_trait]
impl Backend for Audited {
    async fn send(&self, request: &mut dyn Request) -> Result<()> {
        let result = self.inner.send(request).await;
        if let Some(entry) = request.entry() {
            self.add(entry, &result);
        }
        result
    }

    fn budget(&self) -> Option<BudgetStatus> {
        self.inner.budget()
    }

    fn outage(&self) -> Option<watch::Receiver<Option<Gone>>> {
        self.inner.outage()
    }

    fn token_changes(&self) -> Option<watch::Receiver<u64>> {
        self.inner.token_changes()
    }

    fn hurry(&self) {
        self.inner.hurry();
    }

    fn want(&self, subject: &str, is_wanted: bool) {
        self.inner.want(subject, is_wanted);
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::Arc, time::Duration};

    use async_trait::async_trait;
    use serde_json::{Value, json};

    use super::{Audited, Backend, Request};
    use crate::{
        api::{
            Client, ContentType, Endpoint, Envelope, HttpBackend, Method, Moment, Path as CallPath,
            Priority, Resource, Schedule, SetDetail, TaskResource, TypedText,
        },
        clock::SystemClock,
        error::Result,
        ids::{ProjectId, TaskId},
        server::{Running, Server, ServerConfig},
    };

    const READ: Priority = Priority::Foreground;

    /// A server on the sample, and a backend in front of it that logs to the same directory.
    async fn sample(dir: &std::path::Path) -> (Running, Arc<Audited>) {
        let config = ServerConfig { sample: true, ..ServerConfig::new(dir) };
        let running = Server::start(config).await.unwrap();
        let clock = Arc::new(SystemClock);
        let http = HttpBackend::new(&running.url(), Some(&running.token()), clock.clone());
        let keep = Duration::from_secs(3600);
        let audited = Audited::new(Arc::new(http.unwrap()), clock, dir, keep);
        (running, Arc::new(audited))
    }

    #[tokio::test]
    async fn every_write_of_details_is_in_the_log_and_what_is_read_comes_through() {
        let dir = tempfile::tempdir().unwrap();
        let (running, audited) = sample(dir.path()).await;
        let logged = Client::new(audited.clone());
        let (project, _) = running.store().find_projects("Books").unwrap().remove(0);
        let task = running.store().task_ids(&project).unwrap().remove(0);
        let (p, t) = (&project, &task);
        audited.name(p, "Books");
        let start = Moment { date: "2026-12-01".to_owned(), ..Moment::default() };
        let date = Schedule { start, end: None };
        let note = TypedText { content_type: ContentType::Plain, text: "n".to_owned() };
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
        let answered = async |of| logged.detail(READ, p, t, of).await.unwrap();
        assert_eq!(answered(TaskResource::Date).await.date, Some(date));
        assert_eq!(answered(TaskResource::Note).await.note.as_deref(), Some("n"));
        assert_eq!(answered(TaskResource::Assignees).await.assignees, handles);
        assert_eq!(answered(TaskResource::Fields).await.fields, [("@inc01".to_owned(), value)]);
        assert_eq!(logged.resource(READ, p, Resource::ShareLink).await.unwrap(), link);
        let answered = logged.task_resource(READ, p, t, TaskResource::Note).await.unwrap();
        assert_eq!(answered.unwrap()["value"], "n");
        write(&[
            SetDetail::Note(None),
            SetDetail::Field("@inc01", None),
            SetDetail::Unassign("bob"),
            SetDetail::Date(None),
        ])
        .await;
        assert!(logged.set_detail(p, t, SetDetail::Date(None)).await.is_err());
        let log = fs::read_to_string(dir.path().join("history.ndjson")).unwrap();
        let answered: Vec<(String, Value)> = log
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
        assert_eq!(answered, wanted.map(|(call, what)| (call.to_owned(), what)));
    }

    /// Answers whatever is asked.
    struct Willing;

    #[async_trait]
    impl Backend for Willing {
        async fn send(&self, request: &mut dyn Request) -> Result<()> {
            request.take(Envelope::of(&json!({ "ok": true })))
        }
    }

    /// An endpoint that says nothing of how it is to be logged.
    struct Wordless<'a>(&'a ProjectId);

    impl Endpoint for Wordless<'_> {
        type Answer = ();
        const METHOD: Method = Method::Post;

        fn path(&self) -> Result<CallPath> {
            CallPath::new("projects/{project}/agents/{agent}", [self.0.as_str(), "a"])
        }

        fn read(&self, _: Envelope) -> Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_write_without_words_of_its_own_is_in_the_log_and_a_read_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let keep = Duration::from_secs(3600);
        let audited = Audited::new(Arc::new(Willing), Arc::new(SystemClock), dir.path(), keep);
        let (audited, project) = (Arc::new(audited), ProjectId::new("p"));
        audited.name(&project, "Plan");
        let client = Client::new(audited);
        client.write(Wordless(&project)).await.unwrap();
        let task = TaskId::new("t");
        let read = client.task_resource(READ, &project, &task, TaskResource::Task);
        assert!(read.await.is_err(), "there is no item");
        let log = fs::read_to_string(dir.path().join("history.ndjson")).unwrap();
        let line: Value = serde_json::from_str(&log).unwrap();
        let fields = ["title", "project", "call", "outcome"].map(|field| line[field].clone());
        assert_eq!(fields, ["Plan", "p", "post projects/{project}/agents/{agent}", "ok"]);
        assert_eq!(line["ids"], json!(["p", "a"]));
    }
}
