//! The lines of one side of an alignment, indexed for comparing.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use super::wanted::Wanted;
use crate::plan::{Outline, outline::Tree};

/// The lines before, or after.
pub(super) struct AlignedSide<'a> {
    pub(super) tree: Tree,
    pub(super) texts: Vec<&'a str>,
    pub(super) done: Vec<bool>,
    /// Equal for equal texts, on both sides.
    pub(super) symbols: Vec<u32>,
    /// Equal for subtrees with equal texts and shape, on both sides. A hash: confirm it.
    pub(super) shapes: Vec<u64>,
}

impl<'a> AlignedSide<'a> {
    /// Both sides, with common symbols.
    pub(super) fn pair(base: &'a Outline, wanted: &'a [Wanted]) -> (Self, Self) {
        let mut symbols = HashMap::with_capacity(base.items.len());
        let old_lines = base.items.iter().map(|item| (item.text.as_str(), item.done));
        let new_lines = wanted.iter().map(|line| (line.text.as_str(), line.done));
        let new_tree = Tree::new(wanted.iter().map(|line| line.depth));
        let old = Self::new(base.tree(), old_lines, &mut symbols);
        let new = Self::new(new_tree, new_lines, &mut symbols);
        (old, new)
    }

    fn new(
        tree: Tree,
        lines: impl Iterator<Item = (&'a str, bool)>,
        known: &mut HashMap<&'a str, u32>,
    ) -> Self {
        let (mut texts, mut done, mut symbols) = (Vec::new(), Vec::new(), Vec::new());
        let mut next = u32::try_from(known.len()).unwrap_or(u32::MAX);
        for (text, ticked) in lines {
            symbols.push(*known.entry(text).or_insert_with(|| {
                next += 1;
                next - 1
            }));
            texts.push(text);
            done.push(ticked);
        }
        let mut shapes = vec![0; texts.len()];
        for node in (0..texts.len()).rev() {
            let mut hasher = DefaultHasher::new();
            symbols[node].hash(&mut hasher);
            tree.children(Some(node)).iter().for_each(|&child| shapes[child].hash(&mut hasher));
            shapes[node] = hasher.finish();
        }
        Self { tree, texts, done, symbols, shapes }
    }

    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether nothing tells this line from another empty one.
    pub(super) fn is_blank(&self, line: usize) -> bool {
        self.texts[line].trim().is_empty()
    }

    pub(super) fn is_leaf(&self, line: usize) -> bool {
        self.tree.size(line) == 1
    }
}
