//! Agents as they are shown: what is known of them, with what waits to be sent and what was refused.

use std::sync::Arc;

use serde_json::{Map, json};

use crate::{
    api::RemoteAgent,
    error::Result,
    ids::{AgentId, SpaceId},
    store::operations::{Operation, OperationKind},
    sync::{ListIntent, engine::Engine, operation::agent::body::AgentSave, read::agents},
};

/// The agents of a space. One that is about to be deleted is not among them; one that is gone while a
/// save of it waits is.
///
/// # Errors
/// As [`agents::listed`].
pub(crate) async fn listed(engine: &Arc<Engine>, space: &SpaceId) -> Result<Vec<RemoteAgent>> {
    let listed = agents::listed(engine, space, ListIntent::List).await?;
    Ok(with_waiting(engine, space, &listed))
}

/// An agent, as far as it was ever read.
pub(crate) fn known(engine: &Engine, space: &SpaceId, id: &AgentId) -> Option<RemoteAgent> {
    let known = engine.listings.agent(space, id);
    let known: Vec<RemoteAgent> = known.into_iter().collect();
    with_waiting(engine, space, &known).into_iter().find(|agent| agent.id == *id)
}

/// An agent, as far as whoever opens a file of it is told.
///
/// # Errors
/// As [`agents::agent`].
pub(crate) async fn agent(
    engine: &Arc<Engine>,
    space: &SpaceId,
    id: &AgentId,
) -> Result<RemoteAgent> {
    match agents::agent(engine, space, id).await {
        Ok(agent) => Ok(known(engine, space, id).unwrap_or(agent)),
        Err(error) => known(engine, space, id).ok_or(error),
    }
}

/// The operations that are about an agent, oldest first.
pub(crate) fn operations_of(engine: &Engine, id: &AgentId) -> Vec<Operation> {
    let is_of =
        |it: &Operation| it.kind.is_of_agent() && it.subject.as_deref() == Some(id.as_str());
    engine.operations.all().into_iter().filter(is_of).collect()
}

fn with_waiting(engine: &Engine, space: &SpaceId, known: &[RemoteAgent]) -> Vec<RemoteAgent> {
    let mut shown = known.to_vec();
    for operation in engine.operations.all().iter().filter(|it| it.space == *space) {
        let Some(id) = operation.subject.as_deref().map(AgentId::new) else { continue };
        match operation.kind {
            OperationKind::DeleteAgent if operation.refusal.is_none() => {
                shown.retain(|agent| agent.id != id);
            }
            OperationKind::SaveAgent => {
                let Ok(save) = AgentSave::of(operation) else { continue };
                match shown.iter_mut().find(|agent| agent.id == id) {
                    Some(agent) => *agent = saved(agent.clone(), &save),
                    None => shown.push(only_saved(space, id, &save)),
                }
            }
            _ => {}
        }
    }
    shown
}

fn saved(agent: RemoteAgent, save: &AgentSave) -> RemoteAgent {
    let state = save.onto(&agent.state()).state;
    if state == agent.state() { agent } else { agent.with(state) }
}

/// An agent that nothing but a save of it is left of.
fn only_saved(space: &SpaceId, id: AgentId, save: &AgentSave) -> RemoteAgent {
    let item: Map<_, _> = [("id", json!(id.as_str())), ("space_id", json!(space.as_str()))]
        .map(|(key, value)| (key.to_owned(), value))
        .into_iter()
        .collect();
    RemoteAgent { id, name: String::new(), item }.with(save.want.clone())
}
