//! What belongs to a project beside its tasks, as the service tells it.

use serde_json::{Value, json};

use super::super::{
    backend::AuditEntry, call::Method, endpoint::Endpoint, envelope::Envelope, path::Path,
};
use crate::{
    error::{Error, Kind, Result},
    ids::ProjectId,
};

/// A page of a listing.
#[derive(Debug)]
pub struct ItemPage {
    /// The items that are not null.
    pub items: Vec<Value>,
    /// How many the service sent, null ones included.
    pub sent: usize,
}

impl ItemPage {
    /// How many members or blocks a page is to have. The document knows no most; this is its
    /// default for blocks.
    pub(crate) const LIMIT: usize = 100;

    pub(super) fn of(answer: Envelope) -> Result<Self> {
        let (items, sent) = answer.counted()?;
        Ok(Self { items, sent })
    }
}

/// A page of who may see a project.
#[derive(Debug, Clone, Copy)]
pub struct GetMembers<'a> {
    /// The project.
    pub project: &'a ProjectId,
    /// Which page, from 1 on.
    pub page: usize,
}

impl Endpoint for GetMembers<'_> {
    type Answer = ItemPage;
    const METHOD: Method = Method::Get;
    const IS_TELLING: bool = false;

    fn path(&self) -> Result<Path> {
        Path::new("projects/{project}/members", [self.project.as_str()])
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        vec![("limit", ItemPage::LIMIT.to_string()), ("page", self.page.to_string())]
    }

    fn read(&self, answer: Envelope) -> Result<ItemPage> {
        ItemPage::of(answer)
    }
}

/// A page of a project's top-level blocks.
#[derive(Debug, Clone, Copy)]
pub struct GetBlocks<'a> {
    /// The project.
    pub project: &'a ProjectId,
    /// The block that the page begins after; the first page without.
    pub after: Option<&'a str>,
}

impl Endpoint for GetBlocks<'_> {
    type Answer = ItemPage;
    const METHOD: Method = Method::Get;
    const IS_TELLING: bool = false;

    fn path(&self) -> Result<Path> {
        Path::new("projects/{project}/blocks", [self.project.as_str()])
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        let mut query = vec![("limit", ItemPage::LIMIT.to_string())];
        query.extend(self.after.map(|after| ("after", after.to_owned())));
        query
    }

    fn read(&self, answer: Envelope) -> Result<ItemPage> {
        ItemPage::of(answer)
    }
}

/// The custom fields of a project.
#[derive(Debug, Clone, Copy)]
pub struct GetFields<'a> {
    /// The project.
    pub project: &'a ProjectId,
}

impl Endpoint for GetFields<'_> {
    type Answer = Vec<Value>;
    const METHOD: Method = Method::Get;
    const IS_TELLING: bool = false;

    fn path(&self) -> Result<Path> {
        Path::new("projects/{project}/fields", [self.project.as_str()])
    }

    fn read(&self, answer: Envelope) -> Result<Vec<Value>> {
        answer.listed()
    }
}

/// The share link of a project; null if it has none.
#[derive(Debug, Clone, Copy)]
pub struct GetShareLink<'a> {
    /// The project.
    pub project: &'a ProjectId,
}

impl Endpoint for GetShareLink<'_> {
    type Answer = Value;
    const METHOD: Method = Method::Get;
    const IS_TELLING: bool = false;

    fn path(&self) -> Result<Path> {
        Path::new("projects/{project}/shareLink", [self.project.as_str()])
    }

    fn read(&self, answer: Envelope) -> Result<Value> {
        Ok(answer.item_or_null()?.unwrap_or_default())
    }
}

/// Makes a project readable for whoever has its link. What the service says of the link.
#[derive(Debug, Clone, Copy)]
pub struct PutShareLink<'a> {
    /// The project.
    pub project: &'a ProjectId,
}

impl Endpoint for PutShareLink<'_> {
    type Answer = Value;
    const METHOD: Method = Method::Put;

    fn path(&self) -> Result<Path> {
        Path::new("projects/{project}/shareLink", [self.project.as_str()])
    }

    fn read(&self, answer: Envelope) -> Result<Value> {
        let link = answer.item_or_null().ok().flatten();
        link.ok_or_else(|| Error::new(Kind::Ambiguous, "Taskade does not say which link it made"))
    }

    fn entry(&self, _: Option<&Value>) -> Option<AuditEntry> {
        Some(AuditEntry::of(self.project, json!({ "call": "share project" })))
    }
}
