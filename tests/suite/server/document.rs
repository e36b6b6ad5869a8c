//! The official document, walked: every operation has a route, takes what the document takes, and
//! answers in the shape that it gives.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use taskadefs::server::Quirks;

use super::Service;
use crate::support::document::document;

/// The document as it was when this was written: an operation more or less is to be noticed.
const OPERATIONS: (usize, usize) = (49, 64);

/// Method, path and operation of each.
fn operations(document: &Value) -> Vec<(Method, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().iter().map(move |(method, operation)| {
                let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
                (method, path.as_str(), operation)
            })
        })
        .collect()
}

/// What is wrong with a value, by the schema of the document; where in it first.
struct Schemas<'a> {
    document: &'a Value,
}

impl<'a> Schemas<'a> {
    /// `base` is what references without a component are of: the outermost schema.
    fn check(
        &self,
        schema: &'a Value,
        base: &'a Value,
        value: &Value,
        at: &str,
    ) -> Result<(), String> {
        if let Some(reference) = schema["$ref"].as_str() {
            let pointer = reference.trim_start_matches('#');
            let (found, base) = match pointer.strip_prefix("/components/schemas/") {
                Some(rest) => {
                    let name = rest.split('/').next().unwrap();
                    let component = &self.document["components"]["schemas"][name];
                    (self.document.pointer(pointer), component)
                }
                None => (base.pointer(pointer), base),
            };
            let found = found.unwrap_or_else(|| panic!("{reference} leads nowhere"));
            return self.check(found, base, value, at);
        }
        if value.is_null() && schema["nullable"] == true {
            return Ok(());
        }
        let wrong = |what: &str| Err(format!("{at}: {what}: {value}"));
        let listed = |key: &str| schema[key].as_array().map_or(&[][..], Vec::as_slice);
        for part in listed("allOf") {
            self.check(part, base, value, at)?;
        }
        let any = listed("anyOf");
        if !any.is_empty() && !any.iter().any(|one| self.check(one, base, value, at).is_ok()) {
            return wrong("is none of what it may be");
        }
        let values = listed("enum");
        if !values.is_empty() && !values.contains(value) {
            return wrong("is no value of the list");
        }
        let is = match schema["type"].as_str() {
            Some("object") => value.is_object(),
            Some("array") => value.is_array(),
            Some("string") => value.is_string(),
            Some("number" | "integer") => value.is_number(),
            Some("boolean") => value.is_boolean(),
            _ => true,
        };
        if !is {
            return wrong("has another type");
        }
        for (number, item) in value.as_array().into_iter().flatten().enumerate() {
            self.check(&schema["items"], base, item, &format!("{at}[{number}]"))?;
        }
        self.check_object(schema, base, value, at)
    }

    fn check_object(
        &self,
        schema: &'a Value,
        base: &'a Value,
        value: &Value,
        at: &str,
    ) -> Result<(), String> {
        let (Some(object), Some("object")) = (value.as_object(), schema["type"].as_str()) else {
            return Ok(());
        };
        for key in schema["required"].as_array().into_iter().flatten() {
            if !object.contains_key(key.as_str().unwrap()) {
                return Err(format!("{at}: {key} is missing: {value}"));
            }
        }
        for (key, value) in object {
            let at = format!("{at}.{key}");
            match (&schema["properties"][key], &schema["additionalProperties"]) {
                (Value::Null, Value::Bool(false)) => return Err(format!("{at} is not known")),
                (Value::Null, Value::Object(_)) => {
                    self.check(&schema["additionalProperties"], base, value, &at)?;
                }
                (Value::Null, _) => {}
                (property, _) => self.check(property, base, value, &at)?,
            }
        }
        Ok(())
    }
}

