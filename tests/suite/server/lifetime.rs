//! From start to shutdown: the token, the store, the log, and who may come in.

use std::{net::SocketAddr, os::unix::fs::PermissionsExt, path::Path};

use reqwest::header::AUTHORIZATION;
use serde_json::json;
use taskadefs::{
    error::Kind,
    ids::ProjectId,
    secret::Token,
    server::{LoggedRequest, Server, ServerConfig, fill_with_hostile_names},
};

use super::{
    Service, answer, assert_refused, client,
    details::{self, Detailed},
    task, texts,
};

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_missing_and_a_bad_token_are_refused_alike() {
    let service = Service::start().await;
    let token = service.running.token();
    let url = format!("{}/workspaces", service.running.url());
    let none = answer(service.client.get(&url)).await;
    assert_refused(&none, 401, "UNAUTHORIZED");
    let bad = [
        "Bearer wrong".to_owned(),
        "Bearer ".to_owned(),
        token.expose().to_owned(),
        format!("Basic {}", token.expose()),
        format!("Bearer {}x", token.expose()),
    ];
    for value in bad {
        assert_eq!(answer(service.client.get(&url).header(AUTHORIZATION, value)).await, none);
    }
    assert_eq!(answer(service.client.get(format!("{url}/nowhere"))).await, none);
}

#[tokio::test]
async fn only_this_machine_is_listened_to() {
    let dir = tempfile::tempdir().unwrap();
    for address in ["0.0.0.0:0", "192.0.2.1:0", "[::]:0"] {
        let listen: SocketAddr = address.parse().unwrap();
        let config = ServerConfig { listen, ..ServerConfig::new(dir.path()) };
        let error = Server::start(config).await.err().unwrap();
        assert_eq!(error.kind(), Kind::Invalid, "{address}");
    }
    // Refused before anything was made.
    assert_eq!(dir.path().read_dir().unwrap().count(), 0);
}

#[tokio::test]
async fn the_store_and_the_token_outlive_the_server() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("below/store");
    let first = Server::start(ServerConfig::new(&store)).await.unwrap();
    let (url, token) = (first.url(), first.token());
    let workspace = first.store().add_workspace("Acme").unwrap();
    let project = first.store().add_project(&workspace, "Plan", "a\n  x b").unwrap();
    let path = format!("/projects/{project}/tasks/");
    let body = json!({ "tasks": [task("t", "beforeend")] });
    let client = client();
    let request = client.post(format!("{url}{path}")).bearer_auth(token.expose()).json(&body);
    assert_eq!(answer(request).await.0, 200);
    let ids = first.store().task_ids(&project).unwrap();
    first.shutdown().await;
    let error = client.get(&url).send().await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");

    let second = Server::start(ServerConfig::new(&store)).await.unwrap();
    assert_eq!(second.token(), token);
    assert_eq!(second.store().tree(&project).unwrap(), "a\n  x b\nt\n");
    assert_eq!(second.store().task_ids(&project).unwrap(), ids);
    let request = client.get(format!("{}/workspaces", second.url())).bearer_auth(token.expose());
    assert_eq!(answer(request).await.1["items"], json!([{ "id": workspace, "name": "Acme" }]));
}

#[tokio::test]
async fn details_outlive_the_server() {
    let detailed = Detailed::of("a\nb").await;
    let project = detailed.project.clone();
    let whole = details::detail(&detailed.service, &project, 1).await;
    let link = format!("/projects/{project}/shareLink");
    detailed.service.put(&link, json!({})).await;
    let paths =
        [link, format!("/projects/{project}/members"), format!("/projects/{project}/fields")];
    let mut before = Vec::new();
    for path in &paths {
        before.push(detailed.service.get(path).await);
    }
    let Service { running, _dir: dir, client, .. } = detailed.service;
    running.shutdown().await;
    let again = Server::start(ServerConfig::new(dir.path())).await.unwrap();
    let tasks = again.store().task_ids(&project).unwrap();
    assert_eq!(again.store().details(&project, &tasks[1]).unwrap(), whole);
    assert_eq!(again.store().details(&project, &tasks[0]).unwrap(), json!({}));
    for (path, before) in paths.iter().zip(before) {
        let request = client.get(format!("{}{path}", again.url()));
        assert_eq!(answer(request.bearer_auth(again.token().expose())).await, before, "{path}");
    }
}

