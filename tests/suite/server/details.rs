//! Dates, notes, assignees and fields of tasks.

use reqwest::Method;
use serde_json::{Value, json};
use taskadefs::{ids::ProjectId, server::Quirks};

use super::{Answer, Service, answer, assert_refused};

/// A service with members and fields, and the path of the first task of its project.
pub(super) struct Detailed {
    pub(super) service: Service,
    pub(super) project: ProjectId,
    pub(super) task: String,
}

impl Detailed {
    pub(super) async fn of(tasks: &str) -> Self {
        Self::with(Quirks::default(), tasks).await
    }

    pub(super) async fn with(quirks: Quirks, tasks: &str) -> Self {
        let service = Service::with(quirks).await;
        let store = service.running.store();
        for (handle, name) in [("alice", "Alice A."), ("bob", "Bob B."), ("carol", "Carol C.")] {
            store.add_member(&service.workspace, handle, name).unwrap();
        }
        let project = service.project(tasks);
        for (id, data) in fields() {
            store.add_field(&project, id, &data).unwrap();
        }
        let task = format!("/projects/{project}/tasks/{}", service.ids(&project)[0]);
        Self { service, project, task }
    }

    async fn get(&self, part: &str) -> Answer {
        self.service.get(&format!("{}/{part}", self.task)).await
    }

    async fn put(&self, part: &str, body: Value) -> Answer {
        self.service.put(&format!("{}/{part}", self.task), body).await
    }

    async fn delete(&self, part: &str) -> Answer {
        self.service.delete(&format!("{}/{part}", self.task)).await
    }

    /// What the store knows of the task with this number.
    fn known(&self, number: usize) -> Value {
        let task = &self.service.running.store().task_ids(&self.project).unwrap()[number];
        self.service.running.store().details(&self.project, task).unwrap()
    }

    /// Refuses all of these bodies, and changes nothing by them.
    async fn refuses(&self, part: &str, bodies: Vec<Value>) {
        let before = self.known(0);
        for body in bodies {
            let answer = self.put(part, body.clone()).await;
            assert_eq!(answer.0, 400, "{part}: {body}");
            assert_refused(&answer, 400, "BAD_REQUEST");
        }
        assert_eq!(self.known(0), before);
    }
}

