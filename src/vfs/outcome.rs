//! What the last commit of an open file came to, and what its later closes are told of it.
//!
//! A program may ignore what `fsync` says, and every descriptor that it has of the file is closed
//! once: each of them hears that the text was refused, until the handle commits another one.

use crate::{
    error::{Error, Result},
    vfs::tree::handles::Writer,
};

/// What is to be told of a handle when nothing of it is to be committed now.
///
/// # Errors
/// The refusal of what it committed last, also one that came after the commit was waited for.
pub(crate) fn last_outcome(writer: &Writer) -> Result<()> {
    match writer.outcome.last() {
        None | Some(Ok(None)) => Ok(()),
        Some(Err(error)) => Err(error),
        Some(Ok(Some(saved))) => {
            let rejection: Option<Error> = writer.project.rejection_of(&saved);
            rejection.map_or(Ok(()), Err)
        }
    }
}
