//! Steps 2 to 4: lines whose text has not changed.

use std::collections::{HashMap, HashSet};

use super::{
    matching::{Gap, Matching},
    sequence::pair_in_order,
};

/// Occurrences of one thing: how many, and the last, before and after.
#[derive(Default)]
struct Occurrences {
    old: (usize, usize),
    new: (usize, usize),
}

impl Occurrences {
    /// The pair, where there is one on each side.
    fn only(&self) -> Option<(usize, usize)> {
        (self.old.0 == 1 && self.new.0 == 1).then_some((self.old.1, self.new.1))
    }
}

impl Matching<'_> {
    /// Step 2a. Context settles what the lines inside such a subtree cannot.
    pub(super) fn match_unique_subtrees(&mut self) {
        let mut shapes: HashMap<u64, Occurrences> = HashMap::with_capacity(self.old.len());
        for old in self.free_old() {
            let seen = &mut shapes.entry(self.old.shapes[old]).or_default().old;
            *seen = (seen.0 + 1, old);
        }
        for new in self.free_new() {
            if let Some(occurrences) = shapes.get_mut(&self.new.shapes[new]) {
                occurrences.new = (occurrences.new.0 + 1, new);
            }
        }
        for new in 0..self.new.len() {
            if self.is_free_new(new)
                && let Some((old, _)) =
                    shapes.get(&self.new.shapes[new]).and_then(Occurrences::only)
                && !(self.new.is_blank(new) && self.new.is_leaf(new))
            {
                self.pair_subtrees(old, new);
            }
        }
    }

    /// Step 2b.
    pub(super) fn match_unique_texts(&mut self) {
        let mut texts: HashMap<u32, Occurrences> = HashMap::new();
        for old in self.free_old() {
            let seen = &mut texts.entry(self.old.symbols[old]).or_default().old;
            *seen = (seen.0 + 1, old);
        }
        for new in self.free_new() {
            if let Some(occurrences) = texts.get_mut(&self.new.symbols[new]) {
                occurrences.new = (occurrences.new.0 + 1, new);
            }
        }
        let mut pairs: Vec<(usize, usize)> = texts.values().filter_map(Occurrences::only).collect();
        pairs.sort_unstable();
        for (old, new) in pairs {
            if !self.new.is_blank(new) {
                self.pair(old, new);
            }
        }
    }

    /// Step 3a, for every pair of parents that has been matched since the last time.
    pub(super) fn match_children(&mut self) {
        while let Some((old, new)) = self.unsettled.pop() {
            for gap in self.child_gaps(old, new) {
                self.pair_equal_texts(&gap);
            }
        }
    }

    /// Step 3b, for lines that changed their depth, or whose parent is another task now.
    pub(super) fn match_between_neighbours(&mut self) {
        for gap in self.line_gaps() {
            self.pair_equal_texts(&gap);
        }
        self.match_children();
    }

    /// Step 4a: subtrees of several lines that occur more than once, largest first.
    pub(super) fn match_moved_subtrees(&mut self) {
        let is_block = |size: usize| size > 1;
        let mut places: HashMap<u64, Vec<usize>> = HashMap::new();
        for new in self.free_new().rev().filter(|&new| is_block(self.new.tree.size(new))) {
            places.entry(self.new.shapes[new]).or_default().push(new);
        }
        if places.is_empty() {
            return;
        }
        let mut blocks: Vec<usize> =
            self.free_old().filter(|&old| is_block(self.old.tree.size(old))).collect();
        blocks.sort_by_key(|&old| std::cmp::Reverse(self.old.tree.size(old)));
        let whole_old = free_before(self.old.len(), |line| self.is_free_old(line));
        let whole_new = free_before(self.new.len(), |line| self.is_free_new(line));
        for old in blocks {
            let size = self.old.tree.size(old);
            if !self.is_free_old(old) || whole_old[old + size] - whole_old[old] < size {
                continue;
            }
            let Some(places) = places.get_mut(&self.old.shapes[old]) else { continue };
            while let Some(new) = places.pop() {
                let end = self.new.tree.end(new);
                if self.is_free_new(new) && whole_new[end] - whole_new[new] == end - new {
                    self.pair_subtrees(old, new);
                    break;
                }
            }
        }
    }

    /// Step 4b: next to what has been matched first, so that blocks stay together, then in order.
    pub(super) fn match_moved_texts(&mut self) {
        for new in 1..self.new.len() {
            let next = self.old_of(new - 1).map(|old| old + 1);
            self.pair_moved_text(next, new);
        }
        for new in (1..self.new.len()).rev() {
            let previous = self.old_of(new).and_then(|old| old.checked_sub(1));
            self.pair_moved_text(previous, new - 1);
        }
        let mut places: HashMap<u32, Vec<usize>> = HashMap::new();
        for old in self.free_old().rev() {
            places.entry(self.old.symbols[old]).or_default().push(old);
        }
        for new in 0..self.new.len() {
            if self.is_free_new(new) && !self.new.is_blank(new) {
                let old = places.get_mut(&self.new.symbols[new]).and_then(Vec::pop);
                self.pair_moved_text(old, new);
            }
        }
        self.match_children();
    }

    fn pair_moved_text(&mut self, old: Option<usize>, new: usize) {
        if let Some(old) = old.filter(|&old| old < self.old.len() && self.is_free_old(old))
            && self.is_free_new(new)
            && !self.new.is_blank(new)
            && self.old.symbols[old] == self.new.symbols[new]
        {
            self.pair(old, new);
        }
    }

    /// Matches two equal subtrees line by line, if they are equal indeed and wholly unmatched.
    fn pair_subtrees(&mut self, old: usize, new: usize) {
        let size = self.old.tree.size(old);
        let depth = |tree: &crate::plan::outline::Tree, root, line| {
            tree.depth(root + line) - tree.depth(root)
        };
        let equal = size == self.new.tree.size(new)
            && (0..size).all(|line| {
                self.old.symbols[old + line] == self.new.symbols[new + line]
                    && depth(&self.old.tree, old, line) == depth(&self.new.tree, new, line)
                    && self.is_free_old(old + line)
                    && self.is_free_new(new + line)
            });
        if equal {
            (0..size).for_each(|line| self.pair(old + line, new + line));
        }
    }

    /// Matches equal texts of a gap in order: as many as possible; among equals such with the
    /// same parent, subtree, depth and box.
    fn pair_equal_texts(&mut self, gap: &Gap) {
        let (mut olds, mut news) = (gap.old.as_slice(), gap.new.as_slice());
        let mut pairs = Vec::new();
        while let ([old, olds_after @ ..], [new, news_after @ ..]) = (olds, news)
            && self.is_same(*old, *new)
        {
            pairs.push((*old, *new));
            (olds, news) = (olds_after, news_after);
        }
        while let ([olds_before @ .., old], [news_before @ .., new]) = (olds, news)
            && self.is_same(*old, *new)
        {
            pairs.push((*old, *new));
            (olds, news) = (olds_before, news_before);
        }
        let in_old: HashSet<u32> = olds.iter().map(|&old| self.old.symbols[old]).collect();
        let in_new: HashSet<u32> = news.iter().map(|&new| self.new.symbols[new]).collect();
        let olds: Vec<usize> =
            olds.iter().copied().filter(|&old| in_new.contains(&self.old.symbols[old])).collect();
        let news: Vec<usize> =
            news.iter().copied().filter(|&new| in_old.contains(&self.new.symbols[new])).collect();
        let found = pair_in_order(olds.len(), news.len(), |i, j| self.likeness(olds[i], news[j]));
        pairs.extend(found.into_iter().map(|(i, j)| (olds[i], news[j])));
        for (old, new) in pairs {
            self.pair(old, new);
        }
    }

    /// Whether there is no difference at all.
    fn is_same(&self, old: usize, new: usize) -> bool {
        self.old.shapes[old] == self.new.shapes[new]
            && self.old.symbols[old] == self.new.symbols[new]
            && self.old.done[old] == self.new.done[new]
            && self.old.tree.depth(old) == self.new.tree.depth(new)
    }

    /// 0 for different texts. The rest is so small that one more pair always counts for more.
    fn likeness(&self, old: usize, new: usize) -> u32 {
        if self.old.symbols[old] != self.new.symbols[new] {
            return 0;
        }
        let old_parent = self.old.tree.parent(old);
        let same_parent = match self.new.tree.parent(new) {
            Some(parent) => old_parent.is_some() && self.old_of(parent) == old_parent,
            None => old_parent.is_none(),
        };
        let same_subtree = self.old.shapes[old] == self.new.shapes[new];
        let same_depth = self.old.tree.depth(old) == self.new.tree.depth(new);
        let same_box = self.old.done[old] == self.new.done[new];
        (1 << 16)
            + (u32::from(same_parent) << 3)
            + (u32::from(same_subtree) << 2)
            + (u32::from(same_depth) << 1)
            + u32::from(same_box)
    }
}

/// For each index and for the end: how many lines before it are free.
fn free_before(len: usize, is_free: impl Fn(usize) -> bool) -> Vec<usize> {
    let mut count = 0;
    let mut counts = vec![0];
    counts.extend((0..len).map(|line| {
        count += usize::from(is_free(line));
        count
    }));
    counts
}
