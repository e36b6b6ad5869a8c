//! Each quirk is what its name says.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use taskadefs::server::{Assigning, GoneCursor, Quirks, Renaming};

use super::{Service, assert_refused, details::Detailed, task, task_by, texts};

#[tokio::test]
async fn without_a_title_node_the_top_level_has_no_parent() {
    let service = Service::with(Quirks { title_node: false, ..Quirks::default() }).await;
    let project = service.project("a\n  b");
    let ids = service.ids(&project);
    let (_, body) = service.get(&format!("/projects/{project}/tasks")).await;
    let a = json!({ "id": ids[0], "text": "a", "completed": false });
    let b = json!({ "id": ids[1], "text": "b", "parentId": ids[0], "completed": false });
    assert_eq!(body["items"], json!([a, b]));
    let (_, body) = service.get(&format!("/projects/{project}/tasks/{}", ids[0])).await;
    assert_eq!(body["item"], a);
}

#[tokio::test]
async fn pages_may_say_whether_there_are_more() {
    let service = Service::with(Quirks { has_more: true, ..Quirks::default() }).await;
    let project = service.project("a\nb\nc");
    let ids = service.ids(&project);
    let path = format!("/projects/{project}/tasks?limit=2");
    let (_, first) = service.get(&path).await;
    assert_eq!((&first["hasMore"], &first["nextCursor"]), (&json!(true), &json!(ids[0])));
    let (_, last) = service.get(&format!("{path}&after={}", ids[0])).await;
    assert_eq!(texts(&last), ["b", "c"]);
    assert_eq!(last["hasMore"], json!(false));
    let (_, back) = service.get(&format!("{path}&before={}", ids[2])).await;
    assert_eq!(texts(&back), ["a", "b"]);
    assert_eq!((&back["hasMore"], &back["nextCursor"]), (&json!(true), &json!(ids[0])));
    let (_, back) = service.get(&format!("{path}&before={}", ids[1])).await;
    assert_eq!((texts(&back).len(), &back["hasMore"]), (2, &json!(false)));
}

#[tokio::test]
async fn pages_may_be_capped_silently() {
    let service = Service::with(Quirks { page_cap: Some(3), ..Quirks::default() }).await;
    let project = service.project(&"t\n".repeat(10));
    let path = format!("/projects/{project}/tasks");
    for (query, wanted) in [("", 3), ("?limit=1000", 3), ("?limit=2", 2)] {
        let (_, body) = service.get(&format!("{path}{query}")).await;
        assert_eq!((texts(&body).len(), &body["hasMore"]), (wanted, &Value::Null));
    }
}

#[tokio::test]
async fn listings_of_spaces_and_projects_may_hold_null() {
    let service = Service::with(Quirks { null_items: true, ..Quirks::default() }).await;
    let project = service.project("a");
    let workspace = &service.workspace;
    let paths = [
        "/workspaces".to_owned(),
        format!("/workspaces/{workspace}/folders"),
        format!("/folders/{workspace}/projects"),
    ];
    for path in paths {
        let (_, body) = service.get(&path).await;
        assert!(body["items"].as_array().unwrap().contains(&Value::Null), "{path}");
    }
    // The document allows no null tasks.
    let (_, body) = service.get(&format!("/projects/{project}/tasks")).await;
    assert_eq!(texts(&body), ["Plan", "a"]);
}

