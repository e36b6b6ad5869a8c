//! Reading the service's listings.

use proptest::prelude::*;

use super::text;
use crate::{
    ids::TaskId,
    model::RemoteTask,
    plan::{Key, Listing, OnlyRoot, Outline},
};

fn task(id: &str, parent: Option<&str>, text: &str) -> RemoteTask {
    RemoteTask {
        id: TaskId::new(id),
        text: text.to_owned(),
        parent: parent.map(TaskId::new),
        completed: false,
        spelled: Default::default(),
    }
}

fn read(tasks: &[(&str, Option<&str>)], name: &str) -> (bool, String) {
    read_as(tasks, name, OnlyRoot::IsTitle)
}

fn read_as(tasks: &[(&str, Option<&str>)], name: &str, only_root: OnlyRoot) -> (bool, String) {
    let tasks: Vec<RemoteTask> = tasks.iter().map(|(id, parent)| task(id, *parent, id)).collect();
    let Listing { title, outline } = Outline::from_listing(&tasks, name, only_root);
    assert!(outline.is_well_formed());
    (title.is_some(), text(&outline))
}

#[test]
fn the_title_is_no_task() {
    let tasks = [("Plan", None), ("a", Some("Plan")), ("b", Some("a")), ("c", Some("Plan"))];
    assert_eq!(read(&tasks, "Plan"), (true, "a\n  b\nc\n".into()));
}

#[test]
fn a_title_under_another_name_is_still_the_only_one_without_a_parent() {
    let tasks = [("Old name", None), ("a", Some("Old name"))];
    assert_eq!(read(&tasks, "Plan"), (true, "a\n".into()));
    assert_eq!(read(&tasks[..1], "Plan"), (true, String::new()));
}

#[test]
fn the_only_root_is_a_task_where_there_are_no_titles() {
    let tasks = [("a", None), ("b", Some("a"))];
    assert_eq!(read_as(&tasks, "Plan", OnlyRoot::IsTask), (false, "a\n  b\n".into()));
    assert_eq!(read_as(&tasks, "a", OnlyRoot::IsTask), (true, "b\n".into()));
    let matters = |tasks: &[(&str, Option<&str>)], name: &str| {
        let tasks: Vec<RemoteTask> =
            tasks.iter().map(|(id, parent)| task(id, *parent, id)).collect();
        OnlyRoot::matters(&tasks, name)
    };
    assert!(matters(&tasks, "Plan") && matters(&tasks[..1], "Plan"));
    assert!(!matters(&tasks, "a") && !matters(&[], "Plan"));
    assert!(!matters(&[("a", None), ("b", None)], "Plan"));
}

#[test]
fn a_title_may_be_marked_up() {
    let tasks = [("**The** plan", None), ("a", Some("**The** plan"))];
    assert_eq!(read_as(&tasks, "The plan", OnlyRoot::IsTask), (true, "a\n".into()));
    assert_eq!(read_as(&[("-", None)], "!", OnlyRoot::IsTask), (false, "-\n".into()));
}

#[test]
fn a_title_whose_children_do_not_name_it_is_known_by_its_text() {
    let tasks = [("Plan", None), ("a", None), ("b", Some("a")), ("c", Some("Plan"))];
    assert_eq!(read(&tasks, "Plan"), (true, "a\n  b\nc\n".into()));
}

#[test]
fn without_a_title_all_are_tasks() {
    let tasks = [("a", None), ("b", Some("a")), ("c", None)];
    assert_eq!(read(&tasks, "Plan"), (false, "a\n  b\nc\n".into()));
    assert_eq!(read(&[], "Plan"), (false, String::new()));
}

#[test]
fn a_child_away_from_its_parent_is_its_last_child() {
    let tasks =
        [("P", None), ("a", Some("P")), ("b", Some("P")), ("c", Some("a")), ("d", Some("a"))];
    assert_eq!(read(&tasks, "P"), (true, "a\n  c\n  d\nb\n".into()));
}

#[test]
fn a_child_before_its_parent_is_below_it() {
    let tasks = [("P", None), ("b", Some("a")), ("a", Some("P"))];
    assert_eq!(read(&tasks, "P"), (true, "a\n  b\n".into()));
}

#[test]
fn unknown_parents_are_the_top_level_and_equal_ids_count_once() {
    let tasks = [("P", None), ("a", Some("gone")), ("a", Some("P")), ("b", Some("P"))];
    assert_eq!(read(&tasks, "P"), (true, "a\nb\n".into()));
}

#[test]
fn a_circle_is_cut_at_its_first_task() {
    let tasks =
        [("P", None), ("x", Some("b")), ("b", Some("a")), ("a", Some("b")), ("s", Some("s"))];
    assert_eq!(read(&tasks, "P"), (true, "b\n  x\n  a\ns\n".into()));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_task_is_read_exactly_once(
        tasks in prop::collection::vec((0..12_u8, prop::option::of(0..14_u8)), 0..16),
    ) {
        let tasks: Vec<RemoteTask> = tasks
            .iter()
            .map(|(id, parent)| {
                task(&id.to_string(), parent.map(|parent| parent.to_string()).as_deref(), "t")
            })
            .collect();
        let Listing { title, outline } = Outline::from_listing(&tasks, "t", OnlyRoot::IsTitle);
        prop_assert!(outline.is_well_formed());
        let mut read: Vec<TaskId> = title.map(|title| title.id).into_iter().collect();
        read.extend(outline.items.iter().filter_map(|item| match &item.key {
            Key::Known(id) => Some(id.clone()),
            Key::New(_) => None,
        }));
        read.sort();
        let mut listed: Vec<TaskId> = tasks.iter().map(|task| task.id.clone()).collect();
        listed.sort();
        listed.dedup();
        prop_assert_eq!(read, listed);
    }
}
