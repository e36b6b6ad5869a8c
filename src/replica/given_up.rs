//! What programs have before their eyes of a save that Taskade refused, once that is given up: a
//! buffer that still has it says it once more with its next save, which would else change nothing and
//! be told to be saved.

use std::sync::Arc;

use crate::{
    plan::{self, Key, Outline},
    replica::{current::Current, state::Replica},
};

/// How much of a refused save is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it: what was done is taken back.
    All,
    /// What is not done.
    Rest,
}

/// What Taskade refused of a project and is given up.
#[derive(Debug)]
pub(crate) struct GivenUp {
    /// What was to come.
    rejected: Outline,
    /// What is there instead.
    left: Outline,
    /// What the text of its own program stands for, and what that is to have edited from now on.
    own: Option<(Arc<Outline>, Arc<Outline>)>,
}

impl GivenUp {
    /// What is given up of the save that waits in a replica, before it is forgotten.
    pub(crate) fn of(replica: &Replica, extent: Extent) -> Option<Self> {
        let (saved, save) = (replica.saved()?, replica.pending()?);
        let left = match extent {
            Extent::All => &save.before,
            Extent::Rest => &save.base,
        };
        let (rejected, left) = (replica.resolved(&saved.outline), replica.resolved(left));
        let own = saved.written.as_ref().zip(saved.edited.as_ref()).map(|(written, edited)| {
            let edited = replica.resolved(edited);
            let had = match extent {
                Extent::All => edited,
                Extent::Rest => with_rest(&replica.resolved(written), &rejected, &left, &edited),
            };
            (written.clone(), Arc::new(had))
        });
        Some(Self { rejected, left, own })
    }

    /// Notes what programs have before their eyes without it.
    pub(crate) fn unsee(&self, current: &mut Current) {
        let (mut bases, mut lent) =
            (std::mem::take(&mut current.bases), std::mem::take(&mut current.lent));
        let without = |seen: &Arc<Outline>| {
            if let Some((_, had)) = self.own.as_ref().filter(|(own, _)| Arc::ptr_eq(own, seen)) {
                return had.clone();
            }
            let had = current.resolved(seen);
            let left = without_rejected(&had, &self.rejected, &self.left);
            if left == had { seen.clone() } else { Arc::new(left) }
        };
        bases.give_up(without);
        lent.give_up(without);
        (current.bases, current.lent) = (bases, lent);
        let lines = self.rejected.items.iter().filter(|item| self.left.find(&item.key).is_none());
        current.note_given_up(lines);
    }
}

impl Replica {
    /// Gives new lines of `ours` the keys under which they were given up, see [`GivenUpLines`](super::given_up_lines::GivenUpLines).
    pub(crate) fn recognise_given_up(&self, base: &Outline, ours: &mut Outline) {
        let known = self.snapshot().map(|known| &*known.outline);
        let there = self.pending().map(|save| &save.target).or(known);
        // A task that was made and taken back is none that a line can be of.
        let is_of_use = |key: &Key| match key {
            Key::New(_) => true,
            Key::Known(_) => there.is_some_and(|there| there.find(key).is_some()),
        };
        self.given_up.recognise(base, ours, |key| Some(self.current(key)).filter(is_of_use));
    }
}

/// What a program is to have edited that made `written` of `edited`, of which `rejected` was to
/// come and `left` is there, for its text to say all that is not there: what it deleted, too.
pub(crate) fn with_rest(
    written: &Outline,
    rejected: &Outline,
    left: &Outline,
    edited: &Outline,
) -> Outline {
    let fresh = written.next_new().max(rejected.next_new()).max(left.next_new());
    // What was deleted and is there is new to what was written.
    let deleted = left.items.iter().filter(|item| rejected.find(&item.key).is_none());
    let deleted: Vec<(Key, Key)> =
        deleted.zip(fresh..).map(|(item, new)| (item.key.clone(), Key::New(new))).collect();
    let mut left = left.clone();
    deleted.iter().for_each(|(key, new)| left.rekey(key, new));
    let mut outline = plan::merge(rejected, &left, written, left.next_new().max(fresh)).outline;
    deleted.iter().for_each(|(key, new)| outline.rekey(new, key));
    let keys = outline.items.iter().map(|item| item.key.clone());
    let is_strange = |key: &Key| written.find(key).is_none() && edited.find(key).is_none();
    let strange: Vec<_> = keys.filter(is_strange).collect();
    strange.iter().for_each(|key| outline.lift_out(key));
    outline
}

/// What somebody has before its eyes who had `had`, in which `rejected` was made of `before`, once
/// that is taken back. What it deleted is none of its lines: saving them without it deletes
/// nothing.
pub(crate) fn without_rejected(had: &Outline, rejected: &Outline, before: &Outline) -> Outline {
    let fresh = had.next_new().max(rejected.next_new()).max(before.next_new());
    let mut outline = plan::merge(rejected, before, had, fresh).outline;
    let keys = outline.items.iter().map(|item| item.key.clone());
    let unknown: Vec<_> = keys.filter(|key| had.find(key).is_none()).collect();
    unknown.iter().for_each(|key| outline.lift_out(key));
    outline
}
