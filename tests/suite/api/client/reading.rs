//! Listings: whole or an error, for as few requests as can be.

use std::time::Duration;

use taskadefs::{
    api::{Priority, RemoteTask},
    error::Kind,
    ids::{ProjectId, SpaceId},
    server::{Fault, GoneCursor, Quirks},
};

use super::{
    Service,
    raw::{Raw, answer},
};

const READ: Priority = Priority::Foreground;

/// Lists a project of so many tasks, the title included, with a client that knows nothing yet.
/// How many requests it took.
async fn requests_for(service: &Service, count: usize) -> usize {
    let tasks: String = (1..count).map(|number| format!("t{number}\n")).collect();
    let project = service.running.store().add_project(&service.workspace, "P", &tasks).unwrap();
    service.running.log().clear();
    let listed = service.new_client().tasks(READ, &project).await.unwrap();
    let texts: Vec<&str> = listed.iter().map(|task| task.text.as_str()).collect();
    let wanted: Vec<&str> = std::iter::once("P").chain(tasks.lines()).collect();
    assert_eq!(texts, wanted);
    service.running.log().requests().len()
}

#[tokio::test]
async fn a_listing_costs_one_request_for_a_thousand_tasks() {
    let service = Service::of("").await;
    for count in [1, 2, 30, 99, 101, 999, 1001, 2500] {
        assert_eq!(requests_for(&service, count).await, count.div_ceil(1000), "{count}");
    }
    // What could be a cap, or a page that is full, is asked about once.
    assert_eq!(requests_for(&service, 50).await, 2);
    assert_eq!(requests_for(&service, 1000).await, 2);
}

#[tokio::test]
async fn a_service_that_says_whether_there_are_more_is_believed() {
    let service = Service::with(Quirks { has_more: true, ..Quirks::default() }, "").await;
    for count in [1, 50, 100, 1000, 1001, 2000] {
        assert_eq!(requests_for(&service, count).await, count.div_ceil(1000), "{count}");
    }
    let quirks = Quirks { has_more: true, page_cap: Some(7), ..Quirks::default() };
    let capped = Service::with(quirks, "").await;
    assert_eq!(requests_for(&capped, 21).await, 3);
}

#[tokio::test]
async fn a_silent_cap_is_seen_through() {
    let service = Service::with(Quirks { page_cap: Some(100), ..Quirks::default() }, "").await;
    for (count, wanted) in [(30, 1), (99, 1), (100, 2), (101, 2), (250, 3), (1001, 11)] {
        assert_eq!(requests_for(&service, count).await, wanted, "{count}");
    }
}

#[tokio::test]
async fn a_cursor_is_followed_where_nothing_says_whether_there_are_more() {
    let page = |id: &str, cursor: &str| {
        let body = format!(r#"{{"ok":true,"items":[{{"id":"{id}"}}],"nextCursor":{cursor}}}"#);
        answer("200 OK", body)
    };
    for last in ["null", "\"\""] {
        let raw = Raw::answering_in_turn(vec![page("a", "\"c/1\""), page("b", last)]).await;
        let listed = raw.client.tasks(READ, &ProjectId::new("p")).await.unwrap();
        assert_eq!((listed.len(), raw.requests().len()), (2, 2), "{last}");
        let asked = "GET /api/v1/projects/p/tasks?limit=1000&after=c%2F1 ";
        assert!(raw.requests()[1].starts_with(asked), "{}", raw.requests()[1]);
    }
}

#[tokio::test]
async fn what_is_odd_in_an_answer_does_not_matter() {
    let plain = Service::of("a\n  x b").await;
    let listed = plain.client.tasks(READ, &plain.project).await.unwrap();
    let shape = |tasks: &[RemoteTask]| -> Vec<_> {
        tasks.iter().map(|task| (task.text.clone(), task.completed)).collect()
    };
    let quirks = Quirks {
        null_items: true,
        extra_fields: true,
        has_more: true,
        says_completed: false,
        tells_limit: false,
        ..Quirks::default()
    };
    let odd = Service::with(quirks, "a\n  x b").await;
    assert_eq!(shape(&odd.client.tasks(READ, &odd.project).await.unwrap()), shape(&listed));
    let spaces = odd.client.workspaces(READ).await.unwrap();
    assert_eq!(spaces.iter().map(|space| space.name.as_str()).collect::<Vec<_>>(), ["Acme"]);
    assert_eq!(odd.client.folders(READ, &odd.workspace).await.unwrap(), spaces);
    let projects = odd.client.projects(READ, &odd.workspace).await.unwrap();
    assert_eq!((projects.len(), projects[0].completed), (1, None));
    assert_eq!(odd.client.project(READ, &odd.project).await.unwrap(), projects[0]);
}

#[tokio::test]
async fn what_is_missing_in_an_item_has_a_default() {
    let body = r#"{"ok":true,"items":[{"id":"t"},{"id":"a","parentId":"t","text":null},null]}"#;
    let raw = Raw::answering("200 OK", body).await;
    let listed = raw.client.tasks(READ, &ProjectId::new("p")).await.unwrap();
    let shape: Vec<_> = listed.iter().map(|t| (t.id.as_str(), t.parent.is_some())).collect();
    assert_eq!(shape, [("t", false), ("a", true)]);
    assert!(listed.iter().all(|task| task.text.is_empty() && !task.completed));
    let named = raw.client.workspaces(READ).await.unwrap();
    assert_eq!(named[0].name, "");
}

#[tokio::test]
async fn what_is_no_listing_is_an_error_and_never_an_empty_one() {
    let bodies = [
        "",
        "{}",
        r#"{"ok":true}"#,
        r#"{"ok":true,"items":null}"#,
        r#"{"ok":true,"items":{}}"#,
        r#"{"ok":true,"items":[{"text":"no id"}]}"#,
        r#"{"ok":true,"items":[]"#,
        r#"[]"#,
        "<html></html>",
    ];
    for body in bodies {
        let raw = Raw::answering("200 OK", body).await;
        let error = raw.client.tasks(READ, &ProjectId::new("p")).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Protocol, "{body}");
        let error = raw.client.projects(READ, &SpaceId::new("f")).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Protocol, "{body}");
    }
}

