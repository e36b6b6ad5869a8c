//! Writing down in the journal how far a save has come.

use crate::{
    error::Result,
    replica::state::Replica,
    store::journal::{Entry, entry},
    sync::{engine::Engine, project::Project},
};

pub(crate) fn journal_entry(state: &Replica) -> Option<Entry> {
    let intent = state.intent.as_ref()?;
    let content = state.accepted()?;
    Some(entry(state, &content.text, &state.resolved(&content.outline), intent))
}

pub(crate) async fn note(engine: &Engine, project: &Project, entry: Option<Entry>) -> Result<()> {
    if let Some(entry) = entry {
        let row = engine.journaled(move |journal| journal.put(&entry)).await?;
        project.lock().row = Some(row);
    }
    Ok(())
}
