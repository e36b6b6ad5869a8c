//! Whether a project is to be archived, and how far that has come. Pure.

/// Whether a project is to be archived once its saves are through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::replica) enum Archival {
    #[default]
    No,
    Wanted,
    /// The request may have been executed.
    Sent,
    /// It was archived, or is not there any more; the journal is still to be told.
    Done {
        /// Whether it was archived here.
        here: bool,
    },
}

impl Archival {
    /// What a mount goes on with that finds in the journal whether it `is_wanted`: the former one may
    /// have sent it.
    pub(in crate::replica) fn reinstated(is_wanted: bool) -> Self {
        if is_wanted { Self::Sent } else { Self::No }
    }
}
