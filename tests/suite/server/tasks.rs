//! Creating, changing, moving and deleting tasks.

use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};

use super::{Service, answer, assert_refused, task, task_by};

#[tokio::test]
async fn tasks_go_where_their_placement_says() {
    let service = Service::start().await;
    let project = service.project("a\n  b");
    let ids = service.ids(&project);
    let (status, created) = service
        .create(
            &project,
            json!([
                task("first", "afterbegin"),
                task("last", "beforeend"),
                task_by(&ids[0], "before a", "beforebegin"),
                task_by(&ids[0], "after a", "afterend"),
                task_by(&ids[0], "in a, first", "afterbegin"),
                task_by(&ids[0], "in a, last", "beforeend"),
            ]),
        )
        .await;
    assert_eq!(status, 200);
    let tree = "first\nbefore a\na\n  in a, first\n  b\n  in a, last\nafter a\nlast\n";
    assert_eq!(service.tree(&project), tree);
    // In request order.
    let listed = service.ids(&project);
    let positions: Vec<usize> =
        created.iter().map(|id| listed.iter().position(|known| known == id).unwrap()).collect();
    assert_eq!(positions, [0, 7, 1, 6, 3, 5]);
}

#[tokio::test]
async fn several_placed_after_one_task_come_out_reversed() {
    let service = Service::start().await;
    let project = service.project("a");
    let a = &service.ids(&project)[0];
    let after = |text: &str| task_by(a, text, "afterend");
    service.create(&project, json!([after("1"), after("2"), after("3")])).await;
    assert_eq!(service.tree(&project), "a\n3\n2\n1\n");
}

#[tokio::test]
async fn a_batch_has_20_tasks_at_most_and_may_be_empty() {
    let service = Service::start().await;
    let project = service.project("");
    let batch = |count: usize| Value::from(vec![task("t", "beforeend"); count]);
    // The document has `maxItems` and no `minItems`.
    assert_eq!(service.create(&project, batch(0)).await, (200, vec![]));
    assert_eq!(service.create(&project, batch(20)).await.1.len(), 20);
    assert_eq!(service.create(&project, batch(21)).await, (400, vec![]));
    assert_eq!(service.ids(&project).len(), 20);
}

#[tokio::test]
async fn a_text_has_2000_characters_at_most() {
    let service = Service::start().await;
    let project = service.project("");
    // Characters, not bytes.
    let (fits, exceeds) = ("é".repeat(2000), "x".repeat(2001));
    let (status, ids) = service.create(&project, json!([task(&fits, "beforeend")])).await;
    assert_eq!(status, 200);
    assert_eq!(service.create(&project, json!([task(&exceeds, "beforeend")])).await.0, 400);
    let path = format!("/projects/{project}/tasks/{}", ids[0]);
    let put = |text: &str| json!({ "contentType": "text/plain", "content": text });
    assert_refused(&service.put(&path, put(&exceeds)).await, 400, "BAD_REQUEST");
    assert_eq!(service.put(&path, put(&fits)).await.0, 200);
    assert_eq!(service.tree(&project), format!("{fits}\n"));
}

#[tokio::test]
async fn the_slash_after_tasks_may_be_left_out() {
    let service = Service::start().await;
    let project = service.project("");
    for path in [format!("/projects/{project}/tasks"), format!("/projects/{project}/tasks/")] {
        let (status, body) =
            service.post(&path, json!({ "tasks": [task("t", "beforeend")] })).await;
        let created = body["item"][0].as_object().unwrap();
        let keys: Vec<&str> = created.keys().map(String::as_str).collect();
        assert_eq!((status, keys), (200, vec!["completed", "id"]));
    }
    assert_eq!(service.tree(&project), "t\nt\n");
}

