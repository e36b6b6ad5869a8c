//! A service that does what it can to take memory, time or the token: every answer is read within
//! bounds, or is an error with the reason.

use taskadefs::{
    api::{Priority, Resource},
    error::Kind,
    ids::{ProjectId, SpaceId},
};

use super::raw::{Raw, answer};

const READ: Priority = Priority::Foreground;

/// Pages of `size` items each, all different.
fn pages(count: usize, size: usize, more: &str) -> Vec<Vec<u8>> {
    let page = |page: usize| {
        let items: Vec<String> =
            (0..size).map(|item| format!(r#"{{"id":"{page}-{item}"}}"#)).collect();
        answer("200 OK", format!(r#"{{"ok":true,{more}"items":[{}]}}"#, items.join(",")))
    };
    (0..count).map(page).collect()
}

#[tokio::test]
async fn pages_without_end_are_an_error_with_the_reason() {
    let project = ProjectId::new("p");
    let raw = Raw::answering_in_turn(pages(1001, 1, r#""hasMore":true,"#)).await;
    let error = raw.client.tasks(READ, &project).await.unwrap_err();
    assert!(error.to_string().contains("over 1000 pages of tasks"), "{error}");
    assert_eq!((error.kind(), raw.requests().len()), (Kind::Refused, 1001));
    for (resource, what) in [(Resource::Members, "members"), (Resource::Blocks, "blocks")] {
        let raw = Raw::answering_in_turn(pages(1001, 100, "")).await;
        let error = raw.client.resource(READ, &project, resource).await.unwrap_err();
        let reason = error.to_string();
        assert!(reason.contains(what) && reason.contains("more than can be read"), "{error}");
    }
}

#[tokio::test]
async fn what_is_compressed_is_not_asked_for_and_not_unpacked() {
    // gzip of `{"ok":true,"items":[]}`: a bomb is as small as this.
    let packed = [
        0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xab, 0x56, 0xca, 0xcf, 0x56, 0xb2, 0x2a, 0x29, 0x2a,
        0x4d, 0xd5, 0x51, 0xca, 0x2c, 0x49, 0xcd, 0x2d, 0x56, 0xb2, 0x8a, 0x8e, 0xad, 5, 0,
    ];
    let raw = Raw::answering("200 OK\r\ncontent-encoding: gzip", packed).await;
    let error = raw.client.workspaces(READ).await.unwrap_err();
    assert!(error.to_string().contains("cannot be read"), "{error}");
    assert!(!raw.requests()[0].to_lowercase().contains("accept-encoding"));
}

#[tokio::test]
async fn headers_without_end_are_no_answer() {
    let many = (0..5000).map(|n| format!("\r\nx-{n}: y")).collect::<String>();
    let long = format!("\r\nx-long: {}", "y".repeat(4 << 20));
    for headers in [many, long] {
        let raw = Raw::answering(&format!("200 OK{headers}"), r#"{"items":[]}"#).await;
        let error = raw.client.workspaces(READ).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unreachable, "{error}");
    }
}

#[tokio::test]
async fn ids_that_climb_stay_one_part_of_the_path() {
    for (id, path) in [
        ("../../etc", "..%2F..%2Fetc"),
        ("a\0b", "a%00b"),
        ("a?b=c#d", "a%3Fb%3Dc%23d"),
        ("a\r\nx-evil: 1", "a%0D%0Ax-evil%3A%201"),
    ] {
        let raw = Raw::answering("200 OK", r#"{"ok":true,"items":[]}"#).await;
        raw.client.projects(READ, &SpaceId::new(id)).await.unwrap();
        let expected = format!("GET /api/v1/folders/{path}/projects HTTP/1.1\r\n");
        assert!(raw.requests()[0].starts_with(&expected), "{}", raw.requests()[0]);
    }
    // These two the URL itself would resolve.
    for id in [".", "..", ""] {
        let raw = Raw::answering("200 OK", r#"{"ok":true,"items":[]}"#).await;
        let _ = raw.client.projects(READ, &SpaceId::new(id)).await.unwrap_err();
        assert_eq!(raw.requests(), [""; 0], "{id}");
    }
}
