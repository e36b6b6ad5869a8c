//! Random outlines, and random edits of them as an editor makes them.

use proptest::{collection::vec, option, prelude::*, sample::select};

use super::known;
use crate::{
    model::{Marker, Moment, Schedule, Spelled},
    plan::{Change, Details, Item, Key, Known, Outline, PartialMap, TaskDetails},
};

/// Few, so that there are duplicates, empty ones and similar ones.
const TEXTS: [&str; 8] = ["", "a", "b", "a b", "buy milk", "buy oat milk", "x", "buy milk 2"];

pub(crate) fn texts() -> impl Strategy<Value = String> {
    (0..TEXTS.len()).prop_map(|text| TEXTS[text].to_owned())
}

/// Outlines of up to `size` tasks with the keys `t0`, `t1`, ….
pub(crate) fn outlines(size: usize) -> impl Strategy<Value = Outline> {
    let line = (0..5_usize, texts(), any::<bool>(), details(), option::of(markers()));
    vec(line, 0..=size).prop_map(|lines| {
        let item = |(index, (depth, text, done, details, marker))| Item {
            key: known(&format!("t{index}")),
            depth,
            text,
            done,
            details,
            spelled: Spelled(marker),
        };
        let mut outline = Outline { items: lines.into_iter().enumerate().map(item).collect() };
        settle(&mut outline);
        outline
    })
}

/// Any marker.
pub(crate) fn markers() -> impl Strategy<Value = Marker> {
    let heading = (1..=6_u8).prop_map(Marker::Heading);
    let others = [Marker::Checkbox, Marker::Bullet, Marker::Number, Marker::Paragraph];
    prop_oneof![4 => select(others.to_vec()), 2 => heading]
}

/// What may be known of a task: most often nothing.
pub(crate) fn details() -> impl Strategy<Value = Details> {
    let parts = (date(), any::<bool>(), handles(), any::<bool>(), fields(), any::<bool>());
    let parts = parts.prop_map(|(date, is_known, handles, all, fields, all_fields)| TaskDetails {
        date: if is_known { Known::of(date) } else { Known::Unknown },
        note: if is_known { Known::of(Some("note".to_owned())) } else { Known::Absent },
        assignees: PartialMap { known: handles, complete: all },
        fields: PartialMap { known: fields, complete: all_fields },
    });
    prop_oneof![
        3 => Just(Details::default()),
        1 => Just(Details::none()),
        2 => parts.prop_map(Details::from),
    ]
}

fn date() -> impl Strategy<Value = Option<Schedule>> {
    let moment = |day| Moment { date: format!("2026-12-0{day}"), ..Moment::default() };
    prop::option::of((1..4).prop_map(move |day| Schedule { start: moment(day), end: None }))
}

fn handles() -> impl Strategy<Value = Vec<(String, ())>> {
    prop::sample::subsequence(vec!["alice", "bob", "carol"], 0..=3)
        .prop_shuffle()
        .prop_map(|handles| handles.into_iter().map(|handle| (handle.to_owned(), ())).collect())
}

fn fields() -> impl Strategy<Value = Vec<(String, serde_json::Value)>> {
    let values = (prop::sample::subsequence(vec!["@f", "@g"], 0..=2), 0..3);
    values.prop_map(|(ids, value): (Vec<&str>, i32)| {
        ids.into_iter().map(|id| (id.to_owned(), value.into())).collect()
    })
}

fn change() -> impl Strategy<Value = Change> {
    let handle = || prop::sample::select(vec!["alice", "bob", "carol"]).prop_map(str::to_owned);
    prop_oneof![
        date().prop_map(Change::Date),
        prop::option::of(texts()).prop_map(Change::Note),
        handle().prop_map(|handle| Change::Assign(vec![handle])),
        handle().prop_map(Change::Unassign),
        prop::option::of(0..3).prop_map(|n| Change::Field("@f".to_owned(), n.map(Into::into))),
    ]
}

/// What is known once somebody has made a change here, who cannot remove what is not known.
fn changed(details: &Details, change: &Change) -> Details {
    let parts = details.parts();
    let is_unknown = match change {
        Change::Date(None) => !parts.date.is_known(),
        Change::Note(None) => !parts.note.is_known(),
        _ => false,
    };
    let mut changed = details.clone();
    if !is_unknown {
        changed.apply(change);
    }
    changed
}

/// What was set where nothing was known, and taken away again, is as unknown as before.
fn unlearnt(before: &Details, after: &Details) -> Details {
    let (before, mut after) = (before.parts(), after.parts());
    if !before.date.is_known() && after.date.present().is_none() {
        after.date = Known::Unknown;
    }
    if !before.note.is_known() && after.note.present().is_none() {
        after.note = Known::Unknown;
    }
    after.into()
}

/// One edit; places are read modulo the length.
#[derive(Debug, Clone)]
pub(crate) enum Edit {
    Rewrite(usize, String),
    Tick(usize),
    Insert(usize, usize, String),
    DeleteLine(usize),
    DeleteSubtree(usize),
    MoveSubtree(usize, usize, usize),
    Indent(usize),
    Outdent(usize),
    Detail(usize, Change),
}

pub(crate) fn edits(count: usize) -> impl Strategy<Value = Vec<Edit>> {
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
        (place(), change()).prop_map(|(at, change)| Edit::Detail(at, change)),
    ];
    vec(edit, 0..=count)
}

/// Makes the edits; `key` names the `n`-th inserted task.
pub(crate) fn edited(before: &Outline, edits: &[Edit], key: impl Fn(u32) -> Key) -> Outline {
    let mut outline = before.clone();
    for (number, edit) in (0..).zip(edits) {
        make(&mut outline.items, edit, || key(number));
        settle(&mut outline);
    }
    for item in &mut outline.items {
        if let Some(before) = before.find(&item.key) {
            item.details = unlearnt(&before.details, &item.details);
        }
    }
    outline
}

fn make(items: &mut Vec<Item>, edit: &Edit, key: impl Fn() -> Key) {
    if let Edit::Insert(at, depth, text) = edit {
        let item = Item {
            key: key(),
            depth: *depth,
            text: text.clone(),
            done: at % 3 == 0,
            details: Details::none(),
            spelled: Default::default(),
        };
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
        Edit::Detail(at, change) => {
            let item = &mut items[at % len];
            item.details = changed(&item.details, change);
        }
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

pub(crate) fn subtree_end(items: &[Item], at: usize) -> usize {
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