#[tokio::test]
async fn a_null_task_id_is_the_project_itself() {
    let service = Service::start().await;
    let project = service.project("a");
    let with_null = |placement| {
        let mut task = task("t", placement);
        task["taskId"] = Value::Null;
        json!([task])
    };
    assert_eq!(service.create(&project, with_null("afterbegin")).await.0, 200);
    assert_eq!(service.create(&project, with_null("afterend")).await.0, 400);
    assert_eq!(service.tree(&project), "t\na\n");
}

#[tokio::test]
async fn what_the_schema_of_a_create_does_not_allow_is_refused() {
    let service = Service::start().await;
    let project = service.project("a");
    let path = format!("/projects/{project}/tasks/");
    let with = |key: &str, value: Value| {
        let mut task = task("t", "beforeend");
        task[key] = value;
        json!({ "tasks": [task] })
    };
    let without = |key: &str| {
        let mut task = task("t", "beforeend");
        task.as_object_mut().unwrap().remove(key);
        json!({ "tasks": [task] })
    };
    let refused = [
        without("placement"),
        without("contentType"),
        without("content"),
        with("color", json!("red")),
        with("placement", json!("inside")),
        with("placement", json!("beforebegin")),
        with("placement", json!("afterend")),
        with("contentType", json!("text/html")),
        with("content", json!(1)),
        json!({ "tasks": [], "more": 1 }),
        json!({}),
        json!([]),
    ];
    for body in refused {
        let answer = service.post(&path, body.clone()).await;
        assert_eq!(answer.0, 400, "{body}");
        assert_refused(&answer, 400, "BAD_REQUEST");
    }
    assert_eq!(service.tree(&project), "a\n");
}

#[tokio::test]
async fn a_body_is_json_and_says_so() {
    let service = Service::start().await;
    let project = service.project("a");
    let path = format!("/projects/{project}/tasks/");
    let body = json!({ "tasks": [task("t", "beforeend")] }).to_string();
    let send = |media_type: Option<&str>| {
        let request = service.request(Method::POST, &path).body(body.clone());
        answer(match media_type {
            Some(media_type) => request.header(CONTENT_TYPE, media_type),
            None => request,
        })
    };
    for media_type in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
        assert_refused(&send(media_type).await, 415, "UNSUPPORTED_MEDIA_TYPE");
    }
    assert_eq!(service.tree(&project), "a\n");
    for media_type in ["application/json", "Application/JSON; charset=utf-8"] {
        assert_eq!(send(Some(media_type)).await.0, 200, "{media_type}");
    }
    let request = service.request(Method::POST, &path).header(CONTENT_TYPE, "application/json");
    assert_refused(&answer(request.body("{\"tasks\":")).await, 400, "BAD_REQUEST");
    assert_eq!(service.tree(&project), "a\nt\nt\n");
}

#[tokio::test]
async fn the_text_of_a_task_is_one_line() {
    let service = Service::start().await;
    let project = service.project("a\nb");
    let ids = service.ids(&project);
    let path = format!("/projects/{project}/tasks/{}", ids[0]);
    let body = |text: &str| json!({ "contentType": "text/markdown", "content": text });
    let (status, answer) = service.put(&path, body("**A**")).await;
    assert_eq!((status, &answer["item"]["text"]), (200, &json!("**A**")));
    for text in ["a\nb", "a\rb", "\n"] {
        assert_refused(&service.put(&path, body(text)).await, 400, "BAD_REQUEST");
    }
    let unknown = json!({ "contentType": "text/plain", "content": "x", "completed": true });
    assert_refused(&service.put(&path, unknown).await, 400, "BAD_REQUEST");
    let elsewhere = format!("/projects/{project}/tasks/gone");
    assert_refused(&service.put(&elsewhere, body("x")).await, 404, "NOT_FOUND");
    assert_eq!(service.put(&path, body("")).await.0, 200);
    assert_eq!(service.tree(&project), "\nb\n");
}

