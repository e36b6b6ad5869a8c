//! What the journal has of an upload beside what it has of every operation.

use serde::{Deserialize, Serialize};

use crate::{
    api::RemoteMedia,
    error::{Error, Kind, Result},
    ids::MediaId,
    store::operations::{Operation, OperationKind},
    sync::engine::Engine,
};

/// A file that is to be uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Upload {
    pub(crate) name: String,
    /// Bytes.
    pub(crate) length: u64,
    /// The media that the space had before the first request was sent: what it has more then may be
    /// this one.
    pub(crate) before: Option<Vec<MediaId>>,
    /// The media in whose place it is to be: they are deleted once it is there.
    pub(crate) replaces: Vec<MediaId>,
    /// The upload before it, under the same name, whose medium it replaces as well.
    pub(crate) after: Option<i64>,
    /// Whether its file was removed while it was on its way: then it is deleted once it is there.
    pub(crate) unwanted: bool,
    /// What it has become: it is there, and what it replaces goes.
    #[serde(default)]
    pub(crate) landed: Option<RemoteMedia>,
}

impl Upload {
    pub(crate) fn new(name: &str, length: u64) -> Self {
        let (before, replaces, after, landed) = (None, Vec::new(), None, None);
        Self { name: name.to_owned(), length, before, replaces, after, unwanted: false, landed }
    }

    /// What an operation uploads.
    ///
    /// # Errors
    /// [`Kind::Storage`] if it is no upload.
    pub(crate) fn of(operation: &Operation) -> Result<Self> {
        serde_json::from_value(operation.body.clone()).map_err(|error| {
            Error::new(Kind::Storage, "the journal has an upload that makes no sense")
                .because(error)
        })
    }

    /// Notes it in its operation.
    pub(crate) fn note(self, operation: &mut Operation) {
        operation.body = serde_json::to_value(self).unwrap_or_default();
    }
}

/// All uploads that are to be done, or were refused.
pub(crate) fn uploads(engine: &Engine) -> Vec<(Operation, Upload)> {
    let all = engine.operations.all().into_iter();
    let uploads = all.filter(|operation| operation.kind == OperationKind::UploadMedia);
    uploads.filter_map(|it| Upload::of(&it).ok().map(|upload| (it, upload))).collect()
}
