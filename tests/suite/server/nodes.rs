//! What nodes are beside their texts, formats and values of fields, as exports tell it.

use serde_json::{Value, json};
use taskadefs::{ids::ProjectId, server::Quirks};

use super::{Service, assert_refused, task};

/// The root of a project as its workspace exports it.
async fn root(service: &Service, project: &ProjectId) -> Value {
    let (status, mut body) = service.get(&format!("/bundles/{}/export", service.workspace)).await;
    assert_eq!(status, 200, "{body}");
    body["item"]["items"][project.as_str()]["root"].take()
}

/// All nodes, the title first.
fn nodes(root: &Value) -> Vec<&Value> {
    let mut waiting: Vec<&Value> = root["children"].as_array().unwrap().iter().rev().collect();
    let mut nodes = Vec::new();
    while let Some(node) = waiting.pop() {
        nodes.push(node);
        waiting.extend(node["children"].as_array().unwrap().iter().rev());
    }
    nodes
}

/// `format text` of every node but the title.
fn formats(root: &Value) -> Vec<String> {
    let line = |node: &&Value| {
        let format = node["format"]["node"].as_str().unwrap_or("none");
        format!("{format} {}", node["text"]["ops"][0]["insert"].as_str().unwrap().trim_end())
    };
    nodes(root).iter().skip(1).map(line).collect()
}

async fn document(service: &Service) -> ProjectId {
    let content = "# Plan\n\nintro\n# One\n- a\n1. b\n## Two\n- [x] c";
    let path = format!("/workspaces/{}/projects", service.workspace);
    let body = json!({ "contentType": "text/markdown", "content": content });
    let (status, body) = service.post(&path, body).await;
    assert_eq!(status, 200, "{body}");
    ProjectId::new(body["item"]["id"].as_str().unwrap())
}

#[tokio::test]
async fn formats_are_those_of_the_markdown_and_stay_with_their_nodes() {
    let service = Service::start().await;
    let project = document(&service).await;
    let made = ["text intro", "h1 One", "bullet a", "number b", "h2 Two", "checkbox c"];
    assert_eq!(formats(&root(&service, &project).await), made);
    assert_eq!(service.tree(&project), "intro\nOne\n  a\n  b\n  Two\n    x c\n");
    let ids = service.ids(&project);
    let path = |task: usize, rest: &str| format!("/projects/{project}/tasks/{}{rest}", ids[task]);
    let text = json!({ "contentType": "text/plain", "content": "A" });
    let target = json!({ "target": { "taskId": ids[0], "position": "beforebegin" } });
    for (status, _) in [
        service.put(&path(2, ""), text).await,
        service.put(&path(4, "/move"), target).await,
        service.post(&path(3, "/complete"), json!({})).await,
        service.delete(&path(0, "")).await,
    ] {
        assert_eq!(status, 200);
    }
    service.create(&project, json!([task("new", "beforeend")])).await;
    let changed = ["h2 Two", "checkbox c", "h1 One", "bullet A", "number b", "checkbox new"];
    assert_eq!(formats(&root(&service, &project).await), changed);
    assert_eq!(nodes(&root(&service, &project).await)[0]["format"], Value::Null);
}

