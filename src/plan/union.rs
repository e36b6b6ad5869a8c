//! All that two outlines of one project have together.

use std::collections::HashMap;

use super::{
    Item, Key, Outline,
    outline::{Tree, preorder},
};

impl Outline {
    /// This outline, and the tasks that it lacks of `other`: each below the parent that it has there,
    /// behind the sibling that it follows there.
    pub(crate) fn union(&self, other: &Outline) -> Outline {
        let own = self.items.len();
        let mut nodes: HashMap<&Key, usize> =
            self.items.iter().enumerate().map(|(node, item)| (&item.key, node)).collect();
        let mut added: Vec<&Item> = Vec::new();
        for item in &other.items {
            nodes.entry(&item.key).or_insert_with(|| {
                added.push(item);
                own + added.len() - 1
            });
        }
        if added.is_empty() {
            return self.clone();
        }
        let children = children(&self.tree(), &other.tree(), own, added.len(), |node| {
            other.items.get(node).and_then(|item| nodes.get(&item.key)).copied()
        });
        let top = children.last().map(Vec::as_slice).unwrap_or_default();
        let below = |node: usize| children.get(node).map(Vec::as_slice).unwrap_or_default();
        let item = |node: usize| self.items.get(node).or_else(|| added.get(node - own).copied());
        let items = preorder(top, below)
            .into_iter()
            .filter_map(|(node, depth)| item(node).map(|item| Item { depth, ..item.clone() }));
        Outline { items: items.collect() }
    }
}

/// The children of each node of both, the top level last. Nodes from `own` on are of `theirs` alone.
fn children(
    ours: &Tree,
    theirs: &Tree,
    own: usize,
    added: usize,
    node_of: impl Fn(usize) -> Option<usize>,
) -> Vec<Vec<usize>> {
    let top = own + added;
    let mut first: Vec<Vec<usize>> = vec![Vec::new(); top + 1];
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); top];
    for node in std::iter::once(None).chain((0..theirs.len()).map(Some)) {
        let parent = node.map_or(Some(top), &node_of);
        // The sibling of both that the added ones follow, if it is below the same parent here.
        let mut anchor = None;
        for child in theirs.children(node).iter().filter_map(|&child| node_of(child)) {
            if child < own {
                let is_here = ours.parent(child).unwrap_or(top) == parent.unwrap_or(top);
                anchor = if is_here { Some(child) } else { anchor };
            } else {
                match (anchor, parent) {
                    (Some(anchor), _) => after[anchor].push(child),
                    (None, Some(parent)) => first[parent].push(child),
                    (None, None) => {}
                }
            }
        }
    }
    for node in std::iter::once(None).chain((0..own).map(Some)) {
        let parent = node.unwrap_or(top);
        for &child in ours.children(node) {
            first[parent].push(child);
            let followers = std::mem::take(&mut after[child]);
            first[parent].extend(followers);
        }
    }
    first
}
