//! Media: files of spaces that are no projects.

use serde_json::json;

use super::{
    super::{
        backend::AuditEntry, call::Method, endpoint::Endpoint, envelope::Envelope, path::Path,
    },
    resources::ItemPage,
};
use crate::{
    error::Result,
    ids::{MediaId, SpaceId},
};

/// A page of the media of a folder.
#[derive(Debug, Clone, Copy)]
pub struct GetMedias<'a> {
    /// The folder, or a workspace for its home folder.
    pub folder: &'a SpaceId,
    /// Which page, from 1 on.
    pub page: usize,
}

impl Endpoint for GetMedias<'_> {
    type Answer = ItemPage;
    const METHOD: Method = Method::Get;
    const IS_TELLING: bool = false;

    fn path(&self) -> Result<Path> {
        Path::new("folders/{folder}/medias", [self.folder.as_str()])
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        vec![("limit", ItemPage::LIMIT.to_string()), ("page", self.page.to_string())]
    }

    fn read(&self, answer: Envelope) -> Result<ItemPage> {
        ItemPage::of(answer)
    }
}

/// Deletes a medium. That there is none is as good.
#[derive(Debug, Clone, Copy)]
pub struct DeleteMedia<'a> {
    /// Which.
    pub media: &'a MediaId,
}

impl Endpoint for DeleteMedia<'_> {
    type Answer = ();
    const METHOD: Method = Method::Delete;

    fn path(&self) -> Result<Path> {
        Path::new("medias/{media}", [self.media.as_str()])
    }

    fn read(&self, _: Envelope) -> Result<()> {
        Ok(())
    }

    fn absent(&self) -> Option<()> {
        Some(())
    }

    fn entry(&self, _: Option<&()>) -> Option<AuditEntry> {
        let fields = json!({ "call": "delete media", "media": self.media });
        Some(AuditEntry { project: None, fields })
    }
}
