//! Listing workspaces, folders, projects and tasks.

use serde_json::{Value, json};

use super::{Service, assert_refused, texts};

#[tokio::test]
async fn the_home_folder_of_a_workspace_has_its_id() {
    let service = Service::start().await;
    let folder = service.running.store().add_folder(&service.workspace, "Marketing").unwrap();
    let acme = json!({ "id": service.workspace, "name": "Acme" });
    let (status, body) = service.get("/workspaces").await;
    assert_eq!((status, body), (200, json!({ "ok": true, "items": [acme] })));
    let (_, body) = service.get(&format!("/workspaces/{}/folders", service.workspace)).await;
    assert_eq!(body["items"], json!([acme, { "id": folder, "name": "Marketing" }]));
    assert_eq!(folder.as_str().len(), 16);
    assert_refused(&service.get("/workspaces/nowhere/folders").await, 404, "NOT_FOUND");
}

#[tokio::test]
async fn projects_are_listed_by_folder_and_by_workspace_archived_ones_too() {
    let service = Service::start().await;
    let folder = service.running.store().add_folder(&service.workspace, "Marketing").unwrap();
    let home = service.project("");
    let inside = service.running.store().add_project(&folder, "Launch", "").unwrap();
    service.post(&format!("/projects/{inside}/complete"), json!({})).await;
    let (_, body) = service.get(&format!("/folders/{}/projects", service.workspace)).await;
    assert_eq!(body["items"], json!([{ "id": home, "name": "Plan", "completed": false }]));
    let (_, body) = service.get(&format!("/folders/{folder}/projects")).await;
    assert_eq!(body["items"], json!([{ "id": inside, "name": "Launch", "completed": true }]));
    assert_refused(&service.get("/folders/nowhere/projects").await, 404, "NOT_FOUND");
}

#[tokio::test]
async fn a_listing_begins_with_the_title_and_has_parents_before_children() {
    let service = Service::start().await;
    let project = service.project("a\n  x b\nc");
    let (status, body) = service.get(&format!("/projects/{project}/tasks")).await;
    let items = body["items"].as_array().unwrap();
    let ids = service.ids(&project);
    let title = items[0]["id"].as_str().unwrap();
    let wanted = json!([
        { "id": title, "text": "Plan", "completed": false },
        { "id": ids[0], "text": "a", "parentId": title, "completed": false },
        { "id": ids[1], "text": "b", "parentId": ids[0], "completed": true },
        { "id": ids[2], "text": "c", "parentId": title, "completed": false },
    ]);
    assert_eq!((status, &body["items"]), (200, &wanted));
    // What the document does not know is a quirk.
    assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
}

#[tokio::test]
async fn a_page_has_100_tasks_by_default_and_1000_at_most() {
    let service = Service::start().await;
    let project = service.project(&"t\n".repeat(1100));
    let path = format!("/projects/{project}/tasks");
    for (query, wanted) in [("", 100), ("?limit=1", 1), ("?limit=1000", 1000)] {
        let (status, body) = service.get(&format!("{path}{query}")).await;
        assert_eq!((status, texts(&body).len()), (200, wanted), "{query}");
    }
    for query in ["?limit=1001", "?limit=-1", "?limit=many"] {
        assert_refused(&service.get(&format!("{path}{query}")).await, 400, "BAD_REQUEST");
    }
}

#[tokio::test]
async fn cursors_go_forwards_and_backwards_but_not_both() {
    let service = Service::start().await;
    let project = service.project("a\nb\nc\nd\ne");
    let ids = service.ids(&project);
    let path = format!("/projects/{project}/tasks");
    let (_, body) = service.get(&format!("{path}?limit=2&after={}", ids[1])).await;
    assert_eq!(texts(&body), ["c", "d"]);
    let (_, body) = service.get(&format!("{path}?limit=2&before={}", ids[3])).await;
    assert_eq!(texts(&body), ["b", "c"]);
    let (_, body) = service.get(&format!("{path}?before={}", ids[1])).await;
    assert_eq!(texts(&body), ["Plan", "a"]);
    let (_, body) = service.get(&format!("{path}?after={}", ids[4])).await;
    assert_eq!(body, json!({ "ok": true, "items": [] }));
    let both = format!("{path}?after={}&before={}", ids[0], ids[2]);
    assert_refused(&service.get(&both).await, 400, "BAD_REQUEST");
    assert_refused(&service.get(&format!("{path}?after=gone")).await, 400, "BAD_REQUEST");
}

#[tokio::test]
async fn pages_put_together_are_the_project() {
    let service = Service::start().await;
    let tasks: String = (0..2500).map(|number| format!("t{number}\n")).collect();
    let project = service.project(&tasks);
    let (mut listed, mut after): (Vec<Value>, _) = (Vec::new(), String::new());
    loop {
        let (_, body) = service.get(&format!("/projects/{project}/tasks?limit=1000{after}")).await;
        let page = body["items"].as_array().unwrap();
        listed.extend(page.iter().cloned());
        if page.len() < 1000 {
            break;
        }
        after = format!("&after={}", page[999]["id"].as_str().unwrap());
    }
    let listed = texts(&json!({ "items": listed })).split_off(1);
    assert_eq!(listed, tasks.lines().collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_not_served_is_a_404_in_the_envelope() {
    let service = Service::start().await;
    let project = service.project("a");
    let task = service.ids(&project).remove(0);
    let unserved = [
        format!("/projects/{project}/tasks/{task}/comments"),
        format!("/projects/{project}/tasks/{task}/date/start"),
        format!("/projects/{project}/activity"),
        "/agents/x".to_owned(),
        "/agents/x/convos".to_owned(),
        "/me".to_owned(),
        "/nonsense".to_owned(),
        "/".to_owned(),
        "".to_owned(),
        "x/workspaces".to_owned(),
    ];
    for path in unserved {
        assert_refused(&service.get(&path).await, 404, "NOT_FOUND");
    }
    for path in ["/projects/nowhere", "/projects/nowhere/tasks", "/projects/nowhere/tasks/x"] {
        let refused = service.get(path).await;
        assert_refused(&refused, 404, "NOT_FOUND");
        assert_eq!(refused.1["message"], "Document not found");
    }
    let no_task = service.get(&format!("/projects/{project}/tasks/nowhere")).await;
    assert_refused(&no_task, 404, "NOT_FOUND");
    let outside = service.running.url().replace("/api/v1", "/workspaces");
    let request = service.client.get(outside).bearer_auth(service.running.token().expose());
    assert_refused(&super::answer(request).await, 404, "NOT_FOUND");
}

#[tokio::test]
async fn a_space_is_exported_as_real_exports_are() {
    let service = Service::start().await;
    let project = service.project("a\n  x b\nc");
    let (status, body) = service.get(&format!("/bundles/{}/export", service.workspace)).await;
    assert_eq!(status, 200);
    let item = &body["item"]["items"][project.as_str()];
    assert_eq!(item["type"], "space-bundle-project-item");
    let [title] = &item["root"]["children"].as_array().unwrap()[..] else { panic!("{item}") };
    assert_eq!(title["text"]["ops"][0]["insert"], "Plan");
    let a = &title["children"][0];
    assert_eq!(a["children"][0]["completed"], true);
    assert_eq!(a["children"][0]["text"]["ops"][0]["insert"], "b");
    assert_eq!(title["children"][1]["text"]["ops"][0]["insert"], "c");
    assert_eq!(a["children"].as_array().unwrap().len(), 1);
}
