//! What programs want of media.

use std::sync::Arc;

use crate::{
    error::Result,
    ids::{MediaId, SpaceId},
    sync::{
        engine::Engine,
        operation::{deletion, worker},
    },
};

/// Journals that a medium is to be deleted, once the grace of removals is over. `path` is where its
/// file is below the directory of the space. It is hidden from now on.
///
/// # Errors
/// If it cannot be journaled.
pub(crate) async fn remove(
    engine: &Arc<Engine>,
    space: &SpaceId,
    media: &MediaId,
    path: String,
) -> Result<()> {
    if let Some(deletion) = deletion::stage(engine, space, media, path).await? {
        worker::wake(engine, &deletion.lane());
    }
    Ok(())
}
