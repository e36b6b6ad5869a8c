//! What is beside the API: whose token it is; and asking for heads alone.

use reqwest::{Method, header::CONTENT_LENGTH};
use serde_json::json;
use taskadefs::server::Fault;

use super::{Service, answer, assert_refused};

/// Where whoever has a token asks whose it is.
fn ping(service: &Service) -> String {
    service.running.url().replace("/api/v1", "/oauth2/ping")
}

#[tokio::test]
async fn a_token_is_told_whose_it_is() {
    let service = Service::start().await;
    let (url, token) = (ping(&service), service.running.token());
    let asked = || answer(service.client.get(&url).bearer_auth(token.expose()));
    assert_eq!(asked().await, (200, json!({ "handle": "me" })));
    service.running.store().add_member(&service.workspace, "alice", "Alice").unwrap();
    assert_eq!(asked().await, (200, json!({ "handle": "alice", "displayName": "Alice" })));
    assert_refused(&answer(service.client.get(&url)).await, 401, "UNAUTHORIZED");
    let other = service.client.get(&url).bearer_auth("other");
    assert_refused(&answer(other).await, 401, "UNAUTHORIZED");
    let posted = service.client.post(&url).bearer_auth(token.expose());
    assert_refused(&answer(posted).await, 404, "NOT_FOUND");
    service.running.faults().plan(None, "/oauth2/ping", 0, 1, Fault::Status(503, None));
    assert_refused(&asked().await, 503, "INTERNAL_SERVER_ERROR");
    let paths = service.running.log().requests().into_iter().map(|request| request.path);
    assert!(paths.into_iter().all(|path| path == "/oauth2/ping"));
}

#[tokio::test]
async fn a_head_is_what_would_be_read_without_its_body() {
    let service = Service::start().await;
    let project = service.project("a");
    let media =
        service.running.store().add_media(&service.workspace, "a.png", "image/png", b"12345");
    let media = media.unwrap();
    for (path, status) in [
        ("/workspaces".to_owned(), 200),
        (format!("/projects/{project}"), 200),
        (format!("/medias/{media}/download"), 200),
        ("/projects/none".to_owned(), 404),
        // It is only written.
        (format!("/projects/{project}/complete"), 404),
    ] {
        let head = service.request(Method::HEAD, &path).send().await.unwrap();
        let read = service.request(Method::GET, &path).send().await.unwrap();
        assert_eq!((head.status(), head.status().as_u16()), (read.status(), status), "{path}");
        for (name, value) in read.headers() {
            let is_same = name.as_str().starts_with("content-");
            assert!(!is_same || head.headers().get(name) == Some(value), "{path}: {name}");
        }
        assert!(head.headers().contains_key(CONTENT_LENGTH), "{path}");
        assert!(head.bytes().await.unwrap().is_empty(), "{path}");
        assert!(!read.bytes().await.unwrap().is_empty(), "{path}");
    }
}
