//! What operations have done to agents, for the history.

use crate::{
    error::Result,
    ids::AgentId,
    store::{
        agent_history::{AgentAction, AgentActionKind},
        operations::Operation,
    },
    sync::{engine::Engine, locate},
};

/// Notes what an operation has done, before that is out of the journal: a crash in between may note it
/// twice, and forgets nothing.
///
/// # Errors
/// If it cannot be journaled.
pub(crate) async fn note(
    engine: &Engine,
    operation: &Operation,
    agent: &AgentId,
    kind: AgentActionKind,
    undoes: Option<i64>,
) -> Result<()> {
    let (space, agent) = (operation.space.clone(), agent.clone());
    let (path, time) = (locate::path_of_operation(engine, operation), engine.clock.wall());
    let action = AgentAction { row: 0, time, space, agent, path, kind, undoes, undone: false };
    engine.journaled(move |journal| journal.note_agent_action(&action)).await
}

/// The action that an operation undoes whose body says so beside what it takes.
pub(crate) fn undoes(operation: &Operation) -> Option<i64> {
    operation.body["undoes"].as_i64()
}
