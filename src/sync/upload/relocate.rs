//! Getting a project to another place: what the worker does for it, once all else is sent.
//!
//! The title node is tried first, and only what `GET /projects/{id}` then says is believed. Where
//! that changes nothing, and for another folder, the project is copied and becomes its copy: saves
//! that wait, what programs have read and what they write go on with the copy's tasks. The original
//! is archived last, once the copy was seen to hold all of it. What to do where Taskade refuses a
//! part of that is told in `turn_back`.

use std::sync::{Arc, atomic::Ordering};

use crate::{
    api::Priority,
    error::{Error, Kind, Result},
    ids::ProjectId,
    plan::{Details, Key, Op, Outline},
    replica::{
        copying as relocation,
        pending::PendingSave,
        relocation::{CopyRequest, Original, Relocation, Step},
        state::Replica,
    },
    sync::{
        engine::Engine,
        hiding,
        project::{Project, Relocated},
        read::{directories, fetch},
        residency,
        transition::Transition,
        upload::{
            become_copy, conflicts, placement, send, turn_back, unmoved,
            unsettable::{self, LeftOut},
        },
    },
};

/// Gets a project where it is to be, or gives that up if Taskade refuses it. The caller holds
/// `project.remote`.
pub(crate) async fn relocate(engine: &Arc<Engine>, project: &Arc<Project>) -> Result<()> {
    loop {
        let error = match go(engine, project).await {
            Err(error) if !error.kind().is_transient() && !error.kind().is_local() => error,
            gone => return gone,
        };
        if !turn_back::turn_back(engine, project, &error).await? {
            return turn_back::give_up_relocation(engine, project, error).await;
        }
    }
}

/// Goes on until the project is there, or has become a copy that is to be changed first.
pub(crate) async fn go(engine: &Arc<Engine>, project: &Arc<Project>) -> Result<()> {
    loop {
        let (id, relocation) = {
            let state = project.lock();
            (state.id().cloned(), state.relocation().cloned())
        };
        let Some(relocation) = relocation else { return Ok(()) };
        let Some(id) = id else {
            // It was never created: it will be, where it is to be.
            return arrive(engine, project).await;
        };
        match relocation.next() {
            Step::GoBack(original) => turn_back::go_back(engine, project, original).await?,
            Step::Go => set_out(engine, project, &id, &relocation).await?,
            Step::BecomeCopy(request) => {
                become_copy::become_copy(engine, project, &id, request).await?
            }
            Step::SetDetails => set_details(engine, project, &id, relocation).await?,
            Step::Archive(original) if original.is_whole || is_sent(project) => {
                if !archive_original(engine, project, &original).await? {
                    return Ok(());
                }
            }
            // What others did to it meanwhile is to be done to the copy first.
            Step::Archive(original) => {
                placement::note_relocation(engine, project, Relocation::note_sent).await?;
                if project.lock().is_rejected() {
                    let error = Error::new(Kind::Refused, "others have changed it since");
                    return Err(not_archived(&error, &original.title));
                }
                return Ok(());
            }
            Step::Arrived => return arrive(engine, project).await,
        }
    }
}

/// Tries the title, and asks for a copy where that is not enough.
pub(crate) async fn set_out(
    engine: &Engine,
    project: &Project,
    id: &ProjectId,
    relocation: &Relocation,
) -> Result<()> {
    let (from, to) = (relocation.from(), relocation.to());
    let is_here = from.folder == to.folder;
    if (is_here || relocation.retitling().is_some())
        && retitle(engine, project, id, relocation).await?
    {
        return Ok(());
    }
    placement::note_relocation(engine, project, Relocation::give_up_retitling).await?;
    if from == to {
        return Ok(());
    }
    let before = directories::project_ids(engine, &to.folder).await?;
    let tasks = become_copy::remote_tasks(engine, project);
    let request = CopyRequest { to: to.clone(), before, tasks, is_made: false, id: None };
    placement::note_relocation(engine, project, |relocation| relocation.begin_copy(request))
        .await?;
    become_copy::ask_for_copy(engine, project, id, to).await
}

