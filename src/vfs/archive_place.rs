//! Where in `archive/` of a workspace or folder. Pure.

use crate::{ids::ProjectId, vfs::types::FileKind};

/// A place in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ArchivePlace {
    /// `archive/`.
    Top,
    /// `archive/NAME.md`.
    File(ProjectId),
}

impl ArchivePlace {
    pub(crate) fn kind(&self) -> FileKind {
        match self {
            Self::Top => FileKind::Directory,
            Self::File(_) => FileKind::File,
        }
    }
}
