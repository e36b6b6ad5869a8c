//! What a pending save says to those who read, send and journal it. Pure.
//!
//! Its outlines and notes belong together: a key that is in one may be in another, and what was sent is
//! noted until it is known what came of it. So they are written by what happens to the save alone.

use std::time::SystemTime;

use crate::{
    plan::{Details, Key, Op, Outline},
    replica::{
        creation::MadeFrom,
        pending::{PendingSave, TransferredTask},
        relocation::Relocation,
    },
};

impl PendingSave {
    /// What the service has, as far as is known.
    pub(crate) fn base(&self) -> &Outline {
        &self.base
    }

    /// What it is to have.
    pub(crate) fn target(&self) -> &Outline {
        &self.target
    }

    /// What it would have without this save.
    pub(crate) fn before(&self) -> &Outline {
        &self.before
    }

    /// Whether all of its outlines are trees.
    pub(crate) fn is_well_formed(&self) -> bool {
        [&self.base, &self.target, &self.before].into_iter().all(Outline::is_well_formed)
    }

    /// Whether the program may have seen newer tasks than those that it is known to have seen: a
    /// reading is due before anything is sent.
    pub(crate) fn is_base_uncertain(&self) -> bool {
        self.base_uncertain
    }

    /// The requests of which it is not known whether they were executed.
    pub(crate) fn unanswered(&self) -> impl Iterator<Item = &Op> {
        self.unconfirmed.iter().chain(&self.in_flight)
    }

    /// Whether it creates the project.
    pub(crate) fn creates_project(&self) -> bool {
        self.creates
    }

    /// What the project is made from, where that is more than its text.
    pub(crate) fn made_from(&self) -> Option<&MadeFrom> {
        self.made_from.as_ref()
    }

    /// As one of a project that is made from something.
    pub(crate) fn making_from(self, made_from: MadeFrom) -> Self {
        Self { made_from: Some(made_from), ..self }
    }

    /// Whether the project is archived, and to be restored before anything else is sent.
    pub(crate) fn restores_project(&self) -> bool {
        self.restores
    }

    /// Whether that was done, and the journal does not know it yet.
    pub(crate) fn has_restored(&self) -> bool {
        self.is_restored
    }

    /// The action that it undoes.
    pub(crate) fn undoes(&self) -> Option<i64> {
        self.undoes
    }

    /// As the undo of an action.
    pub(crate) fn undoing(self, action: i64) -> Self {
        Self { undoes: Some(action), ..self }
    }

    /// Until when its deletions wait, should what they delete be pasted elsewhere.
    pub(crate) fn held_until(&self) -> Option<SystemTime> {
        self.hold_deletes_until
    }

    /// Whether its deletions wait for that.
    pub(crate) fn holds_deletes(&self) -> bool {
        self.hold_deletes_until.is_some()
    }

    /// Has its deletions wait until then.
    pub(crate) fn hold_deletes(&mut self, until: SystemTime) {
        self.hold_deletes_until = Some(until);
    }

    /// The tasks that were cut from other projects, whose details are to be copied.
    pub(crate) fn transferred(&self) -> &[TransferredTask] {
        &self.transferred
    }

    /// What a task was made of that was cut from another project, until its details are copied.
    pub(crate) fn transfer_to(&self, key: &Key) -> Option<&TransferredTask> {
        self.transferred.iter().find(|moved| moved.key == *key)
    }

    /// What tasks have of those of other projects that they were made of, and their lines do not say.
    pub(crate) fn brought(&self) -> &[(Key, Details)] {
        &self.brought
    }

    /// Where the project is to go once its tasks are what they are to be.
    pub(crate) fn relocation(&self) -> Option<&Relocation> {
        self.relocation.as_ref()
    }

    /// What takes back what is done of a save that was refused, or may be; `None` if nothing can be.
    /// Whether batches are all or nothing is not documented; other refusals are certain.
    pub(crate) fn taken_back(&self) -> Option<Self> {
        let is_begun = matches!(self.in_flight, Some(Op::Create(_)))
            || !self.unconfirmed.is_empty()
            || self.base != self.before
            || self.relocation.is_some();
        is_begun.then(|| Self { target: self.before.clone(), ..self.clone() })
    }
}