#[tokio::test]
async fn answers_may_have_less_or_more_than_the_document_says() {
    let less = Quirks {
        update_answers_id_only: true,
        create_answers_name: false,
        says_completed: false,
        ..Quirks::default()
    };
    let service = Service::with(less).await;
    let project = service.project("a");
    let a = &service.ids(&project)[0];
    let body = json!({ "contentType": "text/plain", "content": "A" });
    let (_, answer) = service.put(&format!("/projects/{project}/tasks/{a}"), body).await;
    assert_eq!(answer["item"], json!({ "id": a }));
    let body =
        json!({ "folderId": service.workspace, "contentType": "text/markdown", "content": "# T" });
    let (_, answer) = service.post("/projects", body).await;
    assert_eq!(answer["item"].as_object().unwrap().len(), 1);
    let (_, answer) = service.get(&format!("/projects/{project}")).await;
    assert_eq!(answer["item"], json!({ "id": project, "name": "Plan" }));

    let more = Service::with(Quirks { extra_fields: true, ..Quirks::default() }).await;
    let project = more.project("a");
    let (_, answer) = more.get(&format!("/projects/{project}")).await;
    assert!(answer["item"]["icon"].is_object());
    let (_, answer) = more.get(&format!("/projects/{project}/tasks")).await;
    assert_eq!(answer["items"][1]["type"], "text");
}

#[tokio::test]
async fn the_item_of_a_write_may_be_null_where_the_document_allows_it() {
    let quirks = Quirks { null_items_of_writes: true, ..Quirks::default() };
    let service = Service::with(quirks).await;
    let project = service.project("a\nb");
    let ids = service.ids(&project);
    let (projects, a) =
        (format!("/projects/{project}"), format!("/projects/{project}/tasks/{}", ids[0]));
    let create = json!({ "contentType": "text/markdown", "content": "# T" });
    let mut create_in = create.clone();
    create_in["folderId"] = json!(service.workspace);
    let answers = [
        service.put(&a, json!({ "contentType": "text/plain", "content": "A" })).await,
        service.post(&format!("{a}/complete"), json!({})).await,
        service.post(&format!("{a}/uncomplete"), json!({})).await,
        service
            .put(
                &format!("{a}/move"),
                json!({ "target": { "taskId": ids[1], "position": "afterend" } }),
            )
            .await,
        service.post("/projects", create_in).await,
        service.post(&format!("{projects}/copy"), json!({ "folderId": service.workspace })).await,
        service.post(&format!("{projects}/complete"), json!({})).await,
        service.post(&format!("{projects}/restore"), json!({})).await,
    ];
    for answer in answers {
        assert_eq!(answer, (200, json!({ "ok": true, "item": null })));
    }
    // All of it was done.
    assert_eq!(service.tree(&project), "b\nA\n");
    let store = service.running.store();
    assert_eq!(store.find_projects("T").unwrap().len(), 1);
    assert_eq!(store.find_projects("Plan").unwrap().len(), 2);
    // The document does not allow it here.
    let in_workspace = format!("/workspaces/{}/projects", service.workspace);
    assert!(service.post(&in_workspace, create).await.1["item"].is_object());
    let (_, created) = service.create(&project, json!([task("t", "beforeend")])).await;
    assert_eq!(created.len(), 1);
}

#[tokio::test]
async fn assigning_may_add() {
    for (assigning, wanted) in
        [(Assigning::Replaces, json!(["bob"])), (Assigning::Adds, json!(["alice", "bob"]))]
    {
        let quirks = Quirks { assigning, ..Quirks::default() };
        let Detailed { service, project, task } = Detailed::with(quirks, "a").await;
        for handles in [json!(["alice"]), json!(["bob"]), json!(["bob"])] {
            let path = format!("{task}/assignees");
            assert_eq!(service.put(&path, json!({ "handles": handles })).await.0, 200);
        }
        let store = service.running.store();
        let known = store.details(&project, &store.task_ids(&project).unwrap()[0]).unwrap();
        assert_eq!(known["assignees"], wanted);
    }
}

#[tokio::test]
async fn the_end_of_a_date_may_be_a_period() {
    let quirks = Quirks { ends_are_periods: true, ..Quirks::default() };
    let Detailed { service, task, .. } = Detailed::with(quirks, "a").await;
    let path = format!("{task}/date");
    let start = json!({ "date": "2026-12-01" });
    service.put(&path, json!({ "start": start })).await;
    assert_eq!(service.get(&path).await.1["item"], json!({ "start": start }));
    service.put(&path, json!({ "start": start, "end": { "date": "2026-12-02" } })).await;
    let wanted = json!({ "start": start, "end": { "period": "P1D" } });
    assert_eq!(service.get(&path).await.1["item"], wanted);
}

