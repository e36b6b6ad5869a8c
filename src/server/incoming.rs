//! Bundles as they come, read before anything is made of them. Pure.
//!
//! Seen in real bundles are the items of a JSON export, a directory for each sort of item, and lists
//! of `{id, data}` in a `.tsk`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json, value::RawValue};

use super::imported::{Imported, Pairs};

/// What a bundle holds.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    /// By the ids that they have in the bundle.
    pub(crate) projects: Vec<(String, Imported)>,
    pub(crate) agents: Vec<IncomingAgent>,
    /// Name and `{root, preferences}`.
    pub(crate) templates: Vec<(String, Value)>,
    /// Items of flows and of apps.
    pub(crate) flows: Vec<Value>,
    pub(crate) apps: Vec<Value>,
    pub(crate) medias: Vec<IncomingMedia>,
}

/// An agent of a bundle.
#[derive(Debug, PartialEq)]
pub(crate) struct IncomingAgent {
    pub(crate) name: String,
    pub(crate) data: Map<String, Value>,
    /// The projects that it knows, by the ids that they have in the bundle.
    pub(crate) knows: Vec<String>,
}

/// A file of a bundle.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct IncomingMedia {
    pub(crate) name: String,
    pub(crate) media_type: String,
    pub(crate) content: Vec<u8>,
}

/// A JSON export.
#[derive(Deserialize)]
struct Export {
    version: String,
    items: Pairs<Box<RawValue>>,
}

/// What exports say of an agent beside what it is.
const AROUND: [&str; 5] =
    ["name", "version", "variables", "publicPreferences", "addToKnowledgeProjectVariables"];

impl Incoming {
    /// Reads `{version, items}`, as a JSON export is.
    ///
    /// # Errors
    /// Why this is none.
    pub(crate) fn of_export(bundle: &[u8]) -> Result<Self, String> {
        let bundle: Export = serde_json::from_slice(bundle).map_err(|error| error.to_string())?;
        if bundle.version != "1" {
            return Err("version: 1".to_owned());
        }
        let mut incoming = Self::default();
        for (id, item) in bundle.items.0 {
            incoming.add(&id, item.get()).map_err(|why| format!("items.{id}: {why}"))?;
        }
        Ok(incoming)
    }

    /// Reads what a `.tsk` may be that is JSON: an export, or lists of `{id, data}`.
    ///
    /// # Errors
    /// Why this is none.
    pub(crate) fn of_json(bundle: &[u8]) -> Result<Self, String> {
        let lists: Value = serde_json::from_slice(bundle).map_err(|error| error.to_string())?;
        if lists.get("items").is_some() {
            return Self::of_export(bundle);
        }
        let mut incoming = Self::default();
        let mut count = 0;
        for (list, sort) in SORTS {
            let listed = lists.get(list).and_then(Value::as_array).into_iter().flatten();
            for (at, entry) in listed.enumerate() {
                let refused = |why: String| format!("{list}[{at}]: {why}");
                let id = entry["id"].as_str().ok_or_else(|| refused("no id".to_owned()))?;
                incoming.add_data(sort, id, entry["data"].clone()).map_err(refused)?;
                count += 1;
            }
        }
        if count == 0 { Err("neither items nor lists of them".to_owned()) } else { Ok(incoming) }
    }

    /// Reads the files of a bundle, by their paths in it. Those that are none are told, each with its
    /// reason.
    pub(crate) fn of_files(files: Vec<(String, Vec<u8>)>) -> (Self, Vec<(String, String)>) {
        let mut incoming = Self::default();
        let mut others = Vec::new();
        let mut medias: BTreeMap<String, IncomingMedia> = BTreeMap::new();
        let mut apps: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
        for (path, content) in files {
            let added = match path.split_once('/') {
                _ if path == "manifest.json" => Ok(()),
                None if path == "bundle.json" => incoming.take_export(&content),
                Some(("media" | "medias", rest)) => add_media(&mut medias, rest, content),
                Some(("apps", rest)) if rest.contains('/') => {
                    add_app_file(&mut apps, rest, content)
                }
                Some((dir, rest)) => incoming.add_file(dir, rest, &content),
                None => Err("it is of no sort that a bundle has".to_owned()),
            };
            others.extend(added.err().map(|why| (path, why)));
        }
        incoming.medias.extend(medias.into_values());
        let app = |files| json!({ "type": "space-bundle-app-item", "files": files });
        incoming.apps.extend(apps.into_values().map(app));
        (incoming, others)
    }

    fn take_export(&mut self, content: &[u8]) -> Result<(), String> {
        *self = Self::of_export(content)?;
        Ok(())
    }

    fn add_file(&mut self, dir: &str, name: &str, content: &[u8]) -> Result<(), String> {
        let sort = SORTS.iter().find(|(known, _)| *known == dir).map(|(_, sort)| *sort);
        let sort = sort.ok_or("it is of no sort that a bundle has")?;
        let id = name.strip_suffix(".json").unwrap_or(name);
        if let Sort::Project = sort {
            return self.add_project(id, content);
        }
        let data = serde_json::from_slice(content).map_err(|error| error.to_string())?;
        self.add_data(sort, id, data)
    }

