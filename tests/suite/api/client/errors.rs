//! What each failure is told as, and that reads are repeated where that may help.

use std::sync::Arc;

use taskadefs::{
    api::{Client, HttpBackend, Priority},
    error::Kind,
    ids::{ProjectId, SpaceId, TaskId},
    secret::Token,
    server::Fault,
};

use super::{Service, TestClock, raw::Raw};

const READ: Priority = Priority::Foreground;

#[tokio::test]
async fn a_refusal_is_told_by_its_status_and_asked_for_once() {
    let kinds = [
        (400, Kind::Refused),
        (401, Kind::Unauthorized),
        (402, Kind::PaymentRequired),
        (403, Kind::Forbidden),
        (404, Kind::NotFound),
        (413, Kind::Refused),
    ];
    for (status, kind) in kinds {
        let service = Service::of("a").await;
        service.running.faults().plan(None, "", 0, 100, Fault::Status(status, None));
        let read = service.client.tasks(READ, &service.project).await.unwrap_err();
        let written = service.create("t").await.unwrap_err();
        assert_eq!((read.kind(), written.kind()), (kind, kind), "{status}");
        assert!(written.kind().is_certain());
        assert_eq!(service.statuses(), [status, status]);
        assert_eq!(service.tree(), "a\n");
    }
}

/// A captive portal, a proxy or a firewall answers in the service's place.
#[tokio::test]
async fn what_has_no_envelope_is_no_verdict() {
    let statuses = [
        "200 OK",
        "301 Moved Permanently",
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
        "400 Bad Request",
        "401 Unauthorized",
        "402 Payment Required",
        "403 Forbidden",
        "404 Not Found",
        "405 Method Not Allowed",
        "407 Proxy Authentication Required",
        "451 Unavailable For Legal Reasons",
        "511 Network Authentication Required",
    ];
    let envelope = r#"{"ok":false,"message":"m","code":"BAD_REQUEST","statusMessage":"s"}"#;
    let (project, task) = (ProjectId::new("p"), TaskId::new("t"));
    for status in statuses {
        for body in ["<html><body>Sign in</body></html>", "", "{}", r#"{"error":"blocked"}"#] {
            // What a redirect is to is never asked.
            let raw = Raw::answering(&format!("{status}\r\nlocation: /login"), body).await;
            let read = raw.client.tasks(READ, &project).await.unwrap_err();
            let exported = raw.client.export(READ, &SpaceId::new("s")).await.unwrap_err();
            assert_eq!((read.kind(), exported.kind()), (Kind::Protocol, Kind::Protocol));
            assert!(read.to_string().contains("sign in to the network"), "{status}: {read}");
            let asked = raw.requests().len();
            let is_page = status.starts_with('2') || status.starts_with('5');
            // There is another way to what an export tells.
            let expected = if is_page { 4 + 1 } else { 2 };
            assert_eq!(asked, expected, "{status}: it is not gone in a second");
            // Nobody knows whether it passed the request on, so nobody sends it again blindly.
            for error in [
                raw.client.set_completed(&project, &task, true).await.unwrap_err(),
                raw.client.delete_task(&project, &task).await.unwrap_err(),
                raw.client.complete_project(&project).await.unwrap_err(),
            ] {
                assert_eq!(error.kind(), Kind::Ambiguous, "{status} {body:?}: {error}");
                assert!(error.to_string().contains("sign in to the network"), "{error}");
            }
            assert_eq!(raw.requests().len(), asked + 3, "{status} {body:?}");
            assert!(raw.requests().iter().all(|request| !request.contains("/login")));
        }
        // With an envelope it is the service's word, but where a redirect cannot be.
        let raw = Raw::answering(status, envelope).await;
        let error = raw.client.delete_task(&project, &task).await.unwrap_err();
        let is_verdict = !status.starts_with('3') && !status.starts_with('5');
        assert_eq!(error.kind() != Kind::Ambiguous, is_verdict, "{status}: {error:?}");
    }
    for body in ["<html>", "", r#"{"message":"too large"}"#] {
        let raw = Raw::answering("413 Payload Too Large", body).await;
        assert_eq!(raw.client.workspaces(READ).await.unwrap_err().kind(), Kind::Refused, "{body}");
    }
}

