//! Answers as the service writes them, read leniently: items may be null, fields may be missing
//! or new, but a listing without its items is an error and never an empty one.

use std::{collections::HashMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

#[cfg(fuzzing)]
use super::wire_details;
use super::{
    bundle::{self, Exported},
    readable::readable,
};
use crate::{
    error::{Error, Kind, Result},
    ids::{ProjectId, SpaceId, TaskId},
    model::{RemoteProject, RemoteSpace, RemoteTask},
    printable::steers,
    secret::Token,
};

/// Most characters of a service's message, and of its code, that are shown.
const MESSAGE_CHARS: usize = 200;
const CODE_CHARS: usize = 40;

/// Most items of one answer. In memory an item is many times as large as the shortest on the wire.
const MOST_ITEMS: usize = 100_000;
/// What to do about an answer that is not the service's.
const NOT_TASKADE: &str = "sign in to the network, or check the proxy, the firewall and --api-url; \
     what is saved meanwhile waits and is sent after that";

/// The envelope of every answer. An answer with a success status but without a body is an empty
/// one. Its fields are read where they are asked for: the item of an export is as large as a space.
/// A field that is null is there.
#[derive(Debug, Default)]
pub struct Envelope {
    item: Option<Box<RawValue>>,
    items: Option<Box<RawValue>>,
    /// The others that mean something.
    fields: HashMap<String, Box<RawValue>>,
}

/// The fields of an envelope that mean something, beside the item and the items.
const FIELDS: [&str; 5] = ["ok", "code", "message", "hasMore", "nextCursor"];

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EnvelopeVisitor)
    }
}

