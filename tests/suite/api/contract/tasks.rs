//! The tasks of a project.

use std::collections::HashSet;

use taskadefs::{
    api::{MAX_BATCH, MAX_CONTENT_CHARS, Position, endpoints::GetTasks},
    error::Kind,
};

use super::{READ, Taskade, kind, new_task, plain};

pub(super) async fn tasks_are_made_at_every_place_in_the_order_of_their_batch(taskade: &Taskade) {
    let project = taskade.plan("a\n  b\nc").await;
    let a = taskade.id(&project, "a").await;
    let new = [
        new_task("before", Some(&a), Position::BeforeBegin),
        new_task("first in", Some(&a), Position::AfterBegin),
        new_task("last in", Some(&a), Position::BeforeEnd),
        new_task("after", Some(&a), Position::AfterEnd),
        new_task("first", None, Position::AfterBegin),
        new_task("last", None, Position::BeforeEnd),
        new_task("more", None, Position::BeforeEnd),
    ];
    let ids = taskade.client.create_tasks(&project, &new).await.unwrap();
    for (id, new) in ids.iter().zip(&new) {
        assert_eq!(*id, taskade.id(&project, &new.content.text).await);
    }
    let tree = "first\nbefore\na\n  first in\n  b\n  last in\nafter\nc\nlast\nmore";
    assert_eq!(taskade.tree(&project).await, tree);
    assert!(taskade.tasks(&project).await.iter().all(|task| !task.completed));
}

pub(super) async fn what_no_batch_may_have_is_refused_and_changes_nothing(taskade: &Taskade) {
    let project = taskade.plan("a").await;
    let title = taskade.tasks(&project).await[0].id.clone();
    let at_end = |text: &str| new_task(text, None, Position::BeforeEnd);
    let longest = "\u{e9}".repeat(MAX_CONTENT_CHARS);
    for batch in [
        vec![at_end("b"); MAX_BATCH + 1],
        vec![at_end(&format!("{longest}x"))],
        vec![new_task("b", None, Position::AfterEnd)],
        vec![new_task("b", None, Position::BeforeBegin)],
        vec![new_task("b", Some(&title), Position::AfterEnd)],
        vec![new_task("b", Some(&title), Position::BeforeBegin)],
    ] {
        let made = taskade.client.create_tasks(&project, &batch).await;
        assert_eq!(kind(made), Kind::Refused, "{batch:?}");
    }
    assert_eq!(taskade.tree(&project).await, "a");
    let most = vec![at_end(&longest); MAX_BATCH];
    let made = taskade.client.create_tasks(&project, &most).await.unwrap();
    assert_eq!(made.iter().collect::<HashSet<_>>().len(), MAX_BATCH);
}

pub(super) async fn an_update_changes_one_text(taskade: &Taskade) {
    let project = taskade.plan("a\n  b\nc").await;
    let a = taskade.id(&project, "a").await;
    for text in ["*bold* # \u{1f600} \"q\" \\", ""] {
        let told = taskade.client.update_task(&project, &a, &plain(text)).await.unwrap();
        assert!(told.is_none_or(|told| told == text));
        assert_eq!(taskade.tree(&project).await, format!("{text}\n  b\nc"));
    }
    for text in ["two\nlines", &"x".repeat(MAX_CONTENT_CHARS + 1)] {
        let told = taskade.client.update_task(&project, &a, &plain(text)).await;
        assert_eq!(kind(told), Kind::Refused);
    }
    assert_eq!(taskade.tree(&project).await, "\n  b\nc");
}

pub(super) async fn a_tick_changes_one_task_and_is_refused_where_nothing_would_change(
    taskade: &Taskade,
) {
    let project = taskade.plan("a\n  b\nc").await;
    let b = taskade.id(&project, "b").await;
    for (done, tree) in [(true, "a\n  x b\nc"), (false, "a\n  b\nc")] {
        taskade.client.set_completed(&project, &b, done).await.unwrap();
        assert_eq!(taskade.tree(&project).await, tree);
        let again = taskade.client.set_completed(&project, &b, done).await;
        assert_eq!(kind(again), Kind::Refused);
        assert_eq!(taskade.tree(&project).await, tree);
    }
}

