//! Why a text cannot be a project, and where.

use std::{error, fmt};

use crate::error::{Error, Kind};

/// A text that cannot be a project: nothing of it may be saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The 1-based number of the source line to look at.
    pub line: usize,
    /// What is wrong with it and what to write instead, without a final full stop.
    pub reason: String,
}

impl Refusal {
    pub(super) fn new(line: usize, reason: impl Into<String>) -> Self {
        Self { line, reason: reason.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

impl error::Error for Refusal {}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Error::new(Kind::Invalid, refusal.to_string())
    }
}
