//! The overridden versions that nobody has looked at yet.

use std::sync::{Mutex, PoisonError};

use crate::{
    error::Result,
    store::{
        artifacts::{Records, Shelf},
        journal::Journal,
        remarks::Overridden,
    },
};

/// The overridden versions that nobody has looked at. The journal has them too.
#[derive(Debug, Default)]
pub(crate) struct Unseen(Mutex<Vec<Overridden>>);

impl Unseen {
    pub(crate) fn of(journal: &Journal) -> Result<Self> {
        Ok(Self(Mutex::new(journal.overridden()?)))
    }

    pub(crate) fn add(&self, overridden: Overridden) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(overridden);
    }

    pub(crate) fn remove(&self, file: &str) -> bool {
        let mut unseen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = unseen.len();
        unseen.retain(|overridden| overridden.file != file);
        unseen.len() < count
    }

    pub(crate) fn there(&self, records: &Records) -> Vec<Overridden> {
        let unseen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_there = |it: &&Overridden| records.is_there(Shelf::Conflicts, &it.file);
        unseen.iter().filter(is_there).cloned().collect()
    }
}
