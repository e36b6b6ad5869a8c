//! The order of siblings after a merge.
//!
//! Below each parent, the tasks that are where they have them keep their order and are the
//! frame. What we placed goes between: after the nearest task of the frame that precedes it in
//! ours, else before the nearest that follows it, else last; together in our order.

use super::{resolve::Resolution, sides::Sides};
use crate::plan::outline::preorder;

/// The nodes of the result in pre-order, with depths.
pub(super) fn arrange(sides: &Sides<'_>, resolution: &Resolution) -> Vec<(usize, usize)> {
    let mut groups = Groups { before: vec![Vec::new(); sides.len()], after: Vec::new() };
    groups.after.clone_from(&groups.before);
    let top = siblings(sides, resolution, &mut groups, None);
    let children: Vec<Vec<usize>> = (0..sides.len())
        .map(|node| {
            if resolution.present[node] {
                siblings(sides, resolution, &mut groups, Some(node))
            } else {
                Vec::new()
            }
        })
        .collect();
    preorder(&top, |node| &children[node])
}

/// What we placed just before and just after each node of a frame, in our order.
struct Groups {
    before: Vec<Vec<usize>>,
    after: Vec<Vec<usize>>,
}

fn siblings(
    sides: &Sides<'_>,
    resolution: &Resolution,
    groups: &mut Groups,
    parent: Option<usize>,
) -> Vec<usize> {
    let belongs =
        |&node: &usize| resolution.present[node] && resolution.parent(sides, node) == parent;
    let mut leading = Vec::new();
    let mut frame: Option<usize> = None;
    for node in sides.our_children(parent).filter(belongs) {
        match (resolution.placed_by_us[node], frame) {
            (true, Some(before)) => groups.after[before].push(node),
            (true, None) => leading.push(node),
            (false, None) => {
                groups.before[node] = std::mem::take(&mut leading);
                frame = Some(node);
            }
            (false, Some(_)) => frame = Some(node),
        }
    }
    let mut ordered = Vec::new();
    let framed = |&node: &usize| resolution.present[node] && !resolution.placed_by_us[node];
    for node in sides.their_children(parent).filter(framed) {
        ordered.append(&mut groups.before[node]);
        ordered.push(node);
        ordered.append(&mut groups.after[node]);
    }
    ordered.append(&mut leading);
    ordered
}
