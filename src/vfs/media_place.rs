//! Where something is in `media/` of a workspace or folder. Pure.

use crate::{ids::MediaId, vfs::types::FileKind};

/// A place in `media/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MediaPlace {
    /// `media/` itself.
    Directory,
    /// `media/NAME`, which Taskade has.
    File(MediaId),
    /// `media/NAME`, which a program has made here under this name.
    Named(String),
}

impl MediaPlace {
    pub(crate) fn kind(&self) -> FileKind {
        match self {
            Self::Directory => FileKind::Directory,
            Self::File(_) | Self::Named(_) => FileKind::File,
        }
    }

    /// The place that it is in; `None` for the directory itself.
    pub(crate) fn above(&self) -> Option<Self> {
        match self {
            Self::Directory => None,
            Self::File(_) | Self::Named(_) => Some(Self::Directory),
        }
    }
}
