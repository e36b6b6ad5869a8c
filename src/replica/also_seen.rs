//! What a program was shown of the service beyond what a waiting save knows of it. Pure.

use crate::{
    plan::{self, Outline},
    replica::pending::PendingSave,
};

impl PendingSave {
    /// Takes what a program was shown into what the service has, where no reading is known: else
    /// nobody would be told that the program has moved, or taken out, a task of which this save
    /// never knew. Whatever is not there any more, the next reading shows.
    pub(crate) fn widen(&mut self, seen: &Outline) {
        let base = self.base.union(&seen.existing());
        if base.items.len() == self.base.items.len() {
            return;
        }
        // Nothing is made again, since all that either has is in the new base: no number is used.
        self.before = plan::merge(&self.base, &self.before, &base, 0).outline;
        self.target = plan::merge(&self.base, &self.target, &base, 0).outline;
        self.base = base;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        ids::TaskId,
        plan::{Item, Key, Op},
    };

    fn outline(lines: &[(&str, usize)]) -> Outline {
        let item = |(id, depth): &(&str, usize)| Item {
            key: Key::Known(TaskId::new(id)),
            depth: *depth,
            text: (*id).to_owned(),
            done: false,
            details: Default::default(),
            spelled: Default::default(),
        };
        Outline { items: lines.iter().map(item).collect() }
    }

    fn key(id: &str) -> Key {
        Key::Known(TaskId::new(id))
    }

    #[test]
    fn a_task_that_only_the_later_program_saw_is_deleted() {
        let old = outline(&[("a", 0), ("b", 0)]);
        let mut save = PendingSave::new(old.clone(), outline(&[("a", 0)]));
        let seen = outline(&[("a", 0), ("x", 1), ("b", 0)]);
        save.widen(&seen);
        assert_eq!(save.script(), [Op::Delete { key: key("b") }], "the earlier save stands");
        let first = 0;
        save.fold(&seen, &outline(&[("a", 0), ("b", 0)]), first);
        let deleted = save.script();
        assert!(deleted.contains(&Op::Delete { key: key("x") }), "{deleted:?}");
        save.rebase(seen, first);
        assert!(save.script().contains(&Op::Delete { key: key("x") }));
        assert_eq!(save.target, outline(&[("a", 0)]));
    }

    #[test]
    fn what_was_seen_and_is_there_no_more_is_gone_with_the_next_reading() {
        let old = outline(&[("a", 0)]);
        let mut save = PendingSave::new(old.clone(), old.clone());
        save.widen(&outline(&[("x", 0), ("y", 1), ("a", 0)]));
        assert_eq!(save.target, outline(&[("x", 0), ("y", 1), ("a", 0)]));
        save.rebase(old.clone(), 0);
        assert_eq!((save.target, save.base), (old.clone(), old));
    }

    fn tree() -> impl Strategy<Value = Outline> {
        let item = (0_u8..12, 0_usize..4);
        prop::collection::vec(item, 0..10).prop_map(|items| {
            let mut outline = Outline::default();
            let mut deepest = 0;
            for (id, depth) in items {
                let depth = depth.min(deepest);
                let one = super::tests::outline(&[(&format!("t{id}"), depth)]);
                if outline.find(&one.items[0].key).is_none() {
                    deepest = depth + 1;
                    outline.items.extend(one.items);
                }
            }
            outline
        })
    }

    proptest! {
        #[test]
        fn a_union_has_all_of_both_and_each_where_it_was(ours in tree(), theirs in tree()) {
            let union = ours.union(&theirs);
            prop_assert!(union.is_well_formed());
            let parent_in = |outline: &Outline, key: &Key| {
                let at = outline.items.iter().position(|item| item.key == *key);
                at.map(|at| outline.parents()[at].cloned())
            };
            for item in &ours.items {
                prop_assert_eq!(parent_in(&union, &item.key), parent_in(&ours, &item.key));
            }
            for item in theirs.items.iter().filter(|item| ours.find(&item.key).is_none()) {
                prop_assert_eq!(parent_in(&union, &item.key), parent_in(&theirs, &item.key));
            }
            let kept = Outline {
                items: union.items.iter().filter(|it| ours.find(&it.key).is_some()).cloned().collect(),
            };
            let order = |outline: &Outline| -> Vec<Key> {
                outline.items.iter().map(|item| item.key.clone()).collect()
            };
            prop_assert_eq!(order(&kept), order(&ours));
            prop_assert_eq!(ours.union(&ours), ours.clone());
            prop_assert_eq!(union.union(&theirs), union);
        }

        #[test]
        fn to_widen_a_save_changes_nothing_of_what_it_asks_for(
            base in tree(), target in tree(), seen in tree(),
        ) {
            let known = |outline: &Outline| Outline {
                items: outline.items.iter().filter(|it| base.find(&it.key).is_some()).cloned().collect(),
            };
            let target = known(&target).existing();
            let mut save = PendingSave::new(base.clone(), target);
            let deleted = |save: &PendingSave| -> Vec<Key> {
                let gone = save.base.items.iter().filter(|it| save.target.find(&it.key).is_none());
                gone.map(|item| item.key.clone()).collect()
            };
            let before = deleted(&save);
            save.widen(&seen);
            prop_assert!(save.target.is_well_formed() && save.before.is_well_formed());
            // What stands below a deleted task, and was never seen by whoever deleted it, keeps it.
            prop_assert!(deleted(&save).iter().all(|key| before.contains(key)));
        }
    }
}
