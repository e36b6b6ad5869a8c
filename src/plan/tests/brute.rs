//! A breadth-first search over everything that the service can do to small outlines.

use std::collections::{HashMap, HashSet};

use crate::{
    model::Position,
    plan::{Details, Item, Key, NewItem, Op, Outline, Placement, apply},
};

const POSITIONS: [Position; 4] =
    [Position::BeforeBegin, Position::AfterBegin, Position::BeforeEnd, Position::AfterEnd];

/// The structure of an outline: keys and depths.
type TreeShape = Vec<(u32, usize)>;

/// Whether `to` can be had from `from`, but for texts and boxes, in at most `count` requests.
/// Tasks are created where they belong: below the parent that they have in `to`.
pub(super) fn is_reachable(from: &Outline, to: &Outline, count: usize) -> bool {
    let mut names: HashMap<&Key, u32> = HashMap::new();
    for item in from.items.iter().chain(&to.items) {
        let next = names.len() as u32;
        names.entry(&item.key).or_insert(next);
    }
    let shape = |outline: &Outline| -> TreeShape {
        outline.items.iter().map(|item| (names[&item.key], item.depth)).collect()
    };
    let (start, goal) = (shape(from), shape(to));
    if start == goal {
        return true;
    }
    let fresh: Vec<u32> =
        goal.iter().map(|&(name, _)| name).filter(|name| !has(&start, *name)).collect();
    let parents = parents(&goal);
    let mut seen: HashSet<TreeShape> = HashSet::from([start.clone()]);
    let mut frontier = vec![start];
    for _ in 0..count {
        let mut next = Vec::new();
        for shape in &frontier {
            for after in steps(shape, &fresh, &parents) {
                if after == goal {
                    return true;
                }
                if seen.insert(after.clone()) {
                    next.push(after);
                }
            }
        }
        frontier = next;
    }
    false
}

fn has(shape: &TreeShape, name: u32) -> bool {
    shape.iter().any(|&(other, _)| other == name)
}

fn parents(shape: &TreeShape) -> HashMap<u32, Option<u32>> {
    let parent = |index: usize| {
        let depth = shape[index].1;
        shape[..index].iter().rev().find(|&&(_, above)| above < depth).map(|&(name, _)| name)
    };
    (0..shape.len()).map(|index| (shape[index].0, parent(index))).collect()
}

fn as_outline(shape: &TreeShape) -> Outline {
    let item = |&(name, depth): &(u32, usize)| Item {
        key: Key::New(name),
        depth,
        text: String::new(),
        done: false,
        details: Details::none(),
        spelled: Default::default(),
    };
    Outline { items: shape.iter().map(item).collect() }
}

fn as_shape(outline: &Outline) -> TreeShape {
    let name = |item: &Item| match item.key {
        Key::New(name) => (name, item.depth),
        Key::Known(_) => (u32::MAX, item.depth),
    };
    outline.items.iter().map(name).collect()
}

/// What one request can make of an outline.
fn steps(shape: &TreeShape, fresh: &[u32], parents: &HashMap<u32, Option<u32>>) -> Vec<TreeShape> {
    let outline = as_outline(shape);
    let mut ops = Vec::new();
    for item in &outline.items {
        ops.push(Op::Delete { key: item.key.clone() });
        for anchor in &outline.items {
            ops.extend(POSITIONS.map(|position| Op::Move {
                key: item.key.clone(),
                to: Placement { anchor: Some(anchor.key.clone()), position },
            }));
        }
    }
    let after = |op: &Op| {
        let mut outline = outline.clone();
        apply(&mut outline, op).is_ok().then(|| as_shape(&outline))
    };
    let mut shapes: Vec<TreeShape> = ops.iter().filter_map(after).collect();
    // A batch: any of the missing tasks whose parents were there before it, in any order.
    let mut batches = HashSet::from([shape.clone()]);
    let mut pending = vec![shape.clone()];
    while let Some(partial) = pending.pop() {
        for &name in fresh.iter().filter(|&&name| !has(&partial, name)) {
            for grown in insertions(&partial, name, shape, parents) {
                if batches.insert(grown.clone()) {
                    pending.push(grown);
                }
            }
        }
    }
    shapes.extend(batches);
    shapes
}

fn insertions(
    partial: &TreeShape,
    name: u32,
    before: &TreeShape,
    parents: &HashMap<u32, Option<u32>>,
) -> Vec<TreeShape> {
    let outline = as_outline(partial);
    let anchors = partial.iter().map(|&(anchor, _)| Some(Key::New(anchor))).chain([None]);
    let mut grown = Vec::new();
    for anchor in anchors {
        for position in POSITIONS {
            let to = Placement { anchor: anchor.clone(), position };
            let item = NewItem {
                key: Key::New(name),
                text: String::new(),
                to,
                spelled: Default::default(),
            };
            let mut outline = outline.clone();
            if apply(&mut outline, &Op::Create(vec![item])).is_ok() {
                let shape = as_shape(&outline);
                let parent = self::parents(&shape)[&name];
                let exists = parent.is_none_or(|parent| has(before, parent));
                if exists && parents.get(&name) == Some(&parent) {
                    grown.push(shape);
                }
            }
        }
    }
    grown
}
