//! What the last commit of an open file came to, and what its later closes are told of it.
//!
//! A program may ignore what `fsync` says, and every descriptor that it has of the file is closed
//! once: each of them hears that the text was refused, until the handle commits another one.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Vfs, handle::Writer};
use crate::{
    error::{Error, Result},
    plan::Outline,
};

/// What the last commit of a handle came to; nothing before the first.
#[derive(Debug, Default)]
pub(crate) struct Outcome(Mutex<Option<Result<Option<Arc<Outline>>>>>);

impl Outcome {
    /// Notes what a commit came to, and which outline it saved.
    pub(crate) fn note(&self, outline: Option<Arc<Outline>>, result: &Result<()>) {
        let result = result.clone().map(|()| outline);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
    }

    fn last(&self) -> Option<Result<Option<Arc<Outline>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Vfs {
    /// What is to be told of a handle when nothing of it is to be committed now.
    ///
    /// # Errors
    /// The refusal of what it committed last, also one that came after the commit was waited for.
    pub(crate) fn last_outcome(&self, writer: &Writer) -> Result<()> {
        match writer.outcome.last() {
            None | Some(Ok(None)) => Ok(()),
            Some(Err(error)) => Err(error),
            Some(Ok(Some(saved))) => {
                let refusal: Option<Error> = writer.project.refusal_of(&saved);
                refusal.map_or(Ok(()), Err)
            }
        }
    }
}
