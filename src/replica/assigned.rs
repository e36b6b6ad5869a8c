//! Who does a task, as far as it was told. Pure.

use std::time::Instant;

/// Who does a task, also those whom a line cannot show, and when that was told.
#[derive(Debug, Clone)]
pub(crate) struct Assigned {
    pub(crate) read: Instant,
    pub(crate) handles: Vec<String>,
}
