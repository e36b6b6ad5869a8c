//! A file of an agent that is being written.

use crate::{
    error::{Error, Result},
    lock_order::{Ordered, OrderedGuard, Rank},
    sync::Process,
    vfs::{
        agents::place::AgentPlace,
        draft::Draft,
        types::{Directory, Ino, OpenMode},
    },
};

/// A file of an agent that is open for writing.
#[derive(Debug)]
pub(crate) struct AgentWriter {
    pub(crate) ino: Ino,
    pub(crate) directory: Directory,
    pub(crate) place: AgentPlace,
    pub(crate) process: Option<Process>,
    append: bool,
    draft: Ordered<Draft>,
    /// What the last save through it was refused with, until another one.
    refused: Ordered<Option<Error>>,
}

impl AgentWriter {
    /// Open for writing, with this draft to begin with.
    pub(crate) fn new(
        (directory, place): (&Directory, &AgentPlace),
        ino: Ino,
        process: Option<Process>,
        mode: OpenMode,
        draft: Draft,
    ) -> Self {
        let (directory, place) = (directory.clone(), place.clone());
        let draft = Ordered::new(Rank::Draft, draft);
        Self {
            ino,
            directory,
            place,
            process,
            append: mode.append,
            draft,
            refused: Ordered::default(),
        }
    }

    pub(crate) fn draft(&self) -> OrderedGuard<'_, Draft> {
        self.draft.lock()
    }

    pub(crate) fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
        self.draft().write((!self.append).then_some(offset), data)
    }

    /// What the last save came to: whoever closes the file again is told it again.
    pub(crate) fn outcome(&self) -> Result<()> {
        self.refused.lock().clone().map_or(Ok(()), Err)
    }

    pub(crate) fn note_outcome(&self, outcome: &Result<()>) {
        *self.refused.lock() = outcome.as_ref().err().cloned();
    }
}
