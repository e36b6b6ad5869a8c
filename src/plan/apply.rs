//! What a request does to an outline: the service's own semantics, as far as they are known.

use std::{collections::HashSet, error, fmt};

use super::{Details, Item, Key, NewItem, Op, Outline, Placement};
use crate::model::{MAX_BATCH, Position};

/// Why the service would refuse an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApplyError {
    /// The task, or the anchor, does not exist (or is created only by the same batch).
    Unknown(Key),
    /// A task with this key exists already.
    Exists(Key),
    /// A batch is empty or longer than [`MAX_BATCH`].
    BatchSize(usize),
    /// The project itself can only be an anchor of creates, with `AfterBegin` or `BeforeEnd`.
    ProjectAnchor,
    /// A task cannot be moved next to itself, into itself or into its own descendant.
    OwnSubtree(Key),
    /// The box is in that state already.
    AlreadySo(Key),
}

impl fmt::Display for ApplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(key) => write!(f, "no task {key:?}"),
            Self::Exists(key) => write!(f, "task {key:?} exists already"),
            Self::BatchSize(size) => write!(f, "{size} tasks in one request, not 1 to {MAX_BATCH}"),
            Self::ProjectAnchor => f.write_str("the project cannot be the anchor of this"),
            Self::OwnSubtree(key) => write!(f, "task {key:?} cannot be moved into itself"),
            Self::AlreadySo(key) => write!(f, "the box of task {key:?} is in that state already"),
        }
    }
}

impl error::Error for ApplyError {}

/// Does to `outline` what the service does for `op`. A new task keeps its [`Key::New`] until
/// [`Outline::resolve`]. On an error nothing has changed.
///
/// Batches apply in order; a move carries the subtree; a delete removes it; ticking what is
/// ticked is refused. All of this is seen in public clients of the service.
pub fn apply(outline: &mut Outline, op: &Op) -> Result<(), ApplyError> {
    match op {
        Op::Create(batch) => create(outline, batch),
        Op::SetText { key, text } => {
            let index = position(outline, key)?;
            outline.items[index].text.clone_from(text);
            Ok(())
        }
        Op::SetDone { key, done } => {
            let index = position(outline, key)?;
            if outline.items[index].done == *done {
                return Err(ApplyError::AlreadySo(key.clone()));
            }
            outline.items[index].done = *done;
            Ok(())
        }
        Op::Detail { key, change } => {
            let index = position(outline, key)?;
            outline.items[index].details.apply(change);
            Ok(())
        }
        Op::Move { key, to } => relocate(outline, key, to),
        Op::Delete { key } => {
            let index = position(outline, key)?;
            let end = subtree_end(outline, index);
            outline.items.drain(index..end);
            Ok(())
        }
    }
}

fn create(outline: &mut Outline, batch: &[NewItem]) -> Result<(), ApplyError> {
    if batch.is_empty() || batch.len() > MAX_BATCH {
        return Err(ApplyError::BatchSize(batch.len()));
    }
    let mut keys = HashSet::new();
    for item in batch {
        if !keys.insert(&item.key) || position(outline, &item.key).is_ok() {
            return Err(ApplyError::Exists(item.key.clone()));
        }
        destination(outline, &item.to)?;
    }
    for item in batch {
        let (index, depth) = destination(outline, &item.to)?;
        let (key, text) = (item.key.clone(), item.text.clone());
        let details = Details::none();
        let item = Item { key, depth, text, done: false, details, spelled: item.spelled };
        outline.items.insert(index, item);
    }
    Ok(())
}

fn relocate(outline: &mut Outline, key: &Key, to: &Placement) -> Result<(), ApplyError> {
    let index = position(outline, key)?;
    let end = subtree_end(outline, index);
    let anchor = position(outline, to.anchor.as_ref().ok_or(ApplyError::ProjectAnchor)?)?;
    if (index..end).contains(&anchor) {
        return Err(ApplyError::OwnSubtree(key.clone()));
    }
    let old_depth = outline.items[index].depth;
    let block: Vec<Item> = outline.items.drain(index..end).collect();
    let (index, depth) = destination(outline, to)?;
    let lifted =
        block.into_iter().map(|item| Item { depth: (item.depth - old_depth) + depth, ..item });
    outline.items.splice(index..index, lifted);
    Ok(())
}

fn position(outline: &Outline, key: &Key) -> Result<usize, ApplyError> {
    let found = outline.items.iter().position(|item| item.key == *key);
    found.ok_or_else(|| ApplyError::Unknown(key.clone()))
}

fn subtree_end(outline: &Outline, index: usize) -> usize {
    let depth = outline.items[index].depth;
    let below = outline.items[index + 1..].iter().take_while(|item| item.depth > depth);
    index + 1 + below.count()
}

/// The index and the depth that a task placed so gets.
fn destination(outline: &Outline, to: &Placement) -> Result<(usize, usize), ApplyError> {
    let Some(anchor) = &to.anchor else {
        return match to.position {
            Position::AfterBegin => Ok((0, 0)),
            Position::BeforeEnd => Ok((outline.items.len(), 0)),
            Position::BeforeBegin | Position::AfterEnd => Err(ApplyError::ProjectAnchor),
        };
    };
    let index = position(outline, anchor)?;
    let depth = outline.items[index].depth;
    Ok(match to.position {
        Position::BeforeBegin => (index, depth),
        Position::AfterBegin => (index + 1, depth + 1),
        Position::BeforeEnd => (subtree_end(outline, index), depth + 1),
        Position::AfterEnd => (subtree_end(outline, index), depth),
    })
}