/// Tries the title node. Whether the project has another title now.
pub(crate) async fn retitle(
    engine: &Engine,
    project: &Project,
    id: &ProjectId,
    relocation: &Relocation,
) -> Result<bool> {
    let (from, to) = (relocation.from(), relocation.to());
    if let Some(sent) = relocation.retitling() {
        // Its answer was lost.
        let now = engine.backend.project(Priority::Save, id).await?.name;
        if now == *sent {
            return retitled(engine, project, id, sent).await.map(|()| true);
        }
    }
    if engine.titles_are_fixed.load(Ordering::Relaxed) || from == to {
        return Ok(false);
    }
    if residency::resident(engine, project).snapshot().is_none() {
        fetch::fetch(engine, project, Priority::Save).await?;
    }
    let node =
        residency::resident(engine, project).snapshot().and_then(|known| known.title.clone());
    let Some(node) = node else { return Ok(false) };
    let content = engine.settings.content_type.content(&to.title);
    let begun = |relocation: &mut Relocation| relocation.begin_retitling(&to.title);
    placement::note_relocation(engine, project, begun).await?;
    match engine.backend.update_task(id, &node, &content).await {
        Ok(_) => {
            let now = engine.backend.project(Priority::Save, id).await?;
            if now.name == to.title {
                return retitled(engine, project, id, &to.title).await.map(|()| true);
            }
            engine.titles_are_fixed.store(true, Ordering::Relaxed);
            Ok(false)
        }
        Err(error) if matches!(error.kind(), Kind::Refused | Kind::NotFound) => {
            engine.titles_are_fixed.store(true, Ordering::Relaxed);
            Ok(false)
        }
        Err(error) => {
            if error.kind().is_certain() {
                placement::note_relocation(engine, project, Relocation::give_up_retitling).await?;
            }
            Err(error)
        }
    }
}

pub(crate) async fn retitled(
    engine: &Engine,
    project: &Project,
    id: &ProjectId,
    title: &str,
) -> Result<()> {
    placement::note_relocation(engine, project, |relocation| relocation.note_retitled(title))
        .await?;
    engine.listings.retitle(id, title);
    Ok(())
}

/// Sets what the copy lacks. Doing it twice does no harm, so only the end is journaled.
pub(crate) async fn set_details(
    engine: &Engine,
    project: &Project,
    id: &ProjectId,
    relocation: Relocation,
) -> Result<()> {
    for (task, details) in relocation.details() {
        let (details, left) = unsettable::settable(details);
        for change in Details::none().script(&details) {
            let op = Op::Detail { key: Key::Known(task.clone()), change };
            match send::send(engine, project, id, &op).await {
                // Somebody has deleted it since.
                Err(error) if error.kind() == Kind::NotFound => break,
                Err(error) if !error.kind().is_transient() && !error.kind().is_local() => {
                    return Err(because(&error, "the copy has not got everything"));
                }
                sent => drop(sent?),
            }
        }
        let tasks = become_copy::remote_tasks(engine, project);
        let text = tasks.find(&Key::Known(task.clone())).map_or("", |item| &item.text);
        unsettable::report(engine, project, LeftOut::all(text, left)).await?;
        let set = |relocation: &mut Relocation| relocation.note_details_set(task);
        placement::note_in_memory(engine, project, set).await;
    }
    placement::note_relocation(engine, project, Relocation::note_all_details_set).await
}

