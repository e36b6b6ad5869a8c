//! Importing what exports gave out.

use std::{fs, path::Path};

use serde_json::{Value, json};
use taskadefs::{ids::SpaceId, server::ImportReport};

use super::Service;

const REAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/data/projects");
const TABLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tables");

fn import(service: &Service, dir: &str) -> ImportReport {
    service.running.store().import_directory(Path::new(dir)).unwrap()
}

/// The projects of the export of a workspace: `{root, preferences}` of each.
async fn exported(service: &Service, workspace: &str) -> Vec<Value> {
    let (_, body) = service.get("/workspaces").await;
    let found = body["items"].as_array().unwrap().iter().find(|item| item["name"] == workspace);
    let space = SpaceId::new(found.unwrap()["id"].as_str().unwrap());
    let (status, body) = service.get(&format!("/bundles/{space}/export")).await;
    assert_eq!(status, 200);
    let items = body["item"]["items"].as_object().unwrap().values();
    items.map(|item| json!({ "root": item["root"], "preferences": item["preferences"] })).collect()
}

/// The projects of a directory of files.
fn files(dir: &Path) -> Vec<Value> {
    let read = |entry: fs::DirEntry| serde_json::from_slice(&fs::read(entry.path()).unwrap());
    fs::read_dir(dir).unwrap().map(|entry| read(entry.unwrap()).unwrap()).collect()
}

#[tokio::test]
async fn what_was_exported_is_exported_as_it_was_once_it_is_imported() {
    let service = Service::start().await;
    for (dir, projects, workspace) in [
        (REAL, Path::new(REAL).to_owned(), "data"),
        (TABLES, Path::new(TABLES).join("projects"), "tables"),
    ] {
        let report = import(&service, dir);
        let files = files(&projects);
        assert_eq!((report.workspace.as_str(), report.projects), (workspace, files.len()));
        assert!(report.others.is_empty(), "{:?}", report.others);
        let exported = exported(&service, workspace).await;
        assert_eq!(exported.len(), files.len());
        for file in &files {
            let title = &file["root"]["children"][0]["id"];
            let found = exported.iter().find(|item| item["root"]["children"][0]["id"] == *title);
            assert_eq!(found, Some(file));
        }
    }
}

#[tokio::test]
async fn importing_again_makes_the_projects_again() {
    let service = Service::start().await;
    import(&service, TABLES);
    import(&service, TABLES);
    let exported = exported(&service, "tables").await;
    assert_eq!(exported.len(), 6);
    // The ids of tasks are kept, those of projects are not.
    let titles: std::collections::BTreeSet<&str> =
        exported.iter().map(|item| item["root"]["children"][0]["id"].as_str().unwrap()).collect();
    assert_eq!(titles.len(), 3);
    let (_, body) = service.get("/workspaces").await;
    assert_eq!(body["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn imported_fields_are_told_by_the_endpoints_too() {
    let service = Service::start().await;
    import(&service, TABLES);
    let (project, _) =
        service.running.store().find_projects("Risk register 2026").unwrap().remove(0);
    let (_, body) = service.get(&format!("/projects/{project}/fields")).await;
    let state = body["items"].as_array().unwrap().iter().find(|field| field["id"] == "@sup04");
    assert_eq!(state.unwrap()["data"]["options"]["doing"]["name"], "🟡 In progress");
    let task = &service.ids(&project)[0];
    let (_, body) = service.get(&format!("/projects/{project}/tasks/{task}/fields")).await;
    let values = body["items"].as_array().unwrap();
    assert!(values.contains(&json!({ "fieldId": "@sup04", "value": "open" })), "{body}");
    assert!(values.contains(&json!({ "fieldId": "@sup03", "value": 20 })), "{body}");
}

#[tokio::test]
async fn a_rich_text_is_plain_once_it_is_written() {
    let service = Service::start().await;
    import(&service, REAL);
    let is_bold = |op: &Value| op["attributes"]["bold"] == json!(true);
    let bold = |node: &Value| node["text"]["ops"].as_array().unwrap().iter().any(is_bold);
    let space = service.get("/workspaces").await.1["items"][1]["id"].as_str().unwrap().to_owned();
    let export = async || {
        let (_, body) = service.get(&format!("/bundles/{space}/export")).await;
        let items = body["item"]["items"].as_object().unwrap();
        let mut found = Vec::new();
        for (project, item) in items {
            let mut waiting = vec![&item["root"]["children"][0]];
            while let Some(node) = waiting.pop() {
                waiting.extend(node["children"].as_array().unwrap());
                if bold(node) {
                    found.push((project.clone(), node["id"].as_str().unwrap().to_owned()));
                }
            }
        }
        found
    };
    let before = export().await;
    let (project, task) = before[0].clone();
    let path = format!("/projects/{project}/tasks/{task}");
    let (_, body) = service.get(&path).await;
    let text = json!({ "contentType": "text/plain", "content": body["item"]["text"] });
    assert_eq!(service.put(&path, text).await.0, 200);
    let after = export().await;
    assert_eq!(after.len(), before.len() - 1);
    assert!(!after.contains(&(project, task)));
}

#[tokio::test]
async fn what_is_no_project_is_told_by_its_name_and_the_rest_is_imported() {
    let service = Service::start().await;
    let dir = tempfile::tempdir().unwrap();
    let inside = dir.path().join("Mine");
    fs::create_dir(&inside).unwrap();
    fs::write(inside.join("notes.txt"), "hello").unwrap();
    fs::write(inside.join("other.json"), "{}").unwrap();
    let store = service.running.store();
    let none = store.import_directory(&inside).unwrap_err().to_string();
    assert!(none.contains("no file in it is a project"), "{none}");
    let file = Path::new(TABLES).join("projects/tbLe3Campaign02b.json");
    fs::copy(file, inside.join("table.json")).unwrap();
    let report = store.import_directory(&inside).unwrap();
    assert_eq!((report.workspace.as_str(), report.projects), ("Mine", 1));
    let told: Vec<String> = report.others.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2);
    assert!(told[0].contains("notes.txt") && told[1].contains("other.json"), "{told:?}");
    assert!(told[1].contains("missing field `root`"), "{told:?}");
    assert!(store.import_directory(&dir.path().join("none")).is_err());
}
