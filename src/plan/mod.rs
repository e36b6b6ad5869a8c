//! From what a program saved to the fewest requests that make Taskade agree. Pure.
//!
//! ```text
//! align(base, lines)        → ours      who is who: every wanted line gets a key
//! merge(base, ours, theirs) → wanted    three-way, by task and by property
//! script(theirs, wanted)    → ops       the minimal edit script
//! apply(theirs, ops)        = wanted    the law that ties them together
//! ```

pub(crate) mod agents;
mod align;
mod apply;
mod details;
mod known;
mod listing;
mod merge;
mod moves;
mod outline;
mod script;
#[cfg(test)]
pub(crate) mod tests;
mod union;
mod waves;

pub(crate) use self::align::recognise;
pub use self::{
    align::{Wanted, align, resembles},
    apply::{ApplyError, apply},
    details::{Change, Details, TaskDetails},
    known::{Known, PartialMap},
    listing::{Listing, OnlyRoot, Title},
    merge::{Conflict, Merged, merge},
    script::script,
};
use serde::{Deserialize, Serialize};

use crate::{
    ids::TaskId,
    model::{Position, Spelled},
};

/// Names a task that the service knows, or one that is still to be created.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Key {
    /// A task with an id.
    Known(TaskId),
    /// A task to be created; the number is unique in its outline.
    New(u32),
}

/// One task of an outline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Who it is.
    pub key: Key,
    /// Levels below the title: 0 is top level. At most one more than the item before.
    pub depth: usize,
    /// Its text.
    pub text: String,
    /// Whether it is done.
    pub done: bool,
    /// What else is known of it. Nothing is unknown of a task that is still to be created.
    #[serde(default, skip_serializing_if = "Details::is_unknown")]
    pub details: Details,
    /// How its line begins. Two items are equal whatever it is, and no script changes it.
    #[serde(default, skip_serializing_if = "Spelled::is_unknown")]
    pub spelled: Spelled,
}

/// The tasks of a project in outline order, parents before children, without the title node.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Outline {
    /// The tasks. The first has depth 0; no depth exceeds the one before by more than one.
    pub items: Vec<Item>,
}

/// Where a task is put.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// What it is placed by; `None` is the project itself (only in creates, with `AfterBegin`
    /// or `BeforeEnd`).
    pub anchor: Option<Key>,
    /// Where, relative to the anchor.
    pub position: Position,
}

/// One request to the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Op {
    /// Create 1 to [`MAX_BATCH`](crate::model::MAX_BATCH) tasks, applied in order.
    Create(Vec<NewItem>),
    /// Replace a text.
    SetText {
        /// Whose.
        key: Key,
        /// The new text.
        text: String,
    },
    /// Tick or untick.
    SetDone {
        /// Whose box.
        key: Key,
        /// Ticked?
        done: bool,
    },
    /// Change something else about a task.
    Detail {
        /// Which.
        key: Key,
        /// What.
        change: Change,
    },
    /// Move a task with its subtree.
    Move {
        /// Which.
        key: Key,
        /// Where to.
        to: Placement,
    },
    /// Delete a task with its subtree.
    Delete {
        /// Which.
        key: Key,
    },
}

/// A task to be created: always un-done, since the service creates no done tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewItem {
    /// The key that later operations name it by.
    pub key: Key,
    /// Its text.
    pub text: String,
    /// Where it goes.
    pub to: Placement,
    /// How its line begins, which is not sent.
    #[serde(default, skip_serializing_if = "Spelled::is_unknown")]
    pub spelled: Spelled,
}