    /// Adds an item of an export.
    fn add(&mut self, id: &str, raw: &str) -> Result<(), String> {
        let item: Value = serde_json::from_str(raw).map_err(|error| error.to_string())?;
        match item["type"].as_str().unwrap_or_default() {
            "space-bundle-project-item" => self.add_project(id, raw.as_bytes()),
            "space-bundle-agent-item" => {
                let held = ["template", "data"].into_iter().find_map(|key| item.get(key));
                let data = held.cloned().unwrap_or(item);
                self.add_data(Sort::Agent, id, data)
            }
            "space-bundle-template-item" => self.add_data(Sort::Template, id, item),
            "space-bundle-flow-item" => self.add_data(Sort::Flow, id, item),
            "space-bundle-app-item" => {
                self.apps.push(item);
                Ok(())
            }
            // JSON has no files: they are told, and left out.
            "space-bundle-media-item" => Ok(()),
            other => Err(format!("type: {other:?} is none of a bundle")),
        }
    }

    /// Adds a project as it is written, which keeps the order of its fields.
    fn add_project(&mut self, id: &str, raw: &[u8]) -> Result<(), String> {
        self.projects.push((id.to_owned(), Imported::read(raw)?));
        Ok(())
    }

    fn add_data(&mut self, sort: Sort, id: &str, data: Value) -> Result<(), String> {
        match sort {
            Sort::Project => self.projects.push((id.to_owned(), Imported::of_value(data)?)),
            Sort::Agent => self.agents.push(agent(data)?),
            Sort::Template => {
                let read = Imported::of_value(data.clone())?;
                let name = data["name"].as_str().map_or(read.name, str::to_owned);
                let item = json!({ "root": data["root"], "preferences": data["preferences"] });
                self.templates.push((name, item));
            }
            Sort::Flow | Sort::App => {
                let Value::Object(mut item) = data else { return Err("no object".to_owned()) };
                let kind = match sort {
                    Sort::App => "space-bundle-app-item",
                    _ => "space-bundle-flow-item",
                };
                item.insert("type".to_owned(), kind.into());
                let items = if let Sort::App = sort { &mut self.apps } else { &mut self.flows };
                items.push(item.into());
            }
        }
        Ok(())
    }
}

/// A sort of item.
#[derive(Debug, Clone, Copy)]
enum Sort {
    Project,
    Agent,
    Template,
    Flow,
    App,
}

/// What the directories and lists of a bundle hold.
const SORTS: [(&str, Sort); 5] = [
    ("projects", Sort::Project),
    ("agents", Sort::Agent),
    ("templates", Sort::Template),
    ("automations", Sort::Flow),
    ("apps", Sort::App),
];

fn agent(template: Value) -> Result<IncomingAgent, String> {
    let Value::Object(mut data) = template else { return Err("no object".to_owned()) };
    let name = data.get("name").and_then(Value::as_str).ok_or("an agent without a name")?;
    let name = name.to_owned();
    if !data.get("commands").is_some_and(Value::is_array) {
        return Err("an agent without commands".to_owned());
    }
    let variables = data.get("addToKnowledgeProjectVariables").and_then(Value::as_array);
    let knows = variables.into_iter().flatten().filter_map(|it| it["id"].as_str());
    let knows = knows.map(str::to_owned).collect();
    data.retain(|key, _| !AROUND.contains(&key.as_str()));
    Ok(IncomingAgent { name, data, knows })
}

fn add_media(
    medias: &mut BTreeMap<String, IncomingMedia>,
    rest: &str,
    content: Vec<u8>,
) -> Result<(), String> {
    let (id, file) = rest.split_once('/').ok_or("a file of no media")?;
    if file != "metadata.json" {
        let media = medias.entry(id.to_owned()).or_default();
        if media.name.is_empty() {
            file.clone_into(&mut media.name);
        }
        media.content = content;
        return Ok(());
    }
    let metadata: Value = serde_json::from_slice(&content).map_err(|error| error.to_string())?;
    let media = medias.entry(id.to_owned()).or_default();
    let text = |pointer| metadata.pointer(pointer).and_then(Value::as_str);
    if let Some(name) = text("/name") {
        name.clone_into(&mut media.name);
    }
    let media_type = text("/mimetype").or_else(|| text("/fileDesc/mimetype"));
    media.media_type = media_type.unwrap_or("application/octet-stream").to_owned();
    Ok(())
}

