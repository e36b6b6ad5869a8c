//! From the service's listing of a project to an outline.

use std::collections::{HashMap, hash_map::Entry};

use super::{Details, Item, Key, Outline, outline::preorder};
use crate::{ids::TaskId, model::RemoteTask};

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
    /// The title node is the first task, has no parent, and is the parent of the top level
    /// (public clients see it so); whether it can be missing is unknown. A first task without a
    /// parent is taken for it if its text is the project's name, or if no other task is without
    /// a parent and `only_root` says that such a one is the title.
    ///
    /// The service lists parents before children, but nothing here relies on it: a child that
    /// is listed away from its parent becomes the last one before the next in listing order, an
    /// unknown parent is the top level, of equal ids the first counts, and a circle of parents
    /// is cut at its first task.
    pub fn from_listing(tasks: &[RemoteTask], project_name: &str, only_root: OnlyRoot) -> Listing {
        let title = tasks.first().filter(|first| {
            is_named(first, project_name)
                || (only_root == OnlyRoot::IsTitle && has_only_root(tasks))
        });
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

/// What the first task of a listing is if it has another text than the project's name, and all
/// others have a parent: the title of a project that was just renamed, or a task, where the
/// service lists no titles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnlyRoot {
    /// It is the title.
    IsTitle,
    /// It is a task.
    IsTask,
}

impl OnlyRoot {
    /// Whether it matters for a listing. False also where the listing tells by itself.
    pub fn matters(tasks: &[RemoteTask], project_name: &str) -> bool {
        tasks.first().is_some_and(|first| !is_named(first, project_name)) && has_only_root(tasks)
    }
}

/// Whether a task is the title by its text, which may be marked up where the name is not.
fn is_named(task: &RemoteTask, project_name: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let (text, name) = (task.text.trim(), project_name.trim());
    let is_same = text == name || (letters(text) == letters(name) && !letters(name).is_empty());
    task.parent.is_none() && is_same
}

fn has_only_root(tasks: &[RemoteTask]) -> bool {
    let Some(first) = tasks.first() else { return false };
    let others = tasks.iter().filter(|task| task.id != first.id);
    first.parent.is_none() && others.clone().all(|task| task.parent.is_some())
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
        let RemoteTask { id, text, completed, spelled, .. } = listed[index];
        let (key, details) = (Key::Known(id.clone()), Details::default());
        let (text, done, spelled) = (text.clone(), *completed, *spelled);
        Item { key, depth, text, done, details, spelled }
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
