//! How a save comes to be what Taskade has: what readings and answers make of it. Pure.

use std::{sync::Arc, time::Instant};

use crate::{
    api::TaskResource,
    error::{Error, Kind, Result},
    ids::TaskId,
    plan::{Conflict, Details, Key, Op, Outline},
    replica::{local::Local, pending::PendingSave, remote::Snapshot, state::Replica},
};

/// What one executed request told.
#[derive(Debug, Default)]
pub(crate) struct SendOutcome {
    pub(crate) ids: Vec<TaskId>,
    /// The text that the service says the task has now.
    pub(crate) accepted_text: Option<String>,
    /// Whether a text was sent that the service may have read as markup.
    pub(crate) unverified: bool,
}

impl Replica {
    /// Brings what waits onto the last reading. That, and where both changed the same; `None` if there
    /// is nothing new in it.
    ///
    /// # Errors
    /// [`Kind::Protocol`] if nothing was read, or it is not in memory.
    pub(crate) fn rebase(&mut self) -> Result<Option<(Arc<Outline>, Vec<Conflict>)>> {
        let Some(theirs) = self.snapshot().map(|known| known.outline.clone()) else {
            return Err(Error::new(Kind::Protocol, "the project was not read"));
        };
        let known = self.pending().map_or(0, |save| save.target.items.len());
        let first_new = self.reserve(known);
        let Some(save) = self.pending() else { return Ok(None) };
        let is_known = save.base == *theirs && !save.has_still_there();
        if save.in_flight.is_none() && !save.base_uncertain && is_known {
            return Ok(None);
        }
        let mut rebasing = save.clone();
        for (key, sent, now) in self.normalised.all() {
            rebasing.believe(&key, sent, now);
        }
        let rebased = rebasing.rebase((*theirs).clone(), first_new);
        self.local.set_save(rebasing);
        for (from, to) in rebased.aliases {
            self.note_alias(from, to);
        }
        Ok(Some((theirs, rebased.conflicts)))
    }

    /// Has readers get what is to become of a save that was not rejected; `render` gives the text.
    pub(crate) fn show_target(&mut self, render: impl Fn(&Outline) -> Arc<[u8]>) {
        if self.is_rejected() {
            return;
        }
        let Some(target) = self.pending().map(|save| save.target.clone()) else { return };
        if let Some(saved) = self.local.saved_mut().filter(|saved| !saved.outline.is_just(&target))
        {
            saved.text = render(&target);
            saved.outline = target.into();
        }
    }

    /// A request is about to be sent: should its answer be lost, the next reading, or what is told of a
    /// detail, is matched against it.
    pub(crate) fn note_sending(&mut self, op: &Op) {
        self.pending_mut().into_iter().for_each(|save| save.sending(op));
    }

    /// The request in flight was not executed, and that is certain.
    pub(crate) fn note_unsent(&mut self) {
        self.pending_mut().into_iter().for_each(|save| save.in_flight = None);
    }

    /// What a detail was told to be: whether the requests in doubt have changed it is known now.
    pub(crate) fn clear_up(&mut self, task: &TaskId, resource: TaskResource, fetched: &Details) {
        let save = self.pending_mut();
        save.into_iter().for_each(|save| save.clear_up(task, resource, fetched));
    }

    /// Takes over what an executed request has come to.
    pub(crate) fn note_executed(&mut self, op: &Op, outcome: &SendOutcome) {
        let Some(save) = self.pending_mut() else { return };
        let fits = save.done(op, &outcome.ids).is_ok();
        let unverified = outcome.unverified || may_cascade(op, &save.base);
        if let (Op::SetText { key, text }, Some(now)) = (op, &outcome.accepted_text) {
            save.believe(key, text, now);
        }
        let base = Arc::new(save.base.clone());
        if let Op::SetText { key: Key::Known(task), text } = op {
            self.normalised.sent(task, text, outcome.accepted_text.as_deref());
        }
        if let Op::Create(items) = op {
            for (item, id) in items.iter().zip(&outcome.ids) {
                self.normalised.sent(id, &item.text, None);
                if let Key::New(number) = item.key {
                    self.note_created(number, id);
                }
            }
        }
        if let Some(Snapshot { outline, read, .. }) = self.remote.snapshot_mut() {
            *outline = base;
            if !fits || unverified {
                *read = None;
            }
        }
    }

    /// Whether the script deletes on a reading from before `began`. A deletion takes whatever is below
    /// the task with it, so nothing may be there that nobody here has seen.
    pub(crate) fn deletes_unread(&self, began: Instant) -> bool {
        let read = self.snapshot().and_then(|snapshot| snapshot.read);
        let deletes =
            |save: &PendingSave| save.script().iter().any(|op| matches!(op, Op::Delete { .. }));
        read.is_none_or(|read| read < began) && self.pending().is_some_and(deletes)
    }

    /// A request in flight that has created tasks was answered before a crash, if those are known by
    /// their ids: the journal has not heard of it, but the log of what programs were served has. A
    /// program that has them under these ids is not to find them wanted under their numbers.
    pub(crate) fn note_answered_before(&mut self) {
        let Some(save) = self.pending() else { return };
        let Some(op @ Op::Create(items)) = &save.in_flight else { return };
        let id = |key: &Key| match self.current(key) {
            Key::Known(id) => Some(id),
            Key::New(_) => None,
        };
        let ids: Option<Vec<TaskId>> = items.iter().map(|item| id(&item.key)).collect();
        let Some(ids) = ids else { return };
        let mut answered = save.clone();
        // Else a reading tells.
        if answered.done(op, &ids).is_ok() {
            self.local.set_save(answered);
        }
    }

    /// Everything is sent: the file shows what Taskade has, as `render` gives it.
    pub(crate) fn complete(&mut self, render: impl Fn(&Outline) -> Arc<[u8]>) {
        let read = self.read();
        let Some(now) = self.local.settle().map(PendingSave::result) else { return };
        let text = render(&now);
        self.install(now, text, read);
    }

    /// Forgets a save unfinished: part of it may be done, and what Taskade has is what was noted as
    /// done. Where the project is to go is not given up.
    pub(crate) fn forget_save(&mut self, render: impl Fn(&Outline) -> Arc<[u8]>) {
        self.creating = None;
        let Some(save) = self.local.settle() else { return };
        let onward = save.onward();
        let text = render(&save.base);
        self.install(save.base, text, None);
        self.local = onward.map_or(Local::Clean, |onward| Local::Pending(Box::new(onward), None));
    }
}

/// Whether the service may have done more than it was asked: what completing a task does to
/// those below it is not documented.
fn may_cascade(op: &Op, base: &Outline) -> bool {
    let Op::SetDone { key, done: true } = op else { return false };
    base.parents().contains(&Some(key))
}
