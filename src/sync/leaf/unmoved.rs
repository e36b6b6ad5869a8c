//! The moves that came to nothing, until somebody has looked at them.

use crate::{
    error::Result,
    ids::ProjectId,
    lock_order::{Ordered, OrderedGuard},
    store::{journal::Journal, unmoved::Unmoved},
};

/// The moves that are told of. The journal has them too.
#[derive(Debug, Default)]
pub(crate) struct Unsettled(Ordered<Vec<Unmoved>>);

impl Unsettled {
    pub(crate) fn of(journal: &Journal) -> Result<Self> {
        Ok(Self(Ordered::leaf(journal.unmoved()?)))
    }

    pub(crate) fn lock(&self) -> OrderedGuard<'_, Vec<Unmoved>> {
        self.0.lock()
    }

    /// A project has another id.
    pub(crate) fn identified_anew(&self, former: &ProjectId, now: &ProjectId) {
        let mut all = self.lock();
        all.iter_mut().filter(|it| it.project == *former).for_each(|it| it.project = now.clone());
    }
}
