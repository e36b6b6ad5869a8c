//! Laws of identity.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::{
    align_with, known, lines, outline,
    strategies::{edited, edits, outlines},
};
use crate::{
    ids::TaskId,
    plan::{Key, Outline},
};

/// As `outline`, but no two texts alike.
fn with_distinct_texts(mut outline: Outline) -> Outline {
    for (index, item) in outline.items.iter_mut().enumerate() {
        item.text = format!("{} number {index}", item.text);
    }
    outline
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_lines_of_an_outline_are_its_tasks(base in outlines(20)) {
        prop_assert_eq!(align_with(&base, &lines(&base)), base);
    }

    #[test]
    fn every_line_gets_a_key_of_its_own(base in outlines(14), edits in edits(12)) {
        let wanted = edited(&base, &edits, Key::New);
        let aligned = align_with(&base, &lines(&wanted));
        prop_assert!(aligned.is_well_formed());
        prop_assert_eq!(lines(&aligned), lines(&wanted));
        let known: HashSet<&Key> = base.items.iter().map(|item| &item.key).collect();
        for item in &aligned.items {
            prop_assert!(matches!(item.key, Key::New(_)) || known.contains(&item.key));
        }
    }

    #[test]
    fn ticking_keeps_identity(base in outlines(14), ticks in prop::collection::vec(any::<bool>(), 14)) {
        let mut wanted = with_distinct_texts(base.clone());
        let base = wanted.clone();
        wanted.items.iter_mut().zip(ticks).for_each(|(item, tick)| item.done ^= tick);
        prop_assert_eq!(align_with(&base, &lines(&wanted)), wanted);
    }

    #[test]
    fn a_text_that_is_kept_keeps_its_task(base in outlines(14), edits in edits(6)) {
        let base = with_distinct_texts(base);
        let wanted = edited(&base, &edits, Key::New);
        let keys: HashMap<&str, &Key> =
            base.items.iter().map(|item| (item.text.as_str(), &item.key)).collect();
        for item in &align_with(&base, &lines(&wanted)).items {
            if let Some(key) = keys.get(item.text.as_str()) {
                prop_assert_eq!(&&item.key, key);
            }
        }
    }

    #[test]
    fn known_ids_fix_identity(base in outlines(14), edits in edits(12)) {
        let wanted = edited(&base, &edits, Key::New);
        let mut anchored = lines(&wanted);
        for (line, item) in anchored.iter_mut().zip(&wanted.items) {
            line.anchor = match &item.key {
                Key::Known(id) => Some(id.clone()),
                Key::New(_) => None,
            };
        }
        let aligned = align_with(&base, &anchored);
        for (item, wanted) in aligned.items.iter().zip(&wanted.items) {
            prop_assert!(matches!(wanted.key, Key::New(_)) || item.key == wanted.key);
        }
    }
}

/// The ids that the wanted lines get; `+` for a new task.
fn ids(base: &str, wanted: &str) -> Vec<String> {
    let id = |key: &Key| match key {
        Key::Known(id) => id.to_string(),
        Key::New(_) => "+".to_owned(),
    };
    let aligned = align_with(&outline(base), &lines(&outline(wanted)));
    aligned.items.iter().map(|item| id(&item.key)).collect()
}

#[test]
fn an_edited_line_keeps_its_id() {
    assert_eq!(ids("buy milk\ncall Bob", "buy oat milk\ncall Bob"), ["t1", "t2"]);
}

#[test]
fn an_edited_line_keeps_its_id_beside_new_ones() {
    let base = "Draft the brief\nShip it";
    let wanted = "Something else\nDraft the short brief\nAnd more\nShip it";
    assert_eq!(ids(base, wanted), ["+", "t1", "+", "t2"]);
}

/// `cp` of another list over it: what a task has besides its text is not another task's.
#[test]
fn no_task_becomes_one_of_a_text_that_is_about_other_things() {
    let base = "Draft the brief\nCollect quotes\nBook a venue\nShip it";
    let other = "milk\nbread\neggs\nbutter\ncheese";
    assert_eq!(ids(base, other), ["+"; 5]);
    assert_eq!(ids(base, "milk\nbread\nBook a hall\nbutter"), ["t1", "t2", "t3", "t4"]);
    // Of so few lines each may have been written anew.
    assert_eq!(ids("Draft the brief\nShip it", "milk\nbread"), ["t1", "t2"]);
}

#[test]
fn a_line_edited_and_moved_keeps_its_id() {
    let base = "alpha\nDraft the brief\nbeta\ngamma";
    let wanted = "alpha\nbeta\ngamma\nDraft the long brief";
    assert_eq!(ids(base, wanted), ["t1", "t3", "t4", "t2"]);
}

#[test]
fn a_line_edited_and_indented_keeps_its_id() {
    let base = "alpha\nbeta\nDraft the brief\ngamma";
    let wanted = "alpha\nbeta\n  Draft the long brief\ngamma";
    assert_eq!(ids(base, wanted), ["t1", "t2", "t3", "t4"]);
}

