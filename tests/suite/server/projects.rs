//! Creating, archiving and copying projects.

use serde_json::{Value, json};
use taskadefs::{
    ids::ProjectId,
    server::{Quirks, Renaming},
};

use super::{Service, assert_refused, texts};

fn id_of(body: &Value) -> ProjectId {
    ProjectId::new(body["item"]["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_project_is_made_of_markdown() {
    let service = Service::start().await;
    let markdown = "# Launch\n\n- a\n  - b\n    - c\n- d\n";
    let workspace = &service.workspace;
    let by_folder =
        json!({ "folderId": workspace, "contentType": "text/markdown", "content": markdown });
    let by_workspace = json!({ "contentType": "text/markdown", "content": markdown });
    for (path, body) in [
        ("/projects".to_owned(), by_folder),
        (format!("/workspaces/{workspace}/projects"), by_workspace),
    ] {
        let (status, body) = service.post(&path, body).await;
        assert_eq!((status, &body["item"]["name"]), (200, &json!("Launch")));
        let project = id_of(&body);
        assert_eq!(project.as_str().len(), 16);
        assert!(project.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(service.tree(&project), "a\n  b\n    c\nd\n");
        let (_, body) = service.get(&format!("/projects/{project}")).await;
        assert_eq!(body["item"], json!({ "id": project, "name": "Launch", "completed": false }));
    }
}

#[tokio::test]
async fn what_the_schema_of_a_new_project_does_not_allow_is_refused() {
    let service = Service::start().await;
    let good = json!({
        "folderId": service.workspace, "contentType": "text/markdown", "content": "# T",
    });
    let with = |key: &str, value: Value| {
        let mut body = good.clone();
        body[key] = value;
        body
    };
    let refused =
        [with("contentType", json!("text/plain")), with("name", json!("T")), json!({}), json!(1)];
    for body in refused {
        assert_refused(&service.post("/projects", body).await, 400, "BAD_REQUEST");
    }
    let nowhere = service.post("/projects", with("folderId", json!("nowhere"))).await;
    assert_refused(&nowhere, 404, "NOT_FOUND");
    assert_eq!(service.running.store().find_projects("T").unwrap(), []);
}

#[tokio::test]
async fn a_project_is_archived_and_brought_back() {
    let service = Service::start().await;
    let project = service.project("a");
    let path = |verb: &str| format!("/projects/{project}/{verb}");
    let (status, body) = service.post(&path("complete"), json!({})).await;
    assert_eq!((status, &body["item"]["completed"]), (200, &json!(true)));
    assert_eq!(service.running.store().find_projects("Plan").unwrap(), [(project.clone(), true)]);
    // The item of a restore may be null, and here it is.
    let restored = service.post(&path("restore"), json!({})).await;
    assert_eq!(restored, (200, json!({ "ok": true, "item": null })));
    assert_eq!(service.running.store().find_projects("Plan").unwrap(), [(project.clone(), false)]);
    let gone = service.post("/projects/nowhere/complete", json!({})).await;
    assert_refused(&gone, 404, "NOT_FOUND");
}

#[tokio::test]
async fn a_copy_keeps_the_ids_of_its_tasks() {
    let service = Service::start().await;
    let folder = service.running.store().add_folder(&service.workspace, "Marketing").unwrap();
    let project = service.project("a\n  x b");
    let path = format!("/projects/{project}/copy");
    let body = json!({ "folderId": folder, "projectTitle": "Copy" });
    let (status, body) = service.post(&path, body).await;
    assert_eq!((status, &body["item"]["name"]), (200, &json!("Copy")));
    let copy = id_of(&body);
    assert_ne!(copy, project);
    assert_eq!(service.ids(&copy), service.ids(&project));
    // Yet they are two tasks.
    let a = &service.running.store().task_ids(&copy).unwrap()[0];
    service.running.store().edit_elsewhere(&copy, a, "A").unwrap();
    assert_eq!(service.tree(&project), "a\n  x b\n");
    assert_eq!(service.tree(&copy), "A\n  x b\n");
    let (_, body) = service.get(&format!("/projects/{copy}/tasks?limit=1")).await;
    assert_eq!(body["items"][0]["text"], "Copy");
    let (_, body) = service.post(&path, json!({ "folderId": folder })).await;
    assert_eq!(body["item"]["name"], "Plan");
    for title in [json!(""), json!(null), json!(1)] {
        let untitled = json!({ "folderId": folder, "projectTitle": title });
        assert_refused(&service.post(&path, untitled).await, 400, "BAD_REQUEST");
    }
    assert_refused(&service.post(&path, json!({})).await, 400, "BAD_REQUEST");
    let nowhere = service.post(&path, json!({ "folderId": "nowhere" })).await;
    assert_refused(&nowhere, 404, "NOT_FOUND");
}

#[tokio::test]
async fn archiving_and_renaming_at_once_do_not_undo_each_other() {
    let quirks = Quirks { renaming: Renaming::Works, ..Quirks::default() };
    let service = Service::with(quirks).await;
    let project = service.project("a");
    let path = format!("/projects/{project}");
    let (_, body) = service.get(&format!("{path}/tasks?limit=1")).await;
    let node = format!("{path}/tasks/{}", body["items"][0]["id"].as_str().unwrap());
    for round in 0..50 {
        let name = format!("Plan {round}");
        let verb = if round % 2 == 0 { "complete" } else { "restore" };
        let archive = format!("{path}/{verb}");
        let text = json!({ "contentType": "text/plain", "content": name });
        let (renamed, archived) =
            tokio::join!(service.put(&node, text), service.post(&archive, json!({})),);
        assert_eq!((renamed.0, archived.0), (200, 200));
        let (_, body) = service.get(&path).await;
        let wanted = json!({ "id": project, "name": name, "completed": round % 2 == 0 });
        assert_eq!(body["item"], wanted);
        let (_, body) = service.get(&format!("{path}/tasks?limit=1")).await;
        assert_eq!(texts(&body), [name]);
    }
}