/// What is there to ask for, by the names that the document has for it.
async fn things(service: &Service) -> BTreeMap<&'static str, String> {
    let store = service.running.store();
    let space = &service.workspace;
    store.add_member(space, "alice", "Alice").unwrap();
    let project = service.project("a\nb");
    store.add_field(&project, "@f", &json!({ "type": "string", "displayName": "F" })).unwrap();
    let [task, second]: [String; 2] = service.ids(&project).try_into().unwrap();
    for (part, body) in [
        ("date", json!({ "start": { "date": "2026-12-01" } })),
        ("note", json!({ "type": "text/plain", "value": "n" })),
        ("assignees", json!({ "handles": ["alice"] })),
        ("fields/@f", json!({ "value": "v" })),
    ] {
        let path = format!("/projects/{project}/tasks/{task}/{part}");
        assert_eq!(service.put(&path, body).await.0, 200);
    }
    service.put(&format!("/projects/{project}/shareLink"), json!({})).await;
    let agent = store.add_agent(space, "Ann", "You are Ann.").unwrap();
    let convo = store.add_convo(&agent, "Hello", "# Hello").unwrap();
    let media = store.add_media(space, "a.png", "image/png", b"png").unwrap();
    let known = store.add_media(space, "b.txt", "text/plain", b"b").unwrap();
    let template = store.add_template(space, "Sprint", &project).unwrap();
    let public = service.put(&format!("/agents/{agent}/publicAccess"), json!({})).await.1;
    let public = public["publicUrl"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    for (what, id) in [("project", project.as_str()), ("media", &known)] {
        let body = json!({ format!("{what}Id"): id });
        let path = format!("/agents/{agent}/knowledge/{what}");
        assert_eq!(service.post(&path, body).await.0, 200);
    }
    [
        ("workspaceId", space.to_string()),
        ("folderId", space.to_string()),
        ("spaceId", space.to_string()),
        ("projectId", project.to_string()),
        ("taskId", task),
        ("second", second),
        ("agentId", agent),
        ("convoId", convo),
        ("mediaId", media),
        ("known", known),
        ("templateId", template),
        ("publicAgentId", public),
        ("fieldId", "@f".to_owned()),
        ("assigneeHandle", "alice".to_owned()),
    ]
    .into()
}

