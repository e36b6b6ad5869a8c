//! What programs want of an agent, journaled.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use crate::{
    api::AgentState,
    error::{Error, Result},
    ids::{AgentId, SpaceId},
    replica::served::GRACE,
    store::operations::{Operation, OperationKind},
    sync::{
        engine::Engine,
        operation::{
            agent::{
                body::{AgentAt, AgentSave, to_json},
                shown, verdict,
            },
            transition, worker,
        },
    },
};

/// Saves an agent: `seen` is what the program had before its eyes, and `wanted` what it made of it.
/// Several saves that wait are one. What was refused before is settled by another one.
///
/// # Errors
/// If it cannot be journaled, and what it is refused with in time.
pub(crate) async fn save(
    engine: &Arc<Engine>,
    at: AgentAt<'_>,
    seen: &AgentState,
    wanted: &AgentState,
) -> Result<()> {
    let is_open = |it: &Operation| {
        it.kind == OperationKind::SaveAgent
            && it.subject.as_deref() == Some(at.id.as_str())
            && (it.refusal.is_some() || !it.sent)
    };
    let waiting = engine.operations.find(is_open);
    if let (Some(Operation { refusal: Some(refusal), .. }), true) = (&waiting, seen == wanted) {
        return Err(Error::new(refusal.kind, refusal.reason.clone()));
    }
    if seen == wanted {
        return Ok(());
    }
    let row = match waiting {
        Some(waiting) => {
            let body = to_json(&AgentSave::of(&waiting)?.then(seen, wanted))?;
            match amend(engine, &waiting, body.clone()).await? {
                Some(row) => row,
                None => add(engine, at, OperationKind::SaveAgent, body, Duration::ZERO).await?,
            }
        }
        None => {
            let save = AgentSave { base: seen.clone(), want: wanted.clone(), undoes: None };
            add(engine, at, OperationKind::SaveAgent, to_json(&save)?, Duration::ZERO).await?
        }
    };
    verdict::verdict(engine, row).await
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

/// Journals that an agent is to be deleted once the grace of removals is over. What waits to be saved to
/// it is given up. It is hidden from now on.
///
/// # Errors
/// If it cannot be journaled.
pub(crate) async fn remove(engine: &Arc<Engine>, at: AgentAt<'_>) -> Result<()> {
    let before = shown::operations_of(engine, at.id);
    add(engine, at, OperationKind::DeleteAgent, Value::Null, GRACE).await?;
    for operation in before {
        let is_open = |it: &Operation| it.refusal.is_some() || !it.sent;
        transition::remove_if(engine, operation.row, is_open).await?;
    }
    Ok(())
}

/// An agent is to be what it was before an action, which is undone by that.
///
/// # Errors
/// As [`save`].
pub(crate) async fn undo(
    engine: &Arc<Engine>,
    at: AgentAt<'_>,
    (base, want): (AgentState, AgentState),
    action: i64,
) -> Result<()> {
    let save = AgentSave { base, want, undoes: Some(action) };
    let kind = OperationKind::SaveAgent;
    let row = add(engine, at, kind, to_json(&save)?, Duration::ZERO).await?;
    verdict::verdict(engine, row).await
}

/// An agent is to be gone, which undoes the action that made it.
///
/// # Errors
/// As [`save`].
pub(crate) async fn undo_creation(
    engine: &Arc<Engine>,
    at: AgentAt<'_>,
    action: i64,
) -> Result<()> {
    let kind = OperationKind::DeleteAgent;
    let row = add(engine, at, kind, json!({ "undoes": action }), Duration::ZERO).await?;
    verdict::verdict(engine, row).await
}

/// Takes back the deletion of the agent whose directory was at this path, if its grace is not over.
///
/// # Errors
/// If the journal cannot note it.
pub(crate) async fn take_back(
    engine: &Engine,
    space: &SpaceId,
    path: &str,
) -> Result<Option<AgentId>> {
    let is_it = |it: &Operation| {
        let is_waiting = it.refusal.is_none() && !it.sent;
        it.kind == OperationKind::DeleteAgent && it.space == *space && it.path == path && is_waiting
    };
    let Some(deletion) = engine.operations.find(is_it) else { return Ok(None) };
    // It may be on its way by now.
    let taken_back = transition::remove_if(engine, deletion.row, is_it).await?;
    Ok(taken_back.and_then(|deletion| deletion.subject).map(AgentId::new))
}

async fn add(
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
