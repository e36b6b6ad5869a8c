//! Details of tasks: asked for and written as the official document has it, and read past whatever is
//! odd.

use serde_json::json;
use taskadefs::{
    api::{Backend, End, HttpBackend, Moment, Priority, Resource, Schedule, TaskResource},
    error::{Error, Kind, Result},
    ids::{ProjectId, TaskId},
    server::{Assigning, Fault, Quirks},
};

use super::{Service, plain, raw::Raw};

pub(super) const READ: Priority = Priority::Foreground;

/// A service with members and a field.
async fn with(quirks: Quirks, tasks: &str) -> Service {
    let service = Service::with(quirks, tasks).await;
    let store = service.running.store();
    for handle in ["alice", "bob"] {
        store.add_member(&service.workspace, handle, handle).unwrap();
    }
    let data = json!({ "type": "number", "displayName": "Cost",
        "render": { "type": "text" }, "format": { "type": "decimal" } });
    store.add_field(&service.project, "@inc01", &data).unwrap();
    service
}

pub(super) async fn detailed() -> Service {
    with(Quirks::default(), "a\nb").await
}

fn moment(date: &str) -> Moment {
    Moment { date: date.to_owned(), ..Moment::default() }
}

pub(super) fn due(date: &str) -> Schedule {
    Schedule { start: moment(date), end: None }
}

fn names(handles: &[&str]) -> Vec<String> {
    handles.iter().map(|handle| (*handle).to_owned()).collect()
}

/// Sends one of each kind of write about this task; what they came to.
async fn every_write(
    client: &HttpBackend,
    project: &ProjectId,
    task: &TaskId,
) -> Vec<(&'static str, Result<()>)> {
    let value = json!(250);
    vec![
        ("set date", client.set_date(project, task, &due("2026-12-01")).await),
        ("clear date", client.clear_date(project, task).await),
        ("set note", client.set_note(project, task, &plain("n")).await),
        ("clear note", client.clear_note(project, task).await),
        ("assign", client.assign(project, task, &names(&["alice", "bob"])).await),
        ("unassign", client.unassign(project, task, "bob").await),
        ("set field", client.set_field(project, task, "@inc01", &value).await),
        ("clear field", client.clear_field(project, task, "@inc01").await),
        ("share", client.share(project).await.map(drop)),
    ]
}

/// Asks for everything about this task and its project; what that came to.
async fn every_read(
    client: &HttpBackend,
    project: &ProjectId,
    task: &TaskId,
) -> Vec<(String, Result<String>)> {
    fn shown<T: std::fmt::Debug>(result: Result<T>) -> Result<String> {
        result.map(|value| format!("{value:?}"))
    }
    let mut read = vec![
        ("date".to_owned(), shown(client.date(READ, project, task).await)),
        ("note".to_owned(), shown(client.note(READ, project, task).await)),
        ("assignees".to_owned(), shown(client.assignees(READ, project, task).await)),
        ("values".to_owned(), shown(client.field_values(READ, project, task).await)),
    ];
    for of in [Resource::Members, Resource::Fields, Resource::Blocks, Resource::ShareLink] {
        read.push((format!("{of:?}"), shown(client.resource(READ, project, of).await)));
    }
    for of in TASK_RESOURCES {
        let result = client.task_resource(READ, project, task, of).await;
        read.push((format!("{of:?} of a task"), shown(result)));
    }
    read
}

const TASK_RESOURCES: [TaskResource; 5] = [
    TaskResource::Task,
    TaskResource::Date,
    TaskResource::Note,
    TaskResource::Assignees,
    TaskResource::Fields,
];

