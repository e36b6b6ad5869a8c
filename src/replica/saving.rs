//! What a text that a program has saved is to make of a project. Pure.

use crate::{
    plan::{Conflict, Key, Outline},
    replica::{
        local::Saved,
        pending::{PendingSave, Rebased},
        served::Base,
        state::Replica,
    },
};

/// What a save comes to.
#[derive(Debug)]
pub(crate) struct Intended {
    pub(crate) save: PendingSave,
    /// What it was merged into: the save that waits, or what Taskade is known to have.
    pub(crate) theirs: Outline,
    /// Where that disagreed.
    pub(crate) conflicts: Vec<Conflict>,
}

impl Replica {
    /// What `ours` changes of `base`, merged into what waits already, and else into what Taskade is
    /// known to have, so that whoever is shown it sees all that there is; `None` if it changes nothing.
    pub(crate) fn intend(&mut self, seen: &Base, ours: &Outline) -> Option<Intended> {
        let is_doubtful = matches!(seen, Base::MaybeStale(_));
        let (mut base, mut ours) = (self.resolved(seen.outline()), ours.clone());
        self.normalised.settle(&mut base, &mut ours);
        // Nobody else has edited what was only copied to it: it is deleted all the same.
        for (key, copied) in self.copied.iter().filter(|(key, _)| ours.find(key).is_none()) {
            let deleted = base.items.iter_mut().find(|item| item.key == *key);
            deleted.into_iter().for_each(|item| item.details = item.details.with(copied));
        }
        let unborn = self.id.is_none() && self.pending().is_none() && ours.items.is_empty();
        if unborn || (ours == base && self.pending().is_none()) {
            return None;
        }
        if self.pending().is_none() {
            (base, ours) = self.without_unmade(base, ours);
        }
        let first = self.reserve(base.items.len() * 2);
        let known = self.snapshot().filter(|_| self.id.is_some() && !self.uncertain);
        let (mut save, theirs, rebased) = match (self.pending(), known) {
            (Some(waiting), known) => {
                let mut save = waiting.clone();
                if known.is_none() {
                    save.widen(&base);
                }
                let rebased = save.fold(&base, &ours, first);
                let theirs = waiting.target.clone();
                self.note_taken_out(&theirs, &save.target);
                (save, theirs, rebased)
            }
            (None, Some(known)) if !known.outline.is_just(&base.existing()) => {
                let mut save = PendingSave::new(base.existing(), ours);
                save.base_uncertain = is_doubtful;
                let theirs = Outline::clone(&known.outline);
                let rebased = save.rebase(theirs.clone(), first);
                (save, theirs, rebased)
            }
            (None, _) => {
                let save = PendingSave::new(base.existing(), ours);
                (save, Outline::default(), Rebased::default())
            }
        };
        save.base_uncertain |= is_doubtful;
        let Rebased { aliases, conflicts } = rebased;
        for (from, to) in aliases {
            self.note_alias(from, to);
        }
        Some(Intended { save, theirs, conflicts })
    }

    /// What was to be made, and is not to be any more, was taken out before it was.
    fn note_taken_out(&mut self, before: &Outline, after: &Outline) {
        for item in before.items.iter().filter(|item| after.find(&item.key).is_none()) {
            if let Key::New(number) = item.key {
                self.note_unmade(number);
            }
        }
    }

    /// Wants this instead of all that was wanted. A text that was refused here is settled by it.
    pub(crate) fn stage(&mut self, save: PendingSave, saved: Saved) {
        self.local.stage(save, saved);
        self.rejected = None;
        self.count_save();
    }

    /// Which save it is that waits, or did last: a verdict, and what is planned, is of one of them.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Something else is to become of the project than was wanted before. Which save that is.
    pub(in crate::replica) fn count_save(&mut self) -> u64 {
        self.generation += 1;
        self.generation
    }
}
