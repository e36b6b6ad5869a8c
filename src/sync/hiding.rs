//! Which projects are archived, in listings and on disk.

use crate::{
    error::Result,
    ids::ProjectId,
    sync::{engine::Engine, event::Event},
};

/// Hides a project from listings, or shows it again, across remounts.
pub(crate) async fn hide(engine: &Engine, id: &ProjectId, hidden: bool) -> Result<()> {
    engine.listings.set_archived(id, hidden);
    if let Some(project) = engine.known(id) {
        engine.emit(Event::Directory(Some(project.folder())));
    }
    let id = id.clone();
    engine.journaled(move |journal| journal.set_archived(&id, hidden)).await
}
