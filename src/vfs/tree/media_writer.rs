//! A medium that is being written.

use std::sync::Arc;

use crate::{
    error::{Error, Result},
    lock_order::Ordered,
    store::upload_files::UploadFiles,
    sync::{Process, operation::uploading},
    vfs::{resource_path::ResourceNode, scratch_file::ScratchFile, types::Ino},
};

/// A medium that is open for writing: a draft on the disk.
#[derive(Debug)]
pub(crate) struct MediaWriter {
    pub(crate) ino: Ino,
    pub(crate) node: ResourceNode,
    /// What it is to be called.
    pub(crate) name: String,
    /// Who opened it.
    pub(crate) process: Option<Process>,
    pub(crate) append: bool,
    pub(crate) file: ScratchFile,
    /// The name of the draft.
    pub(crate) draft: String,
    pub(crate) files: Arc<UploadFiles>,
    pub(crate) state: Ordered<MediaDraft>,
}

/// How it stands with a draft.
#[derive(Debug, Default)]
pub(crate) struct MediaDraft {
    pub(crate) length: u64,
    /// Whether something is not uploaded yet.
    pub(crate) is_dirty: bool,
    /// What it was refused with: nothing more of it is uploaded.
    pub(crate) refusal: Option<Error>,
}

impl MediaDraft {
    /// Refuses what would be too long. Of a file that was to be so nothing is uploaded: half of it is
    /// not what the program wrote.
    pub(crate) fn check(&mut self, end: u64) -> Result<()> {
        let checked = uploading::check_length(end);
        if let Err(error) = &checked {
            self.refusal = Some(error.clone());
        }
        checked
    }
}

impl MediaWriter {
    /// How long it is by now.
    pub(crate) fn length(&self) -> u64 {
        self.state.lock().length
    }
}

impl Drop for MediaWriter {
    fn drop(&mut self) {
        self.files.remove(&self.draft);
    }
}
