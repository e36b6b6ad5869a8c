//! Outlines as lists and as trees: who is whose parent, and what a subtree spans.

use std::collections::{HashMap, HashSet};

use super::{Item, Key, Outline};
use crate::ids::TaskId;

impl Outline {
    /// Gives the items with one key another.
    pub(crate) fn rekey(&mut self, from: &Key, to: &Key) {
        for item in self.items.iter_mut().filter(|item| item.key == *from) {
            item.key = to.clone();
        }
    }

    /// The smallest number that is above the number of every [`Key::New`] here.
    pub fn next_new(&self) -> u32 {
        self.items
            .iter()
            .filter_map(|item| match item.key {
                Key::New(number) => Some(number.saturating_add(1)),
                Key::Known(_) => None,
            })
            .max()
            .unwrap_or(0)
    }

    /// Gives the id that the service has assigned to the task that was `Key::New(new)`. False
    /// where there is no such task.
    pub fn resolve(&mut self, new: u32, id: TaskId) -> bool {
        let found = self.items.iter_mut().find(|item| item.key == Key::New(new));
        found.map(|item| item.key = Key::Known(id)).is_some()
    }

    /// The task with this key.
    pub fn find(&self, key: &Key) -> Option<&Item> {
        self.items.iter().find(|item| item.key == *key)
    }

    /// Takes over what `other` knows of the details of a task and of how its line begins, where
    /// nothing is known here.
    pub(crate) fn inherit(&mut self, other: &Outline) {
        let is_bare = |item: &Item| item.details.is_unknown() && item.spelled.is_unknown();
        if other.items.iter().all(is_bare) {
            return;
        }
        for (index, found) in locate(self, other).into_iter().enumerate() {
            if let Some(known) = found.map(|found| &other.items[found]) {
                let item = &mut self.items[index];
                item.details = item.details.or(&known.details);
                item.spelled = item.spelled.or(known.spelled);
            }
        }
    }

    /// Takes over what `other` knows of the details of a task, in the place of what is known here.
    pub(crate) fn take_details(&mut self, other: &Outline) {
        for (index, found) in locate(self, other).into_iter().enumerate() {
            if let Some(known) = found.map(|found| &other.items[found]) {
                let item = &mut self.items[index];
                item.details = known.details.or(&item.details);
            }
        }
    }

    /// Takes over how the lines begin in `other`, as far as it knows them.
    pub fn respell(&mut self, other: &Outline) {
        if other.items.iter().all(|item| item.spelled.is_unknown()) {
            return;
        }
        for (index, found) in locate(self, other).into_iter().enumerate() {
            if let Some(known) = found.map(|found| &other.items[found]) {
                self.items[index].spelled = known.spelled.or(self.items[index].spelled);
            }
        }
    }

    /// The tasks that begin otherwise than in `base`, which has them too.
    pub(crate) fn respelled_since(&self, base: &Outline) -> Outline {
        let found = locate(self, base).into_iter();
        let is_respelled = |(item, found): &(&Item, Option<usize>)| {
            found.is_some_and(|found| base.items[found].spelled.0 != item.spelled.0)
        };
        let items = self.items.iter().zip(found).filter(is_respelled);
        Outline { items: items.map(|(item, _)| item.clone()).collect() }
    }

    /// Whether it is the other in everything, how lines begin included.
    pub(crate) fn is_just(&self, other: &Outline) -> bool {
        self == other && self.is_spelled_like(other)
    }

    /// Whether a listing would say the same of both: it tells no details.
    pub(crate) fn is_listed_like(&self, other: &Outline) -> bool {
        let is_same = |(one, other): (&Item, &Item)| {
            one.key == other.key
                && one.depth == other.depth
                && one.done == other.done
                && one.text == other.text
        };
        self.items.len() == other.items.len() && self.items.iter().zip(&other.items).all(is_same)
    }

    /// Whether it is spelled as `other`, which is equal to it: equality does not ask how lines begin.
    pub fn is_spelled_like(&self, other: &Outline) -> bool {
        let begins = |outline: &Outline| -> Vec<_> {
            outline.items.iter().map(|item| item.spelled.0).collect()
        };
        begins(self) == begins(other)
    }

    /// This outline without the tasks that the service does not have: a save that was given up
    /// made them.
    pub(crate) fn existing(&self) -> Outline {
        let mut existing = Outline::default();
        let mut deepest = 0;
        for item in self.items.iter().filter(|item| matches!(item.key, Key::Known(_))) {
            let depth = item.depth.min(deepest);
            deepest = depth + 1;
            existing.items.push(Item { depth, ..item.clone() });
        }
        existing
    }

    /// Takes a task out; what is below it goes up a level.
    pub(crate) fn lift_out(&mut self, key: &Key) {
        let Some(at) = self.items.iter().position(|item| item.key == *key) else { return };
        let depth = self.items.remove(at).depth;
        let below = self.items.iter_mut().skip(at).take_while(|item| item.depth > depth);
        below.for_each(|item| item.depth -= 1);
    }

