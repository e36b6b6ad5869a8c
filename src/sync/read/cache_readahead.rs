//! Reading ahead from the cache on disk: a program that walks through what an earlier mount knew finds
//! the next projects in memory. Each that is not costs it a change to another thread and back, which
//! takes longer than the reading.

use std::{
    iter,
    sync::{Arc, atomic::Ordering},
};

use crate::{
    api::RemoteProject,
    replica::remote::Remote,
    sync::{engine::Engine, project::Project, read::registry, residency},
};

/// How many projects are read ahead at once.
const BATCH: usize = 64;

/// As [`residency::ensure`], and has the next ones read as well if a program seems to walk.
pub(crate) async fn ensure(engine: &Arc<Engine>, project: &Arc<Project>) {
    if !residency::is_on_disk(project) {
        return;
    }
    residency::ensure(engine, project).await;
    if engine.reads_cache_ahead.swap(true, Ordering::Relaxed) {
        return;
    }
    let (shared, project) = (engine.clone(), project.clone());
    engine.tasks.spawn_blocking("reading the cache ahead", move || {
        let _lease = Lease(&shared);
        let listed = shared.listings.projects_in(&project.folder());
        let id = project.id();
        let Some(at) = listed.iter().position(|listed| Some(&listed.id) == id.as_ref()) else {
            return;
        };
        next(&shared, &listed, at)
            .take(BATCH)
            .take_while(|_| has_room(&shared))
            .for_each(|listed| read(&shared, &project, listed));
    });
}

/// One batch at a time.
struct Lease<'a>(&'a Engine);

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.0.reads_cache_ahead.store(false, Ordering::Relaxed);
    }
}

/// What a walk comes to next: it goes away from what is in memory already. There is no walk where
/// nothing beside a project is.
fn next<'a>(
    engine: &'a Engine,
    listed: &'a [RemoteProject],
    at: usize,
) -> Box<dyn Iterator<Item = &'a RemoteProject> + 'a> {
    let is_resident = |listed: Option<&RemoteProject>| {
        listed.and_then(|listed| engine.known(&listed.id)).is_some_and(|project| project.is_known())
    };
    let before = at.checked_sub(1).and_then(|before| listed.get(before));
    if is_resident(before) {
        return Box::new(listed.iter().skip(at + 1));
    }
    match is_resident(listed.get(at + 1)) {
        true => Box::new(listed.iter().take(at).rev()),
        false => Box::new(iter::empty()),
    }
}

/// What is read ahead is not to have others let go of.
fn has_room(engine: &Engine) -> bool {
    residency::memory(engine) < engine.settings.memory / 2
}

fn read(engine: &Engine, project: &Project, listed: &RemoteProject) {
    let next = registry::project(engine, &listed.id, &project.folder(), &listed.name);
    // What was let go of once may be so again before the walk gets there.
    if matches!(next.lock().remote(), Remote::Unknown) {
        residency::ensure_resident(engine, &next);
    }
}
