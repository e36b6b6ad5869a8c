//! The state of an alignment: which old line is which new line, so far.

use std::collections::HashMap;

use super::{side::AlignedSide, wanted::Wanted};
use crate::plan::{Key, Outline, moves::longest_increasing};

/// A partial one-to-one relation between old and new lines.
pub(super) struct Matching<'a> {
    pub(super) old: AlignedSide<'a>,
    pub(super) new: AlignedSide<'a>,
    old_of: Vec<Option<usize>>,
    new_of: Vec<Option<usize>>,
    /// Pairs of parents (`None`: the top level) whose children are still to be compared.
    pub(super) unsettled: Vec<(Option<usize>, Option<usize>)>,
}

/// The unmatched lines between the same two pairs of matched neighbours, in order; on neither
/// side empty.
pub(super) struct Gap {
    pub(super) old: Vec<usize>,
    pub(super) new: Vec<usize>,
}

impl<'a> Matching<'a> {
    pub(super) fn new((old, new): (AlignedSide<'a>, AlignedSide<'a>)) -> Self {
        let (old_of, new_of) = (vec![None; new.len()], vec![None; old.len()]);
        Self { old, new, old_of, new_of, unsettled: vec![(None, None)] }
    }

    pub(super) fn old_of(&self, new: usize) -> Option<usize> {
        self.old_of[new]
    }

    pub(super) fn is_free_old(&self, old: usize) -> bool {
        self.new_of[old].is_none()
    }

    pub(super) fn is_free_new(&self, new: usize) -> bool {
        self.old_of[new].is_none()
    }

    /// The unmatched old lines.
    pub(super) fn free_old(&self) -> impl DoubleEndedIterator<Item = usize> {
        (0..self.old.len()).filter(|&old| self.is_free_old(old))
    }

    /// The unmatched new lines.
    pub(super) fn free_new(&self) -> impl DoubleEndedIterator<Item = usize> {
        (0..self.new.len()).filter(|&new| self.is_free_new(new))
    }

    /// Matches two lines that are both unmatched.
    pub(super) fn pair(&mut self, old: usize, new: usize) {
        debug_assert!(self.is_free_old(old) && self.is_free_new(new), "matched twice");
        self.old_of[new] = Some(old);
        self.new_of[old] = Some(new);
        if !self.old.is_leaf(old) && !self.new.is_leaf(new) {
            self.unsettled.push((Some(old), Some(new)));
        }
    }

    /// Step 1. An id counts once, for the first line that carries it.
    pub(super) fn match_anchors(&mut self, base: &Outline, wanted: &[Wanted]) {
        if wanted.iter().all(|line| line.anchor.is_none()) {
            return;
        }
        let known: HashMap<_, _> = base
            .items
            .iter()
            .enumerate()
            .filter_map(|(old, item)| match &item.key {
                Key::Known(id) => Some((id, old)),
                Key::New(_) => None,
            })
            .collect();
        for (new, line) in wanted.iter().enumerate() {
            let old = line.anchor.as_ref().and_then(|id| known.get(id)).copied();
            if let Some(old) = old.filter(|&old| self.is_free_old(old)) {
                self.pair(old, new);
            }
        }
    }

    /// Every pair of parents that are matched, the top level first, parents before children.
    /// Calls `visit` for each; what it matches on the way is visited too.
    pub(super) fn for_each_parent(
        &mut self,
        mut visit: impl FnMut(&mut Self, Option<usize>, Option<usize>),
    ) {
        visit(self, None, None);
        for new in 0..self.new.len() {
            if let Some(old) = self.old_of[new]
                && !self.old.is_leaf(old)
                && !self.new.is_leaf(new)
            {
                visit(self, Some(old), Some(new));
            }
        }
    }

    /// The gaps among the children of two parents.
    pub(super) fn child_gaps(&self, old: Option<usize>, new: Option<usize>) -> Vec<Gap> {
        let (olds, news) = (self.old.tree.children(old), self.new.tree.children(new));
        if !olds.iter().any(|&line| self.is_free_old(line))
            || !news.iter().any(|&line| self.is_free_new(line))
        {
            return Vec::new();
        }
        self.gaps(olds, news, |line| self.old.tree.parent(line) == old)
    }

    /// The gaps among all lines, whatever their parents.
    pub(super) fn line_gaps(&self) -> Vec<Gap> {
        let olds: Vec<usize> = (0..self.old.len()).collect();
        let news: Vec<usize> = (0..self.new.len()).collect();
        self.gaps(&olds, &news, |_| true)
    }

    /// Cuts two ascending lists of lines at a longest run of matched pairs that kept its order.
    fn gaps(&self, olds: &[usize], news: &[usize], listed: impl Fn(usize) -> bool) -> Vec<Gap> {
        let pairs: Vec<(usize, usize)> = news
            .iter()
            .filter_map(|&new| Some((self.old_of[new].filter(|&old| listed(old))?, new)))
            .collect();
        let partners: Vec<usize> = pairs.iter().map(|&(old, _)| old).collect();
        let in_order = longest_increasing(&partners);
        let cuts = pairs.iter().zip(in_order).filter_map(|(&pair, stays)| stays.then_some(pair));
        let (mut old_from, mut new_from) = (0, 0);
        let mut gaps = Vec::new();
        for (old_cut, new_cut) in cuts.chain([(usize::MAX, usize::MAX)]) {
            let old_to = olds.partition_point(|&line| line < old_cut);
            let new_to = news.partition_point(|&line| line < new_cut);
            let free = |&line: &usize| self.is_free_old(line);
            let old: Vec<usize> = olds[old_from..old_to].iter().copied().filter(free).collect();
            let free = |&line: &usize| self.is_free_new(line);
            let new: Vec<usize> = news[new_from..new_to].iter().copied().filter(free).collect();
            if !old.is_empty() && !new.is_empty() {
                gaps.push(Gap { old, new });
            }
            (old_from, new_from) = (old_to, new_to);
        }
        gaps
    }
}
