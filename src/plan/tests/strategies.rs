//! Random outlines, and random edits of them as an editor makes them.

use proptest::{collection::vec, prelude::*};

use super::known;
use crate::plan::{Item, Key, Outline};

/// Few, so that there are duplicates, empty ones and similar ones.
const TEXTS: [&str; 8] = ["", "a", "b", "a b", "buy milk", "buy oat milk", "x", "buy milk 2"];

pub(super) fn texts() -> impl Strategy<Value = String> {
    (0..TEXTS.len()).prop_map(|text| TEXTS[text].to_owned())
}

/// Outlines of up to `size` tasks with the keys `t0`, `t1`, ….
pub(super) fn outlines(size: usize) -> impl Strategy<Value = Outline> {
    vec((0..5_usize, texts(), any::<bool>()), 0..=size).prop_map(|lines| {
        let item = |(index, (depth, text, done))| Item {
            key: known(&format!("t{index}")),
            depth,
            text,
            done,
        };
        let mut outline = Outline { items: lines.into_iter().enumerate().map(item).collect() };
        settle(&mut outline);
        outline
    })
}

/// One edit; places are read modulo the length.
#[derive(Debug, Clone)]
pub(super) enum Edit {
    Rewrite(usize, String),
    Tick(usize),
    Insert(usize, usize, String),
    DeleteLine(usize),
    DeleteSubtree(usize),
    MoveSubtree(usize, usize, usize),
    Indent(usize),
    Outdent(usize),
}

pub(super) fn edits(count: usize) -> impl Strategy<Value = Vec<Edit>> {
    let place = || 0..64_usize;
    let edit = prop_oneof![
        (place(), texts()).prop_map(|(at, text)| Edit::Rewrite(at, text)),
        place().prop_map(Edit::Tick),
        (place(), 0..4_usize, texts()).prop_map(|(at, depth, text)| Edit::Insert(at, depth, text)),
        place().prop_map(Edit::DeleteLine),
        place().prop_map(Edit::DeleteSubtree),
        (place(), place(), 0..4_usize).prop_map(|(at, to, depth)| Edit::MoveSubtree(at, to, depth)),
        place().prop_map(Edit::Indent),
        place().prop_map(Edit::Outdent),
    ];
    vec(edit, 0..=count)
}

/// Makes the edits; `key` names the `n`-th inserted task.
pub(super) fn edited(outline: &Outline, edits: &[Edit], key: impl Fn(u32) -> Key) -> Outline {
    let mut outline = outline.clone();
    for (number, edit) in (0..).zip(edits) {
        make(&mut outline.items, edit, || key(number));
        settle(&mut outline);
    }
    outline
}

fn make(items: &mut Vec<Item>, edit: &Edit, key: impl Fn() -> Key) {
    if let Edit::Insert(at, depth, text) = edit {
        let item = Item { key: key(), depth: *depth, text: text.clone(), done: at % 3 == 0 };
        items.insert(at % (items.len() + 1), item);
        return;
    }
    if items.is_empty() {
        return;
    }
    let len = items.len();
    let block = |at: usize| at % len..subtree_end(items, at % len);
    match edit {
        Edit::Insert(..) => {}
        Edit::Rewrite(at, text) => items[at % len].text.clone_from(text),
        Edit::Tick(at) => items[at % len].done ^= true,
        Edit::DeleteLine(at) => drop(items.remove(at % len)),
        Edit::DeleteSubtree(at) => drop(items.drain(block(*at))),
        Edit::MoveSubtree(at, to, depth) => {
            let moved: Vec<Item> = items.drain(block(*at)).collect();
            let (to, old_depth) = (to % (items.len() + 1), moved[0].depth);
            let moved = moved
                .into_iter()
                .map(|item| Item { depth: item.depth + depth - old_depth.min(item.depth), ..item });
            items.splice(to..to, moved);
        }
        Edit::Indent(at) => {
            let range = block(*at);
            items[range].iter_mut().for_each(|item| item.depth += 1);
        }
        Edit::Outdent(at) => {
            let range = block(*at);
            items[range].iter_mut().for_each(|item| item.depth = item.depth.saturating_sub(1));
        }
    }
}

pub(super) fn subtree_end(items: &[Item], at: usize) -> usize {
    let deeper = items[at + 1..].iter().take_while(|item| item.depth > items[at].depth);
    at + 1 + deeper.count()
}

/// Makes the depths those of a tree.
fn settle(outline: &mut Outline) {
    let mut deepest = 0;
    for item in &mut outline.items {
        item.depth = item.depth.min(deepest);
        deepest = item.depth + 1;
    }
}
