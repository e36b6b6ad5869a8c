//! The embedded server keeps the rules of the official document, and refuses what it does not
//! allow.

use std::os::unix::fs::PermissionsExt;

use reqwest::{Client, Method};
use serde_json::{Value, json};
use taskadefs::{
    ids::ProjectId,
    server::{Quirks, Running, Server, ServerConfig},
};

struct Api {
    server: Running,
    client: Client,
    folder: String,
    project: ProjectId,
    ids: Vec<String>,
    dir: tempfile::TempDir,
}

impl Api {
    async fn with(tasks: &str) -> Self {
        Self::odd(tasks, Quirks::default()).await
    }

    async fn odd(tasks: &str, quirks: Quirks) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = tempfile::tempdir().unwrap();
        let mut config = ServerConfig::new(dir.path().join("store"));
        config.quirks = quirks;
        let server = Server::start(config).await.unwrap();
        let folder = server.store().add_workspace("Acme").unwrap();
        let project = server.store().add_project(&folder, "Plan", tasks).unwrap();
        let ids = server.store().task_ids(&project).unwrap();
        let ids = ids.iter().map(ToString::to_string).collect();
        let client = Client::new();
        Self { server, client, folder: folder.to_string(), project, ids, dir }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}{path}", self.server.url());
        let mut request =
            self.client.request(method, url).bearer_auth(self.server.token().expose());
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap())
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.call(Method::GET, path, None).await
    }

    async fn create(&self, tasks: Value) -> u16 {
        let path = format!("/projects/{}/tasks/", self.project);
        self.call(Method::POST, &path, Some(json!({ "tasks": tasks }))).await.0
    }

    async fn on(&self, method: Method, task: usize, verb: &str, body: Option<Value>) -> u16 {
        let path = format!("/projects/{}/tasks/{}{verb}", self.project, self.ids[task]);
        self.call(method, &path, body).await.0
    }

    fn tree(&self) -> String {
        self.server.store().tree(&self.project).unwrap()
    }
}

fn new(text: &str, placement: &str, anchor: Option<&str>) -> Value {
    let mut task = json!({ "contentType": "text/plain", "content": text, "placement": placement });
    if let Some(anchor) = anchor {
        task["taskId"] = anchor.into();
    }
    task
}

#[tokio::test]
async fn listings_begin_with_home_and_title() {
    let api = Api::with("a\n  b").await;
    assert_eq!(api.get("/workspaces").await.1["items"][0]["name"], "Acme");
    let folders = api.get(&format!("/workspaces/{}/folders", api.folder)).await.1;
    assert_eq!(folders["items"][0]["id"], api.folder.as_str());
    let projects = api.get(&format!("/folders/{}/projects", api.folder)).await.1;
    assert_eq!(projects["items"][0]["id"], api.project.as_str());
    let tasks = api.get(&format!("/projects/{}/tasks", api.project)).await.1;
    assert_eq!(tasks["items"][0]["text"], "Plan");
    assert_eq!(tasks["items"][0].get("parentId"), None);
    assert_eq!(tasks["items"][1]["parentId"], tasks["items"][0]["id"]);
    assert_eq!(tasks["items"][2]["parentId"], tasks["items"][1]["id"]);
}

