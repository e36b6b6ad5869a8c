//! Moves that Taskade refused after whoever asked for them was told that all is well: told of until
//! they are settled, by a move that goes through, by giving them up, or by the project's removal;
//! after a day they are history.

use std::{sync::Arc, time::SystemTime};

use crate::{
    error::Result,
    store::{
        remarks::Remark,
        unmoved::{TOLD, Unmoved},
    },
    sync::{engine::Engine, project::Project},
};

/// Keeps that a project, which has this title, was not moved, and why.
///
/// # Errors
/// [`Kind::Storage`](crate::error::Kind::Storage) if it cannot be journaled.
pub(crate) async fn note_unmoved(
    engine: &Engine,
    project: &Project,
    title: &str,
    reason: &str,
) -> Result<()> {
    let Some(id) = project.id() else { return Ok(()) };
    let title = title.to_owned();
    let (since, reason) = (engine.clock.wall(), reason.to_owned());
    let unmoved = Unmoved { project: id.clone(), title: title.clone(), reason, since };
    let kept = unmoved.clone();
    let summary = unmoved.reason.clone();
    let project = Some(id.clone());
    let remark = Remark { time: since, project, title, summary, lines: Vec::new() };
    engine
        .journaled(move |journal| {
            journal.put_unmoved(&kept)?;
            journal.remark(&remark, None)
        })
        .await?;
    let mut all = engine.unmoved.lock();
    all.retain(|it| it.project != id);
    all.push(unmoved);
    Ok(())
}

/// A project is told of no longer. Whether it was.
///
/// # Errors
/// [`Kind::Storage`](crate::error::Kind::Storage) if it cannot be journaled.
pub(crate) async fn settle_unmoved(engine: &Engine, project: &Project) -> Result<bool> {
    let Some(id) = project.id() else { return Ok(false) };
    if !engine.unmoved.lock().iter().any(|it| it.project == id) {
        return Ok(false);
    }
    let settled = id.clone();
    engine.journaled(move |journal| journal.remove_unmoved(&settled)).await?;
    engine.unmoved.lock().retain(|it| it.project != id);
    Ok(true)
}

/// The moves that are told of, oldest first.
pub(crate) fn unmoved(engine: &Engine) -> Vec<Unmoved> {
    let all = engine.unmoved.lock();
    all.iter().filter(|it| is_reported(it, engine.clock.wall())).cloned().collect()
}

/// Why a project is not where it was to be, if that is to be told.
pub(crate) fn unmoved_of(engine: &Engine, project: &Arc<Project>) -> Option<String> {
    let id = project.id()?;
    unmoved(engine).into_iter().find(|it| it.project == id).map(|it| it.reason)
}

pub(crate) fn is_reported(unmoved: &Unmoved, now: SystemTime) -> bool {
    now.duration_since(unmoved.since).unwrap_or_default() < TOLD
}
