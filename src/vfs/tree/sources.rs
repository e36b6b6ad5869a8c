//! What programs have opened to read lately: a new file that says just the same is a copy of it.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    api::RemoteTemplate,
    ids::TemplateId,
    sync::{Process, Project},
    vfs::types::Directory,
};

/// Something that can be copied at Taskade.
#[derive(Debug, Clone)]
pub(crate) enum CopySource {
    Project(Arc<Project>),
    Template(Directory, RemoteTemplate),
}

/// Which of them, to be told at every open without a look at any of the others.
#[derive(Debug, PartialEq, Eq)]
enum SourceKey {
    Project(u64),
    Template(TemplateId),
}

impl CopySource {
    fn key(&self) -> SourceKey {
        match self {
            Self::Project(project) => SourceKey::Project(project.serial),
            Self::Template(_, template) => SourceKey::Template(template.id.clone()),
        }
    }
}

/// What was opened last, and by whom.
#[derive(Debug, Default)]
pub(crate) struct Sources(VecDeque<(Process, SourceKey, CopySource)>);

impl Sources {
    /// How many are kept of all programs.
    const KEPT: usize = 64;

    /// A program opens something to read it.
    pub(crate) fn note(&mut self, process: Process, opened: CopySource) {
        let key = opened.key();
        self.0.retain(|(known, of, _)| *known != process || *of != key);
        self.0.push_front((process, key, opened));
        self.0.truncate(Self::KEPT);
    }

    /// What a program has opened, the latest first.
    pub(crate) fn of(&self, process: Process) -> Vec<CopySource> {
        let of = self.0.iter().filter(|(known, ..)| *known == process);
        of.map(|(.., opened)| opened.clone()).collect()
    }
}
