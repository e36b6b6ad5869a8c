//! How the last save of an open file went.

use std::sync::{Arc, Mutex, PoisonError};

use crate::{error::Result, plan::Outline};

/// What the last commit of a handle came to; nothing before the first.
#[derive(Debug, Default)]
pub(crate) struct Outcome(Mutex<Option<Result<Option<Arc<Outline>>>>>);

impl Outcome {
    /// Notes what a commit came to, and which outline it saved.
    pub(crate) fn note(&self, outline: Option<Arc<Outline>>, result: &Result<()>) {
        let result = result.clone().map(|()| outline);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
    }

    pub(crate) fn last(&self) -> Option<Result<Option<Arc<Outline>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