#[tokio::test]
async fn what_is_written_is_read_again() {
    let service = detailed().await;
    let (client, project, a) = (&service.client, &service.project, &service.ids()[0]);
    assert_eq!(client.date(READ, project, a).await.unwrap(), None);
    assert_eq!(client.note(READ, project, a).await.unwrap(), None);
    let start = Moment {
        time: Some("09:00".to_owned()),
        timezone: Some("Europe/London".to_owned()),
        ..moment("2026-12-01")
    };
    let whole = Schedule { start, end: Some(End::Moment(moment("2026-12-03"))) };
    for date in [whole, due("2026-12-02")] {
        client.set_date(project, a, &date).await.unwrap();
        assert_eq!(client.date(READ, project, a).await.unwrap(), Some(date));
    }
    client.set_note(project, a, &plain("From *three* vendors")).await.unwrap();
    let note = client.note(READ, project, a).await.unwrap();
    assert_eq!(note.as_deref(), Some("From *three* vendors"));
    client.assign(project, a, &names(&["bob", "alice"])).await.unwrap();
    assert_eq!(client.assignees(READ, project, a).await.unwrap(), ["bob", "alice"]);
    client.unassign(project, a, "bob").await.unwrap();
    assert_eq!(client.assignees(READ, project, a).await.unwrap(), ["alice"]);
    for value in [json!(250), json!("two hundred")] {
        client.set_field(project, a, "@inc01", &value).await.unwrap();
        let wanted = [("@inc01".to_owned(), value)];
        assert_eq!(client.field_values(READ, project, a).await.unwrap(), wanted);
    }
    client.clear_date(project, a).await.unwrap();
    client.clear_note(project, a).await.unwrap();
    client.unassign(project, a, "alice").await.unwrap();
    client.clear_field(project, a, "@inc01").await.unwrap();
    assert_eq!(service.running.store().details(project, a).unwrap(), json!({}));
    // Each was one request.
    assert_eq!(service.statuses().len(), 20);
}

#[tokio::test]
async fn every_write_is_spelled_as_the_document_has_it() {
    let service = detailed().await;
    let (project, a) = (&service.project, &service.ids()[0]);
    let date = Schedule {
        start: Moment { time: Some("09:00".to_owned()), ..moment("2026-12-01") },
        end: Some(End::Moment(moment("2026-12-02"))),
    };
    for (what, result) in every_write(&service.client, project, a).await {
        assert!(result.is_ok(), "{what}: {result:?}");
    }
    service.client.set_date(project, a, &date).await.unwrap();
    let task = format!("/projects/{project}/tasks/{a}");
    let ends = json!({ "start": { "date": "2026-12-01", "time": "09:00" },
        "end": { "date": "2026-12-02" } });
    let wanted = [
        ("PUT", format!("{task}/date"), Some(json!({ "start": { "date": "2026-12-01" } }))),
        ("DELETE", format!("{task}/date"), None),
        ("PUT", format!("{task}/note"), Some(json!({ "type": "text/plain", "value": "n" }))),
        ("DELETE", format!("{task}/note"), None),
        ("PUT", format!("{task}/assignees"), Some(json!({ "handles": ["alice", "bob"] }))),
        ("DELETE", format!("{task}/assignees/bob"), None),
        ("PUT", format!("{task}/fields/%40inc01"), Some(json!({ "value": 250 }))),
        ("DELETE", format!("{task}/fields/%40inc01"), None),
        ("PUT", format!("/projects/{project}/shareLink"), None),
        ("PUT", format!("{task}/date"), Some(ends)),
    ];
    let written = service.running.log().writes();
    assert_eq!(written.len(), wanted.len());
    for (written, (method, path, body)) in written.into_iter().zip(wanted) {
        assert_eq!((written.method.as_str(), written.path, written.body), (method, path, body));
    }
}

#[tokio::test]
async fn an_end_after_some_time_is_not_sent() {
    let service = detailed().await;
    let period = End::Period { period: "P1D".to_owned() };
    let date = Schedule { start: moment("2026-12-01"), end: Some(period) };
    let error = service.client.set_date(&service.project, &service.ids()[0], &date).await;
    assert_eq!(error.unwrap_err().kind(), Kind::Invalid);
    assert!(service.statuses().is_empty());
}

#[tokio::test]
async fn what_cannot_be_done_is_a_refusal() {
    let service = detailed().await;
    let (client, project, a) = (&service.client, &service.project, &service.ids()[0]);
    let kind = |result: Result<()>| result.unwrap_err().kind();
    assert_eq!(kind(client.clear_date(project, a).await), Kind::Refused);
    assert_eq!(kind(client.unassign(project, a, "alice").await), Kind::Refused);
    assert_eq!(kind(client.assign(project, a, &names(&["nobody"])).await), Kind::Refused);
    assert_eq!(kind(client.set_note(project, a, &plain("")).await), Kind::Refused);
    assert_eq!(kind(client.set_date(project, a, &due("2026-02-30")).await), Kind::Refused);
    let value = json!(1);
    assert_eq!(kind(client.set_field(project, a, "@inc09", &value).await), Kind::NotFound);
    let gone = TaskId::new("gone");
    assert_eq!(kind(client.set_note(project, &gone, &plain("n")).await), Kind::NotFound);
    assert_eq!(client.date(READ, project, &gone).await.unwrap(), None);
    let error = client.assignees(READ, project, &gone).await.unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound);
    let error = client.field_values(READ, project, &gone).await.unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound);
}