#[tokio::test]
async fn details_may_have_more_than_the_document_says_or_lose_their_markup() {
    let quirks = Quirks { extra_fields: true, reads_markdown: true, ..Quirks::default() };
    let Detailed { service, task, project } = Detailed::with(quirks, "a").await;
    let note = json!({ "type": "text/markdown", "value": "*n*" });
    let (_, written) = service.put(&format!("{task}/note"), note).await;
    assert_eq!(written["item"]["value"], "n");
    service.put(&format!("{task}/date"), json!({ "start": { "date": "2026-12-01" } })).await;
    service.put(&format!("{task}/assignees"), json!({ "handles": ["alice"] })).await;
    service.put(&format!("{task}/fields/@inc01"), json!({ "value": 1 })).await;
    let project = format!("/projects/{project}");
    for path in [
        format!("{task}/note"),
        format!("{task}/date"),
        format!("{task}/assignees"),
        format!("{task}/fields"),
        format!("{project}/members"),
        format!("{project}/fields"),
        format!("{project}/blocks"),
    ] {
        let (_, body) = service.get(&path).await;
        let item = body.get("item").unwrap_or_else(|| &body["items"][0]);
        assert!(item["updatedAt"].is_object(), "{path}: {body}");
    }
}

#[tokio::test]
async fn tasks_may_have_no_text() {
    let quirks = Quirks { omits_empty_texts: true, ..Quirks::default() };
    let service = Service::with(quirks).await;
    let project = service.project("\na");
    let (_, body) = service.get(&format!("/projects/{project}/tasks")).await;
    let texts: Vec<_> =
        body["items"].as_array().unwrap().iter().map(|task| &task["text"]).collect();
    assert_eq!(texts, [&json!("Plan"), &Value::Null, &json!("a")]);
    assert!(body["items"][1].get("text").is_none());
}

#[tokio::test]
async fn a_page_whose_cursor_is_gone_is_what_the_quirk_says() {
    let pages: [(GoneCursor, &[&str]); 2] =
        [(GoneCursor::Empty, &[]), (GoneCursor::FromStart, &["Plan", "b"])];
    for (gone_cursor, wanted) in pages {
        let service = Service::with(Quirks { gone_cursor, ..Quirks::default() }).await;
        let project = service.project("a\nb\nc");
        let a = service.running.store().task_ids(&project).unwrap().remove(0);
        service.running.store().delete_elsewhere(&project, &a).unwrap();
        for cursor in ["after", "before"] {
            let path = format!("/projects/{project}/tasks?limit=2&{cursor}={a}");
            let (status, body) = service.get(&path).await;
            assert_eq!(
                (status, texts(&body)),
                (200, wanted.iter().map(|text| (*text).to_owned()).collect())
            );
        }
    }
}

#[tokio::test]
async fn changing_the_title_node_does_what_the_quirk_says() {
    let renames = [
        (Renaming::Works, 200, "New", "New"),
        (Renaming::Refused, 400, "Plan", "Plan"),
        (Renaming::Ignored, 200, "Plan", "Plan"),
    ];
    for (renaming, wanted, name, title) in renames {
        let service = Service::with(Quirks { renaming, ..Quirks::default() }).await;
        let project = service.project("a");
        let path = format!("/projects/{project}/tasks");
        let (_, body) = service.get(&path).await;
        let node = format!("{path}/{}", body["items"][0]["id"].as_str().unwrap());
        let body = json!({ "contentType": "text/plain", "content": "New" });
        assert_eq!(service.put(&node, body).await.0, wanted, "{renaming:?}");
        let (_, body) = service.get(&format!("/projects/{project}")).await;
        assert_eq!(body["item"]["name"], name, "{renaming:?}");
        let (_, body) = service.get(&path).await;
        assert_eq!(texts(&body), [title, "a"], "{renaming:?}");
    }
}

