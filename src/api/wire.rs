//! What the items of answers mean, read leniently: what is optional may be missing or null, and
//! there may be more than is known.

use serde_json::Value;

use super::{
    bundle::{self, ExportedSpace},
    bundle_agents,
    envelope::{Envelope, flag, protocol, scalar},
};
use crate::{
    error::Result,
    ids::{MediaId, ProjectId, SpaceId, TaskId, TemplateId},
    model::{RemoteMedia, RemoteProject, RemoteSpace, RemoteTask, RemoteTemplate},
};

/// One page of a project's tasks.
#[derive(Debug, PartialEq)]
pub struct Page {
    /// The tasks.
    pub tasks: Vec<RemoteTask>,
    /// How many items the service sent, null ones included.
    pub sent: usize,
    /// Whether there are more, where the service says.
    pub has_more: Option<bool>,
    /// Where to go on, where the service says.
    pub next_cursor: Option<String>,
}

impl Page {
    /// Most tasks that one page may carry (`maximum` of `projectTasksGet`).
    pub(crate) const LIMIT: usize = 1000;
}

impl Envelope {
    pub(crate) fn spaces(self) -> Result<Vec<RemoteSpace>> {
        let space = |item: &Value| {
            let id = SpaceId::new(id(item)?);
            Ok(RemoteSpace { id, name: text(item, "name") })
        };
        self.listed()?.iter().map(space).collect()
    }

    pub(crate) fn projects(self) -> Result<Vec<RemoteProject>> {
        self.listed()?.iter().map(project).collect()
    }

    pub(crate) fn project(self) -> Result<RemoteProject> {
        project(&self.item().ok_or_else(|| protocol("the answer has no project"))?)
    }

    /// The projects of an export.
    pub(crate) fn exported(self) -> Result<ExportedSpace> {
        let took = self.took();
        let item = self.raw_item().ok_or_else(|| protocol("the answer has no export"))?;
        let export: bundle::Export<'_> =
            serde_json::from_str(item).map_err(|_| protocol("the export has no items"))?;
        let projects = bundle::projects_of(&export);
        let knowledge = bundle_agents::knowledge(&export);
        Ok(ExportedSpace { projects, knowledge, bytes: item.len(), took })
    }

    /// The id of the item, if the answer has one.
    pub(crate) fn item_id(&self) -> Option<String> {
        id(&self.item()?).ok()
    }

    /// The name of the item, if the answer has one.
    pub(crate) fn item_name(&self) -> Option<String> {
        scalar(self.item()?.get("name")?)
    }

    /// The text of the item, if the answer has one.
    pub(crate) fn item_text(&self) -> Option<String> {
        scalar(self.item()?.get("text")?)
    }

    /// The ids of the items that were created, in request order.
    pub(crate) fn created(&self) -> Result<Vec<TaskId>> {
        match self.item() {
            Some(Value::Array(items)) => {
                items.iter().map(|item| Ok(TaskId::new(id(item)?))).collect()
            }
            _ => Err(protocol("the answer names no created tasks")),
        }
    }

    pub(crate) fn page(self) -> Result<Page> {
        let has_more = self.get("hasMore").as_ref().and_then(flag);
        let next_cursor = self.get("nextCursor").as_ref().and_then(scalar);
        let next_cursor = next_cursor.filter(|id| !id.is_empty());
        let (items, sent) = self.counted()?;
        let tasks: Result<Vec<RemoteTask>> = items.iter().map(task).collect();
        Ok(Page { tasks: tasks?, sent, has_more, next_cursor })
    }
}

fn project(item: &Value) -> Result<RemoteProject> {
    Ok(RemoteProject {
        id: ProjectId::new(id(item)?),
        name: text(item, "name"),
        completed: item.get("completed").and_then(flag),
    })
}

/// A template, as an item of a listing.
pub(super) fn template(item: &Value) -> Result<RemoteTemplate> {
    Ok(RemoteTemplate { id: TemplateId::new(id(item)?), name: text(item, "name") })
}

