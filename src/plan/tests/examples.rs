//! What saves cost, by example.

use super::{align_with, applied, lines, outline, save, text};
use crate::plan::{Op, Outline, script};

/// The sorts of the requests, in order.
fn sorts(base: &str, wanted: &str) -> Vec<&'static str> {
    let ops = save(base, wanted);
    assert_eq!(text(&applied(&outline(base), &ops)), text(&outline(wanted)));
    let sort = |op: &Op| match op {
        Op::Create(_) => "create",
        Op::SetText { .. } => "text",
        Op::SetDone { .. } => "box",
        Op::Detail { .. } => "detail",
        Op::Move { .. } => "move",
        Op::Delete { .. } => "delete",
    };
    ops.iter().map(sort).collect()
}

const PROJECT: &str = "Brief
  Collect quotes
  Write it
    First draft
    Second draft
Ship
  Build
  Test
[x] Book a room";

#[test]
fn an_unchanged_file_costs_nothing() {
    assert!(sorts(PROJECT, PROJECT).is_empty());
}

#[test]
fn a_changed_line_is_one_text() {
    let wanted = PROJECT.replace("First draft", "A first draft");
    assert_eq!(sorts(PROJECT, &wanted), ["text"]);
}

#[test]
fn a_line_replaced_in_place_is_one_text() {
    assert_eq!(sorts(PROJECT, &PROJECT.replace("Collect quotes", "Zzz")), ["text"]);
}

#[test]
fn a_ticked_box_is_one_request() {
    assert_eq!(sorts(PROJECT, &PROJECT.replace("Ship", "[x] Ship")), ["box"]);
    assert_eq!(sorts(PROJECT, &PROJECT.replace("[x] ", "")), ["box"]);
}

#[test]
fn five_added_lines_are_one_request() {
    let wanted = PROJECT.replace("  Build\n", "  Build\n  1\n  2\n  3\n  4\n  5\n");
    assert_eq!(sorts(PROJECT, &wanted), ["create"]);
}

#[test]
fn lines_added_in_many_places_are_one_request() {
    let wanted = format!("first\n{}\nlast", PROJECT.replace("  Build\n", "  1\n  Build\n  2\n"));
    assert_eq!(sorts(PROJECT, &wanted), ["create"]);
}

#[test]
fn twenty_one_added_lines_are_two_requests() {
    let added: String = (0..21).map(|number| format!("\nnew {number}")).collect();
    assert_eq!(sorts(PROJECT, &format!("{PROJECT}{added}")), ["create", "create"]);
}

#[test]
fn a_tree_is_created_level_by_level() {
    assert_eq!(sorts("", "a\n  b\n    c\n  d\n    e\nf"), ["create"; 3]);
}

#[test]
fn levels_share_requests_where_they_can() {
    let added: String = (0..20).map(|number| format!("\nnew {number}")).collect();
    assert_eq!(sorts("", &format!("a\n  b{added}")), ["create"; 2]);
}

#[test]
fn a_new_done_task_is_two_requests() {
    assert_eq!(sorts(PROJECT, &format!("{PROJECT}\n[x] done already")), ["create", "box"]);
}

#[test]
fn a_moved_block_is_one_move() {
    let block: String = (0..9).map(|number| format!("  part {number}\n")).collect();
    let (base, wanted) = (format!("Block\n{block}a\nb"), format!("a\nb\nBlock\n{block}"));
    assert_eq!(sorts(&base, &wanted), ["move"]);
}

#[test]
fn an_indented_block_is_one_move() {
    assert_eq!(sorts("a\nb\n  c\n  d\ne", "a\n  b\n    c\n    d\ne"), ["move"]);
}

#[test]
fn a_deleted_block_is_one_delete() {
    let wanted = "Brief\n  Collect quotes\nShip\n  Build\n  Test\n[x] Book a room";
    assert_eq!(sorts(PROJECT, wanted), ["delete"]);
}

#[test]
fn everything_deleted_is_one_delete_a_top_level_task() {
    assert_eq!(sorts(PROJECT, ""), ["delete"; 3]);
}