#[tokio::test]
async fn markdown_may_be_read_and_plain_text_never_is() {
    let service = Service::with(Quirks { reads_markdown: true, ..Quirks::default() }).await;
    let project = service.project("");
    let mut markdown = task("**a** `b`", "beforeend");
    let plain = markdown.clone();
    markdown["contentType"] = "text/markdown".into();
    let (_, ids) = service.create(&project, json!([markdown, plain])).await;
    assert_eq!(service.tree(&project), "a b\n**a** `b`\n");
    let body = json!({ "contentType": "text/markdown", "content": "_c_" });
    service.put(&format!("/projects/{project}/tasks/{}", ids[1]), body).await;
    assert_eq!(service.tree(&project), "a b\nc\n");
}

#[tokio::test]
async fn a_batch_that_fails_leaves_nothing_or_its_beginning() {
    for (atomic_batches, tree) in [(true, ""), (false, "1\n2\n")] {
        let service = Service::with(Quirks { atomic_batches, ..Quirks::default() }).await;
        let project = service.project("");
        let batch = json!([
            task("1", "beforeend"),
            task("2", "beforeend"),
            task_by("gone", "3", "beforeend"),
            task("4", "beforeend"),
        ]);
        assert_eq!(service.create(&project, batch).await.0, 404);
        assert_eq!(service.tree(&project), tree);
    }
}

#[tokio::test]
async fn completing_may_cascade_and_uncompleting_does_not() {
    let service = Service::with(Quirks { complete_cascades: true, ..Quirks::default() }).await;
    let project = service.project("a\n  b\n    x c\nd");
    let a = format!("/projects/{project}/tasks/{}", service.ids(&project)[0]);
    assert_eq!(service.post(&format!("{a}/complete"), json!({})).await.0, 200);
    assert_eq!(service.tree(&project), "x a\n  x b\n    x c\nd\n");
    assert_eq!(service.post(&format!("{a}/uncomplete"), json!({})).await.0, 200);
    assert_eq!(service.tree(&project), "a\n  x b\n    x c\nd\n");
}

#[tokio::test]
async fn the_limit_is_told_in_decimal_seconds_and_kept() {
    let service = Service::with(Quirks { rate_limit: Some(3), ..Quirks::default() }).await;
    for (status, remaining) in [(200, "2"), (200, "1"), (200, "0"), (429, "0"), (429, "0")] {
        let response = service.request(Method::GET, "/workspaces").send().await.unwrap();
        assert_eq!(response.status(), status);
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("x-rate-limit-limit"), "3");
        assert_eq!(header("x-rate-limit-remaining"), remaining);
        let reset = header("x-rate-limit-reset");
        assert!(reset.contains('.'), "{reset}");
        assert!((50.0..=60.0).contains(&reset.parse::<f64>().unwrap()), "{reset}");
    }
    // A write that is refused for the limit is not executed.
    let project = service.project("a");
    let body = json!({ "tasks": [task("t", "beforeend")] });
    let refused = service.post(&format!("/projects/{project}/tasks/"), body).await;
    assert_refused(&refused, 429, "TOO_MANY_REQUESTS");
    assert_eq!(service.tree(&project), "a\n");
}

#[tokio::test]
async fn the_limit_may_be_kept_and_not_told() {
    let quirks = Quirks { rate_limit: Some(1), tells_limit: false, ..Quirks::default() };
    let service = Service::with(quirks).await;
    for status in [200, 429] {
        let response = service.request(Method::GET, "/workspaces").send().await.unwrap();
        assert_eq!(response.status(), status);
        let told = |name: &reqwest::header::HeaderName| name.as_str().starts_with("x-rate-limit");
        assert!(!response.headers().keys().any(told));
    }
}

#[tokio::test]
async fn latency_is_added_to_every_answer() {
    let latency = Duration::from_millis(30);
    let service = Service::with(Quirks { latency, ..Quirks::default() }).await;
    let started = Instant::now();
    assert_eq!(service.get("/workspaces").await.0, 200);
    assert!(started.elapsed() >= latency);
}
