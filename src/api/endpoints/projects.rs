//! Projects as a whole.

use serde_json::{Value, json};

use super::super::{
    backend::AuditEntry, call::Method, endpoint::Endpoint, envelope::Envelope, path::Path,
};
use crate::{
    error::{Error, Kind, Result},
    ids::{ProjectId, SpaceId},
    model::{ContentType, RemoteProject},
};

/// One project's name and state.
#[derive(Debug, Clone, Copy)]
pub struct GetProject<'a> {
    /// The project.
    pub project: &'a ProjectId,
}

impl Endpoint for GetProject<'_> {
    type Answer = RemoteProject;
    const METHOD: Method = Method::Get;

    fn path(&self) -> Result<Path> {
        Path::new("projects/{project}", [self.project.as_str()])
    }

    fn read(&self, answer: Envelope) -> Result<RemoteProject> {
        answer.project()
    }
}

/// Creates a project.
#[derive(Debug, Clone, Copy)]
pub struct CreateProject<'a> {
    /// Where.
    pub folder: &'a SpaceId,
    /// Its title in the first line, and below that its tasks.
    pub markdown: &'a str,
}

impl Endpoint for CreateProject<'_> {
    type Answer = ProjectId;
    const METHOD: Method = Method::Post;

    fn path(&self) -> Result<Path> {
        Path::new("projects", [])
    }

    fn body(&self) -> Result<Option<Value>> {
        Ok(Some(json!({
            "folderId": self.folder.as_str(),
            "contentType": ContentType::Markdown,
            "content": self.markdown,
        })))
    }

    fn read(&self, answer: Envelope) -> Result<ProjectId> {
        answer.item_id().map(ProjectId::new).ok_or_else(|| {
            Error::new(Kind::Ambiguous, "Taskade does not say which project it created")
        })
    }

    fn entry(&self, created: Option<&ProjectId>) -> Option<AuditEntry> {
        let (folder, text) = (self.folder, self.markdown);
        let fields = json!({ "call": "create project", "folder": folder, "text": text });
        Some(AuditEntry { project: created.cloned(), fields })
    }
}

/// Completes a project, which is to archive it.
#[derive(Debug, Clone, Copy)]
pub struct CompleteProject<'a> {
    /// The project.
    pub project: &'a ProjectId,
}

impl Endpoint for CompleteProject<'_> {
    type Answer = ();
    const METHOD: Method = Method::Post;

    fn path(&self) -> Result<Path> {
        Path::new("projects/{project}/complete", [self.project.as_str()])
    }

    fn read(&self, _: Envelope) -> Result<()> {
        Ok(())
    }

    fn entry(&self, _: Option<&()>) -> Option<AuditEntry> {
        Some(AuditEntry::of(self.project, json!({ "call": "archive project" })))
    }
}

/// Brings an archived project back.
#[derive(Debug, Clone, Copy)]
pub struct RestoreProject<'a> {
    /// The project.
    pub project: &'a ProjectId,
}

impl Endpoint for RestoreProject<'_> {
    type Answer = ();
    const METHOD: Method = Method::Post;

    fn path(&self) -> Result<Path> {
        Path::new("projects/{project}/restore", [self.project.as_str()])
    }

    fn read(&self, _: Envelope) -> Result<()> {
        Ok(())
    }

    fn entry(&self, _: Option<&()>) -> Option<AuditEntry> {
        Some(AuditEntry::of(self.project, json!({ "call": "restore project" })))
    }
}

/// Copies a project. The new project's id, if it came.
#[derive(Debug, Clone, Copy)]
pub struct CopyProject<'a> {
    /// Which.
    pub project: &'a ProjectId,
    /// Where to.
    pub folder: &'a SpaceId,
    /// What the copy is called.
    pub title: &'a str,
}

impl Endpoint for CopyProject<'_> {
    type Answer = Option<ProjectId>;
    const METHOD: Method = Method::Post;

    fn path(&self) -> Result<Path> {
        Path::new("projects/{project}/copy", [self.project.as_str()])
    }

    fn body(&self) -> Result<Option<Value>> {
        Ok(Some(json!({ "folderId": self.folder.as_str(), "projectTitle": self.title })))
    }

    fn read(&self, answer: Envelope) -> Result<Option<ProjectId>> {
        Ok(answer.item_id().map(ProjectId::new))
    }

    fn entry(&self, answer: Option<&Option<ProjectId>>) -> Option<AuditEntry> {
        let copy = answer.cloned().flatten();
        let fields = json!({
            "call": "copy project", "folder": self.folder, "text": self.title, "copy": copy,
        });
        Some(AuditEntry::of(self.project, fields))
    }
}
