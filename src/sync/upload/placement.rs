//! A project on its way to another place, as listings and the journal have it.

use crate::{
    error::Result,
    replica::relocation::Relocation,
    sync::{engine::Engine, event::Event, project::Project, transition::Transition},
};

/// Notes, durably, how far a relocation has come.
pub(crate) async fn note_relocation(
    engine: &Engine,
    project: &Project,
    change: impl FnOnce(&mut Relocation),
) -> Result<()> {
    let mut next = Transition::begin(engine, project).await;
    next.relocation_mut().map(change);
    next.commit().await
}

/// Notes in memory what was read, or is not news any more, of the projects that a relocation involves.
pub(crate) async fn note_in_memory(
    engine: &Engine,
    project: &Project,
    change: impl FnOnce(&mut Relocation),
) {
    let mut next = Transition::begin(engine, project).await;
    next.relocation_mut().map(change);
    next.keep_in_memory();
}

/// Has the listings show a project where it is to be.
pub(crate) fn show_relocation(engine: &Engine, project: &Project) {
    let (id, relocation) = {
        let state = project.lock();
        (state.id().cloned(), state.relocation().cloned())
    };
    let Some(relocation) = relocation else { return };
    relocation.hidden().for_each(|id| engine.listings.show_at(id, None));
    if let Some(id) = id {
        engine.listings.show_at(&id, Some(relocation.to().clone()));
    }
}

/// The listings are right again about a project.
pub(crate) fn unshow_relocation(engine: &Engine, project: &Project, relocation: &Relocation) {
    for id in project.id().iter().chain(relocation.hidden()) {
        engine.listings.show_as_listed(id);
    }
    for place in [relocation.from(), relocation.to()] {
        engine.emit(Event::Directory(Some(place.folder.clone())));
    }
}
