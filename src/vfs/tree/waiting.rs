//! Files whose removal waits for its grace.

use std::{ffi::OsString, path::PathBuf, sync::Arc};

use crate::{sync::Project, vfs::types::Directory};

/// A project whose file is gone, until its grace is over.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    /// Tells this removal from a later one of the same name.
    pub(crate) ticket: u64,
    pub(crate) project: Arc<Project>,
    pub(crate) directory: Directory,
    pub(crate) name: OsString,
    /// Where its text went below scratch, if it was renamed.
    pub(crate) copy: Option<PathBuf>,
    /// Its row in the journal; `None` while it is written, and if there is nothing to be archived.
    pub(crate) row: Option<i64>,
    /// Whether listings do not show the project although it is not archived: another one has its
    /// name.
    pub(crate) hidden: bool,
}
