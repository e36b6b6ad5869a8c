//! Making agents: of what a program wrote, or by the service of what an agent is to do.
//!
//! A create is never repeated blindly: which agents there were is noted before it is sent, and where its
//! answer is lost what is new since is looked for.

use std::{sync::Arc, time::Duration};

use crate::{
    api::{
        AgentState, Priority, RemoteAgent,
        endpoints::{CreateAgent, GenerateAgent},
    },
    error::{Error, Kind, Result},
    ids::{AgentId, SpaceId},
    plan::agents::merge,
    store::{
        agent_history::AgentActionKind,
        operations::{Operation, OperationKind},
    },
    sync::{
        engine::Engine,
        operation::{
            agent::{
                actions,
                body::{AgentAt, AgentCreation, MadeAnew, to_json},
                typed, verdict,
            },
            transition, worker,
        },
        read::agents,
    },
};
use serde::{Deserialize, Serialize};

/// What the journal has of an agent that the service is to make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Generation {
    text: String,
    #[serde(default)]
    before: Vec<AgentId>,
}

/// The operation that makes an agent which is new here.
pub(crate) fn creation_of(engine: &Engine, new: &AgentId) -> Option<Operation> {
    engine.operations.find(|it| AgentCreation::of(it).is_some_and(|made| made.new == *new))
}

/// Saves an agent that is not made yet: `seen` is what the program had before its eyes, and `wanted` what
/// it made of it. Nothing is made of a directory that nothing was written to.
///
/// # Errors
/// EBUSY while its answer is awaited; otherwise as [`save`](super::save::save).
pub(crate) async fn save(
    engine: &Arc<Engine>,
    at: AgentAt<'_>,
    seen: &AgentState,
    wanted: &AgentState,
) -> Result<()> {
    let Some(waiting) = creation_of(engine, at.id) else {
        if seen == wanted {
            return Ok(());
        }
        let (new, state) = (at.id.clone(), wanted.clone());
        let body = to_json(&AgentCreation { new, state, before: Vec::new(), anew: None })?;
        let kind = OperationKind::CreateAgent;
        let operation = Operation::new(kind, at.space, at.path.to_owned(), engine.clock.wall());
        let added =
            transition::add(engine, Operation { body, ..operation }, Duration::ZERO).await?;
        engine.agents.remove_new(at.id);
        worker::wake(engine, &added.lane());
        return verdict::verdict(engine, added.row).await;
    };
    if seen == wanted {
        return waiting.refusal.map_or(Ok(()), |it| Err(Error::new(it.kind, it.reason)));
    }
    let mut is_amended = false;
    let changed = transition::change(engine, waiting.row, |it| {
        let Some(mut made) = AgentCreation::of(it).filter(|_| it.refusal.is_some() || !it.sent)
        else {
            return;
        };
        made.state = merge(seen, wanted, &made.state).state;
        if let Ok(body) = serde_json::to_value(made) {
            (it.body, it.refusal, is_amended) = (body, None, true);
        }
    });
    let changed = changed.await?;
    if !is_amended {
        return Err(Error::new(Kind::Os(libc::EBUSY), "the agent is being made")
            .hint("save it again in a moment"));
    }
    if let Some(operation) = changed {
        worker::wake(engine, &operation.lane());
        return verdict::verdict(engine, operation.row).await;
    }
    Ok(())
}

/// A deleted agent is to be there again.
///
/// # Errors
/// As [`save`].
pub(crate) async fn make_anew(
    engine: &Arc<Engine>,
    space: &SpaceId,
    (path, state): (&str, &AgentState),
    anew: MadeAnew,
) -> Result<()> {
    let new = engine.agents.add_new(space, &state.name)?;
    engine.agents.remove_new(&new);
    let creation =
        AgentCreation { new, state: state.clone(), before: Vec::new(), anew: Some(anew) };
    let kind = OperationKind::CreateAgent;
    let operation = Operation::new(kind, space, path.to_owned(), engine.clock.wall());
    let operation = Operation { body: to_json(&creation)?, ..operation };
    let added = transition::add(engine, operation, Duration::ZERO).await?;
    worker::wake(engine, &added.lane());
    verdict::verdict(engine, added.row).await
}

/// Gives an agent up that is not made yet.
///
/// # Errors
/// EBUSY while its answer is awaited, otherwise if it cannot be journaled.
pub(crate) async fn remove(engine: &Engine, new: &AgentId) -> Result<()> {
    engine.agents.remove_new(new);
    typed::give_up(engine, new).await?;
    let Some(operation) = creation_of(engine, new) else { return Ok(()) };
    // What may have been made is looked for first.
    match transition::remove_if(engine, operation.row, |it| !it.sent).await? {
        Some(_) => Ok(()),
        None => Err(Error::new(Kind::Os(libc::EBUSY), "the agent is being made")
            .hint("remove it again in a moment")),
    }
}

/// Has the service make an agent of what it is to do.
///
/// # Errors
/// If it cannot be journaled, and what it is refused with in time.
pub(crate) async fn generate(
    engine: &Arc<Engine>,
    space: &SpaceId,
    path: &str,
    text: &str,
) -> Result<()> {
    let body = to_json(&Generation { text: text.to_owned(), before: Vec::new() })?;
    let kind = OperationKind::GenerateAgent;
    let refused = generation_in(engine, space).filter(|it| it.refusal.is_some());
    let operation = Operation::new(kind, space, path.to_owned(), engine.clock.wall());
    let added = transition::add(engine, Operation { body, ..operation }, Duration::ZERO).await?;
    if let Some(refused) = refused {
        transition::remove(engine, refused.row).await?;
    }
    worker::wake(engine, &added.lane());
    verdict::verdict(engine, added.row).await
}

