//! Archiving: what removing a project's file comes to. v1 cannot delete a project.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    error::{Kind, Result},
    ids::ProjectId,
    replica::standing::Standing,
    store::removals::Removal,
    sync::{
        engine::Engine,
        hiding,
        project::Project,
        residency,
        transition::Transition,
        upload::{actions, denied, expiry, unmoved},
    },
};

/// How a project's file went.
#[derive(Debug)]
pub(crate) struct Removing<'a> {
    pub(crate) name: &'a str,
    /// Whether it was in a workspace's home folder.
    pub(crate) is_workspace: bool,
    /// Where its text went below scratch, if it was renamed.
    pub(crate) copy: Option<PathBuf>,
    /// The row of the first of those that are removed together.
    pub(crate) burst: Option<i64>,
}

/// Journals that a project's file was removed: from then on the project is archived once its
/// grace is over, whatever becomes of this process. The row of the removal; `None` if there is
/// nothing to be archived.
///
/// # Errors
/// If it cannot be journaled.
pub(crate) async fn note_removal(
    engine: &Engine,
    project: &Project,
    removing: Removing<'_>,
) -> Result<Option<i64>> {
    residency::leave_kernel_thread(project).await;
    let (mut removal, outline) = {
        let state = residency::resident(engine, project);
        if state.id().is_none() && state.row().is_none() {
            return Ok(None);
        }
        let removal = Removal {
            row: 0,
            time: engine.clock.wall(),
            burst: removing.burst.unwrap_or_default(),
            project: state.id().cloned(),
            folder: state.folder().clone(),
            is_workspace: removing.is_workspace,
            title: state.title().to_owned(),
            name: removing.name.to_owned(),
            copy: removing.copy,
            archived: false,
        };
        (removal, state.content().map(|content| content.outline))
    };
    let noted = removal.clone();
    let row =
        engine.journaled(move |journal| journal.put_removal(&noted, outline.as_deref())).await?;
    removal.row = row;
    engine.removals.lock().push(removal);
    Ok(Some(row))
}

/// The row of the first of the removals that were made together with this one.
pub(crate) fn burst_of(engine: &Engine, row: i64) -> i64 {
    let removals = engine.removals.lock();
    let removal = removals.iter().find(|removal| removal.row == row);
    removal.map(|removal| removal.burst).filter(|burst| *burst != 0).unwrap_or(row)
}

/// Forgets a removal: the file is back.
///
/// # Errors
/// If the journal cannot note it.
pub(crate) async fn forget_removal(engine: &Engine, row: i64) -> Result<()> {
    engine.journaled(move |journal| journal.forget_removal(row)).await?;
    engine.removals.lock().retain(|removal| removal.row != row);
    Ok(())
}

/// As [`forget_removal`], of all removals of a project.
pub(crate) async fn forget_removals_of(engine: &Engine, id: &ProjectId) -> Result<()> {
    let rows: Vec<i64> = {
        let removals = engine.removals.lock();
        let of_it = removals.iter().filter(|removal| removal.project.as_ref() == Some(id));
        of_it.map(|removal| removal.row).collect()
    };
    for row in rows {
        forget_removal(engine, row).await?;
    }
    Ok(())
}

/// The grace of a removal is over: the project is archived. What never got an id has nothing to
/// come back as.
///
/// # Errors
/// If it cannot be journaled.
pub(crate) async fn conclude_removal(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    row: Option<i64>,
) -> Result<()> {
    archive(engine, project).await?;
    let Some(row) = row else { return Ok(()) };
    if project.id().is_none() {
        return forget_removal(engine, row).await;
    }
    engine.journaled(move |journal| journal.note_archived(row)).await?;
    let mut removals = engine.removals.lock();
    let settled = removals.iter_mut().find(|removal| removal.row == row);
    settled.into_iter().for_each(|removal| removal.archived = true);
    Ok(())
}

