//! Templates of projects.

use serde_json::{Value, json};

use super::{
    super::{
        backend::AuditEntry, call::Method, endpoint::Endpoint, envelope::Envelope, path::Path,
    },
    resources::ItemPage,
};
use crate::{
    error::Result,
    ids::{ProjectId, SpaceId, TemplateId},
};

/// A page of the templates of a folder.
#[derive(Debug, Clone, Copy)]
pub struct GetTemplates<'a> {
    /// The folder.
    pub folder: &'a SpaceId,
    /// Which page, from 1 on.
    pub page: usize,
}

impl GetTemplates<'_> {
    /// How many a page is to have. The document knows no most; this is its default.
    pub(crate) const LIMIT: usize = 20;
}

impl Endpoint for GetTemplates<'_> {
    type Answer = ItemPage;
    const METHOD: Method = Method::Get;
    const IS_TELLING: bool = false;

    fn path(&self) -> Result<Path> {
        Path::new("folders/{folder}/project-templates", [self.folder.as_str()])
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        vec![("limit", Self::LIMIT.to_string()), ("page", self.page.to_string())]
    }

    fn read(&self, answer: Envelope) -> Result<ItemPage> {
        ItemPage::of(answer)
    }
}

/// Creates a project from a template, under a title that the service chooses.
#[derive(Debug, Clone, Copy)]
pub struct CreateFromTemplate<'a> {
    /// Where.
    pub folder: &'a SpaceId,
    /// Of which template.
    pub template: &'a TemplateId,
}

impl Endpoint for CreateFromTemplate<'_> {
    /// The new project's id and title, as far as they came.
    type Answer = (Option<ProjectId>, Option<String>);
    const METHOD: Method = Method::Post;

    fn path(&self) -> Result<Path> {
        Path::new("projects/from-template", [])
    }

    fn body(&self) -> Result<Option<Value>> {
        Ok(Some(json!({
            "folderId": self.folder.as_str(),
            "templateId": self.template.as_str(),
        })))
    }

    fn read(&self, answer: Envelope) -> Result<Self::Answer> {
        Ok((answer.item_id().map(ProjectId::new), answer.item_name()))
    }

    fn entry(&self, created: Option<&Self::Answer>) -> Option<AuditEntry> {
        let fields = json!({
            "call": "create project from template",
            "folder": self.folder,
            "template": self.template,
        });
        Some(AuditEntry { project: created.and_then(|(id, _)| id.clone()), fields })
    }
}