#[tokio::test]
async fn handles_and_fields_are_one_segment_of_a_path() {
    let raw = Raw::answering("200 OK", r#"{"ok":true}"#).await;
    let (project, task) = (ProjectId::new("p/q"), TaskId::new("t?u"));
    let hostile = [
        ("@inc01", "%40inc01"),
        ("a/../b", "a%2F..%2Fb"),
        ("a?b#c", "a%3Fb%23c"),
        (".\n.", ".%0A."),
        ("%2e%2e", "%252e%252e"),
        ("é ", "%C3%A9%20"),
    ];
    for (id, segment) in hostile {
        raw.client.unassign(&project, &task, id).await.unwrap();
        raw.client.clear_field(&project, &task, id).await.unwrap();
        raw.client.set_field(&project, &task, id, &json!(1)).await.unwrap();
        let requests = raw.requests();
        let task = "/api/v1/projects/p%2Fq/tasks/t%3Fu";
        let wanted = [
            format!("DELETE {task}/assignees/{segment} HTTP/1.1\r\n"),
            format!("DELETE {task}/fields/{segment} HTTP/1.1\r\n"),
            format!("PUT {task}/fields/{segment} HTTP/1.1\r\n"),
        ];
        for (request, wanted) in requests[requests.len() - 3..].iter().zip(wanted) {
            assert!(request.starts_with(&wanted), "{request}");
        }
    }
    // Without an id these would be asked of all assignees, of the task, or of the project.
    let sent = raw.requests().len();
    for id in ["", ".", ".."] {
        let kind = |result: Result<()>| result.unwrap_err().kind();
        assert_eq!(kind(raw.client.unassign(&project, &task, id).await), Kind::Invalid);
        assert_eq!(kind(raw.client.clear_field(&project, &task, id).await), Kind::Invalid);
        let set = raw.client.set_field(&project, &task, id, &json!(1)).await;
        assert_eq!(kind(set), Kind::Invalid);
        let id = TaskId::new(id);
        for (what, result) in every_write(&raw.client, &project, &id).await {
            assert!(result.is_err(), "{what}");
        }
        let id = ProjectId::new(id.as_str());
        let resource = raw.client.resource(READ, &id, Resource::Fields).await;
        assert_eq!(resource.unwrap_err().kind(), Kind::Invalid);
    }
    // Sharing asks for no task.
    assert_eq!(raw.requests().len(), sent + 3);
}

#[tokio::test]
async fn what_is_odd_in_details_does_not_matter() {
    let quirks = Quirks {
        null_items: true,
        extra_fields: true,
        null_items_of_writes: true,
        update_answers_id_only: true,
        ends_are_periods: true,
        assigning: Assigning::Adds,
        tells_limit: false,
        ..Quirks::default()
    };
    let odd = with(quirks, "a").await;
    let (client, project, a) = (&odd.client, &odd.project, &odd.ids()[0]);
    for (what, result) in every_write(client, project, a).await {
        assert!(result.is_ok(), "{what}: {result:?}");
    }
    let ends = Schedule { end: Some(End::Moment(moment("2026-12-03"))), ..due("2026-12-01") };
    client.set_date(project, a, &ends).await.unwrap();
    let date = client.date(READ, project, a).await.unwrap().unwrap();
    let period = End::Period { period: "P1D".to_owned() };
    assert_eq!((date.start, date.end), (moment("2026-12-01"), Some(period)));
    odd.running.store().note_elsewhere(project, a, Some("two\r\nlines")).unwrap();
    let note = client.note(READ, project, a).await.unwrap();
    assert_eq!(note.as_deref(), Some("two\r\nlines"));
    client.assign(project, a, &names(&["bob"])).await.unwrap();
    assert_eq!(client.assignees(READ, project, a).await.unwrap(), ["alice", "bob"]);
    let members = client.resource(READ, project, Resource::Members).await.unwrap();
    assert_eq!(members.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn nonsense_is_an_error_and_never_an_absence() {
    let bodies = [
        "",
        "[]",
        "{}",
        "<html></html>",
        r#"{"ok":true}"#,
        r#"{"ok":true,"item":{"start""#,
        r#"{"ok":true,"items":null}"#,
        r#"{"ok":true,"items":{}}"#,
    ];
    let (project, task) = (ProjectId::new("p"), TaskId::new("t"));
    for body in bodies {
        let raw = Raw::answering("200 OK", body).await;
        for (what, result) in every_read(&raw.client, &project, &task).await {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), Kind::Protocol, "{what}: {body}: {error}");
        }
    }
    let items = [json!(7), json!("x"), json!([]), json!({}), json!({ "start": [], "value": {} })];
    for item in items {
        let body = json!({ "ok": true, "item": item, "items": [item] }).to_string();
        let raw = Raw::answering("200 OK", &body).await;
        let of: [Result<()>; 3] = [
            raw.client.date(READ, &project, &task).await.map(drop),
            raw.client.note(READ, &project, &task).await.map(drop),
            raw.client.assignees(READ, &project, &task).await.map(drop),
        ];
        for result in of {
            assert_eq!(result.unwrap_err().kind(), Kind::Protocol, "{body}");
        }
        // What names no field says nothing.
        assert_eq!(raw.client.field_values(READ, &project, &task).await.unwrap(), []);
    }
    let raw = Raw::answering("204 No Content", "").await;
    for (what, result) in every_read(&raw.client, &project, &task).await {
        assert_eq!(result.unwrap_err().kind(), Kind::Protocol, "{what}");
    }
}

#[tokio::test]
async fn null_is_an_absence() {
    let raw = Raw::answering("200 OK", r#"{"ok":true,"item":null,"items":[null]}"#).await;
    let (project, task) = (ProjectId::new("p"), TaskId::new("t"));
    for (what, result) in every_read(&raw.client, &project, &task).await {
        let read = result.unwrap();
        let is_none = ["None", "Null", "[]", "Array []", "Some(Array [])"].contains(&read.as_str());
        assert!(is_none, "{what}: {read}");
    }
    let error = raw.client.share(&project).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Ambiguous);
}

#[tokio::test]
async fn a_write_of_details_whose_answer_does_not_come_is_sent_once_and_in_doubt() {
    for fault in [Fault::Html(502), Fault::DropBefore, Fault::DropAfter, Fault::Malformed] {
        let service = detailed().await;
        service.running.faults().plan(None, "", 0, 100, fault.clone());
        let writes = every_write(&service.client, &service.project, &service.ids()[0]).await;
        let count = writes.len();
        for (what, result) in writes {
            assert_eq!(result.unwrap_err().kind(), Kind::Ambiguous, "{what}, {fault:?}");
        }
        assert_eq!(service.statuses().len(), count, "{fault:?}");
    }
}

#[tokio::test]
async fn a_read_of_details_is_repeated_when_the_service_fails() {
    let service = detailed().await;
    let (project, a) = (&service.project, &service.ids()[0]);
    let whole = every_read(&service.client, project, a).await;
    for fault in [Fault::Html(502), Fault::DropAfter, Fault::Truncated, Fault::Malformed] {
        for path in ["/date", "/note", "/assignees", "/fields", "/members", "/blocks"] {
            service.running.faults().plan(Some("GET"), path, 0, 1, fault.clone());
        }
        let read = every_read(&service.client, project, a).await;
        for ((what, first), (_, again)) in whole.iter().zip(read) {
            let (first, again) = (first.as_ref().unwrap(), again.unwrap());
            assert_eq!(*first, again, "{what}, {fault:?}");
        }
    }
    // A failure is not taken for "not set".
    service.running.faults().plan(Some("GET"), "/date", 0, 100, Fault::Html(500));
    let failed: Error = service.client.date(READ, project, a).await.unwrap_err();
    assert_eq!(failed.kind(), Kind::Protocol);
}
