//! Where the token goes, and where it never goes.

use taskadefs::{
    api::{HttpBackend, Priority},
    error::Kind,
    secret::Token,
    server::Fault,
};

use super::{
    Service, TestClock,
    raw::{Raw, TOKEN},
};

const READ: Priority = Priority::Foreground;

#[tokio::test]
async fn a_token_goes_nowhere_over_plain_http_but_to_this_machine() {
    let token = Token::new(TOKEN);
    let bad = [
        "http://taskade.com/api/v1",
        "http://192.0.2.1/api/v1",
        "http://127.0.0.1.example/api/v1",
        "http://localhost.example/api/v1",
        "http://127.0.0.1@192.0.2.1/api/v1",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "127.0.0.1",
    ];
    for url in bad {
        let error = HttpBackend::new(url, token.as_ref(), TestClock::free()).err().unwrap();
        assert_eq!(error.kind(), Kind::Invalid, "{url}");
        assert!(!error.to_string().contains(TOKEN));
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let service = Service::of("a").await;
    let other = Service::of("b").await;
    let raw = Raw::answering("200 OK", r#"{"ok":true,"items":[]}"#).await;
    for to in [other.running.url(), raw.url().to_owned()] {
        let to = format!("{to}/workspaces");
        service.running.faults().plan(None, "", 0, 2, Fault::Redirect(to));
        let read = service.client.workspaces(READ).await.unwrap_err();
        let written = service.create("t").await.unwrap_err();
        assert_eq!((read.kind(), written.kind()), (Kind::Protocol, Kind::Ambiguous));
    }
    assert_eq!(service.statuses(), [302; 4]);
    assert_eq!((other.statuses(), raw.requests()), (vec![], vec![]));
    for status in ["301 Moved Permanently", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let head = format!("{status}\r\nlocation: {}/workspaces", other.running.url());
        let redirecting = Raw::answering(&head, "").await;
        assert_eq!(redirecting.client.workspaces(READ).await.unwrap_err().kind(), Kind::Protocol);
        assert_eq!((redirecting.requests().len(), other.statuses().len()), (1, 0));
    }
}

#[tokio::test]
async fn the_token_is_in_one_header_and_nowhere_else() {
    let raw = Raw::answering("200 OK", r#"{"ok":true,"items":[]}"#).await;
    raw.client.workspaces(READ).await.unwrap();
    let request = raw.requests().remove(0);
    assert_eq!(request.matches(TOKEN).count(), 1);
    assert!(request.contains(&format!("authorization: Bearer {TOKEN}\r\n")), "{request}");
    assert!(request.starts_with("GET /api/v1/workspaces HTTP/1.1\r\n"), "{request}");
}

#[tokio::test]
async fn no_error_tells_the_token() {
    let heads = ["401 Unauthorized", "500 Oops", "302 Found", "200 OK"];
    for head in heads {
        // Not even where the service gives it back.
        let raw = Raw::answering(head, "not json").await;
        let error = raw.client.workspaces(READ).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains(TOKEN), "{head}");
    }
}

#[tokio::test]
async fn a_token_that_the_service_quotes_is_not_told_on() {
    let body = format!(r#"{{"ok":false,"code":"{TOKEN}","message":"no such token: {TOKEN}"}}"#);
    for head in ["401 Unauthorized", "400 Bad Request", "200 OK"] {
        let raw = Raw::answering(head, &body).await;
        let error = raw.client.workspaces(READ).await.unwrap_err();
        assert!(error.to_string().contains("no such token: …"), "{error}");
        assert!(!format!("{error} {error:?}").contains(TOKEN), "{head}");
    }
}
