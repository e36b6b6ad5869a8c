//! Step 7: what is left on both sides of one place, where changing the old task into the new one
//! takes fewer requests than deleting the one and creating the other.

use super::{
    matching::{Gap, Matching},
    sequence::pair_in_order,
};
use crate::plan::waves::heights;

/// Most pairs of one gap that are weighed before leaves at the same place are simply taken.
const MAX_PAIRS: usize = 4096;

/// What it takes to keep or to replace a leftover task. Counted before the step; correct when
/// it gets to a task, since its children come after it.
struct Costs {
    old_children: Vec<usize>,
    new_children: Vec<usize>,
    /// Levels of leftover tasks that hang together from each new one.
    new_levels: Vec<usize>,
}

impl Matching<'_> {
    /// Step 7, below every pair of matched parents.
    pub(super) fn match_leftovers(&mut self) {
        let costs = self.costs();
        self.for_each_parent(|matching, old, new| {
            for gap in matching.child_gaps(old, new) {
                matching.pair_leftovers(&gap, &costs);
            }
        });
        self.unsettled.clear();
    }

    fn costs(&self) -> Costs {
        let mut old_children = vec![0; self.old.len()];
        for parent in self.free_old().filter_map(|old| self.old.tree.parent(old)) {
            old_children[parent] += 1;
        }
        let mut new_children = vec![0; self.new.len()];
        for parent in self.free_new().filter_map(|new| self.new.tree.parent(new)) {
            new_children[parent] += 1;
        }
        let free: Vec<bool> = (0..self.new.len()).map(|new| self.is_free_new(new)).collect();
        Costs { old_children, new_children, new_levels: heights(&self.new.tree, &free) }
    }

    fn pair_leftovers(&mut self, gap: &Gap, costs: &Costs) {
        let (mut olds, mut news) = (gap.old.as_slice(), gap.new.as_slice());
        if olds.len().saturating_mul(news.len()) > MAX_PAIRS {
            while let ([old, olds_after @ ..], [new, news_after @ ..]) = (olds, news)
                && self.old.is_leaf(*old)
                && self.new.is_leaf(*new)
            {
                self.pair(*old, *new);
                (olds, news) = (olds_after, news_after);
            }
        }
        let found =
            pair_in_order(olds.len(), news.len(), |i, j| self.saving(olds[i], news[j], costs));
        for (i, j) in found {
            self.pair(olds[i], news[j]);
        }
    }

    /// How many requests it saves to change `old` into `new`, times a factor that leaves room to
    /// prefer equal boxes and leaves for leaves.
    fn saving(&self, old: usize, new: usize, costs: &Costs) -> u32 {
        let tick = usize::from(self.old.done[old] != self.new.done[new]);
        let (gone, added) = (costs.old_children[old], costs.new_children[new]);
        // One request for each old child, whether it is changed too or deleted, and one more if
        // that leaves children to create.
        let keep = 1 + tick + gone + usize::from(added > gone);
        let replace = 1 + costs.new_levels[new] + usize::from(self.new.done[new]);
        let Some(saved) = replace.checked_sub(keep).filter(|&saved| saved > 0) else { return 0 };
        let same_box = u32::from(tick == 0);
        let both_leaves = u32::from(self.old.is_leaf(old) == self.new.is_leaf(new));
        (u32::try_from(saved).unwrap_or(1).min(1 << 12) << 10) + 2 * both_leaves + same_box
    }
}