#[tokio::test]
async fn copies_and_restored_projects_have_formats_fields_and_values() {
    let service = Service::start().await;
    let project = document(&service).await;
    let store = service.running.store();
    let data = json!({ "type": "string", "displayName": "Owner" });
    store.add_field(&project, "@who", &data).unwrap();
    let value = format!("/projects/{project}/tasks/{}/fields/@who", service.ids(&project)[2]);
    assert_eq!(service.put(&value, json!({ "value": "Ann" })).await.0, 200);
    let before = root(&service, &project).await;
    assert_eq!(before["fields"], json!({ "@who": data }));
    assert_eq!(nodes(&before)[3]["attributes"], json!({ "@who": "Ann" }));
    let body = json!({ "folderId": service.workspace, "projectTitle": "Copy" });
    let (_, copy) = service.post(&format!("/projects/{project}/copy"), body).await;
    let copy = ProjectId::new(copy["item"]["id"].as_str().unwrap());
    let mut copied = root(&service, &copy).await;
    assert_eq!(copied["children"][0]["text"]["ops"][0]["insert"].take(), "Copy");
    let mut expected = before.clone();
    expected["children"][0]["text"]["ops"][0]["insert"].take();
    assert_eq!(copied, expected);
    for verb in ["complete", "restore"] {
        service.post(&format!("/projects/{project}/{verb}"), json!({})).await;
        assert_eq!(root(&service, &project).await, before);
    }
}

/// A project of one task with a field of each sort, and the path of that task's fields.
async fn table(quirks: Quirks) -> (Service, ProjectId, String) {
    let service = Service::with(quirks).await;
    let project = service.project("a");
    let options = json!({ "o1": { "id": "o1", "name": "High", "rank": "a" } });
    for (id, data) in [
        ("@n", json!({ "type": "number", "title": "Level" })),
        ("@s", json!({ "type": "Select", "displayName": "State", "options": options })),
        ("@d", json!({ "type": "DateTime", "title": "Due by" })),
        ("@t", json!({ "type": "string", "displayName": "Owner" })),
    ] {
        service.running.store().add_field(&project, id, &data).unwrap();
    }
    let fields = format!("/projects/{project}/tasks/{}/fields", service.ids(&project)[0]);
    (service, project, fields)
}

#[tokio::test]
async fn values_have_their_types_in_exports_and_an_option_its_id_at_the_endpoints() {
    for typed_values in [false, true] {
        let quirks = Quirks { typed_values, ..Quirks::default() };
        let (service, project, fields) = table(quirks).await;
        let puts = [
            ("@n", json!(12.5)),
            ("@s", json!("o1")),
            ("@d", json!("2026-03-10")),
            ("@t", json!("A")),
        ];
        for (field, value) in puts {
            let put = service.put(&format!("{fields}/{field}"), json!({ "value": value })).await;
            assert_eq!(put, (200, json!({ "ok": true })), "{field}");
        }
        let option = json!({ "type": "Select", "optionId": "o1" });
        let date = json!({ "type": "DateTime", "dateTime": { "date": "2026-03-10" } });
        let exported = json!({ "@n": 12.5, "@s": option, "@d": date, "@t": "A" });
        assert_eq!(nodes(&root(&service, &project).await)[1]["attributes"], exported);
        let told = if typed_values { option } else { json!("o1") };
        let (_, body) = service.get(&fields).await;
        let listed = json!([
            { "fieldId": "@n", "value": 12.5 }, { "fieldId": "@s", "value": told },
            { "fieldId": "@d", "value": date }, { "fieldId": "@t", "value": "A" },
        ]);
        assert_eq!(body["items"], listed);
        let (_, body) = service.get(&format!("{fields}/@s")).await;
        assert_eq!(body["item"], json!({ "fieldId": "@s", "value": told }));
    }
}

#[tokio::test]
async fn what_a_field_cannot_have_is_refused_and_changes_nothing() {
    let (service, project, fields) = table(Quirks::default()).await;
    let before = root(&service, &project).await;
    for (field, value) in [
        ("@s", json!("High")),
        ("@s", json!(1)),
        ("@s", json!("o2")),
        ("@d", json!("soon")),
        ("@d", json!("2026-02-30")),
        ("@d", json!(20260310)),
        ("@t", json!("")),
        ("@n", json!(null)),
        ("@n", json!(true)),
    ] {
        let refused = service.put(&format!("{fields}/{field}"), json!({ "value": value })).await;
        assert_refused(&refused, 400, "BAD_REQUEST");
    }
    assert_eq!(root(&service, &project).await, before);
}
