//! Refused saves again, or given up.

use std::sync::Arc;

use crate::{
    error::Result,
    replica::{rejection::RejectedText, served::Base},
    sync::{
        bases,
        engine::Engine,
        project::Project,
        transition::Transition,
        upload::{
            discard::{self, nothing_rejected},
            reject,
        },
        write::accept::{self, Given},
    },
};

/// Tries a refused save again; with `allow_delete` the deletion guard does not look.
///
/// # Errors
/// [`Kind::NotFound`](crate::error::Kind::NotFound) if nothing was refused; otherwise as a save.
pub(crate) async fn retry(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    allow_delete: bool,
) -> Result<()> {
    engine.denied.forget(&project.folder());
    let rejected = {
        let mut state = project.lock();
        bases::end_own_texts(engine, &mut state);
        state.rejected_here().cloned()
    };
    let generation = match rejected {
        Some(rejected) => {
            let RejectedText { text, base, rejection, .. } = rejected;
            match accept::accept(
                engine,
                project,
                None,
                &Base::MaybeStale(base.clone()),
                &text,
                Given::Again { allow_delete },
            )
            .await
            {
                Ok((_, None)) => {
                    // Taskade has all of it: others did the same.
                    return discard::discard(engine, project).await;
                }
                Ok((_, generation)) => generation,
                Err(error) => {
                    let error = reject::rejected_at(engine, project, error);
                    reject::note_rejected(engine, project, text, base, &error, rejection.set_aside)
                        .await;
                    return Err(error);
                }
            }
        }
        None => Some(send_again(engine, project).await?),
    };
    let Some(generation) = generation else { return Ok(()) };
    engine.wake(project);
    accept::verdict(engine, project, generation).await
}

/// Clears Taskade's refusal of a save. The number of the save.
pub(crate) async fn send_again(engine: &Engine, project: &Project) -> Result<u64> {
    let mut next = Transition::begin(engine, project).await;
    let Some(generation) = next.retry() else { return Err(nothing_rejected(project)) };
    next.commit().await?;
    Ok(generation)
}