#[tokio::test]
async fn a_listing_that_breaks_off_is_read_again_or_an_error() {
    for fault in [Fault::Truncated, Fault::Malformed, Fault::DropBefore, Fault::DropAfter] {
        let service = Service::of(&"t\n".repeat(1500)).await;
        // The second page, once and then always.
        service.running.faults().plan(Some("GET"), "/tasks", 1, 1, fault.clone());
        let listed = service.client.tasks(READ, &service.project).await.unwrap();
        assert_eq!((listed.len(), service.statuses().len()), (1501, 3), "{fault:?}");
        service.running.log().clear();
        service.running.faults().plan(Some("GET"), "/tasks", 1, 100, fault.clone());
        let error = service.client.tasks(READ, &service.project).await.unwrap_err();
        assert!(matches!(error.kind(), Kind::Protocol | Kind::Unreachable), "{error:?}");
        assert_eq!(service.statuses().len(), 5, "{fault:?}");
    }
}

/// Lists the project while somebody deletes these of its tasks, after the first page was sent. How
/// many tasks were listed.
async fn list_while_deleting(service: &Service, tasks: std::ops::Range<usize>) -> usize {
    service.running.faults().plan(Some("GET"), "/tasks", 1, 1, Fault::Hang);
    let listing = service.client.tasks(READ, &service.project);
    let meddle = async {
        super::until(|| service.statuses().len() == 1).await;
        for task in &service.ids()[tasks] {
            service.running.store().delete_elsewhere(&service.project, task).unwrap();
        }
        loop {
            service.running.faults().release();
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        listed = listing => listed.unwrap().len(),
        () = meddle => unreachable!("it goes on until the listing is there"),
    }
}

#[tokio::test]
async fn a_listing_whose_cursor_is_gone_begins_anew() {
    let service = Service::of(&"t\n".repeat(1500)).await;
    // The last of the first page, which has the title and 999 tasks.
    assert_eq!(list_while_deleting(&service, 998..999).await, 1500);
    // The second page does not begin as it has to.
    assert_eq!(service.statuses(), [200; 4]);
}

#[tokio::test]
async fn a_cursor_that_is_gone_is_never_taken_for_the_end() {
    for (gone_cursor, has_more) in [
        (GoneCursor::Refused, true),
        (GoneCursor::Empty, true),
        (GoneCursor::Empty, false),
        (GoneCursor::FromStart, true),
        (GoneCursor::FromStart, false),
    ] {
        let quirks = Quirks { gone_cursor, has_more, ..Quirks::default() };
        let service = Service::with(quirks, &"t\n".repeat(2500)).await;
        // Those around the end of the first page, which has the title and 999 tasks.
        let listed = list_while_deleting(&service, 996..1000).await;
        assert_eq!(listed, 2497, "{gone_cursor:?} {has_more}");
    }
}

#[tokio::test]
async fn a_cursor_that_is_never_there_is_an_error() {
    let full = format!(
        r#"{{"ok":true,"hasMore":true,"items":[{}]}}"#,
        (0..3).map(|id| format!(r#"{{"id":"{id}"}}"#)).collect::<Vec<_>>().join(",")
    );
    let gone = r#"{"ok":false,"code":"NOT_FOUND","message":"","statusMessage":""}"#;
    let pages = (0..3).flat_map(|_| [answer("200 OK", &full), answer("404 Not Found", gone)]);
    let pages = pages.collect();
    let raw = Raw::answering_in_turn(pages).await;
    let error = raw.client.tasks(READ, &ProjectId::new("p")).await.unwrap_err();
    assert_eq!((error.kind(), raw.requests().len()), (Kind::Protocol, 6));
}

#[tokio::test]
async fn a_slow_drip_is_waited_for() {
    let service = Service::of("a\n  x b").await;
    let drip = Fault::Drip(Duration::from_millis(1));
    service.running.faults().plan(Some("GET"), "/tasks", 0, 1, drip);
    assert_eq!(service.client.tasks(READ, &service.project).await.unwrap().len(), 3);
    assert_eq!(service.statuses(), [200]);
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_not_read() {
    let declared = Raw::answering("200 OK\r\ncontent-length: 70000000", "{").await;
    let error = declared.client.workspaces(READ).await.unwrap_err();
    assert_eq!(error.kind(), Kind::TooLarge);
    assert!(error.to_string().contains("over 64 MiB"), "{error}");
    let endless = Raw::answering("200 OK", vec![b' '; (64 << 20) + 1]).await;
    let error = endless.client.workspaces(READ).await.unwrap_err();
    assert!(error.to_string().contains("over 64 MiB"), "{error}");
    assert_eq!(endless.requests().len(), 1, "the next one is as long");
}
