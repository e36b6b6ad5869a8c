//! What programs want of agents that the service has, journaled. Several saves that wait are one.

use std::{sync::Arc, time::Duration};

use serde_json::Value;

use crate::{
    api::AgentState,
    error::{Error, Result},
    ids::AgentId,
    store::operations::{Operation, OperationKind},
    sync::{
        engine::Engine,
        operation::{
            agent::body::{AgentAt, AgentSave, to_json},
            overridden, transition, worker,
        },
    },
};

/// Journals a save of an agent: `seen` is what the program had before its eyes, and `wanted` what it made
/// of it. The row that it has; none if it changes nothing. What was refused before is settled by another one.
///
/// # Errors
/// If it cannot be journaled, and if the same was refused before.
pub(crate) async fn stage(
    engine: &Arc<Engine>,
    at: AgentAt<'_>,
    seen: &AgentState,
    wanted: &AgentState,
) -> Result<Option<i64>> {
    let waiting = waiting(engine, at.id);
    if let (Some(Operation { refusal: Some(refusal), .. }), true) = (&waiting, seen == wanted) {
        return Err(Error::new(refusal.kind, refusal.reason.clone()));
    }
    if seen == wanted {
        return Ok(None);
    }
    let kind = OperationKind::SaveAgent;
    let row = match waiting {
        Some(waiting) => {
            let before = AgentSave::of(&waiting)?;
            let (save, overridden) = before.then(seen, wanted);
            overridden::keep_wanted(engine, &waiting, &before.want, &overridden).await;
            let body = to_json(&save)?;
            match amend(engine, &waiting, body.clone()).await? {
                Some(row) => row,
                None => add(engine, at, kind, body, Duration::ZERO).await?,
            }
        }
        None => {
            let save = AgentSave { base: seen.clone(), want: wanted.clone(), undoes: None };
            add(engine, at, kind, to_json(&save)?, Duration::ZERO).await?
        }
    };
    Ok(Some(row))
}

/// The latest save of an agent that was refused, or of which nothing was sent yet.
pub(crate) fn waiting(engine: &Engine, id: &AgentId) -> Option<Operation> {
    engine.operations.find(|it| {
        it.kind == OperationKind::SaveAgent
            && it.subject.as_deref() == Some(id.as_str())
            && (it.refusal.is_some() || !it.sent)
    })
}

/// Gives a save that waits, or was refused, another body; `None` if it has been sent meanwhile.
async fn amend(engine: &Arc<Engine>, waiting: &Operation, body: Value) -> Result<Option<i64>> {
    let mut is_amended = false;
    let changed = transition::change(engine, waiting.row, |it| {
        is_amended = it.refusal.is_some() || !it.sent;
        if is_amended {
            (it.body, it.refusal, it.sent) = (body, None, false);
        }
    });
    let changed = changed.await?;
    if let Some(operation) = &changed {
        worker::wake(engine, &operation.lane());
    }
    Ok(changed.map(|operation| operation.row).filter(|_| is_amended))
}

/// Journals that something is to be done about an agent, but not before `hold` has passed. The row that it
/// has.
///
/// # Errors
/// If it cannot be journaled.
pub(crate) async fn add(
    engine: &Arc<Engine>,
    at: AgentAt<'_>,
    kind: OperationKind,
    body: Value,
    hold: Duration,
) -> Result<i64> {
    let new = Operation::new(kind, at.space, at.path.to_owned(), engine.clock.wall());
    let subject = Some(at.id.as_str().to_owned());
    let operation = transition::add(engine, Operation { subject, body, ..new }, hold).await?;
    worker::wake(engine, &operation.lane());
    Ok(operation.row)
}
