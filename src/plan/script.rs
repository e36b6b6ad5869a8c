//! The minimal edit script between two outlines.
//!
//! The order of the operations is such that an interruption anywhere loses nothing: creates,
//! moves, texts, boxes, details, and deletes last, when every survivor has been moved out.

use super::{
    Details, Item, Key, NewItem, Op, Outline, Placement,
    moves::movers,
    outline::{Tree, locate},
    waves::batches,
};
use crate::model::Position;

/// The fewest requests that turn `from` into `to`.
///
/// `from` has only tasks that exist; a task of `to` that is not in `from` is created. Applying
/// the script with [`apply`](super::apply()) to `from` gives exactly `to`, and every operation is
/// one that the service accepts: each anchor exists when the request is sent, and is never a
/// task of the same batch, whose id is not known yet.
pub fn script(from: &Outline, to: &Outline) -> Vec<Op> {
    let change = ScriptBuilder::new(from, to);
    let mut ops = change.creates();
    ops.extend(change.moves());
    ops.extend(change.texts());
    ops.extend(change.boxes());
    ops.extend(change.details());
    ops.extend(change.deletes());
    ops
}

struct ScriptBuilder<'a> {
    from: &'a Outline,
    to: &'a Outline,
    from_tree: Tree,
    to_tree: Tree,
    /// For each task of `to`, where it is in `from`.
    origin: Vec<Option<usize>>,
    /// For each task of `to`, whether it needs a move.
    moves: Vec<bool>,
}

impl<'a> ScriptBuilder<'a> {
    fn new(from: &'a Outline, to: &'a Outline) -> Self {
        let (from_tree, to_tree) = (from.tree(), to.tree());
        let origin = locate(to, from);
        let moves = movers(&from_tree, &to_tree, &origin);
        Self { from, to, from_tree, to_tree, origin, moves }
    }

    fn key(&self, node: usize) -> Key {
        self.to.items[node].key.clone()
    }

    fn by(&self, node: usize, position: Position) -> Placement {
        Placement { anchor: Some(self.key(node)), position }
    }

    fn creates(&self) -> Vec<Op> {
        let created: Vec<bool> = self.origin.iter().map(Option::is_none).collect();
        let batches = batches(&self.to_tree, &created);
        let followers = self.followers(&batches);
        let new_item = |&node: &usize| {
            let to = match (followers[node], self.to_tree.parent(node)) {
                (Some(follower), _) => self.by(follower, Position::BeforeBegin),
                (None, Some(parent)) => self.by(parent, Position::BeforeEnd),
                (None, None) => Placement { anchor: None, position: Position::BeforeEnd },
            };
            let Item { text, spelled, .. } = &self.to.items[node];
            NewItem { key: self.key(node), text: text.clone(), to, spelled: *spelled }
        };
        batches.iter().map(|batch| Op::Create(batch.iter().map(new_item).collect())).collect()
    }

    /// For each created task, the nearest later sibling that is in place before the task's own
    /// batch is sent. Those in front of one follower are created in order, each just before it,
    /// and what is still to be moved away or deleted between them does no harm.
    fn followers(&self, batches: &[Vec<usize>]) -> Vec<Option<usize>> {
        // When each task is in place: 0 from the start, else in or after its batch.
        let mut ranks = vec![0; self.to_tree.len()];
        for (batch, nodes) in batches.iter().enumerate() {
            nodes.iter().for_each(|&node| ranks[node] = batch + 1);
        }
        let mut followers = vec![None; self.to_tree.len()];
        let mut later: Vec<usize> = Vec::new();
        for parent in std::iter::once(None).chain((0..self.to_tree.len()).map(Some)) {
            later.clear();
            for &node in self.to_tree.children(parent).iter().rev() {
                if self.moves[node] {
                    continue;
                }
                while later.last().is_some_and(|&next| ranks[next] >= ranks[node]) {
                    later.pop();
                }
                followers[node] = later.last().copied();
                later.push(node);
            }
        }
        followers
    }

    /// In final pre-order: all ancestors of a target are in their final places by then, so that
    /// no task moves into its own subtree, and so is every earlier sibling.
    fn moves(&self) -> Vec<Op> {
        let mut ops = Vec::new();
        for parent in std::iter::once(None).chain((0..self.to_tree.len()).map(Some)) {
            let siblings = self.to_tree.children(parent);
            for (place, &node) in siblings.iter().enumerate() {
                if self.moves[node] {
                    ops.push((node, self.destination(parent, siblings, place)));
                }
            }
        }
        ops.sort_unstable_by_key(|&(node, _)| node);
        ops.into_iter().map(|(node, to)| Op::Move { key: self.key(node), to }).collect()
    }

    fn destination(&self, parent: Option<usize>, siblings: &[usize], place: usize) -> Placement {
        if let Some(&before) = place.checked_sub(1).and_then(|before| siblings.get(before)) {
            return self.by(before, Position::AfterEnd);
        }
        if let Some(&after) = siblings.iter().find(|&&sibling| !self.moves[sibling]) {
            return self.by(after, Position::BeforeBegin);
        }
        if let Some(parent) = parent {
            return self.by(parent, Position::AfterBegin);
        }
        // The first task of the outline comes from deeper down, and none of the present
        // top-level tasks stays. Nothing has moved yet, so its own top-level ancestor is there.
        let anchor = siblings
            .get(place)
            .and_then(|&node| self.origin[node])
            .map(|old| self.from.items[self.from_tree.root(old)].key.clone());
        Placement { anchor, position: Position::BeforeBegin }
    }

    fn kept(&self) -> impl DoubleEndedIterator<Item = (Option<&'a Item>, &'a Item)> {
        let old = self.origin.iter().map(|&old| old.map(|index| &self.from.items[index]));
        old.zip(&self.to.items)
    }

    fn texts(&self) -> impl Iterator<Item = Op> {
        let changed = |(old, new): (Option<&Item>, &Item)| {
            old.is_some_and(|old| old.text != new.text)
                .then(|| Op::SetText { key: new.key.clone(), text: new.text.clone() })
        };
        self.kept().filter_map(changed)
    }

    /// Children before parents: should the service tick the children of what it ticks, no
    /// request here repeats what has already happened.
    fn boxes(&self) -> impl Iterator<Item = Op> {
        let changed = |(old, new): (Option<&Item>, &Item)| {
            (old.is_some_and(|old| old.done) != new.done)
                .then(|| Op::SetDone { key: new.key.clone(), done: new.done })
        };
        self.kept().rev().filter_map(changed)
    }

    fn details(&self) -> impl Iterator<Item = Op> {
        let none = Details::none();
        self.kept().flat_map(move |(old, new)| {
            let from = old.map_or(&none, |old| &old.details);
            let detail = |change| Op::Detail { key: new.key.clone(), change };
            from.script(&new.details).into_iter().map(detail).collect::<Vec<_>>()
        })
    }

    fn deletes(&self) -> Vec<Op> {
        let mut deleted = vec![true; self.from_tree.len()];
        self.origin.iter().flatten().for_each(|&old| deleted[old] = false);
        let is_root = |&node: &usize| {
            deleted[node] && !self.from_tree.parent(node).is_some_and(|parent| deleted[parent])
        };
        let delete = |node: usize| Op::Delete { key: self.from.items[node].key.clone() };
        (0..self.from_tree.len()).filter(is_root).map(delete).collect()
    }
}
