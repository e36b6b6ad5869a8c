//! Agents as they are shown: what is known of them, with what waits to be sent and what was refused.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::{
    api::{AgentState, RemoteAgent},
    error::{Error, Kind, Result},
    ids::{AgentId, SpaceId},
    replica::served::Process,
    store::{
        agent_bases::AgentBase,
        operations::{Operation, OperationKind},
    },
    sync::{
        ListIntent,
        engine::Engine,
        operation::{
            agent::{
                body::{AgentCreation, AgentSave},
                create::creation_of,
                typed_text::TypedText,
            },
            deletion,
        },
        read::agents,
    },
};

/// The agents of a space. One that is about to be deleted is not among them; one that is gone while a
/// save of it waits is.
///
/// # Errors
/// As [`agents::listed`].
pub(crate) async fn listed(engine: &Arc<Engine>, space: &SpaceId) -> Result<Vec<RemoteAgent>> {
    let listed = agents::listed(engine, space, ListIntent::List).await?;
    let is_listed = |id: &str| listed.iter().any(|agent| agent.id.as_str() == id);
    deletion::settle_gone(engine, OperationKind::DeleteAgent, space, is_listed).await?;
    Ok(with_waiting(engine, space, &listed))
}

/// An agent, as far as it was ever read.
pub(crate) fn known(engine: &Engine, space: &SpaceId, id: &AgentId) -> Option<RemoteAgent> {
    let id = &engine.agents.now(id);
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
    let id = &engine.agents.now(id);
    if is_new(engine, id) {
        return known(engine, space, id)
            .ok_or_else(|| Error::new(Kind::NotFound, "the agent is gone"));
    }
    match agents::agent(engine, space, id).await {
        Ok(agent) => Ok(known(engine, space, id).unwrap_or(agent)),
        Err(error) => known(engine, space, id).ok_or(error),
    }
}

/// A program is about to have this before its eyes by a file, or wrote it there: on disk, too, before it is told.
pub(crate) async fn note_served(
    engine: &Engine,
    by: Option<Process>,
    (agent, file): (&AgentId, &str),
    state: AgentState,
) {
    let is_another = engine.agents.note_served(by, (agent, file), state.clone());
    if let Some(process) = by.filter(|_| is_another) {
        let (agent, file) = (agent.clone(), file.to_owned());
        let base = AgentBase { process, agent, file, state };
        let bases = engine.agent_bases.clone();
        // Fails only while the runtime goes.
        let _ = tokio::task::spawn_blocking(move || bases.put(base)).await;
    }
}

/// The operations that are about an agent, oldest first.
pub(crate) fn operations_of(engine: &Engine, id: &AgentId) -> Vec<Operation> {
    let is_of = |it: &Operation| {
        let is_subject = it.subject.as_deref() == Some(id.as_str());
        let is_made = || AgentCreation::of(it).is_some_and(|made| made.new == *id);
        it.kind.is_of_agent() && (is_subject || is_made())
    };
    engine.operations.all().into_iter().filter(is_of).collect()
}

/// Whether an agent is not made yet.
pub(crate) fn is_new(engine: &Engine, id: &AgentId) -> bool {
    let typed = || operations_of(engine, id).into_iter().filter_map(|it| TypedText::of(&it));
    creation_of(engine, id).is_some()
        || engine.agents.is_new(id)
        || typed().any(|typed| typed.is_of_new)
}

fn with_waiting(engine: &Engine, space: &SpaceId, known: &[RemoteAgent]) -> Vec<RemoteAgent> {
    let mut shown = known.to_vec();
    for operation in engine.operations.all().iter().filter(|it| it.space == *space) {
        if let Some(creation) = AgentCreation::of(operation) {
            let made = engine.agents.now(&creation.new);
            // It is one agent, also as long as nobody knows that it is made.
            if operation.sent && made == creation.new {
                shown.retain(|agent| !creation.may_have_made(agent));
            }
            match shown.iter_mut().find(|agent| agent.id == made) {
                Some(agent) => *agent = creation.onto(agent.clone()),
                None => shown.push(of_state(space, &creation.new, creation.wanted().clone())),
            }
        }
        let Some(id) = operation.subject.as_deref().map(AgentId::new) else { continue };
        match operation.kind {
            OperationKind::DeleteAgent if operation.refusal.is_none() => {
                shown.retain(|agent| agent.id != id);
            }
            OperationKind::SaveAgent => {
                let Ok(save) = AgentSave::of(operation) else { continue };
                match shown.iter_mut().find(|agent| agent.id == id) {
                    Some(agent) => *agent = saved(agent.clone(), &save),
                    None => shown.push(of_state(space, &id, save.want)),
                }
            }
            // It is gone, or was never made: what was written to it is there.
            OperationKind::TypedAgent if shown.iter().all(|agent| agent.id != id) => {
                let name = TypedText::of(operation).map(|typed| typed.name).unwrap_or_default();
                shown.push(of_state(space, &id, AgentState { name, data: bare() }));
            }
            _ => {}
        }
    }
    for (id, name) in engine.agents.new_in(space) {
        shown.retain(|agent| agent.id != id);
        shown.push(of_state(space, &id, AgentState { name, data: bare() }));
    }
    shown
}

/// What an agent is set to that nothing was written to yet: what the document has of every one.
fn bare() -> Map<String, Value> {
    [("commands".to_owned(), json!([]))].into_iter().collect()
}

fn saved(agent: RemoteAgent, save: &AgentSave) -> RemoteAgent {
    let state = save.onto(&agent.state()).state;
    if state == agent.state() { agent } else { agent.with(state) }
}

/// An agent that the service does not have, or not any more.
fn of_state(space: &SpaceId, id: &AgentId, state: AgentState) -> RemoteAgent {
    let item: Map<_, _> = [("id", json!(id.as_str())), ("space_id", json!(space.as_str()))]
        .map(|(key, value)| (key.to_owned(), value))
        .into_iter()
        .collect();
    RemoteAgent { id: id.clone(), name: String::new(), item }.with(state)
}
