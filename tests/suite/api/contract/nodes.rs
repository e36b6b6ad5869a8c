//! Formats and fields: what exports tell, and the endpoints of fields.

use serde_json::{Value, json};
use taskadefs::{
    api::{Position, Resource, SetDetail, TaskResource},
    error::Kind,
    ids::{ProjectId, TaskId},
    model::Marker,
};

use super::{READ, Taskade, kind, new_task, plain};

/// The nodes of a project below its title, in outline order.
async fn nodes(taskade: &Taskade, project: &ProjectId) -> Vec<Value> {
    let exported = taskade.exported(project).await;
    assert_eq!(exported["type"], "space-bundle-project-item");
    let [title] = &exported["root"]["children"].as_array().unwrap()[..] else {
        panic!("{exported}")
    };
    let mut waiting = vec![title.clone()];
    let mut nodes = Vec::new();
    while let Some(node) = waiting.pop() {
        waiting.extend(node["children"].as_array().unwrap().iter().rev().cloned());
        nodes.push(node);
    }
    nodes.split_off(1)
}

/// `format text` of each node.
async fn formats(taskade: &Taskade, project: &ProjectId) -> Vec<String> {
    let line = |node: &Value| {
        let format = node["format"]["node"].as_str().unwrap();
        format!("{format} {}", node["text"]["ops"][0]["insert"].as_str().unwrap())
    };
    nodes(taskade, project).await.iter().map(line).collect()
}

pub(super) async fn an_export_has_a_node_for_each_task_with_its_format(taskade: &Taskade) {
    let project = taskade.plan("a\n  b").await;
    assert_eq!(formats(taskade, &project).await, ["bullet a", "bullet b"]);
    let tasks = taskade.tasks(&project).await;
    for (node, task) in nodes(taskade, &project).await.iter().zip(&tasks[1..]) {
        assert_eq!(node["id"], task.id.as_str());
        assert_eq!((&node["type"], &node["completed"]), (&json!("text"), &json!(false)));
        assert_eq!(node["format"]["children"], "bullet");
        let end = json!({ "insert": "\n", "attributes": { "paragraph": true } });
        assert_eq!(node["text"], json!({ "ops": [{ "insert": task.text }, end] }));
    }
}

pub(super) async fn what_is_created_is_a_checkbox_and_formats_stay_through_every_write(
    taskade: &Taskade,
) {
    let project = taskade.plan("a\n  b\nc").await;
    let [a, b] = [taskade.id(&project, "a").await, taskade.id(&project, "b").await];
    let client = &taskade.client;
    client.create_tasks(&project, &[new_task("d", None, Position::BeforeEnd)]).await.unwrap();
    taskade.set_format(&project, &a, Marker::Heading(2));
    client.update_task(&project, &a, &plain("A")).await.unwrap();
    client.set_completed(&project, &b, true).await.unwrap();
    client.move_task(&project, &b, &a, Position::AfterEnd).await.unwrap();
    let now = ["h2 A", "bullet b", "bullet c", "checkbox d"];
    assert_eq!(formats(taskade, &project).await, now);
    assert_eq!(nodes(taskade, &project).await[1]["completed"], true);
}

/// A project of one task `a` with a field of each sort, and that task.
async fn table(taskade: &Taskade) -> (ProjectId, TaskId) {
    let content = "# Table\n\n- a";
    let project = taskade.client.create_project(&taskade.folder, content).await.unwrap();
    taskade.set_fields(&project, &fields());
    let task = taskade.id(&project, "a").await;
    (project, task)
}

fn fields() -> [(&'static str, Value); 4] {
    let option = |name: &str| json!({ "id": name, "name": name.to_uppercase(), "rank": "0" });
    let options = json!({ "open": option("open"), "done": option("done") });
    [
        ("@level", json!({ "type": "number", "title": "Level" })),
        ("@state", json!({ "type": "Select", "displayName": "State", "options": options })),
        ("@due", json!({ "type": "DateTime", "title": "Due by" })),
        ("@owner", json!({ "type": "string", "displayName": "Owner" })),
    ]
}

pub(super) async fn fields_are_told_by_exports_and_by_their_endpoint(taskade: &Taskade) {
    let (project, _) = table(taskade).await;
    let told = taskade.client.resource(READ, &project, Resource::Fields).await.unwrap();
    let told: Vec<(&str, &Value)> = told
        .as_array()
        .unwrap()
        .iter()
        .map(|field| (field["id"].as_str().unwrap(), &field["data"]))
        .collect();
    let fields = fields();
    assert_eq!(told, fields.iter().map(|(id, data)| (*id, data)).collect::<Vec<_>>());
    let exported = taskade.exported(&project).await;
    let fields: Value = fields.iter().map(|(id, data)| ((*id).to_owned(), data.clone())).collect();
    assert_eq!(exported["root"]["fields"], fields);
}

pub(super) async fn values_have_their_types_in_exports_and_are_put_as_ids_and_texts(
    taskade: &Taskade,
) {
    let (project, task) = table(taskade).await;
    assert_eq!(nodes(taskade, &project).await[0].get("attributes"), None);
    let values = [("@level", json!(2.5)), ("@state", json!("open")), ("@due", json!("2026-12-01"))];
    for (field, value) in &values {
        let set = SetDetail::Field(field, Some(value));
        taskade.client.set_detail(&project, &task, set).await.unwrap();
    }
    let attributes = json!({
        "@level": 2.5,
        "@state": { "type": "Select", "optionId": "open" },
        "@due": { "type": "DateTime", "dateTime": { "date": "2026-12-01" } },
    });
    assert_eq!(nodes(taskade, &project).await[0]["attributes"], attributes);
    let told = taskade.client.detail(READ, &project, &task, TaskResource::Fields).await.unwrap();
    assert!(told.fields.contains(&("@state".to_owned(), json!("open"))), "{told:?}");
    for (field, _) in values {
        let cleared = SetDetail::Field(field, None);
        taskade.client.set_detail(&project, &task, cleared).await.unwrap();
    }
    assert_eq!(nodes(taskade, &project).await[0].get("attributes"), None);
}

pub(super) async fn what_no_field_can_have_is_refused(taskade: &Taskade) {
    let (project, task) = table(taskade).await;
    for (field, value) in [
        ("@state", json!("OPEN")),
        ("@state", json!(1)),
        ("@due", json!("soon")),
        ("@due", json!(1)),
        ("@owner", json!("")),
    ] {
        let set = SetDetail::Field(field, Some(&value));
        let refused = taskade.client.set_detail(&project, &task, set).await;
        assert_eq!(kind(refused), Kind::Refused, "{field} {value}");
    }
    assert_eq!(nodes(taskade, &project).await[0].get("attributes"), None);
}

pub(super) async fn a_copy_has_the_formats_and_the_fields(taskade: &Taskade) {
    let (project, _) = table(taskade).await;
    let Taskade { client, folder, .. } = taskade;
    client.create_tasks(&project, &[new_task("b", None, Position::BeforeEnd)]).await.unwrap();
    let copy = client.copy_project(&project, folder, "Copy").await.unwrap().unwrap();
    assert_eq!(formats(taskade, &copy).await, ["bullet a", "checkbox b"]);
    let [of, copied] = [taskade.exported(&project).await, taskade.exported(&copy).await];
    assert_eq!(copied["root"]["fields"], of["root"]["fields"]);
}
