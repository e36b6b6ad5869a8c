//! Step 5: a parent is known by the children that it still has.

use std::{cell::OnceCell, cmp::Reverse, collections::HashMap};

use super::{matching::Matching, postings::Postings, similar::ELSEWHERE, similarity::Similarity};

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
    /// A line of another text that took children over is not their parent: it is known by what it
    /// says, and so is the parent, if that stands elsewhere.
    pub(super) fn match_parents_by_children(
        &mut self,
        texts: Texts,
        similarity: &mut Similarity<'_>,
    ) {
        let by_words = OnceCell::new();
        for new in (0..self.new.len()).rev() {
            if !self.is_free_new(new) || self.new.is_leaf(new) {
                continue;
            }
            let Some((old, stay)) = self.favourite(new, texts) else { continue };
            if texts == Texts::Any
                && similarity.permille(old, new, ELSEWHERE) == 0
                && let Some((old, new)) = (self.alike(old, new, &by_words, similarity))
                    .map(|alike| (alike, new))
                    .or_else(|| Some((old, self.left(old, new, &by_words, similarity)?)))
            {
                self.pair(old, new);
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

    /// The unmatched old line whose text `new` has, more or less: a child of `old` that rose to its
    /// place, or any other that no line is more like than `new`.
    fn alike(
        &self,
        old: usize,
        new: usize,
        by_words: &OnceCell<(Postings, Postings)>,
        similarity: &mut Similarity<'_>,
    ) -> Option<usize> {
        let (olds, news) = by_words.get_or_init(|| self.by_words());
        let mut found: Vec<(u32, Reverse<usize>)> = Vec::new();
        for &child in self.old.tree.children(Some(old)).iter().filter(|&&it| self.is_free_old(it)) {
            found.push((similarity.permille(child, new, ELSEWHERE), Reverse(child)));
        }
        let is_free = |other: &usize| *other != old && self.is_free_old(*other);
        for other in olds.candidates(self.new.texts[new]).into_iter().filter(is_free) {
            let likeness = self.likeness_elsewhere(other, new, similarity);
            let rivals = news.candidates(self.old.texts[other]).into_iter();
            let mut rivals = rivals.filter(|&rival| self.is_free_new(rival));
            if rivals.all(|rival| self.likeness_elsewhere(other, rival, similarity) <= likeness) {
                found.push((likeness, Reverse(other)));
            }
        }
        let best = found.into_iter().filter(|(likeness, _)| *likeness > 0).max();
        best.map(|(_, Reverse(alike))| alike)
    }

    /// The unmatched new line whose text `old` has, more or less, and no other line has more so:
    /// `new` took its children over. One of the children of `new` is a part of that.
    fn left(
        &self,
        old: usize,
        new: usize,
        by_words: &OnceCell<(Postings, Postings)>,
        similarity: &mut Similarity<'_>,
    ) -> Option<usize> {
        let (olds, news) = by_words.get_or_init(|| self.by_words());
        let mut found: Vec<(u32, Reverse<usize>)> = Vec::new();
        for other in news.candidates(self.old.texts[old]) {
            let is_part = self.new.tree.parent(other) == Some(new);
            if other == new || is_part || !self.is_free_new(other) {
                continue;
            }
            let likeness = self.likeness_elsewhere(old, other, similarity);
            let rivals = olds.candidates(self.new.texts[other]).into_iter();
            let mut rivals = rivals.filter(|&rival| self.is_free_old(rival));
            if rivals.all(|rival| self.likeness_elsewhere(rival, other, similarity) <= likeness) {
                found.push((likeness, Reverse(other)));
            }
        }
        let best = found.into_iter().filter(|(likeness, _)| *likeness > 0).max();
        best.map(|(_, Reverse(other))| other)
    }

    /// The unmatched lines of both sides.
    fn by_words(&self) -> (Postings, Postings) {
        let olds = Postings::new(&self.old.texts, self.free_old());
        (olds, Postings::new(&self.new.texts, self.free_new()))
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
