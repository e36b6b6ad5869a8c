//! Request bodies, as strict as the official document: what it does not allow is refused.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use super::{answer::Answer, routes::Call};
use crate::api::{ContentType, MAX_BATCH, MAX_CONTENT_CHARS, Position};

/// `taskCreate`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateTasks {
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
pub(crate) struct UpdateTask {
    pub(crate) content_type: ContentType,
    pub(crate) content: String,
}

/// `taskMove`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveTask {
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
pub(crate) struct CreateProject {
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
pub(crate) struct CopyProject {
    pub(crate) folder_id: String,
    /// May be left out, but not be null.
    #[serde(default, deserialize_with = "given")]
    pub(crate) project_title: Option<String>,
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

/// Reads the body of a request. The document knows JSON bodies alone.
pub(crate) fn read<T: DeserializeOwned>(call: &Call<'_>) -> Result<T, Answer> {
    let essence = call.media_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Answer::refusal(415, "Content-Type: application/json"));
    }
    serde_json::from_slice(call.body).map_err(|error| Answer::bad_request(&error.to_string()))
}

impl CreateTasks {
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

impl UpdateTask {
    /// What the types alone do not refuse.
    pub(crate) fn check(&self) -> Result<(), Answer> {
        check_length(&self.content)?;
        if self.content.contains(['\r', '\n']) {
            return Err(Answer::bad_request("content: one line"));
        }
        Ok(())
    }
}

impl MoveTask {
    /// What the types alone do not refuse.
    pub(crate) fn check(&self) -> Result<(), Answer> {
        if self.target.task_id.is_empty() {
            return Err(Answer::bad_request("taskId: not empty"));
        }
        Ok(())
    }
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
