//! Deleting a medium. Whatever became of the request before, another one does no harm: there is no
//! medium then, which is what was wanted.

use crate::{
    api::endpoints::DeleteMedia,
    error::{Error, Kind, Result},
    ids::MediaId,
    store::operations::Operation,
    sync::engine::Engine,
};

/// Deletes it.
///
/// # Errors
/// What the service refuses with, or what came in the way.
pub(super) async fn delete(engine: &Engine, operation: &Operation) -> Result<()> {
    let media = operation.subject.as_deref().map(MediaId::new);
    let media = media.ok_or_else(|| Error::new(Kind::Invalid, "no medium is named"))?;
    engine.backend.write(DeleteMedia { media: &media }).await?;
    engine.listings.remove_media(&operation.space, &media);
    let files = engine.media_files.clone();
    // Fails only while the runtime goes.
    let _ = tokio::task::spawn_blocking(move || files.remove(&media)).await;
    Ok(())
}
