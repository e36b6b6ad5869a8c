//! What programs have before their eyes of a save that Taskade refused, once that is given up: a
//! buffer that still has it says it once more with its next save, which would else change nothing and
//! be told to be saved.

use std::sync::Arc;

use crate::{
    plan::{self, Item, Key, Outline, Wanted},
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
        let mut buffers = Vec::new();
        let mut without = |seen: &Arc<Outline>| {
            let left = match self.own.as_ref().filter(|(own, _)| Arc::ptr_eq(own, seen)) {
                Some((_, had)) => had.clone(),
                None => {
                    let had = current.resolved(seen);
                    let left = without_rejected(&had, &self.rejected, &self.left);
                    if left == had {
                        return seen.clone();
                    }
                    Arc::new(left)
                }
            };
            buffers.push((left.clone(), seen.clone()));
            left
        };
        bases.give_up(&mut without);
        lent.give_up(&mut without);
        (current.bases, current.lent) = (bases, lent);
        buffers.iter().for_each(|(left, seen)| current.note_buffer(left, seen));
        let lines = self.rejected.items.iter().filter(|item| self.left.find(&item.key).is_none());
        current.note_given_up(lines);
    }
}

impl Replica {
    /// Gives new lines of `ours`, which `wanted` is, the keys under which they were given up, see
    /// [`GivenUpLines`](super::given_up_lines::GivenUpLines). `base`, which was `seen`, with those
    /// of them that have tasks, as they were before they were edited.
    pub(crate) fn recognise_given_up(
        &self,
        seen: &Arc<Outline>,
        base: Outline,
        wanted: &[Wanted],
        ours: &mut Outline,
    ) -> Outline {
        let known = self.snapshot().map(|known| &*known.outline);
        let there = self.pending().map(|save| &save.target).or(known);
        let is_there = |key: &Key| there.is_some_and(|there| there.find(key).is_some());
        // A task that was made and taken back is none that a line can be of.
        let is_of_use = |key: &Key| matches!(key, Key::New(_)) || is_there(key);
        let current = |key: &Key| Some(self.current(key)).filter(is_of_use);
        let mut lines = self.given_up.recognise((seen, &base), wanted, ours, current);
        lines.retain(|line| is_there(&line.key));
        with_lines(base, ours, &lines)
    }
}

/// `base` with these lines too, where `ours` has them. What is known of their tasks is known in `ours`.
fn with_lines(base: Outline, ours: &mut Outline, lines: &[Item]) -> Outline {
    if lines.is_empty() {
        return base;
    }
    let mut had = ours.clone();
    for our in &mut ours.items {
        if let Some(line) = lines.iter().find(|line| line.key == our.key) {
            (our.details, our.spelled) = (line.details.clone(), line.spelled);
            let had = had.items.iter_mut().filter(|item| item.key == line.key);
            had.for_each(|item| *item = Item { depth: item.depth, ..line.clone() });
        } else if base.find(&our.key).is_none() {
            had.lift_out(&our.key);
        }
    }
    base.union(&had)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ids::TaskId, plan::Details};

    fn outline(lines: &[(&str, usize)]) -> Outline {
        let item = |(name, depth): &(&str, usize)| Item {
            key: Key::Known(TaskId::new(name)),
            depth: *depth,
            text: (*name).to_owned(),
            done: false,
            details: Details::default(),
            spelled: Default::default(),
        };
        Outline { items: lines.iter().map(item).collect() }
    }

    #[test]
    fn a_line_that_is_there_again_was_edited_and_not_moved() {
        let base = outline(&[("a", 0), ("b", 1), ("c", 0)]);
        let mut ours =
            outline(&[("a", 0), ("b", 1), ("k", 1), ("new", 0), ("l", 1), ("m", 2), ("c", 0)]);
        let lines = outline(&[("m", 0), ("k", 0), ("l", 0)]).items;
        ours.items.iter_mut().for_each(|item| item.text.push_str(" edited"));
        let with = with_lines(base.clone(), &mut ours, &lines);
        let had = [("a", 0), ("b", 1), ("k", 1), ("l", 0), ("m", 1), ("c", 0)];
        assert_eq!(with, outline(&had));
        assert_eq!(with_lines(base.clone(), &mut ours, &[]), base);
    }
}
