//! What programs want of media, and how it stands with that.

use std::sync::Arc;

use crate::{
    error::Result,
    ids::{MediaId, SpaceId},
    replica::served::GRACE,
    store::operations::{Operation, OperationKind},
    sync::{
        engine::Engine,
        operation::{transition, worker},
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
    let (kind, subject) = (OperationKind::DeleteMedia, Some(media.as_str().to_owned()));
    let new = Operation::new(kind, space, path, engine.clock.wall());
    // One that was refused is tried again by this one.
    let refused = deletion_of(engine, media).filter(|it| it.refusal.is_some());
    let deletion = transition::add(engine, Operation { subject, ..new }, GRACE).await?;
    worker::wake(engine, &deletion.lane());
    match refused {
        Some(refused) => transition::remove(engine, refused.row).await,
        None => Ok(()),
    }
}

/// The deletion of a medium that is to be done, or was refused.
pub(crate) fn deletion_of(engine: &Engine, media: &MediaId) -> Option<Operation> {
    engine.operations.find(|it| {
        it.kind == OperationKind::DeleteMedia && it.subject.as_deref() == Some(media.as_str())
    })
}

/// Whether a medium is about to be deleted, and shown no longer.
pub(crate) fn is_going(engine: &Engine, media: &MediaId) -> bool {
    deletion_of(engine, media).is_some_and(|deletion| deletion.refusal.is_none())
}
