//! Details of tasks: asked for and written as the official document has it, and read past whatever
//! is odd.

use serde_json::{Value, json};
use taskadefs::{
    api::{Client, End, Moment, Priority, Resource, Schedule, SetDetail, TaskResource},
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

/// A task, as a client knows it.
#[derive(Clone, Copy)]
struct Task<'a>(&'a Client, &'a ProjectId, &'a TaskId);

impl Task<'_> {
    async fn set(self, detail: SetDetail<'_>) -> Result<()> {
        self.0.set_detail(self.1, self.2, detail).await
    }

    async fn date(self) -> Result<Option<Schedule>> {
        Ok(self.0.detail(READ, self.1, self.2, TaskResource::Date).await?.date)
    }

    async fn note(self) -> Result<Option<String>> {
        Ok(self.0.detail(READ, self.1, self.2, TaskResource::Note).await?.note)
    }

    async fn assignees(self) -> Result<Vec<String>> {
        Ok(self.0.detail(READ, self.1, self.2, TaskResource::Assignees).await?.assignees)
    }

    async fn field_values(self) -> Result<Vec<(String, Value)>> {
        Ok(self.0.detail(READ, self.1, self.2, TaskResource::Fields).await?.fields)
    }
}

/// Sends one of each kind of write about this task; what they came to.
async fn every_write(task: Task<'_>) -> Vec<(&'static str, Result<()>)> {
    let value = json!(250);
    vec![
        ("set date", task.set(SetDetail::Date(Some(&due("2026-12-01")))).await),
        ("clear date", task.set(SetDetail::Date(None)).await),
        ("set note", task.set(SetDetail::Note(Some(&plain("n")))).await),
        ("clear note", task.set(SetDetail::Note(None)).await),
        ("assign", task.set(SetDetail::Assign(&names(&["alice", "bob"]))).await),
        ("unassign", task.set(SetDetail::Unassign("bob")).await),
        ("set field", task.set(SetDetail::Field("@inc01", Some(&value))).await),
        ("clear field", task.set(SetDetail::Field("@inc01", None)).await),
        ("share", task.0.share(task.1).await.map(drop)),
    ]
}

