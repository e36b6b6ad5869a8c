//! A share link that is being written.

use crate::{
    error::Result,
    ids::ProjectId,
    lock_order::{Ordered, OrderedGuard, Rank},
    sync::Process,
    vfs::{
        draft::Draft,
        types::{Ino, OpenMode},
    },
};

/// A share link that is open for writing.
#[derive(Debug)]
pub(crate) struct Sharing {
    pub(crate) ino: Ino,
    pub(crate) project: ProjectId,
    pub(crate) process: Option<Process>,
    pub(crate) append: bool,
    pub(crate) draft: Ordered<Draft>,
}

impl Sharing {
    /// Open for writing, with this text to begin with.
    pub(crate) fn new(
        project: &ProjectId,
        ino: Ino,
        process: Option<Process>,
        mode: OpenMode,
        text: Vec<u8>,
    ) -> Self {
        let draft = Ordered::new(Rank::Draft, Draft::of(text));
        Self { ino, project: project.clone(), process, append: mode.append, draft }
    }

    pub(crate) fn draft(&self) -> OrderedGuard<'_, Draft> {
        self.draft.lock()
    }

    pub(crate) fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
        self.draft().write((!self.append).then_some(offset), data)
    }

    /// What is to be sent, which nobody else sends then. An empty file asks for nothing.
    pub(crate) fn take(&self) -> Option<Vec<u8>> {
        let mut draft = self.draft();
        let is_due = draft.is_dirty() && draft.len() > 0;
        is_due.then(|| draft.take().text)
    }
}
