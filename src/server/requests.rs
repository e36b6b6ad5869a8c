//! Request bodies, as strict as the official document: what it does not allow is refused.

use std::collections::HashMap;

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use super::{answer::Answer, call::ServedCall};
use crate::api::{ContentType, End, MAX_BATCH, MAX_CONTENT_CHARS, Moment, Position, Schedule};

/// `taskCreate`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateTasksBody {
    pub(crate) tasks: Vec<CreateTask>,
}

/// One task of `taskCreate`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct CreateTask {
    pub(crate) content_type: ContentType,
    pub(crate) content: String,
    #[serde(default)]
    pub(crate) task_id: Option<String>,
    pub(crate) placement: Position,
}

/// `taskPut`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct UpdateTaskBody {
    pub(crate) content_type: ContentType,
    pub(crate) content: String,
}

/// `taskMove`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveTaskBody {
    pub(crate) target: MoveTarget,
}

/// The target of `taskMove`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct MoveTarget {
    pub(crate) task_id: String,
    pub(crate) position: Position,
}

/// `projectCreate`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct CreateProjectBody {
    pub(crate) folder_id: String,
    pub(crate) content_type: ContentType,
    pub(crate) content: String,
}

/// `workspaceCreateProject`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct CreateProjectIn {
    pub(crate) content_type: ContentType,
    pub(crate) content: String,
}

/// `projectCopy`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct CopyProjectBody {
    pub(crate) folder_id: String,
    /// May be left out, but not be null.
    #[serde(default, deserialize_with = "given")]
    pub(crate) project_title: Option<String>,
}

/// `projectFromTemplate`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct FromTemplate {
    pub(crate) folder_id: String,
    pub(crate) template_id: String,
}

/// `getConversation` of v2.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GetConversation {
    pub(crate) agent_id: String,
    pub(crate) convo_id: String,
    #[serde(default)]
    pub(crate) include_transcript: bool,
}

/// `taskPutDate`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutDateBody {
    start: Date,
    /// May be left out, but not be null.
    #[serde(default, deserialize_with = "given")]
    end: Option<Date>,
}

/// `Date`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Date {
    date: String,
    #[serde(default)]
    time: Option<String>,
    #[serde(default)]
    timezone: Option<String>,
}

/// `taskPutNote`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutNoteBody {
    #[serde(rename = "type")]
    pub(crate) content_type: ContentType,
    pub(crate) value: String,
}

/// `taskPutAssignees`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutAssigneesBody {
    pub(crate) handles: Vec<String>,
}

/// `taskPutFieldValue`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutValue {
    pub(crate) value: Value,
}

fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Reads the body of a request. The document knows JSON bodies alone.
pub(crate) fn read<T: DeserializeOwned>(call: &ServedCall<'_>) -> Result<T, Answer> {
    let essence = call.media_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Answer::refusal(415, "Content-Type: application/json"));
    }
    // A type whose keys may all be missing is read from a list, too.
    if call.body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Answer::bad_request("the body is no JSON object"));
    }
    serde_json::from_slice(call.body).map_err(|error| Answer::bad_request(&error.to_string()))
}

impl CreateTasksBody {
    /// What the types alone do not refuse.
    pub(crate) fn check(&self) -> Result<(), Answer> {
        if self.tasks.len() > MAX_BATCH {
            return Err(Answer::bad_request("tasks: at most 20"));
        }
        for task in &self.tasks {
            check_length(&task.content)?;
            let inside = matches!(task.placement, Position::AfterBegin | Position::BeforeEnd);
            if task.task_id.is_none() && !inside {
                return Err(Answer::bad_request("placement: without taskId, inside the project"));
            }
        }
        Ok(())
    }
}

impl UpdateTaskBody {
    /// What the types alone do not refuse.
    pub(crate) fn check(&self) -> Result<(), Answer> {
        check_length(&self.content)?;
        if self.content.contains(['\r', '\n']) {
            return Err(Answer::bad_request("content: one line"));
        }
        Ok(())
    }
}