/// Asks for everything about this task and its project; what that came to.
async fn every_read(task: Task<'_>) -> Vec<(String, Result<String>)> {
    fn shown<T: std::fmt::Debug>(result: Result<T>) -> Result<String> {
        result.map(|value| format!("{value:?}"))
    }
    let Task(client, project, id) = task;
    let mut read = vec![
        ("date".to_owned(), shown(task.date().await)),
        ("note".to_owned(), shown(task.note().await)),
        ("assignees".to_owned(), shown(task.assignees().await)),
        ("values".to_owned(), shown(task.field_values().await)),
    ];
    for of in [Resource::Members, Resource::Fields, Resource::Blocks, Resource::ShareLink] {
        read.push((format!("{of:?}"), shown(client.resource(READ, project, of).await)));
    }
    for of in TASK_RESOURCES {
        let result = client.task_resource(READ, project, id, of).await;
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
    let (project, id) = (&service.project, &service.ids()[0]);
    let a = Task(&service.client, project, id);
    assert_eq!(a.date().await.unwrap(), None);
    assert_eq!(a.note().await.unwrap(), None);
    let start = Moment {
        time: Some("09:00".to_owned()),
        timezone: Some("Europe/London".to_owned()),
        ..moment("2026-12-01")
    };
    let whole = Schedule { start, end: Some(End::Moment(moment("2026-12-03"))) };
    for date in [whole, due("2026-12-02")] {
        a.set(SetDetail::Date(Some(&date))).await.unwrap();
        assert_eq!(a.date().await.unwrap(), Some(date));
    }
    a.set(SetDetail::Note(Some(&plain("From *three* vendors")))).await.unwrap();
    let note = a.note().await.unwrap();
    assert_eq!(note.as_deref(), Some("From *three* vendors"));
    a.set(SetDetail::Assign(&names(&["bob", "alice"]))).await.unwrap();
    assert_eq!(a.assignees().await.unwrap(), ["bob", "alice"]);
    a.set(SetDetail::Unassign("bob")).await.unwrap();
    assert_eq!(a.assignees().await.unwrap(), ["alice"]);
    for value in [json!(250), json!("two hundred")] {
        a.set(SetDetail::Field("@inc01", Some(&value))).await.unwrap();
        let wanted = [("@inc01".to_owned(), value)];
        assert_eq!(a.field_values().await.unwrap(), wanted);
    }
    a.set(SetDetail::Date(None)).await.unwrap();
    a.set(SetDetail::Note(None)).await.unwrap();
    a.set(SetDetail::Unassign("alice")).await.unwrap();
    a.set(SetDetail::Field("@inc01", None)).await.unwrap();
    assert_eq!(service.running.store().details(project, id).unwrap(), json!({}));
    // Each was one request.
    assert_eq!(service.statuses().len(), 20);
}

#[tokio::test]
async fn every_write_is_spelled_as_the_document_has_it() {
    let service = detailed().await;
    let (project, id) = (&service.project, &service.ids()[0]);
    let a = Task(&service.client, project, id);
    let date = Schedule {
        start: Moment { time: Some("09:00".to_owned()), ..moment("2026-12-01") },
        end: Some(End::Moment(moment("2026-12-02"))),
    };
    for (what, result) in every_write(a).await {
        assert!(result.is_ok(), "{what}: {result:?}");
    }
    a.set(SetDetail::Date(Some(&date))).await.unwrap();
    let task = format!("/projects/{project}/tasks/{id}");
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
    let a = &service.ids()[0];
    let result = Task(&service.client, &service.project, a).set(SetDetail::Date(Some(&date))).await;
    assert_eq!(result.unwrap_err().kind(), Kind::Invalid);
    assert!(service.statuses().is_empty());
}

#[tokio::test]
async fn what_cannot_be_done_is_a_refusal() {
    let service = detailed().await;
    let (client, project, id) = (&service.client, &service.project, &service.ids()[0]);
    let a = Task(client, project, id);
    let kind = |result: Result<()>| result.unwrap_err().kind();
    assert_eq!(kind(a.set(SetDetail::Date(None)).await), Kind::Refused);
    assert_eq!(kind(a.set(SetDetail::Unassign("alice")).await), Kind::Refused);
    assert_eq!(kind(a.set(SetDetail::Assign(&names(&["nobody"]))).await), Kind::Refused);
    assert_eq!(kind(a.set(SetDetail::Note(Some(&plain("")))).await), Kind::Refused);
    assert_eq!(kind(a.set(SetDetail::Date(Some(&due("2026-02-30")))).await), Kind::Refused);
    let value = json!(1);
    assert_eq!(kind(a.set(SetDetail::Field("@inc09", Some(&value))).await), Kind::NotFound);
    let id = TaskId::new("gone");
    let gone = Task(client, project, &id);
    assert_eq!(kind(gone.set(SetDetail::Note(Some(&plain("n")))).await), Kind::NotFound);
    assert_eq!(gone.date().await.unwrap(), None);
    let error = gone.assignees().await.unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound);
    let error = gone.field_values().await.unwrap_err();
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
    let it = Task(&raw.client, &project, &task);
    for (id, segment) in hostile {
        it.set(SetDetail::Unassign(id)).await.unwrap();
        it.set(SetDetail::Field(id, None)).await.unwrap();
        it.set(SetDetail::Field(id, Some(&json!(1)))).await.unwrap();
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
        assert_eq!(kind(it.set(SetDetail::Unassign(id)).await), Kind::Invalid);
        assert_eq!(kind(it.set(SetDetail::Field(id, None)).await), Kind::Invalid);
        let set = it.set(SetDetail::Field(id, Some(&json!(1)))).await;
        assert_eq!(kind(set), Kind::Invalid);
        let id = TaskId::new(id);
        for (what, result) in every_write(Task(&raw.client, &project, &id)).await {
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
    let (client, project, id) = (&odd.client, &odd.project, &odd.ids()[0]);
    let a = Task(client, project, id);
    for (what, result) in every_write(a).await {
        assert!(result.is_ok(), "{what}: {result:?}");
    }
    let ends = Schedule { end: Some(End::Moment(moment("2026-12-03"))), ..due("2026-12-01") };
    a.set(SetDetail::Date(Some(&ends))).await.unwrap();
    let date = a.date().await.unwrap().unwrap();
    let period = End::Period { period: "P1D".to_owned() };
    assert_eq!((date.start, date.end), (moment("2026-12-01"), Some(period)));
    odd.running.store().note_elsewhere(project, id, Some("two\r\nlines")).unwrap();
    let note = a.note().await.unwrap();
    assert_eq!(note.as_deref(), Some("two\r\nlines"));
    a.set(SetDetail::Assign(&names(&["bob"]))).await.unwrap();
    assert_eq!(a.assignees().await.unwrap(), ["alice", "bob"]);
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
        for (what, result) in every_read(Task(&raw.client, &project, &task)).await {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), Kind::Protocol, "{what}: {body}: {error}");
        }
    }
    let items = [json!(7), json!("x"), json!([]), json!({}), json!({ "start": [], "value": {} })];
    for item in items {
        let body = json!({ "ok": true, "item": item, "items": [item] }).to_string();
        let raw = Raw::answering("200 OK", &body).await;
        let it = Task(&raw.client, &project, &task);
        let of: [Result<()>; 3] =
            [it.date().await.map(drop), it.note().await.map(drop), it.assignees().await.map(drop)];
        for result in of {
            assert_eq!(result.unwrap_err().kind(), Kind::Protocol, "{body}");
        }
        // What names no field says nothing.
        assert_eq!(it.field_values().await.unwrap(), []);
    }
    let raw = Raw::answering("204 No Content", "").await;
    for (what, result) in every_read(Task(&raw.client, &project, &task)).await {
        assert_eq!(result.unwrap_err().kind(), Kind::Protocol, "{what}");
    }
}

#[tokio::test]
async fn null_is_an_absence() {
    let raw = Raw::answering("200 OK", r#"{"ok":true,"item":null,"items":[null]}"#).await;
    let (project, task) = (ProjectId::new("p"), TaskId::new("t"));
    for (what, result) in every_read(Task(&raw.client, &project, &task)).await {
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
        let writes = every_write(Task(&service.client, &service.project, &service.ids()[0])).await;
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
    let a = &service.ids()[0];
    let a = Task(&service.client, &service.project, a);
    let whole = every_read(a).await;
    for fault in [Fault::Html(502), Fault::DropAfter, Fault::Truncated, Fault::Malformed] {
        for path in ["/date", "/note", "/assignees", "/fields", "/members", "/blocks"] {
            service.running.faults().plan(Some("GET"), path, 0, 1, fault.clone());
        }
        let read = every_read(a).await;
        for ((what, first), (_, again)) in whole.iter().zip(read) {
            let (first, again) = (first.as_ref().unwrap(), again.unwrap());
            assert_eq!(*first, again, "{what}, {fault:?}");
        }
    }
    // A failure is not taken for "not set".
    service.running.faults().plan(Some("GET"), "/date", 0, 100, Fault::Html(500));
    let failed: Error = a.date().await.unwrap_err();
    assert_eq!(failed.kind(), Kind::Protocol);
}
