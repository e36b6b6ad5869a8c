//! Which projects are archived, in listings and on disk.

use crate::{
    error::Result,
    ids::ProjectId,
    sync::{engine::Engine, event::Event},
};

/// Hides a project from listings, or shows it again, across remounts.
///
/// # Errors
/// If the journal cannot note it: then it is as it was.
pub(crate) async fn hide(engine: &Engine, id: &ProjectId, hidden: bool) -> Result<()> {
    let noted = id.clone();
    engine.journaled(move |journal| journal.set_archived(&noted, hidden)).await?;
    show_hidden(engine, id, hidden);
    Ok(())
}

/// Hides a project, or shows it again, of which the journal has noted that.
pub(crate) fn show_hidden(engine: &Engine, id: &ProjectId, hidden: bool) {
    engine.listings.set_archived(id, hidden);
    if let Some(project) = engine.known(id) {
        engine.emit(Event::Directory(Some(project.folder())));
    }
}