impl MoveTaskBody {
    /// What the types alone do not refuse.
    pub(crate) fn check(&self) -> Result<(), Answer> {
        if self.target.task_id.is_empty() {
            return Err(Answer::bad_request("taskId: not empty"));
        }
        Ok(())
    }
}

impl PutDateBody {
    /// The schedule, if it is one.
    pub(crate) fn schedule(self) -> Result<Schedule, Answer> {
        let start = self.start.moment()?;
        let end = self.end.map(Date::moment).transpose()?;
        if end.as_ref().is_some_and(|end| is_after(&start, end)) {
            return Err(Answer::bad_request("end: not before start"));
        }
        Ok(Schedule { start, end: end.map(End::Moment) })
    }
}

impl Date {
    fn moment(self) -> Result<Moment, Answer> {
        let moment = Moment { date: self.date, time: self.time, timezone: self.timezone };
        match moment.is_possible() {
            true => Ok(moment),
            false => Err(Answer::bad_request("date: YYYY-MM-DD, a day; time: HH:MM or HH:MM:SS")),
        }
    }
}

/// Whether a moment is after another, as far as that can be told without knowing time zones.
fn is_after(moment: &Moment, other: &Moment) -> bool {
    let same_day = moment.date == other.date && moment.timezone == other.timezone;
    let seconds = |time: &str| format!("{time}{}", if time.len() == 5 { ":00" } else { "" });
    match (&moment.time, &other.time) {
        (Some(time), Some(end)) if same_day => seconds(time) > seconds(end),
        _ => moment.date > other.date,
    }
}

impl PutNoteBody {
    /// What the types alone do not refuse.
    pub(crate) fn check(&self) -> Result<(), Answer> {
        if self.value.is_empty() || self.value.contains(['\r', '\n']) {
            return Err(Answer::bad_request("value: one line, not empty"));
        }
        Ok(())
    }
}

impl PutAssigneesBody {
    /// What the types alone do not refuse.
    pub(crate) fn check(&self) -> Result<(), Answer> {
        if self.handles.iter().any(String::is_empty) {
            return Err(Answer::bad_request("handles: not empty"));
        }
        Ok(())
    }
}

impl PutValue {
    /// What the types alone do not refuse.
    pub(crate) fn check(&self) -> Result<(), Answer> {
        match &self.value {
            Value::Number(_) => Ok(()),
            Value::String(text) if !text.is_empty() => Ok(()),
            _ => Err(Answer::bad_request("value: a number, or a text that is not empty")),
        }
    }
}

/// A number of a query, at least 1.
pub(crate) fn number(
    query: &HashMap<String, String>,
    name: &str,
    without: usize,
    most: usize,
) -> Result<usize, Answer> {
    match query.get(name).map(|number| number.parse::<usize>()) {
        None => Ok(without),
        Some(Ok(number)) if (1..=most).contains(&number) => Ok(number),
        Some(_) => Err(Answer::bad_request(&format!("{name}: out of range"))),
    }
}

/// Which part of a list is asked for, by `limit` and `page` from 1 on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    limit: usize,
    page: usize,
}

impl Page {
    /// The items of the page; none past the last.
    pub(crate) fn of<T>(self, all: &[T]) -> &[T] {
        all.chunks(self.limit).nth(self.page - 1).unwrap_or_default()
    }
}

/// The page that a query asks for.
pub(crate) fn page(query: &HashMap<String, String>, without: usize) -> Result<Page, Answer> {
    Ok(Page {
        limit: number(query, "limit", without, usize::MAX)?,
        page: number(query, "page", 1, usize::MAX)?,
    })
}

/// Refuses a content type that creating projects does not know.
pub(crate) fn check_markdown(content_type: ContentType) -> Result<(), Answer> {
    match content_type {
        ContentType::Markdown => Ok(()),
        ContentType::Plain => Err(Answer::bad_request("contentType: text/markdown")),
    }
}

fn check_length(content: &str) -> Result<(), Answer> {
    if content.chars().count() > MAX_CONTENT_CHARS {
        return Err(Answer::bad_request("content: at most 2000 characters"));
    }
    Ok(())
}
