//! What each side did to each task.

use crate::plan::{
    Item, Key, Outline,
    moves::movers,
    outline::{Tree, locate},
};

/// The tasks of three outlines as nodes `0..len()`: those of theirs in their order, then those
/// only in ours. What both sides deleted is no node.
pub(super) struct Sides<'a> {
    nodes: Vec<MergedNode<'a>>,
    pub(super) ours: Side,
    pub(super) theirs: Side,
}

struct MergedNode<'a> {
    key: &'a Key,
    base: Option<&'a Item>,
    ours: Option<(usize, &'a Item)>,
    theirs: Option<(usize, &'a Item)>,
}

/// The shape of ours or theirs, in terms of nodes.
pub(super) struct Side {
    tree: Tree,
    /// The node of each index of the outline.
    nodes: Vec<usize>,
    /// Per index: whether this side moved the task away from where it was in base.
    moved: Vec<bool>,
}

impl Side {
    fn new(tree: Tree, nodes: Vec<usize>, base: &Tree, origin: &[Option<usize>]) -> Self {
        let moved = movers(base, &tree, origin);
        Self { tree, nodes, moved }
    }

    fn parent(&self, index: usize) -> Option<usize> {
        self.tree.parent(index).map(|parent| self.nodes[parent])
    }

    fn children(&self, parent: Option<usize>) -> impl Iterator<Item = usize> {
        self.tree.children(parent).iter().map(|&child| self.nodes[child])
    }
}

impl<'a> Sides<'a> {
    pub(super) fn new(base: &'a Outline, ours: &'a Outline, theirs: &'a Outline) -> Self {
        let base_tree = base.tree();
        let (our_origin, their_origin) = (locate(ours, base), locate(theirs, base));
        let mut nodes: Vec<MergedNode<'a>> = Vec::with_capacity(theirs.items.len());
        for (index, item) in theirs.items.iter().enumerate() {
            let base = their_origin[index].map(|old| &base.items[old]);
            nodes.push(MergedNode {
                key: &item.key,
                base,
                ours: None,
                theirs: Some((index, item)),
            });
        }
        let mut our_nodes = locate(ours, theirs);
        for (index, item) in ours.items.iter().enumerate() {
            let node = *our_nodes[index].get_or_insert(nodes.len());
            if node == nodes.len() {
                nodes.push(MergedNode { key: &item.key, base: None, ours: None, theirs: None });
            }
            nodes[node].ours = Some((index, item));
            nodes[node].base = match (&item.key, our_origin[index]) {
                (_, Some(old)) => Some(&base.items[old]),
                (Key::Known(_), None) => Some(item),
                (Key::New(_), None) => None,
            };
        }
        let our_nodes = our_nodes.into_iter().flatten().collect();
        let their_nodes = (0..theirs.items.len()).collect();
        Self {
            nodes,
            ours: Side::new(ours.tree(), our_nodes, &base_tree, &our_origin),
            theirs: Side::new(theirs.tree(), their_nodes, &base_tree, &their_origin),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn base(&self, node: usize) -> Option<&'a Item> {
        self.nodes[node].base
    }

    pub(super) fn ours(&self, node: usize) -> Option<&'a Item> {
        self.nodes[node].ours.map(|(_, item)| item)
    }

    pub(super) fn theirs(&self, node: usize) -> Option<&'a Item> {
        self.nodes[node].theirs.map(|(_, item)| item)
    }

    pub(super) fn key(&self, node: usize) -> &'a Key {
        self.nodes[node].key
    }

    /// Whether we put the task somewhere else than base had it.
    pub(super) fn moved_by_us(&self, node: usize) -> bool {
        self.nodes[node].ours.is_some_and(|(index, _)| self.ours.moved[index])
    }

    /// Whether they put the task somewhere else than base had it.
    pub(super) fn moved_by_them(&self, node: usize) -> bool {
        self.nodes[node].theirs.is_some_and(|(index, _)| self.theirs.moved[index])
    }

    /// The parent that it has in ours; `None` at the top level.
    pub(super) fn our_parent(&self, node: usize) -> Option<usize> {
        self.nodes[node].ours.and_then(|(index, _)| self.ours.parent(index))
    }

    /// The parent that it has in theirs; `None` at the top level.
    pub(super) fn their_parent(&self, node: usize) -> Option<usize> {
        self.nodes[node].theirs.and_then(|(index, _)| self.theirs.parent(index))
    }

    /// Its children in ours, in order; of `None`, the top level.
    pub(super) fn our_children(&self, parent: Option<usize>) -> impl Iterator<Item = usize> {
        let index = parent.map(|node| self.nodes[node].ours.map(|(index, _)| index));
        let listed = index != Some(None);
        listed.then(|| self.ours.children(index.flatten())).into_iter().flatten()
    }

    /// Its children in theirs, in order; of `None`, the top level.
    pub(super) fn their_children(&self, parent: Option<usize>) -> impl Iterator<Item = usize> {
        let index = parent.map(|node| self.nodes[node].theirs.map(|(index, _)| index));
        let listed = index != Some(None);
        listed.then(|| self.theirs.children(index.flatten())).into_iter().flatten()
    }
}