fn filled(path: &str, things: &BTreeMap<&str, String>) -> String {
    let segment = |segment: &str| match segment.strip_prefix('{').and_then(|s| s.strip_suffix('}'))
    {
        Some("mediaId") if path.contains("knowledge") => things["known"].clone(),
        Some(name) => things[name].clone(),
        None => segment.to_owned(),
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// What is sent with an operation.
fn body(operation: &str, things: &BTreeMap<&str, String>) -> Option<Value> {
    let markdown = json!({ "contentType": "text/markdown", "content": "# T\n\n- a" });
    let plain = json!({ "contentType": "text/plain", "content": "A" });
    let prompted = json!({
        "commands": [{ "id": "a", "name": "A", "prompt": "Do a.", "mode": "default" }],
        "description": "You are Bob.", "tone": "warm", "knowledgeEnabled": true,
        "avatar": { "type": "emoji", "data": { "value": "x" } }, "inputPlaceholder": null,
    });
    let (folder, template) = (&things["folderId"], &things["templateId"]);
    Some(match operation {
        "workspaceCreateProject" => markdown,
        "projectCreate" => {
            let mut body = markdown;
            body["folderId"] = folder.as_str().into();
            body
        }
        "projectCopy" => json!({ "folderId": folder, "projectTitle": "C" }),
        "projectFromTemplate" => json!({ "folderId": folder, "templateId": template }),
        "taskPut" => plain,
        "taskCreate" => {
            let mut new = plain;
            new["placement"] = "beforeend".into();
            json!({ "tasks": [new] })
        }
        "taskMove" => {
            json!({ "target": { "taskId": things["second"], "position": "afterend" } })
        }
        "taskPutAssignees" => json!({ "handles": ["alice"] }),
        "taskPutDate" => json!({ "start": { "date": "2026-12-01" } }),
        "taskNotePut" => json!({ "type": "text/plain", "value": "n" }),
        "taskFieldValuePut" => json!({ "value": "v" }),
        "folderAgentGenerate" => json!({ "text": "somebody who counts" }),
        "folderCreateAgent" => {
            json!({ "name": "Bob", "data": { "type": "data", "data": prompted } })
        }
        "agentUpdate" => json!({ "name": "Bob", "data": prompted }),
        "agentPublicUpdate" => json!({ "preferences": { "theme": "dark", "mode": "chatbot" } }),
        "agentKnowledgeProjectCreate" => json!({ "projectId": things["projectId"] }),
        "agentKnowledgeMediaCreate" => json!({ "mediaId": things["known"] }),
        "bundleImport" => json!({ "bundleData": { "version": "1", "items": {} } }),
        _ => return None,
    })
}

#[test]
fn the_document_has_as_many_operations_as_were_thought_of() {
    let document = document();
    let paths = document["paths"].as_object().unwrap().len();
    assert_eq!((paths, operations(&document).len()), OPERATIONS);
}

/// Nothing needs to be there: what has no route says so in other words than what is not found.
#[tokio::test]
async fn every_operation_of_the_document_has_a_route() {
    let service = Service::start().await;
    let document = document();
    let mut missing = Vec::new();
    for (method, path, operation) in operations(&document) {
        let path = path.replace(['{', '}'], "");
        let response = service.request(method.clone(), &path).send().await.unwrap();
        let body = response.bytes().await.unwrap();
        let told: Value = serde_json::from_slice(&body).unwrap_or_default();
        if told["message"] == "Not found" {
            missing.push(format!("{} {method} {path}", operation["operationId"]));
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Sends an operation with all that it needs. The status, the type of the answer, and the answer.
async fn send(
    service: &Service,
    (method, path, operation): (&Method, &str, &Value),
    things: &BTreeMap<&str, String>,
) -> (u16, String, Vec<u8>) {
    let name = operation["operationId"].as_str().unwrap();
    if name == "taskUncomplete" && !path.contains("nowhere") {
        let path = path.replace("uncomplete", "complete");
        assert_eq!(service.post(&filled(&path, things), json!({})).await.0, 200);
    }
    let request = service.request(method.clone(), &filled(path, things));
    let request = match (name, body(name, things)) {
        (_, Some(body)) => request.json(&body),
        ("mediaUpload", _) => request
            .query(&[("filename", "c.png")])
            .header("content-type", "image/png")
            .body(vec![0, 159, 146, 150]),
        ("bundleImportZip", _) => {
            let export = format!("/bundles/{}/export/zip", things["spaceId"]);
            let archive = service.request(Method::GET, &export).send().await.unwrap();
            request.body(archive.bytes().await.unwrap())
        }
        _ => request,
    };
    let response = request.send().await.unwrap();
    let media_type = response.headers()["content-type"].to_str().unwrap().to_owned();
    (response.status().as_u16(), media_type, response.bytes().await.unwrap().to_vec())
}

#[tokio::test]
async fn every_answer_has_the_shape_of_the_document() {
    let document = document();
    let schemas = Schemas { document: &document };
    for null_items_of_writes in [false, true] {
        for (method, path, operation) in operations(&document) {
            let quirks =
                Quirks { says_completed: false, null_items_of_writes, ..Quirks::default() };
            let service = Service::with(quirks).await;
            let things = things(&service).await;
            let at = operation["operationId"].as_str().unwrap();
            let (status, media_type, body) =
                send(&service, (&method, path, operation), &things).await;
            assert_eq!(status, 200, "{at}: {}", String::from_utf8_lossy(&body));
            let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
            if schema.is_null() {
                assert!(!media_type.starts_with("application/json"), "{at}: {media_type}");
                continue;
            }
            let answer: Value = serde_json::from_slice(&body).unwrap();
            schemas.check(schema, schema, &answer, at).unwrap();
        }
    }
}

/// Every id of a path in turn is one that nothing has.
#[tokio::test]
async fn what_is_not_there_is_not_found_by_any_operation() {
    let document = document();
    let service = Service::start().await;
    let things = things(&service).await;
    for (method, path, operation) in operations(&document) {
        let at = operation["operationId"].as_str().unwrap();
        let names = path.split('/').filter_map(|it| it.strip_prefix('{')?.strip_suffix('}'));
        for name in names.filter(|name| *name != "assigneeHandle") {
            let missing = path.replace(&format!("{{{name}}}"), "nowhere");
            let (status, _, answer) = send(&service, (&method, &missing, operation), &things).await;
            let answer = String::from_utf8_lossy(&answer);
            assert_eq!(status, 404, "{at} without {name}: {answer}");
            assert!(answer.contains("NOT_FOUND"), "{answer}");
        }
    }
}

/// A key too many, a required one too few, or a value of another type.
#[tokio::test]
async fn no_operation_takes_a_body_that_the_document_does_not_allow() {
    let document = document();
    let service = Service::start().await;
    let things = things(&service).await;
    for (method, path, operation) in operations(&document) {
        let at = operation["operationId"].as_str().unwrap();
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let Some(good) = body(at, &things) else {
            assert!(schema.is_null(), "{at} takes a body");
            continue;
        };
        let path = filled(path, &things);
        let mut bad = vec![json!([])];
        let mut more = good.clone();
        more["nonsense"] = 1.into();
        bad.push(more);
        for key in schema["required"].as_array().into_iter().flatten() {
            let mut less = good.clone();
            less.as_object_mut().unwrap().remove(key.as_str().unwrap());
            bad.push(less);
        }
        for key in good.as_object().unwrap().keys() {
            let mut other = good.clone();
            other[key] = json!([[1]]);
            bad.push(other);
        }
        for body in bad {
            let request = service.request(method.clone(), &path).json(&body);
            let refused = super::answer(request).await;
            assert_eq!(refused.0, 400, "{at}: {body}: {}", refused.1);
            super::assert_refused(&refused, 400, "BAD_REQUEST");
        }
        let text = service.request(method.clone(), &path).body("text");
        assert_eq!(super::answer(text).await.0, 415, "{at}");
    }
}
