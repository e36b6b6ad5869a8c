//! Spaces, projects as a whole, and what belongs to them beside their tasks.

use serde_json::Value;
use taskadefs::{
    api::{Position, RemoteProject, Resource, SetDetail, TaskResource},
    error::Kind,
    ids::{ProjectId, SpaceId, TaskId},
};

use super::{READ, Taskade, kind, new_task, plain};
use crate::support::service::details::{FIELDS, MEMBERS, day};

pub(super) async fn spaces_are_listed_by_id_and_name(taskade: &Taskade) {
    let Taskade { client, workspace, folder, .. } = taskade;
    let workspaces = client.workspaces(READ).await.unwrap();
    assert!(workspaces.iter().any(|space| space.id == *workspace && space.name == "Acme"));
    let folders = client.folders(READ, workspace).await.unwrap();
    assert!(folders.iter().any(|space| space.id == *folder && space.name == "Marketing"));
    // The home folder is the workspace.
    assert!(folders.iter().any(|space| space.id == *workspace));
    for space in [workspace, folder] {
        assert_eq!(client.projects(READ, space).await.unwrap(), []);
    }
}

async fn listed(taskade: &Taskade, project: &ProjectId) -> RemoteProject {
    let listed = taskade.client.projects(READ, &taskade.folder).await.unwrap();
    listed.into_iter().find(|known| known.id == *project).unwrap()
}

pub(super) async fn a_project_is_made_of_markdown(taskade: &Taskade) {
    let project = taskade.plan("a\n  b\n    c\nd").await;
    assert_eq!(listed(taskade, &project).await.name, "Plan");
    assert_eq!(taskade.client.project(READ, &project).await.unwrap().name, "Plan");
    let tasks = taskade.tasks(&project).await;
    assert_eq!((tasks[0].text.as_str(), tasks[0].parent.as_ref()), ("Plan", None));
    assert_eq!(tasks[1].parent.as_ref(), Some(&tasks[0].id));
    assert_eq!(taskade.tree(&project).await, "a\n  b\n    c\nd");
}

pub(super) async fn an_archived_project_is_listed_and_comes_back(taskade: &Taskade) {
    let project = taskade.plan("a").await;
    for archived in [true, false] {
        match archived {
            true => taskade.client.complete_project(&project).await.unwrap(),
            false => taskade.client.restore_project(&project).await.unwrap(),
        }
        let told = taskade.client.project(READ, &project).await.unwrap();
        assert!(told.completed.is_none_or(|completed| completed == archived));
        let told = listed(taskade, &project).await;
        assert!(told.completed.is_none_or(|completed| completed == archived));
        assert_eq!(taskade.tree(&project).await, "a");
    }
}

pub(super) async fn a_copy_has_the_same_tasks_and_leaves_the_original_alone(taskade: &Taskade) {
    let Taskade { client, workspace, .. } = taskade;
    let project = taskade.plan("a\n  b").await;
    let copy = client.copy_project(&project, workspace, "Copy").await.unwrap().unwrap();
    assert_ne!(copy, project);
    let there = client.projects(READ, workspace).await.unwrap();
    assert_eq!((there[0].id.clone(), there[0].name.as_str()), (copy.clone(), "Copy"));
    assert_eq!(taskade.tasks(&copy).await[0].text, "Copy");
    let b = taskade.id(&copy, "b").await;
    client.update_task(&copy, &b, &plain("c")).await.unwrap();
    assert_eq!(taskade.tree(&copy).await, "a\n  c");
    assert_eq!(taskade.tree(&project).await, "a\n  b");
    assert_eq!(listed(taskade, &project).await.name, "Plan");
}

pub(super) async fn an_export_has_what_the_listings_have(taskade: &Taskade) {
    let project = taskade.plan("a\n  b\n\u{e9}").await;
    let done = taskade.id(&project, "b").await;
    taskade.client.set_completed(&project, &done, true).await.unwrap();
    let exported = taskade.client.export(READ, &taskade.folder).await.unwrap().projects;
    assert_eq!(exported.keys().collect::<Vec<_>>(), [&project]);
    assert_eq!(exported[&project].tasks, taskade.tasks(&project).await);
}

