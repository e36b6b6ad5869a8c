//! Writing down in the journal how far a save has come.

use crate::{
    error::Result,
    store::journal::entry,
    sync::{engine::Engine, project::Project},
};

pub(crate) fn journal_entry(
    _engine: &Engine,
    state: &crate::replica::state::State,
) -> Option<crate::store::journal::Entry> {
    let intent = state.intent.as_ref()?;
    let content = state.accepted()?;
    Some(entry(state, &content.text, &state.resolved(&content.outline), intent))
}

pub(crate) async fn note(
    engine: &Engine,
    project: &Project,
    entry: Option<crate::store::journal::Entry>,
) -> Result<()> {
    if let Some(entry) = entry {
        let row = engine.journaled(move |journal| journal.put(&entry)).await?;
        project.lock().row = Some(row);
    }
    Ok(())
}
