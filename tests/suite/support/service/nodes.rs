//! What nodes of a Taskade in memory are beside their texts, formats and values of fields, and how
//! exports tell them.

use std::time::Duration;

use serde_json::{Map, Value, json};
use taskadefs::{
    api::{Call, RemoteTask},
    error::{Error, Kind, Result},
    ids::TaskId,
    model::Marker,
};

use crate::support::service::{
    Memory, Project, State,
    calls::item,
    details::{Details, FIELDS},
    index,
};

/// The path of an export.
pub(crate) const EXPORT: &str = "bundles/{space}/export";

/// What every project has for fields, if not told otherwise: numbers without names.
pub(crate) fn nameless_fields() -> Vec<(String, Value)> {
    FIELDS.map(|id| (id.to_owned(), json!({ "type": "number" }))).into()
}

/// How spaces are exported.
#[derive(Debug, Default)]
pub(crate) struct Exporting {
    /// How long an answer takes, which tells what there was when it was asked for.
    delay: Duration,
    /// How many bytes an answer has of what means nothing.
    padding: usize,
}

impl Memory {
    /// How long exports take, and how many bytes of nothing they hold.
    pub fn set_exporting(&self, delay: Duration, padding: usize) {
        let mut state = self.lock();
        (state.exporting.delay, state.exporting.padding) = (delay, padding);
    }

    /// How many listings of tasks and how many exports were asked for, and forgets them.
    pub fn take_readings(&self) -> (usize, usize) {
        let asked = std::mem::take(&mut self.lock().asked);
        let count = |what: &str| asked.iter().filter(|path| path.ends_with(what)).count();
        (count("/tasks"), count("/export"))
    }

    /// What was read, as the paths of the document have it, and forgets it.
    pub fn take_asked(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.lock().asked)
    }

    /// An export is on its way for as long as it takes.
    pub(crate) async fn wait_for_export(&self, call: &Call) {
        if call.path.template() == EXPORT {
            let delay = self.lock().exporting.delay;
            tokio::time::sleep(delay).await;
        }
    }

    /// Somebody else gives a project other fields: what the document has of them, by their ids.
    pub fn set_fields(&self, project: &str, fields: &[(&str, Value)]) {
        let fields = fields.iter().map(|(id, data)| ((*id).to_owned(), data.clone()));
        self.lock().projects.get_mut(project).unwrap().fields = fields.collect();
    }

    /// Somebody else gives a task another format.
    pub fn format_elsewhere(&self, project: &str, task: &str, format: Marker) {
        let mut state = self.lock();
        let tasks = &mut state.projects.get_mut(project).unwrap().tasks;
        let at = index(tasks, &TaskId::new(task)).unwrap();
        tasks[at].spelled = format.into();
    }

    /// A space as it is exported, whoever asks.
    pub fn exported(&self, space: &str) -> Value {
        self.lock().export(space).unwrap()["item"].take()
    }
}

impl State {
    pub(crate) fn export(&self, space: &str) -> Result<Value> {
        self.check_space(space)?;
        let padding = " ".repeat(self.exporting.padding);
        let inside = self.projects.iter().filter(|(_, project)| project.folder == space);
        let items = inside.map(|(id, project)| {
            let mut root = json!({ "type": "root", "children": self.nodes(id, project, None) });
            if !project.fields.is_empty() {
                root["fields"] = project.fields.iter().cloned().collect::<Map<_, _>>().into();
            }
            let project = json!({
                "type": "space-bundle-project-item", "projectId": id, "root": root,
                "preferences": {},
            });
            (id.clone(), project)
        });
        Ok(item(
            json!({ "version": "1", "padding": padding, "items": items.collect::<Map<_, _>>() }),
        ))
    }

    /// The nodes right below one, as exports have them.
    fn nodes(&self, id: &str, project: &Project, parent: Option<&TaskId>) -> Vec<Value> {
        let below = project.tasks.iter().filter(|task| task.parent.as_ref() == parent);
        let node = |task: &RemoteTask| {
            let mut node = json!({
                "type": "text", "id": task.id, "text": text(task), "format": format(task),
                "collapsed": false, "completed": task.completed,
                "children": self.nodes(id, project, Some(&task.id)),
            });
            let details = self.details.get(&(id.to_owned(), task.id.to_string()));
            if let Some(Details { fields, .. }) = details.filter(|it| !it.fields.is_empty()) {
                node["attributes"] = json!(fields);
            }
            node
        };
        below.map(node).collect()
    }
}

fn text(task: &RemoteTask) -> Value {
    let end = json!({ "insert": "\n", "attributes": { "paragraph": true } });
    match task.text.as_str() {
        "" => json!({ "ops": [end] }),
        text => json!({ "ops": [{ "insert": text }, end] }),
    }
}

/// The format of a node and of what is added below it; of a title none.
fn format(task: &RemoteTask) -> Value {
    let Some(marker) = task.spelled.0 else { return Value::Null };
    let below = match marker {
        Marker::Heading(_) => Marker::Paragraph,
        other => other,
    };
    json!({ "node": marker.format(), "children": below.format() })
}

/// A value of a field as exports have it, of what is put.
pub(crate) fn typed(field: &Value, put: &Value) -> Result<Value> {
    let refused = || Error::new(Kind::Refused, "no value of this field");
    if !put.is_number() && put.as_str().is_none_or(str::is_empty) {
        return Err(refused());
    }
    match (field["type"].as_str(), put.as_str()) {
        (Some("Select"), Some(option)) if field["options"].get(option).is_some() => {
            Ok(json!({ "type": "Select", "optionId": option }))
        }
        (Some("DateTime"), Some(date)) if date.parse::<jiff::civil::Date>().is_ok() => {
            let moment = match date.split_once('T') {
                Some((date, time)) => json!({ "date": date, "time": time }),
                None => json!({ "date": date }),
            };
            Ok(json!({ "type": "DateTime", "dateTime": moment }))
        }
        (Some("Select" | "DateTime"), _) => Err(refused()),
        _ => Ok(put.clone()),
    }
}

/// A value of a field as the endpoints tell it.
pub(crate) fn untyped(value: &Value) -> Value {
    value.get("optionId").unwrap_or(value).clone()
}