/// Archives a project of which the copy is seen to be whole. `false` if others have changed it
/// since: what they did is to be done to the copy first.
pub(crate) async fn archive_original(
    engine: &Engine,
    project: &Project,
    original: &Original,
) -> Result<bool> {
    let Original { id, title, .. } = original;
    let is_there = match original.is_fresh || original.is_archived {
        true => !original.is_archived,
        false => match original_now(engine, project, original).await? {
            Some(now) if !relocation::same_tasks(&original.tasks, &now) => {
                return carry_over(engine, project, original, now).await.map(|()| false);
            }
            now => now.is_some(),
        },
    };
    if is_there {
        match engine.backend.complete_project(id).await {
            Err(error) if error.kind() == Kind::NotFound => {}
            Err(error) if !error.kind().is_transient() => {
                // It may be archived already: an answer was lost, whatever is said to asking again.
                let now = match engine.backend.project(Priority::Save, id).await {
                    Err(unknown) if !unknown.kind().is_transient() => None,
                    now => now?.completed,
                };
                if now != Some(true) {
                    return Err(not_archived(&error, title));
                }
            }
            Err(error) => {
                // Who knows what others have done to it by the next time.
                placement::note_in_memory(engine, project, Relocation::note_sent).await;
                return Err(error);
            }
            Ok(()) => {}
        }
        let archived = |relocation: &mut Relocation| relocation.note_archived(id);
        placement::note_in_memory(engine, project, archived).await;
    }
    hiding::hide(engine, id, true).await?;
    placement::note_relocation(engine, project, |relocation| relocation.release(id)).await?;
    engine.listings.show_as_listed(id);
    Ok(true)
}

/// Reads the original once more, since time has passed. What it has, if it is still there.
pub(crate) async fn original_now(
    engine: &Engine,
    project: &Project,
    original: &Original,
) -> Result<Option<Outline>> {
    let Original { id, title, tasks, .. } = original;
    let mut now = match become_copy::read_copy(engine, project, id, title).await {
        Err(error) if error.kind() == Kind::NotFound => return Ok(None),
        now => now?.outline,
    };
    now.inherit(tasks);
    Ok(Some(now))
}

/// Wants for the copy, durably, what others have made of the original since it was copied.
pub(crate) async fn carry_over(
    engine: &Engine,
    project: &Project,
    original: &Original,
    now: Outline,
) -> Result<()> {
    let not_told = || {
        let error = Error::new(Kind::Refused, "others have changed it since");
        not_archived(&error, &original.title)
    };
    let mut next = Transition::begin(engine, project).await;
    if next.pending().is_none() {
        return Ok(());
    }
    if next.is_rejected() || original.is_stray {
        return Err(not_told());
    }
    let carried = next.carry_over(original, &now).ok_or_else(not_told)?;
    conflicts::keep_overridden(engine, project, &carried.theirs, &carried.conflicts).await;
    next.commit().await
}

/// The project is where it was to be, or where it was.
pub(crate) async fn arrive(engine: &Engine, project: &Project) -> Result<()> {
    let mut next = Transition::begin(engine, project).await;
    let ticket = next.renamings();
    let relocation = next.arrive();
    // Not journaled: the next mount would find that nothing is left to be done.
    next.keep_in_memory();
    if let Some(relocation) = &relocation {
        placement::unshow_relocation(engine, project, relocation);
    }
    let rejected = match relocation.and_then(|relocation| relocation.undone().cloned()) {
        None => {
            unmoved::settle_unmoved(engine, project).await?;
            None
        }
        Some(undone) => {
            let title = project.title();
            Some(turn_back::report_unmoved(engine, project, &title, undone, true).await?)
        }
    };
    project.relocated.send_replace(Relocated { ticket, rejected });
    Ok(())
}

/// Whether the worker is to get the project to its place now: the saves from before are through or
/// refused, or something is begun that is to be finished first.
pub(crate) fn may_relocate(state: &Replica) -> bool {
    let Some((save, relocation)) = state.pending().zip(state.relocation()) else { return false };
    let is_sent = save.is_sent() && !save.is_base_uncertain();
    let is_begun = match relocation.next() {
        Step::Go => relocation.retitling().is_some(),
        Step::Archive(original) => original.is_whole,
        Step::GoBack(_) | Step::BecomeCopy(_) | Step::SetDetails | Step::Arrived => true,
    };
    state.is_rejected() || is_sent || is_begun
}

/// Whether nothing is left to be sent of the project's tasks.
pub(crate) fn is_sent(project: &Project) -> bool {
    project.lock().pending().is_none_or(PendingSave::is_sent)
}

pub(crate) fn because(error: &Error, what: &str) -> Error {
    Error::new(error.kind(), format!("{what}: {error}"))
}

pub(crate) fn not_archived(error: &Error, title: &str) -> Error {
    because(error, &format!("it was copied, but `{title}` could not be archived"))
}
