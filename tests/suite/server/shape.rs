//! Every answer has the shape that the official document gives it: no key is missing, none is
//! more, and each has its type.

use reqwest::Method;
use serde_json::{Value, json};
use taskadefs::server::Quirks;

use super::{Service, task};

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
}
