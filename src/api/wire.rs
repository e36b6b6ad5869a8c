//! Answers as the service writes them, read leniently: items may be null, fields may be missing
//! or new, but a listing without its items is an error and never an empty one.

use serde::Deserialize;
use serde_json::Value;

use super::types::{RemoteProject, RemoteSpace, RemoteTask};
use crate::{
    error::{Error, Kind, Result},
    ids::{ProjectId, SpaceId, TaskId},
};

/// Most characters of a service's message that are shown.
const MESSAGE_CHARS: usize = 200;

/// The envelope of every answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Envelope {
    ok: Option<bool>,
    code: Option<String>,
    message: Option<String>,
    item: Option<Value>,
    items: Option<Vec<Value>>,
    #[serde(rename = "hasMore")]
    has_more: Option<bool>,
    #[serde(rename = "nextCursor")]
    next_cursor: Option<String>,
}

/// One page of a project's tasks.
#[derive(Debug, PartialEq)]
pub(crate) struct Page {
    pub(crate) tasks: Vec<RemoteTask>,
    /// How many items the service sent, null ones included.
    pub(crate) sent: usize,
    /// Whether there are more, where the service says.
    pub(crate) has_more: Option<bool>,
    /// Where to go on, where the service says.
    pub(crate) next_cursor: Option<String>,
}

impl Envelope {
    /// Reads the body of an answer with a success status.
    pub(crate) fn read(body: &[u8]) -> Result<Self> {
        let envelope: Self = serde_json::from_slice(body).map_err(|error| {
            Error::new(Kind::Protocol, "Taskade's answer cannot be read").because(error)
        })?;
        if envelope.ok == Some(false) {
            return Err(refusal(200, Some(&envelope)));
        }
        Ok(envelope)
    }

    /// Reads the body of an answer with a failure status, which may be HTML.
    pub(crate) fn read_failure(status: u16, body: &[u8]) -> Error {
        refusal(status, serde_json::from_slice(body).ok().as_ref())
    }

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
        let item = self.item.filter(|item| !item.is_null());
        project(&item.ok_or_else(|| protocol("the answer has no project"))?)
    }

    /// The id of the item, if the answer has one.
    pub(crate) fn item_id(&self) -> Option<String> {
        id(self.item.as_ref()?).ok()
    }

    /// The text of the item, if the answer has one.
    pub(crate) fn item_text(&self) -> Option<String> {
        self.item.as_ref()?.get("text")?.as_str().map(str::to_owned)
    }

    /// The ids of the items that were created, in request order.
    pub(crate) fn created(&self) -> Result<Vec<TaskId>> {
        let items = match &self.item {
            Some(Value::Array(items)) => items,
            _ => return Err(protocol("the answer names no created tasks")),
        };
        items.iter().map(|item| Ok(TaskId::new(id(item)?))).collect()
    }

    pub(crate) fn page(mut self) -> Result<Page> {
        let (has_more, next_cursor) = (self.has_more, self.next_cursor.take());
        let sent = self.items.as_ref().map_or(0, Vec::len);
        let tasks: Result<Vec<RemoteTask>> = self.listed()?.iter().map(task).collect();
        Ok(Page { tasks: tasks?, sent, has_more, next_cursor })
    }

    fn listed(self) -> Result<Vec<Value>> {
        let mut items = self.items.ok_or_else(|| protocol("the answer has no items"))?;
        items.retain(|item| !item.is_null());
        Ok(items)
    }
}

fn project(item: &Value) -> Result<RemoteProject> {
    Ok(RemoteProject {
        id: ProjectId::new(id(item)?),
        name: text(item, "name"),
        completed: item.get("completed").and_then(Value::as_bool),
    })
}

fn task(item: &Value) -> Result<RemoteTask> {
    let parent = item.get("parentId").and_then(Value::as_str).filter(|id| !id.is_empty());
    Ok(RemoteTask {
        id: TaskId::new(id(item)?),
        text: text(item, "text"),
        parent: parent.map(TaskId::new),
        completed: item.get("completed").and_then(Value::as_bool).unwrap_or_default(),
    })
}

fn id(item: &Value) -> Result<String> {
    let id = item.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
    id.map(str::to_owned).ok_or_else(|| protocol("the answer has an item without an id"))
}