fn fields() -> [(&'static str, Value); 2] {
    let number = json!({
        "type": "number", "displayName": "Cost",
        "render": { "type": "text" }, "format": { "type": "decimal" },
    });
    let options = json!({ "o1": { "id": "o1", "name": "High", "rank": "a" } });
    let select = json!({ "type": "Select", "displayName": "Priority", "options": options });
    [("@inc01", number), ("@inc02", select)]
}

fn day(date: &str) -> Value {
    json!({ "start": { "date": date } })
}

fn task_item(id: &str, text: &str, parent: &Value) -> Value {
    json!({ "id": id, "text": text, "completed": false, "parentId": parent })
}

#[tokio::test]
async fn a_date_is_set_replaced_and_taken_back() {
    let detailed = Detailed::of("a\nb").await;
    assert_refused(&detailed.get("date").await, 404, "NOT_FOUND");
    assert_refused(&detailed.delete("date").await, 400, "BAD_REQUEST");
    let (status, body) = detailed.put("date", day("2026-12-01")).await;
    let parent = &detailed.service.get(&detailed.task).await.1["item"]["parentId"];
    let id = &detailed.service.ids(&detailed.project)[0];
    assert_eq!((status, &body["item"]), (200, &task_item(id, "a", parent)));
    assert_eq!(detailed.get("date").await.1["item"], day("2026-12-01"));
    let whole = json!({
        "start": { "date": "2026-12-01", "time": "09:00", "timezone": "Europe/London" },
        "end": { "date": "2026-12-03", "time": "17:30:15" },
    });
    assert_eq!(detailed.put("date", whole.clone()).await.0, 200);
    assert_eq!(detailed.get("date").await.1["item"], whole);
    // Null is as good as nothing here, and only here.
    let nulls = json!({ "start": { "date": "2026-12-02", "time": null, "timezone": null } });
    assert_eq!(detailed.put("date", nulls).await.0, 200);
    assert_eq!(detailed.get("date").await.1["item"], day("2026-12-02"));
    assert_eq!(detailed.known(1), json!({}));
    assert_eq!(detailed.delete("date").await.1["item"], task_item(id, "a", parent));
    assert_refused(&detailed.get("date").await, 404, "NOT_FOUND");
}

#[tokio::test]
async fn what_is_no_date_is_refused() {
    let detailed = Detailed::of("a").await;
    detailed.put("date", day("2026-12-01")).await;
    let start = |key: &str, value: Value| {
        let mut body = day("2026-12-01");
        body["start"][key] = value;
        body
    };
    let with_end = |start: Value, end: Value| json!({ "start": start, "end": end });
    let moment = |date: &str, time: &str| json!({ "date": date, "time": time });
    let mut refused = vec![
        json!({}),
        json!([]),
        json!({ "start": null }),
        json!({ "start": "2026-12-01" }),
        json!({ "start": {} }),
        json!({ "start": { "date": "2026-12-01" }, "end": null }),
        json!({ "start": { "date": "2026-12-01" }, "end": { "period": "P1D" } }),
        json!({ "start": { "date": "2026-12-01" }, "more": 1 }),
        start("more", json!(1)),
        start("timezone", json!(1)),
        start("time", json!(900)),
        // The end comes before the start.
        with_end(json!({ "date": "2026-12-02" }), json!({ "date": "2026-12-01" })),
        with_end(moment("2026-12-01", "09:00:01"), moment("2026-12-01", "09:00")),
    ];
    for date in ["", "2026-02-29", "2026-13-01", "2026-1-1", "01.12.2026", "2026-12-01T00:00:00Z"] {
        refused.push(day(date));
    }
    for time in ["", "9:00", "24:00", "09:60", "09:00:60", "09:00\n", "9am"] {
        refused.push(start("time", json!(time)));
    }
    detailed.refuses("date", refused).await;
    for (time, end) in [("09:00", "09:00:00"), ("09:00:00", "09:00")] {
        let body = with_end(moment("2026-12-01", time), moment("2026-12-01", end));
        assert_eq!(detailed.put("date", body).await.0, 200);
    }
}

#[tokio::test]
async fn a_note_is_set_replaced_and_removed() {
    let detailed = Detailed::of("a").await;
    assert_refused(&detailed.get("note").await, 404, "NOT_FOUND");
    for value in ["one", "*two* é", " "] {
        let note = json!({ "type": "text/markdown", "value": value });
        let written = detailed.put("note", note.clone()).await;
        assert_eq!(written, (200, json!({ "ok": true, "item": note })));
        assert_eq!(detailed.get("note").await, written);
    }
    for _ in 0..2 {
        assert_eq!(detailed.delete("note").await, (200, json!({ "ok": true })));
        assert_refused(&detailed.get("note").await, 404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn what_is_no_note_is_refused() {
    let detailed = Detailed::of("a").await;
    let note = |key: &str, value: Value| {
        let mut note = json!({ "type": "text/plain", "value": "n" });
        note[key] = value;
        note
    };
    detailed.put("note", note("value", json!("kept"))).await;
    let refused = vec![
        note("value", json!("")),
        note("value", json!("two\nlines")),
        note("value", json!("two\rlines")),
        note("value", json!(1)),
        note("value", Value::Null),
        note("type", json!("text/html")),
        note("more", json!(1)),
        json!({ "value": "n" }),
        json!({ "type": "text/plain" }),
    ];
    detailed.refuses("note", refused).await;
}

#[tokio::test]
async fn a_note_that_came_from_elsewhere_may_have_lines() {
    let detailed = Detailed::of("a").await;
    let task = &detailed.service.running.store().task_ids(&detailed.project).unwrap()[0];
    let store = detailed.service.running.store();
    store.note_elsewhere(&detailed.project, task, Some("two\nlines\0")).unwrap();
    assert_eq!(detailed.get("note").await.1["item"]["value"], "two\nlines\0");
}

#[tokio::test]
async fn a_task_is_assigned_and_taken_from_somebody() {
    let detailed = Detailed::of("a").await;
    let handles = |body: &Value| -> Vec<String> {
        let handle = |item: &Value| item["handle"].as_str().unwrap().to_owned();
        body["items"].as_array().unwrap().iter().map(handle).collect()
    };
    assert_eq!(detailed.get("assignees").await, (200, json!({ "ok": true, "items": [] })));
    let assign = |handles: Value| json!({ "handles": handles });
    let (status, body) = detailed.put("assignees", assign(json!(["bob", "alice", "bob"]))).await;
    assert_eq!((status, &body["item"]["text"]), (200, &json!("a")));
    let (_, body) = detailed.get("assignees").await;
    assert_eq!(body["items"][0], json!({ "handle": "bob", "displayName": "Bob B." }));
    assert_eq!(handles(&body), ["bob", "alice"]);
    assert_eq!(detailed.put("assignees", assign(json!(["carol", "alice"]))).await.0, 200);
    assert_eq!(handles(&detailed.get("assignees").await.1), ["carol", "alice"]);
    assert_eq!(detailed.delete("assignees/carol").await.1["item"]["text"], "a");
    for handle in ["carol", "nobody", "..%2Fdate", "%40bob"] {
        let path = format!("assignees/{handle}");
        assert_refused(&detailed.delete(&path).await, 400, "BAD_REQUEST");
    }
    assert_eq!(handles(&detailed.get("assignees").await.1), ["alice"]);
    assert_eq!(detailed.put("assignees", assign(json!([]))).await.0, 200);
    assert_eq!(detailed.known(0), json!({}));
}

#[tokio::test]
async fn what_is_no_assignment_is_refused() {
    let detailed = Detailed::of("a").await;
    detailed.put("assignees", json!({ "handles": ["bob"] })).await;
    let refused = vec![
        json!({ "handles": ["alice", "nobody"] }),
        json!({ "handles": ["Alice"] }),
        json!({ "handles": [""] }),
        json!({ "handles": [null] }),
        json!({ "handles": "alice" }),
        json!({ "handles": ["alice"], "more": 1 }),
        json!({}),
    ];
    detailed.refuses("assignees", refused).await;
}

#[tokio::test]
async fn a_value_is_set_replaced_and_taken_away() {
    let detailed = Detailed::of("a").await;
    assert_eq!(detailed.get("fields").await, (200, json!({ "ok": true, "items": [] })));
    let unset = json!({ "ok": true, "item": { "fieldId": "@inc01" } });
    assert_eq!(detailed.get("fields/@inc01").await, (200, unset.clone()));
    for value in [json!(250), json!(-0.5), json!("o1"), json!(250)] {
        let put = detailed.put("fields/@inc01", json!({ "value": value })).await;
        assert_eq!(put, (200, json!({ "ok": true })));
        let item = json!({ "fieldId": "@inc01", "value": value });
        assert_eq!(detailed.get("fields/%40inc01").await.1["item"], item);
    }
    detailed.put("fields/@inc02", json!({ "value": "o1" })).await;
    let both = json!([
        { "fieldId": "@inc01", "value": 250 }, { "fieldId": "@inc02", "value": "o1" },
    ]);
    assert_eq!(detailed.get("fields").await.1["items"], both);
    for _ in 0..2 {
        assert_eq!(detailed.delete("fields/@inc01").await, (200, json!({ "ok": true })));
        assert_eq!(detailed.get("fields/@inc01").await, (200, unset.clone()));
    }
    assert_eq!(detailed.known(0), json!({ "fields": { "@inc02": "o1" } }));
}

#[tokio::test]
async fn what_is_no_value_or_no_field_is_refused() {
    let detailed = Detailed::of("a").await;
    detailed.put("fields/@inc01", json!({ "value": 1 })).await;
    let value = |value: Value| json!({ "value": value });
    let refused = vec![
        value(json!("")),
        value(Value::Null),
        value(json!(true)),
        value(json!([1])),
        value(json!({})),
        json!({ "value": 1, "more": 1 }),
        json!({}),
    ];
    detailed.refuses("fields/@inc01", refused).await;
    for field in ["fields/inc01", "fields/@inc03", "fields/", "fields/@inc01/more"] {
        assert_refused(&detailed.get(field).await, 404, "NOT_FOUND");
        assert_refused(&detailed.put(field, value(json!(1))).await, 404, "NOT_FOUND");
        assert_refused(&detailed.delete(field).await, 404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn what_is_not_there_has_no_details() {
    let detailed = Detailed::of("a").await;
    let service = &detailed.service;
    let bodies = [
        ("date", day("2026-12-01")),
        ("note", json!({ "type": "text/plain", "value": "n" })),
        ("assignees", json!({ "handles": ["alice"] })),
        ("assignees", json!({ "handles": ["nobody"] })),
        ("fields/@inc01", json!({ "value": 1 })),
    ];
    let project = &detailed.project;
    let missing = [
        format!("/projects/{project}/tasks/nothing"),
        format!("/projects/{project}/tasks/..%2F..%2Fb"),
        format!("/projects/{project}/tasks/"),
        detailed.task.replace(&project.to_string(), "nothing"),
    ];
    for task in missing {
        for (part, body) in &bodies {
            let path = format!("{task}/{part}");
            assert_refused(&service.get(&path).await, 404, "NOT_FOUND");
            assert_refused(&service.put(&path, body.clone()).await, 404, "NOT_FOUND");
            let path = if *part == "assignees" { format!("{path}/alice") } else { path };
            assert_refused(&service.delete(&path).await, 404, "NOT_FOUND");
        }
    }
    assert_eq!(detailed.known(0), json!({}));
    for (method, path) in [(Method::POST, "date"), (Method::PATCH, "note")] {
        let request = service.request(method, &format!("{}/{path}", detailed.task));
        assert_refused(&answer(request).await, 404, "NOT_FOUND");
    }
}

/// Sets every detail of the task with this number.
pub(super) async fn detail(service: &Service, project: &ProjectId, number: usize) -> Value {
    let task = format!("/projects/{project}/tasks/{}", service.ids(project)[number]);
    for (part, body) in [
        ("date", day("2026-12-01")),
        ("note", json!({ "type": "text/plain", "value": "secret" })),
        ("assignees", json!({ "handles": ["alice", "bob"] })),
        ("fields/@inc01", json!({ "value": 250 })),
    ] {
        assert_eq!(service.put(&format!("{task}/{part}"), body).await.0, 200);
    }
    json!({ "date": day("2026-12-01"), "note": "secret", "assignees": ["alice", "bob"],
            "fields": { "@inc01": 250 } })
}

#[tokio::test]
async fn with_a_task_go_its_details_and_those_below_it() {
    let detailed = Detailed::of("a\n  b\n    c\nd\ne\n  f").await;
    let (service, project) = (&detailed.service, &detailed.project);
    for number in 0..6 {
        detail(service, project, number).await;
    }
    let whole = detailed.known(3);
    let store = service.running.store();
    let before = store.task_ids(project).unwrap();
    assert_eq!(service.delete(&detailed.task).await.0, 200);
    store.delete_elsewhere(project, &before[4]).unwrap();
    assert_eq!((detailed.known(0), service.ids(project).len()), (whole, 1));
    let Service { running, _dir: dir, .. } = detailed.service;
    running.shutdown().await;
    let store = rusqlite::Connection::open(dir.path().join("store.sqlite3")).unwrap();
    for (table, wanted) in [("dates", 1), ("notes", 1), ("assignees", 2), ("field_values", 1)] {
        let sql = format!("SELECT count(*) FROM {table}");
        let rows: i64 = store.query_row(&sql, [], |row| row.get(0)).unwrap();
        assert_eq!(rows, wanted, "{table}");
    }
}

#[tokio::test]
async fn details_stay_when_a_task_is_changed_moved_or_completed() {
    let detailed = Detailed::of("a\n  b\nc").await;
    let (service, project) = (&detailed.service, &detailed.project);
    let whole = detail(service, project, 0).await;
    let c = &service.ids(project)[2];
    let target = json!({ "target": { "taskId": c, "position": "beforeend" } });
    assert_eq!(service.put(&format!("{}/move", detailed.task), target).await.0, 200);
    let text = json!({ "contentType": "text/plain", "content": "A" });
    assert_eq!(service.put(&detailed.task, text).await.0, 200);
    assert_eq!(service.post(&format!("{}/complete", detailed.task), json!({})).await.0, 200);
    assert_eq!(service.tree(project), "c\n  x A\n    b\n");
    assert_eq!((detailed.known(0), detailed.known(1)), (json!({}), whole));
}

#[tokio::test]
async fn a_copy_has_the_details_too_and_an_export_has_fields_alone() {
    let detailed = Detailed::of("a\nb").await;
    let (service, project) = (&detailed.service, &detailed.project);
    let whole = detail(service, project, 0).await;
    service.put(&format!("/projects/{project}/shareLink"), json!({})).await;
    let body = json!({ "folderId": service.workspace, "projectTitle": "Copy" });
    let (_, copied) = service.post(&format!("/projects/{project}/copy"), body).await;
    let copy = ProjectId::new(copied["item"]["id"].as_str().unwrap());
    let tasks = service.running.store().task_ids(&copy).unwrap();
    assert_eq!(service.running.store().details(&copy, &tasks[0]).unwrap(), whole);
    let fields = |project: &ProjectId| format!("/projects/{project}/fields");
    assert_eq!(service.get(&fields(&copy)).await, service.get(&fields(project)).await);
    let (_, shared) = service.get(&format!("/projects/{copy}/shareLink")).await;
    assert_eq!(shared["item"], Value::Null);
    // Each is a copy of its own.
    assert_eq!(service.delete(&detailed.task).await.0, 200);
    assert_eq!(service.running.store().details(&copy, &tasks[0]).unwrap(), whole);
    let (_, export) = service.get(&format!("/bundles/{}/export", service.workspace)).await;
    let export = export.to_string();
    assert!(!["secret", "2026-12-01", "alice"].iter().any(|told| export.contains(told)));
    assert!(export.contains("@inc01"));
}
