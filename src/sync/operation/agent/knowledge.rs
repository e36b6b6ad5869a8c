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
    store::{
        agent_history::AgentActionKind,
        operations::{Operation, OperationKind},
    },
    sync::{
        engine::Engine,
        operation::{
            agent::{
                actions,
                body::{AgentAt, to_json},
                shown, verdict,
            },
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
    if take_back(engine, at.id, OperationKind::RemoveKnowledge, knowledge).await? {
        return Ok(());
    }
    let kind = OperationKind::AddKnowledge;
    let row = journal(engine, at, kind, (knowledge, None), Duration::ZERO).await?;
    verdict::verdict(engine, row).await
}

/// Has an agent know something, or know it no longer (`is_taught`), which undoes an action.
///
/// # Errors
/// As [`add`].
pub(crate) async fn undo(
    engine: &Arc<Engine>,
    at: AgentAt<'_>,
    (knowledge, is_taught): (&Knowledge, bool),
    action: i64,
) -> Result<()> {
    let kind = if is_taught { OperationKind::AddKnowledge } else { OperationKind::RemoveKnowledge };
    let row = journal(engine, at, kind, (knowledge, Some(action)), Duration::ZERO).await?;
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
    if take_back(engine, at.id, OperationKind::AddKnowledge, knowledge).await? {
        return Ok(());
    }
    let kind = OperationKind::RemoveKnowledge;
    journal(engine, at, kind, (knowledge, None), GRACE).await.map(drop)
}

/// Carries either out. To add once more what was added may be refused: then it is there.
///
/// # Errors
/// What the service refuses with, or what came in the way.
pub(crate) async fn send(engine: &Engine, operation: &Operation) -> Result<()> {
    let (Some(knowledge), Some(agent)) = (of(operation), operation.subject.as_deref()) else {
        return Err(Error::new(Kind::Storage, "the journal has knowledge that cannot be read"));
    };
    let (agent, was_sent) = (&AgentId::new(agent), operation.sent);
    let noted = transition::change(engine, operation.row, |it| it.sent = true).await?;
    // Somebody took it back meanwhile.
    let Some(operation) = noted else { return Ok(()) };
    let sent = change(engine, &operation, (agent, &knowledge), was_sent).await;
    if let Err(error) = &sent
        && error.kind().is_certain()
    {
        transition::change(engine, operation.row, |it| it.sent = was_sent).await?;
    }
    sent
}

async fn change(
    engine: &Engine,
    operation: &Operation,
    (agent, knowledge): (&AgentId, &Knowledge),
    was_sent: bool,
) -> Result<()> {
    if operation.kind == OperationKind::RemoveKnowledge {
        engine.backend.write(RemoveKnowledge { agent, knowledge }).await?;
        engine.listings.change_knowledge(agent, |known| known.retain(|it| it != knowledge));
        let kind = AgentActionKind::Untaught(knowledge.clone());
        return actions::note(engine, operation, agent, kind, actions::undoes(operation)).await;
    }
    match engine.backend.write(AddKnowledge { agent, knowledge }).await {
        Err(error) if !(was_sent && error.kind() == Kind::Refused) => return Err(error),
        _ => {}
    }
    engine.listings.change_knowledge(agent, |known| known.extend([knowledge.clone()]));
    let kind = AgentActionKind::Taught(knowledge.clone());
    actions::note(engine, operation, agent, kind, actions::undoes(operation)).await
}

/// What an operation is about.
fn of(operation: &Operation) -> Option<Knowledge> {
    let mut body = operation.body.clone();
    body.as_object_mut()?.remove("undoes");
    serde_json::from_value(body).ok()
}

/// Takes one of this kind back that is not sent, or was refused. Whether there was one.
async fn take_back(
    engine: &Engine,
    id: &AgentId,
    kind: OperationKind,
    knowledge: &Knowledge,
) -> Result<bool> {
    let is_it = |it: &Operation| it.kind == kind && of(it).as_ref() == Some(knowledge);
    for operation in shown::operations_of(engine, id).into_iter().filter(is_it) {
        let is_open = |it: &Operation| it.refusal.is_some() || !it.sent;
        if transition::remove_if(engine, operation.row, is_open).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn journal(
    engine: &Arc<Engine>,
    at: AgentAt<'_>,
    kind: OperationKind,
    (knowledge, undoes): (&Knowledge, Option<i64>),
    hold: Duration,
) -> Result<i64> {
    let mut body = to_json(knowledge)?;
    if let (Some(undoes), Some(body)) = (undoes, body.as_object_mut()) {
        body.insert("undoes".to_owned(), undoes.into());
    }
    let new = Operation::new(kind, at.space, at.path.to_owned(), engine.clock.wall());
    let subject = Some(at.id.as_str().to_owned());
    let added = transition::add(engine, Operation { subject, body, ..new }, hold).await?;
    worker::wake(engine, &added.lane());
    Ok(added.row)
}
