//! Creating a project: one request for its title and tasks, a reading, and the few edits that
//! the reading shows to be missing.
//!
//! How the service reads the Markdown of a new project is not documented beyond titles and
//! bullets, so what it made is read back and believed, and only the difference is sent.

use std::{collections::HashSet, sync::Arc};

use crate::{
    api::{Priority, RemoteProject},
    error::Result,
    ids::{ProjectId, SpaceId},
    plan::Outline,
    replica::{creating::CreatedFrom, creation::Creating, relocation::Location},
    sync::{
        bases,
        engine::Engine,
        event::Event,
        project::Project,
        read::{directories, fetch, registry},
        transition::Transition,
        upload::placement,
    },
    text::content_type::project_markdown,
};

/// Creates the project and turns its save into one on what was created. The caller holds
/// `project.remote`.
pub(crate) async fn create(engine: &Arc<Engine>, project: &Arc<Project>) -> Result<()> {
    let (place, id, earlier) = {
        let state = project.lock();
        (Location::remote(&state), state.id().cloned(), state.creating().cloned())
    };
    if let (Some(_), Some(Creating { sent, .. })) = (id, &earlier) {
        return take_over(engine, project, CreatedFrom::Found(sent.clone())).await;
    }
    let (id, place, origin) = match created_by(engine, &place, earlier).await? {
        Some((id, sent)) => (id, place, CreatedFrom::Found(sent)),
        None => {
            let (id, place) = ask_for(engine, project).await?;
            (id, place, CreatedFrom::Answered)
        }
    };
    note_created(engine, project, &id).await?;
    placement::show_relocation(engine, project);
    let Location { folder, title } = place;
    let entry = RemoteProject { id, name: title, completed: Some(false) };
    engine.listings.add(&folder, entry);
    engine.emit(Event::Directory(Some(folder)));
    take_over(engine, project, origin).await
}

/// The project that an earlier request made although its answer never came, with the tasks
/// that it asked for.
pub(crate) async fn created_by(
    engine: &Engine,
    place: &Location,
    earlier: Option<Creating>,
) -> Result<Option<(ProjectId, Outline)>> {
    let Some(Creating { before, sent }) = earlier else { return Ok(None) };
    let found = find_created(engine, &place.folder, &place.title, &before).await?;
    Ok(found.map(|id| (id, sent)))
}

/// Asks for the project where it is shown. Its id, and where it was made.
pub(crate) async fn ask_for(engine: &Engine, project: &Project) -> Result<(ProjectId, Location)> {
    let (place, sent) = loop {
        let place = Location::remote(&project.lock());
        let before = directories::project_ids(engine, &place.folder).await?;
        if let Some(sent) = note_request(engine, project, &place, before).await? {
            break (place, sent);
        }
    };
    let markdown = project_markdown(&place.title, &sent);
    match engine.backend.create_project(&place.folder, &markdown).await {
        Ok(id) => Ok((id, place)),
        Err(error) => {
            if error.kind().is_certain() {
                note_not_creating(engine, project).await?;
            }
            Err(error)
        }
    }
}

/// Notes that a project is about to be created, unless it was renamed meanwhile. The tasks to
/// create it with.
pub(crate) async fn note_request(
    engine: &Engine,
    project: &Project,
    place: &Location,
    before: HashSet<ProjectId>,
) -> Result<Option<Outline>> {
    let mut next = Transition::begin(engine, project).await;
    if Location::remote(&next) != *place {
        return Ok(None);
    }
    let sent = next.begin_creation(before);
    next.commit().await?;
    Ok(Some(sent))
}

/// Notes, durably, that no request to create the project is under way.
pub(crate) async fn note_not_creating(engine: &Engine, project: &Project) -> Result<()> {
    let mut next = Transition::begin(engine, project).await;
    next.note_not_created();
    next.commit().await
}

/// Notes the id, and goes on knowing what was sent until what was made of it is known.
pub(crate) async fn note_created(
    engine: &Engine,
    project: &Arc<Project>,
    id: &ProjectId,
) -> Result<()> {
    let mut next = Transition::begin(engine, project).await;
    next.is_created_as(id.clone());
    // From here on whoever finds it in a listing finds this one.
    engine.projects().insert(id.clone(), project.clone());
    if let Err(error) = next.commit().await {
        engine.projects().remove(id);
        return Err(error);
    }
    registry::adopt(engine, project, id);
    Ok(())
}

/// Reads what the service made of the request and aligns what waits with it.
pub(crate) async fn take_over(
    engine: &Engine,
    project: &Arc<Project>,
    origin: CreatedFrom,
) -> Result<()> {
    fetch::fetch(engine, project, Priority::Save).await?;
    let mut next = Transition::begin(engine, project).await;
    if !next.align_with_created(origin)? {
        return Ok(());
    }
    next.commit_with(|current| bases::log_names(engine, current)).await
}

/// Looks for a project that a request made whose answer never came: one of its title that is
/// not among those from before the request, and that nobody has archived.
pub(crate) async fn find_created(
    engine: &Engine,
    folder: &SpaceId,
    title: &str,
    before: &HashSet<ProjectId>,
) -> Result<Option<ProjectId>> {
    let listed = engine.backend.projects(Priority::Save, folder).await?;
    let is_it = |entry: &RemoteProject| {
        entry.name == title && entry.completed != Some(true) && !before.contains(&entry.id)
    };
    Ok(listed.into_iter().find(is_it).map(|entry| entry.id))
}
