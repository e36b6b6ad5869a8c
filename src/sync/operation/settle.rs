//! Settling operations that were refused: trying again, and giving up.

use std::sync::Arc;

use crate::{
    error::{Error, Kind, Result},
    store::operations::Operation,
    sync::{
        engine::Engine,
        operation::{transition, worker},
        upload::discard::LISTED,
    },
};

/// Tries an operation again that was refused.
///
/// # Errors
/// [`Kind::NotFound`] if it was not, otherwise if the journal cannot note it.
pub(crate) async fn retry(engine: &Arc<Engine>, operation: &Operation) -> Result<()> {
    check_refused(operation)?;
    let changed = transition::change(engine, operation.row, |it| it.refusal = None).await?;
    if let Some(operation) = changed {
        worker::wake(engine, &operation.lane());
    }
    Ok(())
}

/// Gives an operation up that was refused.
///
/// # Errors
/// [`Kind::NotFound`] if it was not, otherwise if the journal cannot note it.
pub(crate) async fn discard(engine: &Engine, operation: &Operation) -> Result<()> {
    check_refused(operation)?;
    transition::remove(engine, operation.row).await?;
    engine.local_medias.settle(&operation.space, operation.row, None);
    Ok(())
}

fn check_refused(operation: &Operation) -> Result<()> {
    match operation.refusal {
        Some(_) => Ok(()),
        None => Err(Error::new(Kind::NotFound, "nothing was refused")
            .at(operation.path.clone())
            .hint(LISTED)),
    }
}
