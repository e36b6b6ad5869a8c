//! The grace of a save: until when its program is served what it wrote. Pure.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

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
