//! Why a text cannot be a project, and where.

use std::{error, fmt};

use crate::error::{Error, Kind};

/// A text that cannot be a project: nothing of it may be saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// The 1-based number of the source line to look at.
    pub line: usize,
    /// What is wrong with it and what to write instead, without a final full stop.
    pub reason: String,
}

impl ParseError {
    pub(super) fn new(line: usize, reason: impl Into<String>) -> Self {
        Self { line, reason: reason.into() }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

impl error::Error for ParseError {}

impl From<ParseError> for Error {
    fn from(error: ParseError) -> Self {
        Error::new(Kind::Invalid, error.to_string())
    }
}
