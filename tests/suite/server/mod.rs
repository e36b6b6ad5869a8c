//! The embedded server over real HTTP: the rules of the official document, what public clients
//! have met, and that every quirk and fault is what its name says.

mod account;
mod details;
mod document;
mod faults;
mod imports;
mod lifetime;
mod listing;
mod nodes;
mod oauth;
mod projects;
mod quirks;
mod resources;
mod shape;
mod spaces;
mod tasks;

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use taskadefs::{
    ids::{ProjectId, SpaceId},
    server::{Quirks, Running, Server, ServerConfig},
};
use tempfile::TempDir;

/// No test waits longer than this for one answer.
const DEADLINE: Duration = Duration::from_secs(10);

/// A running server with an empty workspace, and a client that holds its token.
struct Service {
    running: Running,
    workspace: SpaceId,
    client: Client,
    _dir: TempDir,
}

/// An answer: its status and its body.
type Answer = (u16, Value);

impl Service {
    async fn start() -> Self {
        Self::with(Quirks::default()).await
    }

    async fn with(quirks: Quirks) -> Self {
        Self::on(|config| config.quirks = quirks).await
    }

    /// One with the sample workspace beside the empty one.
    async fn sample() -> Self {
        Self::on(|config| config.sample = true).await
    }

    async fn on(choose: impl FnOnce(&mut ServerConfig)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = ServerConfig::new(dir.path());
        choose(&mut config);
        let running = Server::start(config).await.unwrap();
        let workspace = running.store().add_workspace("Acme").unwrap();
        Self { running, workspace, client: client(), _dir: dir }
    }

    /// A project of the workspace. Its tasks are as for [`taskadefs::server::Store::add_project`].
    fn project(&self, tasks: &str) -> ProjectId {
        self.running.store().add_project(&self.workspace, "Plan", tasks).unwrap()
    }

    fn tree(&self, project: &ProjectId) -> String {
        self.running.store().tree(project).unwrap()
    }

    fn ids(&self, project: &ProjectId) -> Vec<String> {
        let ids = self.running.store().task_ids(project).unwrap();
        ids.iter().map(ToString::to_string).collect()
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.running.url());
        self.client.request(method, url).bearer_auth(self.running.token().expose())
    }

    async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::POST, path).json(&body)).await
    }

    async fn put(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::PUT, path).json(&body)).await
    }

    async fn delete(&self, path: &str) -> Answer {
        answer(self.request(Method::DELETE, path)).await
    }

    /// Creates tasks; the status and the ids.
    async fn create(&self, project: &ProjectId, tasks: Value) -> (u16, Vec<String>) {
        let body = json!({ "tasks": tasks });
        let (status, body) = self.post(&format!("/projects/{project}/tasks/"), body).await;
        let items = body["item"].as_array().cloned().unwrap_or_default();
        (status, items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect())
    }
}

fn client() -> Client {
    // Fails only where one is installed already.
    rustls::crypto::ring::default_provider().install_default().ok();
    let builder = Client::builder().no_proxy().timeout(DEADLINE);
    builder.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// A task to be created.
fn task(content: &str, placement: &str) -> Value {
    json!({ "contentType": "text/plain", "content": content, "placement": placement })
}

/// A task to be created by another.
fn task_by(anchor: &str, content: &str, placement: &str) -> Value {
    let mut task = task(content, placement);
    task["taskId"] = anchor.into();
    task
}

/// The texts of a listing.
fn texts(body: &Value) -> Vec<String> {
    let text = |item: &Value| item["text"].as_str().unwrap().to_owned();
    body["items"].as_array().unwrap().iter().map(text).collect()
}

/// Checks that this is a refusal in the error envelope of the official document.
fn assert_refused((status, body): &Answer, wanted: u16, code: &str) {
    assert_eq!(*status, wanted, "{body}");
    assert_eq!((&body["ok"], &body["code"]), (&json!(false), &json!(code)));
    let mut keys: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["code", "message", "ok", "statusMessage"]);
}