pub(super) async fn a_move_takes_the_subtree_along_to_every_place(taskade: &Taskade) {
    let project = taskade.plan("a\n  b\n    c\nd\n  e").await;
    let (b, d) = (taskade.id(&project, "b").await, taskade.id(&project, "d").await);
    let title = taskade.tasks(&project).await[0].id.clone();
    for (target, position, tree) in [
        (&d, Position::BeforeBegin, "a\nb\n  c\nd\n  e"),
        (&d, Position::AfterBegin, "a\nd\n  b\n    c\n  e"),
        (&d, Position::BeforeEnd, "a\nd\n  e\n  b\n    c"),
        (&d, Position::AfterEnd, "a\nd\n  e\nb\n  c"),
        (&title, Position::AfterBegin, "b\n  c\na\nd\n  e"),
        (&title, Position::BeforeEnd, "a\nd\n  e\nb\n  c"),
    ] {
        taskade.client.move_task(&project, &b, target, position).await.unwrap();
        assert_eq!(taskade.tree(&project).await, tree, "{position:?}");
    }
}

pub(super) async fn a_move_to_where_nothing_can_be_is_refused_and_changes_nothing(
    taskade: &Taskade,
) {
    let project = taskade.plan("a\n  b\n    c").await;
    let (a, c) = (taskade.id(&project, "a").await, taskade.id(&project, "c").await);
    let title = taskade.tasks(&project).await[0].id.clone();
    for (target, position) in [
        (&a, Position::AfterBegin),
        (&c, Position::BeforeEnd),
        (&c, Position::AfterEnd),
        (&title, Position::BeforeBegin),
        (&title, Position::AfterEnd),
    ] {
        let moved = taskade.client.move_task(&project, &a, target, position).await;
        assert_eq!(kind(moved), Kind::Refused, "{position:?}");
    }
    assert_eq!(taskade.tree(&project).await, "a\n  b\n    c");
}

pub(super) async fn a_deletion_takes_the_subtree_and_comes_once(taskade: &Taskade) {
    let project = taskade.plan("a\n  b\n    c\nd").await;
    let (a, c) = (taskade.id(&project, "a").await, taskade.id(&project, "c").await);
    taskade.client.delete_task(&project, &a).await.unwrap();
    assert_eq!(taskade.tree(&project).await, "d");
    for gone in [&a, &c] {
        assert_eq!(kind(taskade.client.delete_task(&project, gone).await), Kind::NotFound);
    }
}

pub(super) async fn pages_follow_each_other_without_a_gap(taskade: &Taskade) {
    let project = taskade.plan("a\n  b\nc\nd").await;
    let all = taskade.tasks(&project).await;
    for (at, task) in all.iter().enumerate() {
        let after = Some(task.id.as_str());
        let page = taskade.client.read(READ, GetTasks { project: &project, after }).await.unwrap();
        assert_eq!(page.tasks, all[at + 1..]);
        assert_ne!(page.has_more, Some(true));
    }
}

pub(super) async fn every_task_is_listed_once_however_many_there_are(taskade: &Taskade) {
    // Around the length of a page, and at a multiple of it.
    for count in [998, 999, 1000, 1999] {
        let lines: Vec<String> = (0..count).map(|number| format!("task {number}")).collect();
        let project = taskade.plan(&lines.join("\n")).await;
        let tasks = taskade.tasks(&project).await;
        let listed: Vec<&str> = tasks[1..].iter().map(|task| task.text.as_str()).collect();
        assert_eq!(listed, lines, "{count}");
        let ids: HashSet<&str> = tasks.iter().map(|task| task.id.as_str()).collect();
        assert_eq!(ids.len(), count + 1);
    }
}
