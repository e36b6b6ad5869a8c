//! Agents, files, templates and bundles of spaces.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use taskadefs::server::Quirks;

use super::{Service, assert_refused};

fn prompted() -> Value {
    json!({ "commands": [], "description": "You are Ann." })
}

async fn agent(service: &Service) -> String {
    let body = json!({ "name": "Ann", "data": { "type": "data", "data": prompted() } });
    let (status, body) =
        service.post(&format!("/folders/{}/agents", service.workspace), body).await;
    assert_eq!(status, 200, "{body}");
    body["item"]["id"].as_str().unwrap().to_owned()
}

/// The status, the headers of a file and what is in it.
async fn download(service: &Service, path: &str, range: Option<&str>) -> (u16, String, Vec<u8>) {
    let mut request = service.request(Method::GET, path);
    if let Some(range) = range {
        request = request.header("range", range);
    }
    let response = request.send().await.unwrap();
    let header = |name: &str| {
        let value = response.headers().get(name);
        value.map_or("", |value| value.to_str().unwrap()).to_owned()
    };
    let told = [header("content-type"), header("content-disposition"), header("content-range")];
    (response.status().as_u16(), told.join("|"), response.bytes().await.unwrap().to_vec())
}

async fn upload(service: &Service, name: &str, content: Vec<u8>) -> (u16, Value) {
    let path = format!("/medias/spaces/{}/upload", service.workspace);
    let request = service.request(Method::POST, &path).query(&[("filename", name)]);
    super::answer(request.header("content-type", "image/png").body(content)).await
}

