//! Which tasks there are after a merge, and below which parent.

use super::{conflict::Conflict, sides::Sides};
use crate::plan::{Item, Key};

/// Rounds of breaking circles one move at a time before all of our moves are dropped.
const MAX_ROUNDS: usize = 16;

/// The decisions on each node.
pub(super) struct Resolution {
    /// Whether it is in the result.
    pub(super) present: Vec<bool>,
    /// Whether it is where we put it, and not where they have it.
    pub(super) placed_by_us: Vec<bool>,
    /// Our moves that were dropped.
    dropped: Vec<bool>,
}

impl Resolution {
    /// Every round but the last drops a move of ours. Without any left, the parents are theirs
    /// (or, of what only we have, ours), in which there are no circles.
    pub(super) fn new(sides: &Sides<'_>) -> Self {
        let moved: Vec<bool> = (0..sides.len())
            .map(|node| sides.theirs(node).is_some() && sides.moved_by_us(node))
            .collect();
        let mut dropped = vec![false; sides.len()];
        let mut round = 0;
        loop {
            let placed_by_us: Vec<bool> = (0..sides.len())
                .map(|node| sides.theirs(node).is_none() || (moved[node] && !dropped[node]))
                .collect();
            let mut resolution = Self { present: Vec::new(), placed_by_us, dropped };
            resolution.present = resolution.present(sides);
            let circles = resolution.circles(sides);
            let droppable = |node: &usize| moved[*node] && !resolution.dropped[*node];
            let victims: Vec<usize> = if round < MAX_ROUNDS {
                circles.iter().filter_map(|circle| circle.iter().copied().find(droppable)).collect()
            } else {
                (0..sides.len()).filter(droppable).collect()
            };
            if circles.is_empty() || victims.is_empty() {
                return resolution;
            }
            dropped = resolution.dropped;
            victims.into_iter().for_each(|node| dropped[node] = true);
            round += 1;
        }
    }

    /// The parent in the result; `None` at the top level.
    pub(super) fn parent(&self, sides: &Sides<'_>, node: usize) -> Option<usize> {
        if self.placed_by_us[node] { sides.our_parent(node) } else { sides.their_parent(node) }
    }

    /// Everything that has a right to be there, and its ancestors.
    fn present(&self, sides: &Sides<'_>) -> Vec<bool> {
        let mut present: Vec<bool> = (0..sides.len()).map(|node| stays(sides, node)).collect();
        let mut pending: Vec<usize> = (0..sides.len()).filter(|&node| present[node]).collect();
        while let Some(node) = pending.pop() {
            if let Some(parent) = self.parent(sides, node).filter(|&parent| !present[parent]) {
                present[parent] = true;
                pending.push(parent);
            }
        }
        present
    }

    /// The circles among the parents of present nodes, each in a fixed order.
    fn circles(&self, sides: &Sides<'_>) -> Vec<Vec<usize>> {
        // The walk that saw each node first; 0 is none.
        let mut walks = vec![0; sides.len()];
        let mut circles = Vec::new();
        for start in (0..sides.len()).filter(|&node| self.present[node]) {
            let mut next = Some(start);
            while let Some(node) = next.filter(|&node| walks[node] == 0) {
                walks[node] = start + 1;
                next = self.parent(sides, node);
            }
            if let Some(member) = next.filter(|&node| walks[node] == start + 1) {
                let around = std::iter::successors(self.parent(sides, member), |&node| {
                    self.parent(sides, node).filter(|_| node != member)
                });
                let mut circle: Vec<usize> = around.collect();
                circle.sort_unstable();
                circles.push(circle);
            }
        }
        circles
    }

    /// How the two sides disagreed on the existence or the place of a present node.
    pub(super) fn conflict(&self, sides: &Sides<'_>, node: usize) -> Option<Conflict> {
        let key: Key = sides.key(node).clone();
        let deleted_by_us =
            sides.ours(node).is_none() && sides.base(node).is_some() && self.present[node];
        if deleted_by_us && edited_by_them(sides, node) {
            Some(Conflict::KeptEdited { key })
        } else if deleted_by_us {
            Some(Conflict::KeptParent { key })
        } else if self.dropped[node] {
            Some(Conflict::MoveDropped { key })
        } else {
            None
        }
    }
}

/// Whether a task is in the result for its own sake, and not only as an ancestor.
fn stays(sides: &Sides<'_>, node: usize) -> bool {
    match (sides.base(node), sides.ours(node), sides.theirs(node)) {
        (None, _, _) | (Some(_), Some(_), Some(_)) => true,
        (Some(_), None, Some(_)) => edited_by_them(sides, node),
        (Some(base), Some(ours), None) => edited(base, ours) || ours.details.changes(&base.details),
        (Some(_), None, None) => false,
    }
}

fn edited_by_them(sides: &Sides<'_>, node: usize) -> bool {
    let (Some(base), Some(theirs)) = (sides.base(node), sides.theirs(node)) else { return false };
    edited(base, theirs) || theirs.details.differs(&base.details) || sides.moved_by_them(node)
}

fn edited(base: &Item, now: &Item) -> bool {
    now.text != base.text || now.done != base.done
}
