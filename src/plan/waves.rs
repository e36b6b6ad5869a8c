//! Creating many tasks in few requests.
//!
//! A task can be created once the id of its parent is known, that is in a later request than
//! its parent. With batches of bounded size this is the scheduling of unit jobs under an
//! out-forest, for which taking the tasks with the longest chain of descendants first is optimal
//! (Hu 1961). It never takes more requests than ⌈n/20⌉ for each level.

use std::{cmp::Reverse, collections::BinaryHeap, iter};

use super::outline::Tree;
use crate::model::MAX_BATCH;

/// Divides the `created` nodes among requests, each at most [`MAX_BATCH`] long and in pre-order.
pub(crate) fn batches(tree: &Tree, created: &[bool]) -> Vec<Vec<usize>> {
    let heights = heights(tree, created);
    let entry = |node: usize| (heights[node], Reverse(node));
    let is_created = |node: usize| created[node];
    let mut ready: BinaryHeap<_> = (0..tree.len())
        .filter(|&node| created[node] && !tree.parent(node).is_some_and(is_created))
        .map(entry)
        .collect();
    let mut batches = Vec::new();
    while !ready.is_empty() {
        let mut batch: Vec<usize> =
            iter::from_fn(|| ready.pop()).take(MAX_BATCH).map(|(_, Reverse(node))| node).collect();
        batch.sort_unstable();
        for &node in &batch {
            let children = tree.children(Some(node)).iter().copied();
            ready.extend(children.filter(|&child| created[child]).map(entry));
        }
        batches.push(batch);
    }
    batches
}

/// How many levels of nodes that are `created` hang together from each one, itself included.
pub(crate) fn heights(tree: &Tree, created: &[bool]) -> Vec<usize> {
    let mut heights = vec![0; tree.len()];
    for node in (0..tree.len()).rev().filter(|&node| created[node]) {
        heights[node] += 1;
        if let Some(parent) = tree.parent(node) {
            heights[parent] = heights[parent].max(heights[node]);
        }
    }
    heights
}