#[tokio::test]
async fn an_agent_is_made_changed_listed_and_deleted_once() {
    let service = Service::start().await;
    let id = agent(&service).await;
    let path = format!("/agents/{id}");
    let item = json!({
        "id": id, "name": "Ann", "space_id": service.workspace, "data": prompted(),
    });
    assert_eq!(service.get(&path).await.1["item"], item);
    let patch = async |body: Value| {
        let request = service.request(Method::PATCH, &path).json(&body);
        super::answer(request).await.1["item"].clone()
    };
    assert_eq!(patch(json!({ "name": "Bea" })).await["name"], "Bea");
    let data = json!({ "commands": [], "tone": "warm" });
    assert_eq!(patch(json!({ "data": data })).await["data"], data);
    let folder = format!("/folders/{}/agents", service.workspace);
    let second = agent(&service).await;
    let ids = async |query: &str| {
        let (_, body) = service.get(&format!("{folder}{query}")).await;
        let ids = body["items"].as_array().unwrap().iter();
        ids.map(|item| item["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids("").await, [id.clone(), second.clone()]);
    assert_eq!(ids("?limit=1&page=2").await, [second]);
    assert_eq!(ids("?limit=1&page=3").await, [""; 0]);
    assert_eq!(service.delete(&path).await, (200, json!({ "ok": true })));
    assert_refused(&service.delete(&path).await, 404, "NOT_FOUND");
    assert_refused(&service.get(&path).await, 404, "NOT_FOUND");
}

#[tokio::test]
async fn what_an_agent_came_with_may_be_sent_back_and_nothing_else_that_is_unknown() {
    let service = Service::start().await;
    let template = json!({
        "version": "1", "name": "Cas", "persona": "owl",
        "commands": [{ "id": "c", "name": "C", "prompt": "Do c.", "isBackgroundJob": false }],
    });
    let items = json!({ "a": { "type": "space-bundle-agent-item", "template": template } });
    let bundle = json!({ "bundleData": { "version": "1", "items": items } });
    let import = format!("/bundles/{}/import", service.workspace);
    let (status, installed) = service.post(&import, bundle).await;
    assert_eq!((status, &installed["item"]["agentCount"]), (200, &json!(1)));
    let (_, body) = service.get(&format!("/folders/{}/agents", service.workspace)).await;
    let (id, mut data) =
        (body["items"][0]["id"].as_str().unwrap().to_owned(), body["items"][0]["data"].clone());
    assert_eq!(data["persona"], "owl");
    data["description"] = "You are Cas.".into();
    data["commands"][0]["prompt"] = "Do it.".into();
    let patch = async |data: &Value| {
        let request = service.request(Method::PATCH, &format!("/agents/{id}"));
        super::answer(request.json(&json!({ "data": data }))).await
    };
    let patched = patch(&data).await;
    assert_eq!((patched.0, &patched.1["item"]["data"]), (200, &data));
    for (pointer, value) in [("/mood", json!("good")), ("/tone", json!("loud"))] {
        let mut other = data.clone();
        other[pointer.trim_start_matches('/')] = value;
        assert_refused(&patch(&other).await, 400, "BAD_REQUEST");
    }
    data["commands"][0]["speed"] = 1.into();
    assert_refused(&patch(&data).await, 400, "BAD_REQUEST");
}

#[tokio::test]
async fn generated_agents_are_canned_and_cost_what_may_be_missing() {
    let generate = async |service: &Service| {
        let path = format!("/folders/{}/agent-generate", service.workspace);
        service.post(&path, json!({ "text": "somebody who counts sheep at night" })).await
    };
    let service = Service::start().await;
    let (status, body) = generate(&service).await;
    assert_eq!((status, &body["item"]["name"]), (200, &json!("somebody who counts sheep")));
    assert!(body["item"]["data"]["description"].as_str().unwrap().starts_with("Canned"));
    let poor = Service::with(Quirks { out_of_credits: true, ..Quirks::default() }).await;
    let (status, body) = generate(&poor).await;
    assert_eq!((status, &body["code"]), (402, &json!("PAYMENT_REQUIRED")));
    assert!(body["featureId"].is_string());
    let made =
        json!({ "name": "T", "data": { "type": "template", "template": { "type": "Tutor" } } });
    let path = format!("/folders/{}/agents", service.workspace);
    assert_eq!(service.post(&path, made.clone()).await.0, 200);
    let mut other = made;
    other["data"]["template"]["type"] = "Wizard".into();
    assert_refused(&service.post(&path, other).await, 400, "BAD_REQUEST");
}

#[tokio::test]
async fn an_agent_is_public_once_it_is_published_and_stays_so() {
    let service = Service::start().await;
    let id = agent(&service).await;
    let public = format!("/agents/{id}/public-agent");
    assert_refused(&service.get(&public).await, 404, "NOT_FOUND");
    let publish = format!("/agents/{id}/publicAccess");
    let (_, first) = service.put(&publish, json!({})).await;
    assert_eq!(service.put(&publish, json!({})).await.1, first);
    let request = service.request(Method::PATCH, &public);
    let dark = request.json(&json!({ "preferences": { "theme": "dark" } }));
    let (status, body) = super::answer(dark).await;
    let preferences = json!({ "mode": "chatbot", "theme": "dark" });
    assert_eq!((status, &body["item"]["preferences"]), (200, &preferences));
    let (_, told) = service.get(&public).await;
    assert_eq!(
        (&told["publicUrl"], &told["item"]["preferences"]),
        (&first["publicUrl"], &preferences)
    );
    let by_id = format!("/public-agents/{}", told["item"]["id"].as_str().unwrap());
    assert_eq!(service.get(&by_id).await.1, told);
    let request = service.request(Method::PATCH, &public);
    let loud = request.json(&json!({ "preferences": { "theme": "loud" } }));
    assert_refused(&super::answer(loud).await, 400, "BAD_REQUEST");
}

#[tokio::test]
async fn what_an_agent_knows_is_in_exports_and_can_be_taken_away_once() {
    let service = Service::start().await;
    let (id, project) = (agent(&service).await, service.project("a"));
    let (_, media) = upload(&service, "a.png", vec![1]).await;
    let media = media["item"]["mediaId"].as_str().unwrap();
    let path = |what: &str| format!("/agents/{id}/knowledge/{what}");
    for (what, key, subject) in
        [("project", "projectId", project.as_str()), ("media", "mediaId", media)]
    {
        for _ in 0..2 {
            let taught = service.post(&path(what), json!({ key: subject })).await;
            assert_eq!((taught.0, &taught.1["item"]["id"]), (200, &json!(id)));
        }
        assert_refused(
            &service.post(&path(what), json!({ key: "nowhere" })).await,
            404,
            "NOT_FOUND",
        );
    }
    let (_, export) = service.get(&format!("/bundles/{}/export", service.workspace)).await;
    let template = &export["item"]["items"][&id]["template"];
    assert_eq!(template["addToKnowledgeProjectVariables"][0]["id"], project.as_str());
    assert_eq!(template["description"], "You are Ann.");
    for taken in [path(&format!("project/{project}")), path(&format!("media/{media}"))] {
        assert_eq!(service.delete(&taken).await.0, 200);
        assert_refused(&service.delete(&taken).await, 404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn conversations_are_told_without_what_was_said_but_by_v2() {
    let service = Service::start().await;
    let id = agent(&service).await;
    let convo = service.running.store().add_convo(&id, "Hello", "**You**: hello").unwrap();
    let (_, listed) = service.get(&format!("/agents/{id}/convos/")).await;
    assert_eq!(listed["items"][0]["title"], "Hello");
    let (_, one) = service.get(&format!("/agents/{id}/convos/{convo}")).await;
    assert_eq!(one["item"], listed["items"][0]);
    assert!(!listed.to_string().contains("**You**"));
    let url = service.running.url().replace("/v1", "/v2/getConversation");
    for (include, transcript) in [(true, json!("**You**: hello")), (false, Value::Null)] {
        let body = json!({ "agentId": id, "convoId": convo, "includeTranscript": include });
        let request = service.client.post(&url).bearer_auth(service.running.token().expose());
        let (status, told) = super::answer(request.json(&body)).await;
        assert_eq!((status, &told["item"]), (200, &one["item"]));
        assert_eq!(told["transcript"], transcript);
    }
    assert_eq!(super::answer(service.client.post(&url)).await.0, 401);
}

#[tokio::test]
async fn a_file_is_uploaded_told_without_its_name_and_downloaded_in_parts() {
    let service = Service::start().await;
    let content: Vec<u8> = (0..=255).collect();
    let (status, body) = upload(&service, "über \"x\".png", content.clone()).await;
    assert_eq!((status, &body["item"]["kind"]), (200, &json!("image")));
    let id = body["item"]["mediaId"].as_str().unwrap();
    let item = json!({ "id": id, "space_id": service.workspace, "kind": "image" });
    let (_, listed) = service.get(&format!("/folders/{}/medias", service.workspace)).await;
    assert_eq!(listed["items"], json!([item]));
    let path = format!("/medias/{id}");
    assert_eq!(service.get(&path).await.1["item"], item);
    let (status, told, bytes) = download(&service, &format!("{path}/download"), None).await;
    assert_eq!((status, &bytes), (200, &content));
    let named = "attachment; filename=\"_ber _x_.png\"; filename*=UTF-8''%C3%BCber%20%22x%22.png";
    assert_eq!(told, format!("image/png|{named}|"));
    let (status, told, bytes) =
        download(&service, &format!("{path}/download"), Some("bytes=250-")).await;
    assert_eq!((status, bytes.as_slice()), (206, &content[250..]));
    assert!(told.ends_with("|bytes 250-255/256"), "{told}");
    let past = download(&service, &format!("{path}/download"), Some("bytes=256-")).await;
    assert_eq!(past.0, 416);
    assert_eq!(service.delete(&path).await.0, 200);
    assert_refused(&service.delete(&path).await, 404, "NOT_FOUND");
    assert_refused(&service.get(&format!("{path}/download")).await, 404, "NOT_FOUND");
}

#[tokio::test]
async fn a_public_address_is_for_everybody_and_no_place_for_a_token() {
    let service = Service::with(Quirks { downloads_redirect: true, ..Quirks::default() }).await;
    let (_, body) = upload(&service, "a.png", vec![7; 10]).await;
    let url = body["item"]["downloadUrl"].as_str().unwrap().to_owned();
    assert!(url.starts_with("http://localhost:"), "{url}");
    let open = service.client.get(&url).send().await.unwrap();
    assert_eq!(
        (open.status(), open.bytes().await.unwrap().to_vec()),
        (StatusCode::OK, vec![7; 10])
    );
    let told = service.client.get(&url).bearer_auth(service.running.token().expose());
    assert_eq!(told.send().await.unwrap().status(), 400);
    let path = format!("/medias/{}/download", body["item"]["mediaId"].as_str().unwrap());
    let redirect = service.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(redirect.status(), 302);
    assert_eq!(redirect.headers()["location"], url);
}

#[tokio::test]
async fn what_is_too_large_or_has_no_name_is_not_uploaded() {
    for large_has_code in [true, false] {
        let service = Service::with(Quirks { large_has_code, ..Quirks::default() }).await;
        let (status, body) = upload(&service, "a.bin", vec![0; (25 << 20) + 1]).await;
        assert_eq!((status, body["code"].is_string()), (413, large_has_code));
        assert_eq!(upload(&service, "a.bin", vec![0; 25 << 20]).await.0, 200);
        assert_refused(&upload(&service, "", vec![1]).await, 400, "BAD_REQUEST");
    }
}

#[tokio::test]
async fn a_project_is_made_of_a_template() {
    let service = Service::start().await;
    let project = service.project("a\n  b");
    let space = &service.workspace;
    let template = service.running.store().add_template(space, "Sprint", &project).unwrap();
    let (_, body) = service.get(&format!("/folders/{space}/project-templates")).await;
    assert_eq!(body["items"], json!([{ "id": template, "name": "Sprint" }]));
    let body = json!({ "folderId": space, "templateId": template });
    let (status, made) = service.post("/projects/from-template", body).await;
    assert_eq!((status, &made["item"]["name"]), (200, &json!("Sprint")));
    let (made, _) = service.running.store().find_projects("Sprint").unwrap().remove(0);
    assert_eq!(service.tree(&made), "a\n  b\n");
    for (folder, template) in [("nowhere", template.as_str()), (space.as_str(), "nowhere")] {
        let body = json!({ "folderId": folder, "templateId": template });
        assert_refused(&service.post("/projects/from-template", body).await, 404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn projects_of_mine_come_by_when_they_were_looked_at() {
    let service = Service::start().await;
    let store = service.running.store();
    let add = |name| store.add_project(&service.workspace, name, "a").unwrap();
    let [a, b, c] = ["A", "B", "C"].map(add);
    store.view_elsewhere(&a).unwrap();
    let mine = async |query: &str| {
        let (_, body) = service.get(&format!("/me/projects{query}")).await;
        let ids = body["items"].as_array().unwrap().iter();
        ids.map(|item| item["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let ids = |projects: [&taskadefs::ids::ProjectId; 3]| projects.map(ToString::to_string);
    assert_eq!(mine("").await, ids([&a, &c, &b]));
    assert_eq!(mine("?sort=viewed-asc").await, ids([&b, &c, &a]));
    assert_eq!(mine("?limit=1&page=2").await, [c.to_string()]);
    assert_refused(&service.get("/me/projects?sort=name").await, 400, "BAD_REQUEST");
}

/// What an export of a space has, ids aside.
async fn exported(service: &Service, space: &str) -> Vec<String> {
    let (_, body) = service.get(&format!("/bundles/{space}/export")).await;
    let items = body["item"]["items"].as_object().unwrap().values();
    let mut told: Vec<String> = items
        .map(|item| {
            let title = &item["root"]["children"][0]["text"]["ops"][0]["insert"];
            let name = item["template"]["name"].as_str().or(title.as_str());
            format!("{} {}", item["type"].as_str().unwrap(), name.unwrap_or_default())
        })
        .collect();
    told.sort();
    told
}

#[tokio::test]
async fn a_whole_space_goes_into_an_archive_and_comes_out_of_it_elsewhere() {
    for tsk_is_json in [false, true] {
        let service = Service::with(Quirks { tsk_is_json, ..Quirks::default() }).await;
        let (id, project) = (agent(&service).await, service.project("a\n  x b"));
        let store = service.running.store();
        store.add_template(&service.workspace, "Sprint", &project).unwrap();
        upload(&service, "a.png", vec![9; 1000]).await;
        let teach = format!("/agents/{id}/knowledge/project");
        service.post(&teach, json!({ "projectId": project })).await;
        let other = store.add_workspace("Other").unwrap();
        let formats = if tsk_is_json { ["tsk"].as_slice() } else { &["zip", "tsk"] };
        for format in formats {
            let path = format!("/bundles/{}/export/zip?format={format}", service.workspace);
            let (status, _, bundle) = download(&service, &path, None).await;
            assert_eq!((status, bundle.starts_with(b"PK")), (200, !tsk_is_json));
            let path = format!("/bundles/{other}/import/zip");
            let request = service.request(Method::POST, &path).body(bundle);
            let (status, installed) = super::answer(request).await;
            let medias = u8::from(!tsk_is_json);
            assert_eq!(status, 200, "{installed}");
            let mut counts = installed["item"].clone();
            assert!(counts["id"].take().is_string());
            let wanted = json!({
                "id": null, "projectCount": 1, "flowCount": 0, "agentCount": 1,
                "templateCount": 1, "mediaCount": medias, "appCount": 0,
            });
            assert_eq!(counts, wanted);
        }
        let mut whole = exported(&service, service.workspace.as_str()).await;
        whole = whole.iter().flat_map(|told| formats.iter().map(move |_| told.clone())).collect();
        assert_eq!(exported(&service, other.as_str()).await, whole);
        let (_, body) = service.get(&format!("/bundles/{other}/export")).await;
        let items = body["item"]["items"].as_object().unwrap();
        for known in items.values().filter_map(|item| item.get("template")) {
            let known = known["addToKnowledgeProjectVariables"][0]["id"].as_str().unwrap();
            assert_eq!(items[known]["type"], "space-bundle-project-item");
        }
    }
}

#[tokio::test]
async fn what_is_no_bundle_changes_nothing_and_too_many_imports_are_refused() {
    let service = Service::start().await;
    let space = service.workspace.as_str();
    let title = json!({ "id": "t", "text": { "ops": [{ "insert": "P" }] }, "children": [] });
    let good = json!({ "type": "space-bundle-project-item", "root": { "children": [title] } });
    let import = format!("/bundles/{space}/import");
    let bundle = |items: Value| json!({ "bundleData": { "version": "1", "items": items } });
    for bad in [
        bundle(json!({ "a": good, "b": { "type": "other" } })),
        bundle(json!({ "a": good, "b": { "type": "space-bundle-agent-item" } })),
        json!({ "bundleData": { "version": "2", "items": {} } }),
    ] {
        assert_refused(&service.post(&import, bad).await, 400, "BAD_REQUEST");
    }
    for bytes in [&b"PK\x03\x04"[..], b"{}", b"what"] {
        let path = format!("{import}/zip");
        let request = service.request(Method::POST, &path).body(bytes.to_vec());
        assert_refused(&super::answer(request).await, 400, "BAD_REQUEST");
    }
    assert_eq!(exported(&service, space).await, [""; 0]);
    for _ in 0..5 {
        assert_eq!(service.post(&import, bundle(json!({ "a": good }))).await.0, 200);
    }
    let sixth = service.post(&import, bundle(json!({ "a": good }))).await;
    assert_refused(&sixth, 429, "TOO_MANY_REQUESTS");
    assert_eq!(exported(&service, space).await.len(), 5);
}
