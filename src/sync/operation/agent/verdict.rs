//! Waiting for what becomes of an operation: whoever closes a file is told, if it comes in time.

use crate::{
    error::{Error, Result},
    sync::{engine::Engine, presence},
};

/// Waits until an operation is done or refused, but no longer than `--commit-wait`, and not for a service
/// that is gone: it is in the journal.
///
/// # Errors
/// What it was refused with.
pub(crate) async fn verdict(engine: &Engine, row: i64) -> Result<()> {
    let mut changes = engine.operations.subscribe();
    let wait = engine.clock.sleep(engine.settings.commit_wait);
    tokio::pin!(wait);
    loop {
        match engine.operations.get(row) {
            None => return Ok(()),
            Some(operation) => {
                if let Some(refusal) = operation.refusal {
                    return Err(Error::new(refusal.kind, refusal.reason));
                }
            }
        }
        tokio::select! {
            _ = changes.changed() => {}
            () = presence::departure(engine) => return Ok(()),
            () = &mut wait => return Ok(()),
        }
    }
}
