//! Where something is in `media/` of a workspace or folder. Pure.

use crate::ids::MediaId;

/// A place in `media/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MediaPlace {
    /// `media/` itself.
    Directory,
    /// `media/NAME`.
    File(MediaId),
}

impl MediaPlace {
    pub(crate) fn is_directory(&self) -> bool {
        matches!(self, Self::Directory)
    }

    /// The place that it is in; `None` for the directory itself.
    pub(crate) fn above(&self) -> Option<Self> {
        match self {
            Self::Directory => None,
            Self::File(_) => Some(Self::Directory),
        }
    }
}