    /// Takes a task out, if nothing is below it.
    pub(crate) fn drop_leaf(&mut self, key: &Key) {
        let Some(at) = self.items.iter().position(|item| item.key == *key) else { return };
        let depth = |at: usize| self.items.get(at).map(|item| item.depth);
        if depth(at + 1) <= depth(at) {
            self.items.remove(at);
        }
    }

    /// Whether the depths are those of a tree and no key occurs twice.
    pub fn is_well_formed(&self) -> bool {
        let mut keys = HashSet::with_capacity(self.items.len());
        let mut deepest = 0;
        self.items.iter().all(|item| {
            let fits = item.depth <= deepest && keys.insert(&item.key);
            deepest = item.depth + 1;
            fits
        })
    }

    /// The key of each task's parent; `None` for the top level.
    pub(crate) fn parents(&self) -> Vec<Option<&Key>> {
        let tree = self.tree();
        let key = |node: usize| self.items.get(node).map(|item| &item.key);
        (0..self.items.len()).map(|node| tree.parent(node).and_then(key)).collect()
    }

    /// This outline as a tree.
    pub(crate) fn tree(&self) -> Tree {
        Tree::new(self.items.iter().map(|item| item.depth))
    }
}

/// For each task of `outline`, where `other` has it.
pub(crate) fn locate(outline: &Outline, other: &Outline) -> Vec<Option<usize>> {
    // Most often both go on alike; only what does not is worth an index.
    let mut index: Option<HashMap<&Key, usize>> = None;
    let mut next = 0;
    let mut find = |key: &Key| {
        let found = match other.items.get(next).filter(|item| item.key == *key) {
            Some(_) => Some(next),
            None => index.get_or_insert_with(|| positions(other)).get(key).copied(),
        };
        next = found.map_or(next, |found| found + 1);
        found
    };
    outline.items.iter().map(|item| find(&item.key)).collect()
}

fn positions(outline: &Outline) -> HashMap<&Key, usize> {
    outline.items.iter().enumerate().map(|(index, item)| (&item.key, index)).collect()
}

/// The shape of an outline. Nodes are named by their index in pre-order; `None` as a parent is
/// the top level.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    parents: Vec<Option<usize>>,
    depths: Vec<usize>,
    ends: Vec<usize>,
    children: Vec<Vec<usize>>,
    top: Vec<usize>,
}

impl Tree {
    /// The tree with these depths in pre-order. A depth that exceeds the one before by more than
    /// one is read as one more.
    pub(crate) fn new(depths: impl Iterator<Item = usize>) -> Self {
        let mut tree = Self::default();
        let mut path: Vec<usize> = Vec::new();
        for (index, depth) in depths.enumerate() {
            while path.len() > depth {
                tree.close(path.pop(), index);
            }
            let parent = path.last().copied();
            match parent {
                Some(parent) => tree.children[parent].push(index),
                None => tree.top.push(index),
            }
            tree.parents.push(parent);
            tree.depths.push(path.len());
            tree.ends.push(index + 1);
            tree.children.push(Vec::new());
            path.push(index);
        }
        let len = tree.len();
        while let Some(open) = path.pop() {
            tree.close(Some(open), len);
        }
        tree
    }

    fn close(&mut self, node: Option<usize>, end: usize) {
        if let Some(node) = node {
            self.ends[node] = end;
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.parents.len()
    }

    /// The node above; `None` for a top-level node.
    pub(crate) fn parent(&self, node: usize) -> Option<usize> {
        self.parents[node]
    }

    /// Levels below the top level.
    pub(crate) fn depth(&self, node: usize) -> usize {
        self.depths[node]
    }

    /// The children in order; of `None`, the top-level nodes.
    pub(crate) fn children(&self, parent: Option<usize>) -> &[usize] {
        match parent {
            Some(node) => &self.children[node],
            None => &self.top,
        }
    }

    /// One past the last node of the subtree.
    pub(crate) fn end(&self, node: usize) -> usize {
        self.ends[node]
    }

    /// How many nodes the subtree has, its root included.
    pub(crate) fn size(&self, node: usize) -> usize {
        self.ends[node] - node
    }

    /// The top-level node above, or the node itself.
    pub(crate) fn root(&self, node: usize) -> usize {
        std::iter::successors(Some(node), |&node| self.parents[node]).last().unwrap_or(node)
    }
}

/// Lists a forest in pre-order with depths. Each node must have at most one parent.
pub(crate) fn preorder<'a>(
    top: &'a [usize],
    children: impl Fn(usize) -> &'a [usize],
) -> Vec<(usize, usize)> {
    let mut listed = Vec::new();
    let mut pending: Vec<(usize, usize)> = top.iter().rev().map(|&node| (node, 0)).collect();
    while let Some((node, depth)) = pending.pop() {
        listed.push((node, depth));
        pending.extend(children(node).iter().rev().map(|&child| (child, depth + 1)));
    }
    listed
}