/// A store as it was before there were details, with a workspace and a project of two tasks.
fn make_old_store(path: &Path) {
    let store = rusqlite::Connection::open(path).unwrap();
    let made = store.execute_batch(
        "PRAGMA journal_mode=WAL;
         CREATE TABLE spaces (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
             workspace TEXT NOT NULL, name TEXT NOT NULL) STRICT;
         CREATE TABLE projects (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
             folder TEXT NOT NULL, name TEXT NOT NULL, completed INTEGER NOT NULL) STRICT;
         CREATE INDEX projects_of_folder ON projects (folder);
         CREATE TABLE tasks (project TEXT NOT NULL, place INTEGER NOT NULL, id TEXT NOT NULL,
             parent TEXT, text TEXT NOT NULL, completed INTEGER NOT NULL,
             PRIMARY KEY (project, place)) STRICT, WITHOUT ROWID;
         INSERT INTO spaces VALUES (1, 'w', 'w', 'Acme'), (2, 'f', 'w', 'Folder');
         INSERT INTO projects VALUES (1, 'p', 'f', 'Plan', 0);
         INSERT INTO tasks VALUES ('p', 0, 't', NULL, 'Plan', 0), ('p', 1, 'a', 't', 'a', 1);
         PRAGMA user_version=1;",
    );
    made.unwrap();
}

#[tokio::test]
async fn a_store_from_before_details_goes_on_with_them() {
    for sample in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        make_old_store(&dir.path().join("store.sqlite3"));
        let project = ProjectId::new("p");
        for _ in 0..2 {
            let config = ServerConfig { sample, ..ServerConfig::new(dir.path()) };
            let running = Server::start(config).await.unwrap();
            assert_eq!(running.store().tree(&project).unwrap(), "x a\n");
            let put = |part: &str, body: serde_json::Value| {
                let url = format!("{}/projects/p/tasks/a/{part}", running.url());
                answer(client().put(url).bearer_auth(running.token().expose()).json(&body))
            };
            let date = json!({ "start": { "date": "2026-12-01" } });
            assert_eq!(put("date", date).await.0, 200);
            // Where there is a sample there is somebody to do it, and something to set.
            let wanted = if sample { (200, 200) } else { (400, 404) };
            let assigned = put("assignees", json!({ "handles": ["alice"] })).await.0;
            let value = put("fields/@inc01", json!({ "value": 1 })).await.0;
            assert_eq!((assigned, value), wanted);
            running.shutdown().await;
        }
    }
}

#[tokio::test]
async fn a_store_of_a_later_format_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.sqlite3");
    make_old_store(&path);
    let store = rusqlite::Connection::open(&path).unwrap();
    store.execute_batch("PRAGMA user_version=99").unwrap();
    drop(store);
    let error = Server::start(ServerConfig::new(dir.path())).await.err().unwrap();
    assert_eq!(error.kind(), Kind::Storage);
    assert!(error.to_string().contains("format 99"), "{error}");
}

#[tokio::test]
async fn a_store_has_one_server_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let first = Server::start(ServerConfig::new(dir.path())).await.unwrap();
    let error = Server::start(ServerConfig::new(dir.path())).await.err().unwrap();
    assert_eq!(error.kind(), Kind::Storage);
    assert!(error.to_string().contains("another process"), "{error}");
    first.shutdown().await;
    Server::start(ServerConfig::new(dir.path())).await.unwrap();
}

#[tokio::test]
async fn the_token_is_for_its_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let running = Server::start(ServerConfig::new(&store)).await.unwrap();
    assert_eq!(running.token_path(), store.join("token"));
    assert_eq!((mode(&store), mode(running.token_path())), (0o700, 0o600));
    let kept = std::fs::read_to_string(running.token_path()).unwrap();
    assert_eq!(kept.trim(), running.token().expose());
    assert!(kept.len() >= 32);
}

#[tokio::test]
async fn what_a_crash_left_of_a_token_does_not_open_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let left = dir.path().join("token.new");
    std::fs::write(&left, "half").unwrap();
    std::fs::set_permissions(&left, std::fs::Permissions::from_mode(0o644)).unwrap();
    let running = Server::start(ServerConfig::new(dir.path())).await.unwrap();
    assert_eq!(mode(running.token_path()), 0o600);
    assert!(!left.exists());
}

#[tokio::test]
async fn a_token_that_was_given_is_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let token = Token::new("tskdp_given");
    let config = ServerConfig { token: token.clone(), ..ServerConfig::new(dir.path()) };
    let running = Server::start(config).await.unwrap();
    assert_eq!(Some(running.token()), token);
    assert!(!running.token_path().exists());
}

