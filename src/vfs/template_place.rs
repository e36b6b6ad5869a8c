//! Where in `templates/` of a workspace or folder. Pure.

use crate::{ids::TemplateId, vfs::types::FileKind};

/// A place in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TemplatePlace {
    /// `templates/`.
    Top,
    /// `templates/NAME.md`.
    File(TemplateId),
}

impl TemplatePlace {
    pub(crate) fn kind(&self) -> FileKind {
        match self {
            Self::Top => FileKind::Directory,
            Self::File(_) => FileKind::File,
        }
    }
}
