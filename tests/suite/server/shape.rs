//! Every answer has the shape that the official document gives it: no key is missing, none is
//! more, and each has its type.

use reqwest::Method;
use serde_json::{Value, json};
use taskadefs::server::Quirks;

use super::{Service, details::Detailed, task};

/// A key, whether it must be there, and what its value is.
type Key = (&'static str, bool, fn(&Value) -> bool);

/// `{id, name}` of workspaces and folders.
const SPACE: &[Key] = &[("id", true, Value::is_string), ("name", true, Value::is_string)];

/// `Project`. Live projects say more, which is a quirk.
const PROJECT: &[Key] = &[("id", true, Value::is_string), ("name", false, Value::is_string)];

/// `Task`.
const TASK: &[Key] = &[
    ("id", true, Value::is_string),
    ("text", false, Value::is_string),
    ("parentId", false, Value::is_string),
    ("completed", false, Value::is_boolean),
];

/// `User`.
const USER: &[Key] =
    &[("handle", true, Value::is_string), ("displayName", false, Value::is_string)];

/// `TaskNote`.
const NOTE: &[Key] = &[("type", true, Value::is_string), ("value", true, Value::is_string)];

/// The item of `taskGetDate`.
const DATE: &[Key] = &[("start", true, is_moment), ("end", false, is_end)];

/// `Field`.
const FIELD: &[Key] = &[("id", true, Value::is_string), ("data", true, is_field_data)];

/// `FieldValue`.
const VALUE: &[Key] = &[("fieldId", true, Value::is_string), ("value", false, |_| true)];

/// `Block`.
const BLOCK: &[Key] = &[
    ("id", true, Value::is_string),
    ("text", false, Value::is_string),
    ("completed", false, Value::is_boolean),
];

/// `ProjectShare`.
const SHARE: &[Key] = &[
    ("checkUrl", false, Value::is_string),
    ("editUrl", true, Value::is_string),
    ("viewUrl", true, Value::is_string),
];

fn has_keys(value: &Value, required: &[&str], known: &[&str]) -> bool {
    value.as_object().is_some_and(|object| {
        required.iter().all(|key| object.contains_key(*key))
            && object.keys().all(|key| known.contains(&key.as_str()))
    })
}

fn is_moment(value: &Value) -> bool {
    has_keys(value, &["date"], &["date", "time", "timezone"])
        && value.as_object().unwrap().values().all(Value::is_string)
}

fn is_end(value: &Value) -> bool {
    is_moment(value) || has_keys(value, &["period"], &["period"])
}

/// Of the sorts of fields those that a sample has.
fn is_field_data(value: &Value) -> bool {
    let option =
        |option: &Value| has_keys(option, &["id", "name", "rank"], &["id", "name", "rank"]);
    match value["type"].as_str() {
        Some("number") => {
            let keys = ["displayName", "type", "render", "format"];
            let is_plain = value["render"] == json!({ "type": "text" })
                && value["format"] == json!({ "type": "decimal" });
            has_keys(value, &keys, &keys) && is_plain
        }
        Some("Select") => {
            let keys = ["displayName", "type", "options"];
            has_keys(value, &keys, &keys)
                && value["options"].as_object().unwrap().values().all(option)
        }
        _ => false,
    }
}

/// What an answer holds beside `ok`.
#[derive(Debug, Clone, Copy)]
enum Holds {
    Nothing,
    Items(&'static [Key]),
    Item(&'static [Key]),
    ItemOrNull(&'static [Key]),
    ArrayItem(&'static [Key]),
}

fn assert_object(value: &Value, keys: &[Key], at: &str) {
    let object = value.as_object().unwrap();
    for (key, value) in object {
        let known = keys.iter().find(|(known, ..)| known == key);
        assert!(known.is_some_and(|(_, _, is)| is(value)), "{at}: {key}: {value}");
    }
    for (key, required, _) in keys {
        assert!(!required || object.contains_key(*key), "{at}: {key} is missing");
    }
}

fn assert_shape(body: &Value, holds: Holds, at: &str) {
    assert_eq!(body["ok"], json!(true), "{at}: {body}");
    let (key, objects, keys) = match holds {
        Holds::Nothing => ("ok", vec![], TASK),
        Holds::Items(keys) => ("items", body["items"].as_array().unwrap().iter().collect(), keys),
        Holds::ArrayItem(keys) => ("item", body["item"].as_array().unwrap().iter().collect(), keys),
        Holds::ItemOrNull(keys) if body["item"].is_null() => ("item", vec![], keys),
        Holds::Item(keys) | Holds::ItemOrNull(keys) => ("item", vec![&body["item"]], keys),
    };
    let expected = if key == "ok" { 1 } else { 2 };
    let object = body.as_object().unwrap();
    assert!(object.contains_key(key) && object.len() == expected, "{at}: {body}");
    for object in objects {
        assert_object(object, keys, at);
    }
}

#[tokio::test]
async fn answers_have_the_shape_of_the_document() {
    for null_items_of_writes in [false, true] {
        let quirks = Quirks { says_completed: false, null_items_of_writes, ..Quirks::default() };
        let service = Service::with(quirks).await;
        let space = service.workspace.to_string();
        let project = service.project("a\n  x b\nc");
        let ids = service.ids(&project);
        let p = format!("/projects/{project}");
        let a = format!("{p}/tasks/{}", ids[0]);
        let text = json!({ "contentType": "text/plain", "content": "A" });
        let target = json!({ "target": { "taskId": ids[2], "position": "afterend" } });
        let markdown = json!({ "contentType": "text/markdown", "content": "# T\n\n- a" });
        let mut placed = markdown.clone();
        placed["folderId"] = space.as_str().into();
        let batch = json!({ "tasks": [task("t", "beforeend"), task("u", "afterbegin")] });
        let (get, post, put) = (Method::GET, Method::POST, Method::PUT);
        let calls = [
            (&get, "/workspaces".to_owned(), None, Holds::Items(SPACE)),
            (&get, format!("/workspaces/{space}/folders"), None, Holds::Items(SPACE)),
            (&get, format!("/folders/{space}/projects"), None, Holds::Items(PROJECT)),
            (&post, "/projects".to_owned(), Some(placed), Holds::ItemOrNull(PROJECT)),
            (&post, format!("/workspaces/{space}/projects"), Some(markdown), Holds::Item(PROJECT)),
            (&get, p.clone(), None, Holds::Item(PROJECT)),
            (&post, format!("{p}/complete"), None, Holds::ItemOrNull(PROJECT)),
            (&post, format!("{p}/restore"), None, Holds::ItemOrNull(PROJECT)),
            (
                &post,
                format!("{p}/copy"),
                Some(json!({ "folderId": space })),
                Holds::ItemOrNull(PROJECT),
            ),
            (&get, format!("{p}/tasks"), None, Holds::Items(TASK)),
            (&post, format!("{p}/tasks/"), Some(batch), Holds::ArrayItem(TASK)),
            (&get, a.clone(), None, Holds::Item(TASK)),
            (&put, a.clone(), Some(text), Holds::ItemOrNull(TASK)),
            (&post, format!("{a}/complete"), None, Holds::ItemOrNull(TASK)),
            (&post, format!("{a}/uncomplete"), None, Holds::ItemOrNull(TASK)),
            (&put, format!("{a}/move"), Some(target), Holds::ItemOrNull(TASK)),
            (&Method::DELETE, a.clone(), None, Holds::Nothing),
        ];
        assert_shapes(&service, calls).await;
    }
}

async fn assert_shapes(
    service: &Service,
    calls: impl IntoIterator<Item = (&Method, String, Option<Value>, Holds)>,
) {
    for (method, path, body, holds) in calls {
        let request = service.request(method.clone(), &path);
        let request = match &body {
            Some(body) => request.json(body),
            None => request,
        };
        let (status, answer) = super::answer(request).await;
        let at = format!("{method} {path}");
        assert_eq!(status, 200, "{at}: {answer}");
        assert_shape(&answer, holds, &at);
    }
}

#[tokio::test]
async fn answers_about_details_have_the_shape_of_the_document() {
    for (null_items_of_writes, ends_are_periods) in [(false, false), (true, true)] {
        let quirks = Quirks { null_items_of_writes, ends_are_periods, ..Quirks::default() };
        let Detailed { service, project, task } = Detailed::with(quirks, "a").await;
        let p = format!("/projects/{project}");
        let (get, put, delete) = (&Method::GET, &Method::PUT, &Method::DELETE);
        let moment = json!({ "date": "2026-12-01", "time": "09:00", "timezone": "Europe/London" });
        let date = json!({ "start": moment, "end": moment });
        let note = json!({ "type": "text/plain", "value": "n" });
        let handles = json!({ "handles": ["alice", "bob"] });
        let value = json!({ "value": 250 });
        let (of_date, of_note) = (format!("{task}/date"), format!("{task}/note"));
        let (of_all, of_one) = (format!("{task}/assignees"), format!("{task}/assignees/bob"));
        let (of_fields, of_field) = (format!("{task}/fields"), format!("{task}/fields/@inc01"));
        let calls = [
            (put, of_date.clone(), Some(date), Holds::ItemOrNull(TASK)),
            (get, of_date.clone(), None, Holds::Item(DATE)),
            (delete, of_date, None, Holds::ItemOrNull(TASK)),
            (put, of_note.clone(), Some(note), Holds::ItemOrNull(NOTE)),
            (get, of_note.clone(), None, Holds::ItemOrNull(NOTE)),
            (delete, of_note, None, Holds::Nothing),
            (put, of_all.clone(), Some(handles), Holds::ItemOrNull(TASK)),
            (get, of_all, None, Holds::Items(USER)),
            (delete, of_one, None, Holds::ItemOrNull(TASK)),
            (get, of_field.clone(), None, Holds::Item(VALUE)),
            (put, of_field.clone(), Some(value), Holds::Nothing),
            (get, of_field.clone(), None, Holds::Item(VALUE)),
            (get, of_fields, None, Holds::Items(VALUE)),
            (delete, of_field, None, Holds::Nothing),
            (get, format!("{p}/members"), None, Holds::Items(USER)),
            (get, format!("{p}/fields"), None, Holds::Items(FIELD)),
            (get, format!("{p}/blocks"), None, Holds::Items(BLOCK)),
            (get, format!("{p}/shareLink"), None, Holds::ItemOrNull(SHARE)),
            (put, format!("{p}/shareLink"), None, Holds::Item(SHARE)),
            (get, format!("{p}/shareLink"), None, Holds::ItemOrNull(SHARE)),
        ];
        assert_shapes(&service, calls).await;
    }
}

/// The sample has what the document knows, and somebody is there to do what it holds.
#[tokio::test]
async fn the_sample_has_the_shape_of_the_document() {
    let service = Service::sample().await;
    let (project, _) = service.running.store().find_projects("Launch plan").unwrap().remove(0);
    let p = format!("/projects/{project}");
    let get = &Method::GET;
    let calls = ["members", "fields"].into_iter().zip([USER, FIELD]);
    let calls = calls.map(|(part, keys)| (get, format!("{p}/{part}"), None, Holds::Items(keys)));
    assert_shapes(&service, calls).await;
    assert_eq!(texts_of(&service.get(&format!("{p}/members")).await.1, "handle").len(), 3);
    assert_eq!(texts_of(&service.get(&format!("{p}/fields")).await.1, "id"), ["@inc01", "@inc02"]);
}

fn texts_of(body: &Value, key: &str) -> Vec<String> {
    let text = |item: &Value| item[key].as_str().unwrap().to_owned();
    body["items"].as_array().unwrap().iter().map(text).collect()
}
