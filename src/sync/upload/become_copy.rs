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
    plan::{Conflict, Details, Key, Listing, Outline},
    replica::{
        copying::{self as relocation, InCopy},
        pending::{PendingSave, Rebased},
        relocation::{CopyRequest, Location, Original, Relocation},
        state::Replica,
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
            let made = |relocation: &mut Relocation| {
                if let Some(copy) = relocation.copy.as_mut() {
                    (copy.is_made, copy.id) = (true, copied);
                }
            };
            placement::note_relocation(engine, project, made).await
        }
        Err(error) => {
            if error.kind().is_certain() {
                placement::note_relocation(engine, project, |relocation| relocation.copy = None)
                    .await?;
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
        let is_it = |relocation: &mut Relocation| {
            relocation.copy.iter_mut().for_each(|request| request.id = Some(copy.clone()));
        };
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
    next: Successor,
) -> Result<()> {
    let lacking = match &next.keys {
        Keys::OfCopy(tasks) => lacking(engine, project, &next.id, &tasks.keys).await?,
        Keys::Back(_) => Vec::new(),
    };
    let Successor { id, to, listing, keys } = next;
    let mut next = Transition::begin(engine, project).await;
    let (Some(former), Some(save)) = (next.id.clone(), next.pending().cloned()) else {
        return Ok(());
    };
    let there = There::of(&next, keys, listing.outline, &lacking);
    let first_new = next.reserve(save.target.items.len());
    let (mut save, mut renamed) = relocation::on_copy(&save, &there.keys, &there.base, first_new);
    let conflicts = there.rebase(&mut next, &mut save, &mut renamed);
    if let Some(relocation) = save.relocation.as_mut() {
        relocation.originals.push(there.leaves(&next, former.clone(), relocation, &renamed));
        relocation.from = to.clone();
        (relocation.copy, relocation.back) = (None, None);
        relocation.details = lacking;
    }
    conflicts::keep_overridden(engine, project, &there.outline, &conflicts).await;
    let (from, folder) = (former.clone(), to.folder.clone());
    let keys = renamed.iter().cloned().collect();
    next.reidentified = Some(Reidentified { from, to: id.clone(), folder, keys });
    next.id = Some(id.clone());
    next.local.set_save(save);
    let read = Some(engine.clock.now());
    let (text, title) = (project.render(&there.outline), listing.title.map(|node| node.id));
    next.install_with_title(there.outline, text, title, read);
    // Before the journal names it: a mount that is killed in between has them by both.
    bases::log_bases_of_copy(engine, project, &id, &renamed);
    for (from, to) in renamed {
        next.note_alias(from, to);
    }
    next.commit_with(|current| {
        current.assigned.clear();
        current.touched.clear();
        current.served = None;
    })
    .await?;
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
            Some(Key::Known(task)) => Some((task.clone(), item.details.in_one_line())),
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

/// What a project is to be from now on.
#[derive(Debug)]
pub(crate) struct Successor {
    pub(crate) id: ProjectId,
    pub(crate) to: Location,
    pub(crate) listing: Listing,
    pub(crate) keys: Keys,
}

/// How its tasks there are known.
#[derive(Debug)]
pub(crate) enum Keys {
    /// It is a copy, which has its tasks like this.
    OfCopy(InCopy),
    /// It is again what it was copied from.
    Back(Original),
}

/// A project's tasks where it is to go on.
#[derive(Debug)]
pub(crate) struct There {
    /// The keys that they have there, by those that they have now.
    keys: HashMap<Key, Key>,
    /// What was there of what the project wants.
    base: Outline,
    /// What is there.
    outline: Outline,
    /// Whether what is there is all that is left behind.
    is_whole: bool,
}

impl There {
    fn of(
        state: &Replica,
        keys: Keys,
        mut outline: Outline,
        lacking: &[(TaskId, Details)],
    ) -> Self {
        let left = state.remote_outline();
        match keys {
            Keys::OfCopy(InCopy { keys, mut base }) => {
                let is_whole = relocation::same_tasks(&left, &outline);
                outline.inherit(&relocation::renamed(&left, &keys));
                for item in outline.items.iter_mut().filter(|_| !lacking.is_empty()) {
                    item.details = item.details.in_one_line();
                }
                relocation::with_details_of(&mut base, &outline);
                Self { keys, base, outline, is_whole }
            }
            Keys::Back(Original { tasks, keys, .. }) => {
                // What was done to the copy is to be done there, and what others did there stays.
                let is_whole =
                    [&tasks, &outline].iter().any(|it| relocation::same_tasks(&left, it));
                outline.inherit(&tasks);
                let keys = keys.into_iter().map(|(old, new)| (state.current(&new), old)).collect();
                Self { keys, base: tasks, outline, is_whole }
            }
        }
    }

    /// Takes into the save what others did there. The keys that tasks have for that, too.
    fn rebase(
        &self,
        state: &mut Replica,
        save: &mut PendingSave,
        renamed: &mut Vec<(Key, Key)>,
    ) -> Vec<Conflict> {
        if self.base == self.outline {
            return Vec::new();
        }
        let first_new = state.reserve(save.target.items.len());
        let Rebased { aliases, conflicts } = save.rebase(self.outline.clone(), first_new);
        let aliases: HashMap<Key, Key> = aliases.into_iter().collect();
        for (_, now) in renamed.iter_mut() {
            if let Some(newer) = aliases.get(now) {
                now.clone_from(newer);
            }
        }
        renamed.extend(aliases);
        conflicts
    }

    /// What is left behind: to be archived.
    fn leaves(
        &self,
        state: &Replica,
        id: ProjectId,
        relocation: &Relocation,
        renamed: &[(Key, Key)],
    ) -> Original {
        let Location { folder, title } = relocation.from.clone();
        let mut keys = self.keys.clone();
        keys.extend(renamed.iter().cloned());
        Original {
            id,
            folder: Some(folder),
            title,
            tasks: state.remote_outline(),
            keys: keys.into_iter().collect(),
            is_whole: self.is_whole,
            is_stray: false,
            is_fresh: true,
            is_archived: false,
        }
    }
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
