//! Becoming a copy: the copy that was asked for is found, compared, and gone on with.
//!
//! From then on the project is the copy: what waits to be saved, what was refused, what programs
//! have read and what they write, its name and its history have the copy's ids. Others may change
//! the original until it is archived: what they did is done to the copy. The way back is the same.

use std::{collections::HashMap, sync::Arc};

use crate::{
    api::{Priority, RemoteProject, TaskResource},
    error::{Error, Kind, Result},
    ids::{ProjectId, TaskId},
    plan::{Details, Key, Listing, Outline},
    replica::{
        becoming::{Became, Keys, Successor},
        copying as relocation,
        current::Current,
        relocation::{CopyRequest, Location, Relocation},
    },
    store::reidentified::Reidentified,
    sync::{
        bases,
        engine::Engine,
        event::Event,
        project::Project,
        read::{cache_write, detail, fetch},
        residency,
        transition::Transition,
        upload::{conflicts, placement, rebase},
    },
};

/// Asks for a copy, and notes whether it was made.
pub(crate) async fn ask_for_copy(
    engine: &Engine,
    project: &Project,
    id: &ProjectId,
    to: &Location,
) -> Result<()> {
    match engine.backend.copy_project(id, &to.folder, &to.title).await {
        Ok(copied) => {
            let made = |relocation: &mut Relocation| relocation.note_copied(copied);
            placement::note_relocation(engine, project, made).await
        }
        Err(error) => {
            if error.kind().is_certain() {
                placement::note_relocation(engine, project, Relocation::give_up_copy).await?;
            }
            Err(error)
        }
    }
}

/// Finds the copy that was asked for, and goes on as it. If it was not made, it is asked for
/// again.
pub(crate) async fn become_copy(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    id: &ProjectId,
    request: CopyRequest,
) -> Result<()> {
    let found = match &request.id {
        Some(copy) => {
            engine.listings.show_at(copy, None);
            let listing = read_copy(engine, project, copy, &request.to.title).await?;
            read_original(engine, project).await?;
            Some((copy.clone(), listing))
        }
        None => {
            read_original(engine, project).await?;
            find_copy(engine, project, id, &request).await?
        }
    };
    let Some((copy, listing)) = found else {
        if request.is_made {
            let what = "Taskade says that it copied the project, but shows no copy";
            return Err(Error::new(Kind::Protocol, what));
        }
        return ask_for_copy(engine, project, id, &request.to).await;
    };
    rebase::rebase(engine, project).await?;
    let original = remote_tasks(engine, project);
    let is_rejected = project.lock().is_rejected();
    let is_same = relocation::same_tasks(&original, &listing.outline);
    if is_rejected && !is_same {
        // It may have been found only now, and is to be archived if nobody uses it.
        let is_it = |relocation: &mut Relocation| relocation.note_found(&copy);
        placement::note_relocation(engine, project, is_it).await?;
        return Err(Error::new(Kind::Refused, "the copy differs from the original"));
    }
    let (before, there) = (&request.tasks, &listing.outline);
    let tasks = relocation::in_copy(&original, before, there)
        .unwrap_or_else(|| relocation::in_changed_copy(&original, before, there));
    let to = request.to;
    go_on_as(engine, project, Successor { id: copy, to, listing, keys: Keys::OfCopy(tasks) }).await
}

/// The tasks that a project is known to have.
pub(crate) fn remote_tasks(engine: &Engine, project: &Project) -> Outline {
    residency::resident(engine, project).remote_outline()
}

/// Reads the original once more. One that is gone has left what was known of it.
pub(crate) async fn read_original(engine: &Engine, project: &Project) -> Result<()> {
    match fetch::fetch(engine, project, Priority::Save).await {
        Err(error) if error.kind() == Kind::NotFound && project.is_known() => Ok(()),
        read => read,
    }
}

/// Reads a project that this one is, or may be, a copy of, or that is a copy of this one.
pub(crate) async fn read_copy(
    engine: &Engine,
    project: &Project,
    copy: &ProjectId,
    title: &str,
) -> Result<Listing> {
    let tasks = engine.backend.tasks(Priority::Save, copy).await?;
    let only_root = fetch::only_root(engine, project, copy, title, &tasks, Priority::Save).await?;
    Ok(Outline::from_listing(&tasks, title, only_root))
}

