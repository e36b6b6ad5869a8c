//! Each fault is what its name says.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use taskadefs::{
    ids::ProjectId,
    server::{Fault, Running, Server, ServerConfig},
};

use super::{DEADLINE, Service, answer, assert_refused, details::Detailed, task};

/// A server on which creating tasks goes wrong once.
async fn service(fault: Fault) -> (Service, ProjectId) {
    let service = Service::start().await;
    let project = service.project("a");
    service.running.faults().plan(Some("POST"), "/tasks/", 0, 1, fault);
    (service, project)
}

/// Sends the create that goes wrong.
async fn create(service: &Service, project: &ProjectId) -> reqwest::Result<reqwest::Response> {
    let body = json!({ "tasks": [task("t", "beforeend")] });
    let request = service.request(Method::POST, &format!("/projects/{project}/tasks/"));
    request.json(&body).send().await
}

fn statuses(service: &Service) -> Vec<u16> {
    service.running.log().requests().iter().map(|request| request.status).collect()
}

/// Waits for an event inside the server that nothing announces.
async fn until(met: impl Fn() -> bool) {
    let wait = async {
        while !met() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, wait).await.unwrap();
}

/// Sends a request until it hangs in the server.
async fn hangs<T>(running: &Running, mut request: impl Future<Output = T> + Unpin) {
    tokio::select! {
        _ = &mut request => panic!("it was answered"),
        () = until(|| running.faults().is_hanging()) => {}
    }
}

#[tokio::test]
async fn a_status_is_answered_and_nothing_is_executed() {
    let codes = [
        (402, "PAYMENT_REQUIRED"),
        (403, "FORBIDDEN"),
        (413, "PAYLOAD_TOO_LARGE"),
        (429, "TOO_MANY_REQUESTS"),
        (500, "INTERNAL_SERVER_ERROR"),
    ];
    for (status, code) in codes {
        let (service, project) = service(Fault::Status(status, Some(1.5))).await;
        let response = create(&service, &project).await.unwrap();
        assert_eq!(response.headers()["retry-after"], "1.5");
        let body = response.json().await.unwrap();
        assert_refused(&(status, body), status, code);
        assert_eq!(service.tree(&project), "a\n");
        assert_eq!(statuses(&service), [status]);
        // Once was once.
        assert_eq!(create(&service, &project).await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn html_is_answered_and_nothing_is_executed() {
    let (service, project) = service(Fault::Html(502)).await;
    let response = create(&service, &project).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (502, &"text/html".parse().unwrap())
    );
    assert!(response.text().await.unwrap().starts_with("<html>"));
    assert_eq!(service.tree(&project), "a\n");
}

#[tokio::test]
async fn a_connection_is_dropped_before_or_after() {
    for (fault, tree, status) in [(Fault::DropBefore, "a\n", 0), (Fault::DropAfter, "a\nt\n", 200)]
    {
        let (service, project) = service(fault).await;
        let error = create(&service, &project).await.unwrap_err();
        assert!(error.is_request() && !error.is_connect(), "{error:?}");
        assert_eq!((service.tree(&project).as_str(), statuses(&service)), (tree, vec![status]));
    }
}

#[tokio::test]
async fn an_answer_is_truncated_or_malformed_and_it_is_executed() {
    let (truncated, project) = service(Fault::Truncated).await;
    let mut response = create(&truncated, &project).await.unwrap();
    let length = response.content_length().unwrap() as usize;
    let half = response.chunk().await.unwrap().unwrap();
    assert_eq!((response.status().as_u16(), half.len()), (200, length / 2));
    assert!(response.chunk().await.is_err());
    assert_eq!(truncated.tree(&project), "a\nt\n");

    let (malformed, project) = service(Fault::Malformed).await;
    let text = create(&malformed, &project).await.unwrap().text().await.unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_err());
    assert_eq!(malformed.tree(&project), "a\nt\n");
}

#[tokio::test]
async fn not_ok_is_a_refusal_with_200() {
    let (service, project) = service(Fault::NotOk).await;
    let response = create(&service, &project).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_refused(&(200, response.json().await.unwrap()), 200, "BAD_REQUEST");
    assert_eq!(service.tree(&project), "a\n");
}

#[tokio::test]
async fn a_redirect_is_answered_and_nothing_is_executed() {
    let (service, project) = service(Fault::Redirect("http://127.0.0.1:9/x".to_owned())).await;
    let response = create(&service, &project).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["location"]),
        (302, &"http://127.0.0.1:9/x".parse().unwrap())
    );
    assert_eq!(service.tree(&project), "a\n");
}

#[tokio::test]
async fn what_hangs_goes_on_when_released() {
    let (service, project) = service(Fault::HangAfter).await;
    let release = async {
        until(|| service.running.faults().is_hanging()).await;
        assert_eq!(service.tree(&project), "a\nt\n");
        service.running.faults().release();
    };
    let (created, ()) = tokio::join!(create(&service, &project), release);
    assert_eq!(created.unwrap().status(), 200);

    service.running.faults().plan(None, "/tasks", 0, 1, Fault::Hang);
    let mut hanging = Box::pin(create(&service, &project));
    hangs(&service.running, &mut hanging).await;
    assert_eq!(service.tree(&project), "a\nt\n");
    service.running.faults().clear();
    assert_eq!(hanging.await.unwrap().status(), 200);
    assert_eq!(service.tree(&project), "a\nt\nt\n");
}

