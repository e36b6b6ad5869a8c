//! The HTTP client against a server that misbehaves: what is repeated, what is not, and what an
//! answer that never came is taken for.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use taskadefs::{
    api::{Backend, Content, ContentType, HttpBackend, NewTask, Position, Priority},
    clock::SystemClock,
    error::Kind,
    ids::{ProjectId, SpaceId, TaskId},
    secret::Token,
    server::{Fault, Quirks, Running, Server, ServerConfig},
};

struct Fixture {
    server: Running,
    client: HttpBackend,
    folder: SpaceId,
    project: ProjectId,
    _dir: tempfile::TempDir,
}

impl Fixture {
    async fn new() -> Self {
        Self::with(Quirks::default(), "one\ntwo").await
    }

    async fn with(quirks: Quirks, tasks: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = ServerConfig::new(dir.path());
        config.quirks = quirks;
        let server = Server::start(config).await.unwrap();
        let folder = server.store().add_workspace("Acme").unwrap();
        let project = server.store().add_project(&folder, "Plan", tasks).unwrap();
        let client = client(&server.url(), &server.token());
        Self { server, client, folder, project, _dir: dir }
    }

    fn fail(&self, method: &str, times: usize, fault: Fault) {
        self.server.faults().plan(Some(method), "", 0, times, fault);
    }

    fn task(&self) -> TaskId {
        self.server.store().task_ids(&self.project).unwrap().remove(0)
    }

    async fn create(&self, text: &str) -> taskadefs::error::Result<Vec<TaskId>> {
        let content = Content { content_type: ContentType::Plain, text: text.to_owned() };
        let task = NewTask { content, anchor: None, position: Position::BeforeEnd };
        self.client.create_tasks(&self.project, &[task]).await
    }

    async fn pages(&self) -> usize {
        self.server.log().clear();
        self.client.tasks(Priority::Foreground, &self.project).await.unwrap();
        self.server.log().requests().len()
    }
}

