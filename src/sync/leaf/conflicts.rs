//! The overridden versions that nobody has looked at yet.

use crate::{
    error::Result,
    lock_order::Ordered,
    store::{
        artifacts::{ArtifactKind, Artifacts},
        journal::Journal,
        remarks::Overridden,
    },
};

/// The overridden versions that nobody has looked at. The journal has them too.
#[derive(Debug, Default)]
pub(crate) struct Unseen(Ordered<Vec<Overridden>>);

impl Unseen {
    pub(crate) fn of(journal: &Journal) -> Result<Self> {
        Ok(Self(Ordered::leaf(journal.overridden()?)))
    }

    pub(crate) fn add(&self, overridden: Overridden) {
        self.0.lock().push(overridden);
    }

    pub(crate) fn remove(&self, file: &str) -> bool {
        let mut unseen = self.0.lock();
        let count = unseen.len();
        unseen.retain(|overridden| overridden.file != file);
        unseen.len() < count
    }

    pub(crate) fn there(&self, artifacts: &Artifacts) -> Vec<Overridden> {
        let mut unseen = self.0.lock().clone();
        unseen.retain(|it| artifacts.is_there(ArtifactKind::Conflicts, &it.file));
        unseen
    }
}