#[test]
fn a_moved_block_with_the_lines_of_others_moves_as_a_block() {
    let base = "A\n  x\n  y\nB\n  x\n  y\nC\n  x\n  y";
    let wanted = "B\n  x\n  y\nA\n  x\n  y\nC\n  x\n  y";
    assert_eq!(ids(base, wanted), ["t4", "t5", "t6", "t1", "t2", "t3", "t7", "t8", "t9"]);
}

#[test]
fn a_block_moved_and_edited_keeps_its_lines() {
    let base = "A\n  x\n  y\nB\n  x\n  y\nC\n  x\n  y";
    let wanted = "B\n  x\n  z\n  y\nA\n  x\nC\n  x\n  y";
    assert_eq!(ids(base, wanted), ["t4", "t5", "+", "t6", "t1", "t2", "t7", "t8", "t9"]);
}

#[test]
fn of_two_equal_blocks_the_one_that_is_left_is_kept_whole() {
    assert_eq!(ids("a\n  b\na\n  c", "a\n  c"), ["t3", "t4"]);
}

#[test]
fn blocks_with_equal_heads_are_known_by_their_children() {
    let base = "a\n  k\n  l\na\n  m\n  n";
    let wanted = "a\n  m\n  n\n  o\na\n  k\n  l\n  p";
    assert_eq!(ids(base, wanted), ["t4", "t5", "t6", "+", "t1", "t2", "t3", "+"]);
}

#[test]
fn a_renamed_head_is_known_by_its_children() {
    let base = "Alpha\n  x\n  y\n  z\nrest";
    let wanted = "rest\nOmega\n  x\n  y\n  z";
    assert_eq!(ids(base, wanted), ["t5", "t1", "t2", "t3", "t4"]);
}

#[test]
fn an_empty_line_does_not_move_far() {
    assert_eq!(ids("\na\nb", "a\nb\n  "), ["t2", "t3", "+"]);
}

#[test]
fn an_id_counts_once_and_an_unknown_one_not_at_all() {
    let base = outline("a\nb");
    let mut wanted = lines(&outline("b\nc\nd"));
    wanted[0].anchor = Some(TaskId::new("t1"));
    wanted[1].anchor = Some(TaskId::new("t1"));
    wanted[2].anchor = Some(TaskId::new("elsewhere"));
    let aligned = align_with(&base, &wanted);
    assert_eq!(aligned.items[0].key, known("t1"));
    assert!(aligned.is_well_formed());
}

#[test]
fn new_numbers_are_above_those_of_the_base() {
    let mut base = outline("a\nb");
    base.items[0].key = Key::New(7);
    let aligned = align_with(&base, &lines(&outline("a\nb\nanother\n  one more")));
    let keys: Vec<&Key> = aligned.items.iter().map(|item| &item.key).collect();
    assert_eq!(keys, [&Key::New(7), &known("t2"), &Key::New(8), &Key::New(9)]);
}

#[test]
fn a_depth_that_skips_a_level_is_read_as_one_more() {
    let wanted = lines(&outline("    a\n      b"));
    let depths: Vec<usize> =
        align_with(&Outline::default(), &wanted).items.iter().map(|item| item.depth).collect();
    assert_eq!(depths, [0, 1]);
}

/// A task of another text must not become that line, with its date and people.
#[test]
fn a_line_that_takes_children_over_is_still_known_by_what_it_says() {
    let base = "Trip\n  Buy tickets\n    ask Bob\nLeftovers\n  pack\n  pay\nShip it";
    let wanted = "Buy tickets online\n  ask Bob\n  pack\n  pay\nTrip\nShip it";
    assert_eq!(ids(base, wanted), ["t2", "t3", "t5", "t6", "t1", "t7"]);
    // Of a line that is more like another one nothing is told.
    let wanted =
        "Tickets for all of us\n  pack\n  pay\nTrip\n  Buy the tickets\n    ask Bob\nShip it";
    assert_eq!(ids(base, wanted), ["t4", "t5", "t6", "t1", "t2", "t3", "t7"]);
}

#[test]
fn a_line_that_is_told_by_what_it_says_is_not_the_one_that_took_its_children_over() {
    let base = "pack\npay\nBuy the tickets\n  ask Bob\nShip it";
    let wanted = "Buy two of the tickets\npack\npay\nTrip\n  ask Bob\nShip it";
    assert_eq!(ids(base, wanted), ["t3", "t1", "t2", "+", "t4", "t5"]);
    // What is put below it is a part of it, whatever that says.
    let wanted = "pack\npay\nTrip\n  ask Bob\n  Buy the tickets today\nShip it";
    assert_eq!(ids(base, wanted), ["t1", "t2", "t3", "t4", "+", "t5"]);
    // Another one is more like it.
    let base = "Buy the tickets\n  ask Bob\nBuy tickets\npack\npay";
    let wanted = "Trip\n  ask Bob\npack\npay\nBuy tickets two";
    assert_eq!(ids(base, wanted), ["t1", "t2", "t4", "t5", "t3"]);
}
