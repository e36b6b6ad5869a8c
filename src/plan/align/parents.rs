//! Step 5: a parent is known by the children that it still has.

use std::collections::HashMap;

use super::{matching::Matching, similar::ELSEWHERE, similarity::Similarity};

/// How alike the texts of two parents must be for their children to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Texts {
    /// They are equal.
    Equal,
    /// They need not be.
    Any,
}

impl Matching<'_> {
    /// Matches every unmatched parent with the unmatched parent from which most of its children
    /// come, children before their parents.
    ///
    /// With different texts, it must also save requests: keeping the parent costs a change of
    /// text and a delete for each child that is gone, replacing it a create, a delete and a move
    /// for each child that stays.
    ///
    /// A child that took the place of its parent is not that parent: it is known by its text.
    pub(super) fn match_parents_by_children(
        &mut self,
        texts: Texts,
        similarity: &mut Similarity<'_>,
    ) {
        for new in (0..self.new.len()).rev() {
            if !self.is_free_new(new) || self.new.is_leaf(new) {
                continue;
            }
            let Some((old, stay)) = self.favourite(new, texts) else { continue };
            if texts == Texts::Any
                && let Some(child) = self.risen(old, new, similarity)
            {
                self.pair(child, new);
                continue;
            }
            let children = self.old.tree.children(Some(old)).iter();
            let gone = children.filter(|&&child| self.is_free_old(child)).count();
            let tick = usize::from(self.old.done[old] != self.new.done[new]);
            let keep = 1 + tick + gone;
            let replace = 2 + usize::from(self.new.done[new]) + stay;
            if texts == Texts::Equal || keep <= replace {
                self.pair(old, new);
            }
        }
        self.match_children();
    }

    /// The child of `old` whose text `new` has, more or less, while that of `old` is another.
    fn risen(&self, old: usize, new: usize, similarity: &mut Similarity<'_>) -> Option<usize> {
        if similarity.permille(old, new, ELSEWHERE) > 0 {
            return None;
        }
        let children = self.old.tree.children(Some(old)).iter().copied();
        let free = children.filter(|&child| self.is_free_old(child));
        let alike = free.map(|child| (similarity.permille(child, new, ELSEWHERE), child));
        let best = alike.max_by_key(|&(likeness, child)| (likeness, std::cmp::Reverse(child)));
        best.filter(|&(likeness, _)| likeness > 0).map(|(_, child)| child)
    }

    /// The unmatched old parent of most of the children of `new`, and of how many.
    fn favourite(&self, new: usize, texts: Texts) -> Option<(usize, usize)> {
        let mut votes: HashMap<usize, usize> = HashMap::new();
        for &child in self.new.tree.children(Some(new)) {
            let parent = self.old_of(child).and_then(|old| self.old.tree.parent(old));
            if let Some(parent) = parent.filter(|&parent| self.is_free_old(parent))
                && (texts == Texts::Any || self.old.symbols[parent] == self.new.symbols[new])
            {
                *votes.entry(parent).or_default() += 1;
            }
        }
        votes.into_iter().max_by_key(|&(parent, votes)| (votes, std::cmp::Reverse(parent)))
    }
}
