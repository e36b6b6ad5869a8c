//! Reading ahead: where a space cannot be exported, a program that walks through its unknown projects
//! finds the next ones read when it gets there. Without that, one that opens file after file would
//! wait for the service at each.
//!
//! Nothing that a walk may not come to is worth more than a request to spare: so a walk is believed
//! only once it is some projects long, it is led by a few at a time, and only with what the budget has
//! in excess. Who gets to a project that is being read waits for that one request.

use std::sync::Arc;

use crate::{
    api::{Priority, RemoteProject},
    ids::SpaceId,
    replica::served::Process,
    sync::{
        engine::Engine,
        project::Project,
        read::{export, fetch, registry},
        residency,
    },
};

/// How far ahead to look for unknown projects: to tell costs a look into the cache.
pub(crate) const SIGHT: usize = 64;

/// A program asks for a project that was never read, and is to be read by itself: others of its
/// space that it is likely to ask for next are read as well.
pub(crate) fn read_ahead(engine: &Arc<Engine>, project: &Project, process: Option<Process>) {
    let Some(process) = process else { return };
    let (folder, id) = (project.folder(), project.id());
    let listed = engine.listings.projects_in(&folder);
    let Some(at) = listed.iter().position(|listed| Some(&listed.id) == id.as_ref()) else {
        return;
    };
    let way = (process, folder.clone());
    let lead = engine.walks.step(&way, at, engine.clock.now());
    // Without any age to be served at, everybody looks.
    if lead.count == 0
        || !export::is_refused(engine, &folder)
        || engine.max_age_of(project).is_zero()
    {
        return;
    }
    let (before, after) = (&listed[..at], &listed[at + 1..]);
    let next: Vec<Arc<Project>> = match lead.backward {
        true => unknown_of(engine, before.iter().rev(), &folder).take(lead.count).collect(),
        false => unknown_of(engine, after.iter(), &folder).take(lead.count).collect(),
    };
    for project in next {
        let (shared, lease) = (engine.clone(), engine.walks.begin(&way));
        engine.tasks.spawn("reading ahead", async move {
            let read = fetch::refresh(&shared, &project, Priority::Background).await;
            if let Err(error) = &read {
                tracing::debug!(%error, project = project.title(), "not read ahead");
            }
            lease.end(read.is_ok());
        });
    }
}

/// The projects that nothing is known of, and nobody is asking for.
pub(crate) fn unknown_of<'a>(
    engine: &'a Engine,
    listed: impl Iterator<Item = &'a RemoteProject>,
    folder: &'a SpaceId,
) -> impl Iterator<Item = Arc<Project>> {
    listed.take(SIGHT).filter_map(|listed| {
        let known = engine.known(&listed.id);
        let project =
            known.unwrap_or_else(|| registry::project(engine, &listed.id, folder, &listed.name));
        if !project.is_known() {
            residency::ensure_resident(engine, &project);
        }
        let is_asked_for = project.remote.try_lock().is_err();
        (!project.is_known() && !is_asked_for).then_some(project)
    })
}
