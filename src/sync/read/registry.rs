//! The projects of a mount, by id.

use std::sync::{Arc, PoisonError, Weak, atomic::Ordering};

use crate::{
    ids::{ProjectId, SpaceId},
    replica::state::Standing,
    sync::{bases, engine::Engine, project::Project, read::serve},
};

/// The projects with saves that are not, or not yet, with Taskade.
pub(crate) fn unsettled(engine: &Engine) -> Vec<Arc<Project>> {
    let known: Vec<Arc<Project>> = engine.projects().values().cloned().collect();
    let mut unborn = engine.unborn.lock().unwrap_or_else(PoisonError::into_inner);
    unborn.retain(|project| project.upgrade().is_some_and(|project| project.id().is_none()));
    let unborn = unborn.iter().filter_map(Weak::upgrade);
    let is_unsettled =
        |project: &Arc<Project>| project.standing() != Standing::Clean || project.lock().archive;
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
    let mut projects = engine.projects();
    if let Some(project) = projects.get(id) {
        let mut state = project.lock();
        // One that is on its way is known better here.
        if !state.is_relocated() {
            title.clone_into(&mut state.title);
            state.folder = folder.clone();
        }
        drop(state);
        return project.clone();
    }
    let project = Arc::new(make(engine, Some(id.clone()), folder, title));
    serve::take_over_bases(engine, &project, engine.base_log.take_kept(id));
    projects.insert(id.clone(), project.clone());
    project
}

/// A project that Taskade does not have yet. Nothing is sent before its first save.
pub(crate) fn new_project(engine: &Engine, folder: &SpaceId, title: &str) -> Arc<Project> {
    let project = Arc::new(make(engine, None, folder, title));
    let mut unborn = engine.unborn.lock().unwrap_or_else(PoisonError::into_inner);
    unborn.push(Arc::downgrade(&project));
    drop(unborn);
    project
}

/// Notes the id of a project that was just created.
pub(crate) fn adopt(engine: &Engine, project: &Arc<Project>, id: &ProjectId) {
    {
        let mut state = project.lock();
        state.id = Some(id.clone());
        bases::log_bases(engine, &mut state);
    }
    engine.audit.name(id, &project.title());
    engine.projects().insert(id.clone(), project.clone());
}

pub(crate) fn make(
    engine: &Engine,
    id: Option<ProjectId>,
    folder: &SpaceId,
    title: &str,
) -> Project {
    let serial = engine.serial.fetch_add(1, Ordering::Relaxed);
    let ids = engine.settings.ids;
    Project::new(serial, id, folder.clone(), title.to_owned(), engine.started, ids)
}
