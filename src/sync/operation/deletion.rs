//! Deletions: how those of media are journaled, and what settles one that was refused.

use crate::{
    error::Result,
    ids::{MediaId, SpaceId},
    replica::served::GRACE,
    store::operations::{Operation, OperationKind},
    sync::{engine::Engine, operation::transition},
};

/// Journals that a medium is to be deleted, once the grace of removals is over; whoever works in its lane is
/// to be woken. `None` if it is about to be deleted anyway.
///
/// # Errors
/// If it cannot be journaled.
pub(super) async fn stage(
    engine: &Engine,
    space: &SpaceId,
    media: &MediaId,
    path: String,
) -> Result<Option<Operation>> {
    let known = deletion_of(engine, media);
    if known.as_ref().is_some_and(|it| it.refusal.is_none()) {
        return Ok(None);
    }
    let (kind, subject) = (OperationKind::DeleteMedia, Some(media.as_str().to_owned()));
    let new = Operation::new(kind, space, path, engine.clock.wall());
    let deletion = transition::add(engine, Operation { subject, ..new }, GRACE).await?;
    // One that was refused is tried again by this one.
    if let Some(refused) = known {
        transition::remove(engine, refused.row).await?;
    }
    Ok(Some(deletion))
}

/// Deletions that were refused, of what a listing has no longer: nothing is left to be settled.
///
/// # Errors
/// If the journal cannot note it.
pub(crate) async fn settle_gone(
    engine: &Engine,
    kind: OperationKind,
    space: &SpaceId,
    is_listed: impl Fn(&str) -> bool,
) -> Result<()> {
    let is_gone = |it: &Operation| {
        it.kind == kind
            && it.space == *space
            && it.refusal.is_some()
            && !it.subject.as_deref().is_some_and(&is_listed)
    };
    for deletion in engine.operations.all().into_iter().filter(is_gone) {
        transition::remove(engine, deletion.row).await?;
    }
    Ok(())
}

/// Where a file is below the directory of its space.
pub(crate) fn path_of(name: &str) -> String {
    format!(".taskade/media/{name}")
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
