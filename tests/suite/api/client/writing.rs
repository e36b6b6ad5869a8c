//! Writes: sent once, unless it is certain that nothing was done.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use taskadefs::{
    api::{Client, HttpBackend, NewTask, Position, Priority},
    error::{Kind, Result},
    ids::{ProjectId, TaskId},
    server::{Fault, Server, ServerConfig},
};

use super::{Service, TestClock, new_task, plain, raw::Raw};

/// Sends one of each kind of write; what they came to.
async fn every_write(service: &Service) -> Vec<(&'static str, Result<()>)> {
    let (client, project) = (&service.client, &service.project);
    let ids = service.ids();
    let (a, b, c) = (&ids[0], &ids[1], &ids[2]);
    let markdown = "# New\n\n- x";
    let folder = &service.workspace;
    vec![
        ("create", client.create_tasks(project, &[new_task("t")]).await.map(drop)),
        ("update", client.update_task(project, a, &plain("A")).await.map(drop)),
        ("complete", client.set_completed(project, a, true).await),
        ("uncomplete", client.set_completed(project, b, false).await),
        ("move", client.move_task(project, b, a, Position::BeforeEnd).await),
        ("delete", client.delete_task(project, c).await),
        ("create project", client.create_project(folder, markdown).await.map(drop)),
        ("copy", client.copy_project(project, folder, "Copy").await.map(drop)),
        ("archive", client.complete_project(project).await),
        ("restore", client.restore_project(project).await),
    ]
}

const TASKS: &str = "a\nx b\nc";

#[tokio::test]
async fn every_write_does_what_it_says() {
    let service = Service::of(TASKS).await;
    for (what, result) in every_write(&service).await {
        assert!(result.is_ok(), "{what}: {result:?}");
    }
    assert_eq!(service.tree(), "x A\n  b\nt\n");
    let store = service.running.store();
    assert_eq!(store.tree(&store.find_projects("New").unwrap()[0].0).unwrap(), "x\n");
    assert_eq!(store.tree(&store.find_projects("Copy").unwrap()[0].0).unwrap(), service.tree());
    assert_eq!(service.statuses(), [200; 10]);
}

#[tokio::test]
async fn a_write_whose_answer_does_not_come_is_sent_once_and_in_doubt() {
    let faults = [
        Fault::Status(500, None),
        Fault::Html(502),
        Fault::Html(504),
        Fault::DropBefore,
        Fault::DropAfter,
        Fault::Truncated,
        Fault::Malformed,
    ];
    for fault in faults {
        let service = Service::of(TASKS).await;
        service.running.faults().plan(None, "", 0, 100, fault.clone());
        for (what, result) in every_write(&service).await {
            assert_eq!(result.unwrap_err().kind(), Kind::Ambiguous, "{what}, {fault:?}");
        }
        assert_eq!(service.statuses().len(), 10, "{fault:?}");
        assert_eq!(service.clock.sleeps(), []);
    }
}

#[tokio::test]
async fn a_write_that_hangs_ends_in_doubt() {
    let service = Service::of("a").await;
    let backend = service.new_backend().with_timeout(Duration::from_millis(500));
    let client = Client::new(Arc::new(backend));
    service.running.faults().plan(None, "", 0, 100, Fault::HangAfter);
    let error = client.create_tasks(&service.project, &[new_task("t")]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Ambiguous);
    assert_eq!((service.tree().as_str(), service.statuses()), ("a\nt\n", vec![200]));
}

#[tokio::test]
async fn a_read_that_hangs_ends() {
    let service = Service::of("a").await;
    let backend = service.new_backend().with_timeout(Duration::from_millis(50));
    let client = Client::new(Arc::new(backend));
    for fault in [Fault::Hang, Fault::HangAfter] {
        service.running.faults().plan(None, "", 0, 100, fault);
        let error = client.workspaces(Priority::Foreground).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unreachable);
        service.running.faults().clear();
    }
    assert_eq!(service.clock.sleeps().len(), 6);
}

#[tokio::test]
async fn a_write_that_was_refused_for_the_limit_is_sent_again() {
    let service = Service::of(TASKS).await;
    for skip in 0..10 {
        let refusal = Fault::Status(429, Some(0.2));
        service.running.faults().plan(None, "", usize::from(skip > 0), 1, refusal);
    }
    for (what, result) in every_write(&service).await {
        assert!(result.is_ok(), "{what}: {result:?}");
    }
    assert_eq!(service.tree(), "x A\n  b\nt\n");
    let statuses = service.statuses();
    let refused = statuses.iter().filter(|status| **status == 429).count();
    assert_eq!((refused, statuses.len()), (10, 20));
}

