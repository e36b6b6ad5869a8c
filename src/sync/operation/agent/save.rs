//! What programs want of an agent, journaled.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use crate::{
    api::AgentState,
    error::Result,
    ids::{AgentId, SpaceId},
    replica::served::GRACE,
    store::operations::{Operation, OperationKind},
    sync::{
        engine::Engine,
        operation::{
            agent::{
                body::{AgentAt, AgentSave, to_json},
                shown, staged, verdict,
            },
            transition,
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
    match staged::stage(engine, at, seen, wanted).await? {
        Some(row) => verdict::verdict(engine, row).await,
        None => Ok(()),
    }
}

/// Journals that an agent is to be deleted once the grace of removals is over. What waits to be saved to
/// it is given up. It is hidden from now on.
///
/// # Errors
/// If it cannot be journaled.
pub(crate) async fn remove(engine: &Arc<Engine>, at: AgentAt<'_>) -> Result<()> {
    let before = shown::operations_of(engine, at.id);
    staged::add(engine, at, OperationKind::DeleteAgent, Value::Null, GRACE).await?;
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
    let row = staged::add(engine, at, kind, to_json(&save)?, Duration::ZERO).await?;
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
    let row = staged::add(engine, at, kind, json!({ "undoes": action }), Duration::ZERO).await?;
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
