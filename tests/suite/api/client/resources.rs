//! What a project and a task have, as the service tells it: whole, and nothing left out.

use serde_json::{Value, json};
use taskadefs::{
    api::{Resource, SetDetail, TaskResource},
    error::Kind,
    ids::{ProjectId, TaskId},
};

use super::{
    Service,
    details::{READ, detailed, due},
    plain,
    raw::{Raw, answer},
};

#[tokio::test]
async fn all_pages_of_members_and_blocks_are_read() {
    // A page that is full is followed by another.
    for (count, pages) in [(0, 1), (99, 1), (100, 2), (250, 3)] {
        let service = Service::of(&"t\n".repeat(count)).await;
        for number in 0..count {
            let store = service.running.store();
            store.add_member(&service.workspace, &format!("m{number}"), "M").unwrap();
        }
        for of in [Resource::Members, Resource::Blocks] {
            service.running.log().clear();
            let listed = service.client.resource(READ, &service.project, of).await.unwrap();
            assert_eq!(listed.as_array().unwrap().len(), count, "{of:?}");
            assert_eq!(service.statuses(), vec![200; pages], "{of:?} {count}");
        }
    }
}

#[tokio::test]
async fn pages_that_bring_nothing_new_are_the_end() {
    let page = |first: usize, nulls: usize| {
        let users = (first..first + 100 - nulls).map(|number| json!({ "handle": number }));
        let items: Vec<Value> = users.chain(vec![Value::Null; nulls]).collect();
        answer("200 OK", json!({ "ok": true, "items": items }).to_string())
    };
    let project = ProjectId::new("p");
    // A service that does not know pages, and one whose pages have nulls.
    for (pages, requests, members) in [
        (vec![page(0, 0)], 2, 100),
        (vec![page(0, 1), page(99, 50), page(150, 100), page(300, 0)], 3, 149),
    ] {
        let raw = Raw::answering_in_turn(pages).await;
        let listed = raw.client.resource(READ, &project, Resource::Members).await.unwrap();
        assert_eq!((listed.as_array().unwrap().len(), raw.requests().len()), (members, requests));
        let asked = "GET /api/v1/projects/p/members?limit=100&page=2 ";
        assert!(raw.requests()[1].starts_with(asked), "{}", raw.requests()[1]);
    }
    // No part of a listing passes for all of it.
    let failing = vec![page(0, 0), answer("403 Forbidden", r#"{"ok":false}"#)];
    let raw = Raw::answering_in_turn(failing).await;
    let error = raw.client.resource(READ, &project, Resource::Members).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Forbidden);
}

#[tokio::test]
async fn resources_are_told_as_they_are() {
    let service = detailed().await;
    let (client, project, a) = (&service.client, &service.project, &service.ids()[0]);
    let members = client.resource(READ, project, Resource::Members).await.unwrap();
    assert_eq!(members[1], json!({ "handle": "bob", "displayName": "bob" }));
    let fields = client.resource(READ, project, Resource::Fields).await.unwrap();
    assert_eq!((&fields[0]["id"], fields.as_array().unwrap().len()), (&json!("@inc01"), 1));
    let blocks = client.resource(READ, project, Resource::Blocks).await.unwrap();
    assert_eq!(blocks[0], json!({ "id": a, "text": "a", "completed": false }));
    let none = client.resource(READ, project, Resource::ShareLink).await.unwrap();
    assert_eq!(none, Value::Null);
    let shared = client.share(project).await.unwrap();
    assert!(shared["viewUrl"].is_string());
    assert_eq!(client.resource(READ, project, Resource::ShareLink).await.unwrap(), shared);

    let of_task = async |of| client.task_resource(READ, project, a, of).await.unwrap();
    assert_eq!(of_task(TaskResource::Task).await.unwrap()["text"], "a");
    assert_eq!(of_task(TaskResource::Date).await, None);
    assert_eq!(of_task(TaskResource::Note).await, None);
    assert_eq!(of_task(TaskResource::Assignees).await, Some(json!([])));
    let (date, note, value) = (due("2026-12-01"), plain("n"), json!(1));
    for detail in [
        SetDetail::Date(Some(&date)),
        SetDetail::Note(Some(&note)),
        SetDetail::Field("@inc01", Some(&value)),
    ] {
        client.set_detail(project, a, detail).await.unwrap();
    }
    let date = json!({ "start": { "date": "2026-12-01" } });
    assert_eq!(of_task(TaskResource::Date).await, Some(date));
    let note = json!({ "type": "text/plain", "value": "n" });
    assert_eq!(of_task(TaskResource::Note).await, Some(note));
    let values = json!([{ "fieldId": "@inc01", "value": 1 }]);
    assert_eq!(of_task(TaskResource::Fields).await, Some(values));
    let gone = client.task_resource(READ, project, &TaskId::new("gone"), TaskResource::Task).await;
    assert_eq!(gone.unwrap_err().kind(), Kind::NotFound);
}
