//! How a project gets to another place, as far as this machine tells. Pure.
//!
//! It is shown where it is to be from the moment that it is asked for; what Taskade is asked for, and
//! what came of it, its [`Relocation`] notes.

use std::time::SystemTime;

use crate::{
    error::Kind,
    ids::ProjectId,
    plan::{Key, Outline},
    replica::{
        copying::{CarriedOver, carried_over},
        relocation::{Location, Original, Relocation},
        state::Replica,
    },
};

impl Replica {
    /// Which renaming of it was wanted last.
    pub(crate) fn renamings(&self) -> u64 {
        self.renamings
    }

    /// Whether it is on its way to another place.
    pub(crate) fn is_relocated(&self) -> bool {
        self.relocation().is_some()
    }

    /// Its way to another place, if it is on one.
    pub(crate) fn relocation(&self) -> Option<&Relocation> {
        self.pending()?.relocation.as_ref()
    }

    /// As [`relocation`](Self::relocation), to note how far it has come.
    pub(crate) fn relocation_mut(&mut self) -> Option<&mut Relocation> {
        self.pending_mut()?.relocation.as_mut()
    }

    /// It is to go to another place, as is wanted at `since`, and is shown there from now on. Which
    /// renaming that is; `None` if Taskade is not to be asked for it: what it never heard of is created
    /// where it is to be.
    pub(crate) fn relocate(&mut self, to: &Location, since: SystemTime) -> Option<u64> {
        let from = Location::shown(self);
        self.show_at(to);
        if self.is_unheard_of() {
            return None;
        }
        let mut save = self.pending_or_at_rest();
        match &mut save.relocation {
            Some(relocation) => relocation.redirect(to),
            None => save.relocation = Some(Relocation::new(from, to.clone(), since)),
        }
        self.local.set_save(save);
        self.count_save();
        self.renamings += 1;
        Some(self.renamings)
    }

    /// It goes back, and is shown where it is to be again, since Taskade refuses a part of the way for
    /// this reason. The way that it was on; `None` if nothing is to be undone, or that was tried, and
    /// nothing has changed. It goes back to no project that `is_used` by now.
    pub(crate) fn turn_back(
        &mut self,
        refusal: (Kind, String),
        is_used: impl Fn(&ProjectId) -> bool,
    ) -> Option<Relocation> {
        let relocation = self.relocation_mut()?;
        let back = relocation.turned_back(refusal, is_used)?;
        let to = back.to.clone();
        let before = std::mem::replace(relocation, back);
        self.show_at(&to);
        Some(before)
    }

    /// It is not to go any further, and is shown where Taskade has it. The way that it was on.
    pub(crate) fn give_up_relocation(&mut self) -> Option<Relocation> {
        let relocation = self.arrive()?;
        self.show_at(&relocation.from);
        Some(relocation)
    }

    /// It is where it is to be. The way that it was on.
    pub(crate) fn arrive(&mut self) -> Option<Relocation> {
        self.pending_mut()?.relocation.take()
    }

    /// Wants for a copy what others have made of its original, which is `now` so, since it was copied.
    /// `None` if nothing waits, or it cannot be told which tasks of the copy are which: then nothing
    /// has changed but that numbers are taken.
    pub(crate) fn carry_over(&mut self, original: &Original, now: &Outline) -> Option<CarriedOver> {
        let first_new = self.reserve(now.items.len() * 2);
        let mut save = self.pending()?.clone();
        let current = |key: &Key| self.current(key);
        let carried = carried_over(&mut save, original, now, current, first_new)?;
        if let Some(relocation) = &mut save.relocation {
            relocation.note_carried_over(&original.id, now, &carried.keys);
        }
        for (from, to) in &carried.keys {
            self.note_alias(from.clone(), to.clone());
        }
        self.local.set_save(save);
        self.count_save();
        Some(carried)
    }
}
