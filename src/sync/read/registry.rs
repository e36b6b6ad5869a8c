//! The projects of a mount, by id.

use std::sync::{Arc, Weak, atomic::Ordering};

use crate::{
    ids::{ProjectId, SpaceId},
    replica::standing::Standing,
    sync::{bases, engine::Engine, project::Project, read::serve},
};

/// The projects with saves that are not, or not yet, with Taskade.
pub(crate) fn unsettled(engine: &Engine) -> Vec<Arc<Project>> {
    let known: Vec<Arc<Project>> = engine.projects().values().cloned().collect();
    let unborn: Vec<Arc<Project>> = engine.unborn.lock().iter().filter_map(Weak::upgrade).collect();
    let unborn: Vec<Arc<Project>> =
        unborn.into_iter().filter(|project| project.id().is_none()).collect();
    *engine.unborn.lock() = unborn.iter().map(Arc::downgrade).collect();
    let is_unsettled = |project: &Arc<Project>| {
        project.standing() != Standing::Clean || project.lock().is_to_be_archived()
    };
    known.into_iter().chain(unborn).filter(is_unsettled).collect()
}

/// The project with this id; made known if it was not.
pub(crate) fn project(
    engine: &Engine,
    id: &ProjectId,
    folder: &SpaceId,
    title: &str,
) -> Arc<Project> {
    engine.audit.name(id, title);
    if let Some(project) = engine.known(id) {
        project.lock().listed_at(folder, title);
        return project;
    }
    let made = Arc::new(make(engine, Some(id.clone()), folder, title));
    // Before anybody can find it.
    let kept = engine.base_log.take_kept(id);
    serve::take_over_bases(engine, &made, kept.clone());
    let project = engine.projects().entry(id.clone()).or_insert_with(|| made.clone()).clone();
    if !Arc::ptr_eq(&project, &made) {
        // Somebody else has made it meanwhile, and had nothing to take over.
        serve::take_over_bases(engine, &project, kept);
    }
    project
}

/// A project that Taskade does not have yet. Nothing is sent before its first save.
pub(crate) fn new_project(engine: &Engine, folder: &SpaceId, title: &str) -> Arc<Project> {
    let project = Arc::new(make(engine, None, folder, title));
    let mut unborn = engine.unborn.lock();
    unborn.push(Arc::downgrade(&project));
    drop(unborn);
    project
}

/// A project has this id from now on, by which it is known already.
pub(crate) fn adopt(engine: &Engine, project: &Project, id: &ProjectId) {
    bases::log_bases(engine, &mut project.lock());
    engine.audit.name(id, &project.title());
}

pub(crate) fn make(
    engine: &Engine,
    id: Option<ProjectId>,
    folder: &SpaceId,
    title: &str,
) -> Project {
    let serial = engine.serial.fetch_add(1, Ordering::Relaxed);
    let format = (engine.settings.format(), engine.settings.fields);
    let (folder, title, log) = (folder.clone(), title.to_owned(), engine.base_log.clone());
    Project::new(serial, id, folder, title, engine.started, format, log)
}
