//! A project on its way to another place, as listings and the journal have it.

use crate::{
    error::Result,
    replica::{
        pending::PendingSave,
        relocation::{Place, Relocation},
        state::Replica,
    },
    store::journal::{self, Entry},
    sync::{engine::Engine, event::Event, project::Project, read::residency, upload::journaling},
};

/// Notes, durably, how far a relocation has come.
pub(crate) async fn note_relocation(
    engine: &Engine,
    project: &Project,
    change: impl FnOnce(&mut Relocation),
) -> Result<()> {
    let _transition = project.commit.lock().await;
    let entry = {
        let state = residency::recalled(engine, project);
        let Some(mut intent) = state.intent.clone() else { return Ok(()) };
        let former = intent.relocation.clone();
        intent.relocation.as_mut().map(change);
        if intent.relocation == former {
            return Ok(());
        }
        standing_entry(&state, &intent)
    };
    let relocation = entry.intent.relocation.clone();
    journaling::note(engine, project, Some(entry)).await?;
    if let Some(intent) = project.lock().intent.as_mut() {
        intent.relocation = relocation;
    }
    Ok(())
}

/// The journal entry of a project as it is, with another intent.
pub(crate) fn standing_entry(state: &Replica, intent: &PendingSave) -> Entry {
    let (text, outline) =
        state.content().map(|content| (content.text, content.outline)).unwrap_or_default();
    let entry = journal::entry(state, &text, &state.resolved(&outline), intent);
    match &intent.relocation {
        Some(relocation) if state.saved.is_none() => Entry { since: relocation.since, ..entry },
        _ => entry,
    }
}

/// Has the listings show a project where it is to be.
pub(crate) fn show_relocation(engine: &Engine, project: &Project) {
    let (id, relocation) = {
        let state = project.lock();
        (state.id.clone(), state.intent.as_ref().and_then(|it| it.relocation.clone()))
    };
    let Some(relocation) = relocation else { return };
    relocation.hidden().for_each(|id| engine.listings.show_at(id, None));
    if let Some(id) = id {
        engine.listings.show_at(&id, Some(relocation.to));
    }
}

/// The listings are right again about a project.
pub(crate) fn unshow_relocation(engine: &Engine, project: &Project, relocation: &Relocation) {
    for id in project.id().iter().chain(relocation.hidden()) {
        engine.listings.show_as_listed(id);
    }
    for place in [&relocation.from, &relocation.to] {
        engine.emit(Event::Directory(Some(place.folder.clone())));
    }
}

/// Shows a project at a place.
pub(crate) fn show(state: &mut Replica, place: &Place) {
    place.title.clone_into(&mut state.title);
    state.folder = place.folder.clone();
}