#[tokio::test]
async fn requests_are_logged_without_the_token() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("requests.jsonl");
    let config = ServerConfig {
        log_requests: Some(log.clone()),
        ..ServerConfig::new(dir.path().join("store"))
    };
    let running = Server::start(config).await.unwrap();
    let workspace = running.store().add_workspace("Acme").unwrap();
    let project = running.store().add_project(&workspace, "Plan", "").unwrap();
    let path = format!("/projects/{project}/tasks/");
    let body = json!({ "tasks": [task("t", "beforeend")] });
    let (client, token) = (client(), running.token());
    let post = client.post(format!("{}{path}", running.url())).json(&body);
    answer(post.bearer_auth(token.expose())).await;
    answer(client.get(format!("{}/workspaces?limit=1", running.url()))).await;

    let request = |method: &str, path: &str, query: &str, body, status| LoggedRequest {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        body,
        status,
    };
    let written = request("POST", &path, "", Some(body), 200);
    let read = request("GET", "/workspaces", "limit=1", None, 401);
    assert_eq!(running.log().requests(), [written.clone(), read]);
    assert_eq!(running.log().writes(), [written]);
    running.log().clear();
    assert_eq!(running.log().requests(), []);

    let lines = std::fs::read_to_string(&log).unwrap();
    assert_eq!((lines.lines().count(), mode(&log)), (2, 0o600));
    assert!(!lines.contains(token.expose()));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let service = Service::start().await;
    let large = json!({ "content": "x".repeat(5 << 20) });
    assert_refused(&service.post("/projects", large).await, 413, "PAYLOAD_TOO_LARGE");
}

#[tokio::test]
async fn only_an_empty_store_gets_the_sample() {
    let dir = tempfile::tempdir().unwrap();
    let config = ServerConfig { sample: true, ..ServerConfig::new(dir.path()) };
    for _ in 0..2 {
        let running = Server::start(config.clone()).await.unwrap();
        assert_eq!(running.store().find_projects("Launch plan").unwrap().len(), 1);
        running.shutdown().await;
    }
}

#[tokio::test]
async fn hostile_names_are_listed_as_they_are() {
    let service = Service::start().await;
    let workspace = fill_with_hostile_names(service.running.store()).unwrap();
    let (_, body) = service.get(&format!("/folders/{workspace}/projects")).await;
    let name = |item: &serde_json::Value| json!({ "text": item["name"] });
    let names = body["items"].as_array().unwrap().iter().map(name);
    let names = texts(&json!({ "items": names.collect::<Vec<_>>() }));
    assert!(["../../escape", "", "nul\0byte"].iter().all(|name| names.iter().any(|n| n == name)));
}

#[tokio::test]
async fn a_store_from_before_formats_has_checkboxes_and_values_with_their_types() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.sqlite3");
    make_old_store(&path);
    let store = rusqlite::Connection::open(&path).unwrap();
    let details = "
        CREATE TABLE fields (number INTEGER PRIMARY KEY, project TEXT NOT NULL, id TEXT NOT NULL,
            data TEXT NOT NULL, UNIQUE (project, id)) STRICT;
        CREATE TABLE field_values (project TEXT NOT NULL, task TEXT NOT NULL, field TEXT NOT NULL,
            value TEXT NOT NULL, PRIMARY KEY (project, task, field)) STRICT, WITHOUT ROWID;
        INSERT INTO fields VALUES (1, 'p', '@s', '{\"type\":\"Select\",\"displayName\":\"S\",\"options\":{}}'),
            (2, 'p', '@t', '{\"type\":\"string\",\"displayName\":\"T\"}');
        INSERT INTO field_values VALUES ('p', 'a', '@s', '\"o1\"'), ('p', 'a', '@t', '\"o1\"');";
    store.execute_batch(details).unwrap();
    drop(store);
    let running = Server::start(ServerConfig::new(dir.path())).await.unwrap();
    let request = client().get(format!("{}/bundles/f/export", running.url()));
    let (status, body) = answer(request.bearer_auth(running.token().expose())).await;
    assert_eq!(status, 200, "{body}");
    let title = &body["item"]["items"]["p"]["root"]["children"][0];
    let task = &title["children"][0];
    assert_eq!((&title["format"], &task["format"]["node"]), (&json!(null), &json!("checkbox")));
    let values = json!({ "@s": { "type": "Select", "optionId": "o1" }, "@t": "o1" });
    assert_eq!(task["attributes"], values);
}