fn text(item: &Value, field: &str) -> String {
    item.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn protocol(what: &str) -> Error {
    Error::new(Kind::Protocol, what)
}

/// A refusal by its status and code, with the service's message only for the person.
fn refusal(status: u16, envelope: Option<&Envelope>) -> Error {
    let code = envelope.and_then(|envelope| envelope.code.as_deref()).unwrap_or_default();
    let kind = match (status, code) {
        (401, _) | (200, "UNAUTHORIZED") => Kind::Unauthorized,
        (402, _) | (200, "PAYMENT_REQUIRED") => Kind::PaymentRequired,
        (403, _) | (200, "FORBIDDEN") => Kind::Forbidden,
        (404, _) | (200, "NOT_FOUND") => Kind::NotFound,
        (429, _) | (_, "TOO_MANY_REQUESTS") => Kind::RateLimited,
        (500.., _) => Kind::Protocol,
        _ => Kind::Refused,
    };
    let message = envelope.and_then(|envelope| envelope.message.as_deref()).unwrap_or_default();
    let message: String = message.chars().filter(|c| !c.is_control()).take(MESSAGE_CHARS).collect();
    let mut what = format!("Taskade answered {status}");
    for part in [code, &message] {
        if !part.is_empty() {
            what = format!("{what} {part}");
        }
    }
    let error = Error::new(kind, what);
    match kind {
        Kind::Unauthorized => error.hint("check TASKADE_TOKEN or --token-file"),
        Kind::PaymentRequired => error.hint("the plan of this workspace does not cover it"),
        Kind::Forbidden => error.hint("ask for the right to edit it in Taskade"),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Envelope;
    use crate::error::Kind;

    #[test]
    fn null_items_are_skipped_and_missing_ones_are_an_error() {
        let read = |body: &str| Envelope::read(body.as_bytes()).unwrap().projects();
        let listed = read(r#"{"ok":true,"items":[null,{"id":"a"},{"id":"b","name":null,"x":1}]}"#);
        assert_eq!(listed.unwrap().len(), 2);
        assert_eq!(read(r#"{"ok":true}"#).unwrap_err().kind(), Kind::Protocol);
        assert_eq!(read(r#"{"ok":true,"items":null}"#).unwrap_err().kind(), Kind::Protocol);
        assert_eq!(read(r#"{"items":[{"name":"no id"}]}"#).unwrap_err().kind(), Kind::Protocol);
        assert_eq!(read(r#"{"items":[]}"#).unwrap(), []);
    }

    #[test]
    fn failures_are_told_by_status_and_code_never_by_message() {
        let failure = |status, body: &str| Envelope::read_failure(status, body.as_bytes());
        assert_eq!(failure(404, "<html>").kind(), Kind::NotFound);
        assert_eq!(failure(502, "<html>").kind(), Kind::Protocol);
        assert_eq!(failure(413, "{}").kind(), Kind::Refused);
        assert_eq!(failure(400, r#"{"code":"TOO_MANY_REQUESTS"}"#).kind(), Kind::RateLimited);
        let shown = failure(403, r#"{"code":"FORBIDDEN","message":"no\u001b[31m way"}"#);
        assert!(shown.to_string().contains("no[31m way"), "{shown}");
        let refused = Envelope::read(br#"{"ok":false,"code":"NOT_FOUND"}"#).unwrap_err();
        assert_eq!(refused.kind(), Kind::NotFound);
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_reader_panic(body in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(envelope) = Envelope::read(&body) {
                let _ = envelope.page();
            }
            Envelope::read_failure(500, &body);
        }

        #[test]
        fn no_odd_types_make_a_reader_panic(
            value in "(null|1|\"s\"|true|\\[\\]|\\{\\}|\\{\"id\":(null|1|\"x\"|\\[\\])\\})",
        ) {
            for body in [
                format!("{{\"items\":[{value},{value}],\"item\":{value}}}"),
                format!("{{\"items\":{value},\"hasMore\":{value}}}"),
            ] {
                for read in 0..4 {
                    let Ok(envelope) = Envelope::read(body.as_bytes()) else { continue };
                    match read {
                        0 => drop(envelope.page()),
                        1 => drop(envelope.created()),
                        2 => drop(envelope.project()),
                        _ => drop((envelope.item_id(), envelope.item_text())),
                    }
                }
            }
        }
    }
}
