//! Restoring: what it comes to that the file of a removed project is back.
//!
//! A restoration is part of the project's intent, journaled before it is promised and sent before
//! anything else of it. An archival that was not sent yet is taken back without a request.

use std::sync::Arc;

use crate::{
    api::Priority,
    error::{Error, Kind, Result},
    plan::{self, Outline, Wanted},
    replica::{pending::PendingSave, served::Seen, state::Content},
    store::removals::Removal,
    sync::{
        engine::Engine,
        hiding,
        project::Project,
        read::{fetch, registry, residency},
        upload::{archive, journaling},
        write::stage::{self, Change},
    },
    text::codec as save,
};

/// What a restoration comes to.
pub(crate) enum Planned {
    /// The archival was never sent. Whether nothing of the project waits any more.
    Recalled {
        is_idle: bool,
    },
    Asked(Content, Box<PendingSave>),
}

/// Has an archived project restored. When this returns it is journaled; the worker is to be
/// started. Which save it is. It undoes this deed, if it is an undo.
///
/// # Errors
/// What reading the project failed with if it was never read, or [`Kind::Storage`].
pub(crate) async fn restore(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    undoes: Option<i64>,
) -> Result<u64> {
    let Some(id) = project.id() else {
        return Err(Error::new(Kind::NotFound, "the project was never created"));
    };
    if residency::content(engine, project).is_none() {
        let _conversation = project.remote.lock().await;
        fetch::fetch(engine, project, Priority::Save).await?;
    }
    let _transition = project.commit.lock().await;
    let planned = {
        let mut state = residency::recalled(engine, project);
        let was_sent = state.archiving;
        if std::mem::take(&mut state.archive) && !was_sent {
            Planned::Recalled { is_idle: state.intent.is_none() }
        } else {
            let content = state.content();
            let content = content.ok_or_else(|| Error::new(Kind::Protocol, "nothing was read"))?;
            let known = state.snapshot.as_ref().map(|known| (*known.outline).clone());
            let known = known.unwrap_or_default();
            let intent = state.intent.clone();
            let mut intent = intent.unwrap_or_else(|| PendingSave::new(known.clone(), known));
            (intent.restores, intent.undoes) = (true, undoes.or(intent.undoes));
            Planned::Asked(content, Box::new(intent))
        }
    };
    let generation = match planned {
        Planned::Asked(Content { outline, .. }, intent) => {
            let change = Change { intent: *intent, overridden: Vec::new(), edited: None };
            let seen = Seen::Surely(outline.clone());
            stage::commit(engine, project, None, &seen, &outline, change).await?
        }
        Planned::Recalled { is_idle: true } => {
            let row = project.lock().row.take();
            engine.journaled(move |journal| journal.conclude(row, None)).await?;
            0
        }
        Planned::Recalled { is_idle: false } => {
            let entry = journaling::journal_entry(&residency::recalled(engine, project));
            journaling::note(engine, project, entry).await?;
            project.lock().generation
        }
    };
    archive::forget_removals_of(engine, &id).await?;
    hiding::hide(engine, &id, false).await?;
    Ok(generation)
}

/// Sends what the project waits to have sent.
pub(crate) fn go_on(engine: &Arc<Engine>, project: &Arc<Project>) {
    let waits = {
        let state = project.lock();
        let refused = state.saved.as_ref().is_some_and(|saved| saved.refused.is_some());
        state.intent.is_some() && !refused
    };
    if waits {
        engine.wake(project);
    }
}

/// The tasks that a removed file showed, if they were known.
///
/// # Errors
/// [`Kind::Storage`] if the journal cannot be read.
pub(crate) async fn removed_outline(engine: &Engine, row: i64) -> Result<Option<Outline>> {
    engine.journaled(move |journal| journal.removed_outline(row)).await
}

/// Whether a text is, however edited, the tasks of an outline.
pub(crate) fn is_text_of(engine: &Engine, title: &str, outline: &Outline, text: &[u8]) -> bool {
    let lines = save::parse(text, title, outline, engine.settings.ids).unwrap_or_default();
    let wanted: Vec<Wanted> = lines.iter().map(save::wanted).collect();
    plan::resembles(outline, &wanted)
}

/// The project of a removal that is archived, and that a file of this text is again: the text
/// is of its tasks, or it has none.
///
/// # Errors
/// What reading the project failed with if it was never read.
pub(crate) async fn removed_as(
    engine: &Arc<Engine>,
    removal: &Removal,
    text: &[u8],
) -> Result<Option<Arc<Project>>> {
    let Some(id) = removal.project.as_ref() else { return Ok(None) };
    let project = registry::project(engine, id, &removal.folder, &removal.title);
    if !engine.listings.is_archived(id) && !project.lock().archive {
        return Ok(None);
    }
    let known = match removed_outline(engine, removal.row).await? {
        Some(known) => Arc::new(known),
        None => {
            let _conversation = project.remote.lock().await;
            fetch::fetch(engine, &project, Priority::Foreground).await?;
            residency::content(engine, &project).map(|content| content.outline).unwrap_or_default()
        }
    };
    let is_it = known.items.is_empty() || is_text_of(engine, &removal.title, &known, text);
    Ok(is_it.then_some(project))
}
