//! Asking the service for one project, and taking in what it says.

use std::{sync::atomic::Ordering, time::Instant};

use tokio::sync::MutexGuard;

use crate::{
    api::{Priority, RemoteTask, Wanted},
    error::{Error, Kind, Result},
    ids::ProjectId,
    memory,
    plan::{Listing, OnlyRoot, Outline},
    replica::relocation::Location,
    sync::{
        bases,
        engine::Engine,
        presence,
        project::Project,
        read::{cache_write, habits},
        residency,
        transition::Transition,
    },
};

/// Reads the project from the service, unless someone else just did.
pub(crate) async fn refresh(engine: &Engine, project: &Project, priority: Priority) -> Result<()> {
    residency::leave_kernel_thread(project).await;
    let _conversation = match project.remote.try_lock() {
        Ok(conversation) => conversation,
        // A save, or another reader, is at it: not worth waiting for while nothing gets through.
        Err(_) => {
            let _wanted = wanted(engine, project, priority);
            tokio::select! {
                biased;
                conversation = project.remote.lock() => conversation,
                () = presence::departure(engine) => {
                    engine.backend.hurry();
                    return presence::unreachable(engine).map_or(Ok(()), Err);
                }
            }
        }
    };
    let max_age = engine.max_age_of(project);
    if project.lock().is_fresh(engine.clock.now(), max_age) {
        return Ok(());
    }
    fetch(engine, project, priority).await
}

/// Begins a conversation with the service about a project, for somebody who waits for it.
pub(crate) async fn converse<'a>(engine: &Engine, project: &'a Project) -> MutexGuard<'a, ()> {
    let _wanted = wanted(engine, project, Priority::Save);
    project.remote.lock().await
}

/// Whoever reads the project may do so with nobody waiting: from now on, and until what this returns is
/// dropped, somebody does.
pub(crate) fn wanted(engine: &Engine, project: &Project, priority: Priority) -> Option<Wanted> {
    let id = project.id().filter(|_| priority != Priority::Background)?;
    Some(engine.backend.want(id.as_str()))
}

/// What the only root of a listing is: see [`OnlyRoot`]. The service is asked for the name
/// that the project has now if nothing that is known tells.
pub(crate) async fn only_root(
    engine: &Engine,
    project: &Project,
    id: &ProjectId,
    title: &str,
    tasks: &[RemoteTask],
    priority: Priority,
) -> Result<OnlyRoot> {
    let Some(first) = tasks.first() else { return Ok(OnlyRoot::IsTitle) };
    if !OnlyRoot::matters(tasks, title) {
        let is_told = first.parent.is_none() && first.text == title && tasks.len() > 1;
        let below = |task: &RemoteTask| task.parent.as_ref() == Some(&first.id);
        if is_told && tasks.iter().any(below) {
            habits::note_titles_listed(engine).await;
        }
        return Ok(OnlyRoot::IsTitle);
    }
    let known =
        residency::resident(engine, project).snapshot().and_then(|known| known.title.clone());
    if known.as_ref() == Some(&first.id) || engine.titles_are_listed.load(Ordering::Relaxed) {
        return Ok(OnlyRoot::IsTitle);
    }
    let now = engine.backend.project(priority, id).await?.name;
    let is_title = !OnlyRoot::matters(tasks, &now);
    Ok(if is_title { OnlyRoot::IsTitle } else { OnlyRoot::IsTask })
}

/// Reads the project from the service. The caller holds `project.remote`.
pub(crate) async fn fetch(engine: &Engine, project: &Project, priority: Priority) -> Result<()> {
    let (id, title) = {
        let state = project.lock();
        (state.id().cloned(), Location::remote(&state).title)
    };
    let id = id.ok_or_else(|| Error::new(Kind::NotFound, "the project is not created yet"))?;
    let asked = engine.clock.now();
    let tasks = engine
        .backend
        .tasks(priority, &id)
        .await
        .map_err(|error| error.at(format!("{title}.md")))?;
    let only_root = only_root(engine, project, &id, &title, &tasks, priority).await?;
    install_reading(engine, project, Outline::from_listing(&tasks, &title, only_root), asked).await;
    Ok(())
}

/// Installs what was read of a project, which was asked for then, and tells and keeps it. The
/// caller holds `project.remote`.
pub(crate) async fn install_reading(
    engine: &Engine,
    project: &Project,
    listing: Listing,
    asked: Instant,
) {
    let mut next = Transition::begin(engine, project).await;
    let is_new = next.take_reading(listing, asked, |outline| project.render(outline));
    next.keep_in_memory_with(|current| {
        is_new.into_iter().for_each(|is_new| current.interest.note_answer(is_new));
        bases::log_names(engine, current);
    });
    cache_write::write(engine, project);
    residency::note_resident(engine, project);
    memory::give_back_at_rest();
}