#[tokio::test]
async fn what_hangs_is_executed_though_the_client_has_gone() {
    for fault in [Fault::Hang, Fault::HangAfter] {
        let (service, project) = service(fault.clone()).await;
        hangs(&service.running, Box::pin(create(&service, &project))).await;
        service.running.faults().release();
        until(|| statuses(&service) == [200]).await;
        assert_eq!(service.tree(&project), "a\nt\n", "{fault:?}");
    }
}

#[tokio::test]
async fn what_hangs_does_not_outlive_the_server() {
    let Service { running, workspace, client, _dir: dir } = Service::start().await;
    let project = running.store().add_project(&workspace, "Plan", "a").unwrap();
    running.faults().plan(None, "/complete", 0, 1, Fault::Hang);
    let url = format!("{}/projects/{project}/complete", running.url());
    let hanging = client.post(url).bearer_auth(running.token().expose()).send();
    hangs(&running, Box::pin(hanging)).await;
    running.shutdown().await;
    // The store is free, and nothing was executed.
    let again = Server::start(ServerConfig::new(dir.path())).await.unwrap();
    assert_eq!(again.store().find_projects("Plan").unwrap(), [(project, false)]);
}

#[tokio::test]
async fn a_drip_is_slow_and_whole() {
    let (service, project) = service(Fault::Drip(Duration::from_millis(1))).await;
    let started = Instant::now();
    let body = create(&service, &project).await.unwrap().bytes().await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(body.len() as u64));
    assert!(serde_json::from_slice::<serde_json::Value>(&body).is_ok());
    assert_eq!(service.tree(&project), "a\nt\n");
}

#[tokio::test]
async fn a_fault_is_for_a_method_a_path_and_a_number_of_requests() {
    let service = Service::start().await;
    service.running.faults().plan(Some("GET"), "/workspaces", 1, 2, Fault::Status(500, None));
    let mut met = Vec::new();
    for _ in 0..4 {
        assert_eq!(service.post("/workspaces", json!({})).await.0, 404);
        assert_eq!(service.get("/nonsense").await.0, 404);
        met.push(service.get("/workspaces").await.0);
    }
    assert_eq!(met, [200, 500, 500, 200]);
}

#[tokio::test]
async fn a_fault_does_not_let_a_stranger_in() {
    let (service, project) = service(Fault::DropAfter).await;
    let url = format!("{}/projects/{project}/tasks/", service.running.url());
    let body = json!({ "tasks": [task("t", "beforeend")] });
    assert!(service.client.post(url).json(&body).send().await.is_err());
    assert_eq!((service.tree(&project).as_str(), statuses(&service)), ("a\n", vec![401]));
    assert_eq!(answer(service.request(Method::GET, "/workspaces")).await.0, 200);
}

#[tokio::test]
async fn what_is_asked_about_details_goes_wrong_and_is_logged_as_well() {
    let Detailed { service, project, task } = Detailed::of("a").await;
    let date = json!({ "start": { "date": "2026-12-01" } });
    let note = json!({ "type": "text/plain", "value": "n" });
    let calls = [
        (Method::PUT, format!("{task}/date"), Some(date)),
        (Method::PUT, format!("{task}/note"), Some(note)),
        (Method::PUT, format!("{task}/assignees"), Some(json!({ "handles": ["alice"] }))),
        (Method::PUT, format!("{task}/fields/@inc01"), Some(json!({ "value": 1 }))),
        (Method::PUT, format!("/projects/{project}/shareLink"), None),
        (Method::GET, format!("/projects/{project}/members"), None),
    ];
    let send = |method: &Method, path: &str, body: &Option<serde_json::Value>| {
        let request = service.request(method.clone(), path);
        match body {
            Some(body) => request.json(body),
            None => request,
        }
    };
    let tasks = service.running.store().task_ids(&project).unwrap();
    let known = || service.running.store().details(&project, &tasks[0]).unwrap();
    for (method, path, body) in &calls {
        let before = known();
        service.running.faults().plan(Some(method.as_str()), path, 0, 1, Fault::Status(403, None));
        let refused = answer(send(method, path, body)).await;
        assert_refused(&refused, 403, "FORBIDDEN");
        assert_eq!(known(), before, "{path}");
        service.running.faults().plan(Some(method.as_str()), path, 0, 1, Fault::DropAfter);
        assert!(send(method, path, body).send().await.is_err());
        let logged = service.running.log().requests().pop().unwrap();
        assert_eq!((&logged.path, logged.status), (path, 200));
        assert_eq!((&logged.method, &logged.body), (&method.to_string(), body));
    }
    let whole = json!({ "date": { "start": { "date": "2026-12-01" } }, "note": "n",
        "assignees": ["alice"], "fields": { "@inc01": 1 } });
    assert_eq!(known(), whole);
}