#[tokio::test]
async fn a_success_that_is_not_ok_is_a_refusal() {
    let service = Service::of("a").await;
    service.running.faults().plan(None, "", 0, 100, Fault::NotOk);
    let read = service.client.tasks(READ, &service.project).await.unwrap_err();
    let written = service.create("t").await.unwrap_err();
    assert_eq!((read.kind(), written.kind()), (Kind::Refused, Kind::Refused));
    assert_eq!(service.statuses(), [200, 200]);
    let body = r#"{"ok":false,"code":"NOT_FOUND","message":"m","statusMessage":"s"}"#;
    let raw = Raw::answering("200 OK", body).await;
    assert_eq!(raw.client.workspaces(READ).await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn a_wrong_token_is_told_as_such() {
    let service = Service::of("a").await;
    let url = service.running.url();
    let wrong = Token::new("tskdp_wrong");
    let client = HttpBackend::new(&url, wrong.as_ref(), TestClock::free()).unwrap();
    let client = Client::new(Arc::new(client));
    let error = client.workspaces(READ).await.unwrap_err();
    assert_eq!((error.kind(), error.errno()), (Kind::Unauthorized, libc::EACCES));
    assert!(error.to_string().contains("TASKADE_TOKEN"), "{error}");
    assert!(!format!("{error:?}").contains("tskdp"), "{error:?}");
    // Without one nothing is sent.
    service.running.log().clear();
    let client = HttpBackend::new(&url, None, TestClock::free()).unwrap();
    let client = Client::new(Arc::new(client));
    assert_eq!(client.workspaces(READ).await.unwrap_err().kind(), Kind::Unauthorized);
    assert!(service.statuses().is_empty());
}

#[tokio::test]
async fn a_read_is_repeated_when_the_service_fails() {
    let faults = [
        (Fault::Status(500, None), 500),
        (Fault::Html(502), 502),
        (Fault::Html(503), 503),
        (Fault::DropBefore, 0),
        (Fault::DropAfter, 200),
        (Fault::Status(429, Some(0.2)), 429),
    ];
    for (fault, status) in faults {
        let service = Service::of("a").await;
        service.running.faults().plan(Some("GET"), "/tasks", 0, 2, fault.clone());
        let listed = service.client.tasks(READ, &service.project).await;
        assert_eq!(listed.unwrap().len(), 2, "{fault:?}");
        assert_eq!(service.statuses(), [status, status, 200]);
        assert!(service.clock.slept() > std::time::Duration::ZERO);
    }
}

#[tokio::test]
async fn a_read_that_always_fails_is_repeated_only_so_often() {
    for fault in [Fault::Html(500), Fault::DropBefore, Fault::Malformed] {
        let service = Service::of("a").await;
        service.running.faults().plan(None, "", 0, 100, fault.clone());
        let error = service.client.workspaces(READ).await.unwrap_err();
        assert!(error.kind().is_transient(), "{error:?}");
        assert_eq!((service.statuses().len(), service.clock.sleeps().len()), (4, 3), "{fault:?}");
        // Each pause is about twice the one before, and drawn at random.
        for (pause, most) in service.clock.sleeps().iter().zip([200, 400, 800]) {
            assert!((most / 2..=most).contains(&pause.as_millis()), "{pause:?}");
        }
    }
}

#[tokio::test]
async fn an_id_is_one_segment_of_a_path() {
    let raw = Raw::answering("200 OK", r#"{"ok":true,"items":[]}"#).await;
    raw.client.tasks(READ, &ProjectId::new("a/../b?c")).await.unwrap();
    let line = raw.requests()[0].lines().next().unwrap().to_owned();
    assert_eq!(line, "GET /api/v1/projects/a%2F..%2Fb%3Fc/tasks?limit=1000 HTTP/1.1");
    // The parser of URLs leaves these out, and then there would be two dots.
    raw.client.tasks(READ, &ProjectId::new(".\n.")).await.unwrap();
    assert!(raw.requests()[1].starts_with("GET /api/v1/projects/.%0A./tasks?limit=1000 "));
    for id in ["", ".", ".."] {
        let listed = raw.client.tasks(READ, &ProjectId::new(id)).await.unwrap_err();
        let deleted = raw.client.delete_task(&ProjectId::new("p"), &TaskId::new(id)).await;
        let deleted = deleted.unwrap_err();
        assert_eq!((listed.kind(), deleted.kind()), (Kind::Invalid, Kind::Invalid));
        assert!(deleted.kind().is_certain());
    }
    assert_eq!(raw.requests().len(), 2);
}

#[tokio::test]
async fn a_failure_that_is_longer_than_an_envelope_is_no_verdict() {
    let heads = ["400 Bad Request", "400 Bad Request\r\ncontent-length: 70000000"];
    for head in heads {
        let raw = Raw::answering(head, vec![b' '; 100_000]).await;
        let error = raw.client.workspaces(READ).await.unwrap_err();
        assert_eq!((error.kind(), raw.requests().len()), (Kind::Protocol, 1));
    }
}

#[tokio::test]
async fn a_failure_of_the_service_is_one_under_any_status() {
    let body = r#"{"ok":false,"code":"INTERNAL_SERVER_ERROR","message":"m"}"#;
    let raw = Raw::answering("200 OK", body).await;
    let written = raw.client.delete_task(&ProjectId::new("p"), &TaskId::new("t")).await;
    assert_eq!((written.unwrap_err().kind(), raw.requests().len()), (Kind::Ambiguous, 1));
    assert_eq!(raw.client.workspaces(READ).await.unwrap_err().kind(), Kind::Protocol);
    assert_eq!(raw.requests().len(), 5);
    // It may have been done, whatever the code says: it is not sent again.
    let raw = Raw::answering("500 Oops", r#"{"ok":false,"code":"TOO_MANY_REQUESTS"}"#).await;
    let written = raw.client.delete_task(&ProjectId::new("p"), &TaskId::new("t")).await;
    assert_eq!((written.unwrap_err().kind(), raw.requests().len()), (Kind::Ambiguous, 1));
}
