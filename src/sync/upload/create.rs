//! Creating a project: one request for its title and tasks, a reading, and the few edits that
//! the reading shows to be missing.
//!
//! How the service reads the Markdown of a new project is not documented beyond titles and
//! bullets, so what it made is read back and believed, and only the difference is sent. What a project
//! is made from that is more than a text is told in `made_from`.

use std::{collections::HashSet, sync::Arc, time::Duration};

use crate::{
    api::{Priority, RemoteProject},
    error::Result,
    ids::ProjectId,
    plan::Outline,
    replica::{
        creating::CreatedFrom,
        creation::{Creating, MadeFrom},
        relocation::Location,
    },
    sync::{
        bases,
        engine::Engine,
        event::Event,
        project::Project,
        read::{directories, fetch, registry},
        transition::Transition,
        upload::{made_from, placement},
    },
    text::content_type::project_markdown,
};

/// How long until a project is looked for again that was made and is not listed yet. After that it is for
/// the user to say.
const LOOKS: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

/// A project that a request made, and where it is.
pub(crate) struct Made {
    id: ProjectId,
    place: Location,
}

/// Creates the project and turns its save into one on what was created. The caller holds
/// `project.remote`.
pub(crate) async fn create(engine: &Arc<Engine>, project: &Arc<Project>) -> Result<()> {
    let (id, earlier) = {
        let state = project.lock();
        (state.id().cloned(), state.creating().cloned())
    };
    if let (Some(_), Some(Creating { sent, .. })) = (id, &earlier) {
        return take_over(engine, project, CreatedFrom::Found(sent.clone())).await;
    }
    let (made, origin, given_up) = match created_by(engine, project, earlier).await? {
        Some((made, sent)) => (made, CreatedFrom::Found(sent), None),
        None => {
            let (made, given_up) = ask_for(engine, project).await?;
            (made, CreatedFrom::Answered, given_up)
        }
    };
    note_created(engine, project, &made).await?;
    if let Some(why) = given_up {
        made_from::report(engine, project, why).await?;
    }
    placement::show_relocation(engine, project);
    let Made { id, place: Location { folder, title } } = made;
    let entry = RemoteProject { id, name: title, completed: Some(false) };
    engine.listings.add(&folder, entry);
    engine.emit(Event::Directory(Some(folder)));
    take_over(engine, project, origin).await
}

/// The project that an earlier request made although its answer never came, with the tasks
/// that it asked for.
pub(crate) async fn created_by(
    engine: &Engine,
    project: &Project,
    earlier: Option<Creating>,
) -> Result<Option<(Made, Outline)>> {
    let Some(Creating { before, sent, is_made }) = earlier else { return Ok(None) };
    let place = asked_at(project);
    let found = match is_made {
        true => Some(find_made(engine, &place, &before).await?),
        false => find_created(engine, &place, &before).await?,
    };
    Ok(found.map(|made| (made, sent)))
}

/// Where the service makes the project that is asked for.
fn asked_at(project: &Project) -> Location {
    let state = project.lock();
    let made_from = state.pending().and_then(|save| save.made_from());
    made_from::made_at(made_from, Location::remote(&state))
}

/// Asks for the project where it is shown. Which it is, where it was made, and why not from what it was
/// to be made from, if that was given up.
pub(crate) async fn ask_for(engine: &Engine, project: &Project) -> Result<(Made, Option<String>)> {
    let mut given_up = None;
    loop {
        let place = Location::remote(&project.lock());
        let before = directories::project_ids(engine, &place.folder).await?;
        let Some((sent, made_from)) = note_request(engine, project, &place, before.clone()).await?
        else {
            continue;
        };
        let Some(made_from) = made_from else {
            return Ok((ask_for_tasks(engine, project, place, &sent).await?, given_up));
        };
        let error = match made_from::ask(engine, &made_from, &place).await {
            Ok((id, place)) => match id {
                Some(id) => return Ok((Made { id, place }, None)),
                None => {
                    note_made(engine, project).await?;
                    return Ok((find_made(engine, &place, &before).await?, None));
                }
            },
            Err(error) if !error.kind().is_certain() => return Err(error),
            Err(error) => {
                note_not_creating(engine, project).await?;
                error
            }
        };
        given_up = Some(made_from::give_up(engine, project, &made_from, error).await?);
    }
}

async fn ask_for_tasks(
    engine: &Engine,
    project: &Project,
    place: Location,
    sent: &Outline,
) -> Result<Made> {
    let markdown = project_markdown(&place.title, sent);
    match engine.backend.create_project(&place.folder, &markdown).await {
        Ok(id) => Ok(Made { id, place }),
        Err(error) => {
            if error.kind().is_certain() {
                note_not_creating(engine, project).await?;
            }
            Err(error)
        }
    }
}

/// Notes that a project is about to be created, unless it was renamed meanwhile. The tasks to
/// create it with, and what else it is made from.
pub(crate) async fn note_request(
    engine: &Engine,
    project: &Project,
    place: &Location,
    before: HashSet<ProjectId>,
) -> Result<Option<(Outline, Option<MadeFrom>)>> {
    let mut next = Transition::begin(engine, project).await;
    if Location::remote(&next) != *place {
        return Ok(None);
    }
    let made_from = next.pending().and_then(|save| save.made_from().cloned());
    let sent = next.begin_creation(before);
    next.commit().await?;
    Ok(Some((sent, made_from)))
}

/// Notes, durably, that it was made, as Taskade says that does not say which it is.
async fn note_made(engine: &Engine, project: &Project) -> Result<()> {
    let mut next = Transition::begin(engine, project).await;
    next.note_made();
    next.commit().await
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
    Made { id, place }: &Made,
) -> Result<()> {
    let mut next = Transition::begin(engine, project).await;
    next.is_created_as(id.clone(), place, engine.clock.wall());
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
    let details = made_from::new_details(engine, project).await?;
    let mut next = Transition::begin(engine, project).await;
    if !next.align_with_created(origin, details, |outline| project.render(outline))? {
        return Ok(());
    }
    next.commit_with(|current| bases::log_names(engine, current)).await
}

/// Looks for a project that was made, as Taskade says: it may be listed a while later.
async fn find_made(engine: &Engine, place: &Location, before: &HashSet<ProjectId>) -> Result<Made> {
    for pause in LOOKS {
        if let Some(made) = find_created(engine, place, before).await? {
            return Ok(made);
        }
        engine.clock.sleep(pause).await;
    }
    find_created(engine, place, before).await?.ok_or_else(made_from::unseen)
}

/// Looks for a project that a request made whose answer never came: one of its title that is
/// not among those from before the request, and that nobody has archived.
pub(crate) async fn find_created(
    engine: &Engine,
    place: &Location,
    before: &HashSet<ProjectId>,
) -> Result<Option<Made>> {
    let listed = engine.backend.projects(Priority::Save, &place.folder).await?;
    let is_it = |entry: &RemoteProject| {
        entry.name == place.title && entry.completed != Some(true) && !before.contains(&entry.id)
    };
    let found = listed.into_iter().find(is_it);
    Ok(found.map(|entry| Made { id: entry.id, place: place.clone() }))
}
