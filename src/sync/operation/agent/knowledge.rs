//! What agents know: adding to it and taking away.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use crate::{
    api::{
        Knowledge,
        endpoints::{AddKnowledge, RemoveKnowledge},
    },
    error::{Error, Kind, Result},
    ids::AgentId,
    replica::served::GRACE,
    store::operations::{Operation, OperationKind},
    sync::{
        engine::Engine,
        operation::{
            agent::{body::AgentAt, shown, verdict},
            transition, worker,
        },
    },
};

/// What an agent is shown to know: with what waits.
pub(crate) fn shown(engine: &Engine, id: &AgentId) -> BTreeSet<Knowledge> {
    let mut known = engine.listings.knowledge(id);
    for operation in shown::operations_of(engine, id) {
        let Some(knowledge) = of(&operation) else { continue };
        match operation.kind {
            OperationKind::AddKnowledge => known.extend([knowledge]),
            OperationKind::RemoveKnowledge if operation.refusal.is_none() => {
                known.remove(&knowledge);
            }
            _ => {}
        }
    }
    known
}

/// Has an agent know something. Whoever has just taken it away takes that back.
///
/// # Errors
/// If it cannot be journaled, and what it is refused with in time.
pub(crate) async fn add(
    engine: &Arc<Engine>,
    at: AgentAt<'_>,
    knowledge: &Knowledge,
) -> Result<()> {
    if let Some(removal) = waiting(engine, at.id, OperationKind::RemoveKnowledge, knowledge) {
        return transition::remove(engine, removal.row).await;
    }
    let row = journal(engine, at, OperationKind::AddKnowledge, knowledge, Duration::ZERO).await?;
    verdict::verdict(engine, row).await
}

/// Has an agent know something no longer, once the grace of removals is over.
///
/// # Errors
/// If it cannot be journaled.
pub(crate) async fn remove(
    engine: &Arc<Engine>,
    at: AgentAt<'_>,
    knowledge: &Knowledge,
) -> Result<()> {
    match waiting(engine, at.id, OperationKind::AddKnowledge, knowledge) {
        Some(addition) => transition::remove(engine, addition.row).await,
        None => {
            journal(engine, at, OperationKind::RemoveKnowledge, knowledge, GRACE).await.map(drop)
        }
    }
}

/// Carries either out. To add once more what was added may be refused: then it is there.
///
/// # Errors
/// What the service refuses with, or what came in the way.
pub(crate) async fn send(engine: &Engine, operation: &Operation) -> Result<()> {
    let (Some(knowledge), Some(agent)) = (of(operation), operation.subject.as_deref()) else {
        return Err(Error::new(Kind::Storage, "the journal has knowledge that cannot be read"));
    };
    let (knowledge, agent, was_sent) = (&knowledge, &AgentId::new(agent), operation.sent);
    transition::change(engine, operation.row, |it| it.sent = true).await?;
    if operation.kind == OperationKind::RemoveKnowledge {
        engine.backend.write(RemoveKnowledge { agent, knowledge }).await?;
        engine.listings.change_knowledge(agent, |known| known.retain(|it| it != knowledge));
        return Ok(());
    }
    match engine.backend.write(AddKnowledge { agent, knowledge }).await {
        Err(error) if !(was_sent && error.kind() == Kind::Refused) => return Err(error),
        _ => {}
    }
    engine.listings.change_knowledge(agent, |known| known.extend([knowledge.clone()]));
    Ok(())
}

/// What an operation is about.
fn of(operation: &Operation) -> Option<Knowledge> {
    serde_json::from_value(operation.body.clone()).ok()
}

/// One of this kind that is not sent, or was refused.
fn waiting(
    engine: &Engine,
    id: &AgentId,
    kind: OperationKind,
    knowledge: &Knowledge,
) -> Option<Operation> {
    shown::operations_of(engine, id).into_iter().find(|it| {
        let is_open = it.refusal.is_some() || !it.sent;
        it.kind == kind && is_open && of(it).as_ref() == Some(knowledge)
    })
}

async fn journal(
    engine: &Arc<Engine>,
    at: AgentAt<'_>,
    kind: OperationKind,
    knowledge: &Knowledge,
    hold: Duration,
) -> Result<i64> {
    let body = serde_json::to_value(knowledge)
        .map_err(|error| Error::new(Kind::Storage, "it cannot be written").because(error))?;
    let new = Operation::new(kind, at.space, at.path.to_owned(), engine.clock.wall());
    let subject = Some(at.id.as_str().to_owned());
    let added = transition::add(engine, Operation { subject, body, ..new }, hold).await?;
    worker::wake(engine, &added.lane());
    Ok(added.row)
}
