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
    replica::{
        pending::PendingSave,
        relocation::{Place, Relocation},
        state::Replica,
    },
    store::journal::Entry,
    sync::{
        engine::Engine,
        event::Event,
        presence,
        project::{Project, Relocated},
        read::residency,
        upload::{
            journaling,
            placement::{self, show},
            rejected_copies,
        },
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
    let to = Place { folder: folder.clone(), title: title.to_owned() };
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
    to: Place,
) -> Result<Option<u64>> {
    let transition = project.commit.lock().await;
    let (from, entry) = {
        let mut state = residency::recalled(engine, project);
        let from = Place::shown(&state);
        if from == to {
            return Ok(None);
        }
        let is_unknown = state.id.is_none() && state.creating.is_none();
        let entry = if is_unknown {
            // Taskade never heard of it: it is created where it is to be.
            show(&mut state, &to);
            journaling::journal_entry(&state)
        } else {
            Some(relocated_entry(engine, &state, &to))
        };
        (from, entry.map(|entry| (entry, is_unknown)))
    };
    let Some((entry, is_unknown)) = entry else {
        drop(transition);
        rejected_copies::identify_refused(engine, project).await;
        return Ok(None);
    };
    let intent = entry.intent.clone();
    journaling::note(engine, project, Some(entry)).await?;
    if is_unknown {
        drop(transition);
        rejected_copies::identify_refused(engine, project).await;
        return Ok(None);
    }
    let ticket = {
        let mut state = project.lock();
        show(&mut state, &to);
        state.intent = Some(intent);
        state.generation += 1;
        state.renamings += 1;
        state.renamings
    };
    placement::show_relocation(engine, project);
    for folder in [from.folder, to.folder] {
        engine.emit(Event::Directory(Some(folder)));
    }
    Ok(Some(ticket))
}

/// The journal entry of a project that is to go to another place.
pub(crate) fn relocated_entry(engine: &Engine, state: &Replica, to: &Place) -> Entry {
    let known = state.snapshot.as_ref().map(|known| (*known.outline).clone());
    let known = known.unwrap_or_default();
    let mut intent = state.intent.clone().unwrap_or_else(|| PendingSave::new(known.clone(), known));
    match &mut intent.relocation {
        Some(relocation) => {
            to.clone_into(&mut relocation.to);
            // Whoever waits for an earlier one is told how this one goes.
            relocation.undone = None;
        }
        None => {
            let (from, now) = (Place::shown(state), engine.clock.wall());
            intent.relocation = Some(Relocation::new(from, to.clone(), now));
        }
    }
    let mut entry = placement::standing_entry(state, &intent);
    (entry.folder, entry.title) = (to.folder.clone(), to.title.clone());
    entry
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
            Ok(relocated) => relocated.refused.clone().map_or(Ok(()), Err),
            Err(_) => Ok(()),
        },
        // In the journal and on its way.
        () = presence::departure(engine) => Ok(()),
        () = engine.clock.sleep(engine.settings.commit_wait) => Ok(()),
    }
}
