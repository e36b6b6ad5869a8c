//! What of a project was refused, until it is settled: a text here, or a save by Taskade. Pure.
//!
//! A text that was refused here stands beside what waits; Taskade's verdict is one on what waits. A
//! refused save may become a refused text, which its file does not show. It is never both.

use std::sync::Arc;

use crate::{
    error::Kind,
    plan::Outline,
    replica::{
        local::{Local, Saved},
        rejection::{RejectedText, Rejection},
        served::Base,
        state::Replica,
    },
};

impl Replica {
    /// The text that was refused here and is not settled, whether readers get it or not.
    pub(crate) fn rejected_here(&self) -> Option<&RejectedText> {
        self.rejected.as_deref()
    }

    /// The name of the copy of that text in `rejected/`: the next text that is refused here takes its
    /// place there, too.
    pub(crate) fn rejected_file(&self) -> Option<&str> {
        self.rejected.as_ref().map(|rejected| rejected.rejection.file.as_str())
    }

    /// Taskade's refusal of what was saved, if that is its verdict.
    pub(crate) fn rejection(&self) -> Option<&Rejection> {
        self.local.rejection()
    }

    /// Whether Taskade has refused its save: nobody works on that before it is settled.
    pub(crate) fn is_rejected(&self) -> bool {
        self.rejection().is_some()
    }

    /// The refusals that are not settled: of a text here, and of a save by Taskade.
    pub(crate) fn refusals(&self) -> impl Iterator<Item = (&Arc<[u8]>, &Rejection)> {
        let here = self.rejected.iter().map(|rejected| (&rejected.text, &rejected.rejection));
        here.chain(self.saved().map(|saved| &saved.text).zip(self.rejection()))
    }

    /// A text, made of `base`, is refused here. Nothing is promised of it, and what waits stands. It
    /// takes the place of one that was refused before, also in the journal.
    pub(crate) fn reject_text(
        &mut self,
        text: Arc<[u8]>,
        base: Arc<Outline>,
        rejection: Rejection,
    ) {
        let row = self.rejected.as_ref().and_then(|rejected| rejected.row);
        self.rejected = Some(Box::new(RejectedText { row, text, base, rejection }));
    }

    /// Taskade will not have what was saved. The first verdict stands, and so does what has no text
    /// that could be shown as refused.
    pub(crate) fn reject(&mut self, rejection: Rejection) {
        self.local.reject(rejection);
    }

    /// What Taskade refused is to be sent once more, as it was saved. Which save it is now, so that
    /// whoever waits for its verdict is not told the old one; `None` if nothing was refused.
    pub(crate) fn retry(&mut self) -> Option<u64> {
        self.is_rejected().then(|| {
            self.local.retry();
            self.count_save()
        })
    }

    /// Readers do not get the text that was refused here any more; it stays refused.
    pub(crate) fn set_aside(&mut self) {
        self.rejected.iter_mut().for_each(|rejected| rejected.rejection.set_aside = true);
    }

    /// Whether git left a conflict in its file, which is not settled.
    pub(crate) fn has_conflict(&self) -> bool {
        self.rejected_here().is_some_and(|it| it.rejection.kind == Kind::Unsettled)
    }

    /// Forgets such a conflict, once the file shows what it did before. Whether there was one.
    pub(crate) fn forget_conflict(&mut self) -> bool {
        self.has_conflict() && self.rejected.take().is_some()
    }

    /// What Taskade refused, as a text that its file does not show: see [`Self::keep_aside`]. Not where
    /// more is to become of the project than its tasks, nor beside a text that was refused here.
    pub(crate) fn rejected_as_aside(&self) -> Option<RejectedText> {
        let Local::Rejected(save, saved, rejection) = &self.local else { return None };
        let Saved { text, edited, .. } = &**saved;
        if self.rejected.is_some() || self.creating.is_some() || self.is_to_be_archived() {
            return None;
        }
        let rejection = Rejection { set_aside: true, ..Rejection::clone(rejection) };
        let base = Arc::new(self.resolved(edited.as_deref().unwrap_or(&save.before)));
        Some(RejectedText { row: None, text: text.clone(), base, rejection })
    }

    /// Keeps what Taskade refused as a text that its file does not show, once something else is to
    /// become of the project: it is not refused twice.
    pub(crate) fn keep_aside(&mut self, aside: RejectedText) {
        debug_assert!(aside.rejection.set_aside, "nobody has asked for another text yet");
        debug_assert!(!self.is_rejected(), "it is still what is refused of the save");
        self.rejected = Some(Box::new(aside));
    }

    /// Gives up what was refused, here and by Taskade; a save that only waits stands. `render` gives
    /// the text of what is left.
    pub(crate) fn discard(&mut self, render: impl Fn(&Outline) -> Arc<[u8]>) {
        self.rejected = None;
        if self.is_rejected() {
            self.forget_save(render);
        }
    }

    /// Whether `ours` is what its program had before its eyes, while a text that was refused here waits
    /// to be settled: what an editor puts back after a save that failed.
    pub(crate) fn is_put_back(&self, base: &Base, ours: &Outline) -> bool {
        if self.rejected.is_none() {
            return false;
        }
        let (mut base, mut ours) = (self.resolved(base.outline()), ours.clone());
        self.normalised.settle(&mut base, &mut ours);
        base == ours
    }
}