#[tokio::test]
async fn a_write_that_reaches_nobody_is_sent_again() {
    let dir = tempfile::tempdir().unwrap();
    let first = Server::start(ServerConfig::new(dir.path())).await.unwrap();
    let workspace = first.store().add_workspace("Acme").unwrap();
    let project = first.store().add_project(&workspace, "Plan", "a").unwrap();
    let (url, token) = (first.url(), first.token());
    first.shutdown().await;

    let clock = TestClock::free();
    let client = HttpBackend::new(&url, Some(&token), clock.clone()).unwrap();
    let client = Client::new(Arc::new(client));
    let error = client.create_tasks(&project, &[new_task("t")]).await.unwrap_err();
    assert_eq!((error.kind(), clock.sleeps().len()), (Kind::Unreachable, 3));
    assert!(error.kind().is_certain());

    let clock = TestClock::held();
    let client = HttpBackend::new(&url, Some(&token), clock.clone()).unwrap();
    let client = Client::new(Arc::new(client));
    let (writer, of) = (client.clone(), project.clone());
    let write = tokio::spawn(async move { writer.create_tasks(&of, &[new_task("t")]).await });
    super::until(|| !clock.sleeps().is_empty()).await;
    let address = url.trim_start_matches("http://").trim_end_matches("/api/v1").parse().unwrap();
    let config = ServerConfig { listen: address, ..ServerConfig::new(dir.path()) };
    let second = Server::start(config).await.unwrap();
    clock.let_go(3);
    assert_eq!(write.await.unwrap().unwrap().len(), 1);
    assert_eq!(second.store().tree(&project).unwrap(), "a\nt\n");
    assert_eq!(second.log().requests().len(), 1);

    // And where a connection that was kept is closed meanwhile.
    second.shutdown().await;
    let config = ServerConfig { listen: address, ..ServerConfig::new(dir.path()) };
    let third = Server::start(config).await.unwrap();
    client.create_tasks(&project, &[new_task("u")]).await.unwrap();
    assert_eq!(third.store().tree(&project).unwrap(), "a\nt\nu\n");
    assert_eq!(third.log().requests().len(), 1);
}

#[tokio::test]
async fn a_create_is_spelled_as_the_document_has_it() {
    let service = Service::of("a").await;
    let a = service.ids().remove(0);
    let anchored =
        NewTask { content: plain("u"), anchor: Some(a.clone()), position: Position::AfterEnd };
    let new = [new_task("t"), anchored];
    let ids = service.client.create_tasks(&service.project, &new).await.unwrap();
    assert_eq!(service.ids(), [a.clone(), ids[1].clone(), ids[0].clone()]);
    let written = service.running.log().writes().remove(0);
    assert_eq!(written.path, format!("/projects/{}/tasks/", service.project));
    let wanted = json!({ "tasks": [
        { "contentType": "text/plain", "content": "t", "placement": "beforeend" },
        { "contentType": "text/plain", "content": "u", "placement": "afterend", "taskId": a },
    ] });
    assert_eq!(written.body, Some(wanted));
}

#[tokio::test]
async fn an_answer_that_names_too_few_tasks_leaves_doubt() {
    let bodies = [
        r#"{"ok":true,"item":[{"id":"a"}]}"#,
        r#"{"ok":true,"item":[]}"#,
        r#"{"ok":true,"item":null}"#,
        r#"{"ok":true}"#,
        r#"{"ok":true,"item":[{"id":"a"},{}]}"#,
        r#"{"ok":true,"item":[{"id":"a"},{"id":"a"}]}"#,
        r#"{"ok":true,"item":[{"id":"a"},{"id":"b"},{"id":"c"}]}"#,
        "[]",
        "",
    ];
    for body in bodies {
        let raw = Raw::answering("200 OK", body).await;
        let project = ProjectId::new("p");
        let new = [new_task("t"), new_task("u")];
        let error = raw.client.create_tasks(&project, &new).await.unwrap_err();
        assert_eq!((error.kind(), raw.requests().len()), (Kind::Ambiguous, 1), "{body}");
    }
}

#[tokio::test]
async fn an_update_tells_the_text_where_the_service_does() {
    let service = Service::of("a").await;
    let a: &TaskId = &service.ids()[0];
    let told = service.client.update_task(&service.project, a, &plain("A")).await.unwrap();
    assert_eq!(told.as_deref(), Some("A"));
    let raw = Raw::answering("200 OK", r#"{"ok":true,"item":{"id":"a"}}"#).await;
    assert_eq!(raw.client.update_task(&service.project, a, &plain("A")).await.unwrap(), None);
}

#[tokio::test]
async fn a_success_without_a_body_is_one_where_nothing_is_asked_of_it() {
    let raw = Raw::answering("204 No Content", "").await;
    let (project, task) = (ProjectId::new("p"), TaskId::new("t"));
    raw.client.delete_task(&project, &task).await.unwrap();
    raw.client.set_completed(&project, &task, true).await.unwrap();
    assert_eq!(raw.client.update_task(&project, &task, &plain("A")).await.unwrap(), None);
    let created = raw.client.create_tasks(&project, &[new_task("t")]).await;
    assert_eq!(created.unwrap_err().kind(), Kind::Ambiguous);
    let listed = raw.client.tasks(Priority::Foreground, &project).await;
    assert_eq!(listed.unwrap_err().kind(), Kind::Protocol);
}

#[tokio::test]
async fn a_success_that_is_too_long_to_be_read_leaves_doubt() {
    let raw = Raw::answering("200 OK\r\ncontent-length: 70000000", "{").await;
    let error = raw.client.delete_task(&ProjectId::new("p"), &TaskId::new("t")).await.unwrap_err();
    assert_eq!((error.kind(), raw.requests().len()), (Kind::Ambiguous, 1));
}
