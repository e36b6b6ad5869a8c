//! From the service's listing of a project to an outline.

use std::collections::{HashMap, hash_map::Entry};

use super::{Item, Key, Outline, outline::preorder};
use crate::{api::RemoteTask, ids::TaskId};

/// The node that carries a project's title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title {
    /// Its id. Never to be moved or deleted.
    pub id: TaskId,
    /// The title.
    pub text: String,
}

/// A project as listed: its title node, where it has one, and its tasks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// The title node.
    pub title: Option<Title>,
    /// The tasks below it.
    pub outline: Outline,
}

impl Outline {
    /// Reads a complete listing leniently: every task is in the result exactly once.
    ///
    /// The first task is the title node if it has no parent and either no other task is without
    /// one or its text is the project's name. (Public clients see the title first, without a
    /// parent, and as the parent of the top level; whether it can be missing is unknown.)
    ///
    /// The service lists parents before children, but nothing here relies on it: a child that
    /// is listed away from its parent becomes the last one before the next in listing order, an
    /// unknown parent is the top level, of equal ids the first counts, and a circle of parents
    /// is cut at its first task.
    pub fn from_listing(tasks: &[RemoteTask], project_name: &str) -> Listing {
        let title = tasks.first().filter(|first| is_title(first, tasks, project_name));
        let mut positions: HashMap<&TaskId, usize> = HashMap::with_capacity(tasks.len());
        let mut listed: Vec<&RemoteTask> = Vec::with_capacity(tasks.len());
        for task in tasks {
            if title.is_some_and(|title| title.id == task.id) {
                continue;
            }
            if let Entry::Vacant(vacant) = positions.entry(&task.id) {
                vacant.insert(listed.len());
                listed.push(task);
            }
        }
        let mut parents: Vec<Option<usize>> = listed
            .iter()
            .map(|task| task.parent.as_ref().and_then(|parent| positions.get(parent).copied()))
            .collect();
        cut_circles(&mut parents);
        let outline = Outline { items: in_outline_order(&listed, &parents) };
        let title = title.map(|title| Title { id: title.id.clone(), text: title.text.clone() });
        Listing { title, outline }
    }
}

fn is_title(first: &RemoteTask, tasks: &[RemoteTask], project_name: &str) -> bool {
    let others_have_parents =
        || tasks.iter().filter(|task| task.id != first.id).all(|task| task.parent.is_some());
    first.parent.is_none() && (first.text.trim() == project_name.trim() || others_have_parents())
}

fn in_outline_order(listed: &[&RemoteTask], parents: &[Option<usize>]) -> Vec<Item> {
    let mut top = Vec::new();
    let mut children = vec![Vec::new(); listed.len()];
    for (index, parent) in parents.iter().enumerate() {
        match parent {
            Some(parent) => children[*parent].push(index),
            None => top.push(index),
        }
    }
    let item = |(index, depth): (usize, usize)| {
        let RemoteTask { id, text, completed, .. } = listed[index];
        Item { key: Key::Known(id.clone()), depth, text: text.clone(), done: *completed }
    };
    preorder(&top, |node| &children[node]).into_iter().map(item).collect()
}

/// Puts the first member of every circle of parents at the top level.
fn cut_circles(parents: &mut [Option<usize>]) {
    // The walk that saw each task first; 0 is none.
    let mut walks = vec![0; parents.len()];
    for start in 0..parents.len() {
        let walk = start + 1;
        let mut next = Some(start);
        while let Some(node) = next.filter(|&node| walks[node] == 0) {
            walks[node] = walk;
            next = parents[node];
        }
        if let Some(member) = next.filter(|&node| walks[node] == walk) {
            parents[first_of_circle(parents, member)] = None;
        }
    }
}

fn first_of_circle(parents: &[Option<usize>], member: usize) -> usize {
    let around = std::iter::successors(parents[member], |&node| parents[node]);
    around.take_while(|&node| node != member).fold(member, usize::min)
}
