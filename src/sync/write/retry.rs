//! Refused saves again, or given up.

use std::sync::Arc;

use crate::{
    error::Result,
    replica::{rejection::RefusedText, served::Seen},
    sync::{
        bases,
        engine::Engine,
        project::Project,
        upload::{
            discard::{self, nothing_refused},
            journaling, reject, rejected_copies,
        },
        write::accept,
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
    let refused = {
        let mut state = project.lock();
        bases::end_own_texts(engine, &mut state);
        state.refused.clone()
    };
    let generation = match refused {
        Some(refused) => {
            let RefusedText { text, base, refusal, .. } = refused;
            match accept::accept(
                engine,
                project,
                None,
                &Seen::Perhaps(base.clone()),
                &text,
                allow_delete,
            )
            .await
            {
                Ok((_, None)) => {
                    // Taskade has all of it: others did the same.
                    return discard::discard(engine, project).await;
                }
                Ok((_, generation)) => generation,
                Err(error) => {
                    let error = reject::refused_at(engine, project, error);
                    reject::note_refused(engine, project, text, base, &error, refusal.set_aside)
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
    let _transition = project.commit.lock().await;
    if project.lock().saved.as_ref().is_none_or(|saved| saved.refused.is_none()) {
        return Err(nothing_refused(project));
    }
    rejected_copies::uncopy_refused(engine, project).await;
    let (entry, generation) = {
        let mut state = project.lock();
        if let Some(saved) = state.saved.as_mut() {
            saved.refused = None;
        }
        state.generation += 1;
        (journaling::journal_entry(&state), state.generation)
    };
    journaling::note(engine, project, entry).await?;
    Ok(generation)
}
