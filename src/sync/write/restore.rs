//! Restoring: what it comes to that the file of a removed project is back.
//!
//! A restoration is part of the project's intent, journaled before it is promised and sent before
//! anything else of it. An archival that was not sent yet is taken back without a request.

use std::sync::Arc;

use crate::{
    api::Priority,
    error::{Error, Kind, Result},
    plan::{self, Outline, Wanted},
    replica::served::Base,
    store::removals::Removal,
    sync::{
        engine::Engine,
        hiding,
        project::Project,
        read::{fetch, registry, serve::Written},
        residency,
        transition::Transition,
        upload::archive,
        write::stage::{self, StagedChange},
    },
    text::codec as save,
};

/// Has an archived project restored. When this returns it is journaled; the worker is to be
/// started. Which save it is. It undoes this action, if it is an undo.
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
    residency::ensure(engine, project).await;
    if residency::content(engine, project).is_none() {
        let _conversation = fetch::converse(engine, project).await;
        fetch::fetch(engine, project, Priority::Save).await?;
    }
    let mut next = Transition::begin(engine, project).await;
    let is_over = next.take_back_archival();
    next.archived = Some((id.clone(), false));
    let generation = if is_over {
        let generation = next.pending().map_or(0, |_| next.generation());
        next.commit().await?;
        generation
    } else {
        let content = next.content();
        let content = content.ok_or_else(|| Error::new(Kind::Protocol, "nothing was read"))?;
        let seen = Base::Exact(content.outline.clone());
        let written = Written::new(project, None, &seen, &content.outline);
        let change = StagedChange::of(next.restoration(undoes));
        let staged = stage::stage(engine, project, &mut next, &written, change).await;
        stage::commit(engine, project, next, &written, staged).await?
    };
    hiding::show_hidden(engine, &id, false);
    archive::forget_removals_of(engine, &id).await?;
    Ok(generation)
}

/// Sends what the project waits to have sent.
pub(crate) fn go_on(engine: &Arc<Engine>, project: &Arc<Project>) {
    let waits = {
        let state = project.lock();
        state.pending().is_some() && !state.is_rejected()
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
    let lines = engine.settings.format().parse(text, title, outline).unwrap_or_default();
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
    if !engine.listings.is_archived(id) && !project.lock().is_to_be_archived() {
        return Ok(None);
    }
    let known = match removed_outline(engine, removal.row).await? {
        Some(known) => Arc::new(known),
        None => {
            let _conversation = fetch::converse(engine, &project).await;
            fetch::fetch(engine, &project, Priority::Foreground).await?;
            residency::content(engine, &project).map(|content| content.outline).unwrap_or_default()
        }
    };
    let is_it = known.items.is_empty() || is_text_of(engine, &removal.title, &known, text);
    Ok(is_it.then_some(project))
}
