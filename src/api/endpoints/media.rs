//! Media: files of spaces that are no projects.

use serde_json::{Value, json};

use super::{
    super::{
        backend::AuditEntry,
        call::Method,
        endpoint::Endpoint,
        envelope::Envelope,
        file::{FileBody, Receiving},
        path::Path,
    },
    resources::ItemPage,
};
use crate::{
    error::{Error, Kind, Result},
    ids::{MediaId, SpaceId},
    model::RemoteMedia,
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

/// A medium itself, which a receiver takes.
#[derive(Debug, Clone)]
pub struct DownloadMedia<'a> {
    /// Which.
    pub media: &'a MediaId,
    /// Who takes it.
    pub receiver: Receiving,
}

impl Endpoint for DownloadMedia<'_> {
    type Answer = ();
    const METHOD: Method = Method::Get;
    const IS_TELLING: bool = false;

    fn path(&self) -> Result<Path> {
        Path::new("medias/{media}/download", [self.media.as_str()])
    }

    fn receiver(&self) -> Option<Receiving> {
        Some(self.receiver.clone())
    }

    fn read(&self, _: Envelope) -> Result<()> {
        Ok(())
    }
}

/// Uploads a medium.
#[derive(Debug, Clone)]
pub struct UploadMedia<'a> {
    /// Where to: a workspace or a folder.
    pub space: &'a SpaceId,
    /// What it is called.
    pub name: &'a str,
    /// What it is.
    pub file: FileBody,
}

impl Endpoint for UploadMedia<'_> {
    type Answer = RemoteMedia;
    const METHOD: Method = Method::Post;

    fn path(&self) -> Result<Path> {
        Path::new("medias/spaces/{space}/upload", [self.space.as_str()])
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        vec![("filename", self.name.to_owned())]
    }

    fn file(&self) -> Option<FileBody> {
        Some(self.file.clone())
    }

    fn read(&self, answer: Envelope) -> Result<RemoteMedia> {
        let word = |item: &Value, field: &str| item[field].as_str().map(str::to_owned);
        let uploaded = answer.item().and_then(|item| {
            let id = word(&item, "mediaId").filter(|id| !id.is_empty())?;
            let kind = word(&item, "kind").unwrap_or_default();
            Some(RemoteMedia { id: MediaId::new(id), kind })
        });
        uploaded.ok_or_else(|| {
            Error::new(Kind::Ambiguous, "Taskade does not say which file it was given")
        })
    }

    fn entry(&self, uploaded: Option<&RemoteMedia>) -> Option<AuditEntry> {
        let media = uploaded.map(|media| &media.id);
        let fields = json!({
            "call": "upload media", "space": self.space, "name": self.name,
            "bytes": self.file.length(), "media": media,
        });
        Some(AuditEntry { project: None, fields })
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