struct EnvelopeVisitor;

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = Envelope;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope, A::Error> {
        let mut envelope = Envelope::default();
        while let Some(field) = map.next_key::<String>()? {
            match field.as_str() {
                "item" => envelope.item = Some(map.next_value()?),
                "items" => envelope.items = Some(map.next_value()?),
                known if FIELDS.contains(&known) => {
                    envelope.fields.insert(field, map.next_value()?);
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(envelope)
    }
}

/// Reads an array item by item, which are counted: `None` for what is no array.
struct Items;

impl<'de> DeserializeSeed<'de> for Items {
    type Value = Vec<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Value>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items {
    type Value = Vec<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Value>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            if items.len() == MOST_ITEMS {
                return Err(A::Error::custom(format!("it has over {MOST_ITEMS} items")));
            }
            items.push(item);
        }
        Ok(items)
    }
}

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
    /// What a service answers with this body.
    ///
    /// # Errors
    /// As with a body that comes over HTTP with a success status.
    pub fn of(body: &Value) -> Result<Self> {
        Self::read(body.to_string().as_bytes(), None)
    }

    /// Reads the body of an answer with a success status. `hidden` is not quoted in errors.
    pub(crate) fn read(body: &[u8], hidden: Option<&Token>) -> Result<Self> {
        if !body.trim_ascii_start().starts_with(b"{") {
            return Err(no_verdict(200));
        }
        let envelope: Self = serde_json::from_slice(&readable(body)).map_err(unreadable)?;
        match envelope.ok() {
            Some(false) => Err(envelope.refusal(200, hidden)),
            None if envelope.item.is_none() && envelope.items.is_none() => Err(no_verdict(200)),
            _ => Ok(envelope),
        }
    }

    /// Reads the body of an answer with a failure status. What is not in the service's envelope is
    /// no verdict of it: a sign-in page, a proxy or a firewall answered in its place.
    pub(crate) fn read_failure(status: u16, body: &[u8], hidden: Option<&Token>) -> Error {
        let envelope: Self = serde_json::from_slice(&readable(body)).unwrap_or_default();
        let refusal = envelope.refusal(status, hidden);
        let is_verdict = match status {
            // The service's own, with an envelope or without: too large, and busy or broken.
            413 | 429 | 500..=510 => true,
            _ => envelope.ok() == Some(false) || refusal.kind() == Kind::RateLimited,
        };
        if is_verdict { refusal } else { no_verdict(status) }
    }

    /// Whether a body is the beginning of an envelope.
    pub(crate) fn is_torn(body: &[u8]) -> bool {
        let parsed = || serde_json::from_slice::<IgnoredAny>(&readable(body));
        body.starts_with(b"{") && parsed().is_err()
    }

    /// Whether the service did what it was asked, where it says.
    fn ok(&self) -> Option<bool> {
        self.get("ok").as_ref().and_then(flag)
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
        project(&self.item().ok_or_else(|| protocol("the answer has no project"))?)
    }

    /// The projects of an export.
    pub(crate) fn exported(self) -> Result<HashMap<ProjectId, Exported>> {
        let item = self.item.ok_or_else(|| protocol("the answer has no export"))?;
        bundle::projects(item.get()).ok_or_else(|| protocol("the export has no items"))
    }

    /// The id of the item, if the answer has one.
    pub(crate) fn item_id(&self) -> Option<String> {
        id(&self.item()?).ok()
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

    /// The items that are not null, and how many the service sent, null ones included.
    pub(super) fn counted(self) -> Result<(Vec<Value>, usize)> {
        let items = self.items.filter(|items| items.get().starts_with('['));
        let items = items.ok_or_else(|| protocol("the answer has no items"))?;
        let mut reader = serde_json::Deserializer::from_str(items.get());
        let mut items = Items.deserialize(&mut reader).map_err(unreadable)?;
        let sent = items.len();
        items.retain(|item| !item.is_null());
        Ok((items, sent))
    }

    /// The items that are not null.
    pub(super) fn listed(self) -> Result<Vec<Value>> {
        self.counted().map(|(items, _)| items)
    }

    /// A field that is there and not null.
    fn get(&self, field: &str) -> Option<Value> {
        let value: Value = serde_json::from_str(self.fields.get(field)?.get()).ok()?;
        (!value.is_null()).then_some(value)
    }

    /// The item; `None` if it is null.
    pub(super) fn item_or_null(&self) -> Result<Option<Value>> {
        let item = self.item.as_ref().ok_or_else(|| protocol("the answer has no item"))?;
        let item: Value = serde_json::from_str(item.get()).map_err(unreadable)?;
        Ok((!item.is_null()).then_some(item))
    }

    /// The item, if there is one and it is not null.
    fn item(&self) -> Option<Value> {
        let item: Value = serde_json::from_str(self.item.as_ref()?.get()).ok()?;
        (!item.is_null()).then_some(item)
    }

    /// A refusal by its status and code, with the service's message only for the person.
    fn refusal(&self, status: u16, hidden: Option<&Token>) -> Error {
        let word = |field: &str| match self.get(field) {
            Some(Value::String(word)) => word,
            _ => String::new(),
        };
        let code = word("code");
        let kind = kind_of(status, &code);
        let mut what = format!("Taskade answered {status}");
        for part in
            [shown(&code, CODE_CHARS, hidden), shown(&word("message"), MESSAGE_CHARS, hidden)]
        {
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
}

/// What a failure is, by its status, and by its code where the status does not say. A failure of
/// the service itself stays one, whatever its code: it may come after the deed.
fn kind_of(status: u16, code: &str) -> Kind {
    match (status, code) {
        (500.., _) => Kind::Protocol,
        (401, _) | (200, "UNAUTHORIZED") => Kind::Unauthorized,
        (402, _) | (200, "PAYMENT_REQUIRED") => Kind::PaymentRequired,
        (403, _) | (200, "FORBIDDEN") => Kind::Forbidden,
        (404, _) | (200, "NOT_FOUND") => Kind::NotFound,
        (429, _) | (_, "TOO_MANY_REQUESTS") => Kind::RateLimited,
        (200, "INTERNAL_SERVER_ERROR" | "BAD_GATEWAY") => Kind::Protocol,
        (200, "SERVICE_UNAVAILABLE" | "GATEWAY_TIMEOUT" | "TIMEOUT") => Kind::Protocol,
        _ => Kind::Refused,
    }
}

/// An answer that is not the service's: nothing follows from it, and it is asked again.
fn no_verdict(status: u16) -> Error {
    Error::new(
        Kind::Protocol,
        format!("an answer that is not Taskade's ({status}) came, and cannot be read"),
    )
    .hint(NOT_TASKADE)
}

/// What the service wrote, fit for a terminal and a log: in one line, without what would steer
/// either, cut, and without the token, which a service may quote back.
fn shown(text: &str, most: usize, hidden: Option<&Token>) -> String {
    let clean: String = text.chars().filter(|c| !steers(*c)).collect();
    let clean = hidden.map_or_else(|| clean.clone(), |token| clean.replace(token.expose(), "…"));
    clean.chars().take(most).collect()
}

fn project(item: &Value) -> Result<RemoteProject> {
    Ok(RemoteProject {
        id: ProjectId::new(id(item)?),
        name: text(item, "name"),
        completed: item.get("completed").and_then(flag),
    })
}

fn task(item: &Value) -> Result<RemoteTask> {
    let parent = item.get("parentId").and_then(scalar).filter(|id| !id.is_empty());
    Ok(RemoteTask {
        id: TaskId::new(id(item)?),
        text: text(item, "text"),
        parent: parent.map(TaskId::new),
        completed: item.get("completed").and_then(flag).unwrap_or_default(),
    })
}

fn id(item: &Value) -> Result<String> {
    let id = item.get("id").and_then(scalar).filter(|id| !id.is_empty());
    id.ok_or_else(|| protocol("the answer has an item without an id"))
}

fn text(item: &Value, field: &str) -> String {
    item.get(field).and_then(scalar).unwrap_or_default()
}

/// A text, or a number where a text belongs.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A truth value, also one that is spelled as a number or a text.
fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => number.as_f64().map(|number| number != 0.0),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// Reads a body as every answer that there is.
#[cfg(fuzzing)]
pub(super) fn read_any(body: &[u8]) {
    let read = || Envelope::read(body, None);
    let _ = (read().map(Envelope::spaces), read().map(Envelope::projects));
    let _ = (read().map(Envelope::project), read().map(Envelope::page));
    let _ = (read().map(Envelope::exported), read().map(|answer| answer.created()));
    let _ = read().map(|answer| (answer.item_id(), answer.item_text()));
    wire_details::read_any(read);
    Envelope::read_failure(500, body, None);
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::new(Kind::Protocol, "Taskade's answer cannot be read").because(error)
}

pub(super) fn protocol(what: &str) -> Error {
    Error::new(Kind::Protocol, what)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use serde_json::Value;

    use super::Envelope;
    use crate::{api::any_json::any_json, error::Kind, secret::Token};

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
        assert_eq!(exported.values().next().unwrap().tasks[0].text, "\u{fffd}");
    }

    #[test]
    fn an_answer_has_no_more_items_than_can_be_held() {
        let items = |count| format!(r#"{{"items":[{}{{}}]}}"#, "{},".repeat(count - 1));
        assert_eq!(read(&items(super::MOST_ITEMS)).listed().unwrap().len(), super::MOST_ITEMS);
        let error = read(&items(super::MOST_ITEMS + 1)).listed().unwrap_err();
        assert!(error.to_string().contains("over 100000 items"), "{error}");
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

    #[test]
    fn failures_are_told_by_status_and_code_never_by_message() {
        let failure = |status, body: &str| Envelope::read_failure(status, body.as_bytes(), None);
        let found = failure(404, r#"{"ok":false,"message":"Document not found"}"#);
        assert_eq!(found.kind(), Kind::NotFound);
        assert_eq!(failure(502, "<html>").kind(), Kind::Protocol);
        for status in [400, 401, 402, 403, 404, 407, 451, 499, 511] {
            for body in ["", "<html>", "{}", "null", r#"{"ok":true}"#, r#"{"error":"blocked"}"#] {
                let error = failure(status, body);
                assert_eq!(error.kind(), Kind::Protocol, "{status} {body}");
                assert!(error.to_string().contains("--api-url"), "{error}");
            }
        }
        assert_eq!(failure(413, "{}").kind(), Kind::Refused);
        assert_eq!(failure(400, r#"{"code":"TOO_MANY_REQUESTS"}"#).kind(), Kind::RateLimited);
        // It may have been done before that went wrong.
        assert_eq!(failure(500, r#"{"code":"TOO_MANY_REQUESTS"}"#).kind(), Kind::Protocol);
        assert_eq!(failure(200, r#"{"code":"INTERNAL_SERVER_ERROR"}"#).kind(), Kind::Protocol);
        assert_eq!(
            failure(400, r#"{"ok":false,"message":"429 TOO_MANY_REQUESTS"}"#).kind(),
            Kind::Refused
        );
        let refused = Envelope::read(br#"{"ok":false,"code":"NOT_FOUND"}"#, None).unwrap_err();
        assert_eq!(refused.kind(), Kind::NotFound);
    }

    #[test]
    fn what_the_service_wrote_is_shown_without_what_steers_a_terminal() {
        let body = r#"{"ok":false,"code":"NO\u001b[2J\n","message":"no\u001b[31m way\u202e\r\n"}"#;
        let error = Envelope::read_failure(403, body.as_bytes(), None).to_string();
        assert!(error.starts_with("Taskade answered 403 NO[2J no[31m way;"), "{error:?}");
        let long = format!(r#"{{"ok":false,"code":"{0}","message":"{0}"}}"#, "é".repeat(9000));
        let error = Envelope::read_failure(400, long.as_bytes(), None).to_string();
        assert_eq!(error.matches('é').count(), super::CODE_CHARS + super::MESSAGE_CHARS);
    }

    #[test]
    fn a_token_that_the_service_quotes_is_not_shown() {
        let token = Token::new("tskdp_secret").unwrap();
        // Also not where the cut goes through it, or what steers is inside.
        for before in [0, 195] {
            let message = format!("{}tskdp_\\u0000secret", "m".repeat(before));
            let body = format!(r#"{{"ok":false,"code":"tskdp_secret","message":"{message}"}}"#);
            for error in [
                Envelope::read_failure(401, body.as_bytes(), Some(&token)),
                Envelope::read(body.as_bytes(), Some(&token)).unwrap_err(),
            ] {
                assert!(!format!("{error} {error:?}").contains("tsk"), "{error}");
            }
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
