//! Workspaces, projects and tasks as Taskade tells of them, and as it is told of tasks.

use serde::{Deserialize, Serialize};

use super::{
    ids::{ProjectId, SpaceId, TaskId, TemplateId},
    marker::Spelled,
};

/// Most tasks that one create request may carry (`maxItems` of `taskCreate`).
pub const MAX_BATCH: usize = 20;

/// Most characters (Unicode scalar values) of one text (`maxLength` of `taskCreate` and `taskPut`).
pub const MAX_CONTENT_CHARS: usize = 2000;

/// A workspace or a folder, as listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteSpace {
    /// Its id.
    pub id: SpaceId,
    /// Its name as Taskade has it: possibly empty, equal to another's, or hostile.
    pub name: String,
}

/// A project, as listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteProject {
    /// Its id.
    pub id: ProjectId,
    /// Its name as Taskade has it: possibly empty, equal to another's, or hostile.
    pub name: String,
    /// Whether it is archived, where the answer says so.
    pub completed: Option<bool>,
}

/// A template of projects, as listed: no more is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteTemplate {
    /// Its id.
    pub id: TemplateId,
    /// Its name as Taskade has it: possibly empty, equal to another's, or hostile.
    pub name: String,
}

/// A task, as listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteTask {
    /// Its id.
    pub id: TaskId,
    /// Its text; empty where the answer has none.
    pub text: String,
    /// The task above it; for a top-level task the title node.
    pub parent: Option<TaskId>,
    /// Whether it is done.
    pub completed: bool,
    /// How its line begins: told by exports, never by listings.
    #[serde(default, skip_serializing_if = "Spelled::is_unknown")]
    pub spelled: Spelled,
}

/// How the service is to read a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ContentType {
    /// Every character stands for itself.
    #[serde(rename = "text/plain")]
    Plain,
    /// Inline Markdown.
    #[serde(rename = "text/markdown")]
    Markdown,
}

/// A text to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypedText {
    /// How the service is to read it.
    pub content_type: ContentType,
    /// The text: one line, at most [`MAX_CONTENT_CHARS`].
    pub text: String,
}

/// Where a task goes, relative to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Position {
    /// As the sibling just before it.
    BeforeBegin,
    /// As its first child.
    AfterBegin,
    /// As its last child.
    BeforeEnd,
    /// As the sibling just after it.
    AfterEnd,
}

/// A task to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// Its text.
    pub content: TypedText,
    /// What it is placed by; `None` is the project itself, with `AfterBegin` or `BeforeEnd`.
    pub anchor: Option<TaskId>,
    /// Where it goes, relative to the anchor.
    pub position: Position,
}
