//! What the service refuses, and where it puts things.

use super::{known, outline, text};
use crate::{
    ids::TaskId,
    model::{MAX_BATCH, Position},
    plan::{ApplyError, Key, NewItem, Op, Outline, Placement, apply},
};

fn by(anchor: &str, position: Position) -> Placement {
    Placement { anchor: Some(known(anchor)), position }
}

fn new(number: u32, to: Placement) -> NewItem {
    NewItem { key: Key::New(number), text: number.to_string(), to, spelled: Default::default() }
}

/// The outcome of an operation on `a > b, c`, which a refused one has to leave alone.
fn outcome(op: &Op) -> Result<String, ApplyError> {
    let before = outline("a\n  b\nc");
    let mut after = before.clone();
    let outcome = apply(&mut after, op);
    if outcome.is_err() {
        assert_eq!(after, before);
    }
    outcome.map(|()| text(&after))
}

#[test]
fn batches_apply_in_order() {
    let several =
        |position| Op::Create((0..3).map(|number| new(number, by("t1", position))).collect());
    let result = |position| outcome(&several(position)).unwrap();
    assert_eq!(result(Position::BeforeBegin), "0\n1\n2\na\n  b\nc\n");
    assert_eq!(result(Position::AfterBegin), "a\n  2\n  1\n  0\n  b\nc\n");
    assert_eq!(result(Position::BeforeEnd), "a\n  b\n  0\n  1\n  2\nc\n");
    assert_eq!(result(Position::AfterEnd), "a\n  b\n2\n1\n0\nc\n");
}

#[test]
fn the_project_takes_tasks_at_both_ends() {
    let at = |position| outcome(&Op::Create(vec![new(0, Placement { anchor: None, position })]));
    assert_eq!(at(Position::AfterBegin).unwrap(), "0\na\n  b\nc\n");
    assert_eq!(at(Position::BeforeEnd).unwrap(), "a\n  b\nc\n0\n");
    assert_eq!(at(Position::AfterEnd), Err(ApplyError::ProjectAnchor));
    let to = Placement { anchor: None, position: Position::BeforeEnd };
    assert_eq!(outcome(&Op::Move { key: known("t2"), to }), Err(ApplyError::ProjectAnchor));
}

#[test]
fn a_batch_has_one_to_twenty_tasks_that_are_new_by_anchors_that_are_not() {
    let end = || Placement { anchor: None, position: Position::BeforeEnd };
    let batch = |count: u32| Op::Create((0..count).map(|number| new(number, end())).collect());
    assert_eq!(outcome(&batch(0)), Err(ApplyError::BatchSize(0)));
    assert_eq!(outcome(&batch(21)), Err(ApplyError::BatchSize(MAX_BATCH + 1)));
    assert!(outcome(&batch(20)).is_ok());
    let twice = Op::Create(vec![new(1, end()), new(1, end())]);
    assert_eq!(outcome(&twice), Err(ApplyError::Exists(Key::New(1))));
    let inside = Placement { anchor: Some(Key::New(0)), position: Position::BeforeEnd };
    let nested = Op::Create(vec![new(0, end()), new(1, inside)]);
    assert_eq!(outcome(&nested), Err(ApplyError::Unknown(Key::New(0))));
}

#[test]
fn a_move_carries_the_subtree_but_not_into_itself() {
    let to = |key: &str, anchor: &str, position| {
        outcome(&Op::Move { key: known(key), to: by(anchor, position) })
    };
    assert_eq!(to("t1", "t3", Position::BeforeEnd).unwrap(), "c\n  a\n    b\n");
    assert_eq!(to("t3", "t2", Position::BeforeBegin).unwrap(), "a\n  c\n  b\n");
    let refused = Err(ApplyError::OwnSubtree(known("t1")));
    assert_eq!(to("t1", "t2", Position::BeforeEnd), refused);
    assert_eq!(to("t1", "t1", Position::AfterEnd), refused);
}

#[test]
fn a_delete_takes_the_subtree() {
    assert_eq!(outcome(&Op::Delete { key: known("t1") }).unwrap(), "c\n");
}

#[test]
fn a_box_cannot_be_set_twice() {
    let set = |done| outcome(&Op::SetDone { key: known("t3"), done });
    assert_eq!(set(true).unwrap(), "a\n  b\n[x] c\n");
    assert_eq!(set(false), Err(ApplyError::AlreadySo(known("t3"))));
}

#[test]
fn unknown_tasks_are_refused() {
    let key = known("nobody");
    let refused = Err(ApplyError::Unknown(key.clone()));
    assert_eq!(outcome(&Op::Delete { key: key.clone() }), refused);
    assert_eq!(outcome(&Op::SetText { key, text: "x".into() }), refused);
}

#[test]
fn a_created_task_can_be_given_its_id() {
    let mut outline = Outline::default();
    let end = Placement { anchor: None, position: Position::BeforeEnd };
    apply(&mut outline, &Op::Create(vec![new(4, end)])).unwrap();
    assert!(outline.resolve(4, TaskId::new("id")));
    assert!(!outline.resolve(4, TaskId::new("id")));
    assert_eq!(outline.items[0].key, known("id"));
}
