//! Where a project stands between its programs and Taskade, as people are told. Pure.

use std::{sync::Arc, time::SystemTime};

use crate::{
    plan::Outline,
    replica::{local::Local, rejection::Rejection, state::Replica},
};

/// Where a project's saved text stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The file shows what Taskade has.
    Clean,
    /// A save is on its way to Taskade.
    Pending,
    /// A save was refused; the file shows it, with this reason.
    Rejected(String),
}

/// What of a project's existence Taskade is still to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Awaited {
    /// It was removed.
    Archival,
    /// It is back.
    Restoration,
}

impl Replica {
    /// Where its saved text stands.
    pub(crate) fn standing(&self) -> Standing {
        if let Some(rejected) = self.rejected_here() {
            return Standing::Rejected(rejected.rejection.message());
        }
        match &self.local {
            Local::Pending(_, None) if !self.is_relocated() => Standing::Clean,
            Local::Clean => Standing::Clean,
            Local::Pending(..) => Standing::Pending,
            Local::Rejected(_, _, rejection) => Standing::Rejected(rejection.message()),
        }
    }

    /// Taskade's refusal of the save of this very outline, if that is its verdict.
    pub(crate) fn rejection_of(&self, written: &Arc<Outline>) -> Option<&Rejection> {
        let own = self.saved()?.written.as_ref()?;
        self.rejection().filter(|_| Arc::ptr_eq(own, written))
    }

    /// What of its existence is not with Taskade yet.
    pub(crate) fn awaits(&self) -> Option<Awaited> {
        if self.is_to_be_archived() {
            return Some(Awaited::Archival);
        }
        self.is_to_be_restored().then_some(Awaited::Restoration)
    }

    /// Since when its saved text is not what Taskade has.
    pub(crate) fn unsettled_since(&self) -> SystemTime {
        let here = self.rejected_here().map(|rejected| rejected.rejection.since);
        let saved = self.rejection().map(|rejection| rejection.since);
        let saved = saved.or_else(|| self.saved().map(|saved| saved.since));
        // What was never saved here has no such time, also where the journal has it as a save.
        let saved = saved.filter(|since| *since != SystemTime::UNIX_EPOCH);
        let save = self.pending();
        let moved = save.and_then(|save| save.relocation.as_ref()).map(|to| to.since);
        here.or(saved).or(moved).unwrap_or(self.modified())
    }

    /// Whether nothing of it is saved or waits.
    pub(crate) fn is_blank(&self) -> bool {
        self.rejected.is_none() && self.pending().is_none()
    }

    /// Whether nothing of it is saved, refused or to be done.
    pub(crate) fn is_idle(&self) -> bool {
        let is_clean = matches!(self.local, Local::Clean) && self.rejected.is_none();
        is_clean && self.creating.is_none() && !self.is_to_be_archived()
    }
}
