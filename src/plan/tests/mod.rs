//! The laws of planning, and named examples of what a save costs.

mod applying;
mod brute;
mod details;
mod examples;
mod identity;
mod listings;
mod merges;
mod scripts;
mod spelling;
pub(crate) mod strategies;

use crate::{
    ids::TaskId,
    plan::{self, Details, Item, Key, Merged, Op, Outline, Wanted},
};

/// Aligns, numbering what is new above all in the base.
fn align_with(base: &Outline, wanted: &[Wanted]) -> Outline {
    plan::align(base, wanted, base.next_new())
}

/// Merges, numbering what is created again above all of ours.
fn merge_with(base: &Outline, ours: &Outline, theirs: &Outline) -> Merged {
    plan::merge(base, ours, theirs, ours.next_new())
}

/// Reads an outline: a task a line, two spaces a level, `[x] ` before the text of a done task.
/// The keys are `PREFIX1`, `PREFIX2`, … in order.
fn outline_with(prefix: &str, text: &str) -> Outline {
    let item = |(index, line): (usize, &str)| {
        let trimmed = line.trim_start_matches(' ');
        let (text, done) = match trimmed.strip_prefix("[x] ") {
            Some(text) => (text, true),
            None => (trimmed, false),
        };
        Item {
            key: known(&format!("{prefix}{}", index + 1)),
            depth: (line.len() - trimmed.len()) / 2,
            text: text.to_owned(),
            done,
            details: Details::none(),
            spelled: Default::default(),
        }
    };
    Outline { items: text.lines().enumerate().map(item).collect() }
}

fn outline(text: &str) -> Outline {
    outline_with("t", text)
}

fn known(id: &str) -> Key {
    Key::Known(TaskId::new(id))
}

/// What whoever has this outline as a text has there.
pub(crate) fn lines(outline: &Outline) -> Vec<Wanted> {
    let line = |item: &Item| Wanted {
        depth: item.depth,
        text: item.text.clone(),
        done: item.done,
        anchor: None,
    };
    outline.items.iter().map(line).collect()
}

/// The outline as text again.
fn text(outline: &Outline) -> String {
    let line = |item: &Item| {
        let tick = if item.done { "[x] " } else { "" };
        format!("{}{tick}{}\n", "  ".repeat(item.depth), item.text)
    };
    outline.items.iter().map(line).collect()
}

/// The requests that a save of `wanted`, edited from `base`, sends.
fn save(base: &str, wanted: &str) -> Vec<Op> {
    let base = outline(base);
    plan::script(&base, &align_with(&base, &lines(&outline(wanted))))
}

/// Gives every new task an id.
fn resolved(outline: &Outline, prefix: &str) -> Outline {
    let mut resolved = outline.clone();
    for item in &mut resolved.items {
        if let Key::New(number) = item.key {
            item.key = known(&format!("{prefix}{number}"));
        }
    }
    resolved
}

/// `from` with the operations applied, each of which has to be accepted.
fn applied(from: &Outline, ops: &[Op]) -> Outline {
    let mut outline = from.clone();
    for op in ops {
        if let Err(refusal) = crate::plan::apply(&mut outline, op) {
            panic!("{op:?} is refused: {refusal}\n{ops:#?}");
        }
    }
    outline
}
