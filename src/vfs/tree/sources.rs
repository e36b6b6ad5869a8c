//! What programs have opened to read lately: a new file that says just the same is a copy of it.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    api::RemoteTemplate,
    sync::{Process, Project},
    vfs::types::Directory,
};

/// Something that can be copied at Taskade.
#[derive(Debug, Clone)]
pub(crate) enum CopySource {
    Project(Arc<Project>),
    Template(Directory, RemoteTemplate),
}

impl CopySource {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Project(one), Self::Project(other)) => one.serial == other.serial,
            (Self::Template(_, one), Self::Template(_, other)) => one.id == other.id,
            (Self::Project(_), Self::Template(..)) | (Self::Template(..), Self::Project(_)) => {
                false
            }
        }
    }
}

/// What was opened last, and by whom.
#[derive(Debug, Default)]
pub(crate) struct Sources(VecDeque<(Process, CopySource)>);

impl Sources {
    /// How many are kept of all programs.
    const KEPT: usize = 64;

    /// A program opens something to read it.
    pub(crate) fn note(&mut self, process: Process, opened: CopySource) {
        self.0.retain(|(known, of)| *known != process || !of.is(&opened));
        self.0.push_front((process, opened));
        self.0.truncate(Self::KEPT);
    }

    /// What a program has opened, the latest first.
    pub(crate) fn of(&self, process: Process) -> Vec<CopySource> {
        let of = self.0.iter().filter(|(known, _)| *known == process);
        of.map(|(_, opened)| opened.clone()).collect()
    }
}
