//! Giving a project another title or folder: what a program that renames its file is told.
//!
//! A renaming is journaled as a save is, shown at once, and carried out by the project's worker
//! once the saves before it are through (see `relocate`). Whoever asked waits for Taskade's verdict
//! as long as for that on a save.

use std::sync::Arc;

use tokio::sync::watch::Receiver;

use crate::{
    error::Result,
    ids::SpaceId,
    replica::relocation::Location,
    sync::{
        engine::Engine,
        event::Event,
        presence,
        project::{Project, Relocated},
        transition::Transition,
        upload::placement,
    },
};

/// Renames or moves a project. When this is `Ok` it is in the journal, and done or still on
/// its way.
///
/// # Errors
/// What Taskade refused it with; then the project is where it was.
pub(crate) async fn rename(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    folder: &SpaceId,
    title: &str,
) -> Result<()> {
    let to = Location { folder: folder.clone(), title: title.to_owned() };
    // From before it is begun: whether somebody waits decides who is told of a refusal.
    let relocated = project.relocated.subscribe();
    let Some(ticket) = wish(engine, project, to).await? else { return Ok(()) };
    engine.wake(project);
    arrival(engine, relocated, ticket).await
}

/// Journals where a project is to go, and shows it there. Which renaming of the project it is,
/// if Taskade has to be asked for it.
pub(crate) async fn wish(
    engine: &Engine,
    project: &Arc<Project>,
    to: Location,
) -> Result<Option<u64>> {
    let mut next = Transition::begin(engine, project).await;
    let from = Location::shown(&next);
    if from == to {
        return Ok(None);
    }
    let ticket = next.relocate(&to, engine.clock.wall());
    next.commit().await?;
    if ticket.is_none() {
        return Ok(None);
    }
    placement::show_relocation(engine, project);
    for folder in [from.folder, to.folder] {
        engine.emit(Event::Directory(Some(folder)));
    }
    Ok(ticket)
}

/// Waits until a project is where it was to be, but no longer than `--commit-wait`.
pub(crate) async fn arrival(
    engine: &Engine,
    mut relocated: Receiver<Relocated>,
    ticket: u64,
) -> Result<()> {
    let decided = relocated.wait_for(|relocated| relocated.ticket >= ticket);
    tokio::select! {
        relocated = decided => match relocated {
            Ok(relocated) => relocated.rejected.clone().map_or(Ok(()), Err),
            Err(_) => Ok(()),
        },
        // In the journal and on its way.
        () = presence::departure(engine) => Ok(()),
        () = engine.clock.sleep(engine.settings.commit_wait) => Ok(()),
    }
}
