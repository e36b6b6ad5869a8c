//! Lines by the words that they have, so that one that is alike is found among many.

use std::{cmp::Reverse, collections::HashMap};

use super::similarity::words;

/// A word that more lines than this have in common says nothing.
const MAX_POSTINGS: usize = 32;

/// Most lines that are found for one text, and most of its words that are looked up.
const MAX_CANDIDATES: usize = 12;

/// The lines of one side that have each word.
pub(super) struct Postings(HashMap<String, Vec<usize>>);

impl Postings {
    pub(super) fn new(texts: &[&str], lines: impl Iterator<Item = usize>) -> Self {
        let mut postings: HashMap<String, Vec<usize>> = HashMap::new();
        for line in lines {
            for word in words(texts[line]) {
                postings.entry(word).or_default().push(line);
            }
        }
        Self(postings)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The lines with most of the rarest words of a text.
    pub(super) fn candidates(&self, text: &str) -> Vec<usize> {
        let mut lists: Vec<&Vec<usize>> = words(text)
            .iter()
            .filter_map(|word| self.0.get(word))
            .filter(|list| list.len() <= MAX_POSTINGS)
            .collect();
        lists.sort_by_key(|list| list.len());
        let mut counts: HashMap<usize, usize> = HashMap::new();
        for &line in lists.into_iter().take(MAX_CANDIDATES).flatten() {
            *counts.entry(line).or_default() += 1;
        }
        let mut lines: Vec<(Reverse<usize>, usize)> =
            counts.into_iter().map(|(line, count)| (Reverse(count), line)).collect();
        lines.sort_unstable();
        lines.into_iter().take(MAX_CANDIDATES).map(|(_, line)| line).collect()
    }
}
