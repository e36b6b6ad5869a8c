//! What a project has beside its tasks: members, fields, blocks and a share link.

use serde_json::{Value, json};
use taskadefs::server::Quirks;

use super::{Service, assert_refused, details::Detailed, texts};

#[tokio::test]
async fn members_come_in_pages() {
    let service = Service::start().await;
    let folder = service.running.store().add_folder(&service.workspace, "Folder").unwrap();
    let store = service.running.store();
    for number in 0..45 {
        store.add_member(&service.workspace, &format!("m{number}"), "M").unwrap();
    }
    let elsewhere = store.add_workspace("Other").unwrap();
    store.add_member(&elsewhere, "stranger", "S").unwrap();
    for folder in [&service.workspace, &folder] {
        let project = store.add_project(folder, "P", "a").unwrap();
        let path = format!("/projects/{project}/members");
        for (query, first, count) in [
            ("", "m0", 20),
            ("?page=2", "m20", 20),
            ("?page=3", "m40", 5),
            ("?limit=100", "m0", 45),
            ("?limit=7&page=4", "m21", 7),
        ] {
            let (_, body) = service.get(&format!("{path}{query}")).await;
            let items = body["items"].as_array().unwrap();
            assert_eq!((items.len(), &items[0]["handle"]), (count, &json!(first)), "{query}");
        }
        for query in ["?page=4", "?page=18446744073709551615&limit=18446744073709551615"] {
            assert_eq!(service.get(&format!("{path}{query}")).await.1["items"], json!([]));
        }
        for query in ["?limit=0", "?page=0", "?limit=x", "?page=-1", "?limit="] {
            let answer = service.get(&format!("{path}{query}")).await;
            assert_refused(&answer, 400, "BAD_REQUEST");
        }
    }
}

#[tokio::test]
async fn members_may_be_null() {
    let quirks = Quirks { null_items: true, ..Quirks::default() };
    let detailed = Detailed::with(quirks, "a").await;
    let (_, body) = detailed.service.get(&format!("/projects/{}/members", detailed.project)).await;
    assert_eq!(body["items"].as_array().unwrap().len(), 4);
    assert!(body["items"].as_array().unwrap().contains(&Value::Null));
}

#[tokio::test]
async fn fields_are_told_with_what_they_are() {
    let detailed = Detailed::of("a").await;
    let (_, body) = detailed.service.get(&format!("/projects/{}/fields", detailed.project)).await;
    assert_eq!(body["items"][0]["id"], "@inc01");
    assert_eq!(body["items"][0]["data"]["type"], "number");
    assert_eq!(body["items"][1]["data"]["options"]["o1"]["name"], "High");
    assert_eq!(body["items"].as_array().unwrap().len(), 2);
    let other = detailed.service.project("a");
    let (_, body) = detailed.service.get(&format!("/projects/{other}/fields")).await;
    assert_eq!(body["items"], json!([]));
}

#[tokio::test]
async fn blocks_are_the_top_level_in_pages() {
    let service = Service::start().await;
    let project = service.project("a\n  b\nx c\nd");
    let ids = service.ids(&project);
    let path = format!("/projects/{project}/blocks");
    let (_, body) = service.get(&path).await;
    assert_eq!(texts(&body), ["a", "c", "d"]);
    assert_eq!(body["items"][1], json!({ "id": ids[2], "text": "c", "completed": true }));
    let pages = [
        ("?limit=2".to_owned(), vec!["a", "c"]),
        (format!("?limit=2&after={}", ids[2]), vec!["d"]),
        (format!("?limit=1&before={}", ids[3]), vec!["c"]),
    ];
    for (query, wanted) in pages {
        assert_eq!(texts(&service.get(&format!("{path}{query}")).await.1), wanted, "{query}");
    }
    for query in ["?limit=0".to_owned(), format!("?after={}", ids[1]), "?after=x&before=y".into()] {
        assert_refused(&service.get(&format!("{path}{query}")).await, 400, "BAD_REQUEST");
    }
    let empty = service.project("");
    assert_eq!(service.get(&format!("/projects/{empty}/blocks")).await.1["items"], json!([]));
}

#[tokio::test]
async fn a_project_is_shared_once() {
    let service = Service::start().await;
    let (project, other) = (service.project("a"), service.project("b"));
    let path = format!("/projects/{project}/shareLink");
    assert_eq!(service.get(&path).await, (200, json!({ "ok": true, "item": null })));
    let first = super::answer(service.request(reqwest::Method::PUT, &path)).await;
    assert!(first.1["item"]["viewUrl"].as_str().unwrap().starts_with("https://"));
    assert_eq!(super::answer(service.request(reqwest::Method::PUT, &path)).await, first);
    assert_eq!(service.get(&path).await, first);
    let unshared = service.get(&format!("/projects/{other}/shareLink")).await;
    assert_eq!(unshared.1["item"], Value::Null);
}

#[tokio::test]
async fn what_is_not_there_has_nothing() {
    let service = Service::start().await;
    service.project("a");
    for project in ["nothing", "%2E%2E", "..%2Fworkspaces", ""] {
        for part in ["members", "fields", "blocks", "shareLink"] {
            let answer = service.get(&format!("/projects/{project}/{part}")).await;
            assert_refused(&answer, 404, "NOT_FOUND");
        }
        let answer = service.put(&format!("/projects/{project}/shareLink"), json!({})).await;
        assert_refused(&answer, 404, "NOT_FOUND");
    }
}
