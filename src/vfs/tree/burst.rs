//! Removals that came at once, and those that were refused.

use std::{
    ffi::{OsStr, OsString},
    sync::Arc,
    time::{Instant, SystemTime},
};

use crate::{
    sync::{GRACE, Project, RejectedRemoval},
    vfs::types::Directory,
};

/// Removals that were refused together.
#[derive(Debug)]
pub(crate) struct Burst {
    /// When the last of them was tried; `None` if that was before this mount.
    pub(crate) last: Option<Instant>,
    pub(crate) files: Vec<Refused>,
}

/// A file that was not removed since too many were.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    pub(crate) directory: Directory,
    pub(crate) name: OsString,
    pub(crate) project: Arc<Project>,
}

impl Refused {
    pub(crate) fn of(directory: &Directory, name: &OsStr, project: &Arc<Project>) -> Self {
        Self { directory: directory.clone(), name: name.to_owned(), project: project.clone() }
    }

    /// As the journal has it; `None` of a project that Taskade does not have yet.
    pub(crate) fn row(&self, since: SystemTime) -> Option<RejectedRemoval> {
        Some(RejectedRemoval {
            project: self.project.id()?,
            folder: self.project.folder(),
            is_workspace: matches!(self.directory, Directory::Workspace(_)),
            title: self.project.title(),
            name: self.name.to_string_lossy().into_owned(),
            since,
        })
    }
}

impl Burst {
    pub(crate) fn goes_on(&self, now: Instant) -> bool {
        self.last.is_some_and(|last| now.saturating_duration_since(last) <= GRACE)
    }

    pub(crate) fn add(&mut self, file: Refused) {
        if self.files.iter().all(|known| known.project.serial != file.project.serial) {
            self.files.push(file);
        }
    }
}