fn task(item: &Value) -> Result<RemoteTask> {
    let parent = item.get("parentId").and_then(scalar).filter(|id| !id.is_empty());
    Ok(RemoteTask {
        id: TaskId::new(id(item)?),
        text: text(item, "text"),
        parent: parent.map(TaskId::new),
        completed: item.get("completed").and_then(flag).unwrap_or_default(),
        spelled: Default::default(),
    })
}

/// A medium of a listing.
pub(super) fn media(item: &Value) -> Result<RemoteMedia> {
    Ok(RemoteMedia { id: MediaId::new(id(item)?), kind: text(item, "kind") })
}

pub(super) fn id(item: &Value) -> Result<String> {
    let id = item.get("id").and_then(scalar).filter(|id| !id.is_empty());
    id.ok_or_else(|| protocol("the answer has an item without an id"))
}

pub(super) fn text(item: &Value, field: &str) -> String {
    item.get(field).and_then(scalar).unwrap_or_default()
}

/// Reads an answer as everything that this file can.
#[cfg(fuzzing)]
pub(super) fn read_any(read: impl Fn() -> Result<Envelope>) {
    let _ = (read().map(Envelope::spaces), read().map(Envelope::projects));
    let _ = (read().map(Envelope::project), read().map(Envelope::page));
    let _ = (read().map(Envelope::exported), read().map(|answer| answer.created()));
    let _ = read().map(|answer| (answer.item_id(), answer.item_text()));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use serde_json::Value;

    use super::Envelope;
    use crate::{api::any_json::any_json, error::Kind};

    fn read(body: &str) -> Envelope {
        Envelope::read(body.as_bytes(), None).unwrap()
    }

    #[test]
    fn null_items_are_skipped_and_missing_ones_are_an_error() {
        let listed = |body: &str| read(body).projects();
        let three = r#"{"ok":true,"items":[null,{"id":"a"},{"id":"b","name":null,"x":1}]}"#;
        assert_eq!(listed(three).unwrap().len(), 2);
        assert_eq!(listed(r#"{"ok":true}"#).unwrap_err().kind(), Kind::Protocol);
        assert_eq!(listed(r#"{"ok":true,"items":null}"#).unwrap_err().kind(), Kind::Protocol);
        assert_eq!(listed(r#"{"items":[{"name":"no id"}]}"#).unwrap_err().kind(), Kind::Protocol);
        assert_eq!(listed(r#"{"items":[]}"#).unwrap(), []);
        for no_envelope in ["[]", "[true]", "null", "true", "\"ok\"", "", "{}", "<html>"] {
            let error = Envelope::read(no_envelope.as_bytes(), None).unwrap_err();
            assert_eq!(error.kind(), Kind::Protocol, "{no_envelope}");
        }
    }

    #[test]
    fn half_a_surrogate_is_replaced_in_its_text_and_the_rest_is_read() {
        let page = read(r#"{"items":[{"id":"a","text":"x\ud83d"},{"id":"b","text":"y"}]}"#);
        let texts: Vec<_> = page.page().unwrap().tasks.into_iter().map(|task| task.text).collect();
        assert_eq!(texts, ["x\u{fffd}", "y"]);
        let named = read(r#"{"items":[{"id":"a","name":"\udc00x"}]}"#).projects().unwrap();
        assert_eq!(named[0].name, "\u{fffd}x");
        let note = read(r#"{"item":{"value":"\ud83d"}}"#).note().unwrap();
        assert_eq!(note.as_deref(), Some("\u{fffd}"));
        let fields = read(r#"{"items":[{"fieldId":"f","value":"\ud83d!"}]}"#);
        assert_eq!(fields.field_values().unwrap()[0].1, Value::from("\u{fffd}!"));
        let handles = read(r#"{"items":[{"handle":"\ud83d"}]}"#).handles().unwrap();
        assert_eq!(handles, ["\u{fffd}"]);
        let refused = Envelope::read_failure(400, br#"{"ok":false,"message":"no \ud83d"}"#, None);
        assert!(refused.to_string().contains("no \u{fffd}"), "{refused}");
        let export = r#"{"item":{"items":{"p":{"type":"space-bundle-project-item","root":{
            "children":[{"id":"t","text":{"ops":[{"insert":"\ud83d"}]}}]}}}}}"#;
        let exported = read(export).exported().unwrap();
        assert_eq!(exported.projects.values().next().unwrap().tasks[0].text, "\u{fffd}");
    }

    #[test]
    fn what_is_deep_or_no_number_is_an_error_of_its_answer() {
        let deep = format!(r#"{{"items":[{}{}]}}"#, "[".repeat(9000), "]".repeat(9000));
        assert_eq!(read(&deep).listed().unwrap_err().kind(), Kind::Protocol);
        let deep = format!(r#"{{"x":{}1{},"items":[]}}"#, "[".repeat(9000), "]".repeat(9000));
        assert_eq!(read(&deep).listed().unwrap(), [Value::Null; 0]);
        let long = format!(r#"{{"items":[{{"id":"a","text":{}}}]}}"#, "9".repeat(5 << 20));
        assert_eq!(read(&long).page().unwrap_err().kind(), Kind::Protocol);
    }

    #[test]
    fn values_of_an_odd_type_are_read_where_they_can_mean_one_thing() {
        let page = read(
            r#"{"ok":1,"code":7,"hasMore":"false","nextCursor":"","items":[
                {"id":7,"text":12.5,"parentId":"","completed":"true"},
                {"id":"b","text":{},"parentId":7,"completed":[]}]}"#,
        );
        let page = page.page().unwrap();
        assert_eq!((page.has_more, page.next_cursor.as_deref()), (Some(false), None));
        let shape: Vec<_> = page.tasks.iter().map(|t| (t.id.as_str(), t.text.as_str())).collect();
        assert_eq!(shape, [("7", "12.5"), ("b", "")]);
        assert_eq!(page.tasks[1].parent.as_ref(), Some(&page.tasks[0].id));
        assert_eq!((page.tasks[0].completed, page.tasks[1].completed), (true, false));
        for no in ["false", "0", "\"false\""] {
            let body = format!(r#"{{"ok":{no},"items":[]}}"#);
            assert_eq!(Envelope::read(body.as_bytes(), None).unwrap_err().kind(), Kind::Refused);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_reader_panic(body in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(envelope) = Envelope::read(&body, None) {
                let _ = envelope.page();
            }
            Envelope::read_failure(500, &body, None);
        }

        /// What is listed has ids, and nothing that was sent with one is left out.
        #[test]
        fn no_json_makes_a_reader_panic(
            fields in prop::collection::hash_map(
                "(ok|code|message|item|items|hasMore|nextCursor)",
                any_json("(id|text|parentId|completed|name|x)", "\\PC{0,4}"),
                0..7,
            ),
        ) {
            let sent = match fields.get("items") {
                Some(Value::Array(items)) => Some(items.iter().filter(|i| !i.is_null()).count()),
                _ => None,
            };
            let body = serde_json::to_vec(&fields).unwrap();
            Envelope::read_failure(400, &body, None);
            for reader in 0..4 {
                let Ok(envelope) = Envelope::read(&body, None) else { break };
                match reader {
                    0 => if let Ok(page) = envelope.page() {
                        prop_assert_eq!(Some(page.tasks.len()), sent);
                        prop_assert!(page.tasks.iter().all(|task| !task.id.as_str().is_empty()));
                    },
                    1 => drop(envelope.created()),
                    2 => drop(envelope.project()),
                    _ => drop((envelope.item_id(), envelope.item_text())),
                }
            }
        }
    }
}
