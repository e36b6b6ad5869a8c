//! What each side did to each task.

use std::collections::HashMap;

use crate::plan::{Item, Key, Outline, moves::movers, outline::Tree};

/// The tasks of three outlines as nodes `0..len()`: those of theirs in their order, then those
/// only in ours. What both sides deleted is no node.
pub(super) struct Facts<'a> {
    nodes: Vec<Node<'a>>,
    pub(super) ours: Side,
    pub(super) theirs: Side,
}

struct Node<'a> {
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

impl<'a> Facts<'a> {
    pub(super) fn new(base: &'a Outline, ours: &'a Outline, theirs: &'a Outline) -> Self {
        let (base_tree, in_base) = (base.tree(), base.positions());
        let origin = |outline: &Outline| -> Vec<Option<usize>> {
            outline.items.iter().map(|item| in_base.get(&item.key).copied()).collect()
        };
        let (our_origin, their_origin) = (origin(ours), origin(theirs));
        let mut nodes: Vec<Node<'a>> = Vec::with_capacity(theirs.items.len());
        let mut named: HashMap<&Key, usize> = HashMap::with_capacity(theirs.items.len());
        for (index, item) in theirs.items.iter().enumerate() {
            named.insert(&item.key, index);
            let base = their_origin[index].map(|old| &base.items[old]);
            nodes.push(Node { key: &item.key, base, ours: None, theirs: Some((index, item)) });
        }
        let mut our_nodes = Vec::with_capacity(ours.items.len());
        for (index, item) in ours.items.iter().enumerate() {
            let node = named.get(&item.key).copied().unwrap_or(nodes.len());
            if node == nodes.len() {
                nodes.push(Node { key: &item.key, base: None, ours: None, theirs: None });
            }
            let is_new = matches!(item.key, Key::New(_));
            nodes[node].ours = Some((index, item));
            nodes[node].base =
                our_origin[index].map(|old| &base.items[old]).or((!is_new).then_some(item));
            our_nodes.push(node);
        }
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