fn client(url: &str, token: &Token) -> HttpBackend {
    HttpBackend::new(url, Some(token), Arc::new(SystemClock)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_is_sent_once_unless_it_is_certain_that_nothing_was_done() {
    for fault in [
        Fault::Html(500),
        Fault::Html(502),
        Fault::Status(503, None),
        Fault::DropBefore,
        Fault::DropAfter,
        Fault::Truncated,
        Fault::Malformed,
    ] {
        let fixture = Fixture::new().await;
        fixture.fail("POST", 9, fault.clone());
        let error = fixture.create("three").await.unwrap_err();
        assert_eq!(error.kind(), Kind::Ambiguous, "{fault:?}");
        assert_eq!(fixture.server.log().writes().len(), 1, "{fault:?}");
    }
    for (status, kind) in [
        (400, Kind::Refused),
        (401, Kind::Unauthorized),
        (402, Kind::PaymentRequired),
        (403, Kind::Forbidden),
        (404, Kind::NotFound),
        (413, Kind::Refused),
    ] {
        let fixture = Fixture::new().await;
        fixture.fail("POST", 9, Fault::Status(status, None));
        assert_eq!(fixture.create("three").await.unwrap_err().kind(), kind);
        assert_eq!(fixture.server.log().writes().len(), 1, "{status}");
    }
    let fixture = Fixture::new().await;
    fixture.fail("POST", 1, Fault::NotOk);
    assert_eq!(fixture.create("three").await.unwrap_err().kind(), Kind::Refused);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_429_is_waited_out_and_the_write_sent_again() {
    let fixture = Fixture::new().await;
    fixture.fail("POST", 2, Fault::Status(429, Some(0.3)));
    let started = Instant::now();
    fixture.create("three").await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(600));
    assert_eq!(fixture.server.log().writes().len(), 3);
    assert_eq!(fixture.server.store().tree(&fixture.project).unwrap(), "one\ntwo\nthree\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_between_a_429_and_its_reset() {
    let fixture = Fixture::new().await;
    fixture.fail("GET", 1, Fault::Status(429, Some(0.5)));
    let read = || fixture.client.project(Priority::Foreground, &fixture.project);
    let started = Instant::now();
    let (first, second) = tokio::join!(read(), async {
        while fixture.server.log().requests().is_empty() {
            tokio::task::yield_now().await;
        }
        fixture.create("three").await
    });
    first.unwrap();
    second.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(500));
    let statuses: Vec<u16> = fixture.server.log().requests().iter().map(|r| r.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 1, "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_are_repeated_after_what_may_pass() {
    for fault in [
        Fault::Html(500),
        Fault::Status(503, None),
        Fault::DropBefore,
        Fault::DropAfter,
        Fault::Truncated,
        Fault::Malformed,
    ] {
        let fixture = Fixture::new().await;
        fixture.fail("GET", 2, fault.clone());
        let tasks = fixture.client.tasks(Priority::Foreground, &fixture.project).await.unwrap();
        assert_eq!(tasks.len(), 3, "{fault:?}");
    }
    let fixture = Fixture::new().await;
    fixture.fail("GET", 99, Fault::Html(500));
    let error = fixture.client.tasks(Priority::Foreground, &fixture.project).await.unwrap_err();
    assert!(error.kind().is_transient(), "{error:?}");
    assert!(fixture.server.log().requests().len() <= 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_answer_is_still_an_answer() {
    let fixture = Fixture::new().await;
    fixture.fail("GET", 1, Fault::Drip(Duration::from_micros(200)));
    let tasks = fixture.client.tasks(Priority::Foreground, &fixture.project).await.unwrap();
    assert_eq!(tasks.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_never_taken_to_where_a_redirect_points() {
    let (fixture, elsewhere) = (Fixture::new().await, Fixture::new().await);
    fixture.fail("GET", 1, Fault::Redirect(elsewhere.server.url()));
    let error = fixture.client.workspaces(Priority::Foreground).await.unwrap_err();
    assert!(error.to_string().contains("redirect"), "{error}");
    assert_eq!(elsewhere.server.log().requests(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_server_nothing_was_done_and_without_a_token_nothing_is_sent() {
    let fixture = Fixture::new().await;
    let anonymous = HttpBackend::new(&fixture.server.url(), None, Arc::new(SystemClock)).unwrap();
    let error = anonymous.workspaces(Priority::Foreground).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unauthorized);
    assert_eq!(fixture.server.log().requests(), []);
    let (url, token) = (fixture.server.url(), fixture.server.token());
    fixture.server.shutdown().await;
    let error = client(&url, &token).delete_task(&fixture.project, &TaskId::new("x")).await;
    assert_eq!(error.unwrap_err().kind(), Kind::Unreachable);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_cost_what_they_must() {
    let tasks = |count: usize| -> String { (1..count).map(|n| format!("{n}\n")).collect() };
    for (count, requests) in [(1, 1), (99, 1), (999, 1), (1001, 2), (2500, 3)] {
        let fixture = Fixture::with(Quirks::default(), &tasks(count)).await;
        assert_eq!(fixture.pages().await, requests, "{count} with the title");
    }
    let told = Quirks { has_more: true, ..Quirks::default() };
    assert_eq!(Fixture::with(told, &tasks(2000)).await.pages().await, 2);
    let capped = Quirks { page_cap: Some(100), ..Quirks::default() };
    let fixture = Fixture::with(capped, &tasks(250)).await;
    assert_eq!(fixture.pages().await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_fails_fails_the_listing_or_begins_it_anew() {
    let tasks: String = (1..2500).map(|n| format!("{n}\n")).collect();
    let fixture = Fixture::with(Quirks::default(), &tasks).await;
    let list = || fixture.client.tasks(Priority::Foreground, &fixture.project);
    // The task that the second page was to begin after is gone: the whole is read again.
    fixture.server.faults().plan(Some("GET"), "/tasks", 1, 1, Fault::Status(400, None));
    assert_eq!(list().await.unwrap().len(), 2500);
    fixture.server.faults().plan(Some("GET"), "/tasks", 1, 99, Fault::Status(403, None));
    assert_eq!(list().await.unwrap_err().kind(), Kind::Forbidden);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_as_the_document_says() {
    let fixture = Fixture::new().await;
    let (client, project) = (&fixture.client, &fixture.project);
    let task = fixture.task();
    let content = Content { content_type: ContentType::Markdown, text: "**x**".to_owned() };
    client.update_task(project, &task, &content).await.unwrap();
    client.set_completed(project, &task, true).await.unwrap();
    let created = fixture.create("y").await.unwrap().remove(0);
    client.move_task(project, &created, &task, Position::AfterBegin).await.unwrap();
    client.delete_task(project, &created).await.unwrap();
    let new = client.create_project(&fixture.folder, "# New\n\n- a\n").await.unwrap();
    let copy = client.copy_project(&new, &fixture.folder, "Copy").await.unwrap().unwrap();
    client.complete_project(&copy).await.unwrap();
    client.restore_project(&copy).await.unwrap();
    let sent: Vec<String> = fixture
        .server
        .log()
        .writes()
        .iter()
        .map(|write| {
            assert_eq!(write.status, 200, "{write:?}");
            let body = write.body.as_ref().map_or_else(String::new, |body| format!(" {body}"));
            let line = format!("{} {}{body}", write.method, write.path);
            [
                (project.as_str(), "P"),
                (task.as_str(), "T"),
                (created.as_str(), "C"),
                (new.as_str(), "N"),
                (copy.as_str(), "K"),
                (fixture.folder.as_str(), "F"),
            ]
            .iter()
            .fold(line, |line, (id, short)| line.replace(id, short))
        })
        .collect();
    assert_eq!(
        sent,
        [
            r#"PUT /projects/P/tasks/T {"content":"**x**","contentType":"text/markdown"}"#,
            "POST /projects/P/tasks/T/complete",
            r#"POST /projects/P/tasks/ {"tasks":[{"content":"y","contentType":"text/plain","placement":"beforeend"}]}"#,
            r#"PUT /projects/P/tasks/C/move {"target":{"position":"afterbegin","taskId":"T"}}"#,
            "DELETE /projects/P/tasks/C",
            r##"POST /projects {"content":"# New\n\n- a\n","contentType":"text/markdown","folderId":"F"}"##,
            r#"POST /projects/N/copy {"folderId":"F","projectTitle":"Copy"}"#,
            "POST /projects/K/complete",
            "POST /projects/K/restore",
        ]
    );
}
