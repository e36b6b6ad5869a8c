//! Step 6: lines whose text was edited.

use std::cmp::Reverse;

use super::{
    matching::{Gap, Matching},
    postings::Postings,
    sequence::pair_in_order,
    similarity::{Similarity, numbers},
};

/// How alike, in thousandths, an edited line must be at its place.
const IN_PLACE: u32 = 500;

/// How alike it must be elsewhere.
pub(super) const ELSEWHERE: u32 = 600;

/// How alike, in a gap that is too large to compare all pairs, lines at the same place must be.
const IN_STEP: u32 = 700;

/// Most pairs of one gap that are compared.
const MAX_PAIRS: usize = 4096;

impl Matching<'_> {
    /// Step 6a, below one and the same parent.
    pub(super) fn match_similar_children(&mut self, similarity: &mut Similarity<'_>) {
        self.for_each_parent(|matching, old, new| {
            for gap in matching.child_gaps(old, new) {
                matching.pair_similar_texts(&gap, similarity);
            }
            matching.match_children();
        });
    }

    /// Step 6b, between the same neighbours.
    pub(super) fn match_similar_between_neighbours(&mut self, similarity: &mut Similarity<'_>) {
        for gap in self.line_gaps() {
            self.pair_similar_texts(&gap, similarity);
        }
        self.match_children();
    }

    /// Step 6c: edited and moved. Candidates are found by their rarest common words.
    pub(super) fn match_similar_anywhere(&mut self, similarity: &mut Similarity<'_>) {
        let postings = Postings::new(&self.old.texts, self.free_old());
        if postings.is_empty() {
            return;
        }
        let mut found: Vec<(Reverse<u32>, usize, usize)> = Vec::new();
        for new in self.free_new() {
            for old in postings.candidates(self.new.texts[new]) {
                let likeness = self.likeness_elsewhere(old, new, similarity);
                if likeness > 0 {
                    found.push((Reverse(likeness), new, old));
                }
            }
        }
        found.sort_unstable();
        for (_, new, old) in found {
            if self.is_free_old(old) && self.is_free_new(new) {
                self.pair(old, new);
            }
        }
        self.match_children();
    }

    /// How alike two lines are, for one to be the other wherever it is now; 0 if not enough.
    pub(super) fn likeness_elsewhere(
        &self,
        old: usize,
        new: usize,
        similarity: &mut Similarity<'_>,
    ) -> u32 {
        match numbers(self.old.texts[old]).eq(numbers(self.new.texts[new])) {
            true => similarity.permille(old, new, ELSEWHERE),
            false => 0,
        }
    }

    fn pair_similar_texts(&mut self, gap: &Gap, similarity: &mut Similarity<'_>) {
        let (mut olds, mut news) = (gap.old.as_slice(), gap.new.as_slice());
        if olds.len().saturating_mul(news.len()) > MAX_PAIRS {
            while let ([old, olds_after @ ..], [new, news_after @ ..]) = (olds, news)
                && similarity.permille(*old, *new, IN_STEP) > 0
            {
                self.pair(*old, *new);
                (olds, news) = (olds_after, news_after);
            }
            while let ([olds_before @ .., old], [news_before @ .., new]) = (olds, news)
                && similarity.permille(*old, *new, IN_STEP) > 0
            {
                self.pair(*old, *new);
                (olds, news) = (olds_before, news_before);
            }
        }
        if olds.len().saturating_mul(news.len()) > MAX_PAIRS {
            return;
        }
        let found = pair_in_order(olds.len(), news.len(), |i, j| {
            similarity.permille(olds[i], news[j], IN_PLACE)
        });
        for (i, j) in found {
            self.pair(olds[i], news[j]);
        }
    }
}
