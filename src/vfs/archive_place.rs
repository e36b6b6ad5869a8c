//! Where in `archive/` of a workspace or folder. Pure.

use crate::ids::ProjectId;

/// A place in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ArchivePlace {
    /// `archive/`.
    Top,
    /// `archive/NAME.md`.
    File(ProjectId),
}