#[tokio::test]
async fn what_the_document_does_not_allow_is_refused() {
    let api = Api::with("a\n  b\nc").await;
    let long = "x".repeat(2001);
    let many: Vec<Value> = (0..21).map(|_| new("x", "beforeend", None)).collect();
    for (tasks, status) in [
        (json!(many), 400),
        (json!(many[..20]), 200),
        (json!([{ "contentType": "text/plain", "content": "x" }]), 400),
        (json!([new("x", "afterend", None)]), 400),
        (json!([new("x", "sideways", None)]), 400),
        (json!([{ "contentType": "text/html", "content": "x", "placement": "beforeend" }]), 400),
        (
            json!([{ "contentType": "text/plain", "content": "x", "placement": "beforeend", "extra": 1 }]),
            400,
        ),
        (
            json!([{ "contentType": "text/plain", "content": "x", "placement": "beforeend", "taskId": null }]),
            200,
        ),
        (json!([new(&long, "beforeend", None)]), 400),
        (json!([new(&long[..2000], "beforeend", None)]), 200),
        (json!([new("x", "beforeend", Some("nobody"))]), 404),
    ] {
        assert_eq!(api.create(tasks.clone()).await, status, "{tasks}");
    }
    let put = |content: &str| Some(json!({ "contentType": "text/plain", "content": content }));
    assert_eq!(api.on(Method::PUT, 0, "", put("two\nlines")).await, 400);
    assert_eq!(api.on(Method::PUT, 0, "", put(&long)).await, 400);
    assert_eq!(api.on(Method::PUT, 0, "", Some(json!({ "content": "x" }))).await, 400);
    assert_eq!(api.on(Method::PUT, 0, "", put("fine")).await, 200);
    let to = |task: usize, position: &str| {
        Some(json!({ "target": { "taskId": api.ids[task], "position": position } }))
    };
    assert_eq!(api.on(Method::PUT, 0, "/move", to(1, "beforeend")).await, 400, "into itself");
    assert_eq!(api.on(Method::PUT, 1, "/move", to(2, "afterbegin")).await, 200);
    assert_eq!(api.on(Method::POST, 0, "/complete", None).await, 200);
    assert_eq!(api.on(Method::POST, 0, "/complete", None).await, 400, "again");
    assert_eq!(api.on(Method::POST, 1, "/uncomplete", None).await, 400, "it is not complete");
    assert_eq!(api.on(Method::DELETE, 2, "", None).await, 200);
    assert!(!api.tree().contains('b'), "a subtree goes as a whole");
}

#[tokio::test]
async fn the_title_stays_and_a_batch_is_applied_in_order() {
    let api = Api::with("a\nb").await;
    let tasks = api.get(&format!("/projects/{}/tasks", api.project)).await.1;
    let title = tasks["items"][0]["id"].as_str().unwrap();
    let path = format!("/projects/{}/tasks/{title}", api.project);
    assert_eq!(api.call(Method::DELETE, &path, None).await.0, 400);
    let target = json!({ "target": { "taskId": api.ids[0], "position": "afterend" } });
    assert_eq!(api.call(Method::PUT, &format!("{path}/move"), Some(target)).await.0, 400);
    let after = |text| new(text, "afterend", Some(&api.ids[0]));
    let path = format!("/projects/{}/tasks", api.project);
    let body = json!({ "tasks": [after("1"), after("2")] });
    let (status, answer) = api.call(Method::POST, &path, Some(body)).await;
    assert_eq!((status, answer["item"].as_array().unwrap().len()), (200, 2));
    assert_eq!(api.tree(), "a\n2\n1\nb\n", "several after one anchor come out reversed");
    // A batch of which one cannot be placed leaves nothing behind, unless it is that way.
    assert_eq!(
        api.create(json!([new("x", "beforeend", None), new("y", "afterend", Some("?"))])).await,
        404
    );
    assert_eq!(api.tree(), "a\n2\n1\nb\n");
    let odd = Api::odd("a", Quirks { atomic_batches: false, ..Quirks::default() }).await;
    assert_eq!(
        odd.create(json!([new("x", "beforeend", None), new("y", "afterend", Some("?"))])).await,
        404
    );
    assert_eq!(odd.tree(), "a\nx\n");
}

#[tokio::test]
async fn pages_have_limits_and_cursors() {
    let tasks: String = (1..=2500).map(|n| format!("{n}\n")).collect();
    let api = Api::with(&tasks).await;
    let list =
        async |query: &str| api.get(&format!("/projects/{}/tasks{query}", api.project)).await;
    assert_eq!(list("").await.1["items"].as_array().unwrap().len(), 100);
    assert_eq!(list("?limit=1000").await.1["items"].as_array().unwrap().len(), 1000);
    assert_eq!(list("?limit=1001").await.0, 400);
    let (first, last) = (&api.ids[0], &api.ids[2499]);
    let after = list(&format!("?limit=2&after={first}")).await.1;
    assert_eq!(after["items"][0]["text"], "2");
    assert_eq!(after["items"].as_array().unwrap().len(), 2);
    let before = list(&format!("?limit=2&before={last}")).await.1;
    assert_eq!(before["items"][1]["text"], "2499");
    assert_eq!(list(&format!("?after={first}&before={last}")).await.0, 400);
    assert_eq!(list("?after=nobody").await.0, 400);
}