pub(super) async fn a_share_link_is_there_once_it_was_made(taskade: &Taskade) {
    let project = taskade.plan("").await;
    let link = async || taskade.client.resource(READ, &project, Resource::ShareLink).await;
    assert_eq!(link().await.unwrap(), Value::Null);
    let made = taskade.client.share(&project).await.unwrap();
    assert!(made["viewUrl"].as_str().unwrap().starts_with("https://"));
    assert_eq!(link().await.unwrap(), made);
    assert_eq!(taskade.client.share(&project).await.unwrap(), made);
}

pub(super) async fn members_fields_and_blocks_are_listed(taskade: &Taskade) {
    let project = taskade.plan("a\n  b\nc").await;
    let listed = async |resource, key: &str| {
        let told = taskade.client.resource(READ, &project, resource).await.unwrap();
        let told = told.as_array().unwrap().iter();
        told.map(|item| item[key].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mut members = listed(Resource::Members, "handle").await;
    members.sort();
    members.retain(|handle| MEMBERS.contains(&handle.as_str()));
    assert_eq!(members, MEMBERS);
    assert_eq!(listed(Resource::Fields, "id").await, FIELDS);
    assert_eq!(listed(Resource::Blocks, "text").await, ["a", "c"]);
    let ids = [taskade.id(&project, "a").await, taskade.id(&project, "c").await];
    assert_eq!(listed(Resource::Blocks, "id").await, ids.map(|id| id.to_string()));
}

pub(super) async fn what_is_not_there_is_not_found(taskade: &Taskade) {
    let Taskade { client, folder, .. } = taskade;
    let (nowhere, none, no_task) =
        (SpaceId::new("nowhere"), ProjectId::new("none"), TaskId::new("none"));
    let project = taskade.plan("a").await;
    let a = taskade.id(&project, "a").await;
    let new = [new_task("b", None, Position::BeforeEnd)];
    let after_none = [new_task("b", Some(&no_task), Position::AfterEnd)];
    for kind in [
        kind(client.folders(READ, &nowhere).await),
        kind(client.projects(READ, &nowhere).await),
        kind(client.export(READ, &nowhere).await),
        kind(client.project(READ, &none).await),
        kind(client.tasks(READ, &none).await),
        kind(client.resource(READ, &none, Resource::Members).await),
        kind(client.resource(READ, &none, Resource::ShareLink).await),
        kind(client.create_project(&nowhere, "# Plan").await),
        kind(client.complete_project(&none).await),
        kind(client.restore_project(&none).await),
        kind(client.copy_project(&none, folder, "Copy").await),
        kind(client.copy_project(&project, &nowhere, "Copy").await),
        kind(client.share(&none).await),
        kind(client.create_tasks(&none, &new).await),
        kind(client.create_tasks(&project, &after_none).await),
        kind(client.update_task(&none, &a, &plain("b")).await),
        kind(client.update_task(&project, &no_task, &plain("b")).await),
        kind(client.set_completed(&project, &no_task, true).await),
        kind(client.move_task(&project, &no_task, &a, Position::AfterEnd).await),
        kind(client.move_task(&project, &a, &no_task, Position::AfterEnd).await),
        kind(client.delete_task(&project, &no_task).await),
    ] {
        assert_eq!(kind, Kind::NotFound);
    }
    assert_eq!(taskade.tree(&project).await, "a");
    let projects = client.projects(READ, folder).await.unwrap();
    assert_eq!(projects.iter().map(|known| &known.id).collect::<Vec<_>>(), [&project]);
}

pub(super) async fn what_cannot_be_an_id_is_not_even_sent(taskade: &Taskade) {
    let client = &taskade.client;
    let project = taskade.plan("a").await;
    for id in ["", ".", ".."] {
        let task = TaskId::new(id);
        for kind in [
            kind(client.delete_task(&project, &task).await),
            kind(client.delete_task(&ProjectId::new(id), &task).await),
            kind(client.detail(READ, &project, &task, TaskResource::Date).await),
            kind(
                client.set_detail(&project, &task, SetDetail::Date(Some(&day("2026-12-01")))).await,
            ),
            kind(client.projects(READ, &SpaceId::new(id)).await),
        ] {
            assert_eq!(kind, Kind::Invalid);
        }
    }
    assert_eq!(taskade.tree(&project).await, "a");
}
