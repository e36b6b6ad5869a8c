//! What is known of a program's own save for a while: until when it is served what it wrote, and what
//! that was edited from. Pure.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

use crate::plan::Outline;

/// What a text was edited from that a program saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edited {
    pub(crate) outline: Arc<Outline>,
    /// Whether it was added to a save that waited.
    pub(crate) is_added: bool,
    /// When it was saved, which tells it from other saves of that program.
    pub(crate) since: SystemTime,
}

/// The name of a file: the key of its directory, and its own.
pub(crate) type FilePath = (Arc<str>, Arc<str>);

/// Closer than this two ends of a grace are one.
pub(crate) const ROUGHLY: Duration = Duration::from_millis(20);

/// Until when a program that has just saved is served what it saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Grace {
    pub(crate) until: SystemTime,
    /// The time of last change that it is told meanwhile.
    pub(crate) modified: SystemTime,
}

impl Grace {
    /// Whether two say the same, but for what an instant takes to be told as a time of day.
    pub(crate) fn is_about(one: Option<Self>, other: Option<Self>) -> bool {
        let apart = |one: SystemTime, other: SystemTime| {
            one.duration_since(other).unwrap_or_else(|error| error.duration())
        };
        match (one, other) {
            (Some(one), Some(other)) => {
                one.modified == other.modified && apart(one.until, other.until) < ROUGHLY
            }
            (None, None) => true,
            _ => false,
        }
    }
}