#[tokio::test]
async fn completing_what_is_complete_is_refused() {
    let service = Service::start().await;
    let project = service.project("a\n  b");
    let a = format!("/projects/{project}/tasks/{}", service.ids(&project)[0]);
    let (complete, uncomplete) = (format!("{a}/complete"), format!("{a}/uncomplete"));
    assert_refused(&service.post(&uncomplete, json!({})).await, 400, "BAD_REQUEST");
    let (status, body) = service.post(&complete, json!({})).await;
    assert_eq!((status, &body["item"]["completed"]), (200, &json!(true)));
    assert_refused(&service.post(&complete, json!({})).await, 400, "BAD_REQUEST");
    assert_eq!(service.tree(&project), "x a\n  b\n");
    assert_eq!(service.post(&uncomplete, json!({})).await.0, 200);
    assert_eq!(service.tree(&project), "a\n  b\n");
}

#[tokio::test]
async fn deleting_takes_the_subtree() {
    let service = Service::start().await;
    let project = service.project("a\n  b\n    c\nd");
    let a = format!("/projects/{project}/tasks/{}", service.ids(&project)[0]);
    assert_eq!(service.delete(&a).await, (200, json!({ "ok": true })));
    assert_eq!(service.tree(&project), "d\n");
    assert_refused(&service.delete(&a).await, 404, "NOT_FOUND");
}

#[tokio::test]
async fn moving_takes_the_subtree_but_never_into_itself() {
    let service = Service::start().await;
    let project = service.project("a\n  b\n    c\nd");
    let ids = service.ids(&project);
    let place = |target: &str, position: &str| json!({ "target": { "taskId": target, "position": position } });
    let path = |task: usize| format!("/projects/{project}/tasks/{}/move", ids[task]);
    for target in ids.iter().take(3) {
        let inside = service.put(&path(0), place(target, "beforeend")).await;
        assert_refused(&inside, 400, "BAD_REQUEST");
    }
    let steps = [
        (0, 3, "afterbegin", "d\n  a\n    b\n      c\n"),
        (1, 3, "beforebegin", "b\n  c\nd\n  a\n"),
        (1, 0, "afterend", "d\n  a\n  b\n    c\n"),
        (2, 3, "beforeend", "d\n  a\n  b\n  c\n"),
    ];
    for (task, target, position, tree) in steps {
        let (status, body) = service.put(&path(task), place(&ids[target], position)).await;
        assert_eq!((status, &body["item"]["id"]), (200, &json!(ids[task])));
        assert_eq!(service.tree(&project), tree);
    }
    let refused =
        [place("", "beforeend"), place(&ids[3], "inside"), json!({}), json!({ "target": {} })];
    for body in refused {
        assert_refused(&service.put(&path(0), body).await, 400, "BAD_REQUEST");
    }
    let gone = service.put(&path(0), place("gone", "beforeend")).await;
    assert_refused(&gone, 404, "NOT_FOUND");
}

#[tokio::test]
async fn the_title_stays_where_it_is() {
    let service = Service::start().await;
    let project = service.project("a");
    let (_, body) = service.get(&format!("/projects/{project}/tasks?limit=1")).await;
    let title = body["items"][0]["id"].as_str().unwrap().to_owned();
    let a = &service.ids(&project)[0];
    let path = format!("/projects/{project}/tasks/{title}");
    assert_refused(&service.delete(&path).await, 400, "BAD_REQUEST");
    let to = |target: &str, position: &str| json!({ "target": { "taskId": target, "position": position } });
    let moved = service.put(&format!("{path}/move"), to(a, "afterend")).await;
    assert_refused(&moved, 400, "BAD_REQUEST");
    let a_move = format!("/projects/{project}/tasks/{a}/move");
    assert_refused(&service.put(&a_move, to(&title, "afterend")).await, 400, "BAD_REQUEST");
    let beside = json!([task_by(&title, "t", "beforebegin")]);
    assert_eq!(service.create(&project, beside).await.0, 400);
    // Inside it is the top level.
    assert_eq!(service.create(&project, json!([task_by(&title, "t", "beforeend")])).await.0, 200);
    assert_eq!(service.tree(&project), "a\nt\n");
}
