//! Laws of the edit script.

use std::collections::HashSet;

use proptest::prelude::*;

use super::{
    applied, brute, known, outline, resolved,
    strategies::{edited, edits, outlines},
};
use crate::{
    model::{MAX_BATCH, Position},
    plan::{Details, Item, Key, Op, Outline, Placement, apply, script},
};

fn changes(size: usize, count: usize) -> impl Strategy<Value = (Outline, Outline)> {
    (outlines(size), edits(count))
        .prop_map(|(from, edits)| (from.clone(), edited(&from, &edits, Key::New)))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_script_applied_gives_what_was_wanted((from, to) in changes(14, 12)) {
        let ops = script(&from, &to);
        prop_assert_eq!(applied(&from, &ops), to);
    }

    #[test]
    fn nothing_changed_takes_nothing(from in outlines(14)) {
        prop_assert_eq!(script(&from, &from), vec![]);
    }

    #[test]
    fn an_interruption_anywhere_loses_nothing((from, to) in changes(14, 12)) {
        let wanted: HashSet<&Key> = to.items.iter().map(|item| &item.key).collect();
        let survivors = from.items.iter().filter(|item| wanted.contains(&item.key)).count();
        let mut outline = from.clone();
        for op in script(&from, &to) {
            prop_assert!(apply(&mut outline, &op).is_ok());
            let left = outline.items.iter();
            let old = left.filter(|item| matches!(item.key, Key::Known(_)) && wanted.contains(&item.key));
            prop_assert_eq!(old.count(), survivors);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_shorter_script_exists((from, to) in changes(5, 4)) {
        let ops = script(&from, &to);
        let structural = |op: &&Op| {
            !matches!(op, Op::SetText { .. } | Op::SetDone { .. } | Op::Detail { .. })
        };
        let count = ops.iter().filter(structural).count();
        prop_assert!(!brute::is_reachable(&from, &to, count.saturating_sub(1)) || count == 0, "{:#?}", ops);
        prop_assert!(brute::is_reachable(&from, &to, count));
        let texts = to.items.iter().filter(|item| {
            from.find(&item.key).is_some_and(|old| old.text != item.text)
        });
        let boxes = to.items.iter().filter(|item| {
            from.find(&item.key).is_some_and(|old| old.done) != item.done
        });
        let none = Details::none();
        let details = to.items.iter().map(|item| {
            let old = from.find(&item.key).map_or(&none, |old| &old.details);
            super::details::requests(old, &item.details)
        });
        let details: usize = details.sum();
        prop_assert_eq!(ops.len() - count, texts.count() + boxes.count() + details);
    }

    #[test]
    fn creating_takes_no_more_than_a_wave_a_level(depths in prop::collection::vec(0..4_usize, 0..90)) {
        let mut deepest = 0;
        let items = depths.into_iter().zip(0..).map(|(depth, number)| {
            let depth = depth.min(deepest);
            deepest = depth + 1;
            Item { key: Key::New(number), depth, text: String::new(), done: false, details: Details::none(), spelled: Default::default() }
        });
        let to = Outline { items: items.collect() };
        let ops = script(&Outline::default(), &to);
        let waves: usize = (0..4)
            .map(|level| to.items.iter().filter(|item| item.depth == level).count())
            .map(|count| count.div_ceil(MAX_BATCH))
            .sum();
        prop_assert!(ops.len() <= waves);
        prop_assert_eq!(applied(&Outline::default(), &ops), to);
    }
}

#[test]
fn a_batch_never_names_what_it_creates() {
    let to = Outline {
        items: (0..60)
            .map(|number| Item {
                key: Key::New(number),
                depth: number as usize % 3,
                text: number.to_string(),
                done: false,
                details: Details::none(),
                spelled: Default::default(),
            })
            .collect(),
    };
    let ops = script(&Outline::default(), &to);
    assert_eq!(ops.len(), 3);
    assert_eq!(applied(&Outline::default(), &ops), to);
}

#[test]
fn tasks_in_front_of_a_stable_one_are_placed_by_it_in_order() {
    let from = outline("a\nb");
    let mut to = from.clone();
    for (index, number) in [(1, 0), (2, 1)] {
        let text = number.to_string();
        to.items.insert(
            index,
            Item {
                key: Key::New(number),
                depth: 0,
                text,
                done: false,
                details: Details::none(),
                spelled: Default::default(),
            },
        );
    }
    let ops = script(&from, &to);
    let [Op::Create(batch)] = ops.as_slice() else { panic!("{ops:?}") };
    let before = Placement { anchor: Some(known("t2")), position: Position::BeforeBegin };
    assert!(batch.iter().all(|item| item.to == before));
    assert_eq!(
        batch.iter().map(|item| &item.key).collect::<Vec<_>>(),
        [&Key::New(0), &Key::New(1)]
    );
}

#[test]
fn tasks_at_the_end_of_the_project_are_placed_by_the_project() {
    let to = resolved(&outline("a"), "");
    let mut longer = to.clone();
    longer.items.push(Item {
        key: Key::New(0),
        depth: 0,
        text: "b".into(),
        done: false,
        details: Details::none(),
        spelled: Default::default(),
    });
    let ops = script(&to, &longer);
    let [Op::Create(batch)] = ops.as_slice() else { panic!("{ops:?}") };
    assert_eq!(batch[0].to, Placement { anchor: None, position: Position::BeforeEnd });
}

#[test]
fn a_move_to_an_otherwise_empty_top_level_has_a_task_as_its_anchor() {
    let from = outline("a\n  b");
    let to = Outline { items: vec![Item { depth: 0, ..from.items[1].clone() }] };
    let ops = script(&from, &to);
    let before_a = Placement { anchor: Some(known("t1")), position: Position::BeforeBegin };
    let expected = [Op::Move { key: known("t2"), to: before_a }, Op::Delete { key: known("t1") }];
    assert_eq!(ops, expected);
    assert_eq!(applied(&from, &ops), to);
}

#[test]
fn boxes_are_set_from_the_inside_out() {
    let from = outline("a\n  b");
    let mut to = from.clone();
    to.items.iter_mut().for_each(|item| item.done = true);
    let keys: Vec<Op> = script(&from, &to);
    let done = |id| Op::SetDone { key: known(id), done: true };
    assert_eq!(keys, [done("t2"), done("t1")]);
}
