//! Copying what a task that was cut from another project has beside its text, and checking that it
//! came through. Only then is the old task deleted: see `transfer`.

use std::sync::Arc;

use crate::{
    api::{Priority, TaskResource},
    error::{Error, Kind, Result},
    ids::{ProjectId, TaskId},
    plan::{Details, Key},
    replica::pending::TransferredTask,
    sync::{
        engine::Engine,
        project::Project,
        read::detail,
        residency,
        transition::Transition,
        upload::unsettable::{self, LeftOut},
    },
    text::{carried::hidden, details::undisplayable, moved::in_project},
};

/// What was done about what is to be copied.
pub(crate) enum Copied {
    /// There is nothing to be copied.
    Nothing,
    /// Something was, and there may be more to be sent.
    Something,
    /// What is left waits for what was cut to be pasted elsewhere.
    Waits,
}

/// Has a project copy the details of tasks that were cut elsewhere, durably.
pub(crate) async fn take_along(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    moved: Vec<TransferredTask>,
) -> Result<()> {
    let mut next = Transition::begin(engine, project).await;
    next.transfer(moved, engine.clock.wall())?;
    next.commit().await?;
    engine.wake(project);
    Ok(())
}

/// Goes on with what is to be copied, once all of the project's own changes are sent.
pub(crate) async fn copy_details(engine: &Engine, project: &Project) -> Result<Copied> {
    let (id, moved, is_wanted, has_all) = {
        let state = project.lock();
        let (Some(id), Some(save)) = (state.id().cloned(), state.pending()) else {
            return Ok(Copied::Nothing);
        };
        let is_wanted = |moved: &TransferredTask| save.target().find(&moved.key).is_some();
        // What was cut again before it had everything may be pasted elsewhere.
        let may_go_on = state.held.is_some_and(|until| until > engine.clock.now());
        let next = save.transferred().iter().find(|moved| !may_go_on || is_wanted(moved));
        let has_all = |moved: &TransferredTask| {
            let fetched = moved.fetched.as_ref().map(Details::present);
            let item = save.target().find(&moved.key);
            fetched
                .zip(item)
                .is_none_or(|(fetched, item)| fetched.beyond(&item.details).is_unknown())
        };
        match next {
            Some(moved) => (id, moved.clone(), is_wanted(moved), has_all(moved)),
            None if save.transferred().is_empty() => return Ok(Copied::Nothing),
            None => return Ok(Copied::Waits),
        }
    };
    match (&moved.key, &moved.fetched) {
        (Key::Known(_), None) if is_wanted => copy_from(engine, project, &moved).await?,
        // It was cut and put back since: then it is to have what it was to have.
        (Key::Known(_), Some(fetched)) if is_wanted && !has_all => {
            want_for(engine, project, &moved.key, (fetched, None)).await?;
        }
        (Key::Known(task), Some(fetched)) if is_wanted => {
            check(engine, &id, task, fetched).await?;
            carried(engine, project, &moved, true).await?;
        }
        // The new one is gone again: whoever deleted it did not want the details either.
        _ => carried(engine, project, &moved, false).await?,
    }
    Ok(Copied::Something)
}

/// Asks for what is not known of the old task, and wants it for the new one.
pub(crate) async fn copy_from(
    engine: &Engine,
    project: &Project,
    moved: &TransferredTask,
) -> Result<()> {
    let mut fetched = Details::default();
    for resource in TaskResource::DETAILS {
        if !moved.cut_with.knows(resource) {
            let ask =
                detail::ask_detail(engine, Priority::Save, &moved.from, &moved.task, resource);
            fetched = fetched.or(&ask.await?);
        }
    }
    let (from, to) = (residency::fields_of(engine, &moved.from), project.format().fields.clone());
    let there = |details: &Details| in_project(details, from.as_deref(), to.as_deref());
    let cut = there(&moved.cut_with);
    // What was shown was pasted with the line, or left out on purpose; what was shown less of than there
    // was comes along.
    let unseen = to.as_ref().map(|_| hidden(&cut)).unwrap_or_default();
    let unshown = undisplayable(&cut).with(&unseen);
    let fetched = there(&fetched.beyond(&moved.cut_with)).with(&unshown).sendable();
    let (fetched, left) = unsettable::settable(&fetched);
    unsettable::report(engine, project, LeftOut::all(&moved.text, left)).await?;
    let (cut, _) = unsettable::settable(&cut);
    want_for(engine, project, &moved.key, (&fetched, Some(&cut))).await
}

/// Wants for a new task what the old one was told to have, and what its line said of what it was cut
/// with as it was.
pub(crate) async fn want_for(
    engine: &Engine,
    project: &Project,
    key: &Key,
    (fetched, cut): (&Details, Option<&Details>),
) -> Result<()> {
    let mut next = Transition::begin(engine, project).await;
    if !next.want_copied(key, fetched, cut) {
        return Ok(());
    }
    next.commit().await
}

/// Looks whether the service has taken what was copied.
pub(crate) async fn check(
    engine: &Engine,
    id: &ProjectId,
    task: &TaskId,
    fetched: &Details,
) -> Result<()> {
    for resource in TaskResource::DETAILS.into_iter().filter(|resource| fetched.has_any(*resource))
    {
        let now = detail::ask_detail(engine, Priority::Save, id, task, resource).await?;
        if !now.has_any(resource) {
            let what = format!("the copy of a task has lost its {}", in_words(resource));
            return Err(Error::new(Kind::Refused, what)
                .hint("the task that was cut is still there, in the other project"));
        }
    }
    Ok(())
}

/// Notes, durably, that nothing is to be copied any more.
pub(crate) async fn carried(
    engine: &Engine,
    project: &Project,
    moved: &TransferredTask,
    carried: bool,
) -> Result<()> {
    let mut next = Transition::begin(engine, project).await;
    next.note_transferred(moved);
    next.commit().await?;
    engine.transfers.release(project.serial, moved, carried);
    Ok(())
}

pub(crate) fn in_words(resource: TaskResource) -> &'static str {
    match resource {
        TaskResource::Task => "text",
        TaskResource::Date => "date",
        TaskResource::Note => "note",
        TaskResource::Assignees => "people",
        TaskResource::Fields => "fields",
    }
}
