//! Publishing agents, and what they are set to for the public.

use std::{sync::Arc, time::Duration};

use crate::{
    api::endpoints::{PublishAgent, UpdatePublicAgent},
    error::{Error, Kind, Result},
    ids::AgentId,
    store::{
        agent_history::AgentActionKind,
        operations::{Operation, OperationKind},
    },
    sync::{
        engine::Engine,
        operation::{
            agent::{
                actions,
                body::{AgentAt, PublicWish, to_json},
                verdict,
            },
            transition, worker,
        },
    },
};

/// Saves what is wanted.
///
/// # Errors
/// If it cannot be journaled, and what it is refused with in time.
pub(crate) async fn save(engine: &Arc<Engine>, at: AgentAt<'_>, wish: &PublicWish) -> Result<()> {
    let body = to_json(wish)?;
    let kind = OperationKind::PublishAgent;
    let refused = engine.operations.find(|it| {
        it.kind == kind && it.subject.as_deref() == Some(at.id.as_str()) && it.refusal.is_some()
    });
    let new = Operation::new(kind, at.space, at.path.to_owned(), engine.clock.wall());
    let subject = Some(at.id.as_str().to_owned());
    let added = transition::add(engine, Operation { subject, body, ..new }, Duration::ZERO).await?;
    if let Some(refused) = refused {
        transition::remove(engine, refused.row).await?;
    }
    worker::wake(engine, &added.lane());
    verdict::verdict(engine, added.row).await
}

/// Carries it out. Doing it again does no harm.
///
/// # Errors
/// What the service refuses with, or what came in the way.
pub(crate) async fn send(engine: &Engine, operation: &Operation) -> Result<()> {
    let wish: PublicWish = serde_json::from_value(operation.body.clone()).map_err(|error| {
        Error::new(Kind::Storage, "the journal has what cannot be read").because(error)
    })?;
    let agent = operation.subject.as_deref().map(AgentId::new);
    let agent = &agent.ok_or_else(|| Error::new(Kind::Invalid, "no agent is named"))?;
    if wish.is_published {
        engine.backend.write(PublishAgent { agent }).await?;
    }
    if let Some(preferences) = &wish.preferences {
        engine.backend.write(UpdatePublicAgent { agent, preferences }).await?;
    }
    actions::note(engine, operation, agent, AgentActionKind::Published, None).await
}
