//! The copies of refused texts in `rejected/`, and the journal's rows of them.

use std::sync::Arc;

use crate::{
    error::Result,
    replica::{identity::RefusedOf, rejection::Refusal},
    store::artifacts::{Records, Shelf},
    sync::{engine::Engine, project::Project},
};

/// Writes the copies where it may block.
pub(crate) async fn copy_refused_aside(engine: &Engine, project: &Project) {
    let (records, copies) = (engine.records.clone(), copies_of(project));
    // Fails only while the runtime goes: the next mount writes them.
    let _ = tokio::task::spawn_blocking(move || write_copies(&records, &copies)).await;
}

/// Notes the id that a project has by now with what was refused of it.
pub(crate) async fn identify_refused(engine: &Engine, project: &Project) {
    let refused = {
        let state = project.lock();
        state.refused.clone().map(|refused| (RefusedOf::of(&state), refused))
    };
    let Some((of, refused)) = refused.filter(|(_, refused)| refused.row.is_some()) else {
        return;
    };
    let noted = engine.journaled(move |journal| journal.put_refused(&of, &refused));
    if let Err(error) = noted.await {
        tracing::error!(%error, "a refused text is not known to be of a new project");
    }
}

/// Removes the copies of what is refused of a project, which is about to be settled. The row of
/// a text that was refused here: the journal forgets it in the transaction that settles it.
/// The caller holds `project.commit`.
pub(crate) async fn uncopy_refused(engine: &Engine, project: &Project) -> Option<i64> {
    let (row, files) = {
        let state = project.lock();
        let there = state.saved.as_ref().and_then(|saved| saved.refused.as_ref());
        let here = state.refused.as_ref();
        let files = there.into_iter().chain(here.map(|refused| &refused.refusal));
        let files: Vec<String> = files.map(|refusal| refusal.file.clone()).collect();
        (here.and_then(|refused| refused.row), files)
    };
    if !files.is_empty() {
        let records = engine.records.clone();
        let removed = engine.journaled(move |_| {
            files.iter().try_for_each(|file| records.remove(Shelf::Rejected, file))
        });
        if let Err(error) = removed.await {
            tracing::warn!(%error, "the copy of a settled text is still there");
        }
    }
    row
}

/// What was refused of a project is settled, and nothing takes its place. The caller holds
/// `project.commit`.
pub(crate) async fn settle_refused(engine: &Engine, project: &Project) -> Result<()> {
    match uncopy_refused(engine, project).await {
        Some(row) => engine.journaled(move |journal| journal.remove_refused(row)).await,
        None => Ok(()),
    }
}

/// The texts that are refused of a project, each with its name and reason in `rejected/`.
pub(crate) fn copies_of(project: &Project) -> Vec<(Arc<[u8]>, String, String)> {
    let state = project.lock();
    let here = state.refused.iter().map(|refused| (&refused.text, &refused.refusal));
    let there = state
        .saved
        .iter()
        .filter_map(|saved| saved.refused.as_ref().map(|refusal| (&saved.text, refusal)));
    let copy = |(text, refusal): (&Arc<[u8]>, &Refusal)| {
        (text.clone(), refusal.file.clone(), refusal.in_words(state.id.as_ref()))
    };
    here.chain(there).map(copy).collect()
}

/// Writes the copies of what is refused of a project, as the journal says they are there.
pub(crate) fn write_copies(records: &Records, copies: &[(Arc<[u8]>, String, String)]) {
    for (text, file, reason) in copies {
        if let Err(error) = records.write(Shelf::Rejected, file, text, reason) {
            tracing::warn!(%error, "no copy of a refused text");
        }
    }
}