#[test]
fn a_line_edited_and_moved_is_a_text_and_a_move() {
    let wanted = "Brief
  Write it
    First draft
    Second draft
Ship
  Build
  Collect three quotes
  Test
[x] Book a room";
    assert_eq!(sorts(PROJECT, wanted), ["move", "text"]);
}

#[test]
fn reversing_siblings_moves_all_but_one() {
    assert_eq!(sorts("a\nb\nc\nd\ne", "e\nd\nc\nb\na"), ["move"; 4]);
}

#[test]
fn parent_and_child_swap_in_two_requests() {
    assert_eq!(sorts("Parent\n  Child", "Child\n  Parent"), ["move"; 2]);
}

#[test]
fn children_of_a_deleted_parent_are_moved_out_first() {
    assert_eq!(sorts("a\nParent\n  b\n  c\nd", "a\nb\nc\nd"), ["move", "move", "delete"]);
}

#[test]
fn a_child_that_takes_the_place_of_its_parent_is_still_itself() {
    let (base, wanted) = ("a\nParent\n  the child\n  b\nd", "a\nthe child grown\n  b\nd");
    // The child up, what stays below it, its text, the parent away.
    assert_eq!(sorts(base, wanted), ["move", "move", "text", "delete"]);
}

#[test]
fn a_wrapped_line_is_a_create_and_a_move() {
    assert_eq!(sorts("a\nb\nc", "a\nnew parent\n  b\nc"), ["create", "move"]);
}

#[test]
fn a_small_tree_is_replaced_where_that_is_cheaper() {
    let base = "keep\nOld\n  one\n  two\n  three\n  four";
    let wanted = "keep\nFresh\n  12\n  34\n  56\n  78";
    assert_eq!(sorts(base, wanted), ["create", "create", "delete"]);
}

#[test]
fn one_of_many_equal_lines_deleted_is_one_delete() {
    assert_eq!(sorts("a\na\na\nb\na", "a\na\nb\na"), ["delete"]);
    assert_eq!(sorts("\n\n\na", "\n\na"), ["delete"]);
}

#[test]
fn what_sed_does_to_every_line_is_one_text_a_line() {
    let base: String = (0..200).map(|number| format!("send report {number}\n")).collect();
    let ops = save(&base, &base.replace("report", "the report"));
    assert_eq!(ops.len(), 200);
    assert!(ops.iter().all(|op| matches!(op, Op::SetText { .. })));
}

/// How many requests a save costs, after checking that it does what was wanted.
fn cost(base: &Outline, wanted: &Outline) -> usize {
    let aligned = align_with(base, &lines(wanted));
    assert_eq!(lines(&aligned), lines(wanted));
    script(base, &aligned).len()
}

#[test]
fn large_and_hostile_outlines_stay_cheap_to_plan() {
    let many = |line: &dyn Fn(usize) -> String| {
        outline(&(0..10_000).map(|number| line(number) + "\n").collect::<String>())
    };
    let equal = many(&|_| "same".into());
    let mut shorter = equal.clone();
    shorter.items.truncate(9_999);
    assert_eq!(cost(&equal, &shorter), 1);
    let mut ticked = equal.clone();
    ticked.items.iter_mut().step_by(3).for_each(|item| item.done = true);
    ticked.items.remove(0);
    assert!(cost(&equal, &ticked) <= 10_000);
    let few = many(&|number| ["a", "b", "c", "d"][number * number % 7 % 4].into());
    let mut shifted = few.clone();
    shifted.items.remove(5);
    shifted.items.last_mut().unwrap().done = true;
    assert!(cost(&few, &shifted) <= 3);
    let rewritten = many(&|number| format!("{:x}", number * 7919));
    // Nothing in common: all of the one go, and all of the other come, 20 in a request.
    assert!(cost(&many(&|number| format!("line {number}")), &rewritten) <= 10_500);
}

#[test]
fn deep_outlines_need_no_deep_stack() {
    let deep: String =
        (0..5_000).map(|depth| format!("{}level {depth}\n", "  ".repeat(depth))).collect();
    let base = outline(&deep);
    let mut wanted = base.clone();
    wanted.items[2_500].text = "changed".into();
    assert_eq!(cost(&base, &wanted), 1);
    wanted.items.truncate(4_000);
    assert_eq!(cost(&base, &wanted), 2);
}