/// Looks for a copy whose answer never came: of its title, not there before, and with the
/// tasks that the original has, or was known to have. If there is none, one that somebody has
/// changed since: to take it deletes nothing. Anything else is somebody's.
pub(crate) async fn find_copy(
    engine: &Engine,
    project: &Project,
    id: &ProjectId,
    request: &CopyRequest,
) -> Result<Option<(ProjectId, Listing)>> {
    let CopyRequest { to, before, tasks, .. } = request;
    let listed = engine.backend.projects(Priority::Save, &to.folder).await?;
    let original = remote_tasks(engine, project);
    let may_be = |entry: &&RemoteProject| {
        let is_new = !before.contains(&entry.id) && entry.id != *id;
        entry.name == to.title && entry.completed != Some(true) && is_new
    };
    let mut changed = None;
    for entry in listed.iter().filter(may_be) {
        let listing = read_copy(engine, project, &entry.id, &to.title).await?;
        let found = &listing.outline;
        if relocation::in_copy(&original, tasks, found).is_some() {
            return Ok(Some((entry.id.clone(), listing)));
        }
        if changed.is_none() && relocation::is_changed_copy(&original, tasks, found) {
            changed = Some((entry.id.clone(), listing));
        }
    }
    Ok(changed)
}

/// The project is another one from now on, durably: with its saves, its refused text, its name,
/// its history, and with what programs have before their eyes.
pub(crate) async fn go_on_as(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    successor: Successor,
) -> Result<()> {
    let lacking = match &successor.keys {
        Keys::OfCopy(tasks) => lacking(engine, project, &successor.id, &tasks.keys).await?,
        Keys::Back(_) => Vec::new(),
    };
    let (id, to, read) = (successor.id.clone(), successor.to.clone(), engine.clock.now());
    let mut next = Transition::begin(engine, project).await;
    let became = next.go_on_as(successor, lacking, read, |there| project.render(there));
    let Some(Became { former, keys, there, conflicts }) = became else { return Ok(()) };
    conflicts::keep_overridden(engine, project, &there, &conflicts).await;
    // Before the journal names it: a mount that is killed in between has them by both.
    bases::log_bases_of_copy(engine, project, &id, &keys);
    let (from, folder, keys) = (former.clone(), to.folder.clone(), keys.into_iter().collect());
    next.reidentified = Some(Reidentified { from, to: id.clone(), folder, keys });
    next.commit_with(Current::forget_told).await?;
    identified_anew(engine, project, &former, &id);
    engine.listings.show_as_listed(&id);
    placement::show_relocation(engine, project);
    let Location { folder, title } = to;
    engine.listings.add(&folder, RemoteProject { id, name: title, completed: Some(false) });
    engine.emit(Event::Directory(Some(folder)));
    Ok(())
}

/// What is known of the original's tasks beside their texts, by the copy's, if the copy has it
/// not. Whether Taskade's copies have it is not documented: one detail is looked at.
pub(crate) async fn lacking(
    engine: &Engine,
    project: &Project,
    copy: &ProjectId,
    keys: &HashMap<Key, Key>,
) -> Result<Vec<(TaskId, Details)>> {
    let known: Vec<(TaskId, Details)> = remote_tasks(engine, project)
        .items
        .iter()
        .filter(|item| !item.details.is_unknown())
        .filter_map(|item| match keys.get(&item.key) {
            Some(Key::Known(task)) => Some((task.clone(), item.details.sendable())),
            _ => None,
        })
        .collect();
    let sample = known.iter().find_map(|(task, details)| {
        let any = TaskResource::DETAILS.into_iter().find(|any| details.has_any(*any))?;
        Some((task, any))
    });
    let Some((task, resource)) = sample else { return Ok(Vec::new()) };
    let fetched = detail::ask_detail(engine, Priority::Save, copy, task, resource).await?;
    Ok(if fetched.has_any(resource) { Vec::new() } else { known })
}

/// Notes that a project is another one from now on, a copy of what it was.
pub(crate) fn identified_anew(
    engine: &Engine,
    project: &Arc<Project>,
    former: &ProjectId,
    copy: &ProjectId,
) {
    engine.audit.name(copy, &project.title());
    engine.unmoved.identified_anew(former, copy);
    {
        let mut projects = engine.projects();
        projects.remove(former);
        projects.insert(copy.clone(), project.clone());
    }
    cache_write::write(engine, project);
    residency::note_resident(engine, project);
    // What was served last before this mount, by the ids that its tasks have now.
    if let Some(served) = engine.cache.served(former) {
        let served = Arc::new(project.lock().resolved(&served));
        engine.cache.keep_served(copy, &served);
    }
}