fn add_app_file(
    apps: &mut BTreeMap<String, Map<String, Value>>,
    rest: &str,
    content: Vec<u8>,
) -> Result<(), String> {
    let (app, file) = rest.split_once('/').ok_or("a file of no app")?;
    let text = String::from_utf8(content).map_err(|_| "a file of an app that is no text")?;
    apps.entry(app.to_owned()).or_default().insert(file.to_owned(), text.into());
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Incoming;

    fn project(name: &str) -> Value {
        let title = json!({ "id": "t", "text": { "ops": [{ "insert": name }] }, "children": [] });
        json!({ "root": { "children": [title] }, "preferences": {} })
    }

    fn prompted() -> Value {
        json!({
            "version": "1", "name": "Ann", "commands": [], "description": "You are Ann.",
            "addToKnowledgeProjectVariables": [{ "id": "p", "type": "x" }], "variables": {},
        })
    }

    fn shape(incoming: &Incoming) -> [usize; 6] {
        let Incoming { projects, agents, templates, flows, apps, medias } = incoming;
        [projects.len(), agents.len(), templates.len(), flows.len(), apps.len(), medias.len()]
    }

    #[test]
    fn an_export_its_files_and_lists_hold_the_same() {
        let of = |kind: &str, mut item: Value| {
            item["type"] = format!("space-bundle-{kind}-item").into();
            item
        };
        let items = json!({
            "p": of("project", project("Plan")), "a": of("agent", json!({ "template": prompted() })),
            "t": of("template", project("Sprint")), "f": of("flow", json!({ "x": 1 })),
        });
        let export =
            Incoming::of_export(json!({ "version": "1", "items": items }).to_string().as_bytes())
                .unwrap();
        let file = |path: &str, item: Value| (path.to_owned(), item.to_string().into_bytes());
        let (files, others) = Incoming::of_files(vec![
            file("manifest.json", json!({})),
            file("projects/p.json", project("Plan")),
            file("agents/a.json", prompted()),
            file("templates/t.json", project("Sprint")),
            file("automations/f.json", json!({ "x": 1 })),
        ]);
        assert!(others.is_empty(), "{others:?}");
        let listed = |id: &str, data: Value| json!([{ "id": id, "data": data }]);
        let lists = json!({
            "version": "1.1", "projects": listed("p", project("Plan")),
            "agents": listed("a", prompted()), "templates": listed("t", project("Sprint")),
            "automations": listed("f", json!({ "x": 1 })),
        });
        let lists = Incoming::of_json(lists.to_string().as_bytes()).unwrap();
        for incoming in [&export, &files, &lists] {
            assert_eq!(shape(incoming), [1, 1, 1, 1, 0, 0]);
            assert_eq!(
                (incoming.projects[0].0.as_str(), incoming.templates[0].0.as_str()),
                ("p", "Sprint")
            );
            let agent = &incoming.agents[0];
            assert_eq!(
                (agent.name.as_str(), agent.knows.as_slice()),
                ("Ann", &["p".to_owned()][..])
            );
            assert_eq!(agent.data.keys().collect::<Vec<_>>(), ["commands", "description"]);
            assert_eq!(incoming.flows, [json!({ "x": 1, "type": "space-bundle-flow-item" })]);
        }
    }

    #[test]
    fn files_are_named_by_their_metadata_and_what_is_none_is_told() {
        let (incoming, others) = Incoming::of_files(vec![
            ("media/m/original".to_owned(), vec![0, 255]),
            (
                "media/m/metadata.json".to_owned(),
                br#"{"name":"a.png","mimetype":"image/png"}"#.to_vec(),
            ),
            ("apps/main/package.json".to_owned(), b"{}".to_vec()),
            ("apps/main/src/a.ts".to_owned(), b"1".to_vec()),
            ("apps/kept.json".to_owned(), br#"{"files":{"b.ts":"2"}}"#.to_vec()),
            ("notes.txt".to_owned(), Vec::new()),
            ("projects/x.json".to_owned(), b"{}".to_vec()),
            ("agents/y.json".to_owned(), b"{".to_vec()),
        ]);
        let media = &incoming.medias[0];
        assert_eq!((media.name.as_str(), media.media_type.as_str()), ("a.png", "image/png"));
        assert_eq!(media.content, [0, 255]);
        let files = |files: Value| json!({ "type": "space-bundle-app-item", "files": files });
        let apps = [json!({ "b.ts": "2" }), json!({ "package.json": "{}", "src/a.ts": "1" })];
        assert_eq!(incoming.apps, apps.map(files));
        let paths: Vec<&str> = others.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["notes.txt", "projects/x.json", "agents/y.json"]);
    }

    #[test]
    fn what_is_no_bundle_says_why() {
        let item = |item: Value| json!({ "version": "1", "items": { "x": item } });
        for (bundle, why) in [
            (json!(1), "invalid type"),
            (json!({ "version": "2", "items": {} }), "version"),
            (json!({ "version": "1", "items": [] }), "an object"),
            (item(json!({ "type": "other" })), "items.x: type"),
            (item(json!(1)), "items.x: type"),
            (item(json!({ "type": "space-bundle-agent-item" })), "without a name"),
            (item(json!({ "type": "space-bundle-project-item" })), "missing field"),
        ] {
            let error = Incoming::of_export(bundle.to_string().as_bytes()).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
        assert!(Incoming::of_json(b"{}").is_err());
    }
}