/// Scratch was renamed, or removed with `None`: so were the copies of removed files in it. What
/// was at the new place is gone. The journal is told behind that.
pub(crate) fn move_copies(engine: &Engine, from: &Path, to: Option<&Path>) {
    let mut moved = Vec::new();
    for removal in engine.removals.lock().iter_mut() {
        let Some(copy) = &removal.copy else { continue };
        removal.copy = match (copy.strip_prefix(from), to) {
            // Joining nothing would add a slash.
            (Ok(below), Some(to)) if below.as_os_str().is_empty() => Some(to.to_owned()),
            (Ok(below), Some(to)) => Some(to.join(below)),
            (Ok(_), None) => None,
            (Err(_), Some(to)) if copy.starts_with(to) => None,
            (Err(_), _) => continue,
        };
        moved.push(removal.row);
    }
    if let Some(shared) = engine.this.upgrade().filter(|_| !moved.is_empty()) {
        engine.tasks.spawn_blocking("noting where copies are", move || {
            moved.into_iter().for_each(|row| note_copy(&shared, row));
        });
    }
}

/// Tells the journal where the copy of a removed file is now, whoever else does so at the moment.
fn note_copy(engine: &Engine, row: i64) {
    let now = || {
        let removals = engine.removals.lock();
        removals.iter().find(|removal| removal.row == row).map(|removal| removal.copy.clone())
    };
    let mut noted = None;
    while let Some(copy) = now().filter(|copy| noted.as_ref() != Some(copy)) {
        if let Err(error) = engine.journal.note_copy(row, copy.as_deref()) {
            tracing::error!(%error, "it is not known where the copy of a removed project is");
            return;
        }
        noted = Some(copy);
    }
}

/// Archives a project once its saves are through. One that was refused is history then.
/// Journaled: a crash does not forget it.
///
/// # Errors
/// If it cannot be journaled.
pub(crate) async fn archive(engine: &Arc<Engine>, project: &Arc<Project>) -> Result<()> {
    if matches!(project.standing(), Standing::Rejected(_)) {
        expiry::make_history(engine, project).await?;
    }
    unmoved::settle_unmoved(engine, project).await?;
    let mut next = Transition::begin(engine, project).await;
    if next.is_unheard_of() && !project.lock().is_worked_at() {
        // There is nothing to archive and nothing to create.
        return Ok(());
    }
    next.want_archival();
    let id = next.id().cloned();
    next.archived = id.clone().map(|id| (id, true));
    next.commit().await?;
    id.into_iter().for_each(|id| hiding::show_hidden(engine, &id, true));
    engine.wake(project);
    Ok(())
}

/// Archives the project if that was asked for. The caller holds `project.remote`.
pub(crate) async fn archive_if_wanted(engine: &Engine, project: &Project) -> Result<()> {
    // As one with the look: whoever restores the project from here on has to ask for it.
    let id = {
        let mut next = Transition::begin(engine, project).await;
        if !next.is_to_be_archived() {
            return Ok(());
        }
        let id = next.begin_archival();
        next.keep_in_memory();
        id
    };
    if let Some(id) = id {
        let here = match engine.backend.complete_project(&id).await {
            Ok(()) => true,
            // Gone already: nothing is left to be archived.
            Err(error) if error.kind() == Kind::NotFound => false,
            Err(error) if error.kind().is_transient() => {
                if matches!(error.kind(), Kind::RateLimited | Kind::Unreachable) {
                    let mut next = Transition::begin(engine, project).await;
                    next.note_archival_unsent();
                    next.keep_in_memory();
                }
                return Err(error);
            }
            Err(error) => {
                tracing::error!(%error, project = project.title(), "could not archive; it is back");
                denied::note_archival(engine, project, &error);
                forget_removals_of(engine, &id).await?;
                hiding::hide(engine, &id, false).await?;
                false
            }
        };
        let mut next = Transition::begin(engine, project).await;
        next.note_archived(here);
        // Not journaled: the next mount asks for it once more.
        next.keep_in_memory();
    }
    let mut next = Transition::begin(engine, project).await;
    // It may be to be restored by now, which the worker goes on with.
    if !next.is_to_be_archived() {
        return Ok(());
    }
    if next.is_archived_here() {
        next.action = actions::archival(engine, &next);
    }
    next.conclude_archival();
    next.commit().await
}