#[tokio::test]
async fn projects_are_made_copied_archived_and_restored() {
    let api = Api::with("a").await;
    let body = json!({ "folderId": api.folder, "contentType": "text/markdown", "content": "# T\n\n- a\n  - b\n" });
    let made = api.call(Method::POST, "/projects", Some(body)).await.1;
    let id = ProjectId::new(made["item"]["id"].as_str().unwrap());
    assert_eq!(api.server.store().tree(&id).unwrap(), "a\n  b\n");
    let body = json!({ "contentType": "text/markdown", "content": "T2" });
    let path = format!("/workspaces/{}/projects", api.folder);
    assert_eq!(api.call(Method::POST, &path, Some(body)).await.1["item"]["name"], "T2");
    let path = |verb: &str| format!("/projects/{}/{verb}", api.project);
    let body = json!({ "folderId": api.folder, "projectTitle": "Copy" });
    let copy = api.call(Method::POST, &path("copy"), Some(body)).await.1;
    let copy = ProjectId::new(copy["item"]["id"].as_str().unwrap());
    let ids = api.server.store().task_ids(&copy).unwrap();
    assert_eq!(ids[0].as_str(), api.ids[0], "copies keep the ids of their tasks");
    assert_eq!(api.call(Method::POST, &path("complete"), None).await.1["item"]["completed"], true);
    let listed = api.get(&format!("/folders/{}/projects", api.folder)).await.1;
    assert_eq!(listed["items"][0]["completed"], true, "archived projects are listed");
    assert_eq!(api.call(Method::POST, &path("restore"), None).await.1["item"], Value::Null);
    let missing = api.get("/projects/none").await;
    assert_eq!((missing.0, &missing.1["code"]), (404, &json!("NOT_FOUND")));
    assert_eq!(missing.1["ok"], false);
}

#[tokio::test]
async fn what_is_not_there_yet_answers_in_the_envelope() {
    let api = Api::with("a").await;
    for path in ["/me/projects", "/agents/x", "/medias/x", "/bundles/x/export", "/nonsense"] {
        let (status, body) = api.get(path).await;
        assert_eq!((status, &body["ok"], &body["code"]), (404, &json!(false), &json!("NOT_FOUND")));
    }
    assert_eq!(api.on(Method::GET, 0, "/date", None).await, 404);
}

#[tokio::test]
async fn a_missing_and_a_bad_token_are_answered_alike() {
    let api = Api::with("a").await;
    let url = format!("{}/workspaces", api.server.url());
    let missing = api.client.get(&url).send().await.unwrap();
    let bad = api.client.get(&url).bearer_auth("wrong").send().await.unwrap();
    assert_eq!((missing.status().as_u16(), bad.status().as_u16()), (401, 401));
    assert_eq!(missing.text().await.unwrap(), bad.text().await.unwrap());
}

#[tokio::test]
async fn the_limit_is_told_and_kept() {
    let api = Api::odd("a", Quirks { rate_limit: Some(3), ..Quirks::default() }).await;
    let url = format!("{}/workspaces", api.server.url());
    let mut statuses = Vec::new();
    for left in [2, 1, 0, 0] {
        let answer =
            api.client.get(&url).bearer_auth(api.server.token().expose()).send().await.unwrap();
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("x-rate-limit-limit"), "3");
        assert_eq!(header("x-rate-limit-remaining"), left.to_string());
        let reset = header("x-rate-limit-reset");
        assert!(reset.contains('.') && reset.parse::<f64>().unwrap() <= 60.0, "{reset}");
        statuses.push(answer.status().as_u16());
    }
    assert_eq!(statuses, [200, 200, 200, 429]);
}

#[tokio::test]
async fn what_was_written_outlives_the_server() {
    let api = Api::with("a").await;
    assert_eq!(api.create(json!([new("b", "beforeend", None)])).await, 200);
    let (token, path) = (api.server.token(), api.server.token_path().to_owned());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    api.server.shutdown().await;
    let again = Server::start(ServerConfig::new(api.dir.path().join("store"))).await.unwrap();
    assert_eq!(again.token(), token);
    assert_eq!(again.store().tree(&api.project).unwrap(), "a\nb\n");
    let mut outside = ServerConfig::new(api.dir.path().join("store"));
    outside.listen = "0.0.0.0:0".parse().unwrap();
    assert!(Server::start(outside).await.is_err());
}
