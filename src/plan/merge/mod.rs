//! Three-way merge of outlines, by task and by property.
//!
//! [`sides`] says what each side did to each task, [`resolve`] decides which tasks there are
//! and below which parent, [`mod@arrange`] puts siblings in order.

mod arrange;
mod conflict;
mod resolve;
mod sides;

pub use self::conflict::Conflict;
use self::{arrange::arrange, resolve::Resolution, sides::Sides};
use super::{Details, Item, Key, Outline};
use crate::model::Spelled;

/// The outcome of a merge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Merged {
    /// What the project is to become. Tasks that exist keep their keys.
    pub outline: Outline,
    /// Where the two sides disagreed, in a fixed order.
    pub conflicts: Vec<Conflict>,
}

/// Merges what we made of `base` with what they made of it.
///
/// `ours` has keys of `base` and [`Key::New`]; `theirs` has only tasks that exist. A
/// [`Key::Known`] of `ours` that `base` lacks counts as unchanged by us: we know its id because
/// we created it just so. A [`Key::New`] that all three may have, since a save waits that made
/// it, is a task like any other; one that only `ours` has is to be created.
///
/// - Text, done and each detail are separate properties: one changed on one side only has that
///   side's value. Texts changed on both sides: ours. Deleted by us, changed or moved by them: kept. Deleted by
///   them, text, done or details changed by us: created again, under a new key.
/// - A task that we moved is where we put it, if that does not make a circle with their moves;
///   any other is where they have it. What we created is after the sibling that it follows in
///   `ours`.
/// - A task that was not in `base` is never touched, and neither are its ancestors deleted.
pub fn merge(base: &Outline, ours: &Outline, theirs: &Outline, first_new: u32) -> Merged {
    let sides = Sides::new(base, ours, theirs);
    let resolution = Resolution::new(&sides);
    let mut conflicts = Vec::new();
    let keys = keys(&sides, &resolution, first_new, &mut conflicts);
    let mut items = Vec::new();
    for (node, depth) in arrange(&sides, &resolution) {
        let (text, done) = properties(&sides, node, &mut conflicts);
        let key = keys[node].clone();
        let details = details(&sides, node, &key, &mut conflicts);
        let spelled = spelled(&sides, node);
        items.push(Item { key, depth, text, done, details, spelled });
        conflicts.extend(resolution.conflict(&sides, node));
    }
    Merged { outline: Outline { items }, conflicts }
}

/// The key of each task in the result: a fresh one where it has to be created again.
fn keys(
    sides: &Sides<'_>,
    resolution: &Resolution,
    mut fresh: u32,
    conflicts: &mut Vec<Conflict>,
) -> Vec<Key> {
    let mut keys = Vec::with_capacity(sides.len());
    for node in 0..sides.len() {
        let mut key = sides.key(node).clone();
        let gone = sides.theirs(node).is_none() && matches!(key, Key::Known(_));
        if gone && resolution.present[node] {
            conflicts.push(Conflict::Recreated { key, new: fresh });
            key = Key::New(fresh);
            fresh += 1;
        }
        keys.push(key);
    }
    keys
}

/// The details that a task gets, which is known by `key` from now on.
fn details(sides: &Sides<'_>, node: usize, key: &Key, conflicts: &mut Vec<Conflict>) -> Details {
    let details = match (sides.base(node), sides.ours(node), sides.theirs(node)) {
        (Some(base), Some(ours), Some(theirs)) => {
            let (base, ours, theirs) = (&base.details, &ours.details, &theirs.details);
            if Details::clash(base, ours, theirs) {
                conflicts.push(Conflict::Details { key: key.clone() });
            }
            Details::merged(base, ours, theirs)
        }
        (_, _, Some(item)) | (_, Some(item), None) | (Some(item), None, None) => {
            item.details.clone()
        }
        (None, None, None) => Details::default(),
    };
    match key {
        Key::Known(_) => details,
        Key::New(_) => details.settled(),
    }
}

/// How its line begins: as we typed it, if we did, else as they have it.
fn spelled(sides: &Sides<'_>, node: usize) -> Spelled {
    let of = |item: Option<&Item>| item.map_or_else(Spelled::default, |item| item.spelled);
    let (base, ours, theirs) = (of(sides.base(node)), of(sides.ours(node)), of(sides.theirs(node)));
    if ours.0 != base.0 { ours.or(theirs) } else { theirs.or(ours).or(base) }
}

/// The text and the state of the box that a task gets.
fn properties(sides: &Sides<'_>, node: usize, conflicts: &mut Vec<Conflict>) -> (String, bool) {
    match (sides.base(node), sides.ours(node), sides.theirs(node)) {
        (Some(base), Some(ours), Some(theirs)) => {
            let done = if ours.done == base.done { theirs.done } else { ours.done };
            if ours.text == base.text {
                return (theirs.text.clone(), done);
            }
            if theirs.text != base.text && theirs.text != ours.text {
                conflicts.push(Conflict::Text {
                    key: theirs.key.clone(),
                    base: base.text.clone(),
                    ours: ours.text.clone(),
                    theirs: theirs.text.clone(),
                });
            }
            (ours.text.clone(), done)
        }
        (_, _, Some(item)) | (_, Some(item), None) | (Some(item), None, None) => {
            (item.text.clone(), item.done)
        }
        (None, None, None) => Default::default(),
    }
}
