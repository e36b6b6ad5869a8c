//! Creating a project: one request for its title and tasks, a reading, and the few edits that
//! the reading shows to be missing.
//!
//! How the service reads the Markdown of a new project is not documented beyond titles and
//! bullets, so what it made is read back and believed, and only the difference is sent.

use std::{collections::HashSet, sync::Arc};

use crate::{
    api::{Priority, RemoteProject},
    error::{Error, Kind, Result},
    ids::{ProjectId, SpaceId, TaskId},
    plan::{self, Details, Key, Outline, Wanted},
    replica::{creation::Creating, pending::PendingSave, relocation::Location},
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

/// How a project came to be.
pub(crate) enum CreatedFrom {
    /// The service said so.
    Answered,
    /// It was found, made by an earlier request with these tasks, and others may have been at it.
    Found(Outline),
}

/// Creates the project and turns its save into one on what was created. The caller holds
/// `project.remote`.
pub(crate) async fn create(engine: &Arc<Engine>, project: &Arc<Project>) -> Result<()> {
    let (place, id, earlier) = {
        let state = project.lock();
        (Location::remote(&state), state.id.clone(), state.creating.clone())
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
    let sent = next.pending().map(|save| save.target.clone()).unwrap_or_default();
    next.creating = Some(Creating { before, sent: sent.clone() });
    next.commit().await?;
    Ok(Some(sent))
}

/// Notes, durably, that no request to create the project is under way.
pub(crate) async fn note_not_creating(engine: &Engine, project: &Project) -> Result<()> {
    let mut next = Transition::begin(engine, project).await;
    next.creating = None;
    next.commit().await
}

/// Notes the id, and goes on knowing what was sent until what was made of it is known.
pub(crate) async fn note_created(
    engine: &Engine,
    project: &Arc<Project>,
    id: &ProjectId,
) -> Result<()> {
    let mut next = Transition::begin(engine, project).await;
    next.id = Some(id.clone());
    next.remote.expire();
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
    let read = next.snapshot().map(|snapshot| snapshot.outline.clone());
    let read = read.ok_or_else(|| Error::new(Kind::Protocol, "nothing was read"))?;
    next.creating = None;
    let first_new = next.reserve(read.items.len());
    let Some(save) = next.pending_mut() else { return Ok(()) };
    let (taken, ids) = match origin {
        CreatedFrom::Answered => made(&save.target, &read),
        CreatedFrom::Found(sent) => found(&sent, &save.target, &read, first_new),
    };
    let (moved, held) = (std::mem::take(&mut save.transferred), save.hold_deletes_until);
    let brought = std::mem::take(&mut save.brought);
    let relocation = save.relocation.take();
    let before = Outline::default();
    *save = PendingSave {
        before,
        creates: true,
        transferred: moved,
        brought,
        hold_deletes_until: held,
        relocation,
        ..taken
    };
    save.note_ids(&ids);
    for (number, id) in &ids {
        next.note_created(*number, id);
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

/// The save on a project that nobody but this request has touched: whatever else the service
/// put there is not wanted.
pub(crate) fn made(wanted: &Outline, read: &Outline) -> (PendingSave, Vec<(u32, TaskId)>) {
    let (adopted, ids) = adopt(wanted, read);
    (PendingSave::new(without_details(read), adopted), ids)
}

/// The save on a project that was found: what is there beyond what was sent is somebody's.
pub(crate) fn found(
    sent: &Outline,
    wanted: &Outline,
    read: &Outline,
    first_new: u32,
) -> (PendingSave, Vec<(u32, TaskId)>) {
    let (adopted, ids) = adopt(sent, read);
    // The request made the tasks alone.
    let base = without_details(&adopted.existing());
    let mut target = wanted.clone();
    for (number, id) in &ids {
        for item in target.items.iter_mut().filter(|item| item.key == Key::New(*number)) {
            item.key = Key::Known(id.clone());
        }
    }
    let mut save = PendingSave::new(base, target);
    save.rebase(read.clone(), first_new);
    (save, ids)
}

/// The tasks as they are just after they were created.
pub(crate) fn without_details(created: &Outline) -> Outline {
    let mut created = created.clone();
    created.items.iter_mut().for_each(|item| item.details = Details::none());
    created
}

/// Gives the tasks of `wanted` the ids of the tasks that the service made for them.
pub(crate) fn adopt(wanted: &Outline, made: &Outline) -> (Outline, Vec<(u32, TaskId)>) {
    let lines: Vec<Wanted> = wanted
        .items
        .iter()
        .map(|item| Wanted {
            depth: item.depth,
            text: item.text.clone(),
            done: item.done,
            anchor: None,
        })
        .collect();
    let aligned = plan::align(made, &lines, 0);
    let mut adopted = wanted.clone();
    let mut ids = Vec::new();
    for (item, found) in adopted.items.iter_mut().zip(aligned.items) {
        if let (Key::New(number), Key::Known(id)) = (&item.key, &found.key) {
            ids.push((*number, id.clone()));
            item.key = found.key;
        }
    }
    (adopted, ids)
}