/// The latest agent that the service is to make in a space.
pub(crate) fn generation_in(engine: &Engine, space: &SpaceId) -> Option<Operation> {
    engine.operations.find(|it| it.kind == OperationKind::GenerateAgent && it.space == *space)
}

/// Makes an agent.
///
/// # Errors
/// What the service refuses with, or what came in the way.
pub(crate) async fn send(engine: &Engine, operation: &Operation) -> Result<()> {
    let was_sent = operation.sent;
    let there = there(engine, operation, was_sent).await?;
    if was_sent
        && let Some(sent) = AgentCreation::of(operation)
        && let Some(made) = there.iter().find(|agent| sent.may_have_made(agent))
    {
        return note_made(engine, operation, &sent, &made.id).await;
    }
    let before = ids(&there);
    let noted = transition::change(engine, operation.row, |it| {
        if let Some(made) = AgentCreation::of(it)
            && let Ok(body) = serde_json::to_value(AgentCreation { before, ..made })
        {
            (it.body, it.sent) = (body, true);
        }
    });
    let Some(operation) = noted.await? else { return Ok(()) };
    let Some(creation) = AgentCreation::of(&operation) else {
        return Err(Error::new(Kind::Storage, "the journal has an agent that cannot be read"));
    };
    let asked = CreateAgent { folder: &operation.space, state: &creation.state };
    let made = settled(engine, &operation, engine.backend.write(asked).await).await?;
    let id = made.id.clone();
    note(engine, &operation.space, made);
    note_made(engine, &operation, &creation, &id).await
}

/// Has an agent made by the service. Where the answer is lost, one that is new since is taken for it; to
/// ask again would use up credits again, so that is left to the user.
///
/// # Errors
/// What the service refuses with, or what came in the way.
pub(crate) async fn send_generation(engine: &Engine, operation: &Operation) -> Result<()> {
    let unreadable = |error: serde_json::Error| {
        Error::new(Kind::Storage, "the journal has what cannot be read").because(error)
    };
    let sent: Generation = serde_json::from_value(operation.body.clone()).map_err(unreadable)?;
    let there = there(engine, operation, operation.sent).await?;
    if operation.sent {
        let is_own = |id: &AgentId| engine.agents.first(id) != *id;
        if there.iter().any(|agent| !sent.before.contains(&agent.id) && !is_own(&agent.id)) {
            return Ok(());
        }
        transition::change(engine, operation.row, |it| it.sent = false).await?;
        let what = "the answer was lost, and no new agent is there: it may have used up credits";
        return Err(Error::new(Kind::Refused, what));
    }
    let body = to_json(&Generation { before: ids(&there), ..sent.clone() })?;
    let noted =
        transition::change(engine, operation.row, |it| (it.body, it.sent) = (body, true)).await?;
    let Some(operation) = noted else { return Ok(()) };
    let asked = GenerateAgent { folder: &operation.space, text: &sent.text };
    let made = settled(engine, &operation, engine.backend.write(asked).await).await?;
    let (id, kind) = (made.id.clone(), AgentActionKind::Created(made.state()));
    note(engine, &operation.space, made);
    actions::note(engine, &operation, &id, kind, None).await
}

/// The agents that there are: as they are now, if that is to tell what became of a request.
async fn there(
    engine: &Engine,
    operation: &Operation,
    is_to_tell: bool,
) -> Result<Arc<Vec<RemoteAgent>>> {
    match engine.listings.agents(&operation.space) {
        Some(known) if !is_to_tell => Ok(known),
        _ => agents::listed_now(engine, &operation.space, Priority::Save).await,
    }
}

/// Notes that nothing was done, where that is certain.
async fn settled<T>(engine: &Engine, operation: &Operation, answer: Result<T>) -> Result<T> {
    if let Err(error) = &answer
        && error.kind().is_certain()
    {
        transition::change(engine, operation.row, |it| it.sent = false).await?;
    }
    answer
}

/// What is known here of an agent is from now on that of the one which the service made. One that is made
/// anew is to know what it knew.
async fn note_made(
    engine: &Engine,
    operation: &Operation,
    creation: &AgentCreation,
    made: &AgentId,
) -> Result<()> {
    engine.agents.note_made(&creation.new, made);
    typed::note_made(engine, &creation.new, made).await?;
    let kind = AgentActionKind::Created(creation.state.clone());
    let undoes = creation.anew.as_ref().map(|anew| anew.undoes);
    actions::note(engine, operation, made, kind, undoes).await?;
    let Some(MadeAnew { was, knowledge, .. }) = creation.anew.clone() else { return Ok(()) };
    for known in &knowledge {
        let (body, subject) = (to_json(known)?, Some(made.as_str().to_owned()));
        let path = format!("{}/knowledge", operation.path);
        let kind = OperationKind::AddKnowledge;
        let new = Operation::new(kind, &operation.space, path, engine.clock.wall());
        transition::add(engine, Operation { body, subject, ..new }, Duration::ZERO).await?;
    }
    let made = made.clone();
    engine.journaled(move |journal| journal.note_remade_agent(&was, &made)).await
}

fn note(engine: &Engine, space: &SpaceId, made: RemoteAgent) {
    let id = made.id.clone();
    engine.listings.note_agent(space, &id, Some(made));
    engine.agents.note_read(&id, engine.clock.now());
}

fn ids(agents: &[RemoteAgent]) -> Vec<AgentId> {
    agents.iter().map(|agent| agent.id.clone()).collect()
}
